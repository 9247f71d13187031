"""Charts of the report as inline SVG: accuracies with intervals, feature map, training curves.

Positions along the width are percentages of it, sizes are pixels: lines and text keep their size on any screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from pgfa.evaluate.report.content import Report, ResultRow

COLOURS = 8
MAP_POINTS = 1500
MAP_LABELS = 20

# Eight shapes of about equal area around (0, 0); with eight colours they distinguish 64 classes.
_SHAPES = (
    "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
    "M-4 -4h8v8h-8z",
    "M0 -5.4L5.2 4H-5.2z",
    "M0 -5.8L5.8 0L0 5.8L-5.8 0z",
    "M0 5.4L5.2 -4H-5.2z",
    "M-1.7 -5.2h3.4v3.5h3.5v3.4h-3.5v3.5h-3.4v-3.5h-3.5v-3.4h3.5z",
    "M0 -6L1.6 -2L5.8 -1.8L2.6 1L3.6 5.1L0 2.9L-3.6 5.1L-2.6 1L-5.8 -1.8L-1.6 -2z",
    "M-4.9 0L-2.5 -4.3H2.5L4.9 0L2.5 4.3H-2.5z",
)


def style_of(label: int) -> tuple[int, int]:
    """(colour, shape) of a class number; the first eight classes differ in both."""
    return label % COLOURS, (label + label // COLOURS) % len(_SHAPES)


def marker(label: int) -> str:
    """A small inline SVG of a class's marker."""
    colour, shape = style_of(label)
    return (
        f'<svg class="marker k{colour}" width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true">'
        f'<path d="{_SHAPES[shape]}"/></svg>'
    )


def result_chart(rows: Sequence[ResultRow], chance: float) -> str:
    """Accuracy of each row as a dot on its interval, with a line at chance."""
    step, top = 52, 30
    bottom = top + step * len(rows)
    parts = [
        f'<line class="tick" x1="{x}%" x2="{x}%" y1="{top - 6}" y2="{bottom}"/>'
        f'<text class="scale" x="{x}%" y="{bottom + 18}" '
        f'text-anchor="{_text_anchor(x)}">{x}{percent_sign(x == 100)}</text>'
        for x in (0, 20, 40, 60, 80, 100)
    ]
    percent = 100 * chance
    parts.append(
        f'<line class="chance" x1="{percent:.2f}%" x2="{percent:.2f}%" y1="{top - 6}" y2="{bottom}"/>'
        f'<text class="scale" x="{percent:.2f}%" y="{top - 12}" '
        f'text-anchor="{_text_anchor(percent, 12)}">chance</text>'
    )
    for index, row in enumerate(rows):
        if not np.isfinite(row.accuracy):
            continue
        y, x = top + step * index + 34, 100 * row.accuracy
        last = " best" if index == len(rows) - 1 else ""
        if np.isfinite([row.low, row.high]).all():
            parts.append(
                f'<line class="interval{last}" x1="{100 * row.low:.2f}%" x2="{100 * row.high:.2f}%" '
                f'y1="{y}" y2="{y}"/>'
            )
        parts.append(
            f'<circle class="dot{last}" cx="{x:.2f}%" cy="{y}" r="6.5"/>'
            f'<text class="value{last}" x="{x:.2f}%" y="{y - 13}" text-anchor="{_text_anchor(x, 25)}">'
            f"{escape(row.name)} {x:.1f}\u202f%</text>"
        )
    return (
        f'<svg class="results" width="100%" height="{bottom + 26}" role="img" '
        'aria-label="Accuracy with 95 % intervals; the numbers are in the table below">'
        f"{''.join(parts)}</svg>"
    )


def drawn_clips(report: Report) -> NDArray[np.int64]:
    """Clips drawn on the map: all, or evenly spaced ones together with those that can be played."""
    count = len(report.predictions.ids)
    if count <= MAP_POINTS:
        return np.arange(count)
    even = np.linspace(0, count - 1, MAP_POINTS).astype(np.int64)
    return np.union1d(even, np.array([example.index for example in report.examples], dtype=np.int64))


def map_points(report: Report) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Clips, anchors and prototypes of the map, in per cent of a frame of 4 : 3, one scale for both axes."""
    plane = report.map
    assert plane is not None
    points = np.concatenate([plane.clips, plane.before, plane.after])
    low, high = points.min(axis=0), points.max(axis=0)
    frame = np.array([4.0, 3.0])
    scale = 0.88 / max(float(((high - low) / frame).max()), 1e-9)

    def in_frame(points: NDArray[np.float64]) -> NDArray[np.float64]:
        centred = (points - (low + high) / 2) / frame * scale
        return np.asarray(50.0 + centred * np.array([100.0, -100.0]))

    return in_frame(plane.clips), in_frame(plane.before), in_frame(plane.after)


def map_chart(report: Report) -> str:
    """Clips by true class, anchors as hollow and prototypes as solid large markers, arrows between the two."""
    clips, before, after = map_points(report)
    labels = _class_names(report, after) if len(report.classes) <= MAP_LABELS else ""
    shapes = "".join(
        f'<path id="shape{shape}" d="{outline}"/>'
        f'<path id="anchor{shape}" d="{outline}" transform="scale(1.9)"/>'
        f'<path id="prototype{shape}" d="{outline}" transform="scale(1.9)"/>'
        for shape, outline in enumerate(_SHAPES)
    )
    tip = (
        '<marker id="tip" markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="10" refX="19" refY="5" '
        'orient="auto"><path d="M1 1L9 5L1 9z"/></marker>'
    )
    crowded = " crowded" if len(report.classes) > 12 else ""
    return (
        f'<svg class="map{crowded}" tabindex="0" role="application" data-colour="class" '
        f'aria-label="Map of the test clips, the {report.start} and the prototypes. The arrow keys move '
        'from clip to clip and read out each one.">'
        f'<defs>{shapes}{tip}</defs><g class="points">{_clip_marks(report, clips)}</g>'
        f'<g class="anchors">{_class_marks(before, after)}</g>'
        f'<circle class="ring" r="11" cx="-50" cy="-50"/>{labels}</svg>'
    )


def _clip_marks(report: Report, points: NDArray[np.float64]) -> str:
    predictions = report.predictions
    playable = {example.index for example in report.examples}
    parts = []
    for index in drawn_clips(report).tolist():
        true = int(predictions.true[index])
        colour, shape = style_of(true)
        outcome = f"b{int(predictions.before[index] == true)} a{int(predictions.after[index] == true)}"
        x, y = points[index]
        if index in playable:
            parts.append(f'<circle class="playable" cx="{x:.2f}%" cy="{y:.2f}%" r="8"/>')
        parts.append(
            f'<use href="#shape{shape}" class="point k{colour} {outcome}" x="{x:.2f}%" y="{y:.2f}%" '
            f'data-class="{true}"/>'
        )
    return "".join(parts)


def _class_marks(before: NDArray[np.float64], after: NDArray[np.float64]) -> str:
    """An arrow from anchor to prototype where they lie apart, then the markers of both."""
    parts = []
    for label, ((x1, y1), (x2, y2)) in enumerate(zip(before, after, strict=True)):
        if np.hypot(x2 - x1, y2 - y1) > 0.5:
            parts.append(
                f'<line class="move" x1="{x1:.2f}%" y1="{y1:.2f}%" x2="{x2:.2f}%" y2="{y2:.2f}%" '
                f'marker-end="url(#tip)" data-class="{label}"/>'
            )
    for kind, points in (("anchor", before), ("prototype", after)):
        for label, (x, y) in enumerate(points):
            colour, shape = style_of(label)
            parts.append(
                f'<use href="#{kind}{shape}" class="{kind} k{colour}" x="{x:.2f}%" y="{y:.2f}%" '
                f'data-class="{label}"/>'
            )
    return "".join(parts)


def _class_names(report: Report, points: NDArray[np.float64]) -> str:
    return "".join(
        f'<text class="class-name" x="{x:.2f}%" y="{y:.2f}%" dx="13" dy="4" data-class="{label}">'
        f"{escape(_short(item.name))}</text>"
        for label, ((x, y), item) in enumerate(zip(points, report.classes, strict=True))
    )


def curve(name: str, values: Sequence[float]) -> str:
    """One training curve: a value per epoch."""
    series = np.array(values, dtype=np.float64)
    epochs = np.flatnonzero(np.isfinite(series))
    if not len(epochs):
        return ""
    low, high = float(series[epochs].min()), float(series[epochs].max())
    span, last = max(high - low, 1e-9), max(1, len(series) - 1)
    points = " ".join(f"{100 * e / last:.2f},{100 - 100 * (series[e] - low) / span:.2f}" for e in epochs)
    first, final = series[epochs[0]], series[epochs[-1]]
    return (
        f'<figure class="curve"><figcaption>{escape(name)}: {first:.3g} to {final:.3g}</figcaption>'
        f'<svg width="100%" height="150" role="img" aria-label="{escape(name)} by epoch, '
        f'from {first:.3g} to {final:.3g}">'
        f'<text class="scale" x="0" y="14">{high:.3g}</text>'
        f'<text class="scale" x="0" y="122">{low:.3g}</text>'
        '<line class="tick" x1="46" x2="100%" y1="10" y2="10"/>'
        '<line class="tick" x1="46" x2="100%" y1="118" y2="118"/>'
        '<svg x="46" y="10" width="100%" height="108" class="inset">'
        '<svg width="100%" height="108" viewBox="0 0 100 100" '
        f'preserveAspectRatio="none"><polyline class="line" points="{points}"/></svg></svg>'
        f'<text class="scale" x="46" y="142">epoch 1</text>'
        f'<text class="scale" x="100%" y="142" text-anchor="end">epoch {len(series)}</text></svg></figure>'
    )


def percent_sign(shown: bool) -> str:
    """A thin space and the sign, or nothing."""
    return "\u202f%" if shown else ""


def _text_anchor(x: float, margin: float = 4) -> str:
    return "start" if x < margin else "end" if x > 100 - margin else "middle"


def _short(name: str, letters: int = 20) -> str:
    return name if len(name) <= letters else name[: letters - 1].rstrip() + "…"
