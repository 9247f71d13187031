"""The figure of the results page as SVG, without a library."""

from __future__ import annotations

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
