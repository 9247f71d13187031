"""A few clips at a time, padded to one shape: the input of the steps of preparation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.prepare.bodies import absent_as_nan
from pgfa.skeleton.bodies import close_up
from pgfa.skeleton.layouts import Layout, map_positions
from pgfa.skeleton.ragged import BY_PRESENCE, Ragged

MAX_FLOATS = 600_000
"""Numbers per chunk: few enough to stay in a core's cache, which makes preparation twice as fast."""


@dataclass(frozen=True)
class PaddedClips:
    """Clips with the same number of body slots and similar lengths, padded at the end to one length.

    Attributes:
        index: (clips,) index of each clip among all clips.
        positions: (clips, frames, bodies, joints, 3) float32; from frame `frames[i]` on, clip i repeats its last
            frame.
        frames: (clips,) number of frames without padding.
        rate: (clips,) frames per second.
    """

    index: NDArray[np.int64]
    positions: NDArray[np.float32]
    frames: NDArray[np.int64]
    rate: NDArray[np.float64]

    @property
    def valid(self) -> NDArray[np.bool_]:
        """(clips, frames) True for frames of the clip, False for padding."""
        return np.arange(self.positions.shape[1]) < self.frames[:, None]

    def take(self, mask: NDArray[np.bool_]) -> PaddedClips:
        """The clips of a mask (clips,)."""
        return PaddedClips(self.index[mask], self.positions[mask], self.frames[mask], self.rate[mask])

    def trim(self, first: NDArray[np.int64], frames: NDArray[np.int64]) -> PaddedClips:
        """Keep `frames[i]` frames of clip i, from frame `first[i]` on; (clips,) each, frames above 0."""
        if not first.any() and np.array_equal(frames, self.frames):
            return self
        steps = np.minimum(np.arange(int(frames.max())), frames[:, None] - 1) + first[:, None]
        return replace(self, positions=self.positions[np.arange(len(first))[:, None], steps], frames=frames)


def padded_chunks(clips: Ragged, layout: Layout, *, as_listed: bool = False) -> Iterator[PaddedClips]:
    """All clips in chunks, converted to `layout`. Clips without frames or bodies are left out.

    Args:
        as_listed: the bodies of each frame in the order of the file (`Clip.listed`), instead of one slot per person.

    Raises:
        LayoutMismatch: there is no map to `layout`.
    """
    clips = clips.as_listed() if as_listed else replace(clips, listed=None)
    rows = clips.frames * clips.bodies
    order = np.lexsort((clips.start, clips.frames, clips.bodies))
    order = order[rows[order] > 0]
    row_floats = max(len(clips.layout.joints), len(layout.joints)) * 3
    start = 0
    while start < len(order):
        # Sorted by length, so that little of a chunk is padding.
        bodies = clips.bodies[order[start]]
        count = max(1, MAX_FLOATS // int(rows[order[start]] * row_floats))
        index = order[start : start + count]
        index = index[clips.bodies[index] == bodies]
        fits = np.maximum.accumulate(clips.frames[index]) <= max(32, 1.25 * clips.frames[index[0]])
        index = index[fits]
        start += len(index)
        yield _padded(clips, index, layout)


def _padded(clips: Ragged, index: NDArray[np.int64], layout: Layout) -> PaddedClips:
    frames, bodies = clips.frames[index], int(clips.bodies[index[0]])
    step = np.minimum(np.arange(int(frames.max())), frames[:, None] - 1)
    row = (clips.start[index, None] + step * bodies)[..., None] + np.arange(bodies)
    positions = np.asarray(clips.positions[row], dtype=np.float32)
    with np.errstate(invalid="ignore", over="ignore"):  # the recipes deal with infinite coordinates
        positions = map_positions(positions, clips.layout, layout)
    if clips.listed is not None and (tracked := clips.listed[index] == BY_PRESENCE).any():
        positions[tracked] = close_up(absent_as_nan(positions[tracked])[0])
    return PaddedClips(index, positions, frames, clips.rate[index])
