"""The report as HTML: one function a section, read from top to bottom."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from pgfa.draw import PLAYER, asset, clip_payload, document, layouts_payload
from pgfa.evaluate.report.charts import curve, map_chart, map_places, marker, result_chart, shown_points
from pgfa.evaluate.report.content import AFTER_ALIGNMENT, FROM_ONE_CLIP, FROM_SENTENCES, Report
from pgfa.files import write_atomic

# A clip in the report keeps at most this many frames, so that two dozen stay below some two megabytes.
_CLIP_FRAMES = 120
_SIDE_BY_SIDE = 10
_NAMED_COLUMNS = 20

_MEANING = {
    FROM_SENTENCES: "Each clip gets the action whose sentence its motion lies nearest to. "
    "No recording of these actions was used in training.",
    FROM_ONE_CLIP: "Each clip gets the action whose one known recording its motion lies nearest to. "
    "No recording of these actions was used in training.",
    AFTER_ALIGNMENT: "The clips that look clearest first vote, without any labels, where each action really "
    "lies among the motions; then every clip is judged anew against those places.",
}
_OUTCOMES = (
    ("both", "Right both times", True, True),
    ("mended", "Mended by alignment", False, True),
    ("spoilt", "Spoilt by alignment", True, False),
    ("neither", "Wrong both times", False, False),
)


def write_report(path: Path, report: Report) -> None:
    """Write the report as one self-contained HTML file, atomically; it opens from disk without a network.

    Args:
        path: of the file (``RUN/report.html``).
        report: its content. All text is escaped; nothing in it can run or load anything.
    """
    write_atomic(path, page(report))


def page(report: Report) -> str:
    """The whole page."""
    sections = (
        _head(report),
        _results(report),
        _clips(report),
        _actions(report),
        _confusion(report),
        _training(report),
        _run(report),
    )
    return document(
        report.headline,
        f'<main class="report">{"".join(sections)}</main>',
        styles=[asset("pgfa.draw", "page.css"), asset("pgfa.evaluate.report", "report.css")],
        scripts=[*(asset("pgfa.draw", name) for name in PLAYER), asset("pgfa.evaluate.report", "report.js")],
        data=_data(report),
    )


def _head(report: Report) -> str:
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    return (
        f'<header><p class="over">{escape(report.title)}</p><h1>{escape(report.headline)}</h1>'
        f'{f"""<ul class="notes">{notes}</ul>""" if notes else ""}</header>'
    )


def _results(report: Report) -> str:
    chance = 1 / max(1, len(report.classes))
    rows = "".join(
        f'<tr><th scope="row">{escape(row.name)}</th><td class="number">{_percent(row.accuracy)}</td>'
        f'<td class="number">{_span(row.low, row.high)}</td><td class="number">{_percent(row.per_class)}</td>'
        f'<td class="number">{row.clips:,}</td></tr>'
        for row in report.table
    )
    guess = (
        f'<tr class="faint"><th scope="row">blind guessing</th><td class="number">{_percent(chance)}</td>'
        "<td></td>"
        f'<td class="number">{_percent(chance)}</td><td></td></tr>'
    )
    meanings = "".join(
        f"<div><dt>{escape(row.name[:1].upper() + row.name[1:])}</dt><dd>{_MEANING[row.name]}</dd></div>"
        for row in report.table
        if row.name in _MEANING
    )
    return (
        '<section aria-labelledby="results"><h2 id="results">How many are right</h2>'
        f'<div class="columns"><div>{result_chart(report.table, chance)}'
        '<div class="scroll"><table class="plain"><caption>Share of clips that are right, in per cent. '
        "The interval is "
        "where that share stays in 95 of 100 random redraws of these clips.</caption>"
        '<thead><tr><th scope="col">method</th><th scope="col" class="number">right</th>'
        '<th scope="col" class="number">95\u202f% interval</th>'
        '<th scope="col" class="number">mean over actions</th>'
        '<th scope="col" class="number">clips</th></tr></thead>'
        f"<tbody>{rows}{guess}</tbody></table></div></div>"
        f'<dl class="meanings">{meanings}</dl></div></section>'
    )


def _actions(report: Report) -> str:
    told, count = report.predictions, len(report.classes)
    clips = np.bincount(told.true, minlength=count)
    before = np.diag(told.confusion(count, after=False))
    after = np.diag(told.confusion(count, after=True))
    rows = "".join(
        f'<tr><th scope="row">{marker(label)}{escape(item.name)}</th>'
        f'<td class="sentence">{escape(item.sentence)}</td>'
        f'<td class="number">{clips[label]:,}</td>'
        f'<td class="number">{_part(before[label], clips[label])}</td>'
        f'<td class="number strong">{_part(after[label], clips[label])}</td></tr>'
        for label, item in enumerate(report.classes)
    )
    return (
        '<section aria-labelledby="actions"><h2 id="actions">The actions and their sentences</h2>'
        '<div class="scroll"><table class="plain actions">'
        "<caption>Words are all the recogniser was told of an action; its sentence is shown. "
        "Right clips of each action, in per cent of its clips.</caption>"
        '<thead><tr><th scope="col">action</th><th scope="col">sentence</th>'
        '<th scope="col" class="number">clips</th>'
        '<th scope="col" class="number">from sentences</th>'
        '<th scope="col" class="number">after alignment</th></tr>'
        f"</thead><tbody>{rows}</tbody></table></div></section>"
    )


def _clips(report: Report) -> str:
    if report.map is None and not report.examples:
        return ""
    stage = (
        '<aside class="panel" aria-label="Clip"><div id="player"></div>'
        '<div id="clip-facts" aria-live="polite"></div></aside>'
        if report.examples
        else ""
    )
    return (
        '<section aria-labelledby="clips"><h2 id="clips">Where the clips lie, and what they look like</h2>'
        f'<div class="{"columns clips" if stage else ""}">'
        f"{_map(report)}{stage}{_example_list(report)}</div></section>"
    )


def _map(report: Report) -> str:
    if report.map is None or not len(report.classes):
        return ""
    shown, count = len(shown_points(report)), len(report.predictions.ids)
    fewer = "" if shown == count else f" {shown:,} of the {count:,} clips are drawn."
    choices = "".join(
        f'<label><input type="radio" name="colour" value="{value}"{" checked" if value == "class" else ""}>'
        f"{text}</label>"
        for value, text in (
            ("class", "true action"),
            ("before", "right from sentences?"),
            ("after", "right after alignment?"),
        )
    )
    legend = "".join(
        f'<li><button type="button" data-legend="{label}" aria-pressed="false">{marker(label)}'
        f"{escape(item.name)}</button></li>"
        for label, item in enumerate(report.classes)
    )
    return (
        '<figure class="map-figure"><fieldset class="segments">'
        f"<legend>Colour shows</legend>{choices}</fieldset>"
        f'<div class="map-frame">{map_chart(report)}<div id="tip-box" hidden></div></div>'
        '<p class="sr-only" id="map-live" aria-live="polite"></p>'
        '<ul class="key"><li><svg class="marker hollow" width="20" height="20" viewBox="-10 -10 20 20" '
        'aria-hidden="true"><circle r="7"/></svg>sentence</li>'
        '<li><svg class="marker solid" width="20" height="20" viewBox="-10 -10 20 20" aria-hidden="true">'
        '<circle r="7"/></svg>prototype, where the arrow ends</li>'
        '<li class="only-class">'
        '<svg class="marker ringed" width="20" height="20" viewBox="-10 -10 20 20" aria-hidden="true">'
        '<circle r="3.5" class="core"/><circle r="8"/></svg>clip that can be played</li>'
        '<li class="only-outcome"><span class="chip good">✓ right</span>'
        '<span class="chip bad">✗ wrong</span></li></ul>'
        f'<ul class="legend-classes" aria-label="Actions; press one to see it alone">{legend}</ul>'
        "<figcaption>Small marks are test clips, shaped by their true action. Alignment moves no clip; it "
        "moves each action from its sentence to its prototype, along the arrow. The two axes hold "
        f"{100 * report.map.share:.0f}\u202f% of the variance, so nearness here is only a part of the truth."
        f"{fewer}</figcaption></figure>"
    )


def _example_list(report: Report) -> str:
    told = report.predictions
    groups = []
    for key, title, first, last in _OUTCOMES:
        entries = []
        for place, example in enumerate(report.examples):
            true, before, after = (
                int(labels[example.index]) for labels in (told.true, told.before, told.after)
            )
            if (before == true, after == true) != (first, last):
                continue
            names = [escape(report.classes[label].name) for label in (true, before, after)]
            guesses = "" if first and last else f'<span class="faint">{_taken_for(names, first, last)}</span>'
            entries.append(
                f'<li><button type="button" data-example="{place}" aria-pressed="false">'
                f'<span class="name">{marker(true)}{names[0]}</span>{guesses}'
                f'<span class="faint id">{escape(told.ids[example.index])}</span></button></li>'
            )
        if entries:
            total = int(
                np.count_nonzero(((told.before == told.true) == first) & ((told.after == told.true) == last))
            )
            marks = f"{'✓' if first else '✗'} {'✓' if last else '✗'}"
            groups.append(
                f'<div class="group {key}"><h3>'
                f'<span class="marks" aria-hidden="true">{marks}</span>{title}</h3>'
                f'<p class="faint">{len(entries)} of {total:,}</p><ul>{"".join(entries)}</ul></div>'
            )
    if not groups:
        return ""
    return f'<div class="examples" role="group" aria-label="Clips to play">{"".join(groups)}</div>'


def _taken_for(names: list[str], right_before: bool, right_after: bool) -> str:
    """What a clip was mistaken for; `names` are those of the true, first and second answer, escaped."""
    if right_after:
        return f"before: {names[1]}"
    if right_before or names[1] == names[2]:
        return f"taken for {names[2]}"
    return f"taken for {names[1]}, then for {names[2]}"


def _confusion(report: Report) -> str:
    count = len(report.classes)
    if not count or not len(report.predictions.ids):
        return ""
    tables = "".join(_matrix(report, after=after) for after in (False, True))
    layout = "pair" if count <= _SIDE_BY_SIDE else "stack"
    size = "named" if count <= _NAMED_COLUMNS else "many"
    return (
        '<section aria-labelledby="confusion"><h2 id="confusion">What is taken for what</h2>'
        f'<div class="matrices {layout} {size}">{tables}</div>{_mixups(report)}</section>'
    )


def _matrix(report: Report, *, after: bool) -> str:
    count = len(report.classes)
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
        for other, number in enumerate(counts[label].tolist()):
            tint = int(np.ceil(8 * number / totals[label])) if number else 0
            kind = "hit" if label == other else "miss"
            cells.append(f'<td class="{kind} q{tint}">{number or ""}</td>')
        numbered = f"{label + 1}. " if count > _NAMED_COLUMNS else ""
        rows.append(f'<tr><th scope="row">{numbered}{escape(item.name)}</th>{"".join(cells)}</tr>')
    return (
        '<div class="scroll" tabindex="0" role="group" aria-label="Confusion matrix">'
        '<table class="matrix"><caption>'
        f"<b>{AFTER_ALIGNMENT if after else FROM_SENTENCES}</b>. Rows: true action. Columns: answer. "
        "Cells: clips."
        f"</caption><thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _mixups(report: Report, most: int = 8) -> str:
    count = len(report.classes)
    before = report.predictions.confusion(count, after=False)
    after = report.predictions.confusion(count, after=True)
    wrong = np.where(np.eye(count, dtype=bool), 0, after)
    order = [
        int(place) for place in np.argsort(-wrong, axis=None, kind="stable")[:most] if wrong.flat[place] > 0
    ]
    if not order:
        return ""
    rows = "".join(
        f"<tr><td>{escape(report.classes[place // count].name)}</td>"
        f"<td>{escape(report.classes[place % count].name)}</td>"
        f'<td class="number">{before.flat[place]:,}</td><td class="number strong">{after.flat[place]:,}</td>'
        f'<td class="number">{_part(int(after.flat[place]), after[place // count].sum())}</td></tr>'
        for place in order
    )
    return (
        '<div class="scroll"><table class="plain mixups">'
        "<caption>The commonest mistakes after alignment.</caption><thead>"
        '<tr><th scope="col">true action</th><th scope="col">taken for</th>'
        '<th scope="col" class="number">clips, from sentences</th>'
        '<th scope="col" class="number">clips, after alignment</th>'
        f'<th scope="col" class="number">% of its clips</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _training(report: Report) -> str:
    curves = "".join(curve(name, values) for name, values in report.history.items())
    if not curves:
        return ""
    return (
        '<section aria-labelledby="training"><h2 id="training">Training</h2>'
        f'<div class="curves">{curves}</div></section>'
    )


def _run(report: Report) -> str:
    facts = "".join(
        f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in report.run.items()
    )
    command = (
        f"<h3>The same again</h3><pre><code>{escape(report.command)}</code></pre>" if report.command else ""
    )
    removed = ""
    if report.removed:
        names = "".join(f"<li>{escape(name)}</li>" for name in report.removed)
        removed = (
            "<h3>Taken out of training</h3><p>These classes mean the same as an unseen one; none of "
            "their clips was "
            f'trained on.</p><ul class="removed">{names}</ul>'
        )
    return (
        '<section aria-labelledby="run"><h2 id="run">What was run</h2>'
        f'<dl class="facts">{facts}</dl>{command}{removed}'
        "</section>"
    )


def _data(report: Report) -> dict[str, Any]:
    told = report.predictions
    data: dict[str, Any] = {
        "classes": [item.name for item in report.classes],
        "layouts": layouts_payload({e.clip.layout.name: e.clip.layout for e in report.examples}.values()),
        "examples": [
            {
                "index": example.index,
                "id": told.ids[example.index],
                "true": int(told.true[example.index]),
                "before": int(told.before[example.index]),
                "after": int(told.after[example.index]),
                "scores": [_scores(example.scores_before), _scores(example.scores_after)],
                "clip": clip_payload(example.clip, _CLIP_FRAMES),
            }
            for example in report.examples
        ],
        "points": [],
    }
    if report.map is not None and len(report.classes):
        places, _, _ = map_places(report)
        data["points"] = [
            [
                index,
                round(float(places[index, 0]), 2),
                round(float(places[index, 1]), 2),
                told.ids[index],
                int(told.true[index]),
                int(told.before[index]),
                int(told.after[index]),
            ]
            for index in shown_points(report).tolist()
        ]
    return data


def _scores(values: Any) -> list[float | None]:
    return [round(float(value), 4) if np.isfinite(value) else None for value in values]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}" if np.isfinite(share) else "–"


def _span(low: float, high: float) -> str:
    return f"{100 * low:.1f}–{100 * high:.1f}" if np.isfinite([low, high]).all() else "–"


def _part(right: int, of: int) -> str:
    return f"{100 * right / of:.0f}" if of else "–"
