"""The preparation of the paper, including its errors (method.md section 5); tested against the authors' data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.config import PrepareSettings
from pgfa.prepare.bodies import absent_as_nan
from pgfa.prepare.orient import turn
from pgfa.prepare.padded import PaddedClips
from pgfa.prepare.prepared import PreparedChunk
from pgfa.prepare.time import resample_linear
from pgfa.skeleton.layouts import Layout


def paper_recipe(padded: PaddedClips, layout: Layout, settings: PrepareSettings) -> PreparedChunk:
    """Prepare a chunk as the authors' code does.

    In this order: the first bodies of each frame are taken; absent is 0; only the first L frames are used, where L is
    the number of frames whose body 0 has a joint 0 other than 0; the centre joint is subtracted per frame and body;
    time is resampled; each frame and body is turned about the vertical by the angle between its shoulder line and x,
    with one sign per clip and body.

    Args:
        padded: bodies of each frame in the order of the file.
        layout: of the joints.
        settings: frames and bodies.

    Raises:
        LayoutMismatch: the layout has no joints named as shoulders.
    """
    clips, _, slots, joints, _ = padded.positions.shape
    bodies = min(slots, settings.bodies)
    out = PreparedChunk.empty(clips, settings.frames, settings.bodies, joints)

    positions = absent_as_nan(padded.positions[:, :, :bodies])[0]
    visible = np.isfinite(positions[..., 0])
    positions = np.nan_to_num(positions)
    length = ((positions[:, :, 0, 0] != 0).any(-1) & padded.valid).sum(1)
    usable = length > 0
    positions, length = positions[usable], length[usable]
    if len(length):
        in_length = (np.arange(positions.shape[1]) < length[:, None])[..., None]
        present = ((positions != 0).any((3, 4)) & in_length).any(1)
        measured = (visible[usable] & in_length[..., None]).any(1)
        positions -= positions[:, :, :, layout.index(layout.centre), None].copy()
        turned = _turn_each_frame(resample_linear(positions, length, settings.frames), layout)
        out.put(usable, PreparedChunk(turned, present, length / padded.rate[usable], measured))
    return out


def _turn_each_frame(positions: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    line = (
        positions[..., layout.index("shoulder_right"), :] - positions[..., layout.index("shoulder_left"), :]
    )
    across, depth = line[..., 0], line[..., 2]
    angle = np.arccos(across / (np.hypot(across, depth) + np.float32(1e-4)))
    # One sign per clip and body, of the sum over that body's frames: two people who face each other turn apart.
    angle *= np.where(depth.sum(1) >= 0, 1, -1)[:, None, :]
    return turn(positions, angle)
