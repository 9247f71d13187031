"""Sets of clips: prepared, and before they are prepared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64] | NDArray[np.bool_] | slice


@dataclass(frozen=True)
class ClipSet:
    """Prepared clips with their classes.

    Attributes:
        positions: (clips, frames, bodies, joints, 3) float32.
        present: (clips, bodies) bool.
        labels: (clips,) index into the classes of the corpus this set belongs to.
        origin: (clips, 2) index of the pack in the run's list, index of the clip in that pack.
    """

    positions: NDArray[np.float32]
    present: NDArray[np.bool_]
    labels: NDArray[np.int64]
    origin: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Index, labels: NDArray[np.int64] | None = None) -> ClipSet:
        """The clips of an index, a mask or a slice; with other class numbers (of all clips) where `labels` is given."""
        numbers = self.labels if labels is None else labels
        return ClipSet(self.positions[index], self.present[index], numbers[index], self.origin[index])

    @classmethod
    def join(cls, sets: Sequence[ClipSet]) -> Self:
        """One set of the clips of several, in order."""
        return cls(
            np.concatenate([clips.positions for clips in sets]),
            np.concatenate([clips.present for clips in sets]),
            np.concatenate([clips.labels for clips in sets]),
            np.concatenate([clips.origin for clips in sets]),
        )


@dataclass(frozen=True)
class ClipIndex:
    """Clips that are not prepared yet, by their position in the packs.

    Attributes:
        origin: (clips, 2) index of the pack in the run's list, index of the clip in that pack.
        labels: (clips,) class numbers.
    """

    origin: NDArray[np.int64]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Index) -> ClipIndex:
        """The clips of an index or mask."""
        return ClipIndex(self.origin[index], self.labels[index])

    def by_class(self) -> ClipIndex:
        """The clips sorted by class."""
        return self.take(np.argsort(self.labels, kind="stable"))


def clip_bytes(*sets: ClipSet) -> list[Any]:
    """What a digest takes of clips and their classes: positions as a view (a copy would double the memory), labels."""
    return [
        *(np.ascontiguousarray(clips.positions).reshape(-1).view(np.uint8).data for clips in sets),
        *(clips.labels.tobytes() for clips in sets),
    ]
