"""The rows of a benchmark by column and variant: means, intervals, and paired differences to the reference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import polars as pl

from pgfa.evaluate.student import Difference, half_width, holm, paired_difference
from pgfa.evaluate.table import NOT_KNOWN, Cell
from pgfa.research.benchmark.evaluation import CHOSEN
from pgfa.research.benchmark.spec import VALIDATED, BenchmarkSettings


class Variant(NamedTuple):
    """A row of a table."""

    method: str
    alignment: str

    def __str__(self) -> str:
        return f"{self.method}, {self.alignment}"


@dataclass(frozen=True)
class SplitColumn:
    """A column of a table: similar splits, one training set.

    Attributes:
        training: name of the training set.
        group: ``utd-mhad/22-5``, or ``utd-mhad/random-5`` for all draws.
        splits: keys.
    """

    training: str
    group: str
    splits: tuple[str, ...]

    @property
    def name(self) -> str:
        """Head of the column."""
        count = f" ({len(self.splits)} splits)" if len(self.splits) > 1 else ""
        return f"{self.group}{count}, {self.training}"


def group_of(split: str) -> str:
    """The split itself, or the common part of the names of random ones (``random-5-00``, ``random-5-01``)."""
    return re.sub(r"(/random-\d+)-\d+$", r"\1", split)


@dataclass(frozen=True)
class BenchmarkResults:
    """All rows of a benchmark, by column and variant.

    Attributes:
        spec: what was compared.
        rows: as `evaluation.SCHEMA`.
    """

    spec: BenchmarkSettings
    rows: pl.DataFrame

    @cached_property
    def columns(self) -> tuple[SplitColumn, ...]:
        """In the order of the rows."""
        groups: dict[tuple[str, str], list[str]] = {}
        for split, training in self.rows.select("split", "training").unique(maintain_order=True).rows():
            groups.setdefault((group_of(split), training), []).append(split)
        return tuple(
            SplitColumn(training, group, tuple(splits)) for (group, training), splits in groups.items()
        )

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """Methods and alignments that have a figure, in the order of the spec."""
        pairs = {(method, alignment) for _, _, _, method, alignment in self._runs}
        names = (*self.spec.alignments, CHOSEN)
        return tuple(Variant(m, a) for m in self.spec.methods for a in names if (m, a) in pairs)

    @cached_property
    def failed(self) -> pl.DataFrame:
        """Rows that hold an error instead of figures."""
        return self.rows.filter(pl.col("error").is_not_null())

    @cached_property
    def _runs(self) -> dict[tuple[str, str, str, str, str], list[dict[str, Any]]]:
        """(training, split, protocol, method, alignment) -> its rows, by seed."""
        runs: dict[tuple[str, str, str, str, str], list[dict[str, Any]]] = {}
        for row in self.rows.filter(pl.col("error").is_null()).sort("seed").iter_rows(named=True):
            key = (row["training"], row["split"], row["protocol"], row["method"], row["alignment"])
            runs.setdefault(key, []).append(row)
        return runs

    def values(
        self, column: SplitColumn, variant: tuple[str, str], name: str, protocol: str
    ) -> list[list[float]]:
        """(splits) lists of one value per seed; splits without any are left out."""
        values = []
        for split in column.splits:
            rows = self._runs.get((column.training, split, protocol, *variant), [])
            seeds = [float(row[name]) for row in rows if row[name] is not None]
            if seeds:
                values.append(seeds)
        return values

    def cell(self, column: SplitColumn, variant: tuple[str, str], name: str, protocol: str) -> Cell | str:
        """Mean in per cent, and half of the 95 % interval: over splits if there are several, else over seeds."""
        values = self.values(column, variant, name, protocol)
        if not values:
            return NOT_KNOWN
        means = [100 * sum(seeds) / len(seeds) for seeds in values]
        units = means if len(column.splits) > 1 else [100 * value for value in values[0]]
        return Cell(sum(means) / len(means), half_width(units), len(units))

    @cached_property
    def differences(self) -> dict[tuple[SplitColumn, Variant], Difference]:
        """Validated accuracy minus that of the reference, corrected within each column."""
        reference = Variant(*self.spec.reference)
        return self._compared({v: reference for v in self.variants if v != reference})

    @cached_property
    def method_differences(self) -> dict[tuple[SplitColumn, Variant], Difference]:
        """Validated accuracy minus that of the reference's method after the same alignment, corrected likewise."""
        method = self.spec.reference[0]
        pairs = {v: Variant(method, v.alignment) for v in self.variants if v.method != method}
        return self._compared({v: other for v, other in pairs.items() if other in self.variants})

    def _compared(self, pairs: Mapping[Variant, Variant]) -> dict[tuple[SplitColumn, Variant], Difference]:
        """Each variant minus the other of its pair; the differences of a column are one family."""
        differences: dict[tuple[SplitColumn, Variant], Difference] = {}
        for column in self.columns:
            units = {v: self._paired_units(column, v, other) for v, other in pairs.items()}
            compared = [v for v in units if units[v]]
            corrected = holm([paired_difference(units[v]) for v in compared])
            differences |= {(column, v): d for v, d in zip(compared, corrected, strict=True)}
        return differences

    def _paired_units(self, column: SplitColumn, variant: Variant, other: Variant) -> list[float]:
        """The independent differences of two variants, on the runs that both have: of splits if the column has
        several (mean over seeds), else of seeds."""
        by_split = []
        for split in column.splits:
            first, second = (self._accuracies(column, split, v) for v in (variant, other))
            seeds = [first[seed] - second[seed] for seed in first if seed in second]
            if seeds:
                by_split.append(seeds)
        if len(column.splits) > 1:
            return [sum(seeds) / len(seeds) for seeds in by_split]
        return by_split[0] if by_split else []

    def _accuracies(self, column: SplitColumn, split: str, variant: Variant) -> dict[int, float]:
        """Seed -> validated accuracy."""
        rows = self._runs.get((column.training, split, VALIDATED, *variant), [])
        return {int(row["seed"]): float(row["accuracy"]) for row in rows}
