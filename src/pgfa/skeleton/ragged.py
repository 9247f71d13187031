"""Many clips of different length in one array: the content of a pack, and the input of preparation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import LayoutMismatch
from pgfa.skeleton.clip import Clip
from pgfa.skeleton.layout import Layout

AS_STORED, BY_PRESENCE = 0, -1
"""Values of `Ragged.listed` for clips without listed rows: the file lists the bodies as they are stored; the file's
order is not stored and is taken to be that of the slots, without the bodies that are absent in a frame."""


@dataclass(frozen=True)
class Ragged:
    """Clips of one layout, one after the other.

    Attributes:
        positions: (rows, joints, 3) float32, may be memory-mapped. A row is one body in one frame; a clip's rows are
            frame by frame, bodies inside a frame, so ``rows.reshape(frames, bodies, joints, 3)`` is the clip.
        start: (clips,) first row of each clip.
        frames: (clips,) frames of each clip.
        bodies: (clips,) body slots of each clip.
        rate: (clips,) frames per second.
        layout: of all clips.
        listed: (clips,) body slots of `Clip.listed`, whose rows follow those of the clip; or AS_STORED, or
            BY_PRESENCE. None: AS_STORED for all.
    """

    positions: NDArray[np.float32]
    start: NDArray[np.int64]
    frames: NDArray[np.int64]
    bodies: NDArray[np.int64]
    rate: NDArray[np.float64]
    layout: Layout
    listed: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.start)

    def rows(self, clip: int) -> NDArray[np.float32]:
        """(frames, bodies, joints, 3) of one clip, a view."""
        first, frames, bodies = int(self.start[clip]), int(self.frames[clip]), int(self.bodies[clip])
        return self.positions[first : first + frames * bodies].reshape(frames, bodies, -1, 3)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        return (self.rows(clip) for clip in range(len(self)))

    def of(self, part: slice | NDArray[np.int64]) -> Ragged:
        """Some of the clips, with the same rows."""
        return replace(
            self,
            start=self.start[part], frames=self.frames[part], bodies=self.bodies[part], rate=self.rate[part],
            listed=None if self.listed is None else self.listed[part],
        )  # fmt: skip

    def as_listed(self) -> Ragged:
        """The same clips with the bodies as their files list them; `listed` is AS_STORED or BY_PRESENCE."""
        if self.listed is None:
            return self
        apart = self.listed > 0
        return replace(
            self,
            start=np.where(apart, self.start + self.frames * self.bodies, self.start),
            bodies=np.where(apart, self.listed, self.bodies),
            listed=np.minimum(self.listed, AS_STORED),
        )

    @classmethod
    def from_clips(cls, clips: Sequence[Clip]) -> Ragged:
        """Put clips one after the other. Raises LayoutMismatch if layouts differ, ValueError for no clips."""
        if not clips:
            raise ValueError("no clips")
        layout = clips[0].layout
        for clip in clips:
            if clip.layout.name != layout.name:
                raise LayoutMismatch(
                    f"clips of one layout are needed, found {layout.name} and {clip.layout.name} ({clip.source.id}); "
                    "map them to one layout first with Clip.to"
                )
        frames = np.array([clip.frames for clip in clips], dtype=np.int64)
        bodies = np.array([clip.bodies for clip in clips], dtype=np.int64)
        listed = np.array([0 if clip.listed is None else clip.listed.shape[1] for clip in clips], np.int64)
        rows = frames * (bodies + listed)
        arrays = [array for clip in clips for array in (clip.positions, clip.listed) if array is not None]
        return cls(
            positions=np.concatenate([array.reshape(-1, len(layout.joints), 3) for array in arrays]),
            start=np.cumsum(rows) - rows,
            frames=frames,
            bodies=bodies,
            rate=np.array([clip.rate for clip in clips]),
            layout=layout,
            listed=listed if listed.any() else None,
        )

    @classmethod
    def join(cls, parts: Sequence[Ragged]) -> Ragged:
        """The clips of several of one layout, one after the other, without what their files list (`listed`).

        At least one is needed.
        """
        rows = np.cumsum([0, *(len(part.positions) for part in parts[:-1])])
        return cls(
            positions=np.concatenate([part.positions for part in parts]),
            start=np.concatenate([part.start + first for part, first in zip(parts, rows, strict=True)]),
            frames=np.concatenate([part.frames for part in parts]),
            bodies=np.concatenate([part.bodies for part in parts]),
            rate=np.concatenate([part.rate for part in parts]),
            layout=parts[0].layout,
        )
