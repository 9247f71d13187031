"""What a recording does from frame to frame that no person does: jumps, people in each other's place, frozen frames."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.body import typical
from pgfa.read.interpret.vectors import median_of, norms

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

JUMP, SUDDEN, MAX_JUMPS = 1.0, 20.0, 3
"""Metres, and median steps, from one frame to the next that are a jump; with more of them tracking is bad."""
EXCHANGED, NEARER = 0.3, 0.5
"""Metres that people are apart, at least, to be seen in each other's place, and by which both together usually move
less from frame to frame; and the share of what they would have moved that is left if they have changed places."""
POSE_JUMP, SUDDEN_POSE = 0.04, 5.0
"""Metres that most joints move from one frame to the next, and that in multiples of the steps before and after it, if
the pose jumps."""
FASTEST = 9.0
"""Metres per second of the fastest joint relative to the body, most of the time: one and a half times that of dancers
and athletes. How many real recordings are faster: scripts/faults_caught.py counts it (docs/formats.md)."""
LEAST_FRAMES = 10
"""Of a recording whose speed is looked at."""
MIN_REPEATS, REPEATED = 5, 0.2
"""Frames that are exactly the one before, at least, and their share; of real recordings 6 % at most."""


def unsteady(positions: NDArray[np.float32], *, poses: bool) -> list[str]:
    """Notes on what breaks off from one frame to the next.

    Args:
        positions: (frames, bodies, joints, 3) metres, NaN where absent.
        poses: whether a pose that changes at once is noted.
    """
    exchanged = _exchanged_people(positions)
    return [*exchanged, *([] if exchanged else _jump(positions, poses=poses)), *_repeats(positions)]


def too_fast(positions: NDArray[np.float32], rate: float) -> list[str]:
    """A note if limbs are faster most of the time than those of any person: the rate is another.

    Args:
        positions: (frames, bodies, joints, 3) metres, NaN where absent.
        rate: frames per second.
    """
    if len(positions) < LEAST_FRAMES:
        return []
    points = positions.astype(np.float64)
    steps = norms(np.diff(points - _centres(points)[:, :, None], axis=0))
    fastest = np.fmax.reduce(steps.reshape(len(steps), -1), axis=1)
    speed = rate * typical(fastest)
    if not speed > FASTEST:
        return []
    return [
        f"limbs move at {speed:.0f} m/s most of the time, faster than people's do: another frame rate (--rate)?"
    ]


def _exchanged_people(positions: NDArray[np.float32]) -> list[str]:
    """A note if two people are from one frame to the next where the other was: their ids were exchanged."""
    frames, bodies = positions.shape[:2]
    if frames < 2 or bodies < 2:
        return []
    middles = _centres(positions.astype(np.float64))
    steps = norms(middles[1:, :, None] - middles[:-1, None])  # (frames - 1, after, before)
    notes = []
    for one in range(bodies):
        for other in range(one + 1, bodies):
            stays = steps[:, one, one] + steps[:, other, other]
            changes = steps[:, one, other] + steps[:, other, one]
            with np.errstate(invalid="ignore"):
                swapped = (stays > 2 * EXCHANGED) & (changes < NEARER * stays)
            if swapped.any() and typical(stays) < EXCHANGED:
                count, first = int(swapped.sum()), int(swapped.argmax()) + 1
                notes.append(
                    f"bodies {one + 1} and {other + 1} change places {count} times, first after frame {first}: "
                    "perhaps their ids were exchanged"
                )
    return notes


def may_be_unsteady(positions: NDArray[np.float32], starts: NDArray[np.int64]) -> Booleans:
    """(recordings,) whether `unsteady` may have a note but of poses, for many recordings of one body at once.

    Args:
        positions: (frames of all, bodies, joints, 3).
        starts: the first frame of each.
    """
    steps = norms(np.diff(_centres(positions.astype(np.float64)), axis=0))
    with np.errstate(invalid="ignore"):
        far = (steps > JUMP).any(axis=1)
    pairs, moved = _pairs(positions)
    marks = np.stack([far, pairs & ~moved])
    marks[:, starts[1:] - 1] = False  # from one recording to the next
    jumps, repeats = np.add.reduceat(np.pad(marks, ((0, 0), (0, 1))), starts, axis=1, dtype=np.int64)
    odd: Booleans = (jumps > 0) | (repeats >= MIN_REPEATS)
    return odd


def _jump(positions: NDArray[np.float32], *, poses: bool) -> list[str]:
    """A note if a body that moves smoothly is suddenly elsewhere, or (`poses`) in another pose: takes that were joined,
    or two people.
    """
    if len(positions) < 3:
        return []
    points = positions.astype(np.float64)
    steps = norms(np.diff(_centres(points), axis=0))
    usual = np.array([typical(body) for body in steps.T])
    with np.errstate(invalid="ignore"):
        jumps = steps > np.maximum(JUMP, SUDDEN * usual)
        changed = np.zeros_like(jumps)
        if poses:
            changes = _changes(points)
            changed = (changes > POSE_JUMP) & (changes > SUDDEN_POSE * _steps_around(changes)) & ~jumps
    if not 1 <= jumps.sum() + changed.sum() <= MAX_JUMPS:
        return []
    frame, body = (int(index) for index in np.argwhere(jumps | changed)[0])
    how = f"jumps by {steps[frame, body]:.1f} m"
    if changed[frame, body]:
        how = f"changes its pose at once, most joints by {changes[frame, body]:.2f} m or more,"
    return [f"body {body + 1} {how} after frame {frame + 1}: perhaps takes that were joined"]


def _centres(points: Floats) -> Floats:
    """(frames, bodies, 3) means of the joints that are seen; NaN for a body without joints."""
    # np.nanmean takes far longer for the few numbers of a short clip.
    if np.isfinite(points).all():
        out: Floats = points.mean(axis=2)
        return out
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a body without joints has no mean
        known: Floats = np.nanmean(points, axis=2)
        return known


def _changes(points: Floats) -> Floats:
    """(frames - 1, bodies) how far joints move to the next frame, in the median of those that are seen."""
    moves = norms(np.diff(points, axis=0))
    if np.isfinite(moves).all():
        return median_of(moves, axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        out: Floats = np.nanmedian(moves, axis=2)
        return out


def _repeats(positions: NDArray[np.float32]) -> list[str]:
    """A note if many frames of a body that moves are those before: it was frozen, or polled faster than it was seen."""
    pairs, moved = _pairs(positions)
    repeated = int((pairs & ~moved).sum())
    if repeated >= MIN_REPEATS and repeated == pairs.sum():
        return [f"all {repeated + 1} frames are exactly the same: nothing moves"]
    if repeated < MIN_REPEATS or repeated < REPEATED * pairs.sum() or (pairs & moved).sum() < MIN_REPEATS:
        return []
    return [f"each of {repeated} frames is exactly the one before: frozen, or polled faster than recorded"]


def _pairs(positions: NDArray[np.float32]) -> tuple[Booleans, Booleans]:
    """(frames - 1,) whether a number is known in both of two frames, and whether one has changed."""
    with np.errstate(invalid="ignore"):
        both = np.isfinite(positions[1:] + positions[:-1])
        differs = np.asarray(positions[1:] != positions[:-1]) & both
    return both.any(axis=(1, 2, 3)), differs.any(axis=(1, 2, 3))


def _steps_around(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest of the two steps before and the two after each; NaN where one of the next two is not known.

    Args:
        steps: (frames - 1, bodies), NaN where a body is absent.
    """
    count = len(steps)
    padded = np.zeros((count + 4, steps.shape[1]))
    padded[2:-2] = steps
    around = [padded[first : first + count] for first in (0, 1, 3, 4)]
    return np.maximum(np.maximum(around[0], around[1]), np.maximum(around[2], around[3]))
