"""Sections of the report about single predictions: how reliable their probabilities are, and the worst clips."""

from __future__ import annotations

import re
from html import escape

import numpy as np

from pgfa.evaluate.intervals import wilson_interval
from pgfa.evaluate.paired import StageComparison
from pgfa.evaluate.report.content import AFTER, Report
from pgfa.evaluate.report.figures import reliability_figure
from pgfa.evaluate.report.tables import with_intervals_in_cells

MOST_CLIPS, OF_ONE_CLASS = 15, 3
"""Clips that are listed, and of one class, so that no class fills the list."""


def alignment_change(report: Report) -> str:
    """How much alignment changes the accuracy on these clips, with its interval."""
    predictions = report.predictions
    if not len(predictions.ids):
        return ""
    pair = StageComparison(predictions.before == predictions.true, predictions.after == predictions.true)
    low, high = pair.interval
    change, start, end = (
        _minus(f"{round(100 * share, 1) + 0.0:+.1f}") for share in (pair.difference, low, high)
    )
    broken, fixed = pair.only
    return (
        f'<p class="change">Alignment changes the accuracy by <b>{change} points</b> (95\u202f% interval {start} to '
        f"{end}): {fixed:,} clip{'s' * (fixed != 1)} fixed, {broken:,} broken.</p>"
    )


def comparison_section(report: Report) -> str:
    """The table of a comparison with another run, and how to read it."""
    if report.comparison is None:
        return ""
    table = with_intervals_in_cells(report.comparison)
    heads = "".join(f'<th scope="col" class="number">{escape(name)}</th>' for name in table.columns)
    rows = "".join(
        f'<tr><th scope="row">{escape(row.name)}</th>'
        + "".join(f'<td class="number">{escape(_minus(str(cell)))}</td>' for cell in row.cells)
        + "</tr>"
        for row in table.rows
    )
    return (
        '<section aria-labelledby="comparison"><h2 id="comparison">Comparison of two runs</h2>'
        f'<div class="scroll"><table class="plain"><caption>{escape(table.title)}. {escape(" ".join(table.notes))}'
        f'</caption><thead><tr><th scope="col"></th>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>'
    )


def _minus(text: str) -> str:
    """The same with the sign that numbers have in print."""
    return re.sub(r"-(?=\d)", "−", text)


def reliability_section(report: Report) -> str:
    """Accuracy of the predictions by their probability, and the expected calibration error."""
    if not report.reliability:
        return ""
    tables = "".join(
        f'<div class="scroll"><table class="plain"><caption><b>{escape(name)}</b>. Expected calibration error: '
        f"{100 * curve.error:.1f}\u202f%. Brackets: Wilson's 95\u202f% interval.</caption><thead><tr>"
        '<th scope="col">probability, %</th><th scope="col" class="number">clips</th>'
        '<th scope="col" class="number">mean probability, %</th><th scope="col" class="number">accuracy, %</th>'
        f"</tr></thead><tbody>{_bins(curve.probability, curve.accuracy, curve.clips)}</tbody></table></div>"
        for name, curve in report.reliability.items()
    )
    return (
        '<section aria-labelledby="reliability"><h2 id="reliability">Reliability</h2>'
        "<p>Probability of the predicted class: softmax over the scores of the classes, times the logit scale of the "
        "training loss. It is not fitted on held-out classes; <code>pgfa calibrate</code> does that for a "
        'recogniser. In the figure, a calibrated model lies on the diagonal.</p><div class="reliability">'
        f"{reliability_figure(report).to_svg()}{tables}</div></section>"
    )


def _bins(probability: np.ndarray, accuracy: np.ndarray, clips: np.ndarray) -> str:
    width = 100 // len(clips)
    return "".join(
        f'<tr><th scope="row">{width * bin} to {width * (bin + 1)}</th><td class="number">{clips[bin]:,}</td>'
        f'<td class="number">{100 * probability[bin]:.0f}</td>'
        f'<td class="number">{100 * accuracy[bin]:.0f}{_interval(accuracy[bin], clips[bin])}</td></tr>'
        for bin in np.flatnonzero(clips)
    )


def _interval(accuracy: float, clips: int) -> str:
    low, high = wilson_interval(round(accuracy * int(clips)), int(clips))
    return f'<span class="faint"> ({100 * low:.0f}–{100 * high:.0f})</span>'


def worst_section(report: Report) -> str:
    """The clips whose true class is furthest behind the predicted one."""
    if report.margins is None:
        return ""
    predictions, taken = report.predictions, np.zeros(len(report.classes), dtype=np.int64)
    rows: list[str] = []
    for index in np.argsort(report.margins, kind="stable").tolist():
        true, after = int(predictions.true[index]), int(predictions.after[index])
        if after == true or len(rows) == MOST_CLIPS:
            break
        taken[true] += 1
        if taken[true] > OF_ONE_CLASS:
            continue
        before = report.classes[predictions.before[index]].name
        rows.append(
            f"<tr><td>{escape(predictions.ids[index])}</td><td>{escape(report.classes[true].name)}</td>"
            f"<td>{escape(before)}</td><td>{escape(report.classes[after].name)}</td>"
            f'<td class="number">{_minus(f"{report.margins[index]:.3f}")}</td></tr>'
        )
    if not rows:
        return ""
    return (
        '<section aria-labelledby="worst"><h2 id="worst">Worst clips</h2>'
        '<div class="scroll"><table class="plain"><caption>Clips whose true class is furthest behind the predicted one '
        f"after alignment, at most {OF_ONE_CLASS} of one class. Margin: score of the true class minus the highest of "
        "the others; all clips are in <code>report/clips.csv</code>.</caption><thead><tr>"
        '<th scope="col">clip</th><th scope="col">true class</th>'
        f'<th scope="col">{report.before_name}</th><th scope="col">{AFTER}</th>'
        f'<th scope="col" class="number">margin</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div></section>'
    )
