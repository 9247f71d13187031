"""One frame of a clip as a picture (SVG): left and right in colours, up marked; to see that a file was read right."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.files import write_atomic
from pgfa.skeleton import Clip

LEFT, RIGHT, MIDDLE = "#c8322b", "#1f5fbf", "#555555"
SIZE = 360
_SIDES = {"left": LEFT, "right": RIGHT}


def safe_name(name: str) -> str:
    """A name of a clip as part of a file name: letters, digits, `.`, `-` and `_` only."""
    return "".join(sign if sign.isalnum() or sign in ".-_" else "_" for sign in name)[-80:] or "clip"


def draw_frame(clip: Clip, path: Path) -> None:
    """Draw the frame with the most joints: as the camera sees it, and from the side (not without depth)."""
    write_atomic(path, frame_picture(clip))


def frame_picture(clip: Clip) -> str:
    """The picture as SVG. All bodies of the frame; the left side red, the right side blue, an arrow up."""
    present = np.isfinite(clip.positions).all(axis=-1).sum(axis=(1, 2))
    best = np.flatnonzero(present == present.max())
    points = clip.positions[best[len(best) // 2]].astype(np.float64)
    # x grows to the camera's left: the picture shows what the camera sees.
    views = [("front", -points[..., 0])] + ([("side", points[..., 2])] if clip.depth else [])
    width = SIZE * len(views)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{SIZE + 40}" '
        f'viewBox="0 0 {width} {SIZE + 40}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{SIZE + 40}" fill="white"/>',
    ]
    for number, (title, across) in enumerate(views):
        parts += _view(clip, np.stack([across, points[..., 1]], axis=-1), title, number * SIZE)
    caption = escape(f"{clip.source.id}: {clip.layout.name}")
    parts.append(f'<text x="8" y="{SIZE + 16}">{caption}</text>')
    parts.append(
        f'<text x="8" y="{SIZE + 32}"><tspan fill="{LEFT}">left</tspan> <tspan fill="{RIGHT}">right</tspan></text>'
    )
    return "\n".join([*parts, "</svg>", ""])


def _view(clip: Clip, flat: NDArray[np.float64], title: str, start: int) -> list[str]:
    """One view: (bodies, joints, 2) to the right and up, metres."""
    finite = flat[np.isfinite(flat).all(axis=-1)]
    low, high = finite.min(axis=0), finite.max(axis=0)
    scale = 0.8 * SIZE / max(float((high - low).max()), 0.1)
    middle = (low + high) / 2

    def at(point: NDArray[np.float64]) -> tuple[float, float]:
        x, y = (point - middle) * scale
        return round(start + SIZE / 2 + float(x), 1), round(SIZE / 2 - float(y), 1)

    parts = [
        f'<path d="M{start + 16} 60V20m-5 8l5-8l5 8" fill="none" stroke="black"/>',
        f'<text x="{start + 26}" y="30">up</text><text x="{start + SIZE - 46}" y="30">{title}</text>',
    ]
    for body in flat:
        for child, parent in clip.layout.bone_indices.tolist():
            if np.isfinite(body[[child, parent]]).all():
                colour = _SIDES.get(clip.layout.joints[child].rpartition("_")[2], MIDDLE)
                (x1, y1), (x2, y2) = at(body[child]), at(body[parent])
                parts.append(
                    f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="3"/>'
                )
    return parts
