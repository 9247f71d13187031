"""From rows of results to tables: means, intervals over seeds or splits, and paired differences to the reference.

Splits that differ in their random draw alone (``random-5-00``, ``random-5-01``) share a column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from pgfa.evaluate.bootstrap import Difference, half_width, paired_bootstrap
from pgfa.evaluate.table import NOT_KNOWN, Cell, Row, Table
from pgfa.research.benchmark.judge import CHOSEN, right_of
from pgfa.research.benchmark.spec import HONEST, PAPER, BenchmarkSettings

Way = tuple[str, str]
"""Method and alignment."""


@dataclass(frozen=True)
class Column:
    """Of a table: splits alike, one training set.

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
        many = f" ({len(self.splits)} splits)" if len(self.splits) > 1 else ""
        return f"{self.group}{many}, {self.training}"


def group_of(split: str) -> str:
    """The split itself, or for a random one what it shares with its like."""
    return re.sub(r"(/random-\d+)-\d+$", r"\1", split)


@dataclass(frozen=True)
class Standing:
    """All rows, by column and way.

    Attributes:
        spec: what was asked for.
        results: rows as `benchmark_judge.SCHEMA`.
    """

    spec: BenchmarkSettings
    results: pl.DataFrame

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """In the order of the rows."""
        found: dict[tuple[str, str], list[str]] = {}
        for split, training in self.results.select("split", "training").unique(maintain_order=True).rows():
            found.setdefault((group_of(split), training), []).append(split)
        return tuple(Column(training, group, tuple(splits)) for (group, training), splits in found.items())

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """Methods and alignments that gave a number, in the order of the spec."""
        told = set(self._rows.keys())
        pairs = {(method, alignment) for _, _, _, method, alignment in told}
        names = (*self.spec.alignments, CHOSEN)
        return tuple((m, a) for m in self.spec.methods for a in names if (m, a) in pairs)

    @cached_property
    def _rows(self) -> dict[tuple[str, str, str, str, str], list[dict[str, object]]]:
        """(training, split, protocol, method, alignment) -> its rows, by seed."""
        found: dict[tuple[str, str, str, str, str], list[dict[str, object]]] = {}
        for row in self.results.filter(pl.col("error").is_null()).sort("seed").iter_rows(named=True):
            at = (row["training"], row["split"], row["protocol"], row["method"], row["alignment"])
            found.setdefault(at, []).append(row)
        return found

    def values(self, column: Column, way: Way, name: str, protocol: str) -> list[list[float]]:
        """(splits) lists of one value a seed; splits without any are left out."""
        found = []
        for split in column.splits:
            rows = self._rows.get((column.training, split, protocol, *way), [])
            told = [float(str(row[name])) for row in rows if row[name] is not None]
            if told:
                found.append(told)
        return found

    def cell(self, column: Column, way: Way, name: str, protocol: str) -> Cell | str:
        """Mean in per cent, and half of the 95 % interval: over splits where they are several, else over seeds."""
        values = self.values(column, way, name, protocol)
        if not values:
            return NOT_KNOWN
        means = [100 * sum(seeds) / len(seeds) for seeds in values]
        units = means if len(column.splits) > 1 else [100 * value for value in values[0]]
        return Cell(sum(means) / len(means), half_width(units), len(units))

    @cached_property
    def differences(self) -> dict[tuple[Column, Way], Difference]:
        """Honest accuracy less the reference's, on the same clips and seeds."""
        found: dict[tuple[Column, Way], Difference] = {}
        reference = self.spec.reference
        others = [way for way in self.ways if way != reference]
        for column in self.columns:
            # Ways that lack a run somewhere are compared on what both have: those with the same runs go together.
            alike: dict[tuple[tuple[str, int], ...], list[Way]] = {}
            for way in others:
                both = self._rights(column, way).keys() & self._rights(column, reference).keys()
                if both:
                    alike.setdefault(tuple(sorted(both)), []).append(way)
            for runs, ways in alike.items():
                splits = []
                for split in dict.fromkeys(split for split, _ in runs):
                    seeds = [run for run in runs if run[0] == split]
                    base = self._stack(column, reference, seeds)
                    splits.append(np.stack([self._stack(column, w, seeds) - base for w in ways], axis=2))
                for way, difference in zip(ways, paired_bootstrap(splits), strict=True):
                    found[column, way] = difference
        return found

    def _rights(self, column: Column, way: Way) -> dict[tuple[str, int], np.ndarray]:
        """(split, seed) -> (clips,) which were right."""
        return {
            (split, int(str(row["seed"]))): right_of(row)
            for split in column.splits
            for row in self._rows.get((column.training, split, HONEST, *way), [])
            if row["right"] is not None
        }

    def _stack(self, column: Column, way: Way, runs: Sequence[tuple[str, int]]) -> np.ndarray:
        rights = self._rights(column, way)
        return np.stack([rights[run] for run in runs], axis=1).astype(np.float32)


def choices(spec: BenchmarkSettings) -> str:
    """What protocol `honest` chooses, on how many sets of pseudo-unseen classes, and what it does not choose."""
    several = len(spec.epochs) > 1
    folds = sorted({group.folds for group in spec.splits})
    sets = f"{folds[0]} to {folds[-1]} folds" if len(folds) > 1 else f"{folds[0]} fold{'s' * (folds[0] > 1)}"
    return (
        f"{'length of training, ' if several else ''}settings of each alignment, the alignment itself (chosen) and "
        f"the penalty on seen classes are chosen on pseudo-unseen classes, held out of the seen ones in {sets}"
        + ("" if several else f"; the length of training is given ({spec.epochs[0]} epochs)")
    )


def tables_of(standing: Standing) -> list[Table]:
    """All tables: accuracy, difference, generalised, side by side with choosing on the test set, cost."""
    spec, columns = standing.spec, standing.columns
    heads = tuple(column.name for column in columns)
    first, method = spec.protocols[0], " / ".join(spec.reference)
    honest = first == HONEST
    what = choices(spec) if honest else "chosen by the labels of the test clips"
    spread = "± half of a 95 % interval: over splits where there are several, else over seeds (Student)"

    def rows(
        cell: Callable[[Column, Way], Cell | str], ways: Sequence[Way] = standing.ways
    ) -> tuple[Row, ...]:
        return tuple(Row(f"{m}, {a}", "", tuple(cell(column, (m, a)) for column in columns)) for m, a in ways)

    def of(name: str) -> Callable[[Column, Way], Cell | str]:
        return lambda column, way: standing.cell(column, way, name, first)

    tables = [
        Table(
            f"{spec.title}: accuracy on unseen classes, %", heads, rows(of("accuracy")),
            (f"Protocol {first}: {what}; {spread}.", *_failures(standing)),
        )
    ]  # fmt: skip
    if honest and standing.differences:
        others = [way for way in standing.ways if way != spec.reference]
        tables.append(
            Table(
                f"{spec.title}: points above {method}", heads,
                rows(lambda column, way: _told(standing.differences.get((column, way))), others),
                ("95 % interval by paired bootstrap over splits, seeds and clips; * where it leaves 0 out.",),
            )
        )  # fmt: skip
    tables.append(
        Table(f"{spec.title}: mean over classes, %", heads, rows(of("class_mean")), (f"{spread}.",))
    )
    if standing.results["gzsl_h"].is_not_null().any():
        note = (
            "Test clips of seen and unseen classes, all classes candidates. Calibrated stacking, penalty chosen "
            + ("on pseudo-unseen classes. " if honest else "on the test clips. ")
            + "Accuracies are means over classes."
        )
        for name, title in (
            ("gzsl_h", "generalised, H, %"),
            ("gzsl_seen", "generalised, seen classes, %"),
            ("gzsl_unseen", "generalised, unseen classes, %"),
            ("gzsl_area", "generalised, area under the seen-unseen curve, %"),
        ):
            tables.append(Table(f"{spec.title}: {title}", heads, rows(of(name)), (note, f"{spread}.")))
    if HONEST in spec.protocols and PAPER in spec.protocols:
        tables.append(
            Table(
                f"{spec.title}: honest / chosen on the test set, %", heads,
                rows(lambda column, way: _beside(standing, column, way)),
                (
                    "First the honest figure, then the same with settings, in rows chosen the alignment, and for pgfa "
                    "(alignments none and paper) the epoch, chosen by the labels of the test clips, as the field does "
                    "(protocol paper). The second flatters: nobody has these labels in use.",
                ),
            )
        )  # fmt: skip
    return tables


def seconds_table(standing: Standing) -> Table:
    """Mean seconds to fit a method on all seen classes."""
    frame = standing.results.filter(pl.col("error").is_null() & (pl.col("alignment") == "none"))
    rows = []
    for method in standing.spec.methods:
        cells: list[Cell | str] = []
        for column in standing.columns:
            own = (pl.col("method") == method) & (pl.col("training") == column.training)
            told = frame.filter(own & pl.col("split").is_in(list(column.splits)))["fit_seconds"].drop_nulls()
            cells.append(f"{float(np.mean(told.to_list())):,.1f}" if len(told) else NOT_KNOWN)
        rows.append(Row(method, "", tuple(cells)))
    note = "The encoder that several methods share is counted with the first of them. Resumed runs count from there."
    return Table(
        f"{standing.spec.title}: seconds to fit",
        tuple(c.name for c in standing.columns),
        tuple(rows),
        (note,),
    )


def _told(difference: Difference | None) -> str:
    if difference is None:
        return NOT_KNOWN
    mean, low, high = (100 * value for value in (difference.mean, difference.low, difference.high))
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f}){'*' if difference.clear else ''}"


def _beside(standing: Standing, column: Column, way: Way) -> str:
    cells = [standing.cell(column, way, "accuracy", protocol) for protocol in (HONEST, PAPER)]
    return " / ".join(f"{cell.value:.1f}" if isinstance(cell, Cell) else cell for cell in cells)


def _failures(standing: Standing) -> list[str]:
    failed = standing.results.filter(pl.col("error").is_not_null())
    if not len(failed):
        return []
    first = failed.row(0, named=True)
    where = f"{first['method'] or 'all methods'}, {first['split']}, {first['training']}"
    return [f"Runs that failed and are left out: {len(failed)}; the first: {where}: {first['error']}"]
