"""Curves of a benchmark as inline SVG: accuracy against one quantity, one line per alignment, named at its end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import polars as pl

from pgfa.research.benchmark.curves import ALPHA, CLIPS, IMBALANCE, NUMBERS
from pgfa.research.benchmark.results import SplitColumn

AXES = {
    ALPHA: "support factor alpha",
    CLIPS: "unlabelled clips available",
    IMBALANCE: "clips of the largest class per clip of the smallest",
}
WIDTH, HEIGHT = 520, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 104, 14, 44
LABEL_STEP = 15


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        name: shown at its end.
        points: (x, accuracy as a share of 1), x ascending.
    """

    name: str
    points: tuple[tuple[float, float], ...]


def lines_of(curves: pl.DataFrame, column: SplitColumn, curve: str, names: Sequence[str]) -> list[Line]:
    """Means over the splits and seeds of a column, at every x that all of them have.

    "All clips" is another number in each split: these points are one, at their mean.
    """
    points = curves.filter(
        (pl.col("training") == column.training)
        & pl.col("split").is_in(list(column.splits))
        & (pl.col("curve") == curve)
    )
    if points.is_empty():
        return []
    runs = points.select("split", "seed").unique().height
    largest = points["x"].max()
    lines = []
    for name in names:
        rows = points.filter(pl.col("alignment") == name)
        means = {}
        if curve == CLIPS:
            all_clips = rows.group_by("split", "seed", maintain_order=True).agg(pl.all().sort_by("x").last())
            if len(all_clips):
                means[_mean(all_clips, "x")] = _mean(all_clips, "accuracy")
            rows = rows.filter(pl.col("x").is_in([float(n) for n in NUMBERS]) & (pl.col("x") < largest))
        for (x,), group in rows.group_by("x", maintain_order=True):
            if len(group) == runs:
                means[float(str(x))] = _mean(group, "accuracy")
        if means:
            lines.append(Line(name, tuple(sorted(means.items()))))
    return lines


@dataclass(frozen=True)
class _Axes:
    """Values -> pixels; x is logarithmic but for alpha, y goes from one tenth to another."""

    curve: str
    low: float
    high: float
    bottom: float
    top: float

    @classmethod
    def of(cls, lines: Sequence[Line], curve: str) -> _Axes:
        """Axes that hold all points."""
        xs = [x for line in lines for x, _ in line.points]
        values = [value for line in lines for _, value in line.points]
        bottom, top = math.floor(10 * min(values)) / 10, math.ceil(10 * max(values) + 1e-9) / 10
        return cls(curve, min(xs), max(xs), bottom, top)

    def x(self, x: float) -> float:
        """Pixels from the left."""
        a, b, c = (x, self.low, self.high)
        if self.curve != ALPHA:
            a, b, c = math.log(a), math.log(b), math.log(c)
        return LEFT + (WIDTH - LEFT - RIGHT) * (a - b) / max(c - b, 1e-9)

    def y(self, value: float) -> float:
        """Pixels from above."""
        share = (value - self.bottom) / max(self.top - self.bottom, 1e-9)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def line_chart(lines: Sequence[Line], curve: str) -> str:
    """The lines over one x axis."""
    if not lines:
        return ""
    axes = _Axes.of(lines, curve)
    parts = [*_scales(axes, sorted({x for line in lines for x, _ in line.points}))]
    label_heights = _spaced([axes.y(line.points[-1][1]) for line in lines])
    for number, (line, y) in enumerate(zip(lines, label_heights, strict=True)):
        pixels = [(axes.x(x), axes.y(value)) for x, value in line.points]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in pixels)
        dots = "".join(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3"/>' for px, py in pixels)
        parts.append(
            f'<g class="series k{number % 8} d{number % 3}"><polyline points="{path}"/>{dots}'
            f'<text x="{WIDTH - RIGHT + 10}" y="{y + 4:.1f}">{escape(line.name)}</text></g>'
        )
    return (
        f'<svg class="lines" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Accuracy in per cent against '
        f'{escape(AXES[curve])}">{"".join(parts)}</svg>'
    )


def _scales(axes: _Axes, xs: Sequence[float]) -> Iterator[str]:
    """Horizontal lines with their values, values of x where there is room, and the name of the x axis."""
    step = 0.1 if axes.top - axes.bottom <= 0.61 else 0.2
    for tick in np.arange(round((axes.top - axes.bottom) / step) + 1) * step + axes.bottom:
        y = axes.y(tick)
        yield (
            f'<line class="tick" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="scale" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{100 * tick:.0f}</text>'
        )
    last = -math.inf
    for x in xs:
        if axes.x(x) - last >= 28:
            last = axes.x(x)
            yield (
                f'<text class="scale" x="{last:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                f"{_number(x)}</text>"
            )
    yield (
        f'<text class="scale" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(AXES[axes.curve])}</text>"
    )


def _spaced(heights: Sequence[float]) -> list[float]:
    """Heights of labels moved down as little as keeps them from overlapping, and up again from the edge."""
    spaced: dict[int, float] = {}
    above = -math.inf
    for index in sorted(range(len(heights)), key=lambda i: heights[i]):
        above = spaced[index] = max(heights[index], above + LABEL_STEP)
    below = float(HEIGHT - BOTTOM + LABEL_STEP)
    for index in sorted(spaced, key=lambda i: -spaced[i]):
        below = spaced[index] = min(spaced[index], below - LABEL_STEP)
    return [spaced[i] for i in range(len(heights))]


def _mean(frame: pl.DataFrame, name: str) -> float:
    return float(np.mean(frame[name].to_list()))


def _number(x: float) -> str:
    return f"{x:.1f}" if x < 1 or (x != round(x) and x < 10) else f"{x:.0f}"
