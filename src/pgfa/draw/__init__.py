"""Clips as moving pictures: a self-contained HTML page with a 3-D player, or a GIF."""

from pgfa.draw.clips import check_drawing, clip_gif, clip_page, draw_clip
from pgfa.draw.page import PLAYER, asset, document
from pgfa.draw.payload import clip_payload, layouts_payload, unpack_positions

__all__ = [
    "PLAYER",
    "asset",
    "check_drawing",
    "clip_gif",
    "clip_page",
    "clip_payload",
    "document",
    "draw_clip",
    "layouts_payload",
    "unpack_positions",
]
