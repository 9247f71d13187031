"""How much points look like a human body in a layout: lengths, ratios, symmetry, constancy.

Everything here is the same for a body that is turned, moved, scaled or mirrored; which way it faces is in `facing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.vectors import are_finite, dots, norms
from pgfa.skeleton import Layout

MAX_FRAMES = 240
"""Frames looked at, evenly spaced."""

Floats = NDArray[np.float64]
_LIMBS = {
    ("hip", "knee"): 0.95,
    ("knee", "ankle"): 0.86,
    ("shoulder", "elbow"): 0.60,
    ("elbow", "wrist"): 0.53,
}
"""Limb -> usual length, as a share of the trunk from between the hips to between the shoulders."""
_WIDTHS = {"shoulder": 0.74, "hip": 0.42}
_SIDED = tuple((f"{top}_{side}", f"{end}_{side}") for top, end in _LIMBS for side in ("left", "right"))
_WIDE = tuple((f"{joint}_left", f"{joint}_right") for joint in _WIDTHS)
"""Pairs of joints: the limbs of both sides, and both sides of what is wide."""
_TRUNK = "the trunk"
_LIMB_NAMES = tuple(f"{side} {top} to {end}" for top, end in _LIMBS for side in ("left", "right"))
_USUAL, _SPREAD = np.array(
    [
        *((share, 0.22) for share in _LIMBS.values() for _ in range(2)),
        *((share, 0.5) for share in _WIDTHS.values()),
        (0.45, 0.4),
        *((1.0, 0.15) for _ in _LIMBS),
    ]
).T[..., None]
"""Usual values, and their spread, of limbs, widths and the head, in trunks, and of limbs left and right."""
_FAR = ("hip", "shoulder", "knee", "ankle")
"""Joints that are farther from their neighbours than others."""
_PLACES = {
    "pelvis": (-0.6, 0.65),
    "spine": (-0.2, 1.0),
    "chest": (0.1, 1.8),
    "neck": (0.4, 2.0),
}
"""Joint -> median place along the line from between the hips (0) to between the shoulders (1) of a possible body. Of
840 real recordings: -0.22 to 0.46, 0.10 to 0.70, 0.29 to 1.47, and 1.15 to 1.25."""
_LEAST_HEAD = 0.4
"""The same of a head, at least; 0.66 in real recordings."""
_OVERLONG = 1.6
"""A bone that is longer by this factor than the limit of short bones is impossible."""
_HEADS = ("head", "crown", "nose", "ear_left", "eye_left")
_SHARE = {False: 0.5, True: 0.85}
"""What is typical of lengths: the median; of those in a picture (True) one of the longest."""
_CAP = 16.0
"""Most that one measure counts: several joints may be bad in a good recording."""


@dataclass(frozen=True)
class Fit:
    """How far a body is from a human one.

    Attributes:
        cost: mean of the squared deviations of all measures, in units of their spread, each at most `_CAP`; `_CAP`
            more if one of them is impossible, which no mean dilutes; infinite if no frame has a trunk.
        worst: the measure that deviates most, in plain words.
        measures: how many could be taken.
        is_possible: whether no measure is impossible.
    """

    cost: float
    worst: str = ""
    measures: int = 0
    is_possible: bool = True


def thinned(points: NDArray[Any]) -> NDArray[Any]:
    """(at most MAX_FRAMES bodies, joints, columns) of (frames, bodies, joints, columns), those with a joint."""
    bodies: NDArray[Any] = points.reshape(-1, *points.shape[2:])
    bodies = bodies[are_finite(bodies).any(axis=-1)]
    if len(bodies) > MAX_FRAMES:
        bodies = bodies[np.linspace(0, len(bodies) - 1, MAX_FRAMES).astype(int)]
    return bodies


def fit_of(bodies: Floats, layout: Layout) -> Fit:
    """How well bodies (bodies, joints, 2 or 3), NaN where absent, fit a human in that layout.

    In a picture lengths are foreshortened: the longest are compared, with more tolerance, and constancy is not.
    """
    return fits_of(bodies[None], layout)[0]


def fits_of(bodies: Floats, layout: Layout) -> list[Fit]:
    """As `fit_of`, of many clips of as many bodies: (clips, bodies, joints, 2 or 3)."""
    flat = bodies.shape[-1] == 2
    joints = layout.joints[: bodies.shape[2]]
    at = {name: bodies[:, :, index] for index, name in enumerate(joints)}
    hips, shoulders = middle_of(at, "hip"), middle_of(at, "shoulder")
    trunk = norms(shoulders - hips)
    units = typical_of_each(trunk, flat)
    measures = _measures_of(joints, layout.bones)
    heads = np.stack(
        [norms(at[head] - shoulders) for head in measures.heads] or [np.full_like(trunk, np.nan)]
    )
    distances = np.concatenate([_distances(bodies, joints, _SIDED + _WIDE + layout.bones), heads])
    middles = typical_of_each(distances, flat)
    with np.errstate(invalid="ignore", divide="ignore"):
        deviations, shares = _deviations(middles, units, measures, flat)
        if not flat:
            over_time = np.concatenate([trunk[None], distances[: len(_SIDED)]])
            steadiness = _steadiness(over_time, np.concatenate([units[None], middles[: len(_SIDED)]]))
            deviations = np.concatenate([deviations, steadiness])
        places = np.zeros((0, len(bodies)))
        if not flat and measures.places:
            along = (shoulders - hips) / np.square(trunk)[..., None]
            shown = np.stack([at[joint] for joint in measures.places])
            places = typical_of_each(dots(shown - hips, along[None]), False)
        impossible = _impossible(places, shares, measures, flat)
        costs = np.ascontiguousarray(np.minimum(np.square(deviations), _CAP).T)
    taken = np.isfinite(costs).sum(axis=1)
    means = np.nan_to_num(costs).sum(axis=1) / np.maximum(taken, 1)
    worst = np.argmax(np.nan_to_num(costs, nan=-1.0), axis=1)
    return [
        Fit(float("inf"), "no trunk is visible")
        if not units[clip] > 0
        else Fit(float("inf"), "no limb is visible")
        if not taken[clip]
        else Fit(float(means[clip]) + _CAP, impossible[clip], int(taken[clip]), is_possible=False)
        if clip in impossible
        else Fit(float(means[clip]), measures.words(int(worst[clip]), shares[:, clip]), int(taken[clip]))
        for clip in range(len(bodies))
    ]


@dataclass(frozen=True)
class _Measures:
    """What is measured of bodies with certain joints and bones.

    Attributes:
        heads: the joint that is taken for the head, if there is one.
        bones: (bones,) rows of those with both ends, of lengths of `_SIDED`, `_WIDE`, all bones and the head.
        names: of their joints that are farther from the middle.
        limits: (bones, 1) trunks, at most.
        twins: (2, pairs) indices of bones of the left and the right side.
        order: the order in which deviations of two equal measures count.
        places: joint -> the heights between which it is.
    """

    heads: tuple[str, ...]
    bones: NDArray[np.int64]
    names: tuple[str, ...]
    limits: Floats
    twins: NDArray[np.int64]
    order: NDArray[np.int64]
    places: dict[str, tuple[float, float]]

    def words(self, number: int, shares: Floats) -> str:
        """A measure by its row among the deviations; `shares`: lengths in trunks."""
        if number >= len(self.order):
            return f"{(_TRUNK, *_LIMB_NAMES)[number - len(self.order)]} changes its length"
        number, limbs, widths = int(self.order[number]), len(_SIDED), len(_WIDE)
        if number < limbs:
            return f"{_LIMB_NAMES[number]} is {shares[number]:.2f} trunks long"
        if number < limbs + widths:
            return f"{tuple(_WIDTHS)[number - limbs]}s are {shares[number]:.2f} trunks apart"
        number -= limbs + widths
        if number == 0:
            return f"{self.heads[0]} is {shares[-1]:.2f} trunks above the shoulders"
        if number <= len(_LIMBS):
            return "{} to {} differs left and right".format(*tuple(_LIMBS)[number - 1])
        number -= 1 + len(_LIMBS)
        if number < len(self.names):
            return f"{self.names[number]} is {shares[self.bones[number]]:.2f} trunks from its neighbour"
        return f"{self.names[self.twins[0, number - len(self.names)]]} differs left and right"


@cache
def _measures_of(joints: tuple[str, ...], bones: tuple[tuple[str, str], ...]) -> _Measures:
    heads = tuple(name for name in _HEADS if name in joints)[:1]
    rows = [row for row, bone in enumerate(bones) if set(bone) <= set(joints)]
    names = [bones[row][0] for row in rows]
    limits = np.array([1.6 if name.split("_")[0] in _FAR else 0.95 for name in names])[:, None]
    twin_of = {name: names.index(twin) for name in names if (twin := _other_side(name)) in names}
    limbs, widths = len(_SIDED), len(_WIDE)
    first = limbs + widths + 1
    order = [at for limb in range(limbs // 2) for at in (2 * limb, 2 * limb + 1, first + limb)]
    order += range(limbs, first)
    first += limbs // 2
    for row, name in enumerate(names):
        order += [first + row, *([first + len(names) + list(twin_of).index(name)] if name in twin_of else [])]
    places = {joint: heights for joint, heights in _PLACES.items() if joint in joints}
    return _Measures(
        heads,
        np.array(rows, dtype=np.int64) + limbs + widths,
        tuple(names),
        limits,
        np.array([[names.index(name) for name in twin_of], list(twin_of.values())], dtype=np.int64),
        np.array(order, dtype=np.int64),
        places | dict.fromkeys(heads, (_LEAST_HEAD, float("inf"))),
    )


def _other_side(joint: str) -> str:
    """The right joint of a left one; "" of any other."""
    return joint.removesuffix("_left") + "_right" if joint.endswith("_left") else ""


def _deviations(middles: Floats, units: Floats, measures: _Measures, flat: bool) -> tuple[Floats, Floats]:
    """How far measures are from the usual ones, in units of their spread: limbs, widths and the head are as long as
    usual in trunks, limbs as long on the left as on the right, other bones short, and as long on both sides.

    Args:
        middles: (`_SIDED`, `_WIDE`, all bones, head; clips) typical lengths.
        units: (clips,) lengths of the trunk.
        measures: what is measured.
        flat: in a picture.

    Returns:
        (measures, clips), NaN of those that could not be taken; and (lengths, clips) lengths in trunks.
    """
    shares = middles / units
    limbs, usual = len(_SIDED), len(_SIDED + _WIDE)
    values = np.concatenate([shares[:usual], shares[-1:], middles[0:limbs:2] / middles[1:limbs:2]])
    ratios = np.log(values / _USUAL) / (_SPREAD * (1.6 if flat else 1))
    ratios[values == 0] = _CAP
    bones = shares[measures.bones]
    left, right = bones[measures.twins]
    sides = np.log((left + 0.05) / (right + 0.05)) / (0.4 if flat else 0.25)
    sides[~(np.maximum(left, right) > 0.1)] = np.nan
    every = np.concatenate([ratios, np.maximum(0.0, bones - measures.limits) / 0.15, sides])[measures.order]
    return np.where(np.isfinite(every), every, np.nan), shares


def _impossible(places: Floats, shares: Floats, measures: _Measures, flat: bool) -> dict[int, str]:
    """Clip -> what no human body has, in plain words: a joint of the trunk, or the head, far from its place between
    hips and shoulders, or a bone that is far too long.

    Args:
        places: (joints, clips) heights of the joints of `_Measures.places`.
        shares: (lengths, clips) in trunks.
        measures: what is measured.
        flat: in a picture, where nothing is impossible.
    """
    out: dict[int, str] = {}
    if flat:
        return out
    ends = np.array(list(measures.places.values())).reshape(-1, 2)
    odd = (places < ends[:, :1]) | (places > ends[:, 1:])
    for row, clip in np.argwhere(odd).tolist():
        height = f"{places[row, clip]:.2f} of the way from the hips to the shoulders"
        out.setdefault(clip, f"{tuple(measures.places)[row]} is at {height}")
    bones = shares[measures.bones]
    for row, clip in np.argwhere(bones > _OVERLONG * measures.limits).tolist():
        out.setdefault(clip, f"{measures.names[row]} is {bones[row, clip]:.2f} trunks from its neighbour")
    return out


def _steadiness(lengths: Floats, middles: Floats) -> Floats:
    """(1 + sides of limbs, clips) how much trunk and limbs change their length over time, in units of its spread.

    Args:
        lengths: (1 + sides of limbs, clips, bodies).
        middles: (1 + sides of limbs, clips) what is typical of them.
    """
    changes = typical_of_each(np.abs(lengths - middles[..., None]), False)
    known = (np.isfinite(lengths).sum(axis=-1) > 1) & (middles > 0)
    return np.where(known, changes / middles / 0.12, np.nan)


def typical(values: Floats, flat: bool = False) -> float:
    """The median of those that are finite; in a picture, where lengths are foreshortened, one of the longest."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return float("nan")
    position = (len(finite) - 1) * _SHARE[flat]
    below = int(position)
    above = min(below + 1, len(finite) - 1)
    ranked = np.partition(finite, (below, above))
    low, high = float(ranked[below]), float(ranked[above])
    return low + (position - below) * (high - low)


def typical_of_each(values: Floats, flat: bool = False) -> Floats:
    """(...) `typical` of (..., values). As np.nanpercentile, which takes far longer for the few numbers of a clip."""
    if not values.shape[-1]:
        return np.full(values.shape[:-1], np.nan)
    ranked = values.reshape(-1, values.shape[-1])
    finite = np.isfinite(ranked)
    ranked = np.sort(ranked if finite.all() else np.where(finite, ranked, np.nan), axis=1)  # NaN comes last
    last = np.maximum(finite.sum(axis=1) - 1, 0)
    position = last * _SHARE[flat]
    below = position.astype(np.int64)
    rows = np.arange(len(ranked))
    low, high = ranked[rows, below], ranked[rows, np.minimum(below + 1, last)]
    out: Floats = (low + (position - below) * (high - low)).reshape(values.shape[:-1])
    return out


@cache
def _indices(joints: tuple[str, ...], pairs: tuple[tuple[str, str], ...]) -> NDArray[np.int64]:
    """(2, pairs) indices of joints; -1 for those that there are not."""
    at = {name: index for index, name in enumerate(joints)}
    return np.array([[at.get(name, -1) for name in pair] for pair in pairs], dtype=np.int64).reshape(-1, 2).T


def _distances(bodies: Floats, joints: tuple[str, ...], pairs: tuple[tuple[str, str], ...]) -> Floats:
    """(pairs, clips, bodies) distances of pairs of joints; NaN for joints that there are not."""
    ones, others = _indices(joints, pairs)
    out = np.ascontiguousarray(np.moveaxis(norms(bodies[:, :, ones] - bodies[:, :, others]), -1, 0))
    out[np.minimum(ones, others) < 0] = np.nan
    return out


def middle_of(at: dict[str, Floats], joint: str) -> Floats:
    """Half-way between the left and the right joint, of joints with a name; NaN if there is none."""
    missing = np.full_like(next(iter(at.values())), np.nan)
    return (at.get(f"{joint}_left", missing) + at.get(f"{joint}_right", missing)) / 2
