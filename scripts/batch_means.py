"""How far the mean over batches, the authors' accuracy, is from the accuracy per clip.

    python scripts/batch_means.py out/utd-present      # finished benchmarks (results.parquet)

Prints, as Markdown, what is possible for the sizes of the paper's test sets, then what was measured: every row of the
benchmarks, the lowest and the highest difference of each split in points.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from pgfa.evaluate.table import Row, Table
from pgfa.research.benchmark.evaluation import correct_clips
from pgfa.train.accuracy import TEST_BATCH, batch_mean

SIZES = {
    "NTU-60, setting 1": (1374, 1374, 1370),
    "NTU-120, setting 1": (4236, 3943, 3949),
    "NTU-60 55/5": (1368,),
    "NTU-60 48/12": (3291,),
    "NTU-120 110/10": (4249,),
    "NTU-120 96/24": (9892,),
    "UTD-MHAD 22/5": (160,),
    "UTD-MHAD 18/9": (287,),
    "UTD-MHAD 14/13": (416,),
}
"""Test clips: docs/method.md section 5."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("outs", type=Path, nargs="*", help="folders of finished benchmarks")
    args = parser.parse_args()
    heads = ("test clips", "in the last batch", "weight of its clips", "largest difference, points")
    rows = [Row(name, "", (str(clips), *possible(clips))) for name, sizes in SIZES.items() for clips in sizes]
    print(Table("Mean over batches, possible", heads, tuple(rows)).to_markdown())
    if args.outs:
        heads = ("alignment", "rows", "lowest", "highest", "mean of the absolute difference")
        print(Table("Mean over batches, measured, points", heads, tuple(measured(args.outs))).to_markdown())


def possible(clips: int) -> tuple[str, str, str]:
    """Size of the last batch, relative weight of its clips, and the difference if these alone are right."""
    batches = -(-clips // TEST_BATCH)
    last = clips - (batches - 1) * TEST_BATCH
    return str(last), f"{clips / (batches * last):.2f}", f"{100 * abs(1 / batches - last / clips):.1f}"


def measured(outs: Sequence[Path]) -> Iterator[Row]:
    """Per split and alignment `none`, `paper` and all others, over methods, seeds and protocols."""
    rows = pl.concat([pl.read_parquet(out / "results.parquet") for out in outs])
    rows = rows.filter(pl.col("right").is_not_null())
    groups = (
        pl.when(pl.col("alignment").is_in(["none", "paper"])).then("alignment").otherwise(pl.lit("others"))
    )
    for (split, alignment), runs in rows.group_by("split", groups.alias("group"), maintain_order=True):
        differences = [
            100 * (batch_mean(correct_clips(row)) - row["accuracy"]) for row in runs.iter_rows(named=True)
        ]
        mean = sum(map(abs, differences)) / len(differences)
        cells = (
            str(len(differences)),
            *(f"{d:+.1f}" for d in (min(differences), max(differences))),
            f"{mean:.1f}",
        )
        yield Row(str(split), "", (str(alignment), *cells))


if __name__ == "__main__":
    main()
