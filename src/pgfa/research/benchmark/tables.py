"""The tables of a benchmark: accuracy, difference to the reference, generalised test, choice on the test set, cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import polars as pl

from pgfa.evaluate.student import Difference
from pgfa.evaluate.table import NOT_KNOWN, Cell, Row, Table
from pgfa.research.benchmark.results import BenchmarkResults, SplitColumn, Variant
from pgfa.research.benchmark.spec import TEST_SELECTED, VALIDATED, BenchmarkSettings

SPREAD = (
    "± half of Student's 95 % interval of one figure, not corrected for their number: over splits if there are several "
    "(seeds averaged), else over seeds; one or two have none"
)
STARS = (
    "In brackets Student's 95 % interval of the paired difference: over splits if a column has several (seeds "
    'averaged), else over seeds, then for this split alone; "-": one or two, no interval. It is not corrected; the '
    "star is: * if p is below 5 % after Holm's correction for all differences of this column of this table."
)

CellOf = Callable[[SplitColumn, Variant], Cell | str]


def choices(spec: BenchmarkSettings) -> str:
    """What protocol `validated` chooses, on how many sets of pseudo-unseen classes, and what it does not choose."""
    several = len(spec.epochs) > 1
    folds = sorted({group.folds for group in spec.splits})
    sets = f"{folds[0]} to {folds[-1]} folds" if len(folds) > 1 else f"{folds[0]} fold{'s' * (folds[0] > 1)}"
    return (
        f"{'number of epochs, ' if several else ''}settings of each alignment, the alignment itself (chosen) and "
        f"the penalty on seen classes are chosen on pseudo-unseen classes, held out of the seen ones in {sets}"
        + ("" if several else f"; the number of epochs is given ({spec.epochs[0]})")
    )


def tables_of(results: BenchmarkResults) -> list[Table]:
    """All tables of a benchmark."""
    spec = results.spec
    tables = [_accuracy_table(results)]
    if spec.protocols[0] == VALIDATED and results.differences:
        reference, others = results.spec.reference, results.differences
        tables.append(_difference_table(results, f"points above {' / '.join(reference)}", others))
        if pairs := results.method_differences:
            title = f"points above {reference[0]} after the same alignment"
            tables.append(_difference_table(results, title, pairs))
    tables.append(_figure_table(results, "class_mean", "mean over classes, %", (f"{SPREAD}.",)))
    if results.rows["gzsl_h"].is_not_null().any():
        tables += _generalised_tables(results)
    if VALIDATED in spec.protocols and TEST_SELECTED in spec.protocols:
        tables.append(_protocol_table(results))
    return [*tables, seconds_table(results)]


def _table(
    results: BenchmarkResults,
    title: str,
    cell: CellOf,
    notes: tuple[str, ...],
    variants: Sequence[Variant] | None = None,
) -> Table:
    """A table with a row per variant and a column per group of splits."""
    columns = results.columns
    rows = tuple(
        Row(str(variant), "", tuple(cell(column, variant) for column in columns))
        for variant in (results.variants if variants is None else variants)
    )
    return Table(f"{results.spec.title}: {title}", tuple(column.name for column in columns), rows, notes)


def _figure_table(results: BenchmarkResults, name: str, title: str, notes: tuple[str, ...]) -> Table:
    """A table of one figure of the rows, under the first protocol."""
    protocol = results.spec.protocols[0]
    return _table(
        results, title, lambda column, variant: results.cell(column, variant, name, protocol), notes
    )


def _accuracy_table(results: BenchmarkResults) -> Table:
    spec = results.spec
    protocol = spec.protocols[0]
    selection = choices(spec) if protocol == VALIDATED else "chosen by the labels of the test clips"
    notes = [f"Protocol {protocol}: {selection}; {SPREAD}."]
    if len(results.failed):
        first = results.failed.row(0, named=True)
        run = f"{first['method'] or 'all methods'}, {first['split']}, {first['training']}"
        notes.append(f"Failed runs, left out: {len(results.failed)}; the first: {run}: {first['error']}")
    return _figure_table(results, "accuracy", "accuracy on unseen classes, %", tuple(notes))


def _difference_table(
    results: BenchmarkResults, title: str, differences: Mapping[tuple[SplitColumn, Variant], Difference]
) -> Table:
    compared = {variant for _, variant in differences}
    return _table(
        results,
        title,
        lambda column, variant: _difference(differences.get((column, variant))),
        (STARS,),
        [variant for variant in results.variants if variant in compared],
    )


def people_note(spec: BenchmarkSettings) -> str:
    """Who performs the test clips of the generalised test."""
    division = spec.run.protocol
    aside = "Test clips of seen classes are of people set aside, who train nothing (random clips if people are unknown)"
    if division == "cross-subject":
        return f"{aside}; those of unseen classes are of the division's test subjects (cross-subject)."
    return (
        f"{aside}; but most people in test clips of unseen classes are in training clips of seen classes (division "
        f"{division}): accuracy on unseen classes and H are not those of new people."
    )


def _generalised_tables(results: BenchmarkResults) -> list[Table]:
    chosen_on = "on pseudo-unseen classes" if results.spec.protocols[0] == VALIDATED else "on the test clips"
    note = (
        "Test clips of seen and unseen classes, all classes candidates. Calibrated stacking, penalty chosen "
        f"{chosen_on}. Accuracies are means over classes. {people_note(results.spec)}"
    )
    titles = {
        "gzsl_h": "generalised, H, %",
        "gzsl_seen": "generalised, seen classes, %",
        "gzsl_unseen": "generalised, unseen classes, %",
        "gzsl_area": "generalised, area under the seen-unseen curve, %",
    }
    return [_figure_table(results, name, title, (note, f"{SPREAD}.")) for name, title in titles.items()]


def _protocol_table(results: BenchmarkResults) -> Table:
    def cell(column: SplitColumn, variant: Variant) -> str:
        cells = [results.cell(column, variant, "accuracy", p) for p in (VALIDATED, TEST_SELECTED)]
        return " / ".join(f"{cell.value:.1f}" if isinstance(cell, Cell) else cell for cell in cells)

    note = (
        "First the validated figure. The second is test-selected: settings, the alignment in rows named chosen, and "
        "for pgfa (alignments none and paper) the epoch are chosen by the labels of the test clips, as is common in "
        "the field. It is too high: in practice these labels are not available."
    )
    return _table(results, f"{VALIDATED} / {TEST_SELECTED}, %", cell, (note,))


def seconds_table(results: BenchmarkResults) -> Table:
    """Mean seconds to fit a method on all seen classes."""
    rows = results.rows.filter(pl.col("error").is_null() & (pl.col("alignment") == "none"))
    cell = partial(_seconds, rows)
    return Table(
        f"{results.spec.title}: seconds to fit",
        tuple(column.name for column in results.columns),
        tuple(
            Row(method, "", tuple(cell(method, column) for column in results.columns))
            for method in results.spec.methods
        ),
        (
            "The encoder that several methods share is counted with the first of them. "
            "Resumed runs are timed from where they resumed.",
        ),
    )


def _seconds(rows: pl.DataFrame, method: str, column: SplitColumn) -> str:
    runs = rows.filter((pl.col("method") == method) & (pl.col("training") == column.training))
    seconds = runs.filter(pl.col("split").is_in(list(column.splits)))["fit_seconds"].drop_nulls()
    return f"{float(np.mean(seconds.to_list())):,.1f}" if len(seconds) else NOT_KNOWN


def _difference(difference: Difference | None) -> str:
    if difference is None:
        return NOT_KNOWN
    mean, low, high = difference.mean, difference.low, difference.high
    star = "*" if difference.clear else ""
    if low is None or high is None:
        reason = "no interval" if difference.p is not None else NOT_KNOWN
        return f"{100 * mean:+.1f} ({reason}){star}"
    return f"{100 * mean:+.1f} ({100 * low:+.1f} to {100 * high:+.1f}){star}"
