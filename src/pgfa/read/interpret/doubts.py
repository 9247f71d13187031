"""What speaks against axes and units that were declared, and for takes that were joined: noted at the end of readers.

A file may have many thousands of short clips, for which each of numpy's calls takes far longer than its sums. So the
clips that may be in doubt are found by sums over the frames of many clips at once (`in_doubt`), and only these are
looked at one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.body import Fit, chirality, chirality_of_each, fit_of, thinned
from pgfa.read.interpret.continuity import may_be_unsteady, unsteady
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.gravity import STANDS
from pgfa.read.interpret.size import torso_of
from pgfa.read.interpret.upright import LOOKS_MIRRORED, MAX_COST, MIRRORED, PLAUSIBLE, standing, trunk_of
from pgfa.read.interpret.vectors import norms
from pgfa.skeleton import Layout

BACKWARDS = (-0.7, -4.0)
"""`chirality`, and chirality x weight, from which a clip of a data set is said to look mirrored: its sensor may see
feet badly, and it was not converted on the way. Of other recordings whose axes are declared, `MIRRORED`."""
GOOD_COST = 1.0
"""A body of higher `Fit.cost` is tracked too badly to doubt its axes."""
FEW_FRAMES = 3
"""Fewer frames give no doubts: they show too little, and a file may have many thousands of such clips."""
LIES = 0.5
"""Share of the bodies whose trunk points along another axis than y, of somebody who lies."""
_LOOKED_AT = 60
"""Bodies looked at, evenly spaced, in a clip whose axes are declared: readers of data sets read many files."""
_NEARLY = 1 - 1e-9
"""Share of a limit from which rounding may reach it."""
_OUTSIDE = 0.4
"""Share of the bodies whose torso is of another length, at least, where the median is; somewhat less than a half."""

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


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
    _fits: dict[int, Fit] = field(default_factory=dict)

    @cached_property
    def bodies(self) -> Floats:
        """(at most _LOOKED_AT, joints, 3) bodies that are looked at."""
        step = max(1, self.positions.shape[0] * self.positions.shape[1] // _LOOKED_AT)
        return thinned(self.positions)[::step][:_LOOKED_AT].astype(np.float64)

    def fit(self, columns: int) -> Fit:
        """How well the bodies fit a human one, in space (3) or in the picture (2)."""
        if columns not in self._fits:
            self._fits[columns] = fit_of(self.bodies[..., :columns], self.layout)
        return self._fits[columns]


def doubts_of(take: Take) -> list[str]:
    """What speaks against axes that were declared: a human body that is mirrored, or upside down, most of the time; and
    against a unit that was declared or stated: a torso of another size. Nothing of fewer than `FEW_FRAMES` frames.
    """
    positions, layout, flat = take.positions, take.layout, take.flat
    if len(positions) < FEW_FRAMES:
        return []
    doubts = unsteady(positions, poses=not take.published)
    bodies = take.bodies
    given = {decision.quantity for decision in take.decisions if decision.basis in ("declared", "stated")}
    doubts += _posture_doubts(take, given - {"unit"} if flat else given)
    doubtful = {decision.quantity for decision in take.decisions if decision.basis in ("declared", "custom")}
    asked = doubtful & ({"up"} if flat else {"axes", "up"})
    asked |= {"axes"} & given if not flat else set()
    if not asked:
        return doubts
    noted = []
    if "axes" in asked:
        sense, weight = chirality(bodies, layout)
        least = BACKWARDS if take.published else MIRRORED
        if sense <= least[0] and sense * weight <= least[1]:
            noted.append(LOOKS_MIRRORED)
    if "up" in asked:
        ends = [_height(bodies, layout, joint) for joint in ("shoulder", "ankle")]
        with np.errstate(invalid="ignore"):
            below = ends[0] < ends[1]
        if np.isfinite(ends).all(axis=0).any() and below[np.isfinite(ends).all(axis=0)].mean() > 0.9:
            noted.append("upside down most of the time: another axis may point up")
    if noted and take.fit(2 if flat else 3).cost <= GOOD_COST:
        doubts += noted
    return doubts


def _posture_doubts(take: Take, given: Collection[str]) -> list[str]:
    """Notes if the body is not upright, or its torso is longer or shorter than that of any person.

    Args:
        take: with y up.
        given: which of `up` and `unit` are declared or stated; what the body has established is right for it.
    """
    columns = 3 if take.bodies[..., 2].any() else 2
    bodies, layout = take.bodies[..., :columns], take.layout
    doubts = []
    shares = standing(bodies, layout) if "up" in given else {}
    if shares and (most := max(shares, key=lambda axis: shares[axis])) != "y" and shares[most] > LIES:
        doubts.append(
            f"the trunk points along {most} instead of y (up): state --up, unless the person is lying"
        )
    torso = torso_of(bodies, layout) if "unit" in given else np.nan
    if np.isfinite(torso) and not PLAUSIBLE[0] <= torso <= PLAUSIBLE[1]:
        doubts.append(f"the torso is {torso:.3g} m long: another unit, or another order of joints?")
    return doubts if doubts and take.fit(columns).cost <= MAX_COST else []


def in_doubt(takes: Sequence[Take]) -> list[bool]:
    """Whether `doubts_of` may have something to say, of each recording; False only where it has not.

    Args:
        takes: of one layout and one number of people, with depth.
    """
    out = [not take.published or take.flat for take in takes]
    numbers = [n for n, take in enumerate(takes) if not out[n] and len(take.positions) >= FEW_FRAMES]
    if not numbers:
        return out
    chosen = [takes[number] for number in numbers]
    positions = np.concatenate([take.positions for take in chosen])
    every = may_be_unsteady(positions, _starts([len(take.positions) for take in chosen])) | _stands_oddly(
        chosen
    )
    for number, one in zip(numbers, every.tolist(), strict=True):
        out[number] = one
    return out


def _starts(lengths: Sequence[int]) -> NDArray[np.int64]:
    """The first row of each recording, where those of all follow one another."""
    return np.cumsum([0, *lengths[:-1]])


def _stands_oddly(takes: Sequence[Take]) -> Booleans:
    """(takes,) whether bodies may be mirrored, upside down, along another axis than y, or of an odd size."""
    layout, bodies = takes[0].layout, np.concatenate([take.bodies for take in takes])
    starts = _starts([len(take.bodies) for take in takes])

    def counted(marks: Booleans) -> NDArray[np.int64]:
        out: NDArray[np.int64] = np.add.reduceat(marks, starts, axis=0, dtype=np.int64)
        return out

    trunks = trunk_of(bodies, layout)
    lengths = norms(trunks)
    ends = [_height(bodies, layout, joint) for joint in ("shoulder", "ankle")]
    with np.errstate(invalid="ignore"):
        along = np.abs(trunks) >= _NEARLY * STANDS * lengths[:, None]
        along[:, 1] &= trunks[:, 1] < 0
        outside = (lengths < PLAUSIBLE[0]) | (lengths > PLAUSIBLE[1])
        below = np.asarray(ends[0] < ends[1])
    long = np.asarray(lengths > 0)
    odd = np.asarray((counted(along & long[:, None]) >= LIES * counted(long)[:, None]).any(axis=1))
    odd |= counted(outside) >= _OUTSIDE * np.maximum(counted(np.isfinite(lengths)), 1)
    odd |= counted(below) >= 0.9 * np.maximum(counted(np.asarray(np.isfinite(ends).all(axis=0))), 1)
    sense, weight = chirality_of_each(bodies, starts, layout)
    odd |= (sense <= BACKWARDS[0]) & (sense * weight <= BACKWARDS[1])
    return odd


def _height(bodies: NDArray[np.float64], layout: Layout, joint: str) -> NDArray[np.float64]:
    sides = [bodies[:, layout.index(f"{joint}_{side}"), 1] for side in ("left", "right")]
    out: NDArray[np.float64] = (sides[0] + sides[1]) / 2
    return out
