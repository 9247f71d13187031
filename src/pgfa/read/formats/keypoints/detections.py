"""People that an estimator lists frame by frame -> a clip: gaps become empty frames, ids body slots."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.formats.keypoints.clocks import over_midnight, steady_times
from pgfa.read.formats.keypoints.people import (
    Person,
    body_slots,
    one_person,
    steps_of,
    with_one_id,
    without_copies,
)
from pgfa.read.formats.keypoints.reader import KeypointInfo, from_array, from_people
from pgfa.read.limits import allowance
from pgfa.read.parsing.frame_times import (
    Timeline,
    coarse_rate,
    empty_frames,
    number_timeline,
    possible_rate,
    takes,
    time_timeline,
    time_unit,
)
from pgfa.read.parsing.tracking import MAX_SLOT_NUMBERS
from pgfa.read.source import FileRef
from pgfa.skeleton import Clip

RATE_TOLERANCE = 0.05
"""By how much a stated rate may differ from that of the times."""
MAX_NUMBER = 1e15
"""Frame numbers above are no frame numbers."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Entry:
    """What a file lists for one frame: the people, and its number and time if it has them."""

    people: list[Person] = field(default_factory=list)
    number: float | None = None
    time: float | None = None


@dataclass(frozen=True)
class Recording:
    """Entries of one recording in time, with empty frames where the file has none."""

    people: list[list[Person]]
    rate: float | None
    problems: tuple[str, ...]
    step: int = 1


def recordings(ref: FileRef, entries: Sequence[Entry], time_name: str = "") -> list[Recording]:
    """The recordings of a file: several where its numbers or times start again.

    Args:
        ref: the file, for errors.
        entries: as listed; entries of one number or time are one frame.
        time_name: what the file calls its times.

    Raises:
        BadFile: numbers or times that do not follow one recording. LimitExceeded.
    """
    timed = bool(entries) and all(_is_finite(entry.time) for entry in entries)
    timed = timed and len({entry.time for entry in entries}) > 1
    numbered = bool(entries) and all(_is_finite(entry.number) for entry in entries)
    if numbered and any(abs(entry.number or 0) > MAX_NUMBER for entry in entries):
        raise BadFile(
            str(ref), where="frame numbers", expected=f"numbers below {MAX_NUMBER:g}", found="larger"
        )
    if not timed and not numbered:
        _check_unnumbered(ref, entries)
        return [Recording([entry.people for entry in entries], None, ())]
    notes: tuple[str, ...] = ()
    if not numbered:
        entries, notes = _with_steady_clock(entries)
    keys = [
        (
            float((entry.number if numbered else entry.time) or 0),
            entry.people[0].id if len(entry.people) == 1 else "",
        )
        for entry in entries
    ]
    keys = [(number, "" if person is None else person) for number, person in keys]
    parts = [
        _recording(ref, entries[part], numbered=numbered, timed=timed, time_name=time_name)
        for part in takes(keys)
    ]
    return [replace(part, problems=part.problems + notes) for part in parts]


def _with_steady_clock(entries: Sequence[Entry]) -> tuple[Sequence[Entry], tuple[str, ...]]:
    """Entries whose times go on over midnight and, of one person, where the clock was set back; what was noticed."""
    times = over_midnight(np.array([entry.time for entry in entries], dtype=np.float64))
    entries = [replace(entry, time=time) for entry, time in zip(entries, times.tolist(), strict=True)]
    alone = all(len(entry.people) == 1 for entry in entries)
    if not alone or len({entry.people[0].id for entry in entries}) > 1:
        return entries, ()
    steady, notes = steady_times(times, [entry.people[0].points for entry in entries])
    return [replace(entry, time=time) for entry, time in zip(entries, steady.tolist(), strict=True)], notes


def _check_unnumbered(ref: FileRef, entries: Sequence[Entry]) -> None:
    """Raise BadFile if only some entries have a number or time."""
    fields = (
        ("a frame number", [entry.number for entry in entries]),
        ("a time", [entry.time for entry in entries]),
    )
    for name, values in fields:
        present = [_is_finite(value) for value in values]
        if any(present) and not all(present):
            where, expected = f"entry {present.index(False) + 1}", f"{name}, as the other entries have"
            raise BadFile(str(ref), where=where, expected=expected, found="none")


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _recording(
    ref: FileRef, entries: Sequence[Entry], *, numbered: bool, timed: bool, time_name: str
) -> Recording:
    if timed and not numbered and (frames := frames_of_times(entries)):
        times = np.array([entry.time for entry in entries], dtype=np.float64)
        rate, notes = coarse_rate(*_in_turn(times, frames), time_unit(time_name, np.unique(times)))
        entries = [replace(entry, number=frame) for entry, frame in zip(entries, frames, strict=True)]
        recording = _recording(ref, entries, numbered=True, timed=False, time_name="")
        return replace(recording, rate=rate, problems=recording.problems + notes)
    keys = np.array([(entry.number if numbered else entry.time) for entry in entries], dtype=np.float64)
    unique, first, frame_of = np.unique(keys, return_index=True, return_inverse=True)
    if len(unique) == 1 and len(entries) > 1:
        bodies = [person.points for entry in entries for person in entry.people]
        if len(bodies) > 1 and one_person(bodies):
            actual = f"{unique[0]:g} in all {len(entries)} entries, of one person"
            raise BadFile(str(ref), where="frame numbers", expected="a number per frame", found=actual)
    timeline = None
    coarse: tuple[float | None, tuple[str, ...]] = None, ()
    if timed:
        times = np.array([entry.time for entry in entries], dtype=np.float64)[first]
        if (np.diff(times) > 0).all():
            counts = unique if numbered else np.arange(len(unique), dtype=np.float64)
            unit = time_unit(time_name, times)
            timeline = time_timeline(ref, times, counts, unit)
            rate, notes = possible_rate(time_name, timeline.rate, unit)
            timeline = replace(timeline, rate=rate, problems=timeline.problems + notes)
        elif numbered and (np.diff(times) >= 0).all():
            coarse = coarse_rate(times, unique, time_unit(time_name, np.unique(times)))
    if timeline is None or (numbered and timeline.frames == len(unique)):
        by_number = (
            number_timeline(ref, unique) if numbered else Timeline(np.arange(len(unique)), len(unique))
        )
        rate, notes = (timeline.rate, timeline.problems) if timeline else coarse
        timeline = replace(by_number, rate=rate, problems=by_number.problems + notes)
    people: list[list[Person]] = [[] for _ in range(timeline.frames)]
    for entry, frame in zip(entries, frame_of.reshape(-1).tolist(), strict=True):
        people[timeline.index_of[frame]] += entry.people
    return Recording(people, timeline.rate, timeline.problems + empty_frames(timeline), timeline.step)


def frames_of_times(entries: Sequence[Entry]) -> list[float]:
    """The frame of each entry where several frames have one time: in the order of the file; [] if none do.

    So it is if a person comes again and again at one time: by the id, or, where entries have one person without an
    id, because the next entry is as close as the person is a time later, which somebody else would not be.
    """
    times = [entry.time for entry in entries]
    people = [person for entry in entries for person in entry.people]
    identified = bool(people) and all(person.id is not None for person in people)
    seen: Counter[tuple[float | None, Hashable]] = Counter()
    turns = []
    for entry in entries:
        names: list[Hashable] = [person.id for person in entry.people] if identified else [""]
        turns.append(max((seen[entry.time, name] for name in names), default=0))
        for name in names:
            seen[entry.time, name] += 1
    repeated = sum(turn > 0 for turn in turns)
    if 2 * repeated < len(entries) or any(b < a for a, b in pairwise(map(float, filter(None, times)))):
        return []
    if not identified and not _is_one_over_times(entries, turns):
        return []
    order = {
        key: float(frame)
        for frame, key in enumerate(sorted(set(zip(times, turns, strict=True)), key=_by_time))
    }
    return [order[key] for key in zip(times, turns, strict=True)]


def _by_time(key: tuple[float | None, int]) -> tuple[float, int]:
    return key[0] or 0.0, key[1]


def _is_one_over_times(entries: Sequence[Entry], turns: list[int]) -> bool:
    """Whether entries of at most one person each are one person, entry after entry."""
    if any(len(entry.people) > 1 for entry in entries):
        return False
    bodies = [entry.people[0].points for entry in entries if entry.people]
    if len(bodies) < 3 or not one_person(bodies):
        return False
    count = 1 + max(turns)
    later = steps_of(bodies[::count]) if len(bodies) > 2 * count else np.array([np.inf])
    return bool(np.nanmedian(steps_of(bodies)) <= 1.5 * np.nanmedian(later))


def _in_turn(times: Floats, frames: list[float]) -> tuple[Floats, Floats]:
    """The time of each frame, and the frames, in ascending order."""
    unique, first = np.unique(np.array(frames), return_index=True)
    return times[first], unique


def clip_of(ref: FileRef, raw: bytes, recording: Recording, info: KeypointInfo) -> Clip:
    """A clip; people keep the slots that their ids give them, and are tracked only where the file has no ids.

    Args:
        ref: the file.
        raw: its bytes, for the digest.
        recording: people frame by frame.
        info: what else the file holds. Its rate is that of the video.

    Raises:
        BadFile, LimitExceeded.
    """
    # Times are measured, a stated rate may be nominal; but times without a known unit give no rate.
    stated = info.rate / recording.step if info.rate else None
    rate = recording.rate or stated
    info = replace(info, rate=rate, problems=info.problems + recording.problems)
    if stated and rate and abs(rate / stated - 1) > RATE_TOLERANCE:
        info = replace(
            info, problems=(*info.problems, f"times give {rate:.4g} fps, the file states {stated:.4g}")
        )
    frames, copies = without_copies(recording.people)
    frames, notes = with_one_id(frames, info.scored)
    recording = replace(recording, people=frames)
    info = replace(info, problems=info.problems + copies + notes)
    slots = body_slots(ref, recording.people, allowance(len(raw), MAX_SLOT_NUMBERS))
    _check_extent(ref, recording.people)
    if isinstance(slots, str):
        problems = info.problems + ((slots,) if slots else ())
        people = [[person.points for person in frame] for frame in recording.people]
        return _with_takes_noted(from_people(ref, raw, people, replace(info, problems=problems)))
    array, problems = slots
    info = replace(info, axes="TMVC", problems=info.problems + problems)
    return from_array(ref, raw, array, info)


def _with_takes_noted(clip: Clip) -> Clip:
    """A clip of people that were tracked, with a note if none of them is there together with another."""
    present = np.isfinite(clip.positions[..., 0]).any(axis=2)
    bodies = int(present.any(axis=0).sum())
    if bodies < 2 or (present.sum(axis=1) > 1).any():
        return clip
    note = f"{bodies} bodies are never there at once: takes in one file, or one person who was lost and found"
    return replace(clip, problems=(*clip.problems, note))


def _check_extent(ref: FileRef, frames: Sequence[Sequence[Person]]) -> None:
    """Raise BadFile if no body extends anywhere: all its joints are one point, as placeholders are."""
    for frame in frames:
        for person in frame:
            points = person.points[:, :2]
            points = points[np.isfinite(points).all(axis=-1)]
            if len(points) < 2 or (points != points[0]).any():
                return
    raise BadFile(
        str(ref),
        expected="joints at different points",
        found="all joints of each body at one point: placeholders in place of poses",
    )
