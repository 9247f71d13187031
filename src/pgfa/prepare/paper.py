"""The authors' preparation, faults included (method.md section 5); held equal to their outputs by a test."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.config import PrepareSettings
from pgfa.prepare.bodies import absent_as_nan
from pgfa.prepare.chunk import Chunk
from pgfa.prepare.orient import turn
from pgfa.prepare.time import linear
from pgfa.skeleton.bodies import close_up
from pgfa.skeleton.layouts import Layout


def paper_recipe(
    chunk: Chunk, layout: Layout, settings: PrepareSettings
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Prepare a chunk as the authors' code does.

    In this order: bodies close up to the file's order, frame by frame; absent is 0; the first L frames are
    kept, L being how many frames have a body 0 whose joint 0 is not 0; the centre joint is subtracted per
    frame and body; time is resized; each frame and body is turned about the vertical by an angle between its
    shoulder line and x, with one sign for the whole clip.

    Returns:
        (clips, frames, bodies, joints, 3) positions and (clips, bodies) whether a body is there at all.

    Raises:
        LayoutMismatch: where the layout has no shoulders by name.
    """
    clips, _, slots, joints, _ = chunk.positions.shape
    kept = min(slots, settings.bodies)
    out = np.zeros((clips, settings.frames, settings.bodies, joints, 3), dtype=np.float32)
    present = np.zeros((clips, settings.bodies), dtype=np.bool_)

    positions, seen = absent_as_nan(chunk.positions)
    if (seen[..., 1:] & ~seen[..., :-1]).any():
        positions = close_up(positions)
    positions = np.nan_to_num(positions[:, :, :kept])
    length = ((positions[:, :, 0, 0] != 0).any(-1) & chunk.inside).sum(1)
    usable = length > 0
    positions, length = positions[usable], length[usable]
    if len(length):
        counted = (np.arange(positions.shape[1]) < length[:, None])[..., None]
        present[usable, :kept] = ((positions != 0).any((3, 4)) & counted).any(1)
        positions -= positions[:, :, :, layout.index(layout.centre), None].copy()
        out[usable, :, :kept] = _turn_each_frame(linear(positions, length, settings.frames), layout)
    return out, present


def _turn_each_frame(positions: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    line = (
        positions[..., layout.index("shoulder_right"), :] - positions[..., layout.index("shoulder_left"), :]
    )
    across, depth = line[..., 0], line[..., 2]
    angle = np.arccos(across / (np.hypot(across, depth) + np.float32(1e-4)))
    # One sign for all frames and bodies. The reference outputs do not tell the sum over both bodies from the
    # sum over the first one; the sum over all is what "one sign per clip" says.
    angle *= np.where(depth.sum((1, 2)) >= 0, 1, -1)[:, None, None]
    return turn(positions, angle)
