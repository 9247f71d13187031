"""The reliability campaign of docs/reliability.md: stopped commands, flipped bits, hostile input.

    python scripts/campaign.py            # more than an hour on two cores (`make campaign`)
    python scripts/campaign.py --short    # a few minutes

Each part is a script of its own with a table as its output; as many run at once as there are cores, each in one thread.
What they say beside their tables goes to standard error; scripts/measured.py runs single parts and keeps their tables.
The exit status is 1 if any part failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pgfa.processes import cores

FOLDER = Path(__file__).parent
PARTS = {
    "kill_writes.py": ("--steps", "3"),
    "hinder_commands.py": ("--short",),
    "fuzz_readers.py": ("--short",),
    "kill_saves.py": ("--kills", "30"),
    "kill_benchmark.py": ("--kills", "1"),
    "flip_bits.py": ("--flips", "100"),
    "large_recordings.py": ("--bytes", "1000000"),
}
"""Script -> its options in the short form; those that take longest first."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a few minutes")
    args = parser.parse_args()
    failed = []
    with ThreadPoolExecutor(cores()) as pool:
        ends = {name: pool.submit(run, name, short if args.short else ()) for name, short in PARTS.items()}
        for name, end in ends.items():
            code, output, seconds = end.result()
            print(f"## {name}\n\n{output}\n{'failed' if code else 'passed'} in {seconds:.0f} s\n", flush=True)
            failed += [name] if code else []
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


def run(name: str, options: Sequence[str]) -> tuple[int, str, float]:
    """Exit status of a part, what it printed, seconds."""
    print(f"{' '.join((name, *options))}: started", file=sys.stderr, flush=True)
    started = time.perf_counter()
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(FOLDER / name), *options], env=environment, stdout=subprocess.PIPE, text=True
    )
    seconds = time.perf_counter() - started
    print(f"{name}: ended with {done.returncode} after {seconds:.0f} s", file=sys.stderr, flush=True)
    return done.returncode, done.stdout, seconds


if __name__ == "__main__":
    main()
