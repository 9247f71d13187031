"""Actions as key poses, cycles and waves, and their animation by a performer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pgfa.synth.body import CHANNEL, CHANNELS, Array
from pgfa.synth.performers import Performer

RATE: Final = 30.0
"""Frames per second."""

ELBOW: Final = (0.35, -0.60, -0.70)
"""Default direction of an elbow: down, back and slightly out."""

_EXACT: Final = ("tip", "roll")
"""Channels that have the value of the key whatever the performer's range of motion: lying is lying."""

STRAIGHT: Final = 0.985
"""Reach of a straight arm: the elbow still bends by about 15 degrees."""


@dataclass(frozen=True)
class Hand:
    """Target of a hand and direction of the elbow.

    The target is a position (out, up, forward) relative to the shoulder of the hand's side, in arm lengths, in the
    chest's frame; or the name of a landmark (`Body.landmark`). A target farther than 0.93 means a straight arm.
    """

    target: tuple[float, float, float] | str
    elbow: tuple[float, float, float] = ELBOW


@dataclass(frozen=True)
class Foot:
    """Position of an ankle: out, up and forward of its position in stance, in leg lengths; toes down in degrees."""

    out: float = 0.0
    up: float = 0.0
    fwd: float = 0.0
    toe: float = 0.0


@dataclass(frozen=True)
class Key:
    """A key pose, reached `time` seconds after the previous one. Everything not given stays the same.

    Attributes:
        time: seconds at average speed.
        right, left, hands: the hand of the dominant side, the other one, or both.
        right_foot, left_foot, feet: likewise.
        step, side: way made until this key, forward and to the right as the body then faces, in leg lengths.
        rest: start from the performer's stance instead of the previous pose.
        pose: channels of the body (see CHANNELS) and their values.
    """

    time: float
    right: Hand | None = None
    left: Hand | None = None
    hands: Hand | None = None
    right_foot: Foot | None = None
    left_foot: Foot | None = None
    feet: Foot | None = None
    step: float = 0.0
    side: float = 0.0
    rest: bool = False
    pose: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Wave:
    """An oscillation added to one channel during the cycle: amplitude, periods per repeat, phase in periods."""

    channel: str
    amplitude: float
    per_repeat: float = 1.0
    phase: float = 0.0


@dataclass(frozen=True)
class Phase:
    """Key poses in a row.

    Attributes:
        keys: the poses.
        repeats: fewest and most times that they are performed; None: once.
        waves: swings during all of them.
    """

    keys: tuple[Key, ...]
    repeats: tuple[int, int] | None = None
    waves: tuple[Wave, ...] = ()


@dataclass(frozen=True)
class Motion:
    """Phases of a motion of a right-hander.

    Attributes:
        phases: in order.
        back: seconds back to stance; None if the motion ends in another pose (sitting).
        begin: the pose it begins in, if other than stance.
        steady: constant speed between keys (walking) instead of slowing down at each.
    """

    phases: tuple[Phase, ...]
    back: float | None = 0.55
    begin: Key | None = None
    steady: bool = False


@dataclass(frozen=True)
class Action:
    """One action of a right-hander: a start, a cycle and an end.

    Attributes:
        start: key poses before the part that repeats.
        cycle: key poses that repeat.
        repeats: fewest and most repeats.
        waves: swings during the cycle.
        end: key poses after it.
        back: seconds back to stance; None if the action ends in another pose (sitting).
        begin: the pose it begins in, if other than stance.
        steady: constant speed between keys (walking) instead of slowing down at each.
        mirrored: the action whose mirror image a left-hander performs for this one, if it is another action.
    """

    start: tuple[Key, ...] = ()
    cycle: tuple[Key, ...] = ()
    repeats: tuple[int, int] = (1, 1)
    waves: tuple[Wave, ...] = ()
    end: tuple[Key, ...] = ()
    back: float | None = 0.55
    begin: Key | None = None
    steady: bool = False
    mirrored: str = ""

    @property
    def motion(self) -> Motion:
        """Its three phases."""
        phases = (Phase(self.start), Phase(self.cycle, self.repeats, self.waves), Phase(self.end))
        return Motion(phases, self.back, self.begin, self.steady)


def stance(performer: Performer) -> Array:
    """(channels,) the pose in which a performer stands idle."""
    pose = np.zeros(len(CHANNELS))
    values = {"bend": performer.stoop, "nod": performer.nod, "up": -0.012}
    for side in ("right", "left"):
        out, fwd = np.radians([performer.arms_out, performer.arms_fwd])
        values |= {
            f"hand_out_{side}": np.sin(out), f"hand_up_{side}": -np.cos(out), f"hand_fwd_{side}": np.sin(fwd),
            f"reach_{side}": performer.arm_reach, f"foot_out_{side}": performer.stance,
            f"elbow_out_{side}": 0.5, f"elbow_up_{side}": -0.1, f"elbow_fwd_{side}": -0.85,
        }  # fmt: skip
    for name, value in values.items():
        pose[CHANNEL[name]] = value
    return pose


def animate(
    motion: Motion, performer: Performer, habit: np.random.Generator, random: np.random.Generator
) -> Array:
    """A performer performs a motion once.

    Args:
        motion: the motion.
        performer: the person.
        habit: random numbers for what is the same in all repeats of this performer.
        random: random numbers for what differs between repeats.

    Returns:
        (frames, channels) at RATE, ready for Body.joints.
    """
    neutral = stance(performer)
    reach_habit = 0.05 * habit.standard_normal((2, 3))
    size = performer.motion_range * np.exp(0.05 * habit.standard_normal())
    tempo = performer.speed * np.exp(0.08 * habit.standard_normal()) * np.exp(0.05 * random.standard_normal())

    def pose_of(key: Key, before: Array) -> Array:
        return _reach_key(before, neutral, key, performer, size, reach_habit, random)

    times, poses = [0.0], [neutral if motion.begin is None else pose_of(motion.begin, neutral)]

    def reach(key: Key) -> None:
        times.append(times[-1] + key.time / tempo * np.exp(0.07 * random.standard_normal()))
        poses.append(pose_of(key, poses[-1]))

    idle = performer.idle * random.uniform(0.6, 1.4, size=2)
    reach(Key(float(idle[0]) * tempo))
    swings: list[tuple[Wave, list[float]]] = []
    for phase in motion.phases:
        ends = [times[-1]]
        for _ in range(_times_performed(phase, performer, random)):
            for key in phase.keys:
                reach(key)
            ends.append(times[-1])
        swings += [(wave, ends) for wave in phase.waves]
    if motion.back is not None:
        reach(Key(motion.back, rest=True))
    reach(Key(float(idle[1]) * tempo))

    frame_times = np.arange(round(times[-1] * RATE) + 1) / RATE
    track = _interpolate(np.array(times), np.array(poses), frame_times, motion.steady)
    for wave, ends in swings:
        track[:, CHANNEL[wave.channel]] += _swing(wave, size, ends, frame_times)
    return track + _sway(frame_times, performer, random)


def _times_performed(phase: Phase, performer: Performer, random: np.random.Generator) -> int:
    if phase.repeats is None:
        return 1
    low, high = phase.repeats
    return int(np.clip(round(random.normal(low + performer.eager * (high - low), 0.5)), low, high))


def _swing(wave: Wave, size: float, ends: list[float], frame_times: Array) -> Array:
    """(frames,) an oscillation between the ends of the cycles of a phase, soft at both ends."""
    turns = np.interp(frame_times, ends, np.arange(len(ends)))
    envelope = np.clip(np.minimum(frame_times - ends[0], ends[-1] - frame_times) / 0.22, 0, 1)
    envelope = envelope * envelope * (3 - 2 * envelope)
    angle = 2 * np.pi * (wave.per_repeat * turns + wave.phase)
    swing: Array = size * wave.amplitude * envelope * np.sin(angle)
    return swing


def _reach_key(
    before: Array,
    neutral: Array,
    key: Key,
    performer: Performer,
    size: float,
    habit: Array,
    random: np.random.Generator,
) -> Array:
    pose = neutral.copy() if key.rest else before.copy()
    for side, hand, foot in (
        ("right", key.right or key.hands, key.right_foot or key.feet),
        ("left", key.left or key.hands, key.left_foot or key.feet),
    ):
        if hand is not None:
            first = CHANNEL[f"hand_out_{side}"]
            if isinstance(hand.target, str):
                direction, reach = performer.body.landmark(hand.target)
                direction = direction + 0.02 * random.standard_normal(3)
            else:
                # A performer with a small range of motion stops between stance and target.
                hanging = neutral[first : first + 3] * neutral[first + 3]
                target = hanging + size * (np.array(hand.target) - hanging)
                target = target + habit[0 if side == "right" else 1] + 0.03 * random.standard_normal(3)
                direction = target / max(float(np.linalg.norm(target)), 0.05)
                distance = float(np.linalg.norm(hand.target))
                reach = (STRAIGHT if distance > 0.93 else distance) + 0.012 * random.standard_normal()
            pose[first : first + 7] = [*direction, reach, *hand.elbow]
        if foot is not None:
            first = CHANNEL[f"foot_out_{side}"]
            offset = size * np.array([foot.out, foot.up, foot.fwd])
            pose[first : first + 4] = neutral[first : first + 4] + np.array([*offset, foot.toe])
    for name, value in key.pose.items():
        if name in _EXACT:
            pose[CHANNEL[name]] = value
        else:
            pose[CHANNEL[name]] = neutral[CHANNEL[name]] + size * value * np.exp(
                0.06 * random.standard_normal()
            )
    heading = np.radians(pose[CHANNEL["yaw"]])
    ahead, right = size * key.step, size * key.side
    for name, way in (
        ("travel", np.cos(heading) * ahead + np.sin(heading) * right),
        ("aside", np.cos(heading) * right - np.sin(heading) * ahead),
    ):
        pose[CHANNEL[name]] = before[CHANNEL[name]] + way
    return pose


def _interpolate(times: Array, poses: Array, frame_times: Array, steady: bool) -> Array:
    """Poses at the times of the frames: through the keys without overshoot, then smoothed as by the limbs' inertia."""
    from scipy.interpolate import PchipInterpolator
    from scipy.ndimage import gaussian_filter1d

    if steady:
        index = np.clip(np.searchsorted(times, frame_times, side="right") - 1, 0, len(times) - 2)
        fraction = ((frame_times - times[index]) / (times[index + 1] - times[index]))[:, None]
        track = poses[index] * (1 - fraction) + poses[index + 1] * fraction
    else:
        track = PchipInterpolator(times, poses, axis=0)(frame_times)
    return np.asarray(gaussian_filter1d(track, 0.04 * RATE, axis=0, mode="nearest"), dtype=np.float64)


_SWAY: Final = {
    "right": 0.012, "fwd": 0.010, "yaw": 1.5, "bend": 1.2, "lean": 1.2, "twist": 1.5, 
    "nod": 3.0, "turn": 5.0, "tilt": 2.0,
    **{f"hand_{way}_{side}": 0.02 for way in ("out", "up", "fwd") for side in ("right", "left")},
}  # fmt: skip
_SWAY_INDEX: Final = np.array([CHANNEL[name] for name in _SWAY])
_SWAY_SIZE: Final = np.array(list(_SWAY.values()))


def _sway(frame_times: Array, performer: Performer, random: np.random.Generator) -> Array:
    """(frames, channels) the slow sway of a standing body: two oscillations of 0.15 to 0.9 Hz per channel."""
    sway = np.zeros((len(frame_times), len(CHANNELS)))
    speed = random.uniform(0.15, 0.9, size=(2, len(_SWAY)))
    phase = random.uniform(size=(2, len(_SWAY)))
    swing = np.sin(2 * np.pi * (frame_times[:, None, None] * speed + phase)).sum(axis=1)
    sway[:, _SWAY_INDEX] = performer.sway * _SWAY_SIZE * swing
    return sway
