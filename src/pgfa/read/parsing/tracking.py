"""People found frame by frame, without names: who is who over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pgfa.read.assemble import counted

MAX_BODIES = 16
"""Bodies kept of a recording: those seen longest."""
MAX_A_FRAME = 32
"""People looked at in one frame."""
MAX_AWAITED = 64
"""People, those seen last, who may come back."""
FARTHEST = 0.75
"""Farther than this share of its own size, from one frame it was seen in to the next, nobody goes..."""
LONGEST_GAP = 30
"""...and after so many frames unseen, whoever comes is somebody new."""

Floats = NDArray[np.float64]


@dataclass
class _Person:
    last: Floats
    size: float
    frames: list[int] = field(default_factory=list)
    points: list[Floats] = field(default_factory=list)


def follow(people: Sequence[Sequence[Floats]], joints: int) -> tuple[Floats, tuple[str, ...]]:
    """Give each person one body slot for the whole recording.

    Nearest first: of all pairs of a person known and one found in the frame, the pair that lies nearest is the
    same person, then the next, as long as they lie within `FARTHEST` of the person's size (the diagonal of the
    box round it). Distance is the mean over the joints seen in both.

    Args:
        people: frames -> people of the frame -> (joints, 2 or 3), NaN where absent; at most MAX_A_FRAME a frame
            are looked at.
        joints: number of joints.

    Returns:
        (frames, bodies, joints, 2 or 3) with at most `MAX_BODIES` bodies, those seen longest first; and what was
        left out.
    """
    known: list[_Person] = []
    done: list[_Person] = []
    for frame, found in enumerate(people):
        found = [points for points in found[:MAX_A_FRAME] if np.isfinite(points).any()]
        known.sort(key=lambda person: -person.frames[-1])
        awaited = sum(frame - person.frames[-1] <= LONGEST_GAP for person in known[:MAX_AWAITED])
        done, known = done + known[awaited:], known[:awaited]
        taken = _match(known, found)
        for index, points in enumerate(found):
            person = taken.get(index)
            if person is None:
                person = _Person(points, _size(points))
                known.append(person)
            person.last = np.where(np.isfinite(points), points, person.last)
            person.size = max(_size(points), 0.9 * person.size)
            person.frames.append(frame)
            person.points.append(points)
    everybody = sorted(done + known, key=lambda person: (-len(person.frames), person.frames[0]))
    kept = everybody[:MAX_BODIES]
    width = next((points.shape[-1] for frame in people for points in frame), 2)
    out = np.full((len(people), max(len(kept), 1), joints, width), np.nan)
    for body, person in enumerate(kept):
        out[person.frames, body] = np.stack(person.points)
    left = len(everybody) - len(kept)
    problems = (counted(left, "body").replace("bodys", "bodies") + " seen shortest left out",) if left else ()
    return out, problems


def _match(known: list[_Person], found: list[Floats]) -> dict[int, _Person]:
    if not known or not found:
        return {}
    last = np.stack([person.last for person in known])[:, None]
    here = np.stack(found)[None]
    way = np.linalg.norm(last - here, axis=-1)
    both = np.isfinite(way)
    mean = np.where(both, way, 0).sum(-1) / np.maximum(both.sum(-1), 1)
    size = np.array([person.size for person in known])[:, None]
    cost = np.where(both.any(-1), mean / np.maximum(size, 1e-9), np.inf)
    taken: dict[int, _Person] = {}
    while np.isfinite(least := cost.min()) and least <= FARTHEST:
        person, index = divmod(int(cost.argmin()), cost.shape[1])
        taken[index] = known[person]
        cost[person], cost[:, index] = np.inf, np.inf
    return taken


def _size(points: Floats) -> float:
    seen = points[np.isfinite(points).all(axis=-1)]
    return float(np.linalg.norm(np.ptp(seen, axis=0))) if len(seen) else 0.0
