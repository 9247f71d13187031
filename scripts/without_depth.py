"""What recordings without depth cost, on data sets left out (docs/foreign-sets.md).

    python scripts/foreign_sets.py packs/* --out out/foreign --folds 4     # first: the motion encoders, an hour
    python scripts/without_depth.py packs/* --out out/foreign --folds 4    # half an hour

Clips of each set are asked about as they were recorded, and as a camera without depth sees them: from the front or the
back, turned by up to 60 degrees, without perspective. Without depth, with measures as they are and as the model
estimates them with depth (`pgfa.words.depth`), by models that have not seen the set.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from pgfa.research.foreign.evaluation import figures
from pgfa.research.foreign.leave_out import LeftOut, look_at
from pgfa.research.foreign.reliability import calibrate
from pgfa.research.foreign.run import MIN_CLASSES, TEXT, Comparison, sample

ASKED = ("plain", "typed 1")
STATES = ("with depth", "without, as it is", "without, estimated")
PER_SET = ("accuracy", "adapted")
MEANS = {
    "alone": "accuracy", "adapted": "adapted", "right": "right", "false none": "false_none",
    "adapted right": "adapted_right", "fits area": "fits_area", "error 5": "error_5",
}  # fmt: skip


def main() -> None:
    """Print two tables: of each set, and means over sets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=0)
    args = parser.parse_args()
    comparison = Comparison.open(args.packs, args.out, args.folds)
    seen = [seen_by(comparison, i) for i, s in enumerate(comparison.sets) if len(s.classes) >= MIN_CLASSES]
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for parts in seen:
        name = parts["with depth"].name
        print(f"without depth: {name}", file=sys.stderr)
        # As the recogniser that is shipped: calibrated on recordings with depth.
        others = [sample(other["with depth"]) for other in seen if other["with depth"].name != name]
        calibration = calibrate(others)
        for state, part in parts.items():
            for style in ASKED:
                rows[name, state, style] = figures(part, style, calibration)
    names = [parts["with depth"].name for parts in seen]
    show_sets(rows, names)
    show_means(rows, names)


def seen_by(comparison: Comparison, number: int) -> dict[str, LeftOut]:
    """A set in each of `STATES`, as seen by a model that was trained without it."""
    data = comparison.sets[number]
    model, encoded = comparison.model_without(data)
    parts = [look_at(model, data, encoded, TEXT)]
    for variant in (replace(model, depth=None), model):
        flat = data.without_depth(variant)
        parts.append(look_at(model, flat, None if encoded is None else comparison.encoded_again(flat), TEXT))
    return dict(zip(STATES, parts, strict=True))


def show_sets(rows: dict[tuple[str, str, str], dict[str, Any]], names: list[str]) -> None:
    """Plain sentences."""
    titles = [f"{state}, {when}" for when in ("alone", "adapted") for state in STATES]
    print(f"| set | {' | '.join(titles)} |\n{'|---' * (1 + len(titles))}|")
    for name in names:
        values = [rows[name, state, "plain"][figure] for figure in PER_SET for state in STATES]
        print(f"| {name} | {' | '.join(f'{100 * v:.1f}' for v in values)} |")


def show_means(rows: dict[tuple[str, str, str], dict[str, Any]], names: list[str]) -> None:
    """Over sets."""
    print(f"\n| sentences | recordings | {' | '.join(MEANS)} |\n{'|---' * (2 + len(MEANS))}|")
    for style in ASKED:
        for state in STATES:
            means = [fmean(rows[name, state, style][figure] for name in names) for figure in MEANS.values()]
            print(f"| {style} | {state} | {' | '.join(f'{100 * m:.1f}' for m in means)} |")


if __name__ == "__main__":
    main()
