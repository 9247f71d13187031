"""The tables of a report as CSV and LaTeX, and its figures as SVG and PDF: a folder beside the page."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pgfa.evaluate.intervals import wilson_interval
from pgfa.evaluate.report.content import AFTER, Report
from pgfa.evaluate.report.figures import figures
from pgfa.evaluate.table import Row, Table
from pgfa.files import write_atomic

FOLDER = "report"
"""Name of the folder in the folder of a run."""
LOW, HIGH = ", low", ", high"
_WILSON = "In brackets, or low and high: Wilson's 95 % interval"
_NUMBER = re.compile(r"[+-][0-9.]+")


def write_tables_and_figures(folder: Path, report: Report) -> list[Path]:
    """Write `accuracy`, `classes` and `reliability` as .csv and .tex, `confusion` and `clips` as .csv, the figures as
    .svg and .pdf.

    Raises NotWritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents: dict[str, str | bytes] = {
        "confusion.csv": confusion_csv(report),
        "clips.csv": clips_csv(report),
    }
    tables = {"accuracy": accuracy_table(report), "classes": class_table(report)}
    tables |= {"reliability": reliability_table(report)} if report.reliability else {}
    for name, table in tables.items():
        contents |= {f"{name}.csv": to_csv(table), f"{name}.tex": with_intervals_in_cells(table).to_latex()}
    for name, figure in figures(report).items():
        contents |= {f"{name}.svg": figure.to_svg(), f"{name}.pdf": figure.to_pdf()}
    for name, content in contents.items():
        write_atomic(folder / name, content)
    return [folder / name for name in contents]


def accuracy_table(report: Report) -> Table:
    """Accuracy, interval and class mean of each row of the report, in per cent."""
    rows = [
        Row(
            row.name,
            "",
            (
                _percent(row.accuracy),
                _percent(row.low),
                _percent(row.high),
                _percent(row.class_mean),
                str(row.clips),
            ),
        )
        for row in report.table
    ]
    note = "In brackets, or low and high: 95 % bootstrap interval of the accuracy over clips"
    columns = ("accuracy", f"accuracy{LOW}", f"accuracy{HIGH}", "class mean", "clips")
    return Table(f"Accuracy, {report.title}", columns, tuple(rows), (note,))


def class_table(report: Report) -> Table:
    """Accuracy of each class before and after alignment with Wilson's 95 % intervals, in per cent."""
    count = len(report.classes)
    rows = []
    matrices = [report.predictions.confusion(count, after=after) for after in (False, True)]
    for label, item in enumerate(report.classes):
        cells = [str(int(matrices[0][label].sum()))]
        for matrix in matrices:
            total = int(matrix[label].sum())
            low, high = wilson_interval(int(matrix[label, label]), total)
            accuracy = matrix[label, label] / total if total else float("nan")
            cells += [_percent(value) if total else "" for value in (float(accuracy), low, high)]
        rows.append(Row(item.name, "", tuple(cells)))
    columns = ["clips"]
    for name in (report.before_name, AFTER):
        columns += [name, f"{name}{LOW}", f"{name}{HIGH}"]
    return Table(
        f"Accuracy of each class, {report.title}",
        tuple(columns),
        tuple(rows),
        (_WILSON,),
    )


def reliability_table(report: Report) -> Table:
    """A row per stage and range of probabilities that has clips, in per cent, with Wilson's 95 % intervals."""
    rows = []
    for name, curve in report.reliability.items():
        for bin in np.flatnonzero(curve.clips).tolist():
            clips, accuracy = int(curve.clips[bin]), float(curve.accuracy[bin])
            low, high = wilson_interval(round(accuracy * clips), clips)
            shares = map(_percent, (float(curve.probability[bin]), accuracy, low, high))
            ends = (100 * edge // len(curve.clips) for edge in (bin, bin + 1))
            rows.append(Row(f"{name}, {' to '.join(map(str, ends))}", "", (str(clips), *shares)))
    errors = (
        f"expected calibration error {name}: {100 * curve.error:.1f}"
        for name, curve in report.reliability.items()
    )
    columns = ("clips", "mean probability", "accuracy", f"accuracy{LOW}", f"accuracy{HIGH}")
    return Table(f"Reliability, {report.title}", columns, tuple(rows), (_WILSON, *errors))


def with_intervals_in_cells(table: Table) -> Table:
    """The table for a page: the ends of an interval in the cell of their number, "14.6 (7.2–27.2)"."""
    columns = [name for name in table.columns if not name.endswith((LOW, HIGH))]

    def cells(row: Row) -> tuple[str, ...]:
        value = dict(zip(table.columns, map(str, row.cells), strict=True))
        return tuple(
            f"{value[name]} ({_span(value[name + LOW], value[name + HIGH])})"
            if value.get(name + LOW) and value[name]
            else value[name]
            for name in columns
        )

    rows = tuple(Row(row.name, row.source, cells(row)) for row in table.rows)
    return Table(table.title, tuple(columns), rows, table.notes)


def _span(low: str, high: str) -> str:
    """A dash between numbers with signs would be taken for one more sign."""
    return f"{low} to {high}" if low[:1] in "+-" else f"{low}–{high}"


def confusion_csv(report: Report) -> str:
    """A row per true class and stage: the number of clips that got each class."""
    names = [item.name for item in report.classes]
    rows: list[Sequence[str | int]] = [("stage", "true class", *names)]
    for stage, after in ((report.before_name, False), (AFTER, True)):
        matrix = report.predictions.confusion(len(names), after=after)
        rows += [(stage, name, *matrix[label].tolist()) for label, name in enumerate(names)]
    return _csv(rows)


def clips_csv(report: Report) -> str:
    """A row per clip: its classes and its margin, the lowest margin first."""
    predictions, margins = report.predictions, report.margins
    order = np.arange(len(predictions.ids)) if margins is None else np.argsort(margins, kind="stable")
    name = [item.name for item in report.classes]
    rows: list[Sequence[str | int]] = [("clip", "true class", report.before_name, AFTER, "margin")]
    for index in order.tolist():
        labels = (predictions.true[index], predictions.before[index], predictions.after[index])
        margin = "" if margins is None else f"{margins[index]:.4f}"
        rows.append((predictions.ids[index], *(name[label] for label in labels), margin))
    return _csv(rows)


def to_csv(table: Table) -> str:
    """A table with its column titles, without its notes."""
    return _csv([("", *table.columns), *((row.name, *map(str, row.cells)) for row in table.rows)])


def _csv(rows: Sequence[Sequence[str | int]]) -> str:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    for row in rows:
        writer.writerow([f"'{cell}" if _is_formula(str(cell)) else cell for cell in row])
    return target.getvalue()


def _is_formula(cell: str) -> bool:
    """Whether a spreadsheet would compute it; a number with its sign is none."""
    return cell[:1] in tuple("=+-@\t\r") and not _NUMBER.fullmatch(cell)


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f}" if np.isfinite(fraction) else ""
