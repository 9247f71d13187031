"""Landmarks of a body -> the joints of a Kinect (`ntu25`), by the first rule whose landmarks are there.

Between a medial and a lateral marker a joint is half-way. Other offsets are shares of distances on the same body,
so that they fit any size and unit; a rule that only approximates a joint has a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import NTU25

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rule:
    """A joint as a weighted mean of landmarks and of joints before it (``"=knee"``), weights adding to one.

    Attributes:
        weights: landmark, or "=" and a joint -> weight.
        note: what is only approximate about it; "" for nothing.
    """

    weights: Mapping[str, float]
    note: str = ""


def _mean(*names: str, note: str = "") -> Rule:
    return Rule(dict.fromkeys(names, 1 / len(names)), note)


def _pair(name: str) -> tuple[str, str]:
    return f"{name}_left", f"{name}_right"


def _hinge(joint: str) -> tuple[Rule, ...]:
    """Elbow, knee and ankle: between a medial and a lateral marker, at the joint's own point, or at one of the two."""
    return (
        _mean(f"{joint}_lateral", f"{joint}_medial"),
        _mean(joint, f"{joint}_medial"),
        _mean(joint),
        _mean(f"{joint}_lateral", note="at the lateral marker"),
        _mean(f"{joint}_medial", note="at the medial marker"),
    )


# Joint without its side -> rules; those of the limbs first, as the trunk and the head refer to them.
_LIMBS: dict[str, tuple[Rule, ...]] = {
    "knee": _hinge("knee"),
    "ankle": _hinge("ankle"),
    "elbow": _hinge("elbow"),
    "hip": (
        _mean("hip"),
        # A fifth of the way from between the side's pelvis markers to the knee.
        Rule({"asis": 0.4, "psis": 0.4, "=knee": 0.2}),
        Rule({"asis": 0.4, "sacrum": 0.4, "=knee": 0.2}),
        _mean("trochanter", note="at the trochanter"),
    ),
    "shoulder": (
        _mean("shoulder"),
        # A little below the marker on the acromion.
        Rule({"acromion": 0.85, "=elbow": 0.15}),
    ),
    "wrist": (
        _mean("wrist_radial", "wrist_ulnar"),
        _mean("wrist"),
        _mean("wrist_radial", note="at the radial marker"),
        _mean("wrist_ulnar", note="at the ulnar marker"),
    ),
    "hand": (
        _mean("hand_inner", "hand_outer"),
        _mean("finger"),
        _mean("hand"),
        _mean("hand_outer"),
        _mean("hand_inner"),
        _mean("=wrist"),
    ),
    "handtip": (_mean("finger"), _mean("=hand")),
    "thumb": (_mean("thumb"), _mean("wrist_radial", "finger"), _mean("=hand")),
    "foot": (
        _mean("toe"),
        _mean("toe_big", "toe_small"),
        _mean("metatarsal_1", "metatarsal_5"),
        _mean("toe_big"),
        _mean("toe_small"),
        _mean("metatarsal_1"),
        _mean("metatarsal_5"),
        _mean("foot"),
        _mean("=ankle", note="at the ankle"),
    ),
}
_ALONG_TRUNK = "no marker, placed in line with the trunk"
_TRUNK: dict[str, tuple[Rule, ...]] = {
    "pelvis": (
        _mean(*_pair("asis"), *_pair("psis")),
        Rule({"asis_left": 0.25, "asis_right": 0.25, "sacrum": 0.5}),
        _mean("pelvis"),
        _mean(*_pair("=hip")),
    ),
    "chest": (_mean("c7", "clavicle"), _mean("neck_base"), _mean(*_pair("=shoulder"))),
    "spine": (_mean("t10", "sternum"), _mean("spine"), _mean("=pelvis", "=chest")),
    "head": (
        _mean(*_pair("head_front"), *_pair("head_back")),
        _mean(*_pair("ear")),
        _mean(*_pair("head_side")),
        _mean("head_front", "head_back"),
        _mean(*_pair("head_front"), note="at the front of the head"),
        _mean(*_pair("head_back"), note="at the back of the head"),
        _mean("head"),
        # Three fifths of the way up to the top of the head.
        Rule({"head_top": 0.6, "=chest": 0.4}),
        # A segment starts at the base of the head; its middle is 0.8 of the length of the neck above.
        Rule({"head_base": 1.8, "neck_base": -0.8}),
        _mean("nose", note="at the nose"),
        Rule({"=chest": 1.4, "=pelvis": -0.4}, _ALONG_TRUNK),
    ),
    "neck": (_mean("=chest", "=head"),),
}
_FRONTS = (
    ("asis", "psis"), ("asis", "sacrum"), ("clavicle", "c7"), ("sternum", "t10"), ("sternum", "c7"),
    ("head_front", "head_back"), ("nose", "ear"), ("eye", "ear"), ("nose", "head_back"), ("toe", "heel"),
    ("toe_big", "heel"), ("metatarsal_1", "heel"), ("metatarsal_5", "heel"), ("ankle", "heel"),
)  # fmt: skip
"""Landmarks at the front and behind them, without their sides."""
NEEDED = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
"""Joints without which there is no body, on either side; the others follow from these."""
ENOUGH = 0.8
"""An earlier rule counts before a later one if it gives a joint in this share of the frames of the later one."""


def joints_of(landmarks: Mapping[str, Floats]) -> tuple[Floats, tuple[str, ...], tuple[str, ...]]:
    """The joints of one body.

    One rule is taken for the whole recording, so that a joint does not jump where a marker is hidden.

    Args:
        landmarks: landmark -> (frames, 2 or 3), any unit, NaN where absent; at least one.

    Returns:
        (frames, 25, 2 or 3) of ntu25, NaN where absent; the joints of `NEEDED` that no rule gives; and notes on
        joints that are approximate.
    """
    shape = next(iter(landmarks.values())).shape
    points = dict(landmarks)
    missing: list[str] = []
    notes: dict[str, list[str]] = {}
    for joint, rules in _rules():
        possible = [rule for rule in rules if rule.weights.keys() <= points.keys()]
        if not possible:
            missing.append(joint)
            continue
        best, positions = _best(possible, points)
        if not np.isfinite(positions).any():
            missing.append(joint)
            continue
        points[f"={joint}"] = positions
        if best.note:
            notes.setdefault(best.note, []).append(joint)
    out = np.full((shape[0], len(NTU25.joints), shape[1]), np.nan)
    for row, joint in enumerate(NTU25.joints):
        if f"={joint}" in points:
            out[:, row] = points[f"={joint}"]
    required = {f"{joint}_{side}" for joint in NEEDED for side in ("left", "right")}
    lines = tuple(f"{_listed(joints)}: {note}" for note, joints in notes.items())
    return out, tuple(joint for joint in missing if joint in required), lines


def front_of(landmarks: Mapping[str, Floats]) -> Floats:
    """(frames, 2 or 3) sum of the vectors to the front between markers before and behind one another; NaN without any.

    Args:
        landmarks: as `joints_of` takes them.
    """
    total = np.zeros(next(iter(landmarks.values())).shape)
    count = np.zeros((len(total), 1))
    for pair in _FRONTS:
        front, back = (_middle_of(landmarks, name) for name in pair)
        if front is None or back is None:
            continue
        seen = np.isfinite(front - back).all(axis=-1, keepdims=True)
        total += np.where(seen, front - back, 0)
        count += seen
    return np.where(count > 0, total, np.nan)


def _middle_of(landmarks: Mapping[str, Floats], name: str) -> Floats | None:
    """A landmark in the middle, or half-way between the left and the right one; None without them."""
    if name in landmarks:
        return landmarks[name]
    if not set(_pair(name)) <= landmarks.keys():
        return None
    left, right = (landmarks[side] for side in _pair(name))
    return (left + right) / 2


def rules_for(joint: str) -> tuple[Rule, ...]:
    """The rules of a joint of the limbs, without its side."""
    return _LIMBS[joint]


def _best(rules: list[Rule], points: Mapping[str, Floats]) -> tuple[Rule, Floats]:
    sums = [
        np.sum([weight * points[name] for name, weight in rule.weights.items()], axis=0) for rule in rules
    ]
    frames = [int(np.isfinite(positions).all(axis=-1).sum()) for positions in sums]
    index = next(index for index, count in enumerate(frames) if count >= ENOUGH * max(frames))
    return rules[index], sums[index]


def _rules() -> Iterator[tuple[str, tuple[Rule, ...]]]:
    """Each joint with its side, and its rules with theirs, in the order in which they refer to one another."""
    for joint, rules in _LIMBS.items():
        for side in ("left", "right"):
            yield f"{joint}_{side}", tuple(_sided(rule, side) for rule in rules)
    yield from _TRUNK.items()


def _sided(rule: Rule, side: str) -> Rule:
    return Rule({_with_side(name, side): weight for name, weight in rule.weights.items()}, rule.note)


def _with_side(name: str, side: str) -> str:
    return name if name == "sacrum" else f"{name}_{side}"


def _listed(joints: list[str]) -> str:
    """knee_left and knee_right -> knees, as both sides have the same note as a rule."""
    pairs = [joint.removesuffix("_left") for joint in joints if joint.endswith("_left")]
    both = [joint for joint in pairs if f"{joint}_right" in joints]
    single = [joint for joint in joints if joint.rpartition("_")[0] not in both]
    return ", ".join([*(f"{joint} (both)" for joint in both), *single])
