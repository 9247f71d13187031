"""How an action is written down (key poses, cycles, waves) and how a performer plays it over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pgfa.synth.body import CHANNEL, CHANNELS, Array
from pgfa.synth.performers import Performer

RATE: Final = 30.0
"""Frames a second."""

ELBOW: Final = (0.35, -0.60, -0.70)
"""Where an elbow points when nothing else is said: down, back and a little out."""

STRAIGHT: Final = 0.985
"""Reach of an arm that is held straight; people keep some 15 degrees in the elbow."""


@dataclass(frozen=True)
class Hand:
    """Where a hand goes: a place (out, up, forward) from its own shoulder in arm lengths, in the chest's
    frame, or a place of the own body (Body.landmark); and where the elbow points. A place farther than 0.93
    means a straight arm.
    """

    place: tuple[float, float, float] | str
    elbow: tuple[float, float, float] = ELBOW


@dataclass(frozen=True)
class Foot:
    """Where an ankle goes: out, up, forward from its place in stance, in leg lengths; toe angle down in
    degrees."""

    out: float = 0.0
    up: float = 0.0
    fwd: float = 0.0
    toe: float = 0.0


@dataclass(frozen=True)
class Key:
    """A pose reached `time` seconds after the one before. What is not named stays as it was.

    Attributes:
        time: seconds at average speed.
        right, left, hands: the hand of the better side, the other one, or both.
        right_foot, left_foot, feet: likewise.
        step: way walked forward until this key, in leg lengths.
        rest: start again from the performer's own stance.
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
    rest: bool = False
    pose: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Wave:
    """A swing added to one channel while the cycle runs: amplitude, swings a repeat, phase in turns."""

    channel: str
    amplitude: float
    per_repeat: float = 1.0
    phase: float = 0.0


@dataclass(frozen=True)
class Action:
    """One action of a right-hander.

    Attributes:
        start: key poses before the part that repeats.
        cycle: key poses that repeat.
        repeats: fewest and most repeats.
        waves: swings during the cycle.
        end: key poses after it.
        back: seconds back to stance; None where the action ends elsewhere (sitting).
        begin: the pose it begins in, where that is not stance.
        steady: even speed between keys (walking), not slowing down at each.
        mirrored: the action a left-hander plays in a mirror to be seen doing this one, where that is another
        action.
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


def stance(performer: Performer) -> Array:
    """(channels,) the pose a performer stands in, idle."""
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


def play(
    action: Action, performer: Performer, habit: np.random.Generator, chance: np.random.Generator
) -> Array:
    """A performer plays an action once.

    Args:
        action: what is played.
        performer: by whom.
        habit: what this performer always does alike in this action is drawn from here.
        chance: what differs from one time to the next is drawn from here.

    Returns:
        (frames, channels) at RATE, ready for Body.joints.
    """
    own = stance(performer)
    reach_habit = 0.05 * habit.standard_normal((2, 3))
    size = performer.motion_range * np.exp(0.05 * habit.standard_normal())
    tempo = performer.speed * np.exp(0.08 * habit.standard_normal()) * np.exp(0.05 * chance.standard_normal())

    times, poses = [0.0], [own]
    if action.begin is not None:
        poses[0] = _reach_key(own, own, action.begin, performer, size, reach_habit, chance)
    marks: list[float] = []

    def reach(key: Key) -> None:
        times.append(times[-1] + key.time / tempo * np.exp(0.07 * chance.standard_normal()))
        poses.append(_reach_key(poses[-1], own, key, performer, size, reach_habit, chance))

    idle = performer.idle * chance.uniform(0.6, 1.4, size=2)
    reach(Key(float(idle[0]) * tempo))
    for key in action.start:
        reach(key)
    marks.append(times[-1])
    low, high = action.repeats
    for _ in range(int(np.clip(round(chance.normal(low + performer.eager * (high - low), 0.5)), low, high))):
        for key in action.cycle:
            reach(key)
        marks.append(times[-1])
    for key in action.end:
        reach(key)
    if action.back is not None:
        reach(Key(action.back, rest=True))
    reach(Key(float(idle[1]) * tempo))

    clock = np.arange(round(times[-1] * RATE) + 1) / RATE
    track = _between(np.array(times), np.array(poses), clock, action.steady)
    if action.waves:
        turns = np.interp(clock, marks, np.arange(len(marks)))
        fade = np.clip(np.minimum(clock - marks[0], marks[-1] - clock) / 0.22, 0, 1)
        fade = fade * fade * (3 - 2 * fade)
        for wave in action.waves:
            track[:, CHANNEL[wave.channel]] += (
                size * wave.amplitude * fade * np.sin(2 * np.pi * (wave.per_repeat * turns + wave.phase))
            )
    return track + _sway(clock, performer, chance)


def _reach_key(
    before: Array,
    own: Array,
    key: Key,
    performer: Performer,
    size: float,
    habit: Array,
    chance: np.random.Generator,
) -> Array:
    pose = own.copy() if key.rest else before.copy()
    pose[CHANNEL["travel"]] = before[CHANNEL["travel"]] + size * key.step
    for side, hand, foot in (
        ("right", key.right or key.hands, key.right_foot or key.feet),
        ("left", key.left or key.hands, key.left_foot or key.feet),
    ):
        if hand is not None:
            first = CHANNEL[f"hand_out_{side}"]
            if isinstance(hand.place, str):
                way, reach = performer.body.landmark(hand.place)
                way = way + 0.02 * chance.standard_normal(3)
            else:
                # Somebody with a small range of motion stops on the way from stance to the place.
                rest = own[first : first + 3] * own[first + 3]
                place = rest + size * (np.array(hand.place) - rest)
                place = place + habit[0 if side == "right" else 1] + 0.03 * chance.standard_normal(3)
                way = place / max(float(np.linalg.norm(place)), 0.05)
                far = float(np.linalg.norm(hand.place))
                reach = (STRAIGHT if far > 0.93 else far) + 0.012 * chance.standard_normal()
            pose[first : first + 7] = [*way, reach, *hand.elbow]
        if foot is not None:
            first = CHANNEL[f"foot_out_{side}"]
            move = size * np.array([foot.out, foot.up, foot.fwd])
            pose[first : first + 4] = own[first : first + 4] + np.array([*move, foot.toe])
    for name, value in key.pose.items():
        pose[CHANNEL[name]] = own[CHANNEL[name]] + size * value * np.exp(0.06 * chance.standard_normal())
    return pose


def _between(times: Array, poses: Array, clock: Array, steady: bool) -> Array:
    """Poses at the frames' times: through the keys without overshoot, then rounded off as limbs with mass
    are."""
    from scipy.interpolate import PchipInterpolator
    from scipy.ndimage import gaussian_filter1d

    if steady:
        place = np.clip(np.searchsorted(times, clock, side="right") - 1, 0, len(times) - 2)
        part = ((clock - times[place]) / (times[place + 1] - times[place]))[:, None]
        track = poses[place] * (1 - part) + poses[place + 1] * part
    else:
        track = PchipInterpolator(times, poses, axis=0)(clock)
    return np.asarray(gaussian_filter1d(track, 0.04 * RATE, axis=0, mode="nearest"), dtype=np.float64)


_SWAY: Final = {
    "right": 0.012, "fwd": 0.010, "yaw": 1.5, "bend": 1.2, "lean": 1.2, "twist": 1.5, 
    "nod": 3.0, "turn": 5.0, "tilt": 2.0,
    **{f"hand_{way}_{side}": 0.02 for way in ("out", "up", "fwd") for side in ("right", "left")},
}  # fmt: skip
_SWAY_INDEX: Final = np.array([CHANNEL[name] for name in _SWAY])
_SWAY_SIZE: Final = np.array(list(_SWAY.values()))


def _sway(clock: Array, performer: Performer, chance: np.random.Generator) -> Array:
    """(frames, channels) the slow unrest of a standing body: two swings between 0.15 and 0.9 Hz a channel."""
    out = np.zeros((len(clock), len(CHANNELS)))
    speed = chance.uniform(0.15, 0.9, size=(2, len(_SWAY)))
    phase = chance.uniform(size=(2, len(_SWAY)))
    swing = np.sin(2 * np.pi * (clock[:, None, None] * speed + phase)).sum(axis=1)
    out[:, _SWAY_INDEX] = performer.sway * _SWAY_SIZE * swing
    return out
