"""Write the tables and figures of the documents from the files below results/ (docs/evidence.md).

python scripts/evidence.py            # `make evidence`
python scripts/evidence.py --check    # change nothing; exit status 1 where a document differs from the results
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pgfa.errors import PgfaError
from pgfa.research.evidence.pages import Evidence

CHECKOUT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Write, or check."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="change nothing")
    args = parser.parse_args()
    evidence = Evidence(CHECKOUT)
    try:
        files = list(evidence.outdated()) if args.check else evidence.write()
    except PgfaError as error:
        sys.exit(f"evidence: {error}")
    for file in files:
        print(f"{'differs' if args.check else 'written'}: {file.relative_to(CHECKOUT)}")
    if args.check and files:
        sys.exit("run `make evidence`")


if __name__ == "__main__":
    main()
