"""Join results that were computed in several calls; those of other data, settings or versions are refused.

    python scripts/merge_results.py OUT/summary PART1/summary PART2/summary     # parts of one benchmark: folders
    python scripts/merge_results.py OUT/table.csv PART1/table.csv PART2/table.csv    # tables of foreign sets

Every part needs its record (docs/evidence.md).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pgfa.errors import PgfaError
from pgfa.research.benchmark.summary import merge_summaries
from pgfa.research.evidence.merge import merge_tables


def main() -> None:
    """Merge, or say in one line why not."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("parts", type=Path, nargs="+")
    args = parser.parse_args()
    try:
        merge = merge_tables if args.out.suffix == ".csv" else merge_summaries
        record = merge(args.parts, args.out)
    except PgfaError as error:
        sys.exit(f"merge_results: {error}")
    print(f"merged: {args.out} ({len(args.parts)} parts, {len(record.computations)} calls)")


if __name__ == "__main__":
    main()
