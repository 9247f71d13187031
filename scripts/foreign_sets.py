"""How a recogniser does on a data set that it has never seen: every set is left out in turn (docs/foreign-sets.md).

    python scripts/foreign_sets.py packs/* --out out/foreign                # kinematic model only: minutes
    python scripts/foreign_sets.py packs/* --out out/foreign --folds 4      # with a motion encoder: about two hours

Resumable: the same command continues. The table is out/foreign/table.csv, means over sets are printed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pgfa.evaluate.student import half_width
from pgfa.research.foreign.run import PARTS, Comparison, write_table
from pgfa.research.foreign.sets import STYLES

SHOWN = (
    "accuracy", "of_classes", "top3", "recentred", "adapted", "right", "false_none", "found_none", "none_area",
    "fits_area", "adapted_right", "adapted_false_none", "adapted_found_none", "adapted_none_area", "adapted_fits_area",
)  # fmt: skip


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--parts", default=",".join(PARTS), help="what is compared; default: %(default)s")
    args = parser.parse_args()
    comparison = Comparison.open(args.packs, args.out, args.folds, args.parts.split(","))
    rows = comparison.table(
        comparison.left_out(), lambda name: print(f"foreign sets: {name}", file=sys.stderr)
    )
    name = "table" if set(args.parts.split(",")) == set(PARTS) else f"table-{args.parts}"
    write_table(args.out / f"{name}.csv", rows)
    for style in (*STYLES, "averaged"):
        of_style = [row for row in rows if row["style"] == style]
        print(f"\n{style}")
        for row in of_style:
            values = "  ".join(f"{name} {100 * row[name]:.1f}" for name in SHOWN[:8])
            print(f"  {row['set']:14} {row['classes']:3} classes  {values}")
        for name in SHOWN:
            values_of = [100 * row[name] for row in of_style]
            mean = sum(values_of) / len(values_of)
            half = half_width(values_of)
            spread = "" if half is None else f"  ({mean - half:.1f} to {mean + half:.1f})"
            print(f"  mean {name:22} {mean:5.1f}{spread}")


if __name__ == "__main__":
    main()
