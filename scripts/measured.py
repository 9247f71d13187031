"""Run commands that print tables, and keep the tables as data (docs/evidence.md).

    python scripts/measured.py symmetries --at packs=packs
    python scripts/measured.py newcomer --at recordings=my-recordings --at catalogue=mine.toml
    python scripts/measured.py --list

Names and commands are in results/measured/commands.toml. What is read below these paths is recorded by its digest,
except below `out`, where commands write. Every Markdown table of the output becomes
results/measured/NAME-NUMBER.csv, with its record. `make evidence` then writes them into the pages. The record names a
commit, so changes of the package are to be committed first.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from pgfa.errors import PgfaError
from pgfa.research.evidence.measured import filled, measured_commands, save_measured
from pgfa.research.evidence.record import commit

CHECKOUT = Path(__file__).resolve().parents[1]
RESULTS = CHECKOUT / "results"


def measure(name: str, command: str, folders: dict[str, Path]) -> None:
    """Run one command and store its tables. Raises PgfaError; SystemExit if the command fails."""
    arguments = filled(command, folders)
    inputs = [folder for label, folder in folders.items() if label != "out"]
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, *arguments], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        sys.exit(f"measured: {command} ended with {done.returncode}")
    read = [
        Path(argument)
        for argument in arguments
        if any(Path(argument).is_relative_to(folder) for folder in inputs) and Path(argument).exists()
    ]
    for file in save_measured(RESULTS, name, done.stdout, command, read, time.monotonic() - started):
        print(f"written: {file.relative_to(CHECKOUT)}")


def main() -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*")
    parser.add_argument(
        "--at", action="append", default=[], metavar="NAME=PATH", help="path of {NAME} in a command"
    )
    parser.add_argument("--list", action="store_true", help="print names and commands")
    args = parser.parse_args()
    for pair in args.at:
        if "=" not in pair:
            parser.error(f"--at: expected NAME=PATH, found {pair}")
    folders = {name: Path(path).resolve() for name, _, path in (pair.partition("=") for pair in args.at)}
    try:
        commands = measured_commands(RESULTS)
        if args.list:
            print("\n".join(f"{name}: {command}" for name, command in commands.items()))
        if args.names and commit().endswith("+changes"):
            sys.exit(
                "measured: the package differs from the commit that the record would name; commit it first"
            )
        for name in args.names:
            if name not in commands:
                sys.exit(f"measured: expected one of {', '.join(commands)}, found {name}")
            measure(name, commands[name], folders)
    except PgfaError as error:
        sys.exit(f"measured: {error}")


if __name__ == "__main__":
    main()
