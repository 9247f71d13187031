"""A recording that was read, and what its bodies show about it: measured for many recordings at once.

A file may have many thousands of short clips, for which each of numpy's calls takes far longer than its sums. So clips
of as many bodies are measured together; what is measured of one alone is the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.body import Fit, fits_of, thinned, typical_of_each
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.facing import chirality_of_each
from pgfa.read.interpret.upright import shares_along, trunk_of
from pgfa.read.interpret.vectors import norms
from pgfa.skeleton import Layout

_LOOKED_AT = 60
"""Bodies looked at, evenly spaced: readers of data sets read many files."""

Floats = NDArray[np.float64]


class Look(NamedTuple):
    """What the bodies of a recording show.

    Attributes:
        deep: whether they have a depth.
        shares: as `upright.standing` gives them.
        torso: its typical length, metres.
        sense, weight: as `chirality` gives them.
        turned_over: share of the bodies whose shoulders are below their ankles.
    """

    deep: bool
    shares: dict[str, float]
    torso: float
    sense: float
    weight: float
    turned_over: float


@dataclass(frozen=True)
class Take:
    """A recording that was read.

    Attributes:
        positions: (frames, bodies, joints, 3) metres, y up, NaN where absent.
        layout: of the joints.
        decisions: how it was read.
        flat: whether it is a picture, without depth.
        published: whether it is of a data set, whose clips are no takes that somebody joined, however they jump.
    """

    positions: NDArray[np.float32]
    layout: Layout
    decisions: tuple[Decision, ...]
    flat: bool
    published: bool = False
    _looks: list[Look] = field(default_factory=list)
    _fits: dict[int, Fit] = field(default_factory=dict)

    @cached_property
    def bodies(self) -> Floats:
        """(at most _LOOKED_AT, joints, 3) bodies that are looked at."""
        step = max(1, self.positions.shape[0] * self.positions.shape[1] // _LOOKED_AT)
        return thinned(self.positions)[::step][:_LOOKED_AT].astype(np.float64)

    @property
    def look(self) -> Look:
        """What its bodies show."""
        if not self._looks:
            look_at([self])
        return self._looks[0]

    def fit(self, columns: int) -> Fit:
        """How well the bodies fit a human one, in space (3) or in the picture (2)."""
        if columns not in self._fits:
            fit_each([self], columns)
        return self._fits[columns]


def look_at(takes: Iterable[Take]) -> None:
    """Measure what `Take.look` gives of many recordings."""
    for alike in _alike(take for take in takes if not take._looks):
        layout, bodies = alike[0].layout, np.stack([take.bodies for take in alike])
        trunks = trunk_of(bodies, layout)
        ends = np.stack([_height(bodies, layout, joint) for joint in ("shoulder", "ankle")])
        known = np.isfinite(ends).all(axis=0)
        with np.errstate(invalid="ignore"):
            below = (ends[0] < ends[1]) & known
        over = below.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        sense, weight = chirality_of_each(bodies, layout)
        rows = zip(
            np.any(bodies[..., 2] != 0, axis=(1, 2)).tolist(),
            shares_along(trunks),
            typical_of_each(norms(trunks)).tolist(),
            sense.tolist(),
            weight.tolist(),
            over.tolist(),
            strict=True,
        )
        for take, row in zip(alike, rows, strict=True):
            take._looks.append(Look(*row))


def fit_each(takes: Iterable[Take], columns: int) -> None:
    """Measure what `Take.fit` gives of many recordings."""
    for alike in _alike(take for take in takes if columns not in take._fits):
        bodies = np.stack([take.bodies[..., :columns] for take in alike])
        for take, fit in zip(alike, fits_of(bodies, alike[0].layout), strict=True):
            take._fits[columns] = fit


def _alike(takes: Iterable[Take]) -> Iterator[Sequence[Take]]:
    """Recordings of one layout and as many bodies."""
    groups: dict[Hashable, list[Take]] = defaultdict(list)
    for take in takes:
        groups[take.layout.name, len(take.bodies)].append(take)
    yield from groups.values()


def _height(bodies: Floats, layout: Layout, joint: str) -> Floats:
    sides = [bodies[..., layout.index(f"{joint}_{side}"), 1] for side in ("left", "right")]
    out: Floats = (sides[0] + sides[1]) / 2
    return out
