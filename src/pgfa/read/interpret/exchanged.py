"""Joints whose names were exchanged: elbow and wrist, knee and ankle, or those of the left and the right side.

The bones of a limb keep their lengths, and its span, from shoulder to wrist or from hip to ankle, does not: it is
mostly the longest of the three distances, and varies most. Where two joints of the limb have changed places, the span
is one of the distances that are called bones; where left and right have, a bone goes to the other side. So a distance
that should be a bone is compared with one that should be none: which is longer, and which varies more. And a limb whose
middle joint is at its end is folded flat all the time, which no knee and no elbow is. Left and right limbs are of one
length: where two joints of one limb have changed places, they are only once these are put back. And a hand or a foot is
nearer to the end of its limb than to the middle. Limbs that hardly move, and are bent, show less. How many are found,
and how many real recordings are taken for ones of exchanged joints: scripts/faults_caught.py counts it
(docs/formats.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.body import typical
from pgfa.read.interpret.other_orders import is_crossed
from pgfa.read.interpret.vectors import dots, median_of, norms
from pgfa.skeleton import Layout

LIMBS = (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
SIDES = ("left", "right")
ANCHORS = {"shoulder": "hip", "hip": "shoulder"}
STEADIER = 0.7
"""The joint of the trunk to which the top of a limb keeps its distance, and its middle does not; and how much less that
of the top varies then, at least."""
BEYOND = {"wrist": ("hand", "handtip", "index"), "ankle": ("foot", "toe", "toe_big", "heel")}
"""What hangs on the end of a limb, in the names of layouts."""
NEARER, IN_PLACE = 0.1, 0.3
"""Logarithms of the ratio of its distances to the end and to the middle of a limb: above the one these have changed
places, below minus the other they have not. Of 1,120 real recordings the highest is -0.06, of a cartoon's leg."""
MIN_FRAMES = 5
"""Frames in which a limb has to be seen."""
STEADY = 0.005
"""Variation of a length, as a share of it, below which differences tell nothing."""
ALONE = (0.15, 0.4)
"""Logarithms of the ratio of two lengths, and of their variations, from which one limb alone shows an exchange."""
CLEARLY = ((0.1, 0.2), (0.3, -0.2))
"""Means of the logarithms of the ratios of two lengths, and of their variations, of both sides: either pair suffices.
The longer the false bone is, the less the limbs have to move."""
ACROSS = (0.03, -0.4)
"""The same where left and right are compared, if the limbs are straighter with the other side's joints, as legs are
whose shanks cross: crossed legs are not. Of 1,120 real recordings none reaches both."""
STRAIGHTER = 0.03
"""By how much the cosine of the angle between the two bones of a limb is then nearer to -1."""
UNLIKE = {"shoulder": 0.55, "hip": 0.3}
SYMMETRIC = 0.25
"""How much less the bones of one side differ from those of the other once two joints of a limb are put back, at least,
and how much they then differ at most: sums of logarithms of ratios. Of 1,120 real recordings none reaches both."""
FOLDED = 0.97
"""Cosine of the angle between the two bones of a limb from which it is folded flat (14 degrees): an elbow or a knee
that is bent as far as it goes leaves more."""

Floats = NDArray[np.float64]
Limb = tuple[str, str, str]


class _Doubt(NamedTuple):
    """How much a bone looks as if it were none: logarithms of its length and of its variation, each as a share of those
    of the distance that would be the bone.
    """

    longer: float
    varies: float


def exchanged_joints(bodies: Floats, layout: Layout) -> str:
    """Which joints have changed places, in plain words: ``"elbow and wrist exchanged"``; "" if nothing shows it.

    Args:
        bodies: (bodies, joints, 2 or 3), NaN where absent.
        layout: of the joints; with shoulders and hips.
    """
    if is_crossed(bodies, layout):
        return (
            "left and right of the arms or of the legs exchanged: the left hip is beside the right shoulder"
        )
    at = _Joints(bodies, layout.joints[: bodies.shape[1]])
    return next(filter(None, (_exchanged_in(at, limb) for limb in LIMBS)), "")


def _exchanged_in(at: _Joints, limb: Limb) -> str:
    """As `exchanged_joints`, of arms or legs."""
    for upper, lower in (limb[:2], limb[1:]):
        doubts = list(_across(at, upper, lower))
        if _are_exchanged(doubts) or (
            _are_exchanged(doubts, (ACROSS,)) and at.depth and _is_straighter_across(at, limb, lower)
        ):
            return f"left and right {lower} exchanged"
    top, middle, end = limb
    beyond = [_beyond(at, middle, end, side) for side in SIDES]
    for other, third in ((end, top), (top, end)):
        if other == end and max(beyond) < -IN_PLACE:
            continue
        doubts = list(_within(at, middle, other, third))
        nearer = [other == end and ratio > NEARER for ratio in beyond]
        folded = all(doubt.longer > ALONE[0] for doubt in doubts) and _is_folded(at, limb)
        both = all(nearer) or _are_exchanged(doubts) or folded
        alone = [doubt.longer > ALONE[0] and doubt.varies > ALONE[1] for doubt in doubts]
        if other == top and (both or any(alone)) and _keeps_its_place(at, top, middle):
            both, alone = False, [False, False]
        if both:
            return f"{middle} and {other} exchanged"
        for side, is_alone, is_nearer in zip(SIDES, alone, nearer, strict=True):
            if is_alone or is_nearer or _is_like_the_other(at, limb, other, side):
                return f"{middle} and {other} exchanged on the {side}"
    return ""


def _beyond(at: _Joints, middle: str, end: str, side: str) -> float:
    """The logarithm of how far the hand or foot is from the end of the limb, as a share of how far it is from its
    middle: negative unless these have changed places. NaN in pictures, and where no hand or foot is known.
    """
    for joint in BEYOND[end] if at.depth else ():
        lengths = (at.length(f"{one}_{side}", f"{joint}_{side}") for one in (end, middle))
        to_end, to_middle = lengths
        if to_end > 0 and to_middle > 0:
            return math.log(to_end / to_middle)
    return math.nan


class _Joints(dict[str, Floats]):
    """(bodies, 2 or 3) of each joint; and the distances of two, each measured once."""

    def __init__(self, bodies: Floats, names: Sequence[str]) -> None:
        super().__init__((name, bodies[:, index]) for index, name in enumerate(names))
        self.depth = bodies.shape[-1] > 2
        self._distances: dict[frozenset[str], tuple[Floats, float]] = {}

    def distance(self, one: str, other: str) -> tuple[Floats, float]:
        """(bodies,) distances, and their median, NaN if one is not known."""
        pair = frozenset((one, other))
        if pair not in self._distances:
            values = norms(self[one] - self[other])
            known = len(values) and np.isfinite(values).all()
            self._distances[pair] = values, float(median_of(values)) if known else math.nan
        return self._distances[pair]

    def length(self, one: str, other: str) -> float:
        """Their median distance in the bodies that have both; NaN if a joint is unknown, or seldom seen."""
        if one not in self or other not in self:
            return math.nan
        values, middle = self.distance(one, other)
        if math.isfinite(middle):
            return middle if len(values) >= MIN_FRAMES else math.nan
        return typical(values) if np.isfinite(values).sum() >= MIN_FRAMES else math.nan


def _are_exchanged(doubts: Sequence[_Doubt], limits: Iterable[tuple[float, float]] = CLEARLY) -> bool:
    """Whether the doubts of both sides show an exchange: their means exceed one of the limits."""
    if any(doubt.longer <= 0 for doubt in doubts):
        return False
    longer, varies = (float(np.mean(values)) for values in zip(*doubts, strict=True))
    return any(longer > least and varies > moving for least, moving in limits)


def _is_folded(at: _Joints, limb: Limb) -> bool:
    """Whether the limb is folded flat on both sides in most bodies: its middle joint is one of its ends."""
    return all(_bend(at, *(f"{joint}_{side}" for joint in limb)) > FOLDED for side in SIDES)


def _is_straighter_across(at: _Joints, limb: Limb, lower: str) -> bool:
    """Whether the limb of either side is straighter with the other side's joint in place of its own."""
    for side, other in (SIDES, SIDES[::-1]):
        own = _bend(at, *(f"{joint}_{side}" for joint in limb))
        across = _bend(at, *(f"{joint}_{other if joint == lower else side}" for joint in limb))
        if not own - across > STRAIGHTER:
            return False
    return True


def _bend(at: _Joints, top: str, middle: str, end: str) -> float:
    """The typical cosine of the angle between the two bones of a limb: -1 if it is straight, 1 if it is folded flat;
    NaN if a joint is unknown.
    """
    if not {top, middle, end} <= at.keys():
        return math.nan
    upper, lower = at[top] - at[middle], at[end] - at[middle]
    with np.errstate(invalid="ignore", divide="ignore"):
        return typical(dots(upper, lower) / (norms(upper) * norms(lower)))


def _keeps_its_place(at: _Joints, top: str, middle: str) -> bool:
    """Whether the top joints of a limb keep their distance to the trunk far better than the middle ones on both sides:
    they are what they are called, however bent the limb is.
    """
    spreads = []
    for side in SIDES:
        anchor = f"{ANCHORS[top]}_{side}"
        for joint in (f"{top}_{side}", f"{middle}_{side}"):
            values = at.distance(joint, anchor)[0]
            known = values[np.isfinite(values)]
            spreads.append(_spread(known) if len(known) >= MIN_FRAMES else math.nan)
    return spreads[0] < STEADIER * spreads[1] and spreads[2] < STEADIER * spreads[3]


def _is_like_the_other(at: _Joints, limb: Limb, other: str, side: str) -> bool:
    """Whether the bones of one side are longer than those of the other side, and alike once two joints are put back."""
    if not at.depth:
        return False
    top, middle, _ = limb
    put_back = (other if joint == middle else middle if joint == other else joint for joint in limb)
    lengths = [
        np.array([at.length(f"{one}_{at_side}", f"{two}_{at_side}") for one, two in pairwise(joints)])
        for joints, at_side in ((limb, side), (tuple(put_back), side), (limb, SIDES[side == "left"]))
    ]
    if not all((values > 0).all() for values in lengths) or lengths[0].sum() < lengths[2].sum():
        return False
    named, changed, opposite = (np.log(values) for values in lengths)
    unlike, then = (float(np.abs(values - opposite).sum()) for values in (named, changed))
    return unlike - then > UNLIKE[top] and then < SYMMETRIC


def _across(at: _Joints, upper: str, lower: str) -> Iterator[_Doubt]:
    """The doubt whether a bone of each side goes to its own side, and not to the other."""
    for side, other in (SIDES, SIDES[::-1]):
        yield _doubt(at, f"{upper}_{side}", f"{lower}_{side}", f"{upper}_{side}", f"{lower}_{other}")


def _within(at: _Joints, one: str, other: str, third: str) -> Iterator[_Doubt]:
    """The doubt of each side whether the bone is from the first to the third joint, and not from the second to it."""
    for side in SIDES:
        yield _doubt(at, f"{one}_{side}", f"{third}_{side}", f"{other}_{side}", f"{third}_{side}")


def _doubt(at: _Joints, start: str, end: str, other_start: str, other_end: str) -> _Doubt:
    """The doubt whether a bone is from start to end, and not from the one other joint to the other."""
    if not {start, end, other_start, other_end} <= at.keys():
        return _Doubt(-np.inf, 0.0)
    (bone, length), (other, other_length) = at.distance(start, end), at.distance(other_start, other_end)
    if not math.isfinite(length + other_length):
        both = np.isfinite(bone + other)
        bone, other = bone[both], other[both]
        length, other_length = typical(bone), typical(other)
    lengths = length, other_length
    if len(bone) < MIN_FRAMES or not min(lengths) > 0:
        return _Doubt(-np.inf, 0.0)
    longer = math.log(lengths[0] / lengths[1])
    if longer <= 0:  # no doubt, however it varies
        return _Doubt(longer, 0.0)
    varies = [
        _spread(values) / length + STEADY for values, length in zip((bone, other), lengths, strict=True)
    ]
    return _Doubt(longer, math.log(varies[0] / varies[1]))


def _spread(values: Floats) -> float:
    """The standard deviation of normally distributed values with the same 5th and 95th percentile."""
    ranked = np.sort(values)  # np.percentile takes far longer for the few numbers of a short clip
    low, high = (
        float(np.interp(share * (len(ranked) - 1), range(len(ranked)), ranked)) for share in (0.05, 0.95)
    )
    return (high - low) / 3.3
