"""The figures of a report for a paper: accuracies of the classes, confusion matrix, reliability."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import numpy as np

from pgfa.evaluate.intervals import wilson_interval
from pgfa.evaluate.report.canvas import BLACK, BLUE, GREY, WHITE, Canvas, text_width, tint
from pgfa.evaluate.report.content import AFTER, Report

SIZE = 8
MOST_CLASSES: Final = 60
"""Classes that a figure shows by name; with more, its text would be too small to read."""


def figures(report: Report) -> Mapping[str, Canvas]:
    """Name -> figure; empty without clips."""
    if not len(report.predictions.ids):
        return {}
    drawn = {}
    if len(report.classes) <= MOST_CLASSES:
        drawn = {"classes": class_figure(report), "confusion": confusion_figure(report)}
    return drawn | ({"reliability": reliability_figure(report)} if report.reliability else {})


def class_figure(report: Report) -> Canvas:
    """Accuracy of each class before (grey) and after alignment (blue), with Wilson's intervals after it."""
    names = [item.name for item in report.classes]
    left, step, top, plot = _label_width(names) + 8, 15.0, 30.0, 220.0
    bottom = top + step * len(names)
    canvas = Canvas(left + plot + 16, bottom + 30, f"Accuracy of each class, {report.title}")
    counts = [report.predictions.confusion(len(names), after=after) for after in (False, True)]
    canvas.text(left, 10, f"grey: {report.before_name}, blue: {AFTER} (95 % interval)", size=SIZE)
    for tick in (0, 20, 40, 60, 80, 100):
        x = left + plot * tick / 100
        canvas.line(x, top - 4, x, bottom, GREY, 0.3)
        canvas.text(x, bottom + 11, str(tick), "middle")
    canvas.text(left + plot / 2, bottom + 23, "accuracy, %", "middle")
    chance = left + plot / len(names)
    canvas.line(chance, top - 4, chance, bottom, BLACK, 0.6, dash=True)
    canvas.text(chance, top - 7, "chance", "middle", size=7)
    for label, name in enumerate(names):
        y = top + step * (label + 0.5)
        canvas.text(left - 6, y + 3, name, "end")
        total = int(counts[1][label].sum())
        if not total:
            continue
        before, after = (int(matrix[label, label]) for matrix in counts)
        low, high = wilson_interval(after, total)
        canvas.box(left + plot * before / total - 2, y - 2, 4, 4, GREY)
        canvas.line(left + plot * low, y, left + plot * high, y, BLUE, 1.2)
        canvas.box(left + plot * after / total - 2.5, y - 2.5, 5, 5, BLUE)
    return canvas


def confusion_figure(report: Report) -> Canvas:
    """The confusion matrix after alignment: clips in each cell, tinted by their share of the true class."""
    names = [item.name for item in report.classes]
    cell = max(8.0, min(26.0, 380.0 / len(names)))
    left = top = _label_width(names) + 24
    canvas = Canvas(
        left + cell * len(names) + 6, top + cell * len(names) + 6, f"Confusion matrix, {report.title}"
    )
    counts = report.predictions.confusion(len(names), after=True)
    middle = left + cell * len(names) / 2
    canvas.text(middle, 10, f"predicted class, {AFTER}", "middle")
    canvas.text(10, top + cell * len(names) / 2, "true class", "middle", turned=True)
    for row, name in enumerate(names):
        y = top + cell * row
        canvas.text(left - 5, y + cell / 2 + 3, name, "end")
        canvas.text(left + cell * row + cell / 2 + 3, top - 5, name, turned=True)
        total = max(1, int(counts[row].sum()))
        for column, clips in enumerate(counts[row].tolist()):
            if clips:
                share = clips / total
                canvas.box(left + cell * column, y, cell, cell, tint(BLUE, 0.1 + 0.8 * share))
                colour = WHITE if share > 0.55 else BLACK
                size = min(SIZE, 0.9 * cell * SIZE / max(1.0, text_width(str(clips), SIZE)))
                canvas.text(
                    left + cell * (column + 0.5), y + cell / 2 + size / 3, str(clips), "middle", colour, size
                )
    for edge in range(len(names) + 1):
        canvas.line(left, top + cell * edge, left + cell * len(names), top + cell * edge, GREY, 0.3)
        canvas.line(left + cell * edge, top, left + cell * edge, top + cell * len(names), GREY, 0.3)
    return canvas


def reliability_figure(report: Report) -> Canvas:
    """Accuracy by probability, before alignment (grey) and after it (blue), with Wilson's intervals.

    The diagonal is a calibrated model.
    """
    left, top, side = 44.0, 26.0, 180.0
    key = f"grey: {report.before_name}, blue: {AFTER} (95 % interval)"
    width = left + max(side, text_width(key, SIZE)) + 16
    canvas = Canvas(width, top + side + 34, f"Reliability, {report.title}")
    canvas.text(left, 10, key, size=SIZE)
    for tick in (0, 20, 40, 60, 80, 100):
        x, y = left + side * tick / 100, top + side * (1 - tick / 100)
        canvas.line(x, top, x, top + side, GREY, 0.3)
        canvas.line(left, y, left + side, y, GREY, 0.3)
        canvas.text(x, top + side + 11, str(tick), "middle")
        canvas.text(left - 4, y + 3, str(tick), "end")
    canvas.text(left + side / 2, top + side + 24, "probability of the predicted class, %", "middle")
    canvas.text(12, top + side / 2, "accuracy, %", "middle", turned=True)
    canvas.line(left, top + side, left + side, top, BLACK, 0.6, dash=True)
    for curve, colour in zip(report.reliability.values(), (GREY, BLUE), strict=False):
        filled = np.flatnonzero(curve.clips)
        points = [
            (left + side * float(curve.probability[bin]), top + side * (1 - float(curve.accuracy[bin])))
            for bin in filled
        ]
        for (x, _), bin in zip(points, filled, strict=True):
            clips = int(curve.clips[bin])
            low, high = wilson_interval(round(float(curve.accuracy[bin]) * clips), clips)
            canvas.line(x, top + side * (1 - low), x, top + side * (1 - high), colour, 0.6)
        for (x1, y1), (x2, y2) in pairwise(points):
            canvas.line(x1, y1, x2, y2, colour, 1.0)
        for x, y in points:
            canvas.box(x - 2.5, y - 2.5, 5, 5, colour)
    return canvas


def _label_width(names: list[str]) -> float:
    return max(text_width(name, SIZE) for name in names) + 4
