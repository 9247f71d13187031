"""People with ids, frame by frame -> body slots: an id keeps its slot, as long as ids are those of people over time."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.assemble import counted
from pgfa.read.format import A_PERSON
from pgfa.read.formats.keypoints.identities import one_person_ids
from pgfa.read.parsing.tracking import MAX_SLOT_NUMBERS, MAX_STEP, most_bodies
from pgfa.read.source import FileRef

MAX_JUMPS = 0.05
"""Share of the frames in which a body may jump; ids with more are not those of people over time."""
SWAP = 0.15
"""Share of its size by which a body must move to have changed places with another."""
MAX_PIXEL = 1e9
"""Coordinates above are none."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Person:
    """One person of one frame.

    Attributes:
        points: (joints, 2, 3 or 4), NaN where absent.
        id: as the file names people over time, a number as text; None where it does not.
    """

    points: Floats
    id: str | None = None


def without_copies(frames: list[list[Person]]) -> tuple[list[list[Person]], tuple[str, ...]]:
    """People frame by frame without those who are exactly where another is in their frame, and a note that counts them:
    lines that were written twice.
    """
    out, copies = [], 0
    for frame in frames:
        if len(frame) < 2:
            out.append(frame)
            continue
        single: list[Person] = []
        seen: set[tuple[tuple[int, ...], bytes]] = set()
        for person in frame:
            # Equal numbers have equal bytes but for -0 and the kinds of NaN.
            content = np.where(np.isnan(person.points), np.nan, person.points + 0.0)
            key = person.points.shape, content.tobytes()
            if key in seen and np.nan_to_num(person.points).any():
                copies += 1
            else:
                single.append(person)
                seen.add(key)
        out.append(single)
    if not copies:
        return frames, ()
    note = f"{counted(copies, 'entry', 'entries')} exactly as another of the same frame: left out"
    return out, (note,)


def with_one_id(
    frames: list[list[Person]], scored: bool | None
) -> tuple[list[list[Person]], tuple[str, ...]]:
    """People with one id each, where a file gives somebody a new one after a gap; and notes.

    Args:
        frames: people frame by frame.
        scored: whether the last column is a score.
    """
    people = [person for frame in frames for person in frame]
    shapes = {person.points.shape for person in people}
    if len(shapes) != 1 or any(person.id is None for person in people):
        return frames, ()
    repeated = any(len({person.id for person in frame}) < len(frame) for frame in frames)
    if repeated or Counter(person.id for person in people).most_common(1)[0][1] == 1:
        return frames, ()
    ((_, width),) = shapes
    columns = min(width - 1 if scored else width, 3)
    seen: dict[str | None, tuple[list[int], list[Floats]]] = {}
    for number, frame in enumerate(frames):
        for person in frame:
            numbers, bodies = seen.setdefault(person.id, ([], []))
            numbers.append(number)
            bodies.append(person.points[:, :columns])
    first_of, notes = one_person_ids(seen)
    if all(id == first for id, first in first_of.items()):
        return frames, notes
    return [[replace(person, id=first_of[person.id]) for person in frame] for frame in frames], notes


def body_slots(
    ref: FileRef, frames: Sequence[Sequence[Person]], numbers: int = MAX_SLOT_NUMBERS
) -> tuple[Floats, tuple[str, ...]] | str:
    """People by their ids, in the order of their first appearance; of more than `most_bodies`, those present longest.

    Args:
        ref: the file, for errors.
        frames: people frame by frame.
        numbers: of all bodies together.

    Returns:
        (frames, bodies, joints, columns), NaN where absent, and problems; or, where ids cannot be used, why ("" if
        the file has none).

    Raises:
        BadFile: no person, or people of different shapes.
    """
    shapes = {person.points.shape for frame in frames for person in frame}
    if not shapes:
        raise BadFile(str(ref), expected=A_PERSON, found=f"no person in {counted(len(frames), 'frame')}")
    if len(shapes) > 1:
        actual = " and ".join(sorted(" x ".join(map(str, shape)) for shape in shapes)[:3])
        raise BadFile(str(ref), expected="the same number of joints and columns for all people", found=actual)
    present = Counter(person.id for frame in frames for person in frame)
    each = int(np.prod(next(iter(shapes))))
    if len(frames) * each > numbers and len(frames) > 2 * present.total():
        actual = f"{len(frames):,} frames, {present.total():,} of them with a person"
        raise BadFile(str(ref), where="frame numbers", expected="a person in most frames", found=actual)
    if set(present) == {None}:
        alone = [frame[0].points if frame else None for frame in frames if len(frame) < 2]
        if len(alone) < len(frames) or _jumps(alone) > 0:
            return ""
        return _in_slots(frames, {None: 0}, shapes.pop()), ()
    if None in present:
        return "ids of some people missing, people tracked instead"
    if any(len({person.id for person in frame}) < len(frame) for frame in frames):
        return "ids of people repeat in a frame, people tracked instead"
    if len(present) > 3 and present.most_common(1)[0][1] == 1:
        return "ids of people never repeat, people tracked instead"
    order = list(dict.fromkeys(person.id for frame in frames for person in frame))
    most = most_bodies(len(frames), each, numbers)
    longest = set(sorted(order, key=lambda id: -present[id])[:most])
    slot_of = {id: slot for slot, id in enumerate(id for id in order if id in longest)}
    out = _in_slots(frames, slot_of, shapes.pop())
    jumps = [
        _jumps([body if np.isfinite(body).any() else None for body in out[:, slot]])
        for slot in range(out.shape[1])
    ]
    if sum(jumps) + _swaps(out) > max(1, MAX_JUMPS * len(frames)):
        return "ids change from person to person, people tracked instead"
    dropped = len(order) - len(longest)
    return out, ((counted(dropped, "body", "bodies") + " present least dropped",) if dropped else ())


def _in_slots(
    frames: Sequence[Sequence[Person]], slot_of: dict[str | None, int], shape: tuple[int, ...]
) -> Floats:
    out = np.full((len(frames), len(slot_of), *shape), np.nan)
    for number, frame in enumerate(frames):
        for person in frame:
            if person.id in slot_of:
                out[number, slot_of[person.id]] = person.points
    return out


def _jumps(bodies: Sequence[Floats | None]) -> int:
    """How often a body moves further from frame to frame than a person does; across a gap, twice as far is allowed."""
    present = [number for number, body in enumerate(bodies) if body is not None]
    if len(present) < 2:
        return 0
    share = steps_of([body for body in bodies if body is not None])
    limit = np.where(np.diff(present) > 1, 2 * MAX_STEP, MAX_STEP)
    return int((share > limit).sum())


def _swaps(slots: Floats) -> int:
    """How often a body is, a frame later, much closer to where another was than to where it was itself.

    Args:
        slots: (frames, bodies, joints, columns).
    """
    points = np.where(np.abs(slots[..., :2]) < MAX_PIXEL, slots[..., :2], np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of bodies that are absent
        centre = np.nanmean(points, axis=2)
        size = np.linalg.norm(np.nanmax(points, axis=2) - np.nanmin(points, axis=2), axis=-1)[1:]
    distance = np.linalg.norm(centre[1:, :, None] - centre[:-1, None], axis=-1)
    own = np.einsum("fii->fi", distance).copy()
    np.einsum("fii->fi", distance)[...] = np.inf
    other = np.fmin.reduce(distance, axis=-1)
    return int(((own > SWAP * size) & (other < own / 2)).sum())


def one_person(bodies: Sequence[Floats]) -> bool:
    """Whether bodies in a row are one person from frame to frame: most steps are small compared with the body.

    Args:
        bodies: (joints, columns) each.
    """
    if len({body.shape for body in bodies}) != 1:
        return False
    share = steps_of(bodies)
    share = share[np.isfinite(share)]
    return bool(len(share) and (share < MAX_STEP).mean() > 0.5 and np.median(share) < MAX_STEP / 3)


def steps_of(bodies: Sequence[Floats]) -> Floats:
    """Mean distance of the joints from body to body, as a share of the size of the body; NaN without common joints."""
    points = np.stack(bodies)[..., :2].astype(np.float64)
    points[(points == 0).all(axis=-1)] = np.nan
    points[~(np.abs(points) < MAX_PIXEL)] = np.nan
    distance = np.linalg.norm(np.diff(points, axis=0), axis=-1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of bodies without any point
        extent = np.nanmax(points, axis=1) - np.nanmin(points, axis=1)
        share: Floats = np.nanmean(distance, axis=1) / np.maximum(np.linalg.norm(extent, axis=-1)[1:], 1e-9)
    return share
