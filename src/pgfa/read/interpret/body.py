"""How much points look like a human body in a layout: lengths, ratios, symmetry, constancy; and which way it faces.

Everything here is the same for a body that is turned, moved or scaled; a mirrored body differs in `chirality` only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
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
_Deviation = tuple[float, str, tuple[str | float, ...]]
"""How far a measure is from the usual one, in units of its spread, and which it is: a form of words, its values."""

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
    flat = bodies.shape[-1] == 2
    joints = layout.joints[: bodies.shape[1]]
    at = {name: bodies[:, index] for index, name in enumerate(joints)}
    trunk = _trunk(at)
    unit = typical(trunk, flat)
    if not unit > 0:
        return Fit(float("inf"), "no trunk is visible")
    distances = _distances(bodies, joints, _SIDED + _WIDE + layout.bones)
    middles = _typical_rows(distances, flat)
    limbs, widths, others = np.split(middles, [len(_SIDED), len(_SIDED + _WIDE)])
    lengths = {
        child: length
        for (child, parent), length in zip(layout.bones, (others / unit).tolist(), strict=True)
        if child in at and parent in at
    }
    deviations = _proportions(at, limbs.tolist(), widths.tolist(), unit, flat) + _bones(lengths, flat)
    if not flat:
        over_time = np.concatenate([trunk[None], distances[: len(_SIDED)]])
        deviations += _steadiness(over_time, np.append(unit, limbs))
    if not deviations:
        return Fit(float("inf"), "no limb is visible")
    costs = [min(deviation[0] ** 2, _CAP) for deviation in deviations]
    cost = float(np.mean(costs))
    if not flat and (impossible := _impossible(bodies, joints, lengths)):
        return Fit(cost + _CAP, impossible, len(deviations), is_possible=False)
    _, form, values = deviations[int(np.argmax(costs))]
    return Fit(cost, form.format(*values), len(deviations))


def _proportions(
    at: dict[str, Floats], limbs: Sequence[float], widths: Sequence[float], unit: float, flat: bool
) -> list[_Deviation]:
    """Limbs, widths and the head are as long as usual in trunks, and limbs as long on the left as on the right.

    Args:
        at: of joints with a name.
        limbs, widths: typical lengths of `_SIDED` and `_WIDE`.
        unit: length of the trunk.
        flat: in a picture.
    """
    deviations: list[_Deviation] = []

    def compare(value: float, usual: float, spread: float, form: str, *values: str | float) -> None:
        if math.isfinite(value) and value > 0:
            deviations.append((np.log(value / usual) / (spread * (1.6 if flat else 1)), form, values))
        elif value == 0:
            deviations.append((_CAP, form, values))

    for ((top, end), share), left, right in zip(_LIMBS.items(), limbs[::2], limbs[1::2], strict=True):
        for length, side in ((left, "left"), (right, "right")):
            compare(
                length / unit, share, 0.22, "{} {} to {} is {:.2f} trunks long", side, top, end, length / unit
            )
        compare(left / right if right else np.nan, 1, 0.15, "{} to {} differs left and right", top, end)
    for (joint, share), width in zip(_WIDTHS.items(), widths, strict=True):
        compare(width / unit, share, 0.5, "{}s are {:.2f} trunks apart", joint, width / unit)
    for head in [name for name in _HEADS if name in at][:1]:
        distance = typical(norms(at[head] - _middle(at, "shoulder")), flat) / unit
        compare(distance, 0.45, 0.4, "{} is {:.2f} trunks above the shoulders", head, distance)
    return deviations


def _impossible(bodies: Floats, joints: Sequence[str], lengths: dict[str, float]) -> str:
    """What no human body has, in plain words: a joint of the trunk, or the head, far from its place between hips and
    shoulders, or a bone that is far too long; "" for none.
    """
    at = {name: bodies[:, index] for index, name in enumerate(joints)}
    hips, trunk = _middle(at, "hip"), _middle(at, "shoulder") - _middle(at, "hip")
    with np.errstate(invalid="ignore", divide="ignore"):
        along = trunk / dots(trunk, trunk)[:, None]
    places = {joint: heights for joint, heights in _PLACES.items() if joint in at}
    for head in [name for name in _HEADS if name in at][:1]:
        places[head] = (_LEAST_HEAD, np.inf)
    if places:
        shown = np.stack([at[joint] for joint in places])
        heights = _typical_rows(dots(shown - hips, along[None]), False).tolist()
        for (joint, (low, high)), height in zip(places.items(), heights, strict=True):
            if height < low or height > high:
                return f"{joint} is at {height:.2f} of the way from the hips to the shoulders"
    for joint, length in lengths.items():
        if length > _OVERLONG * _limit(joint):
            return f"{joint} is {length:.2f} trunks from its neighbour"
    return ""


def _limit(joint: str) -> float:
    """Trunks that a joint is from its neighbour, at most, in most bodies."""
    return 1.6 if joint.split("_")[0] in ("hip", "shoulder", "knee", "ankle") else 0.95


def _bones(lengths: dict[str, float], flat: bool) -> list[_Deviation]:
    """Bones other than the limbs are short, and as long on the left as on the right."""
    deviations: list[_Deviation] = []
    for joint, length in lengths.items():
        if not math.isfinite(length):
            continue
        size = max(0.0, length - _limit(joint)) / 0.15
        deviations.append((size, "{} is {:.2f} trunks from its neighbour", (joint, length)))
        if not joint.endswith("_left"):
            continue
        twin = lengths.get(joint.removesuffix("_left") + "_right", math.nan)
        if math.isfinite(twin) and max(length, twin) > 0.1:
            ratio = np.log((length + 0.05) / (twin + 0.05)) / (0.4 if flat else 0.25)
            deviations.append((float(ratio), "{} differs left and right", (joint,)))
    return deviations


def _steadiness(lengths: Floats, middles: Floats) -> list[_Deviation]:
    """Trunk and limbs keep their length over time.

    Args:
        lengths: (1 + sides of limbs, bodies).
        middles: (1 + sides of limbs,) what is typical of them.
    """
    changes = _typical_rows(np.abs(lengths - middles[:, None]), False)
    names = ["the trunk", *(f"{side} {top} to {end}" for top, end in _LIMBS for side in ("left", "right"))]
    counts = np.isfinite(lengths).sum(axis=1)
    return [
        (float(change / middle) / 0.12, "{} changes its length", (words,))
        for words, count, middle, change in zip(names, counts, middles, changes, strict=True)
        if count > 1 and middle > 0
    ]


_NEXT, _AFTER_NEXT = [1, 2, 0], [2, 0, 1]


def chirality(bodies: Floats, layout: Layout, fronts: Floats | None = None) -> tuple[float, float]:
    """Which way the body bends and points, compared with forward as left and right and the trunk give it.

    Forward is (right to left) x (hips to shoulders), in right-handed axes. Feet point forward from the ankles, knees
    bend forward, elbows backward, the nose is in front of the ears. Per frame each of these is 1 if it is so by
    more than its noise, -1 if it is the other way round.

    Args:
        bodies: (bodies, joints, 3), NaN where absent.
        layout: of the joints.
        fronts: (bodies, 3) vectors to the front, of whatever else shows it (markers on chest and back), NaN if absent.

    Returns:
        the mean sign weighted by how telling each is, from -1 (mirrored) to 1 (right-handed), 0 if nothing tells;
        and the weight of the evidence: about the number of telling parts of the body, over all frames.
    """
    if not len(bodies):
        return 0.0, 0.0
    sense, weight = chirality_of_each(bodies, np.zeros(1, np.int64), layout, fronts)
    return float(sense[0]), float(weight[0])


def chirality_of_each(
    bodies: Floats, starts: NDArray[np.int64], layout: Layout, fronts: Floats | None = None
) -> tuple[Floats, Floats]:
    """As `chirality`, of several recordings whose bodies follow one another: (recordings,) senses and weights.

    Args:
        bodies, layout, fronts: as for `chirality`.
        starts: (recordings,) the first body of each, rising from 0.
    """
    none = np.zeros(len(starts))
    at = {name: bodies[:, index] for index, name in enumerate(layout.joints[: bodies.shape[1]])}
    if not {"shoulder_left", "shoulder_right", "hip_left", "hip_right"} <= at.keys():
        return none, none
    trunk = _middle(at, "shoulder") - _middle(at, "hip")
    sizes = np.array([typical(lengths) for lengths in np.split(norms(trunk), starts[1:])])
    forward = {
        joint: _unit(_cross(at[f"{joint}_left"] - at[f"{joint}_right"], trunk))
        for joint in ("hip", "shoulder")
    }
    forward["trunk"] = _unit(forward["hip"] + forward["shoulder"])
    others = [] if fronts is None else [(fronts, forward["trunk"], 2.0, 0.05)]
    pointers = [*_pointers(at, forward), *others]
    if not pointers:
        return none, none
    vectors, directions = (np.stack([pointer[part] for pointer in pointers]) for part in (0, 1))
    values = dots(vectors, directions) / np.repeat(sizes, np.diff(np.append(starts, len(bodies))))
    known = np.isfinite(values)
    telling = known & (np.abs(values) > np.array([[least] for *_, least in pointers]))
    known, shown, total = (
        np.add.reduceat(marks, starts, axis=1, dtype=np.float64)
        for marks in (known, telling, np.where(telling, np.sign(values), 0.0))
    )
    # Of the pointers that tell something, one after the other.
    weights = np.array([[weight] for _, _, weight, _ in pointers]) * (shown / np.maximum(known, 1))
    senses = total / np.maximum(shown, 1) * weights
    weight, sense = none, none
    for one, other in zip(weights, senses, strict=True):
        weight, sense = weight + one, sense + other
    return sense / np.where(weight > 0, weight, 1), weight


def _pointers(
    at: dict[str, Floats], forward: dict[str, Floats]
) -> Iterator[tuple[Floats, Floats, float, float]]:
    """What points forward in a body: (vectors, forward, weight, noise in trunks)."""
    for side in ("left", "right"):
        if f"knee_{side}" in at and f"ankle_{side}" in at:
            hip, knee, ankle = (at[f"{joint}_{side}"] for joint in ("hip", "knee", "ankle"))
            yield knee - (hip + ankle) / 2, forward["hip"], 1.0, 0.05
            shin = _unit(ankle - knee)
            for toe in [name for name in ("toe", "foot", "small_toe") if f"{name}_{side}" in at][:1]:
                yield _across(at[f"{toe}_{side}"] - ankle, shin), _across(forward["hip"], shin), 2.0, 0.05
        if f"elbow_{side}" in at and f"wrist_{side}" in at:
            shoulder, elbow, wrist = (at[f"{joint}_{side}"] for joint in ("shoulder", "elbow", "wrist"))
            yield (wrist + shoulder) / 2 - elbow, forward["trunk"], 0.7, 0.05
    if {"nose", "ear_left", "ear_right"} <= at.keys():
        yield at["nose"] - _middle(at, "ear"), forward["trunk"], 2.0, 0.05
    elif {"chin", "chest", "crown"} <= at.keys():
        yield at["chin"] - (at["chest"] + at["crown"]) / 2, forward["trunk"], 1.0, 0.02


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


def _typical_rows(values: Floats, flat: bool) -> Floats:
    """`typical` of each row. As np.nanpercentile, which takes far longer for the few numbers of a short clip."""
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=1)  # NaN comes last
    counts = np.isfinite(ordered).sum(axis=1)
    position = np.maximum(counts - 1, 0) * _SHARE[flat]
    below = position.astype(np.int64)
    rows = np.arange(len(ordered))
    low, high = ordered[rows, below], ordered[rows, np.minimum(below + 1, np.maximum(counts - 1, 0))]
    out: Floats = low + (position - below) * (high - low)
    return out


@cache
def _indices(joints: tuple[str, ...], pairs: tuple[tuple[str, str], ...]) -> NDArray[np.int64]:
    """(2, pairs) indices of joints; -1 for those that there are not."""
    at = {name: index for index, name in enumerate(joints)}
    return np.array([[at.get(name, -1) for name in pair] for pair in pairs], dtype=np.int64).reshape(-1, 2).T


def _distances(bodies: Floats, joints: tuple[str, ...], pairs: tuple[tuple[str, str], ...]) -> Floats:
    """(pairs, bodies) distances of pairs of joints; NaN for joints that there are not."""
    ones, others = _indices(joints, pairs)
    out = np.ascontiguousarray(norms(bodies[:, ones] - bodies[:, others]).T)
    out[np.minimum(ones, others) < 0] = np.nan
    return out


def _middle(at: dict[str, Floats], joint: str) -> Floats:
    missing = np.full_like(next(iter(at.values())), np.nan)
    return (at.get(f"{joint}_left", missing) + at.get(f"{joint}_right", missing)) / 2


def _trunk(at: dict[str, Floats]) -> Floats:
    out: Floats = norms(_middle(at, "shoulder") - _middle(at, "hip"))
    return out


def _cross(a: Floats, b: Floats) -> Floats:
    """(..., 3) cross products; np.cross takes three times as long for few vectors."""
    product: Floats = a[..., _NEXT] * b[..., _AFTER_NEXT] - a[..., _AFTER_NEXT] * b[..., _NEXT]
    return product


def _unit(vectors: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        out: Floats = vectors / norms(vectors)[..., None]
    return out


def _across(vectors: Floats, direction: Floats) -> Floats:
    """The part of vectors that is perpendicular to unit vectors."""
    out: Floats = vectors - dots(vectors, direction)[..., None] * direction
    return out
