"""Ids of people that belong to one person: a depth camera that loses somebody gives a new id when it is back."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pgfa.read.encoding import printable
from pgfa.read.parsing.tracking import MAX_GAP, MAX_STEP

MAX_IDS = 64
"""Ids in a file; of more, none are joined."""
MAX_COORDINATE = 1e9
"""Coordinates above are none."""
LOOKED_AT = 60
"""Frames of an id in which lengths are measured, evenly spaced."""
LEAST_FRAMES = 5
"""Frames from which a length is known to be constant."""
RIGID = 0.06
"""Deviation of the distance of two joints, as a share of it, up to which they are on one bone."""
LEAST_RIGID = 5
"""Such distances, to compare the sizes of two bodies."""
SIZE = {3: 0.06, 2: 0.25}
"""How far sizes of one person may differ (logarithm), in space and in a picture, where people come nearer."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Appearance:
    """Where and when an id is seen: its frames in ascending order, and (frames, joints, 2 or 3) points."""

    frames: NDArray[np.int64]
    points: Floats

    @cached_property
    def lengths(self) -> tuple[Floats, NDArray[np.bool_]]:
        """The distance of each joint from each, and whether it is constant."""
        return _lengths(self.points)

    @cached_property
    def extent(self) -> float:
        """Usual diagonal of the body's box; NaN if it is never seen."""
        with np.errstate(all="ignore"):
            return float(np.nanmedian(_extents(self.points)))

    def joined(self, other: Appearance) -> Appearance:
        """Both in time."""
        frames = np.concatenate([self.frames, other.frames])
        order = np.argsort(frames, kind="stable")
        return Appearance(frames[order], np.concatenate([self.points, other.points])[order])


def one_person_ids(
    seen: Mapping[str | None, tuple[list[int], list[Floats]]],
) -> tuple[dict[str | None, str | None], tuple[str, ...]]:
    """The first id of each person, and notes.

    Two ids are one person if they never appear in one frame, the body goes on at the place where it was, and has the
    same size. In a picture, where size shows less, it has to be back within `MAX_GAP` frames.

    Args:
        seen: id -> its frames, and its body in each, (joints, 2 or 3), in the order of appearance.
    """
    first_of: dict[str | None, str | None] = {id: id for id in seen}
    if not 1 < len(seen) <= MAX_IDS:
        return first_of, ()
    groups: dict[str | None, Appearance] = {}
    for id, (frames, bodies) in seen.items():
        new = Appearance(np.array(frames, dtype=np.int64), _cleaned(np.stack(bodies)))
        distances = {first: _distance(group, new) for first, group in groups.items()}
        best = min(distances, key=lambda first: distances[first], default=None)
        if best is not None and distances[best] <= MAX_STEP:
            first_of[id], groups[best] = best, groups[best].joined(new)
        else:
            groups[id] = new
    return first_of, _notes(first_of, groups)


def _notes(
    first_of: Mapping[str | None, str | None], groups: Mapping[str | None, Appearance]
) -> tuple[str, ...]:
    notes = []
    for first in groups:
        ids = [id for id, of in first_of.items() if of == first]
        if len(ids) > 1:
            notes.append(
                f"ids {_listed(ids)} read as one person: never there at once, in one place and of one size"
            )
    every = np.concatenate([group.frames for group in groups.values()])
    if len(groups) > 1 and len(np.unique(every)) == len(every):
        people = f"ids {_listed(list(groups))} are never there at once: read as {len(groups)} people"
        notes.append(f"{people}; if they are one, give them one id in the file")
    return tuple(notes)


def _listed(ids: list[str | None]) -> str:
    return ", ".join(printable(str(id)[:20]) for id in ids[:4]) + (", ..." if len(ids) > 4 else "")


def _cleaned(points: Floats) -> Floats:
    absent = (points == 0).all(axis=-1) | ~(np.abs(points) < MAX_COORDINATE).all(axis=-1)
    return np.where(absent[..., None], np.nan, points)


def _distance(one: Appearance, other: Appearance) -> float:
    """How far the body moves, in sizes, where one goes on as the other; infinite if they cannot be one person."""
    if len(np.intersect1d(one.frames, other.frames, assume_unique=True)) or not _of_one_size(one, other):
        return float("inf")
    both = one.joined(other)
    owner = np.isin(both.frames, one.frames)
    switches = np.flatnonzero(owner[1:] != owner[:-1])
    if both.points.shape[-1] < 3 and (both.frames[switches + 1] - both.frames[switches]).max() > MAX_GAP:
        return float("inf")
    steps = np.linalg.norm(both.points[switches + 1] - both.points[switches], axis=-1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of bodies without common joints
        far = np.nanmean(steps, axis=-1).max() / np.nanmedian(_extents(both.points))
    return float(far) if np.isfinite(far) else float("inf")


def _extents(points: Floats) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of bodies without joints
        extents: Floats = np.linalg.norm(np.nanmax(points, axis=1) - np.nanmin(points, axis=1), axis=-1)
    return extents


def _of_one_size(one: Appearance, other: Appearance) -> bool:
    """Whether lengths that are constant in both bodies are the same; where there are few, whether extents are alike."""
    (first, steady), (second, steady_too) = one.lengths, other.lengths
    rigid = steady & steady_too
    if rigid.sum() >= LEAST_RIGID:
        differ = float(np.median(np.log(first[rigid] / second[rigid])))
        return abs(differ) <= SIZE[one.points.shape[-1]]
    with np.errstate(all="ignore"):
        differ = float(np.log(np.divide(one.extent, other.extent)))
    return abs(differ) <= SIZE[2]


def _lengths(points: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    points = points[np.linspace(0, len(points) - 1, min(len(points), LOOKED_AT)).astype(int)]
    between = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    known = np.isfinite(between).sum(axis=0) >= LEAST_FRAMES
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # of joints that are never seen together
        length = np.nanmedian(between, axis=0)
        spread = np.nanstd(between, axis=0) / length
    steady = np.triu(known & (length > 0) & (spread < RIGID), 1)
    return length, np.asarray(steady, dtype=np.bool_)
