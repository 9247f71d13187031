"""The tables of methods in docs/results.md, from the outputs of finished benchmarks.

    python scripts/methods_table.py out/utd-published out/utd-random-short ...

Prints Markdown. First accuracy under protocol `honest`, mean over seeds and splits, with an arrow where the paired
bootstrap puts it beyond noise above or below the reference; then the same with protocol `paper` beside it, for how
much choosing by test labels flatters; then H of the generalised test, without alignment.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import polars as pl

from pgfa.evaluate.table import Cell
from pgfa.research.benchmark.spec import HONEST, PAPER, BenchmarkSettings
from pgfa.research.benchmark.tables import Column, Standing, Way

Say = Callable[[Standing, Column, Way], str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("outs", type=Path, nargs="+")
    args = parser.parse_args()
    all_of = [
        Standing(BenchmarkSettings.load(out / "spec.toml"), pl.read_parquet(out / "results.parquet"))
        for out in args.outs
    ]
    ways = tuple(dict.fromkeys(way for standing in all_of for way in standing.ways))
    table("method, at test time", all_of, ways, beside_the_reference)
    table("method, at test time: honest / chosen by test labels", all_of, ways, beside_test_labels)
    table("H, no alignment", all_of, [way for way in ways if way[1] == "none"], harmonic_mean)


def table(head: str, all_of: list[Standing], ways: list[Way] | tuple[Way, ...], say: Say) -> None:
    """Print one table; columns of all benchmarks side by side."""
    columns = [(standing, column) for standing in all_of for column in standing.columns]
    print(f"| {head} | " + " | ".join(name_of(column) for _, column in columns) + " |")
    print("|---|" + "---|" * len(columns))
    for way in ways:
        print(f"| {', '.join(way)} | " + " | ".join(say(s, column, way) for s, column in columns) + " |")
    print()


def name_of(column: Column) -> str:
    """`22-5, alone`; with the number of splits where there are several."""
    many = f" ({len(column.splits)})" if len(column.splits) > 1 else ""
    return f"{column.group.partition('/')[2]}{many}, {column.training}"


def beside_the_reference(standing: Standing, column: Column, way: Way) -> str:
    """`75.3 ↑`: honest accuracy, and whether the interval of its difference to the reference leaves 0 out."""
    value = figure(standing, column, way, "accuracy", HONEST)
    told = standing.differences.get((column, way))
    if told is None or told.low <= 0 <= told.high:
        return value
    return f"{value} {'↑' if told.low > 0 else '↓'}"


def beside_test_labels(standing: Standing, column: Column, way: Way) -> str:
    """`75.3 / 80.1`."""
    return " / ".join(figure(standing, column, way, "accuracy", protocol) for protocol in (HONEST, PAPER))


def harmonic_mean(standing: Standing, column: Column, way: Way) -> str:
    """`56.5`."""
    return figure(standing, column, way, "gzsl_h", HONEST)


def figure(standing: Standing, column: Column, way: Way, name: str, protocol: str) -> str:
    """A mean in per cent with one digit, or a dash."""
    cell = standing.cell(column, way, name, protocol)
    return f"{cell.value:.1f}" if isinstance(cell, Cell) else cell


if __name__ == "__main__":
    main()
