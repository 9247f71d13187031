"""A few clips at a time, padded to one shape: the form in which all steps of preparation see clips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton.layouts import Layout, map_positions
from pgfa.skeleton.ragged import Ragged

CHUNK_FLOATS = 600_000
"""Floats of a chunk: it stays in a core's cache, which is worth a factor of two."""


@dataclass(frozen=True)
class Chunk:
    """Clips of one number of body slots and nearly one length.

    Attributes:
        which: (clips,) their places in the whole.
        positions: (clips, frames, bodies, joints, 3) float32; from frame `frames[i]` on, clip i repeats its
            last one.
        frames: (clips,) true number of frames.
        rate: (clips,) frames a second.
    """

    which: NDArray[np.int64]
    positions: NDArray[np.float32]
    frames: NDArray[np.int64]
    rate: NDArray[np.float64]

    @property
    def inside(self) -> NDArray[np.bool_]:
        """(clips, frames) True where a frame is the clip's own, False where it pads."""
        return np.arange(self.positions.shape[1]) < self.frames[:, None]

    def take(self, keep: NDArray[np.bool_]) -> Chunk:
        """The chosen clips."""
        return Chunk(self.which[keep], self.positions[keep], self.frames[keep], self.rate[keep])

    def trim(self, first: NDArray[np.int64], frames: NDArray[np.int64]) -> Chunk:
        """Keep of each clip `frames[i]` frames from `first[i]` on; (clips,) each, frames above 0."""
        if not first.any() and np.array_equal(frames, self.frames):
            return self
        steps = np.minimum(np.arange(int(frames.max())), frames[:, None] - 1) + first[:, None]
        return replace(self, positions=self.positions[np.arange(len(first))[:, None], steps], frames=frames)


def chunks(clips: Ragged, layout: Layout) -> Iterator[Chunk]:
    """All clips, in chunks, carried to `layout`. Clips of no frames or no bodies come in none.

    Raises:
        LayoutMismatch: where no meaningful map to `layout` is known.
    """
    rows = clips.frames * clips.bodies
    order = np.lexsort((clips.start, clips.frames, clips.bodies))
    order = order[rows[order] > 0]
    row_floats = max(len(clips.layout.joints), len(layout.joints)) * 3
    at = 0
    while at < len(order):
        # Sorted by length, so that little of a chunk is padding.
        bodies = clips.bodies[order[at]]
        count = max(1, CHUNK_FLOATS // int(rows[order[at]] * row_floats))
        some = order[at : at + count]
        some = some[clips.bodies[some] == bodies]
        fits = np.maximum.accumulate(clips.frames[some]) <= max(32, 1.25 * clips.frames[some[0]])
        some = some[fits]
        at += len(some)
        yield _gather(clips, some, layout)


def _gather(clips: Ragged, which: NDArray[np.int64], layout: Layout) -> Chunk:
    frames, bodies = clips.frames[which], int(clips.bodies[which[0]])
    step = np.minimum(np.arange(int(frames.max())), frames[:, None] - 1)
    row = (clips.start[which, None] + step * bodies)[..., None] + np.arange(bodies)
    positions = np.asarray(clips.positions[row], dtype=np.float32)
    with np.errstate(invalid="ignore", over="ignore"):  # infinite coordinates are the recipes' to judge
        positions = map_positions(positions, clips.layout, layout)
    return Chunk(which, positions, frames, clips.rate[which])
