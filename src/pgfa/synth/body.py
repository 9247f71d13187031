"""A parametric human body: bone lengths, and joint positions from pose channels by kinematics.

Axes of this package: metres, x to the person's right, y up with the floor at 0, z to the person's back. A person who
faces the camera is therefore in the camera's axes, the left shoulder at negative x, as in Kinect recordings. Arms and
legs are given by the target positions of hand and ankle; two-bone inverse kinematics gives the joint angles, and
forward kinematics with fixed bone lengths the joints, so bone lengths never change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import Layout
from pgfa.synth.tipped import tipped

Array = NDArray[np.float64]

# The channels of a pose, one number per frame each. Angles in degrees, positions of pelvis and feet in leg lengths,
# `hand` a direction from the shoulder in the chest's frame, `reach` in arm lengths, `elbow` the elbow's direction.
_ARM: Final = ("hand_out", "hand_up", "hand_fwd", "reach", "elbow_out", "elbow_up", "elbow_fwd")
_LEG: Final = ("foot_out", "foot_up", "foot_fwd", "toe", "knee_out")
CHANNELS: Final = (
    "right", "up", "fwd",        # pelvis, relative to upright stance
    "yaw", "bend", "lean", "twist",  # whole body turned left; trunk forward, to the right, turned left
    "nod", "turn", "tilt",       # head forward, turned left, tilted right
    "air", "travel", "aside",    # height of a jump; way made forward and to the right
    "tip", "roll",               # whole body tipped forward (90: face down), then rolled to its right
    *(f"{c}_{s}" for s in ("right", "left") for c in _ARM),
    *(f"{c}_{s}" for s in ("right", "left") for c in _LEG),
)  # fmt: skip
CHANNEL: Final = {name: i for i, name in enumerate(CHANNELS)}

# Shares of the pelvis, the spine joint and the chest joint in a movement of the trunk.
_BEND, _LEAN, _TWIST = (0.5, 0.25, 0.25), (0.15, 0.45, 0.4), (0.15, 0.4, 0.45)


@dataclass(frozen=True)
class Body:
    """Bone lengths of one person in metres: shares of the body height by anthropometric tables, for Kinect joints.

    Attributes:
        height: body height.
        arm, leg, shoulder, hip, head: factors of the proportions; 1 is the average adult.
    """

    height: float
    arm: float = 1.0
    leg: float = 1.0
    shoulder: float = 1.0
    hip: float = 1.0
    head: float = 1.0

    @property
    def upper_arm(self) -> float:
        """Shoulder to elbow, metres."""
        return 0.158 * self.height * self.arm

    @property
    def forearm(self) -> float:
        """Elbow to wrist, metres."""
        return 0.140 * self.height * self.arm

    @property
    def hand(self) -> float:
        """Wrist to hand joint, metres."""
        return 0.042 * self.height * self.arm

    @property
    def arm_length(self) -> float:
        """Shoulder to hand joint with the arm straight."""
        return self.upper_arm + self.forearm + self.hand

    @property
    def thigh(self) -> float:
        """Hip to knee, metres."""
        return 0.248 * self.height * self.leg

    @property
    def shank(self) -> float:
        """Knee to ankle, metres."""
        return 0.226 * self.height * self.leg

    @property
    def leg_length(self) -> float:
        """Hip to ankle with the leg straight."""
        return self.thigh + self.shank

    @property
    def ankle_height(self) -> float:
        """Height of the ankle above the floor in stance, metres."""
        return 0.040 * self.height

    @property
    def foot_height(self) -> float:
        """Height of the foot joint (near the toes) above the floor in stance."""
        return 0.014 * self.height

    @property
    def foot(self) -> float:
        """Ankle to foot joint, forward, metres."""
        return 0.062 * self.height

    @property
    def hip_offset(self) -> Array:
        """Pelvis to right hip."""
        return np.array([0.055 * self.hip, -0.042, 0.0]) * self.height

    @property
    def trunk(self) -> float:
        """Pelvis to chest; longer for people with shorter legs."""
        return 0.245 * self.height + 0.4 * (1 - self.leg) * 0.474 * self.height

    @property
    def shoulder_offset(self) -> Array:
        """Chest (between the shoulders, at the root of the neck) to right shoulder."""
        return np.array([0.096 * self.shoulder, -0.058, 0.0]) * self.height

    @property
    def neck_length(self) -> float:
        """Chest to the middle of the head."""
        return 0.112 * self.height * self.head

    @property
    def pelvis_height(self) -> float:
        """Height of the pelvis with straight legs."""
        return self.ankle_height + self.leg_length - float(self.hip_offset[1])

    def landmark(self, name: str) -> tuple[Array, float]:
        """The target of a hand that touches a part of its own body.

        Returns:
            Direction (out, up, forward) from the shoulder of the hand's side in the chest's frame, and reach in arm
            lengths.

        Raises:
            KeyError: for an unknown landmark.
        """
        unit, head = self.height, self.neck_length
        landmarks = {  # from the chest joint: outwards, up, forward
            "mouth": (0.015 * unit, head - 0.035 * unit, 0.080 * unit),
            "ear": (0.052 * unit, head - 0.005 * unit, 0.018 * unit),
            "crown": (0.030 * unit, head + 0.070 * unit, 0.010 * unit),
            "brow": (0.048 * unit, head + 0.028 * unit, 0.060 * unit),
            "chest": (0.012 * unit, -0.085 * unit, 0.170 * unit),
            "waist": (0.125 * unit, -0.86 * self.trunk, -0.010 * unit),
        }
        out, up, fwd = landmarks[name]
        shoulder = self.shoulder_offset
        vector = np.array([out - shoulder[0], up - shoulder[1], fwd])
        length = float(np.linalg.norm(vector))
        return vector / length, length / self.arm_length

    def joints(self, pose: Array, layout: Layout) -> Array:
        """Joint positions of a right-hander.

        Args:
            pose: (frames, channels) in the order of CHANNELS.
            layout: ntu25 or kinect20.

        Returns:
            (frames, joints, 3) metres; the lower foot is on the floor wherever `air` is 0.

        Raises:
            KeyError: for a layout with other joints.
        """
        channels = {name: pose[:, i] for name, i in CHANNEL.items()}
        leg, zero = self.leg_length, np.zeros(len(pose))
        positions: dict[str, Array] = {}

        yaw = _turns(channels["yaw"], zero, zero)
        frames = [
            _turns(w * channels["twist"], b * channels["bend"], s * channels["lean"])
            for b, s, w in zip(_BEND, _LEAN, _TWIST, strict=True)
        ]
        pelvis, spine = yaw @ frames[0], yaw @ frames[0] @ frames[1]
        chest = spine @ frames[2]
        skull = chest @ _turns(channels["turn"], channels["nod"], channels["tilt"])

        pelvis_y = self.pelvis_height + leg * (channels["up"] + channels["air"])
        positions["pelvis"] = np.stack([leg * channels["right"], pelvis_y, -leg * channels["fwd"]], axis=-1)
        # Kinect v1 has its spine joint just above the pelvis, v2 half-way up the trunk.
        spine_length = (0.5 if "neck" in layout.joints else 0.2) * self.trunk
        positions["spine"] = positions["pelvis"] + spine_length * pelvis[..., 1]
        positions["chest"] = positions["spine"] + (self.trunk - spine_length) * spine[..., 1]
        if "neck" in layout.joints:
            positions["neck"] = positions["chest"] + 0.4 * self.neck_length * chest[..., 1]
            positions["head"] = positions["neck"] + 0.6 * self.neck_length * skull[..., 1]
        else:
            positions["head"] = positions["chest"] + self.neck_length * skull[..., 1]
        for side, sign in (("right", 1.0), ("left", -1.0)):
            self._arm(positions, channels, side, sign, chest)
            self._leg(positions, channels, side, sign, pelvis, yaw)

        # The lower foot stands on the floor: the whole body is shifted accordingly, whatever the pelvis channels are.
        lowest = np.min(
            [positions[f"{j}_{s}"][:, 1] - h for s in ("right", "left")
             for j, h in (("ankle", self.ankle_height), ("foot", self.foot_height))], axis=0,
        )  # fmt: skip
        shift = np.stack(
            [leg * channels["aside"], leg * channels["air"] - lowest, -leg * channels["travel"]], axis=-1
        )
        stacked: Array = np.stack([positions[joint] for joint in layout.joints], axis=1) + shift[:, None]
        return tipped(stacked, layout, channels, height=leg * channels["air"])

    def _arm(
        self, positions: dict[str, Array], channels: dict[str, Array], side: str, sign: float, chest: Array
    ) -> None:
        flip = np.array([sign, 1.0, -1.0])  # (out, up, forward) -> (x, y, z)
        direction = np.stack([channels[f"hand_{w}_{side}"] for w in ("out", "up", "fwd")], axis=-1) * flip
        pole = np.stack([channels[f"elbow_{w}_{side}"] for w in ("out", "up", "fwd")], axis=-1) * flip
        direction = _unit(direction)
        # The shoulder blade follows the arm: up as the hand rises, slightly forward as it reaches out.
        shrug = 14.0 * np.clip(direction[:, 1] + 0.5, 0, 1.5)
        blade = _turns(sign * 10.0 * np.clip(-direction[:, 2], -0.5, 1), np.zeros_like(shrug), -sign * shrug)
        shoulder = positions["chest"] + (chest @ blade) @ (self.shoulder_offset * [sign, 1, 1])
        distance = np.clip(channels[f"reach_{side}"], 0.25, 0.993) * self.arm_length
        elbow, hand, bend = _two_bones(
            shoulder,
            _apply(chest, direction),
            distance,
            _apply(chest, pole),
            self.upper_arm,
            self.forearm + self.hand,
        )
        along = (hand - elbow) / (self.forearm + self.hand)
        positions[f"shoulder_{side}"], positions[f"elbow_{side}"], positions[f"hand_{side}"] = (
            shoulder,
            elbow,
            hand,
        )
        positions[f"wrist_{side}"] = elbow + self.forearm * along
        # Fingers continue the forearm; the thumb points away from the elbow.
        thumb = -_unit(bend - np.sum(bend * along, axis=-1, keepdims=True) * along)
        positions[f"handtip_{side}"] = hand + 0.045 * self.height * self.arm * along
        positions[f"thumb_{side}"] = hand + 0.025 * self.height * self.arm * _unit(0.3 * along + thumb)

    def _leg(
        self,
        positions: dict[str, Array],
        channels: dict[str, Array],
        side: str,
        sign: float,
        pelvis: Array,
        yaw: Array,
    ) -> None:
        hip = positions["pelvis"] + pelvis @ (self.hip_offset * [sign, 1, 1])
        leg = self.leg_length
        ankle = np.stack([
            sign * (self.hip_offset[0] + leg * channels[f"foot_out_{side}"]),
            self.ankle_height + leg * (channels[f"foot_up_{side}"] + channels["air"]),
            -leg * channels[f"foot_fwd_{side}"],
        ], axis=-1)  # fmt: skip
        to_ankle = _apply(yaw, ankle * [1, 0, 1]) + ankle * [0, 1, 0] - hip
        distance = np.linalg.norm(to_ankle, axis=-1)
        spread = np.radians(8 + channels[f"knee_out_{side}"])
        pole = np.stack([sign * np.sin(spread), 0.25 + 0 * spread, -np.cos(spread)], axis=-1)
        knee, ankle, _ = _two_bones(
            hip,
            to_ankle / distance[:, None],
            np.clip(distance, 0.3 * leg, 0.998 * leg),
            _apply(yaw, pole),
            self.thigh,
            self.shank,
        )
        positions[f"hip_{side}"], positions[f"knee_{side}"], positions[f"ankle_{side}"] = hip, knee, ankle
        flat = np.arcsin((self.ankle_height - self.foot_height) / self.foot)
        point = _turns(
            -sign * (8 + 0.8 * channels[f"knee_out_{side}"]),
            np.degrees(flat) + channels[f"toe_{side}"],
            np.zeros(len(spread)),
        )
        positions[f"foot_{side}"] = ankle - self.foot * (yaw @ point)[..., 2]


def _turns(left: Array, forward: Array, right: Array) -> Array:
    """(frames, 3, 3) rotations from degrees: right about z, then forward about x, then left about y."""
    a, b, c = np.radians(left), -np.radians(forward), -np.radians(right)
    ca, sa, cb, sb, cc, sc = np.cos(a), np.sin(a), np.cos(b), np.sin(b), np.cos(c), np.sin(c)
    rows = [
        ca * cc + sa * sb * sc, -ca * sc + sa * sb * cc, sa * cb,
        cb * sc, cb * cc, -sb,
        -sa * cc + ca * sb * sc, sa * sc + ca * sb * cc, ca * cb,
    ]  # fmt: skip
    return np.stack(np.broadcast_arrays(*rows), axis=-1).reshape(-1, 3, 3)


def _apply(rotation: Array, vector: Array) -> Array:
    rotated: Array = np.einsum("fij,fj->fi", rotation, vector)
    return rotated


def _unit(vector: Array) -> Array:
    unit: Array = vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)
    return unit


def _two_bones(
    start: Array, direction: Array, distance: Array, pole: Array, first: float, second: float
) -> tuple[Array, Array, Array]:
    """A two-bone limb that ends `distance` along `direction` and bends towards `pole`.

    Returns:
        Positions of the middle and the end joint, and the unit direction in which the middle joint is displaced.
    """
    distance = np.clip(distance, 1.02 * abs(first - second), 0.9995 * (first + second))
    bend = _unit(pole - np.sum(pole * direction, axis=-1, keepdims=True) * direction)
    along = (first**2 + distance**2 - second**2) / (2 * distance)
    off = np.sqrt(np.maximum(first**2 - along**2, 0.0))
    middle = start + along[:, None] * direction + off[:, None] * bend
    return middle, start + distance[:, None] * direction, bend
