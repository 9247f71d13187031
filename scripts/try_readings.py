"""Many inputs of every format, made of motions with known joints: which are read right, refused or misread.

    PGFA_SHARED=FOLDER python scripts/try_readings.py [--by format] [--json FILE] [--only TEXT] [--every N]

`tests/reading_*.py` write the files, each with its truth: the formats of `pgfa.read.FORMATS`, dialects of programs, and
what goes wrong with them (units, axes, mirrored, columns, absent joints, people, gaps, rates, encodings, damage). Each
is read by `pgfa.read.read_all` without a statement; if the reader asks, what a user would state is stated. Outcomes:

- right: joints agree after a turn about the vertical and a shift, left is left, up is up, the unit within 15 %, frames,
  people and absent joints as written, and the rate, or a note that it is assumed;
- asked: refused with the question that settles it: with the answer it is right;
- refused: with what was expected and found;
- unclear: refused without what would settle it;
- noted: misread, with a note; silent: misread without a word; crash: a crash, a hang, or a defect of a reader.

The table by format is in docs/formats.md. Exit status 1 if any is silent, a crash or unclear.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from reading_cases import OUTCOMES, Case, Outcome, tried
from reading_family import family

BAD = ("silent", "crash", "unclear")


def table(results: list[tuple[Case, Outcome]], column: str) -> str:
    """Counts by an attribute of the cases, as Markdown."""
    counts: dict[str, Counter[str]] = {}
    for case, outcome in results:
        counts.setdefault(getattr(case, column), Counter())[outcome.verdict] += 1
    lines = [f"| {column} | inputs | {' | '.join(OUTCOMES)} |", "|---" * (len(OUTCOMES) + 2) + "|"]
    every = sum(counts.values(), Counter[str]())
    for name, count in [*counts.items(), ("all", every)]:
        lines.append(
            f"| {name} | {count.total()} | {' | '.join(str(count[verdict]) for verdict in OUTCOMES)} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Try all, print the tables and what went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="file for all cases and their outcomes")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--every", type=int, default=1, help="only every n-th case")
    parser.add_argument("--by", nargs="+", choices=("format", "defect"), default=("format", "defect"))
    parser.add_argument("--keep", type=Path, help="folder for the files of all cases")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", "Gimbal lock|missing parameter")
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        root = arguments.keep or Path(scratch)
        for number, case in enumerate(family()):
            if arguments.only in case.name and number % arguments.every == 0:
                folder = root / f"{number:03d} {case.name}".replace("/", " ")[:120]
                folder.mkdir(parents=True)
                results.append((case, tried(case, folder)))
    for column in arguments.by:
        print(table(results, column), "\n")
    for case, outcome in results:
        if outcome.verdict in (*BAD, "noted"):
            print(f"{outcome.verdict}: {case.name}: {outcome.why}")
    if arguments.json:
        fields = [
            {"format": case.format, "program": case.program, "defect": case.defect, "verdict": outcome.verdict,
             "why": outcome.why, "reading": outcome.reading}
            for case, outcome in results
        ]  # fmt: skip
        arguments.json.write_text(json.dumps(fields, indent=1), encoding="utf-8")
    return int(any(outcome.verdict in BAD for _, outcome in results))


if __name__ == "__main__":
    sys.exit(main())
