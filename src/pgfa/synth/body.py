"""A parametric human body: bone lengths, and joint positions from pose channels by kinematics.

Space of this room: metres, x to the person's right, y up with the floor at 0, z to the person's back; so a
person who faces the camera stands in the camera's own axes, left shoulder at negative x, as in the recordings
of a Kinect. Arms and legs are given by where the hand and the ankle are meant to be; two-bone inverse
kinematics finds the joint angles, and forward kinematics with fixed bone lengths the joints. Bone lengths
therefore never change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import Layout

Array = NDArray[np.float64]

# What a pose is made of: one number a frame each. Angles in degrees, places of the pelvis and feet in leg
# lengths, `hand` a direction from the shoulder in the chest's frame with `reach` in arm lengths, `elbow`
# where the elbow points.
_ARM: Final = ("hand_out", "hand_up", "hand_fwd", "reach", "elbow_out", "elbow_up", "elbow_fwd")
_LEG: Final = ("foot_out", "foot_up", "foot_fwd", "toe", "knee_out")
CHANNELS: Final = (
    "right", "up", "fwd",        # pelvis, from its place in upright stance
    "yaw", "bend", "lean", "twist",  # whole body turned left; trunk forward, to the right, turned left
    "nod", "turn", "tilt",       # head forward, turned left, tilted right
    "air", "travel",             # height of a jump; way walked forward
    *(f"{c}_{s}" for s in ("right", "left") for c in _ARM),
    *(f"{c}_{s}" for s in ("right", "left") for c in _LEG),
)  # fmt: skip
CHANNEL: Final = {name: i for i, name in enumerate(CHANNELS)}

# How far the pelvis, the spine joint and the chest joint each take part in a movement of the trunk.
_BEND, _LEAN, _TWIST = (0.5, 0.25, 0.25), (0.15, 0.45, 0.4), (0.15, 0.4, 0.45)


@dataclass(frozen=True)
class Body:
    """Bone lengths of one person in metres; the shares of the body height follow common anthropometric
    tables, placed where a Kinect puts its joints.

    Attributes:
        height: body height.
        arm, leg, shoulder, hip, head: factors on the usual proportions; 1 is the average adult.
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
        """Pelvis to chest; what shorter legs leave of the height goes here."""
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
        """Where a hand must be to touch a place of the own body.

        Returns:
            direction (out, up, forward) from the shoulder of the hand's side in the chest's frame, and reach
            in arm lengths.

        Raises:
            KeyError: for a place without entry.
        """
        unit, head = self.height, self.neck_length
        places = {  # from the chest joint: outwards, up, forward
            "mouth": (0.015 * unit, head - 0.035 * unit, 0.080 * unit),
            "ear": (0.052 * unit, head - 0.005 * unit, 0.018 * unit),
            "crown": (0.030 * unit, head + 0.070 * unit, 0.010 * unit),
            "brow": (0.048 * unit, head + 0.028 * unit, 0.060 * unit),
            "chest": (0.012 * unit, -0.085 * unit, 0.170 * unit),
            "waist": (0.125 * unit, -0.86 * self.trunk, -0.010 * unit),
        }
        out, up, fwd = places[name]
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
            KeyError: for a layout with joints this body has not.
        """
        c = {name: pose[:, i] for name, i in CHANNEL.items()}
        leg, zero = self.leg_length, np.zeros(len(pose))
        at: dict[str, Array] = {}

        yaw = _turns(c["yaw"], zero, zero)
        frames = [
            _turns(w * c["twist"], b * c["bend"], s * c["lean"])
            for b, s, w in zip(_BEND, _LEAN, _TWIST, strict=True)
        ]
        pelvis, spine = yaw @ frames[0], yaw @ frames[0] @ frames[1]
        chest = spine @ frames[2]
        skull = chest @ _turns(c["turn"], c["nod"], c["tilt"])

        high = self.pelvis_height + leg * (c["up"] + c["air"])
        at["pelvis"] = np.stack([leg * c["right"], high, -leg * c["fwd"]], axis=-1)
        # Kinect v1 puts its spine joint just above the pelvis, v2 half-way up.
        low = (0.5 if "neck" in layout.joints else 0.2) * self.trunk
        at["spine"] = at["pelvis"] + low * pelvis[..., 1]
        at["chest"] = at["spine"] + (self.trunk - low) * spine[..., 1]
        if "neck" in layout.joints:
            at["neck"] = at["chest"] + 0.4 * self.neck_length * chest[..., 1]
            at["head"] = at["neck"] + 0.6 * self.neck_length * skull[..., 1]
        else:
            at["head"] = at["chest"] + self.neck_length * skull[..., 1]
        for side, sign in (("right", 1.0), ("left", -1.0)):
            self._arm(at, c, side, sign, chest)
            self._leg(at, c, side, sign, pelvis, yaw)

        # The lower foot is what stands on the floor: whatever the pelvis was meant to do, the body follows
        # the foot.
        lowest = np.min(
            [at[f"{j}_{s}"][:, 1] - h for s in ("right", "left")
             for j, h in (("ankle", self.ankle_height), ("foot", self.foot_height))], axis=0,
        )  # fmt: skip
        shift = np.stack([zero, leg * c["air"] - lowest, -leg * c["travel"]], axis=-1)
        out: Array = np.stack([at[joint] for joint in layout.joints], axis=1) + shift[:, None]
        return out

    def _arm(self, at: dict[str, Array], c: dict[str, Array], side: str, sign: float, chest: Array) -> None:
        flip = np.array([sign, 1.0, -1.0])  # (out, up, forward) -> (x, y, z)
        way = np.stack([c[f"hand_{w}_{side}"] for w in ("out", "up", "fwd")], axis=-1) * flip
        pole = np.stack([c[f"elbow_{w}_{side}"] for w in ("out", "up", "fwd")], axis=-1) * flip
        way = _unit(way)
        # The shoulder blade follows the arm: up as the hand rises, a little forward as it reaches.
        shrug = 14.0 * np.clip(way[:, 1] + 0.5, 0, 1.5)
        blade = _turns(sign * 10.0 * np.clip(-way[:, 2], -0.5, 1), np.zeros_like(shrug), -sign * shrug)
        shoulder = at["chest"] + (chest @ blade) @ (self.shoulder_offset * [sign, 1, 1])
        distance = np.clip(c[f"reach_{side}"], 0.25, 0.993) * self.arm_length
        elbow, hand, out = _two_bones(
            shoulder,
            _apply(chest, way),
            distance,
            _apply(chest, pole),
            self.upper_arm,
            self.forearm + self.hand,
        )
        along = (hand - elbow) / (self.forearm + self.hand)
        at[f"shoulder_{side}"], at[f"elbow_{side}"], at[f"hand_{side}"] = shoulder, elbow, hand
        at[f"wrist_{side}"] = elbow + self.forearm * along
        # Fingers go on along the forearm; the thumb stands off on the side away from the elbow.
        thumb = -_unit(out - np.sum(out * along, axis=-1, keepdims=True) * along)
        at[f"handtip_{side}"] = hand + 0.045 * self.height * self.arm * along
        at[f"thumb_{side}"] = hand + 0.025 * self.height * self.arm * _unit(0.3 * along + thumb)

    def _leg(
        self, at: dict[str, Array], c: dict[str, Array], side: str, sign: float, pelvis: Array, yaw: Array
    ) -> None:
        hip = at["pelvis"] + pelvis @ (self.hip_offset * [sign, 1, 1])
        leg = self.leg_length
        place = np.stack([
            sign * (self.hip_offset[0] + leg * c[f"foot_out_{side}"]),
            self.ankle_height + leg * (c[f"foot_up_{side}"] + c["air"]),
            -leg * c[f"foot_fwd_{side}"],
        ], axis=-1)  # fmt: skip
        to_ankle = _apply(yaw, place * [1, 0, 1]) + place * [0, 1, 0] - hip
        distance = np.linalg.norm(to_ankle, axis=-1)
        spread = np.radians(8 + c[f"knee_out_{side}"])
        pole = np.stack([sign * np.sin(spread), 0.25 + 0 * spread, -np.cos(spread)], axis=-1)
        knee, ankle, _ = _two_bones(
            hip,
            to_ankle / distance[:, None],
            np.clip(distance, 0.3 * leg, 0.998 * leg),
            _apply(yaw, pole),
            self.thigh,
            self.shank,
        )
        at[f"hip_{side}"], at[f"knee_{side}"], at[f"ankle_{side}"] = hip, knee, ankle
        flat = np.arcsin((self.ankle_height - self.foot_height) / self.foot)
        point = _turns(
            -sign * (8 + 0.8 * c[f"knee_out_{side}"]),
            np.degrees(flat) + c[f"toe_{side}"],
            np.zeros(len(spread)),
        )
        at[f"foot_{side}"] = ankle - self.foot * (yaw @ point)[..., 2]


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
    out: Array = np.einsum("fij,fj->fi", rotation, vector)
    return out


def _unit(vector: Array) -> Array:
    out: Array = vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)
    return out


def _two_bones(
    start: Array, way: Array, distance: Array, pole: Array, first: float, second: float
) -> tuple[Array, Array, Array]:
    """Middle and end joint of a two-bone limb that ends `distance` along `way` and bends towards `pole`; and
    the unit direction in which the middle joint stands off."""
    distance = np.clip(distance, 1.02 * abs(first - second), 0.9995 * (first + second))
    out = _unit(pole - np.sum(pole * way, axis=-1, keepdims=True) * way)
    along = (first**2 + distance**2 - second**2) / (2 * distance)
    off = np.sqrt(np.maximum(first**2 - along**2, 0.0))
    middle = start + along[:, None] * way + off[:, None] * out
    return middle, start + distance[:, None] * way, out
