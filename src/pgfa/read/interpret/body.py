"""How much points look like a human body in a layout: lengths, ratios, symmetry, constancy; and which way it faces.

Everything here is the same for a body that is turned, moved or scaled; a mirrored body differs in `chirality` only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    bodies = bodies[np.isfinite(bodies).all(axis=-1).any(axis=-1)]
    if len(bodies) > MAX_FRAMES:
        bodies = bodies[np.linspace(0, len(bodies) - 1, MAX_FRAMES).astype(int)]
    return bodies


def fit_of(bodies: Floats, layout: Layout) -> Fit:
    """How well bodies (bodies, joints, 2 or 3), NaN where absent, fit a human in that layout.

    In a picture lengths are foreshortened: the longest are compared, with more tolerance, and constancy is not.
    """
    flat = bodies.shape[-1] == 2
    at = {name: bodies[:, index] for index, name in enumerate(layout.joints[: bodies.shape[1]])}
    trunk = _trunk(at)
    unit = typical(trunk, flat)
    if not unit > 0:
        return Fit(float("inf"), "no trunk is visible")
    lengths = _bone_lengths(at, layout, unit, flat)
    deviations = _proportions(at, unit, flat) + _bones(lengths, flat)
    if not flat:
        deviations += _steadiness(at, trunk)
    if not deviations:
        return Fit(float("inf"), "no limb is visible")
    costs = [min(deviation**2, _CAP) for deviation, _ in deviations]
    worst = int(np.argmax(costs))
    if not flat and (impossible := _impossible(at, lengths)):
        return Fit(float(np.mean(costs)) + _CAP, impossible, len(deviations), is_possible=False)
    return Fit(float(np.mean(costs)), deviations[worst][1], len(deviations))


def _proportions(at: dict[str, Floats], unit: float, flat: bool) -> list[tuple[float, str]]:
    """Limbs, widths and the head are as long as usual in trunks, and limbs as long on the left as on the right."""
    deviations: list[tuple[float, str]] = []

    def compare(value: float, usual: float, spread: float, words: str) -> None:
        if np.isfinite(value) and value > 0:
            deviations.append((np.log(value / usual) / (spread * (1.6 if flat else 1)), words))
        elif value == 0:
            deviations.append((_CAP, words))

    pairs = [(f"{top}_{side}", f"{end}_{side}") for top, end in _LIMBS for side in ("left", "right")]
    pairs += [(f"{joint}_left", f"{joint}_right") for joint in _WIDTHS]
    lengths = iter(_typical_lengths(at, pairs, flat))
    for (top, end), share in _LIMBS.items():
        sides = [next(lengths), next(lengths)]
        for length, side in zip(sides, ("left", "right"), strict=True):
            compare(length / unit, share, 0.22, f"{side} {top} to {end} is {length / unit:.2f} trunks long")
        compare(
            sides[0] / sides[1] if sides[1] else np.nan, 1, 0.15, f"{top} to {end} differs left and right"
        )
    for joint, share in _WIDTHS.items():
        width = next(lengths)
        compare(width / unit, share, 0.5, f"{joint}s are {width / unit:.2f} trunks apart")
    for head in [name for name in _HEADS if name in at][:1]:
        distance = typical(np.linalg.norm(at[head] - _middle(at, "shoulder"), axis=-1), flat)
        compare(distance / unit, 0.45, 0.4, f"{head} is {distance / unit:.2f} trunks above the shoulders")
    return deviations


def _impossible(at: dict[str, Floats], lengths: dict[str, float]) -> str:
    """What no human body has, in plain words: a joint of the trunk, or the head, far from its place between hips and
    shoulders, or a bone that is far too long; "" for none.
    """
    hips, trunk = _middle(at, "hip"), _middle(at, "shoulder") - _middle(at, "hip")
    with np.errstate(invalid="ignore", divide="ignore"):
        along = trunk / (trunk**2).sum(axis=-1, keepdims=True)
    places = dict(_PLACES)
    for head in [name for name in _HEADS if name in at][:1]:
        places[head] = (_LEAST_HEAD, np.inf)
    for joint, (low, high) in places.items():
        height = typical(((at[joint] - hips) * along).sum(axis=-1)) if joint in at else np.nan
        if height < low or height > high:
            return f"{joint} is at {height:.2f} of the way from the hips to the shoulders"
    for joint, length in lengths.items():
        if length > _OVERLONG * _limit(joint):
            return f"{joint} is {length:.2f} trunks from its neighbour"
    return ""


def _bone_lengths(at: dict[str, Floats], layout: Layout, unit: float, flat: bool) -> dict[str, float]:
    """Joint -> trunks to its neighbour; NaN if they are never seen together."""
    bones = [(child, parent) for child, parent in layout.bones if child in at and parent in at]
    return {
        child: length / unit
        for (child, _), length in zip(bones, _typical_lengths(at, bones, flat), strict=True)
    }


def _limit(joint: str) -> float:
    """Trunks that a joint is from its neighbour, at most, in most bodies."""
    return 1.6 if joint.split("_")[0] in ("hip", "shoulder", "knee", "ankle") else 0.95


def _bones(lengths: dict[str, float], flat: bool) -> list[tuple[float, str]]:
    """Bones other than the limbs are short, and as long on the left as on the right."""
    deviations = []
    for joint, length in lengths.items():
        limit = _limit(joint)
        if np.isfinite(length):
            deviations.append(
                (max(0.0, length - limit) / 0.15, f"{joint} is {length:.2f} trunks from its neighbour")
            )
        twin = (
            lengths.get(joint.removesuffix("_left") + "_right", np.nan) if joint.endswith("_left") else np.nan
        )
        if np.isfinite(length) and np.isfinite(twin) and max(length, twin) > 0.1:
            ratio = np.log((length + 0.05) / (twin + 0.05)) / (0.4 if flat else 0.25)
            deviations.append((float(ratio), f"{joint} differs left and right"))
    return deviations


def _steadiness(at: dict[str, Floats], trunk: Floats) -> list[tuple[float, str]]:
    """Limbs keep their length over time."""
    limbs = [(top, end, side) for top, end in _LIMBS for side in ("left", "right")]
    missing = np.full_like(trunk, np.nan)
    series = [trunk]
    for top, end, side in limbs:
        length = _length(at, f"{top}_{side}", f"{end}_{side}")
        series.append(length if len(length) == len(trunk) else missing)
    lengths = np.stack(series)
    middles = _typical_rows(lengths, False)
    changes = _typical_rows(np.abs(lengths - middles[:, None]), False)
    names = ["the trunk", *(f"{side} {top} to {end}" for top, end, side in limbs)]
    counts = np.isfinite(lengths).sum(axis=1)
    return [
        (float(change / middle) / 0.12, f"{words} changes its length")
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
    at = {name: bodies[:, index] for index, name in enumerate(layout.joints[: bodies.shape[1]])}
    if not {"shoulder_left", "shoulder_right", "hip_left", "hip_right"} <= at.keys():
        return 0.0, 0.0
    trunk = _middle(at, "shoulder") - _middle(at, "hip")
    size = typical(np.linalg.norm(trunk, axis=-1))
    forward = {
        joint: _unit(_cross(at[f"{joint}_left"] - at[f"{joint}_right"], trunk))
        for joint in ("hip", "shoulder")
    }
    forward["trunk"] = _unit(forward["hip"] + forward["shoulder"])
    signs = []
    others = [] if fronts is None else [(fronts, forward["trunk"], 2.0, 0.05)]
    for vectors, direction, weight, least in (*_pointers(at, forward), *others):
        value = (vectors * direction).sum(axis=-1) / size
        value = value[np.isfinite(value)]
        telling = np.abs(value) > least
        if telling.any():
            signs.append((float(np.sign(value[telling]).mean()), weight * float(telling.mean())))
    weight = sum(part for _, part in signs)
    return (sum(sign * part for sign, part in signs) / weight if weight else 0.0), weight


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
    finite = np.sort(values[np.isfinite(values)])
    if not len(finite):
        return float("nan")
    position = (len(finite) - 1) * _SHARE[flat]
    below = int(position)
    low, high = float(finite[below]), float(finite[min(below + 1, len(finite) - 1)])
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


def _typical_lengths(at: dict[str, Floats], pairs: Sequence[tuple[str, str]], flat: bool) -> list[float]:
    """`typical` of the distances of pairs of joints; NaN for joints that the layout does not have."""
    missing = np.full_like(next(iter(at.values())), np.nan)
    vectors = [at.get(one, missing) - at.get(other, missing) for one, other in pairs]
    return _typical_rows(np.linalg.norm(np.stack(vectors), axis=-1), flat).tolist() if vectors else []


def _length(at: dict[str, Floats], one: str, other: str) -> Floats:
    if one not in at or other not in at:
        return np.full(1, np.nan)
    out: Floats = np.linalg.norm(at[one] - at[other], axis=-1)
    return out


def _middle(at: dict[str, Floats], joint: str) -> Floats:
    missing = np.full_like(next(iter(at.values())), np.nan)
    return (at.get(f"{joint}_left", missing) + at.get(f"{joint}_right", missing)) / 2


def _trunk(at: dict[str, Floats]) -> Floats:
    out: Floats = np.linalg.norm(_middle(at, "shoulder") - _middle(at, "hip"), axis=-1)
    return out


def _cross(a: Floats, b: Floats) -> Floats:
    """(..., 3) cross products; np.cross takes three times as long for few vectors."""
    product: Floats = a[..., _NEXT] * b[..., _AFTER_NEXT] - a[..., _AFTER_NEXT] * b[..., _NEXT]
    return product


def _unit(vectors: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        out: Floats = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return out


def _across(vectors: Floats, direction: Floats) -> Floats:
    """The part of vectors that is perpendicular to unit vectors."""
    out: Floats = vectors - (vectors * direction).sum(axis=-1, keepdims=True) * direction
    return out
