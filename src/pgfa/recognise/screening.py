"""Recordings without an action: bodies at rest, whatever the noise, and points that are not a body.

Both are detected in the recording as it is: preparation cuts off idle time and stretches what is left, so that the
noise of a resting body looks like motion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.prepare.bodies import absent_as_nan
from pgfa.prepare.lengths import squared_length
from pgfa.prepare.padded import padded_chunks
from pgfa.prepare.size import scale_to_standard
from pgfa.skeleton import Ragged

Flags = NDArray[np.bool_]
Floats = NDArray[np.float32]

REST: Final = 0.02
"""Standard deviation of a joint's position, in metres of a standard body, that a resting body stays below."""
STILL, MOVES = 0.75, 1.25
"""Shares of `REST` up to which a body is at rest, and from which it is not; in between it is in part, so that a hair's
breadth of motion, or another rate, does not change an answer."""
NOISE: Final = 0.25
"""Of the variance of the noise, how much is left in what is estimated to be motion, at most."""
STRETCH: Final = 0.3
"""Standard deviation of a bone's length over its mean, for half of the bones, from which the points are not a body.
Kinects stay below 0.22 in every clip of the data sets; independent points reach 0.36 to 0.42."""
MIN_FRAMES: Final = 6
"""Frames in which a joint must be seen before anything is said about its motion."""


@dataclass(frozen=True)
class Screening:
    """What is noted of clips before they are compared with anything.

    Attributes:
        at_rest: (N,) 1: no visible joint moves by more than noise; 0: one does; in between: in part.
        no_body: (N,) bones change in length more than those of any body.
        flat: (N,) no joint has depth.
    """

    at_rest: Floats
    no_body: Flags
    flat: Flags


def screen(clips: Ragged) -> Screening:
    """Screen clips. Those without a visible person are neither at rest nor no body."""
    out = Screening(*(np.zeros(len(clips), dtype=kind) for kind in (np.float32, bool, bool)))
    layout = clips.layout
    for chunk in padded_chunks(clips, layout):
        positions, visible = absent_as_nan(chunk.positions)
        seen = np.isfinite(positions[..., 0]) & chunk.valid[..., None, None]
        positions = np.where(seen[..., None], positions, np.float32(0))
        scale = scale_to_standard(
            np.where(seen[:, :, 0, :, None], positions[:, :, 0], np.float32(np.nan)),
            visible[:, :, 0] & chunk.valid,
            layout,
        )
        out.at_rest[chunk.index] = _at_rest(positions, seen, scale)
        flat = ~positions[..., 2].any(axis=(1, 2, 3))
        out.flat[chunk.index] = flat
        # Without depth, bones turn and so change their length.
        out.no_body[chunk.index] = ~flat & _stretched(positions[:, :, 0], seen[:, :, 0], layout.bone_indices)
    return out


def _at_rest(positions: Floats, seen: Flags, scale: Floats) -> Floats:
    """(clips,) from 0 to 1, of (clips, frames, bodies, joints, 3), 0 where not seen.

    Noise differs from frame to frame and motion hardly does: half the mean square of the change between frames is the
    variance of the noise (von Neumann), and what the variance has beyond it is motion.
    """
    count = seen.sum(axis=1)
    first = np.take_along_axis(positions, seen.argmax(axis=1)[:, None, ..., None], axis=1)
    moved = np.where(seen[..., None], positions - first, np.float32(0))
    frames = np.maximum(count, 1).astype(np.float32)
    mean = moved.sum(axis=1) / frames[..., None]
    variance = _sum_of_squares(moved) / frames - (mean**2).sum(axis=-1)
    both = seen[:, 1:] & seen[:, :-1]
    change = np.where(both[..., None], moved[:, 1:] - moved[:, :-1], np.float32(0))
    pairs = np.maximum(both.sum(axis=1), 1).astype(np.float32)
    noise = _sum_of_squares(change) / pairs / 2
    motion = (variance - noise * np.float32(1 + NOISE)) * scale[:, None, None] ** 2
    known = count >= MIN_FRAMES
    extent = np.sqrt(np.where(known, motion, 0).max(axis=(1, 2), initial=0)) / np.float32(REST)
    rest = np.clip((MOVES - extent) / np.float32(MOVES - STILL), 0, 1)
    return np.where(known.any(axis=(1, 2)), rest, np.float32(0))


def _sum_of_squares(vectors: Floats) -> Floats:
    """(clips, frames, bodies, joints, 3) -> (clips, bodies, joints), over frames first: they are rows in memory."""
    rows = vectors.reshape(*vectors.shape[:2], math.prod(vectors.shape[2:]))  # no frames at all: not -1
    by_coordinate = np.einsum("cfk,cfk->ck", rows, rows).reshape(len(rows), *vectors.shape[2:])
    return np.asarray(by_coordinate.sum(axis=-1))


def _stretched(body: Floats, seen: Flags, bones: NDArray[np.int64]) -> Flags:
    """(clips,) whether half of the bones of (clips, frames, joints, 3) vary in length by more than STRETCH."""
    ends = seen[:, :, bones[:, 0]] & seen[:, :, bones[:, 1]]
    bone = body[:, :, bones[:, 0]] - body[:, :, bones[:, 1]]
    squared = np.where(ends, squared_length(bone), np.float32(0))
    frames = np.maximum(ends.sum(axis=1), 1)
    mean = np.sqrt(squared).sum(axis=1) / frames
    variance = squared.sum(axis=1) / frames - mean**2
    known = (ends.sum(axis=1) >= MIN_FRAMES) & (mean > 1e-6)
    stretched = known & (variance > (STRETCH * mean) ** 2)
    return np.asarray(known.any(axis=1) & (2 * stretched.sum(axis=1) > known.sum(axis=1)))
