"""What speaks against axes and units that were declared, and for takes that were joined: noted at the end of readers.

A file may have many thousands of short clips, for which each of numpy's calls takes far longer than its sums. So the
clips that may be in doubt are found by sums over the frames of many clips at once (`in_doubt`), and only these are
looked at one by one.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.body import Fit, chirality, chirality_of_each, fit_of, thinned, typical
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.gravity import STANDS
from pgfa.read.interpret.size import torso_of
from pgfa.read.interpret.upright import LOOKS_MIRRORED, MAX_COST, PLAUSIBLE, standing, trunk_of
from pgfa.read.interpret.vectors import median_of, norms
from pgfa.skeleton import Layout

BACKWARDS = (-0.7, -4.0)
"""`chirality`, and chirality x weight, from which a clip whose axes are declared is said to look mirrored."""
GOOD_COST = 1.0
"""A body of higher `Fit.cost` is tracked too badly to doubt its axes."""
JUMP, SUDDEN, MAX_JUMPS = 1.0, 20.0, 3
"""Metres, and median steps, from one frame to the next that are a jump; with more of them tracking is bad."""
FEW_FRAMES = 3
"""Fewer frames give no doubts: they show too little, and a file may have many thousands of such clips."""
POSE_JUMP, SUDDEN_POSE = 0.04, 5.0
"""Metres that most joints move from one frame to the next, and that in multiples of the steps before and after it, if
the pose jumps."""
MIN_REPEATS, REPEATED = 5, 0.2
"""Frames that are exactly the one before, at least, and their share; of real recordings 6 % at most."""
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
    """

    positions: NDArray[np.float32]
    layout: Layout
    decisions: tuple[Decision, ...]
    flat: bool
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

    @property
    def is_declared(self) -> bool:
        """Whether all is declared: published sets are no takes that somebody joined, however bad their tracking is."""
        return all(decision.basis in ("declared", "stated") for decision in self.decisions)


def doubts_of(take: Take) -> list[str]:
    """What speaks against axes that were declared: a human body that is mirrored, or upside down, most of the time; and
    against a unit that was declared or stated: a torso of another size. Nothing of fewer than `FEW_FRAMES` frames.
    """
    positions, layout, flat = take.positions, take.layout, take.flat
    if len(positions) < FEW_FRAMES:
        return []
    doubts = [*_jump(positions, poses=not take.is_declared), *_repeats(positions)]
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
        if sense <= BACKWARDS[0] and sense * weight <= BACKWARDS[1]:
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
    out = [not take.is_declared or take.flat for take in takes]
    numbers = [n for n, take in enumerate(takes) if not out[n] and len(take.positions) >= FEW_FRAMES]
    if not numbers:
        return out
    chosen = [takes[number] for number in numbers]
    every = _moves_oddly(chosen) | _stands_oddly(chosen)
    for number, one in zip(numbers, every.tolist(), strict=True):
        out[number] = one
    return out


def _starts(lengths: Sequence[int]) -> NDArray[np.int64]:
    """The first row of each recording, where those of all follow one another."""
    return np.cumsum([0, *lengths[:-1]])


def _moves_oddly(takes: Sequence[Take]) -> Booleans:
    """(takes,) whether a body is suddenly elsewhere, or in several frames where it was in the frame before."""
    positions = np.concatenate([take.positions for take in takes])
    starts = _starts([len(take.positions) for take in takes])
    steps = norms(np.diff(_centres(positions.astype(np.float64)), axis=0))
    with np.errstate(invalid="ignore"):
        far = (steps > JUMP).any(axis=1)
    pairs, moved = _pairs(positions)
    marks = np.stack([far, pairs & ~moved])
    marks[:, starts[1:] - 1] = False  # from one recording to the next
    jumps, repeats = np.add.reduceat(np.pad(marks, ((0, 0), (0, 1))), starts, axis=1, dtype=np.int64)
    odd: Booleans = (jumps > 0) | (repeats >= MIN_REPEATS)
    return odd


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


def _jump(positions: NDArray[np.float32], *, poses: bool) -> list[str]:
    """A note if a body that moves smoothly is suddenly elsewhere, or (`poses`) in another pose: takes that were joined,
    or two people.
    """
    if len(positions) < 3:
        return []
    points = positions.astype(np.float64)
    steps = norms(np.diff(_centres(points), axis=0))
    usual = np.array([typical(body) for body in steps.T])
    with np.errstate(invalid="ignore"):
        jumps = steps > np.maximum(JUMP, SUDDEN * usual)
        changed = np.zeros_like(jumps)
        if poses:
            changes = _changes(points)
            changed = (changes > POSE_JUMP) & (changes > SUDDEN_POSE * _steps_around(changes)) & ~jumps
    if not 1 <= jumps.sum() + changed.sum() <= MAX_JUMPS:
        return []
    frame, body = (int(index) for index in np.argwhere(jumps | changed)[0])
    how = f"jumps by {steps[frame, body]:.1f} m"
    if changed[frame, body]:
        how = f"changes its pose at once, most joints by {changes[frame, body]:.2f} m or more,"
    return [f"body {body + 1} {how} after frame {frame + 1}: perhaps takes that were joined"]


def _centres(points: Floats) -> Floats:
    """(frames, bodies, 3) means of the joints that are seen; NaN for a body without joints."""
    # np.nanmean takes far longer for the few numbers of a short clip.
    if np.isfinite(points).all():
        out: Floats = points.mean(axis=2)
        return out
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a body without joints has no mean
        known: Floats = np.nanmean(points, axis=2)
        return known


def _changes(points: Floats) -> Floats:
    """(frames - 1, bodies) how far joints move to the next frame, in the median of those that are seen."""
    moves = norms(np.diff(points, axis=0))
    if np.isfinite(moves).all():
        return median_of(moves, axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        out: Floats = np.nanmedian(moves, axis=2)
        return out


def _repeats(positions: NDArray[np.float32]) -> list[str]:
    """A note if many frames of a body that moves are those before: it was frozen, or polled faster than it was seen."""
    pairs, moved = _pairs(positions)
    repeated = int((pairs & ~moved).sum())
    if repeated >= MIN_REPEATS and repeated == pairs.sum():
        return [f"all {repeated + 1} frames are exactly the same: nothing moves"]
    if repeated < MIN_REPEATS or repeated < REPEATED * pairs.sum() or (pairs & moved).sum() < MIN_REPEATS:
        return []
    return [f"each of {repeated} frames is exactly the one before: frozen, or polled faster than recorded"]


def _pairs(positions: NDArray[np.float32]) -> tuple[Booleans, Booleans]:
    """(frames - 1,) whether a number is known in both of two frames, and whether one has changed."""
    with np.errstate(invalid="ignore"):
        both = np.isfinite(positions[1:] + positions[:-1])
        differs = np.asarray(positions[1:] != positions[:-1]) & both
    return both.any(axis=(1, 2, 3)), differs.any(axis=(1, 2, 3))


def _steps_around(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest of the two steps before and the two after each; NaN where one of the next two is not known.

    Args:
        steps: (frames - 1, bodies), NaN where a body is absent.
    """
    count = len(steps)
    padded = np.zeros((count + 4, steps.shape[1]))
    padded[2:-2] = steps
    around = [padded[first : first + count] for first in (0, 1, 3, 4)]
    return np.maximum(np.maximum(around[0], around[1]), np.maximum(around[2], around[3]))


def _height(bodies: NDArray[np.float64], layout: Layout, joint: str) -> NDArray[np.float64]:
    sides = [bodies[:, layout.index(f"{joint}_{side}"), 1] for side in ("left", "right")]
    out: NDArray[np.float64] = (sides[0] + sides[1]) / 2
    return out
