"""Places that mark absent joints: where a joint is again and again, exactly, while the body moves elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.read.interpret.strays import is_centred, stray_joints
from pgfa.read.interpret.vectors import any_of, are_finite, known_median_of, median_of, norms

MIN_FRAMES = 3
"""Frames in which a joint is at one place if that place marks absent joints."""
MAX_SHARE = 0.9
"""A joint that is there in a larger share of its frames does not move."""
JUMP = 0.15
"""Share of the body's size by which a joint jumps to such a place, and back."""
PLACES = 3
"""Places looked at of each joint, the most frequent."""
LOOKED_AT = 200
"""Frames of which the body's size is measured, evenly spaced."""
FAR_JUMP, QUIET = 1 / 3, 0.05
"""Shares of the body's size: a step that no joint makes from frame to frame, and steps of those that hardly move."""
WEIGHTS = np.array([1.0, 1.6180339887, 2.7182818285])
"""Of the coordinates, in a sum that is equal for equal places, and for others only by an unlikely chance."""

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


def marked_joints(
    points: Floats, absent: Booleans, names: Sequence[str] | None = None
) -> tuple[Booleans, tuple[str, ...]]:
    """Joints that are absent because they are at a place that marks it.

    Such a place is one to which a joint jumps from elsewhere, and back, and where it is exactly in several frames,
    though most of the other joints are not in one place in these frames: 32767 mm in all coordinates, or 0 0 0 before
    the recording was moved. Other joints at exactly this place are absent too. So are joints farther from the body than
    it is tall (`strays`).

    Args:
        points: (frames, bodies, joints, 2 or 3).
        absent: (frames, bodies, joints) that are known to be absent.
        names: of the joints, for the notes.

    Returns:
        (frames, bodies, joints), and notes with the places.
    """
    keys = np.where(absent, np.nan, np.where(absent[..., None], 0, points) @ WEIGHTS[: points.shape[-1]])
    marked = np.zeros_like(absent)
    notes: list[str] = []
    # A body of few frames, as before people are tracked, cannot show such a place.
    for number in np.flatnonzero((~absent).any(axis=-1).sum(axis=0) >= MIN_FRAMES).tolist():
        repeated = _repeated(keys[:, number])
        if not repeated.any() and len(points) < 2 * MIN_FRAMES:
            continue
        body = _body(points[:, number], absent[:, number], keys[:, number])
        if body is not None:
            marked[:, number], more = _marked_in(body, repeated, names)
            notes += more
    return marked, tuple(dict.fromkeys(notes))


@dataclass(frozen=True)
class _Body:
    """One body over time.

    Attributes:
        points: (frames, joints, columns).
        absent: (frames, joints) that are known to be absent.
        keys: (frames, joints) of their places, NaN where absent.
        steps: (frames - 1, joints) how far they move, of joints that are present in all frames.
        size: about its height.
    """

    points: Floats
    absent: Booleans
    keys: Floats
    steps: Floats
    size: float


def _body(points: Floats, absent: Booleans, keys: Floats) -> _Body | None:
    """The body; None if it has no size."""
    size = _size(points, absent)
    return _Body(points, absent, keys, norms(points[1:] - points[:-1]), size) if size > 0 else None


def _marked_in(body: _Body, repeated: Booleans, names: Sequence[str] | None) -> tuple[Booleans, list[str]]:
    """As `marked_joints`, of one body. `repeated`: (joints,) those that are at one place in several frames."""
    marked = np.zeros_like(body.absent)
    notes: list[str] = []
    may_jump = body.absent.any(axis=0) | ~(body.steps.max(axis=0, initial=0) < JUMP * body.size)
    for joint in np.flatnonzero(repeated & may_jump).tolist():
        for key in _frequent(body.keys[:, joint]):
            at_mark = body.keys[:, joint] == key
            if marked[at_mark, joint].any() or not _is_mark(body, joint, at_mark):
                continue
            same = body.keys == key
            marked |= same
            coordinates = " ".join(f"{number:.6g}" for number in body.points[at_mark, joint][0])
            more = " and others" if (same.any(axis=0).sum()) > 1 else ""
            notes.append(
                f"{_name(joint, names)}{more} at {coordinates} in {int(same.any(axis=1).sum())} frames: taken as absent"
            )
    together = _together(np.where(marked, np.nan, body.keys))
    for joint in np.flatnonzero(together.sum(axis=0) >= MIN_FRAMES).tolist():
        if not _is_mark(body, joint, together[:, joint]):
            together[:, joint] = False
    if together.any():
        marked |= together
        count = int(together.any(axis=1).sum())
        notes.append(f"several joints at one place, away from the body, in {count} frames: taken as absent")
    far = stray_joints(np.where((body.absent | marked)[..., None], np.nan, body.points), body.size)
    marked |= far
    notes += [
        f"{_name(joint, names)} is farther from the body than it is tall in {_frames(count)}: taken as absent"
        for joint, count in enumerate(far.sum(axis=0).tolist())
        if count
    ]
    notes += [
        f"{_name(joint, names)} jumps by more than a third of the body's height {_times(count)}: perhaps absent there"
        for joint, count in _jumps(body, marked)
    ]
    return marked, notes


def _name(joint: int, names: Sequence[str] | None) -> str:
    return names[joint] if names is not None and joint < len(names) else f"joint {joint}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _frames(count: int) -> str:
    return f"{count} frame{'s' * (count > 1)}"


def _together(keys: Floats) -> Booleans:
    """(frames, joints) where joints are exactly at the place of another joint, unless they mostly are."""
    together = np.zeros(keys.shape, dtype=np.bool_)
    ranked = np.sort(keys, axis=1)
    if not (ranked[:, 1:] == ranked[:, :-1]).any():
        return together
    order = np.argsort(keys, axis=1)
    ranked = np.take_along_axis(keys, order, axis=1)
    same = np.zeros_like(together)
    same[:, 1:] = ranked[:, 1:] == ranked[:, :-1]
    same[:, :-1] |= same[:, 1:].copy()
    np.put_along_axis(together, order, same, axis=1)
    together[:, together.sum(axis=0) > np.isfinite(keys).sum(axis=0) / 2] = False
    together[:, together.sum(axis=0) < MIN_FRAMES] = False
    return together


def _jumps(body: _Body, marked: Booleans) -> list[tuple[int, int]]:
    """Joints that jump away and back again and again while most others hardly move, and how often.

    Where positions are relative to the body, one jump counts: joints that were 0 0 0 before the root was subtracted are
    at a place that moves.

    Args:
        body: over time.
        marked: (frames, joints) that are absent, too.
    """
    if len(body.points) < 2 * MIN_FRAMES:
        return []
    gone = body.absent | marked
    steps = np.where(gone[1:] | gone[:-1], np.nan, body.steps) / body.size
    quiet = (np.where(np.isfinite(steps), steps, 0.0) < QUIET).mean(axis=1) > 0.5
    counts = ((steps > FAR_JUMP) & quiet[:, None]).sum(axis=0)
    if not counts.any():
        return []
    centred = is_centred(np.where(gone[..., None], np.nan, body.points), body.size)
    least = 1 if centred else 2 * MIN_FRAMES
    return [(int(joint), int(counts[joint])) for joint in np.flatnonzero(counts >= least)]


def _size(points: Floats, absent: Booleans) -> float:
    """About the body's height, whatever a few joints do: from the distance of half of the joints from their middle."""
    if len(points) > LOOKED_AT:
        chosen = np.linspace(0, len(points) - 1, LOOKED_AT).astype(np.int64)
        points, absent = points[chosen], absent[chosen]
    shown = np.where(absent[..., None], np.nan, points)
    shown = shown[are_finite(shown).sum(axis=-1) > 3]
    if not len(shown):
        return 0.0
    # np.nanmedian takes far longer for the few numbers of a short clip.
    if np.isfinite(shown).all():
        return 4 * float(median_of(norms(shown - median_of(shown, axis=1)[:, None])))
    distances = norms(shown - known_median_of(shown, axis=1)[:, None])
    return 4 * float(median_of(distances[np.isfinite(distances)]))


def _repeated(keys: Floats) -> Booleans:
    """(joints,) whether a joint is at one place in several frames."""
    ranked = np.sort(keys, axis=0)
    return np.asarray((ranked[MIN_FRAMES - 1 :] == ranked[: len(ranked) - MIN_FRAMES + 1]).any(axis=0))


def _frequent(keys: Floats) -> list[float]:
    """The most frequent places of a joint, as keys: in several frames, and not in nearly all."""
    present = keys[np.isfinite(keys)]
    values, counts = np.unique(present, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:PLACES]
    return [
        float(values[n]) for n in order if counts[n] >= MIN_FRAMES and counts[n] <= MAX_SHARE * len(present)
    ]


def _is_mark(body: _Body, joint: int, at_mark: Booleans) -> bool:
    """Whether a joint jumps to the place where it is in the frames `at_mark`, and back, while the others move."""
    if body.absent[:, joint].any():
        known = np.flatnonzero(~body.absent[:, joint])
        at, steps = at_mark[known], norms(np.diff(body.points[known, joint], axis=0))
    else:
        known, at, steps = np.arange(len(at_mark)), at_mark, body.steps[:, joint]
    changes = np.flatnonzero(at[1:] != at[:-1])
    if not len(changes) or median_of(steps[changes]) < JUMP * body.size:
        return False
    # All move on where another take begins: only what a joint moves beside the others is its own jump.
    before, after = (
        np.where(body.absent[frames, :, None], np.nan, body.points[frames])
        for frames in (known[changes], known[changes + 1])
    )
    beside = norms(after[:, joint] - before[:, joint] - known_median_of(after - before, axis=1))
    if median_of(np.minimum(steps[changes], beside)) < JUMP * body.size:
        return False
    others, absent = body.points[at_mark], body.absent[at_mark]
    counts = (~absent & are_finite(others)).sum(axis=0) > 1
    counts[joint] = False
    if not counts.any():
        return False
    others, absent = others[:, counts], absent[:, counts]
    if absent.any():
        others = np.where(absent[..., None], np.nan, others)
    moved = any_of(np.fmax.reduce(others, axis=0) > np.fmin.reduce(others, axis=0))
    return bool(moved.mean() > 0.5)
