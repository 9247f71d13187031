"""Places that mark absent joints: where a joint is again and again, exactly, while the body moves elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MIN_FRAMES = 3
"""Frames in which a joint is at one place if that place marks absent joints."""
MAX_SHARE = 0.9
"""A joint that is there in a larger share of its frames does not move."""
JUMP = 0.15
"""Share of the body's size by which a joint jumps to such a place, and back."""
PLACES = 3
"""Places looked at of each joint, the most frequent."""
FAR_JUMP, QUIET = 1 / 3, 0.05
"""Shares of the body's size: a step that no joint makes from frame to frame, and steps of those that hardly move."""
_WEIGHTS = np.array([1.0, 1.6180339887, 2.7182818285])
"""Of the coordinates, in a sum that is equal for equal places, and for others only by an unlikely chance."""

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


def marked_joints(
    points: Floats, absent: Booleans, names: Sequence[str] | None = None
) -> tuple[Booleans, tuple[str, ...]]:
    """Joints that are absent because they are at a place that marks it.

    Such a place is one to which a joint jumps from elsewhere, and back, and where it is exactly in several frames,
    though most of the other joints are not in one place in these frames: 32767 mm in all coordinates, or 0 0 0 before
    the recording was moved. Other joints at exactly this place are absent too.

    Args:
        points: (frames, bodies, joints, 2 or 3).
        absent: (frames, bodies, joints) that are known to be absent.
        names: of the joints, for the notes.

    Returns:
        (frames, bodies, joints), and notes with the places.
    """
    keys = np.where(absent, np.nan, np.where(absent[..., None], 0, points) @ _WEIGHTS[: points.shape[-1]])
    marked = np.zeros_like(absent)
    notes: list[str] = []
    # A body of few frames, as before people are tracked, cannot show such a place.
    for body in np.flatnonzero((~absent).any(axis=-1).sum(axis=0) >= MIN_FRAMES).tolist():
        seen = points[:, body]
        repeated = _repeated(keys[:, body])
        if not repeated.any() and len(seen) < 2 * MIN_FRAMES:
            continue
        size = _size(seen, absent[:, body])
        if not size > 0:
            continue
        for joint in np.flatnonzero(repeated & _may_jump(seen, absent[:, body], size)).tolist():
            for key in _frequent(keys[:, body, joint]):
                at_mark = keys[:, body, joint] == key
                if marked[:, body, joint][at_mark].any() or not _is_mark(
                    seen, absent[:, body], joint, at_mark, size
                ):
                    continue
                same = keys[:, body] == key
                marked[:, body] |= same
                coordinates = " ".join(f"{number:.6g}" for number in seen[at_mark, joint][0])
                which = _name(joint, names)
                more = " and others" if (same.any(axis=0).sum()) > 1 else ""
                notes.append(
                    f"{which}{more} at {coordinates} in {int(same.any(axis=1).sum())} frames: taken as absent"
                )
        together = _together(np.where(marked[:, body], np.nan, keys[:, body]))
        for joint in np.flatnonzero(together.sum(axis=0) >= MIN_FRAMES).tolist():
            if not _is_mark(seen, absent[:, body], joint, together[:, joint], size):
                together[:, joint] = False
        if together.any():
            marked[:, body] |= together
            count = int(together.any(axis=1).sum())
            notes.append(
                f"several joints at one place, away from the body, in {count} frames: taken as absent"
            )
        shown = np.where((absent | marked)[:, body, :, None], np.nan, seen)
        notes += [
            f"{_name(joint, names)} jumps by more than a third of the body's height {count} times: perhaps absent there"
            for joint, count in _jumps(shown, size)
        ]
    return marked, tuple(dict.fromkeys(notes))


def _name(joint: int, names: Sequence[str] | None) -> str:
    return names[joint] if names is not None and joint < len(names) else f"joint {joint}"


def _together(keys: Floats) -> Booleans:
    """(frames, joints) where joints are exactly at the place of another joint, unless they mostly are."""
    order = np.argsort(keys, axis=1)
    ranked = np.take_along_axis(keys, order, axis=1)
    same = np.zeros(keys.shape, dtype=np.bool_)
    same[:, 1:] = ranked[:, 1:] == ranked[:, :-1]
    same[:, :-1] |= same[:, 1:].copy()
    together = np.zeros_like(same)
    np.put_along_axis(together, order, same, axis=1)
    together[:, together.sum(axis=0) > np.isfinite(keys).sum(axis=0) / 2] = False
    together[:, together.sum(axis=0) < MIN_FRAMES] = False
    return together


def _jumps(points: Floats, size: float) -> list[tuple[int, int]]:
    """Joints that jump away and back again and again while most others hardly move, and how often.

    Args:
        points: (frames, joints, columns), NaN where absent.
        size: of the body.
    """
    if len(points) < 2 * MIN_FRAMES:
        return []
    steps = np.linalg.norm(np.diff(points, axis=0), axis=-1) / size
    quiet = (np.where(np.isfinite(steps), steps, 0.0) < QUIET).mean(axis=1) > 0.5
    counts = ((steps > FAR_JUMP) & quiet[:, None]).sum(axis=0)
    return [(int(joint), int(counts[joint])) for joint in np.flatnonzero(counts >= 2 * MIN_FRAMES)]


def _size(points: Floats, absent: Booleans) -> float:
    """About the body's height, whatever a few joints do: from the distance of half of the joints from their middle."""
    shown = np.where(absent[..., None], np.nan, points)
    shown = shown[np.linspace(0, len(shown) - 1, min(len(shown), 200)).astype(np.int64)]
    shown = shown[np.isfinite(shown).all(axis=-1).sum(axis=-1) > 3]
    if not len(shown):
        return 0.0
    # np.nanmedian takes far longer for the few numbers of a short clip.
    median = np.median if np.isfinite(shown).all() else np.nanmedian
    distances = np.linalg.norm(shown - median(shown, axis=1, keepdims=True), axis=-1)
    return 4 * float(np.median(distances[np.isfinite(distances)]))


def _repeated(keys: Floats) -> Booleans:
    """(joints,) whether a joint is at one place in several frames."""
    ranked = np.sort(keys, axis=0)
    return np.asarray((ranked[MIN_FRAMES - 1 :] == ranked[: len(ranked) - MIN_FRAMES + 1]).any(axis=0))


def _may_jump(points: Floats, absent: Booleans, size: float) -> Booleans:
    """(joints,) whether a joint makes a step of `JUMP`; True where some of its frames are absent."""
    steps = np.diff(points, axis=0)
    longest = np.einsum("fjc,fjc->fj", steps, steps).max(axis=0, initial=0)
    return np.asarray(absent.any(axis=0) | ~(longest < (JUMP * size) ** 2))


def _frequent(keys: Floats) -> list[float]:
    """The most frequent places of a joint, as keys: in several frames, and not in nearly all."""
    present = keys[np.isfinite(keys)]
    values, counts = np.unique(present, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:PLACES]
    return [
        float(values[n]) for n in order if counts[n] >= MIN_FRAMES and counts[n] <= MAX_SHARE * len(present)
    ]


def _is_mark(points: Floats, absent: Booleans, joint: int, at_mark: Booleans, size: float) -> bool:
    """Whether a joint jumps to the place where it is in the frames `at_mark`, and back, while the others move."""
    known = np.flatnonzero(~absent[:, joint])
    at = at_mark[known]
    changes = np.flatnonzero(at[1:] != at[:-1])
    if not len(changes):
        return False
    before, after = (
        np.where(absent[frames, :, None], np.nan, points[frames])
        for frames in (known[changes], known[changes + 1])
    )
    steps = after - before
    own, common = steps[:, joint], np.nanmedian(steps, axis=1)  # all move on where another take begins
    jumps = np.minimum(np.linalg.norm(own, axis=-1), np.linalg.norm(own - common, axis=-1))
    if np.median(jumps) < JUMP * size:
        return False
    others = np.where(absent[at_mark][..., None], np.nan, points[at_mark])
    counts = np.isfinite(others).all(axis=-1).sum(axis=0) > 1
    counts[joint] = False
    if not counts.any():
        return False
    moved = np.nanmax(others[:, counts], axis=0) > np.nanmin(others[:, counts], axis=0)
    return bool(moved.any(axis=-1).mean() > 0.5)
