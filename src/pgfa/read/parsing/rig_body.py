"""What a body tells about its recording: unit, up axis of the rest pose, proportions, left and right.

Segment lengths as shares of the stature: R. Drillis and R. Contini, Body Segment Parameters, 1966, as in D. A. Winter,
Biomechanics and Motor Control of Human Movement: hip at 0.530, knee 0.285, ankle 0.039, shoulder 0.818 of the stature.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile

Floats = NDArray[np.float64]
Points = Mapping[str, Floats]

HEIGHT = 1.7
"""Metres from head to foot of a body in no known unit."""
STATURES = (1.0, 2.2)
"""Plausible statures, metres: wide, but narrow enough for no two units to fit one body."""
_LEGS_AND_TRUNK = (0.530 - 0.039) + (0.818 - 0.530)
_UNITS = {
    "metres": ("m", 1.0), "centimetres": ("cm", 0.01), "millimetres": ("mm", 0.001), "inches": ("in", 0.0254),
    "feet": ("ft", 0.3048), "decimetres": ("dm", 0.1),
}  # fmt: skip
# What is compared -> the least and the greatest ratio. Wide: cartoon characters are people too.
_RATIOS = (
    ("thigh", "shank", 0.5, 2.0),
    ("upper arm", "forearm", 0.5, 2.2),
    ("arm", "leg", 0.3, 1.8),
    ("trunk", "leg", 0.2, 1.8),
    ("hips", "leg", 0.03, 0.7),
    ("shoulders", "leg", 0.1, 1.6),
)


def bone_lengths(points: Points) -> dict[str, float]:
    """Median lengths over time, in the unit of the points, by words ("left thigh", "trunk", "hips", ...)."""

    def between(a: Floats, b: Floats) -> float:
        return float(np.median(np.linalg.norm(a - b, axis=-1)))

    out = {}
    for side in ("left", "right"):
        for bone, (top, end) in {
            "thigh": ("hip", "knee"),
            "shank": ("knee", "ankle"),
            "upper arm": ("shoulder", "elbow"),
            "forearm": ("elbow", "wrist"),
        }.items():
            out[f"{side} {bone}"] = between(points[f"{top}_{side}"], points[f"{end}_{side}"])
        out[f"{side} leg"] = out[f"{side} thigh"] + out[f"{side} shank"]
        out[f"{side} arm"] = out[f"{side} upper arm"] + out[f"{side} forearm"]
    out["trunk"] = between(_middle(points, "hip"), _middle(points, "shoulder"))
    out["hips"] = between(points["hip_left"], points["hip_right"])
    out["shoulders"] = between(points["shoulder_left"], points["shoulder_right"])
    return out


def stature(points: Points) -> float:
    """Height of the body, in the unit of the points, from the lengths of legs and trunk."""
    lengths = bone_lengths(points)
    return ((lengths["left leg"] + lengths["right leg"]) / 2 + lengths["trunk"]) / _LEGS_AND_TRUNK


def unit_of(height: float) -> tuple[float, str, str]:
    """Metres per unit for a body of that height, the unit's name ("" if none fits), and a note ("" for metres)."""
    low, high = STATURES
    for name, (unit, metres) in _UNITS.items():
        if low <= height * metres <= high:
            return metres, unit, "" if name == "metres" else f"unit inferred: {name}"
    metres = HEIGHT / height
    return metres, "", f"unit inferred: units of {metres:.3g} m, for a stature of {HEIGHT} m"


def check_proportions(file: str, points: Points, names: Mapping[str, str]) -> None:
    """Raise BadFile if bones have lengths that no body has.

    Args:
        file: for the error.
        points: joint -> (frames, 3).
        names: joint -> its name in the file, for the error.
    """
    lengths = bone_lengths(points)
    fault = ""
    for side in ("left", "right"):
        for top, end, low, high in _RATIOS:
            a = lengths.get(f"{side} {top}", lengths.get(top, 0.0))
            b = lengths[f"{side} {end}"]
            if not (b > 0 and low <= a / b <= high):
                fault = fault or f"{side} {end} {b:.4g}, {top} {a:.4g} long"
    for bone in ("thigh", "shank", "upper arm", "forearm"):
        left, right = lengths[f"left {bone}"], lengths[f"right {bone}"]
        if not 0.7 * right <= left <= right / 0.7:
            fault = fault or f"left {bone} {left:.4g}, right {bone} {right:.4g} long"
    if fault:
        taken = ", ".join(f"{joint}: {names[joint]}"[:60] for joint in list(names)[:14])
        raise BadFile(file, expected="the proportions of a person", found=f"{fault}; joints taken: {taken}")


def neutral_up(rest: Points) -> str | None:
    """The axis along which a rest pose stands upright, ``"z"``; None if it is no neutral pose.

    A neutral pose (T pose, A pose, arms hanging) has straight legs in line with the trunk, and is symmetrical. Rigs
    whose bones all point along one axis, and those whose "rest pose" is the first frame, have none.
    """
    hips, shoulders = _middle(rest, "hip"), _middle(rest, "shoulder")
    trunk = shoulders - hips
    size = float(np.linalg.norm(trunk))
    segments = [trunk] + [
        rest[f"{top}_{side}"] - rest[f"{end}_{side}"]
        for side in ("left", "right")
        for top, end in (("hip", "knee"), ("knee", "ankle"))
    ]
    directions = [segment / max(float(np.linalg.norm(segment)), 1e-12) for segment in segments]
    axis = int(np.abs(directions[0]).argmax())
    sign = float(np.sign(directions[0][axis]))
    across = rest["hip_left"] - rest["hip_right"]
    across = across / max(float(np.linalg.norm(across)), 1e-12)
    if not size > 0 or any(direction[axis] * sign < 0.9 for direction in directions):
        return None
    for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist"):
        left, right = rest[f"{joint}_left"] - hips, rest[f"{joint}_right"] - hips
        if np.linalg.norm(left - 2 * (left @ across) * across - right) > 0.1 * size:
            return None
    return ("-" if sign < 0 else "") + "xyz"[axis]


def upright_share(points: Points, up: str) -> float:
    """Share of the frames in which trunk and at least one leg are upright (within 45 degrees) along an axis."""
    axis, sign = "xyz".index(up[-1]), -1 if up[0] == "-" else 1

    def rises(vector: Floats) -> NDArray[np.bool_]:
        return np.asarray(sign * vector[:, axis] > 0.7 * np.linalg.norm(vector, axis=-1))

    trunk = rises(_middle(points, "shoulder") - _middle(points, "hip"))
    legs = [rises(points[f"hip_{side}"] - points[f"ankle_{side}"]) for side in ("left", "right")]
    return float((trunk & (legs[0] | legs[1])).mean())


def handedness(points: Points) -> float:
    """Mean sign, from -1 to 1, of what must point forward when left is left: negative for a mirrored body.

    Forward is left x up: feet point there from the ankles, and knees bend there. The same for a body that is turned,
    moved or scaled. 0 without evidence: no toes, and straight legs.
    """
    across = points["hip_left"] - points["hip_right"]
    signs = []
    for side in ("left", "right"):
        hip, knee, ankle = (points[f"{joint}_{side}"] for joint in ("hip", "knee", "ankle"))
        shank, thigh = knee - ankle, hip - knee
        if f"toe_{side}" in points:
            signs.append(_signs(points[f"toe_{side}"] - ankle, across, shank, 0.1))
        signs.append(_signs(knee - (hip + ankle) / 2, across, shank + thigh, 0.05))
    decided = np.concatenate(signs)
    decided = decided[decided != 0]
    # A few frames of bent knees are too few to contradict the names.
    return float(decided.mean()) if len(decided) > 0.1 * sum(map(len, signs)) else 0.0


def _signs(ahead: Floats, across: Floats, up: Floats, least: float) -> Floats:
    """Per frame 1 if `ahead` points forward, -1 if backward, 0 if it is shorter than a share of `up`."""
    forward = np.cross(across, up)
    length = np.linalg.norm(up, axis=-1)
    along = (ahead * forward).sum(axis=-1) / np.maximum(np.linalg.norm(forward, axis=-1), 1e-12)
    return np.where(np.abs(along) > least * length, np.sign(along), 0.0)


def _middle(points: Points, joint: str) -> Floats:
    return (points[f"{joint}_left"] + points[f"{joint}_right"]) / 2
