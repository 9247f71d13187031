"""The sections of the report as HTML, one function each, in the order of the page."""

from __future__ import annotations

from html import escape

import numpy as np

from pgfa.evaluate.intervals import wilson_interval
from pgfa.evaluate.report.charts import curve, drawn_clips, map_chart, marker, result_chart
from pgfa.evaluate.report.content import AFTER, BEFORE, Report
from pgfa.evaluate.report.quality import alignment_change

_SIDE_BY_SIDE = 10
_NAMED_COLUMNS = 20

_MEANING = {
    BEFORE[
        "sentences"
    ]: "Each clip is assigned to the class whose sentence vector is nearest to its features. "
    "No clip of these classes was used in training.",
    BEFORE["exemplars"]: "Each clip is assigned to the class whose exemplar is nearest to its features. "
    "No clip of these classes was used in training.",
    AFTER: "The test clips, without their labels, move the vector of each class to a prototype that lies closer to "
    "the motions of the class. Each clip is then assigned to the class of the nearest prototype.",
}
_OUTCOMES = (
    ("both", "Correct before and after", True, True),
    ("fixed", "Fixed by alignment", False, True),
    ("broken", "Broken by alignment", True, False),
    ("neither", "Wrong before and after", False, False),
)
"""CSS class, heading, correct before alignment, correct after it."""


def head(report: Report) -> str:
    """Title, headline and notes."""
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    return (
        f'<header><p class="over">{escape(report.title)}</p><h1>{escape(report.headline)}</h1>'
        f'{f"""<ul class="notes">{notes}</ul>""" if notes else ""}</header>'
    )


def result_section(report: Report) -> str:
    """Accuracies with their intervals, and chance for comparison."""
    chance = 1 / max(1, len(report.classes))
    rows = "".join(
        f'<tr><th scope="row">{escape(row.name)}</th><td class="number">{_percent(row.accuracy)}</td>'
        f'<td class="number">{_interval(row.low, row.high)}</td>'
        f'<td class="number">{_percent(row.class_mean)}</td><td class="number">{row.clips:,}</td></tr>'
        for row in report.table
    )
    chance_row = (
        f'<tr class="faint"><th scope="row">chance</th><td class="number">{_percent(chance)}</td><td></td>'
        f'<td class="number">{_percent(chance)}</td><td></td></tr>'
    )
    meanings = "".join(
        f"<div><dt>{escape(row.name[:1].upper() + row.name[1:])}</dt><dd>{_MEANING[row.name]}</dd></div>"
        for row in report.table
        if row.name in _MEANING
    )
    return (
        '<section aria-labelledby="results"><h2 id="results">Accuracy</h2>'
        f'<div class="columns"><div>{result_chart(report.table, chance)}'
        '<div class="scroll"><table class="plain"><caption>Accuracy is the percentage of clips assigned to the '
        "correct class, with a 95\u202f% bootstrap interval over these clips. Class mean is the mean of the "
        "accuracies of the classes.</caption>"
        '<thead><tr><th scope="col">method</th><th scope="col" class="number">accuracy, %</th>'
        '<th scope="col" class="number">95\u202f% interval</th>'
        '<th scope="col" class="number">class mean, %</th>'
        '<th scope="col" class="number">clips</th></tr></thead>'
        f"<tbody>{rows}{chance_row}</tbody></table></div>{alignment_change(report)}</div>"
        f'<dl class="meanings">{meanings}</dl></div></section>'
    )


def clip_section(report: Report) -> str:
    """The feature map, the player, and the clips that can be played."""
    if report.map is None and not report.examples:
        return ""
    title = " and ".join(
        ["Feature map"] * (report.map is not None) + ["example clips"] * bool(report.examples)
    )
    player = (
        '<aside class="panel" aria-label="Clip"><div id="player"></div>'
        '<div id="clip-facts" aria-live="polite"></div></aside>'
        if report.examples
        else ""
    )
    return (
        f'<section aria-labelledby="clips"><h2 id="clips">{title[:1].upper() + title[1:]}</h2>'
        f'<div class="{"columns clips" if player else ""}">'
        f"{_map(report)}{player}{_example_list(report)}</div></section>"
    )


def _map(report: Report) -> str:
    if report.map is None or not len(report.classes):
        return ""
    drawn, count = len(drawn_clips(report)), len(report.predictions.ids)
    fewer = "" if drawn == count else f" {drawn:,} of the {count:,} clips are drawn."
    choices = "".join(
        f'<label><input type="radio" name="colour" value="{value}"{" checked" if value == "class" else ""}>'
        f"{text}</label>"
        for value, text in (
            ("class", "true class"),
            ("before", f"correct {report.before_name}"),
            ("after", f"correct {AFTER}"),
        )
    )
    legend = "".join(
        f'<li><button type="button" data-legend="{label}" aria-pressed="false">{marker(label)}'
        f"{escape(item.name)}</button></li>"
        for label, item in enumerate(report.classes)
    )
    return (
        '<figure class="map-figure"><fieldset class="segments">'
        f"<legend>Colour by</legend>{choices}</fieldset>"
        f'<div class="map-frame">{map_chart(report)}<div id="tip-box" hidden></div></div>'
        '<p class="sr-only" id="map-live" aria-live="polite"></p>'
        '<ul class="key"><li><svg class="marker hollow" width="20" height="20" viewBox="-10 -10 20 20" '
        f'aria-hidden="true"><circle r="7"/></svg>{report.anchor}</li>'
        '<li><svg class="marker solid" width="20" height="20" viewBox="-10 -10 20 20" aria-hidden="true">'
        '<circle r="7"/></svg>prototype</li>'
        '<li class="only-class">'
        '<svg class="marker ringed" width="20" height="20" viewBox="-10 -10 20 20" aria-hidden="true">'
        '<circle r="3.5" class="core"/><circle r="8"/></svg>clip that can be played</li>'
        '<li class="only-outcome"><span class="chip good">✓ correct</span>'
        '<span class="chip bad">✗ wrong</span></li></ul>'
        f'<ul class="legend-classes" aria-label="Classes; select one to highlight it">{legend}</ul>'
        "<figcaption>Small marks are test clips; their shape shows the true class. Alignment does not move clips: it "
        f"moves each class from its {report.anchor} to its prototype, along the arrow. The two axes are principal "
        f"components and cover {100 * report.map.variance_share:.0f}\u202f% of the variance, so distances on the map "
        f"are approximate.{fewer}</figcaption></figure>"
    )


def _example_list(report: Report) -> str:
    predictions = report.predictions
    correct_before = predictions.before == predictions.true
    correct_after = predictions.after == predictions.true
    groups = []
    for key, title, before, after in _OUTCOMES:
        items = [
            _example(report, number, before, after)
            for number, example in enumerate(report.examples)
            if (correct_before[example.index], correct_after[example.index]) == (before, after)
        ]
        if items:
            total = np.count_nonzero((correct_before == before) & (correct_after == after))
            marks = f"{'✓' if before else '✗'} {'✓' if after else '✗'}"
            groups.append(
                f'<div class="group {key}"><h3>'
                f'<span class="marks" aria-hidden="true">{marks}</span>{title}</h3>'
                f'<p class="faint">{len(items)} of {total:,}</p><ul>{"".join(items)}</ul></div>'
            )
    if not groups:
        return ""
    return f'<div class="examples" role="group" aria-label="Clips to play">{"".join(groups)}</div>'


def _example(report: Report, number: int, correct_before: bool, correct_after: bool) -> str:
    """The button that plays an example: its true class, wrong predictions, its id."""
    predictions, index = report.predictions, report.examples[number].index
    true = int(predictions.true[index])
    before, after = (
        escape(report.classes[labels[index]].name) for labels in (predictions.before, predictions.after)
    )
    if correct_after:
        prediction = "" if correct_before else f"before: {before}"
    else:
        prediction = (
            f"predicted: {after}"
            if correct_before or before == after
            else f"predicted: {before}, then {after}"
        )
    if prediction:
        prediction = f'<span class="faint">{prediction}</span>'
    return (
        f'<li><button type="button" data-example="{number}" aria-pressed="false">'
        f'<span class="name">{marker(true)}{escape(report.classes[true].name)}</span>'
        f'{prediction}<span class="faint id">{escape(predictions.ids[index])}</span></button></li>'
    )


def class_section(report: Report) -> str:
    """The unseen classes with their sentences and accuracies."""
    predictions, count = report.predictions, len(report.classes)
    clips = np.bincount(predictions.true, minlength=count)
    before = np.diag(predictions.confusion(count, after=False))
    after = np.diag(predictions.confusion(count, after=True))
    rows = "".join(
        f'<tr><th scope="row">{marker(label)}{escape(item.name)}</th>'
        f'<td class="sentence">{escape(item.sentence)}</td>'
        f'<td class="number" data-label="clips">{clips[label]:,}</td>'
        f'<td class="number" data-label="{report.before_name}, %">{_accuracy(before[label], clips[label])}</td>'
        f'<td class="number strong" data-label="{AFTER}, %">{_accuracy(after[label], clips[label])}</td></tr>'
        for label, item in enumerate(report.classes)
    )
    caption = (
        "All that is known about an unseen class is its description; one of its sentences is shown."
        if report.start == "sentences"
        else "All that is known about an unseen class is one clip; its sentence is shown for reference."
    )
    return (
        '<section aria-labelledby="classes"><h2 id="classes">Classes</h2>'
        '<div class="scroll"><table class="plain classes">'
        f"<caption>{caption} Accuracy is the percentage of the clips of the class that are correct, "
        "with Wilson's 95\u202f% interval.</caption>"
        '<thead><tr><th scope="col">class</th><th scope="col">sentence</th>'
        '<th scope="col" class="number">clips</th>'
        f'<th scope="col" class="number">{report.before_name}, %</th>'
        f'<th scope="col" class="number">{AFTER}, %</th></tr>'
        f"</thead><tbody>{rows}</tbody></table></div></section>"
    )


def confusion_section(report: Report) -> str:
    """The confusion matrices before and after alignment, and the most frequent confusions."""
    count = len(report.classes)
    if not count or not len(report.predictions.ids):
        return ""
    tables = "".join(_matrix(report, after=after) for after in (False, True))
    arrangement = "pair" if count <= _SIDE_BY_SIDE else "stack"
    size = "named" if count <= _NAMED_COLUMNS else "many"
    return (
        '<section aria-labelledby="confusion"><h2 id="confusion">Confusion matrix</h2>'
        f'<div class="matrices {arrangement} {size}">{tables}</div>{_frequent_confusions(report)}</section>'
    )


def _matrix(report: Report, *, after: bool) -> str:
    count = len(report.classes)
    name = AFTER if after else report.before_name
    counts = report.predictions.confusion(count, after=after)
    totals = counts.sum(axis=1)
    heads = "".join(
        f'<th scope="col"><abbr title="{escape(item.name)}">{label + 1}</abbr></th>'
        if count > _NAMED_COLUMNS
        else f'<th scope="col"><span>{escape(item.name)}</span></th>'
        for label, item in enumerate(report.classes)
    )
    rows = []
    for label, item in enumerate(report.classes):
        cells = []
        for predicted, clips in enumerate(counts[label].tolist()):
            tint = int(np.ceil(8 * clips / totals[label])) if clips else 0
            kind = "hit" if label == predicted else "miss"
            cells.append(f'<td class="{kind} q{tint}">{clips or ""}</td>')
        number = f"{label + 1}. " if count > _NAMED_COLUMNS else ""
        rows.append(f'<tr><th scope="row">{number}{escape(item.name)}</th>{"".join(cells)}</tr>')
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="Confusion matrix {name}">'
        f'<table class="matrix"><caption><b>{name}</b>. Rows: true class. Columns: predicted class. Cells: clips.'
        f"</caption><thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _frequent_confusions(report: Report, most: int = 8) -> str:
    count = len(report.classes)
    before = report.predictions.confusion(count, after=False)
    after = report.predictions.confusion(count, after=True)
    wrong = np.where(np.eye(count, dtype=bool), 0, after)
    largest = np.argsort(-wrong, axis=None, kind="stable")[:most].tolist()
    cells = [divmod(index, count) for index in largest if wrong.flat[index] > 0]
    if not cells:
        return ""
    rows = "".join(
        f"<tr><td>{escape(report.classes[true].name)}</td>"
        f"<td>{escape(report.classes[predicted].name)}</td>"
        f'<td class="number">{before[true, predicted]:,}</td>'
        f'<td class="number strong">{after[true, predicted]:,}</td>'
        f'<td class="number">{_percentage(after[true, predicted], after[true].sum())}</td></tr>'
        for true, predicted in cells
    )
    return (
        '<div class="scroll"><table class="plain confused">'
        "<caption>The most frequent confusions after alignment.</caption><thead>"
        '<tr><th scope="col">true class</th><th scope="col">predicted class</th>'
        f'<th scope="col" class="number">clips {report.before_name}</th>'
        f'<th scope="col" class="number">clips {AFTER}</th>'
        f'<th scope="col" class="number">% of the true class</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def training_section(report: Report) -> str:
    """Training curves."""
    curves = "".join(curve(name, values) for name, values in report.history.items())
    if not curves:
        return ""
    return (
        '<section aria-labelledby="training"><h2 id="training">Training</h2>'
        f'<div class="curves">{curves}</div></section>'
    )


def run_section(report: Report) -> str:
    """Facts about the run, the command, the classes excluded from training."""
    facts = "".join(
        f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in report.run.items()
    )
    command = f"<h3>Commands</h3><pre><code>{escape(report.command)}</code></pre>" if report.command else ""
    removed = ""
    if report.removed:
        names = "".join(f"<li>{escape(name)}</li>" for name in report.removed)
        removed = (
            "<h3>Excluded from training</h3><p>These classes mean the same as an unseen class, so none of their "
            f'clips was used in training.</p><ul class="removed">{names}</ul>'
        )
    return (
        '<section aria-labelledby="run"><h2 id="run">Run</h2>'
        f'<dl class="facts">{facts}</dl>{command}<p class="files">Beside this page, in the folder <code>report</code>: '
        "the tables as CSV and LaTeX, the figures as SVG and PDF, and every clip with its classes and margin "
        f"(<code>clips.csv</code>).</p>{removed}"
        "</section>"
    )


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f}" if np.isfinite(fraction) else "–"


def _interval(low: float, high: float) -> str:
    return f"{100 * low:.1f}–{100 * high:.1f}" if np.isfinite([low, high]).all() else "–"


def _accuracy(correct: int, clips: int) -> str:
    """The accuracy of a class with its interval."""
    if not clips:
        return "–"
    low, high = wilson_interval(int(correct), int(clips))
    return f'{_percentage(correct, clips)}<span class="faint"> ({_interval(low, high)})</span>'


def _percentage(count: int, total: int) -> str:
    return f"{100 * count / total:.0f}" if total else "–"
