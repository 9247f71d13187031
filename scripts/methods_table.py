"""Tables of methods with the columns of several finished benchmarks side by side.

    python scripts/methods_table.py results/utd-present ...      # or out/NAME/summary

Prints Markdown. First accuracy under the protocol `validated`, mean over seeds and splits; then the difference to the
reference, and that to the reference's method after the same alignment, with a star if it is clear after Holm's
correction within its column (docs/benchmark.md, "Intervals"); then accuracy next to the protocol `test-selected`, to
show how much choosing by test labels gains; then H of the generalised test, without alignment.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from pgfa.evaluate.student import Difference
from pgfa.evaluate.table import NOT_KNOWN, Cell, Row, Table
from pgfa.research.benchmark.results import BenchmarkResults, SplitColumn, Variant
from pgfa.research.benchmark.spec import TEST_SELECTED, VALIDATED
from pgfa.research.benchmark.summary import load_summary

CellText = Callable[[BenchmarkResults, SplitColumn, Variant], str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", help="folders with spec.toml and results.csv")
    args = parser.parse_args()
    benchmarks = [BenchmarkResults(*load_summary(folder)[:2]) for folder in args.folders]
    variants = list(dict.fromkeys(variant for results in benchmarks for variant in results.variants))
    plain = [variant for variant in variants if variant.alignment == "none"]
    rivals = [variant for variant in variants if variant.method != benchmarks[0].spec.reference[0]]
    for table in (
        table_of(f"Accuracy, {VALIDATED}", benchmarks, variants, validated),
        table_of("Points above the reference", benchmarks, variants, above_reference),
        table_of("Points above its method after the same alignment", benchmarks, rivals, above_method),
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


def validated(results: BenchmarkResults, column: SplitColumn, variant: Variant) -> str:
    """`75.3`."""
    return figure(results, column, variant, "accuracy", VALIDATED)


def above_reference(results: BenchmarkResults, column: SplitColumn, variant: Variant) -> str:
    """`+16.4*`: the difference to the reference, with a star if it is clear."""
    return starred(results.differences.get((column, variant)))


def above_method(results: BenchmarkResults, column: SplitColumn, variant: Variant) -> str:
    """`+16.4*`: the difference to the reference's method after the same alignment."""
    return starred(results.method_differences.get((column, variant)))


def starred(difference: Difference | None) -> str:
    """Mean in points with one digit, and the star."""
    if difference is None:
        return NOT_KNOWN
    return f"{100 * difference.mean:+.1f}{'*' if difference.clear else ''}"


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
