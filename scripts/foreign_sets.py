"""How a recogniser does on a data set that it has never seen: every set is left out in turn (docs/foreign-sets.md).

    python scripts/foreign_sets.py packs/* --out out/foreign                # kinematic model only: half an hour
    python scripts/foreign_sets.py packs/* --out out/foreign --folds 4      # with 4 motion encoders: 2 hours more

Resumable: the same command continues. The table is out/foreign/table.csv, its record out/foreign/table.record.json,
out/foreign/weights.csv says what weights of the parts are best on the other sets, and out/foreign/reliability.csv how
far probabilities can be relied on. Tables are printed in Markdown. Copied to results/foreign-sets, the files are what
`make evidence` writes into the documents.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from typing import Any

from foreign_arguments import add_arguments, comparison_of

from pgfa.evaluate.student import half_width
from pgfa.research.evidence.record import save_record
from pgfa.research.foreign.choice import WEIGHTS, weight_rows
from pgfa.research.foreign.record import record_of, reliability_record, weights_record
from pgfa.research.foreign.reliability import RELIABILITY
from pgfa.research.foreign.run import ASKED, PARTS, write_table

PER_SET = ("accuracy", "top3", "recentred", "adapted", "right", "false_none", "adapted_right")
MEANS = (
    "of_classes", "found_none", "none_area", "fits_area", "adapted_false_none", "adapted_found_none",
    "adapted_none_area", "adapted_fits_area", "error_2", "error_5", "error_9", "error_30",
)  # fmt: skip


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--parts", default=",".join(PARTS), help="what is compared; default: %(default)s")
    args = parser.parse_args()
    started, parts = time.monotonic(), args.parts.split(",")
    comparison = comparison_of(args)
    seen = comparison.left_out(parts)
    results = comparison.results(seen, lambda name: print(f"foreign sets: {name}", file=sys.stderr))
    rows = results.rows
    table = args.out / ("table.csv" if set(parts) == set(PARTS) else f"table-{args.parts}.csv")
    write_table(table, rows)
    save_record(table, record_of(comparison, parts, time.monotonic() - started))
    if set(parts) == set(PARTS):
        write_table(args.out / WEIGHTS, weight_rows(seen))
        save_record(args.out / WEIGHTS, weights_record(comparison, time.monotonic() - started))
        write_table(args.out / RELIABILITY, results.reliability)
        save_record(args.out / RELIABILITY, reliability_record(comparison, time.monotonic() - started))
    for style in ASKED:
        print(f"\n{style}\n\n{markdown([row for row in rows if row['style'] == style])}")


def markdown(rows: list[dict[str, Any]]) -> str:
    """Two tables: figures per set, and the mean over sets of every figure with Student's interval."""
    lines = ["| set | classes | clips | " + " | ".join(name.replace("_", " ") for name in PER_SET) + " |"]
    lines.append("|---" * (3 + len(PER_SET)) + "|")
    for row in rows:
        values = " | ".join(f"{100 * row[name]:.1f}" for name in PER_SET)
        lines.append(f"| {row['set']} | {row['classes']} | {row['clips']} | {values} |")
    lines += ["", "| figure | mean over sets (95 %) | sets |", "|---|---|---|"]
    for name in [*PER_SET, *MEANS]:
        known = [100 * row[name] for row in rows if not math.isnan(row[name])]
        mean, half = sum(known) / len(known), half_width(known) or math.nan
        lines.append(
            f"| {name.replace('_', ' ')} | {mean:.1f} ({mean - half:.1f} to {mean + half:.1f}) | {len(known)} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
