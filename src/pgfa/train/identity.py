"""What a run is: by it, the run in a folder is recognised when training is called again.

On one machine a digest of everything that decides the weights is compared. The last bits of prepared clips depend on
the processor, and a run may be moved to another machine: there a digest of the rest is compared, and sums of the clips
with a tolerance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pgfa.files import digest
from pgfa.train.clip_set import ClipSet, clip_bytes

SETTINGS, SUMS = "settings_digest", "clip_sums"
TOLERANCE = 0.1
"""Of the sums, times the root of the number of clips: a hundred times what rounding does to the values of a clip, and
less than what exchanging a clip does."""
CHUNK = 256
_CLIP_ANGLES, _VALUE_ANGLES = (0.6, 2.3), (0.7, 1.9)


@dataclass(frozen=True)
class Identity:
    """Of a run that is to be created or resumed.

    Attributes:
        exact: digest of everything that decides the weights, with the bytes of the clips.
        settings: digest of the same without clips: settings, classes and labels.
        sums: of the clips (`sums_of`).
        clips: how many the sums are of.
    """

    exact: str
    settings: str
    sums: tuple[float, ...]
    clips: int

    @classmethod
    def of(cls, parts: Sequence[Any], sets: Sequence[ClipSet]) -> Identity:
        """Of whatever decides the weights beside some sets of clips, for `pgfa.files.digest`."""
        sums = tuple(value for clips in sets for value in sums_of(clips))
        settings = digest(*parts, *(clips.labels.tobytes() for clips in sets))
        return cls(digest(*parts, *clip_bytes(*sets)), settings, sums, sum(map(len, sets)))

    def facts(self) -> dict[str, Any]:
        """What is stored of it."""
        return {"identity": self.exact, SETTINGS: self.settings, SUMS: list(self.sums)}

    def matches(self, facts: Mapping[str, Any]) -> bool:
        """Whether stored facts are of this run; those of earlier versions are only on the same kind of processor."""
        if facts.get("identity") == self.exact:
            return True
        return facts.get(SETTINGS) == self.settings and self._close(facts.get(SUMS))

    def _close(self, stored: Any) -> bool:
        try:
            values = np.asarray(stored, dtype=np.float64)
        except (TypeError, ValueError):
            return False
        tolerance = TOLERANCE * np.sqrt(max(self.clips, 1))
        return values.shape == (len(self.sums),) and bool((np.abs(values - self.sums) < tolerance).all())


def sums_of(clips: ClipSet) -> tuple[float, ...]:
    """Four sums of the positions, weighted by waves along the clips and along the values of a clip."""
    values = np.cos(np.outer(np.arange(clips.positions[:1].size), _VALUE_ANGLES))
    total = np.zeros((len(_CLIP_ANGLES), len(_VALUE_ANGLES)))
    for first in range(0, len(clips), CHUNK):
        part = clips.positions[first : first + CHUNK]
        along = np.cos(np.outer(_CLIP_ANGLES, np.arange(first, first + len(part))))
        total += along @ (part.reshape(len(part), -1).astype(np.float64) @ values)
    return tuple(float(value) for value in total.ravel())
