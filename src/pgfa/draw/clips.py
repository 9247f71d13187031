"""Clips as an HTML page or a GIF, as written by ``pgfa inspect``."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.config.extras import require
from pgfa.draw.page import PLAYER, asset, document
from pgfa.draw.payload import clip_payload, layouts_payload, unpack_positions
from pgfa.errors import BadConfig
from pgfa.files import write_atomic
from pgfa.skeleton import Clip

_PAPER, _GRID = (255, 255, 255), (226, 226, 222)
_BODIES = ((11, 105, 145), (190, 83, 10), (0, 122, 89), (160, 62, 128))


def clip_page(clips: Sequence[Clip], title: str, notes: Sequence[str] = ()) -> str:
    """One self-contained HTML page in which clips play as moving 3-D skeletons; it needs no network.

    Args:
        clips: any number, of any layouts.
        title: heading of the page.
        notes: plain text shown under the heading.
    """
    note_items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    if not clips:
        stage = '<p class="empty">No clips to show.</p>'
    elif len(clips) == 1:
        stage = f'<div id="player"></div>{_facts(clips[0], hidden=False)}'
    else:
        entries = "".join(
            f'<li><button type="button" data-clip="{index}">'
            f'<span class="name">{escape(clip.source.id)}</span>'
            f'<span class="faint">{escape(clip.source.variant or clip.source.action)}</span></button></li>'
            for index, clip in enumerate(clips)
        )
        stage = (
            '<div class="with-list"><div id="player"></div>'
            f'<nav aria-label="Clips"><h2>{len(clips)} clips</h2>'
            f'<ul class="clip-list">{entries}</ul></nav></div>'
            + "".join(_facts(clip, hidden=index > 0) for index, clip in enumerate(clips))
        )
    body = (
        f'<main class="clip-page"><header><h1>{escape(title)}</h1>'
        f'{f"""<ul class="notes">{note_items}</ul>""" if note_items else ""}</header>{stage}</main>'
    )
    return document(
        title,
        body,
        styles=[asset("pgfa.draw", "page.css")],
        scripts=[asset("pgfa.draw", name) for name in (*PLAYER, "clips.js")],
        data={
            "layouts": layouts_payload({clip.layout.name: clip.layout for clip in clips}.values()),
            "clips": [clip_payload(clip) for clip in clips],
        },
    )


def _facts(clip: Clip, *, hidden: bool) -> str:
    source = clip.source
    facts = {
        "Clip": source.id,
        "Data set": source.dataset,
        "Action": source.action,
        "Variant": source.variant,
        "Subject": source.subject,
        "Camera": source.camera,
        "Setup": source.setup,
        "Length": f"{clip.frames} frame{'s' * (clip.frames != 1)} at {clip.rate:.4g} Hz, "
        f"{clip.seconds:.2f} s",
        "Bodies": str(int((~np.isnan(clip.positions)).any(axis=(0, 2, 3)).sum())),
        "Layout": f"{clip.layout.name}, {len(clip.layout.joints)} joints",
        "Reading": clip.reading,
        "Problems": "; ".join(clip.problems) or "none",
    }
    rows = "".join(
        f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items() if value
    )
    return f'<dl class="facts"{" hidden" if hidden else ""}>{rows}</dl>'


def draw_clip(clip: Clip, path: Path) -> None:
    """Draw a clip into a file: ``.html`` for a page that plays it, ``.gif`` for an animation. BadConfig for others."""
    check_drawing(path)
    if path.suffix == ".gif":
        clip_gif(clip, path)
    else:
        write_atomic(path, clip_page([clip], clip.source.id or "clip", clip.problems))


def check_drawing(path: Path) -> None:
    """Refuse a file that `draw_clip` cannot write: BadConfig, before a clip is read for it."""
    if path.suffix == ".gif":
        require("gif", "drawing a .gif")
    elif path.suffix not in (".html", ".htm"):
        raise BadConfig(f"{path}: expected a file name ending in .html or .gif")


def clip_gif(clip: Clip, path: Path, *, size: int = 360, max_frames: int = 150) -> None:
    """Write a clip as an animated GIF, seen from the front and slightly above; left limbs are drawn thicker.

    Args:
        clip: the clip.
        path: the file; written atomically.
        size: width and height in pixels.
        max_frames: a longer clip is drawn with every 2nd, 3rd, ... frame.
    """
    require("gif", "drawing a .gif")
    from PIL import Image, ImageDraw

    payload = clip_payload(clip, max_frames)
    layout: dict[str, Any] = layouts_payload([clip.layout])[clip.layout.name]
    factor = 2  # drawn larger, then reduced, for smooth lines
    extent = size * factor
    flat, scale = _project(unpack_positions(payload), payload, extent)
    pictures = []
    for bodies in flat:
        picture = Image.new("RGB", (extent, extent), _PAPER)
        pen = ImageDraw.Draw(picture)
        _draw_floor(pen, payload, extent)
        for body, joints in enumerate(bodies):
            colour = _BODIES[body % len(_BODIES)]
            for child, parent in layout["bones"]:
                ends = joints[[child, parent]]
                if np.isfinite(ends).all():
                    width = 0.045 if layout["sides"][child] == "left" else 0.022
                    pen.line(
                        [tuple(end) for end in ends.tolist()], fill=colour, width=max(2, round(width * scale))
                    )
            if layout["head"] >= 0 and np.isfinite(joints[layout["head"]]).all():
                (x, y), radius = joints[layout["head"]].tolist(), 0.09 * scale
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        pictures.append(picture.resize((size, size), Image.Resampling.LANCZOS))
    if not pictures:
        pictures = [Image.new("RGB", (size, size), _PAPER)]
    stream = io.BytesIO()
    pictures[0].save(
        stream,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=max(20, round(1000 / payload["rate"])),
        loop=0,
    )
    write_atomic(path, stream.getvalue())


def _project(
    points: NDArray[np.float32], payload: dict[str, Any], extent: int
) -> tuple[NDArray[np.float64], float]:
    """Points in metres -> pixels, by parallel projection; also pixels per metre."""
    yaw, pitch = payload["yaw"] + 0.4, 0.2
    scale = extent * 0.42 / max(payload["reach"])
    x, y, z = np.moveaxis(points - np.array(payload["target"]), -1, 0)
    across = x * np.cos(yaw) - z * np.sin(yaw)
    towards = x * np.sin(yaw) + z * np.cos(yaw)
    up = y * np.cos(pitch) - towards * np.sin(pitch)
    return np.stack([extent / 2 + across * scale, extent / 2 - up * scale], axis=-1), scale


def _draw_floor(pen: Any, payload: dict[str, Any], extent: int) -> None:
    reach = max(1.0, np.ceil(payload["reach"][0] * 2) / 2)
    x, _, z = payload["target"]
    for step in np.arange(-reach, reach + 0.01, 0.5):
        for ends in (((step, -reach), (step, reach)), ((-reach, step), (reach, step))):
            line = np.array([(x + a, payload["floor"], z + b) for a, b in ends], dtype=np.float32)
            flat, _ = _project(line, payload, extent)
            pen.line([tuple(end) for end in flat.tolist()], fill=_GRID, width=2)
