"""Joints whose names were exchanged: elbow and wrist, knee and ankle, or those of the left and the right side.

The bones of a limb keep their lengths, and its span, from shoulder to wrist or from hip to ankle, does not: it is
mostly the longest of the three distances, and varies most. Where two joints of the limb have changed places, the span
is one of the distances that are called bones; where left and right have, a bone goes to the other side. So a distance
that should be a bone is compared with one that should be none: which is longer, and which varies more. And a limb whose
middle joint is at its end is folded flat all the time, which no knee and no elbow is. Limbs that hardly move, and are
bent, show no exchange. How many are found, and how many real recordings are taken for ones of exchanged joints:
scripts/faults_caught.py counts it (docs/formats.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.body import typical
from pgfa.read.interpret.other_orders import is_crossed
from pgfa.read.interpret.vectors import median_of, norms
from pgfa.skeleton import Layout

LIMBS = (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
SIDES = ("left", "right")
MIN_FRAMES = 5
"""Frames in which a limb has to be seen."""
STEADY = 0.005
"""Variation of a length, as a share of it, below which differences tell nothing."""
ALONE = (0.15, 0.4)
"""Logarithms of the ratio of two lengths, and of their variations, from which one limb alone shows an exchange."""
CLEARLY = ((0.1, 0.2), (0.3, -0.2))
"""Means of the logarithms of the ratios of two lengths, and of their variations, of both sides: either pair suffices.
The longer the false bone is, the less the limbs have to move."""
FOLDED = 0.97
"""Cosine of the angle between the two bones of a limb from which it is folded flat (14 degrees): an elbow or a knee
that is bent as far as it goes leaves more."""

Floats = NDArray[np.float64]


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
    for limb in LIMBS:
        for upper, lower in (limb[:2], limb[1:]):
            if _are_exchanged(_across(at, upper, lower)):
                return f"left and right {lower} exchanged"
        top, middle, end = limb
        for other, third in ((end, top), (top, end)):
            doubts = list(_within(at, middle, other, third))
            if _are_exchanged(doubts) or (
                all(doubt.longer > ALONE[0] for doubt in doubts) and _is_folded(at, limb)
            ):
                return f"{middle} and {other} exchanged"
            for side, doubt in zip(SIDES, doubts, strict=True):
                if doubt.longer > ALONE[0] and doubt.varies > ALONE[1]:
                    return f"{middle} and {other} exchanged on the {side}"
    return ""


class _Joints(dict[str, Floats]):
    """(bodies, 2 or 3) of each joint; and the distances of two, each measured once."""

    def __init__(self, bodies: Floats, names: Sequence[str]) -> None:
        super().__init__((name, bodies[:, index]) for index, name in enumerate(names))
        self._distances: dict[frozenset[str], tuple[Floats, float]] = {}

    def distance(self, one: str, other: str) -> tuple[Floats, float]:
        """(bodies,) distances, and their median, NaN if one is not known."""
        pair = frozenset((one, other))
        if pair not in self._distances:
            values = norms(self[one] - self[other])
            known = len(values) and np.isfinite(values).all()
            self._distances[pair] = values, float(median_of(values)) if known else math.nan
        return self._distances[pair]


def _are_exchanged(doubts: Iterable[_Doubt]) -> bool:
    """Whether the doubts of both sides show an exchange; the other side is looked at only if the first is in doubt."""
    both = []
    for doubt in doubts:
        if doubt.longer <= 0:
            return False
        both.append(doubt)
    longer, varies = (float(np.mean(values)) for values in zip(*both, strict=True))
    return any(longer > least and varies > moving for least, moving in CLEARLY)


def _is_folded(at: _Joints, limb: tuple[str, str, str]) -> bool:
    """Whether the limb is folded flat on both sides in most bodies: its middle joint is one of its ends."""
    cosines = []
    for side in SIDES:
        top, middle, end = (at.get(f"{joint}_{side}") for joint in limb)
        if top is None or middle is None or end is None:
            return False
        upper, lower = top - middle, end - middle
        with np.errstate(invalid="ignore", divide="ignore"):
            lengths = np.linalg.norm(upper, axis=-1) * np.linalg.norm(lower, axis=-1)
            cosines.append(typical((upper * lower).sum(axis=-1) / lengths))
    return min(cosines) > FOLDED


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
