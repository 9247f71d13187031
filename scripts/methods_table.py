"""The tables of methods in docs/results.md, from the output of finished benchmarks.

    python scripts/methods_table.py out/utd-published out/utd-random-short ...

Prints Markdown. First accuracy under the protocol `validated`, mean over seeds and splits, with an arrow if the paired
bootstrap interval of the difference to the reference excludes 0; then the same next to the protocol `test-selected`,
to show how much choosing by test labels gains; then H of the generalised test, without alignment.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from pgfa.evaluate.table import Cell, Row, Table
from pgfa.research.benchmark.results import BenchmarkResults, SplitColumn, Variant
from pgfa.research.benchmark.spec import TEST_SELECTED, VALIDATED, BenchmarkSettings, protocol_column

CellText = Callable[[BenchmarkResults, SplitColumn, Variant], str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("outs", type=Path, nargs="+", help="folders of finished benchmarks")
    args = parser.parse_args()
    benchmarks = [
        BenchmarkResults(
            BenchmarkSettings.load(out / "spec.toml"),
            protocol_column(pl.read_parquet(out / "results.parquet")),
        )
        for out in args.outs
    ]
    variants = list(dict.fromkeys(variant for results in benchmarks for variant in results.variants))
    plain = [variant for variant in variants if variant.alignment == "none"]
    for table in (
        table_of(f"Accuracy, {VALIDATED}", benchmarks, variants, compared_with_reference),
        table_of(f"Accuracy, {VALIDATED} / {TEST_SELECTED}", benchmarks, variants, both_protocols),
        table_of("H, no alignment", benchmarks, plain, harmonic_mean),
    ):
        print(table.to_markdown())


def table_of(
    title: str, benchmarks: Sequence[BenchmarkResults], variants: Sequence[Variant], text: CellText
) -> Table:
    """One row per method and alignment; columns of all benchmarks side by side."""
    columns = [(results, column) for results in benchmarks for column in results.columns]
    rows = [
        Row(str(variant), "", tuple(text(results, column, variant) for results, column in columns))
        for variant in variants
    ]
    return Table(title, tuple(name_of(column) for _, column in columns), tuple(rows))


def name_of(column: SplitColumn) -> str:
    """`22-5, alone`; with the number of splits if there are several."""
    count = f" ({len(column.splits)})" if len(column.splits) > 1 else ""
    return f"{column.group.partition('/')[2]}{count}, {column.training}"


def compared_with_reference(results: BenchmarkResults, column: SplitColumn, variant: Variant) -> str:
    """`75.3 ↑`: validated accuracy, and an arrow if the interval of its difference to the reference excludes 0."""
    value = figure(results, column, variant, "accuracy", VALIDATED)
    difference = results.differences.get((column, variant))
    if difference is None or not difference.clear:
        return value
    return f"{value} {'↑' if difference.low > 0 else '↓'}"


def both_protocols(results: BenchmarkResults, column: SplitColumn, variant: Variant) -> str:
    """`75.3 / 80.1`."""
    protocols = (VALIDATED, TEST_SELECTED)
    return " / ".join(figure(results, column, variant, "accuracy", protocol) for protocol in protocols)


def harmonic_mean(results: BenchmarkResults, column: SplitColumn, variant: Variant) -> str:
    """`56.5`."""
    return figure(results, column, variant, "gzsl_h", VALIDATED)


def figure(results: BenchmarkResults, column: SplitColumn, variant: Variant, name: str, protocol: str) -> str:
    """A mean in per cent with one digit, or a dash."""
    cell = results.cell(column, variant, name, protocol)
    return f"{cell.value:.1f}" if isinstance(cell, Cell) else cell


if __name__ == "__main__":
    main()
