"""A few motions with known joints, in any layout: of these `scripts/try_readings.py` writes files.

Bodies of `pgfa.synth` walk, wave and kick before a sensor (metres, y up, x to the sensor's left, z away from it).
Joints that the synthetic body lacks (face, heels, fingers) are derived from those it has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import NTU25, Layout
from pgfa.synth.dataset import perform
from pgfa.synth.performers import make_performers

Floats = NDArray[np.float64]
Body = Mapping[str, Floats]

RATE = 30.0
FRAMES = 48
MOTIONS = ("walk", "wave", "kick-forward")
LIMBS = tuple(
    f"{joint}_{side}"
    for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
)


def _unit(vectors: Floats) -> Floats:
    out: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return out


@cache
def motion(name: str = "walk", person: int = 1, frames: int = FRAMES) -> dict[str, Floats]:
    """Joint -> (frames, 3) of an action of `pgfa.synth`, 3 m before the sensor, which is 1 m above the floor.

    Args:
        name: an action, or `stand`.
        person: 0 to 3: performers of different stature, all adults.
        frames: the first ones of the action; the last frame is repeated where it is shorter.
    """
    adults = [p for p in make_performers(3, 40) if p.body.height > 1.55 and not p.left_handed]
    performer = adults[person]
    random = np.random.default_rng([7, person])
    action = "wave" if name == "stand" else name
    points = perform(action, performer, NTU25, random, random)
    start = 10 if len(points) > frames + 10 else 0
    points = points[np.minimum(np.arange(frames) + start, len(points) - 1)]
    if name == "stand":
        points = np.repeat(points[:1], frames, axis=0)
    turn = np.radians(20)  # not quite frontal
    cos, sin = np.cos(turn), np.sin(turn)
    points = points @ np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    return completed(points + np.array([0.2, -1.0, 3.0]))


def completed(points: Floats) -> dict[str, Floats]:
    """Joint -> positions of (frames, 25, 3) in ntu25, with the joints of other layouts."""
    at = {joint: points[:, index] for index, joint in enumerate(NTU25.joints)}
    up = _unit(at["head"] - at["chest"])
    left = _unit(at["shoulder_left"] - at["shoulder_right"])
    ahead = _unit(np.cross(left, up))
    at |= {"=left": _unit(at["hip_left"] - at["hip_right"]), "=ahead": ahead}

    def beside(joint: str, sideways: float, upwards: float, forward: float) -> Floats:
        return at[joint] + sideways * left + upwards * up + forward * ahead

    at |= {
        "crown": beside("head", 0, 0.12, 0),
        "head_top": beside("head", 0, 0.12, 0),
        "chin": beside("head", 0, -0.06, 0.06),
        "nose": beside("head", 0, 0, 0.12),
        "head_base": at["neck"],
        "neck_high": at["neck"],
        "head": at["head"],
    }
    for name, share in (
        ("spine_low", 0.3),
        ("spine_1", 0.2),
        ("spine_2", 0.45),
        ("spine_3", 0.7),
        ("trunk", 0.5),
        ("spine_navel", 0.35),
        ("spine_chest", 0.65),
        ("spine_middle", 0.5),
        ("spine_high", 0.75),
    ):
        at[name] = at["pelvis"] + share * (at["chest"] - at["pelvis"])
    for side, sign in (("left", 1.0), ("right", -1.0)):
        for name, place in (
            ("eye", (0.03, 0.03, 0.1)),
            ("eye_inner", (0.02, 0.03, 0.1)),
            ("ear", (0.075, 0, 0)),
            ("eye_outer", (0.04, 0.03, 0.09)),
            ("mouth", (0.02, -0.04, 0.1)),
        ):
            at[f"{name}_{side}"] = beside("head", sign * place[0], *place[1:])
        for name in ("clavicle", "collar"):
            at[f"{name}_{side}"] = at["chest"] + 0.35 * (at[f"shoulder_{side}"] - at["chest"])
        ankle, foot = at[f"ankle_{side}"], at[f"foot_{side}"]
        outwards = sign * at["=left"]
        along = _unit((foot - ankle) * [1, 0, 1])
        at[f"toe_{side}"] = foot + 0.03 * along
        at[f"small_toe_{side}"] = foot + 0.04 * outwards
        at[f"heel_{side}"] = ankle - 0.05 * along - np.array([0, 0.04, 0])
        at[f"forearm_{side}"] = (at[f"elbow_{side}"] + at[f"wrist_{side}"]) / 2
        tip, wrist = at[f"handtip_{side}"], at[f"wrist_{side}"]
        across = _unit(at[f"thumb_{side}"] - at[f"hand_{side}"])
        at[f"index_{side}"] = (tip + wrist) / 2 + 0.03 * across
        at[f"pinky_{side}"] = (tip + wrist) / 2 - 0.03 * across
    return at


def in_layout(body: Body, layout: Layout) -> Floats:
    """(frames, joints, 3) of a body in any layout; fingers are at the hand, points of the face at the nose."""
    points = []
    for joint in layout.joints:
        side = joint.rpartition("_")[2]
        if joint in body:
            points.append(body[joint])
        elif re.match(r"(hand_root|thumb|index|middle|ring|pinky)_", joint):
            points.append(body[f"hand_{side}"])
        else:
            points.append(body["nose"])
    return np.stack(points, axis=1)


def pixels(points: Floats, scale: float = 220.0) -> Floats:
    """(..., 2) points in a picture of 1280 by 720 of a distant camera: x to the right, y down."""
    return np.stack([640 - scale * points[..., 0], 360 - scale * points[..., 1]], axis=-1)


def changed(
    body: Body, change: NDArray[np.float64], shift: tuple[float, float, float] = (0, 0, 0)
) -> dict[str, Floats]:
    """All joints by a matrix, then moved."""
    return {
        joint: place @ change.T + (np.zeros(3) if joint.startswith("=") else np.array(shift))
        for joint, place in body.items()
    }


def turned(body: Body, degrees: float) -> dict[str, Floats]:
    """About the vertical."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return changed(body, np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]))


def roaming(body: Body) -> dict[str, Floats]:
    """Along an arc of 2 m, on a floor at 0."""
    angles = np.linspace(0, np.pi / 2, len(body["pelvis"]))
    path = 2.0 * np.stack([np.sin(angles), 0 * angles, 1 - np.cos(angles)], axis=-1)
    lowest = min(place[:, 1].min() for joint, place in body.items() if not joint.startswith("="))
    path[:, 1] = 0.01 - lowest
    return {joint: place + (0 if joint.startswith("=") else path) for joint, place in body.items()}


def seated(body: Body) -> dict[str, Floats]:
    """On a chair: thighs forward from the hips, which are as high as the knees; feet on the floor."""
    thigh = float(np.median(np.linalg.norm(body["hip_left"] - body["knee_left"], axis=-1)))
    forward = np.median(body["foot_left"] - body["ankle_left"], axis=0) * [1, 0, 1]
    forward *= thigh / np.linalg.norm(forward)
    legs = ("knee", "ankle", "foot", "toe", "small", "heel")
    return {
        joint: place
        if joint.startswith("=")
        else place + (forward if joint.split("_")[0] in legs else np.array([0, -thigh, 0]))
        for joint, place in body.items()
    }


def lying(body: Body) -> dict[str, Floats]:
    """On the back, on a floor at 0: the head points along z."""
    flat = changed(body, np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]))
    lowest = min(place[:, 1].min() for joint, place in flat.items() if not joint.startswith("="))
    return changed(flat, np.eye(3), (0, 0.03 - lowest, 0))


def flipping(body: Body) -> dict[str, Floats]:
    """A somersault: one turn about the left-right axis of the sensor."""
    angles = np.linspace(0, 2 * np.pi, len(body["pelvis"]))
    cos, sin, one, zero = np.cos(angles), np.sin(angles), np.ones_like(angles), np.zeros_like(angles)
    turns = np.stack(
        [np.stack([one, zero, zero], -1), np.stack([zero, cos, -sin], -1), np.stack([zero, sin, cos], -1)], -2
    )
    centre = body["pelvis"]
    return {
        joint: np.einsum("fij,fj->fi", turns, place - (0 if joint.startswith("=") else centre))
        + (0 if joint.startswith("=") else centre)
        for joint, place in body.items()
    }


def crossing(name: str = "wave", frames: int = FRAMES) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Two people who walk past each other, from 1.2 m left to 1.2 m right and back."""
    path = np.linspace(-1.2, 1.2, frames)[:, None] * np.array([1.0, 0, 0])
    first, second = motion(name, 1, frames), motion("walk", 2, frames)
    apart = np.array([0, 0, 0.5])
    return (
        {joint: place + (0 if joint.startswith("=") else path) for joint, place in first.items()},
        {joint: place - (0 if joint.startswith("=") else path + apart) for joint, place in second.items()},
    )
