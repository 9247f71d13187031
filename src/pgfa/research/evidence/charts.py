"""The figures of the documents as SVG, without a library: the same bytes for the same results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pgfa.research.evidence.foreign_tables import ForeignResults
from pgfa.research.evidence.markdown import mean, percent

WIDTH, LEFT, ROW, BAR, TOP = 720, 120, 34, 11, 40
ALONE, ADAPTED, TEXT, LINE = "#3b6ea5", "#d98032", "#222", "#ccc"


def set_chart(results: ForeignResults) -> str:
    """Bars per set, best first: accuracy alone and after `adapt`, one plain sentence per class."""
    rows = sorted(results.of("plain"), key=lambda row: -row.figures["accuracy"])
    height = TOP + ROW * len(rows) + 30
    scale = (WIDTH - LEFT - 60) / 100
    means = {name: 100 * mean(results.values("plain", name)) for name in ("accuracy", "adapted")}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="Accuracy on data sets left out of training">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        _key(LEFT, ALONE, f"alone, mean {means['accuracy']:.1f} %"),
        _key(LEFT + 220, ADAPTED, f"after adapt, mean {means['adapted']:.1f} %"),
    ]
    for tick in range(0, 101, 20):
        x = LEFT + tick * scale
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 24}" stroke="{LINE}"/>')
        parts.append(f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle" fill="{TEXT}">{tick} %</text>')
    for number, row in enumerate(rows):
        y = TOP + ROW * number
        label = f'<text x="{LEFT - 8}" y="{y + BAR + 4}" text-anchor="end" fill="{TEXT}">{row.name}</text>'
        parts.append(label)
        for offset, name, colour in ((0, "accuracy", ALONE), (BAR + 2, "adapted", ADAPTED)):
            width = 100 * row.figures[name] * scale
            parts.append(
                f'<rect x="{LEFT}" y="{y + offset}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>'
            )
            parts.append(
                f'<text x="{LEFT + width + 4:.1f}" y="{y + offset + BAR - 1}" font-size="10" fill="{TEXT}">'
                f"{percent(row.figures[name])}</text>"
            )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _key(x: int, colour: str, title: str) -> str:
    return (
        f'<rect x="{x}" y="12" width="11" height="11" fill="{colour}"/>'
        f'<text x="{x + 17}" y="22" fill="{TEXT}">{title}</text>'
    )


PANEL, GAP, BOTTOM, UPPER = 300, 60, 330, 30
"""Side of a panel, space before each, and its lower and upper edge."""


def calibration_chart(about: dict[str, Any]) -> str:
    """Left: accuracy by confidence, dots by the number of answers. Right: accuracy when only the most confident answers
    are given.

    Args:
        about: what a bundle says about its calibration: ``reliability`` and ``rejection``.
    """
    confidence, accuracy, answers = zip(*about["reliability"], strict=True)
    answered, accurate = zip(*about["rejection"], strict=True)
    left, right = GAP, 2 * GAP + PANEL
    sizes = [3 + 8 * (count / max(answers)) ** 0.5 for count in answers]
    width, height = 2 * (GAP + PANEL) + 20, BOTTOM + 45
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'font-size="11" role="img" aria-label="Reliability, and accuracy of the most confident answers">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *_panel(left, "Reliability; size of a dot: answers", "confidence, %"),
        f'<line x1="{left}" y1="{BOTTOM}" x2="{left + PANEL}" y2="{UPPER}" stroke="{LINE}"/>',
        *_dots(left, confidence, accuracy, sizes),
        *_panel(right, "Most confident answers only", "answered, %"),
        *_dots(right, answered, accurate, [4.0] * len(answered)),
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(x: float, title: str, below: str) -> list[str]:
    """Grid, axes in per cent and titles of a panel whose left edge is at x."""
    parts = [f'<text x="{x + PANEL / 2}" y="{UPPER - 12}" text-anchor="middle" fill="{TEXT}">{title}</text>']
    for tick in range(0, 101, 20):
        across, up = x + tick / 100 * PANEL, BOTTOM - tick / 100 * PANEL
        parts += [
            f'<line x1="{across}" y1="{UPPER}" x2="{across}" y2="{BOTTOM}" stroke="#eee"/>',
            f'<line x1="{x}" y1="{up}" x2="{x + PANEL}" y2="{up}" stroke="#eee"/>',
            f'<text x="{across}" y="{BOTTOM + 16}" text-anchor="middle" fill="{TEXT}">{tick}</text>',
            f'<text x="{x - 6}" y="{up + 4}" text-anchor="end" fill="{TEXT}">{tick}</text>',
        ]
    middle = (UPPER + BOTTOM) / 2
    return [
        *parts,
        f'<text x="{x + PANEL / 2}" y="{BOTTOM + 34}" text-anchor="middle" fill="{TEXT}">{below}</text>',
        f'<text x="{x - 34}" y="{middle}" text-anchor="middle" fill="{TEXT}" '
        f'transform="rotate(-90 {x - 34} {middle})">accuracy, %</text>',
    ]


def _dots(x: float, across: Sequence[float], up: Sequence[float], sizes: Sequence[float]) -> list[str]:
    """A line through points, fractions of 1, and a dot at each."""
    points = [(x + a * PANEL, BOTTOM - u * PANEL) for a, u in zip(across, up, strict=True)]
    line = " ".join(f"{a:.1f},{u:.1f}" for a, u in points)
    dots = [
        f'<circle cx="{a:.1f}" cy="{u:.1f}" r="{size:.1f}" fill="{ALONE}"/>'
        for (a, u), size in zip(points, sizes, strict=True)
    ]
    return [f'<polyline points="{line}" fill="none" stroke="{ALONE}"/>', *dots]
