"""The authors' preparation, faults included (method.md section 5); held equal to their outputs by a test."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.config import PrepareSettings
from pgfa.prepare.chunk import Chunk
from pgfa.prepare.time import linear
from pgfa.skeleton.layout import Layout


def paper(
    chunk: Chunk, layout: Layout, settings: PrepareSettings
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Prepare a chunk as the authors' code does.

    In this order: absent is 0; the first L frames are kept, L being how many frames have a body 0 whose joint 0 is
    not 0; the centre joint is subtracted per frame and body; time is resized; each frame and body is turned about
    the vertical by an angle between its shoulder line and x, with one sign for the whole clip.

    Returns:
        (clips, frames, bodies, joints, 3) positions and (clips, bodies) whether a body is there at all.

    Raises:
        LayoutMismatch: where the layout has no shoulders by name.
    """
    clips, _, slots, joints, _ = chunk.positions.shape
    kept = min(slots, settings.bodies)
    out = np.zeros((clips, settings.frames, settings.bodies, joints, 3), dtype=np.float32)
    present = np.zeros((clips, settings.bodies), dtype=np.bool_)

    positions = np.nan_to_num(chunk.positions[:, :, :kept], nan=0.0, posinf=0.0, neginf=0.0)
    length = ((positions[:, :, 0, 0] != 0).any(-1) & chunk.inside).sum(1)
    usable = length > 0
    if usable.any():
        short = chunk.take(usable).trim(np.zeros(usable.sum(), np.int64), length[usable])
        positions = np.nan_to_num(short.positions[:, :, :kept], nan=0.0, posinf=0.0, neginf=0.0)
        present[usable, :kept] = (positions != 0).any((1, 3, 4))
        positions -= positions[:, :, :, layout.index(layout.centre), None].copy()
        out[usable, :, :kept] = _turn_each_frame(linear(positions, short.frames, settings.frames), layout)
    return out, present


def _turn_each_frame(positions: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    line = (
        positions[..., layout.index("shoulder_right"), :] - positions[..., layout.index("shoulder_left"), :]
    )
    across, depth = line[..., 0], line[..., 2]
    angle = np.arccos(across / (np.hypot(across, depth) + np.float32(1e-4)))
    # One sign for all frames and bodies. The reference outputs do not tell the sum over both bodies from the sum
    # over the first one; the sum over all is what "one sign per clip" says.
    angle *= np.where(depth.sum((1, 2)) >= 0, 1, -1)[:, None, None]
    return rotate(positions, angle)


def rotate(positions: NDArray[np.float32], angle: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn about the vertical (y) by `angle` radians, from z towards x; angle (...) for positions (..., joints, 3)."""
    cos, sin = np.cos(angle)[..., None], np.sin(angle)[..., None]
    x, y, z = np.moveaxis(positions, -1, 0)
    return np.stack([cos * x + sin * z, y, cos * z - sin * x], axis=-1)
