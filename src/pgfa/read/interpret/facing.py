"""Which way a body bends and points, and so whether its axes are left-handed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.body import middle_of, typical_of_each
from pgfa.read.interpret.vectors import dots, norms
from pgfa.skeleton import Layout

Floats = NDArray[np.float64]

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
    sense, weight = chirality_of_each(bodies[None], layout, None if fronts is None else fronts[None])
    return float(sense[0]), float(weight[0])


def chirality_of_each(bodies: Floats, layout: Layout, fronts: Floats | None = None) -> tuple[Floats, Floats]:
    """As `chirality`, of many clips of as many bodies: (clips,) senses and weights.

    Args:
        bodies: (clips, bodies, joints, 3).
        layout: of the joints.
        fronts: (clips, bodies, 3).
    """
    none = np.zeros(len(bodies))
    at = {name: bodies[:, :, index] for index, name in enumerate(layout.joints[: bodies.shape[2]])}
    if not {"shoulder_left", "shoulder_right", "hip_left", "hip_right"} <= at.keys():
        return none, none
    trunk = middle_of(at, "shoulder") - middle_of(at, "hip")
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
    with np.errstate(invalid="ignore", divide="ignore"):
        values = dots(vectors, directions) / typical_of_each(norms(trunk))[:, None]
    known = np.isfinite(values)
    telling = known & (np.abs(values) > np.array([least for *_, least in pointers])[:, None, None])
    known, shown, total = (
        marks.sum(axis=2, dtype=np.float64)
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
        yield at["nose"] - middle_of(at, "ear"), forward["trunk"], 2.0, 0.05
    elif {"chin", "chest", "crown"} <= at.keys():
        yield at["chin"] - (at["chest"] + at["crown"]) / 2, forward["trunk"], 1.0, 0.02


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
