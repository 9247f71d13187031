"""The tables of a report as CSV and LaTeX, and its figures as SVG and PDF: a folder beside the page."""

from __future__ import annotations

import csv
import io
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


def write_tables_and_figures(folder: Path, report: Report) -> list[Path]:
    """Write `accuracy` and `classes` as .csv and .tex, `confusion` and `clips` as .csv, the figures as .svg and .pdf.

    Raises NotWritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents: dict[str, str | bytes] = {
        "confusion.csv": confusion_csv(report),
        "clips.csv": clips_csv(report),
    }
    for name, table in (("accuracy", accuracy_table(report)), ("classes", class_table(report))):
        contents |= {f"{name}.csv": to_csv(table), f"{name}.tex": table.to_latex()}
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
    note = "low, high: 95 % bootstrap interval of the accuracy over clips"
    return Table(
        f"Accuracy, {report.title}", ("accuracy", "low", "high", "class mean", "clips"), tuple(rows), (note,)
    )


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
        columns += [name, f"{name}, low", f"{name}, high"]
    return Table(
        f"Accuracy of each class, {report.title}",
        tuple(columns),
        tuple(rows),
        ("low, high: Wilson's 95 % interval",),
    )


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
        # A spreadsheet would compute a cell that begins like a formula; a minus begins negative margins.
        writer.writerow([f"'{cell}" if str(cell)[:1] in tuple("=+@\t\r") else cell for cell in row])
    return target.getvalue()


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f}" if np.isfinite(fraction) else ""
