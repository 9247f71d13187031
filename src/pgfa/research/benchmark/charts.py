"""Curves of a benchmark as inline SVG: accuracy against one quantity, a line an alignment, named at its end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import polars as pl

from pgfa.research.benchmark.curves import ALPHA, CLIPS, IMBALANCE, NUMBERS
from pgfa.research.benchmark.tables import Column

AXES = {
    ALPHA: "support factor alpha",
    CLIPS: "unlabelled clips at hand",
    IMBALANCE: "clips of the largest class for one of the smallest",
}
WIDTH, HEIGHT = 520, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 104, 14, 44
LABEL_STEP = 15


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        name: told at its end.
        points: (x, accuracy as a share of 1), x ascending.
    """

    name: str
    points: tuple[tuple[float, float], ...]


def lines_of(curves: pl.DataFrame, column: Column, curve: str, names: Sequence[str]) -> list[Line]:
    """Means over the splits and seeds of a column, at every x that all of them have.

    "All clips" is another number for each split: those points are one, at their mean.
    """
    own = curves.filter(
        (pl.col("training") == column.training)
        & pl.col("split").is_in(list(column.splits))
        & (pl.col("curve") == curve)
    )
    if own.is_empty():
        return []
    runs = own.select("split", "seed").unique().height
    lines = []
    for name in names:
        of = own.filter(pl.col("alignment") == name)
        points = []
        if curve == CLIPS:
            every = of.group_by("split", "seed").agg(pl.all().sort_by("x").last())
            if len(every):
                points.append((_mean(every, "x"), _mean(every, "accuracy")))
            of = of.filter(pl.col("x").is_in([float(n) for n in NUMBERS]) & (pl.col("x") < own["x"].max()))
        for (x,), at in of.group_by("x"):
            if len(at) == runs:
                points.append((float(str(x)), _mean(at, "accuracy")))
        if points:
            lines.append(Line(name, tuple(sorted(dict(points).items()))))
    return lines


def line_chart(lines: Sequence[Line], curve: str) -> str:
    """The lines over one axis; logarithmic but for alpha."""
    places = [x for line in lines for x, _ in line.points]
    if not places:
        return ""
    values = [value for line in lines for _, value in line.points]
    low, high = min(places), max(places)
    bottom, top = math.floor(10 * min(values)) / 10, math.ceil(10 * max(values) + 1e-9) / 10

    def across(x: float) -> float:
        a, b, c = (x, low, high) if curve == ALPHA else (math.log(x), math.log(low), math.log(high))
        return LEFT + (WIDTH - LEFT - RIGHT) * (a - b) / max(c - b, 1e-9)

    def up(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - bottom) / max(top - bottom, 1e-9)

    parts = []
    step = 0.1 if top - bottom <= 0.61 else 0.2
    for tick in np.arange(round((top - bottom) / step) + 1) * step + bottom:
        parts.append(
            f'<line class="tick" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up(tick):.1f}" y2="{up(tick):.1f}"/>'
            f'<text class="scale" x="{LEFT - 8}" y="{up(tick) + 4:.1f}" text-anchor="end">{100 * tick:.0f}</text>'
        )
    last = -math.inf
    for x in sorted(set(places)):
        if across(x) - last >= 28:
            last = across(x)
            parts.append(
                f'<text class="scale" x="{last:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                f"{_number(x)}</text>"
            )
    parts.append(
        f'<text class="scale" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(AXES[curve])}</text>"
    )
    label_at = _apart([up(line.points[-1][1]) for line in lines])
    for number, (line, y) in enumerate(zip(lines, label_at, strict=True)):
        drawn = " ".join(f"{across(x):.1f},{up(value):.1f}" for x, value in line.points)
        dots = "".join(
            f'<circle cx="{across(x):.1f}" cy="{up(value):.1f}" r="3"/>' for x, value in line.points
        )
        parts.append(
            f'<g class="series k{number % 8} d{number % 3}"><polyline points="{drawn}"/>{dots}'
            f'<text x="{WIDTH - RIGHT + 10}" y="{y + 4:.1f}">{escape(line.name)}</text></g>'
        )
    return (
        f'<svg class="lines" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Accuracy in per cent against '
        f'{escape(AXES[curve])}">{"".join(parts)}</svg>'
    )


def _apart(heights: Sequence[float]) -> list[float]:
    """Heights of labels moved down as little as keeps them from lying on one another, and up again from the edge."""
    placed: dict[int, float] = {}
    above = -math.inf
    for place in sorted(range(len(heights)), key=lambda i: heights[i]):
        above = placed[place] = max(heights[place], above + LABEL_STEP)
    below = float(HEIGHT - BOTTOM + LABEL_STEP)
    for place in sorted(placed, key=lambda i: -placed[i]):
        below = placed[place] = min(placed[place], below - LABEL_STEP)
    return [placed[i] for i in range(len(heights))]


def _mean(frame: pl.DataFrame, name: str) -> float:
    return float(np.mean(frame[name].to_list()))


def _number(x: float) -> str:
    return f"{x:.1f}" if x < 1 or (x != round(x) and x < 10) else f"{x:.0f}"
