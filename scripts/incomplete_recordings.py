"""What recordings that show less cost, on data sets left out (docs/foreign-sets.md).

    python scripts/foreign_sets.py packs/* --out out/foreign --folds 4             # first: the motion encoders, an hour
    python scripts/incomplete_recordings.py packs/* --out out/foreign --folds 4    # half an hour

Clips of each set are asked about as they were recorded, and without depth, legs, an arm
(`pgfa.research.foreign.incomplete`), by models that have not seen the set; with what is not seen as the median of the
training clips, and as the model estimates it from what is seen (`pgfa.words.completion`).
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from statistics import fmean
from typing import Any

from foreign_arguments import add_arguments, comparison_of

from pgfa.pack import open_pack
from pgfa.recognise.calibration.model import Calibration
from pgfa.research.foreign.evaluation import figures
from pgfa.research.foreign.incomplete import CHANGES
from pgfa.research.foreign.leave_out import LeftOut, look_at
from pgfa.research.foreign.reliability import calibrate
from pgfa.research.foreign.run import MIN_CLASSES, TEXT, Comparison, sample

WHOLE, MEDIAN, ESTIMATED = "whole", "the median", "estimated"
MEANS = {
    "alone": "accuracy", "adapted": "adapted", "right": "right", "false none": "false_none",
    "adapted right": "adapted_right", "error 5": "error_5",
}  # fmt: skip
Rows = dict[tuple[str, str], dict[str, Any]]
"""What is recorded, how the rest is filled -> figures of a set."""


def main() -> None:
    """Print two tables: means over sets, and of each set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    args = parser.parse_args()
    comparison = comparison_of(args)
    seen = {
        data.name: seen_by(comparison, number)
        for number, data in enumerate(comparison.sets)
        if len(data.classes) >= MIN_CLASSES
    }
    rows = {}
    for name, parts in seen.items():
        print(f"incomplete recordings: {name}", file=sys.stderr)
        # As the recogniser that is shipped: calibrated on recordings that show everything.
        others = [sample(other[WHOLE, ""]) for left_out, other in seen.items() if left_out != name]
        rows[name] = of_set(parts, calibrate(others))
    show_means(list(rows.values()))
    show_sets(rows)


def seen_by(comparison: Comparison, number: int) -> dict[tuple[str, str], LeftOut]:
    """A set as recorded and with each of `CHANGES`, as seen by a model that was trained without it."""
    data, pack = comparison.sets[number], open_pack(comparison.packs[number])
    model, encoded = comparison.model_without(data)
    parts = {(WHOLE, ""): look_at(model, data, encoded, TEXT)}
    unaware = replace(model, completion=None)
    for name, (change, flat) in CHANGES.items():
        less = data.changed(pack, change)
        again = None if encoded is None else comparison.encoded_again(less)
        parts[name, MEDIAN] = look_at(unaware, less, again, TEXT)
        parts[name, ESTIMATED] = look_at(model, less, again, TEXT, flat=flat)
    return parts


def of_set(parts: dict[tuple[str, str], LeftOut], calibration: Calibration) -> Rows:
    """Figures with plain sentences."""
    return {key: figures(part, "plain", calibration) for key, part in parts.items()}


def show_means(sets: list[Rows]) -> None:
    """Over sets."""
    print(f"| recorded | what is not seen | {' | '.join(MEANS)} |\n{'|---' * (2 + len(MEANS))}|")
    for key in sets[0]:
        means = [100 * fmean(rows[key][figure] for rows in sets) for figure in MEANS.values()]
        print(f"| {' | '.join(key)} | {' | '.join(f'{mean:.1f}' for mean in means)} |")


def show_sets(sets: dict[str, Rows]) -> None:
    """Each clip alone; with what is not seen as the median, and estimated."""
    print(f"\n| set | {WHOLE} | {' | '.join(CHANGES)} |\n{'|---' * (2 + len(CHANGES))}|")
    for name, rows in sets.items():
        cells = [f"{100 * rows[WHOLE, '']['accuracy']:.1f}"]
        for change in CHANGES:
            before, now = (100 * rows[change, filled]["accuracy"] for filled in (MEDIAN, ESTIMATED))
            cells.append(f"{before:.1f}, {now:.1f}")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
