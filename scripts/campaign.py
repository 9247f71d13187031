"""The reliability campaign of docs/reliability.md: stopped commands, flipped bits, hostile input.

    python scripts/campaign.py            # about an hour on two cores (`make campaign`)
    python scripts/campaign.py --short    # a few minutes

Each part is a script of its own with a table as its output; a part that is not in this checkout is named and skipped.
The exit status is 1 if any part failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
PARTS = {
    "kill_writes.py": ("--steps", "3"),
    "kill_saves.py": ("--kills", "30"),
    "kill_benchmark.py": ("--kills", "1"),
    "hinder_commands.py": ("--short",),
    "flip_bits.py": ("--flips", "100"),
    "fuzz_readers.py": ("--short",),
    "large_recordings.py": ("--bytes", "1000000"),
}
"""Script -> its options in the short form."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a few minutes")
    args = parser.parse_args()
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    failed = []
    for name, short in PARTS.items():
        if not (FOLDER / name).is_file():
            print(f"## {name}: not in this checkout, skipped\n", flush=True)
            continue
        options = short if args.short else ()
        print(f"## {' '.join((name, *options))}\n", flush=True)
        started = time.perf_counter()
        code = subprocess.run([sys.executable, str(FOLDER / name), *options], env=environment).returncode
        print(f"\n{'failed' if code else 'passed'} in {time.perf_counter() - started:.0f} s\n", flush=True)
        failed += [name] if code else []
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
