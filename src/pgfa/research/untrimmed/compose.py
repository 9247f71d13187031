"""Untrimmed recordings made from trimmed clips: one person's clips joined with rests and transitions.

Each clip is turned and moved so that it starts where the last one ended, facing the same way. A transition blends the
last pose into the next one at a natural speed. A rest is the person's own resting pose, with a slow sway and the
jitter of the sensor; half of the clips follow the one before without a rest. Nothing depends on any recogniser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.skeleton import KINECT20, Clip, Source

Array = NDArray[np.float32]

RATE = 30.0
FASTEST = 1.5
"""Mean speed of the fastest joint in a transition, metres per second."""
SHORTEST, LONGEST = 0.4, 2.0
"""Seconds of a transition."""
RESTS = 1.0, 4.0
"""Seconds of a rest, drawn evenly."""
REST_SHARE = 0.5
"""Of the transitions between two clips, those with a rest."""
SWAY_METRES, SWAY_SECONDS = 0.006, 1.5
"""Standard deviation of the sway of a resting body, largest at the head, and the time over which it changes."""
STILL_SECONDS = 0.3
_JOINTS = {name: KINECT20.index(name) for name in KINECT20.joints}


@dataclass(frozen=True)
class Action:
    """A clip in a recording: the class and the seconds in which it is performed."""

    name: str
    start_s: float
    end_s: float

    @property
    def middle(self) -> float:
        """The tagged moment."""
        return (self.start_s + self.end_s) / 2


@dataclass(frozen=True)
class Untrimmed:
    """A recording and what happens in it, sorted by start."""

    clip: Clip
    actions: tuple[Action, ...]


def compose(clips: Sequence[Clip], rest: Array, seed: int, name: str) -> Untrimmed:
    """Join clips of one person.

    Args:
        clips: in the order of performance, each of one body, of any layout that maps to `KINECT20`.
        rest: (n, 20, 3) a resting stretch of that person, as `resting` returns it.
        seed: of rests and sway.
        name: id of the recording.
    """
    random = np.random.default_rng(seed)
    parts = [_rest(rest, _drawn(random, RESTS), random)]
    frames, actions = len(parts[0]), []
    for number, clip in enumerate(clips):
        rested = number > 0 and random.random() < REST_SHARE
        moves = [_rest(rest, _drawn(random, RESTS), random)] if rested else []
        for pose, action in [*((move, None) for move in moves), (normalised(clip), clip.source.action)]:
            moved = _continued(parts[-1][-1], pose)
            blend = _transition(parts[-1][-1], moved[0])
            frames += len(blend)
            if action is not None:
                actions.append(Action(action, frames / RATE, (frames + len(moved)) / RATE))
            frames += len(moved)
            parts += [blend, moved]
    last = _continued(parts[-1][-1], _rest(rest, _drawn(random, RESTS), random))
    parts += [_transition(parts[-1][-1], last[0]), last]
    source = Source(id=name, dataset=clips[0].source.dataset, subject=clips[0].source.subject)
    positions = np.concatenate(parts)[:, None].astype(np.float32)
    return Untrimmed(Clip(positions, RATE, KINECT20, source), tuple(actions))


def shows_trunk(clip: Clip) -> bool:
    """Whether the first body's chest, shoulders and hips are each seen in some frame."""
    positions = clip.to(KINECT20).positions[:, 0]
    sides = [f"{part}_{side}" for part in ("shoulder", "hip") for side in ("left", "right")]
    trunk = positions[:, [_JOINTS[name] for name in ("chest", *sides)]]
    return bool(np.isfinite(trunk).all(axis=2).any(axis=0).all())


def normalised(clip: Clip) -> Array:
    """(frames, 20, 3) of the first body at `RATE`, gaps filled by the nearest frame, feet on the floor.

    Joints that the clip never shows stay NaN.
    """
    positions = np.array(clip.to(KINECT20).positions[:, 0])
    known: NDArray[np.bool_] = np.asarray(np.isfinite(positions).all(axis=2))
    frame = np.arange(len(positions))
    for joint in range(positions.shape[1]):
        if known[:, joint].any():
            seen = frame[known[:, joint]]
            nearest = seen[np.abs(frame[:, None] - seen[None]).argmin(axis=1)]
            positions[:, joint] = positions[nearest, joint]
    time = np.arange(max(round(len(positions) / clip.rate * RATE), 2)) * clip.rate / RATE
    time = np.minimum(time, len(positions) - 1)
    low = np.floor(time).astype(np.int64)
    high, share = np.minimum(low + 1, len(positions) - 1), (time - low)[:, None, None]
    out = positions[low] * (1 - share) + positions[high] * share
    out[..., 1] -= np.nanquantile(np.nanmin(out[..., 1], axis=1), 0.1)
    return np.asarray(out, dtype=np.float32)


def resting(clips: Sequence[Clip]) -> Array:
    """(n, 20, 3) the stillest stretch of a person's clips in which the body stands upright with its hands down.

    Few sets show hands and head, so the chest should be high and the wrists low beside it.
    """
    best, lowest = None, np.inf
    length = round(STILL_SECONDS * RATE)
    for clip in clips:
        positions = normalised(clip)
        chest = positions[:, _JOINTS["chest"], 1]
        wrists = positions[:, [_JOINTS["wrist_left"], _JOINTS["wrist_right"]], 1].max(axis=1)
        if len(positions) < length + 1 or not np.isfinite(chest + wrists).all():
            continue
        speed = np.nanmean(np.linalg.norm(np.diff(positions, axis=0), axis=2), axis=1) * RATE
        for start in range(0, len(positions) - length, length):
            part = slice(start, start + length)
            score = speed[part].mean() + 2 * wrists[part].mean() / chest[part].mean() - chest[part].mean()
            if score < lowest:
                best, lowest = positions[part], score
    if best is None:
        raise ValueError("no clip shows chest and wrists for long enough")
    return best


def _rest(stretch: Array, seconds: float, random: np.random.Generator) -> Array:
    """A body that stands: the mean pose of a stretch, its frame-to-frame jitter, and a sway that grows with height."""
    count = round(seconds * RATE)
    pose = stretch.mean(axis=0)
    jitter = np.abs(np.diff(stretch, axis=0)).mean(axis=(0, 2)) * np.sqrt(np.pi) / 2
    width = round(SWAY_SECONDS * RATE)
    sway = np.cumsum(random.normal(size=(count + width, 2)), axis=0)
    sway = sway[width:] - (sway[:-width] + sway[width:]) / 2
    sway *= SWAY_METRES / max(float(sway.std()), 1e-6)
    out = np.repeat(pose[None], count, axis=0) + random.normal(size=(count, 20, 3)) * jitter[:, None]
    height = pose[:, 1] / max(float(np.nanmax(pose[:, 1])), 1e-6)
    out[..., [0, 2]] += sway[:, None] * height[:, None]
    return np.asarray(out, dtype=np.float32)


def _drawn(random: np.random.Generator, limits: tuple[float, float]) -> float:
    return float(random.uniform(*limits))


def _continued(before: Array, positions: Array) -> Array:
    """Turned about the vertical and moved on the floor, so that the first frame is where the body was."""
    angle = _facing(before) - _facing(positions[0])
    x, y, z = np.moveaxis(positions, -1, 0)
    turned = np.stack(
        [np.cos(angle) * x + np.sin(angle) * z, y, np.cos(angle) * z - np.sin(angle) * x], axis=-1
    )
    shift = _root(before) - _root(turned[0])
    return np.asarray(turned + np.array([shift[0], 0, shift[2]]), dtype=np.float32)


def _root(pose: Array) -> Array:
    hips = pose[[_JOINTS["hip_left"], _JOINTS["hip_right"], _JOINTS["pelvis"]]]
    return np.asarray(np.nan_to_num(np.nanmean(hips, axis=0)), dtype=np.float32)


def _facing(pose: Array) -> float:
    """Angle of the line from the right to the left side about the vertical; 0 where it is not known."""
    across = np.zeros(3)
    for part in ("shoulder", "hip"):
        line = pose[_JOINTS[f"{part}_left"]] - pose[_JOINTS[f"{part}_right"]]
        across += np.nan_to_num(line)
    return float(np.arctan2(across[0], across[2]))


def _transition(before: Array, after: Array) -> Array:
    """Poses between two, without both, along straight lines and with a smooth start and end."""
    distance = float(np.nanmax(np.linalg.norm(after - before, axis=1)))
    seconds = float(np.clip(distance / FASTEST, SHORTEST, LONGEST))
    step = np.linspace(0, 1, round(seconds * RATE) + 2)[1:-1, None, None]
    weight = step * step * (3 - 2 * step)
    return np.asarray(before * (1 - weight) + after * weight, dtype=np.float32)
