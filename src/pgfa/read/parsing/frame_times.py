"""Frame numbers and times of a file -> which frame of the recording each entry is; gaps, takes and rates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.assemble import MAX_FRAMES, check_frames, counted
from pgfa.read.source import FileRef

MAX_EMPTY_SHARE = 20
"""Numbers that leave more empty frames than this per frame with an entry do not count the frames of a video."""
MAX_FALLS = 0.1
"""Share of the entries before which the number falls: up to this, a file is several recordings; above, shuffled."""
UNITS = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "ms": 1e3, "msec": 1e3, "millis": 1e3, "millisecond": 1e3, "milliseconds": 1e3,
    "us": 1e6, "usec": 1e6, "micros": 1e6, "microsecond": 1e6, "microseconds": 1e6,
    "ticks": 1e7, "100ns": 1e7,
    "ns": 1e9, "nsec": 1e9, "nanos": 1e9, "nanosecond": 1e9, "nanoseconds": 1e9,
}  # fmt: skip
"""The last word of a time's name -> its units per second."""
_EPOCHS = (
    (1.0, 9e8, 2.3e9), (1e3, 9e11, 2.3e12), (1e6, 9e14, 2.3e15), (1e9, 9e17, 2.3e18),
    (1e7, 1.25e17, 1.45e17), (1e7, 6.3e17, 6.5e17),
)  # fmt: skip
"""Units per second of clocks that count from 1970 (and, in 100 ns, from 1601 and from year 1), and their values in
the years of depth cameras and pose estimators."""
_TIME_OF_DAY = re.compile(
    r"(\d{1,2})[:-]([0-5]\d)[:-]([0-5]\d(?:[.,]\d{1,9})?)(?:\s*([AaPp])\.?[Mm]\.?)?", re.ASCII
)
_MINUTES = re.compile(r"([0-5]?\d):([0-5]\d[.,]\d{1,9})", re.ASCII)
_DAY_FIRST_OR_LAST = re.compile(r"(\d{1,2}[./-]\d{1,2}[./-]\d{4}),?[ T_]+(\S.*)", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d\d)[-/.](\d\d)[ T_](\d.*)", re.ASCII)
CLOCK_FORMS = (
    "a number or a time as in 10:00:00.033, 10:00:00 PM, 2024-05-01T10:00:00.033Z, 01.05.2024 10:00:00.033"
)
RECORDED = (1.0, 1000.0)
"""Frames per second of recordings of people: a unit that gives others is wrong."""
LOWEST = 0.01
CLOCK = "clock in seconds"
"""What times are called that were dates or times of day."""
UNKNOWN_UNIT = "unit of the times unknown, frame rate not taken from them"
_USUAL, _POSSIBLE = (3.5, 240.0), (1.0, 1000.0)
"""Frames per second: most recordings, and all."""
_VIDEO_CLOCK, _VIDEO_RATES = 90_000, (24000 / 1001, 24, 25, 30000 / 1001, 30, 50, 60000 / 1001, 60)
"""Ticks per second of the clock of MPEG, and frames per second of videos."""
_USUAL_TICKS = (12.0, 65.0)
"""Frames per second of the depth cameras whose software counts units of 100 ns."""

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Timeline:
    """The frames of a recording.

    Attributes:
        index_of: for each different number or time in ascending order, its frame, from 0.
        frames: length of the recording, with frames that have no entry.
        rate: frames per second as the times give it; None without times.
        step: frames of the video per frame of the recording, as the numbers give it.
        problems: what was noticed.
    """

    index_of: Indices
    frames: int
    rate: float | None = None
    step: int = 1
    problems: tuple[str, ...] = ()


def clock_seconds(text: str) -> float | None:
    """Seconds of a date with time, since 1970, or of a time of day, since midnight.

    Args:
        text: ``"2026-11-26T10:00:00.033Z"``, ``"2026-11-26_10-00-00.033"``, ``"10:00:00.033"``, ``"10:00:00 PM"``,
            ``"00:01.033"`` (minutes and seconds).

    Returns:
        Seconds; of a date without a time zone as if it were UTC. None for other texts.
    """
    text = text.strip()
    if (seconds := _of_day(text)) is not None:
        return seconds
    if match := _MINUTES.fullmatch(text):
        return 60.0 * int(match[1]) + float(match[2].replace(",", "."))
    try:
        if (match := _YEAR_FIRST.fullmatch(text)) and (seconds := _of_day(match[4])) is not None:
            year, month, day = (int(part) for part in match.groups()[:3])
            return datetime(year, month, day, tzinfo=UTC).timestamp() + seconds
        date = datetime.fromisoformat(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _of_day(text: str) -> float | None:
    """Seconds since midnight of a time of 24 or, with AM or PM, of 12 hours."""
    match = _TIME_OF_DAY.fullmatch(text.strip())
    if match is None:
        return None
    hours = int(match[1])
    if match[4]:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if match[4] in "Pp" else 0)
    return 3600.0 * hours + 60.0 * int(match[2]) + float(match[3].replace(",", "."))


class Clock:
    """Reads the times of one file. A date whose day and month may be in either order has to be the same in all."""

    def __init__(self) -> None:
        self.date = ""

    def seconds(self, text: str) -> float | None:
        """As `clock_seconds`; of ``"01.05.2024 10:00:00.033"`` since midnight.

        Raises:
            ValueError: another such date than before: what was found.
        """
        match = _DAY_FIRST_OR_LAST.fullmatch(text.strip())
        if match is None:
            return clock_seconds(text)
        if (seconds := _of_day(match[2])) is None:
            return None
        if self.date and self.date != match[1]:
            raise ValueError(f"{self.date} and {match[1]}, of which day and month may be in either order")
        self.date = match[1]
        return seconds


def time_unit(name: str, times: Floats) -> float | None:
    """Units per second of a column or field of times; None if neither its name nor its values establish it.

    Args:
        name: of the column (``"time_ms"``, ``"timestamp_usec"``, ``"timestamp"``).
        times: its values, without repetitions, ascending.
    """
    if (stated := _unit_in(name)) is not None:
        return stated
    if not len(times):
        return None
    if (unit := epoch_unit(times)) is not None:
        return unit
    step = usual_step(times, np.ones(max(len(times) - 1, 0)))
    if _may_count(step):
        return None
    for usual, ticks in ((_USUAL, _USUAL_TICKS), (_POSSIBLE, _POSSIBLE)):
        rates = {unit: unit / step for unit in (1.0, 1e3, 1e6, 1e7, 1e9) if step}
        ranges = {unit: ticks if unit == 1e7 else usual for unit in rates}
        fitting = [unit for unit, rate in rates.items() if ranges[unit][0] <= rate <= ranges[unit][1] * 1.001]
        if len(fitting) == 1:
            return fitting[0]
    return None


def epoch_unit(times: Floats) -> float | None:
    """Units per second of times that count from 1970 (1601, year 1), by the first of them; None for others."""
    return next((unit for unit, low, high in _EPOCHS if low <= times[0] <= high), None)


def _may_count(step: float) -> bool:
    """Whether times in such steps may be frames, or ticks of the clock of videos at one of their rates."""
    frames = step == round(step) and 0 < step < 5
    ticks = step > 1000 and any(abs(_VIDEO_CLOCK / step / rate - 1) < 1e-3 for rate in _VIDEO_RATES)
    return frames or ticks


def states_unit(name: str) -> bool:
    """Whether a name states the unit of times."""
    return _unit_in(name) is not None


def _unit_in(name: str) -> float | None:
    words = re.findall(r"[a-z]+|\d+[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())
    if len(words) > 1 and words[-1] in UNITS:
        return UNITS[words[-1]]
    return UNITS[words[0]] if words in (["seconds"], ["milliseconds"], ["microseconds"], ["ticks"]) else None


def takes(keys: Sequence[tuple[float, object]]) -> list[slice]:
    """Where numbers or times start again: the parts of a file that are recordings of their own.

    Args:
        keys: per entry its number or time, and its person ("" where the file has none), in the order of the file.

    Returns:
        Slices of `keys`; one if the entries are in order, sorted by person, or merely shuffled.
    """
    numbers = np.array([number for number, _ in keys])
    falls = (np.flatnonzero(np.diff(numbers) < 0) + 1).tolist()
    identified = all(person != "" for _, person in keys)
    if not falls or len(set(keys if identified else numbers.tolist())) == len(keys):
        return [slice(0, len(keys))]
    if len(falls) > max(1, MAX_FALLS * len(keys)):
        return [slice(0, len(keys))]
    return [slice(first, last) for first, last in pairwise([0, *falls, len(keys)])]


def number_timeline(ref: FileRef, numbers: Floats) -> Timeline:
    """Frames by number: a missing number is a frame without people.

    Args:
        ref: the file, for errors.
        numbers: the different frame numbers, ascending, whole.

    Raises:
        BadFile: numbers that do not count the frames of one video. LimitExceeded.
    """
    if (numbers != np.floor(numbers)).any():
        actual = str(numbers[numbers != np.floor(numbers)][0])
        raise BadFile(str(ref), expected="whole numbers of frames", found=actual)
    steps = np.diff(numbers)
    step = int(np.gcd.reduce(steps.astype(np.int64))) if len(steps) and steps.max() < 1 << 53 else 1
    if len(steps) == 1:
        step = 1
    index_of = ((numbers - numbers[0]) / step).astype(np.int64)
    problems = (f"every {_ordinal(step)} frame of the video",) if step > 1 else ()
    return _checked(ref, Timeline(index_of, int(index_of[-1]) + 1, step=step, problems=problems))


def time_timeline(ref: FileRef, times: Floats, numbers: Floats, unit: float | None) -> Timeline:
    """Frames by time: where a step is longer than 1.5 times the usual one, the missing frames have no people.

    Args:
        ref: the file, for errors.
        times: the different times, ascending.
        numbers: their frame numbers; 0, 1, 2, ... where the file has none.
        unit: units per second; None if unknown.

    Raises:
        BadFile: times that do not follow the frames of one video. LimitExceeded.
    """
    counts = np.diff(numbers)
    step = usual_step(times, counts)
    if not step:
        return Timeline(np.arange(len(times)), len(times))
    passed = np.diff(times)
    jumps = np.where(passed > 1.5 * step, np.rint(passed / step), 1)
    if jumps.sum() > MAX_EMPTY_SHARE * MAX_FRAMES:
        jumps = np.minimum(jumps, MAX_EMPTY_SHARE * MAX_FRAMES)
    index_of = np.concatenate([[0], np.cumsum(jumps)]).astype(np.int64)
    rate = unit / step if unit else None
    problems = () if unit or step == 1 else (UNKNOWN_UNIT,)
    return _checked(ref, Timeline(index_of, int(index_of[-1]) + 1, rate, problems=problems))


def possible_rate(name: str, rate: float | None, unit: float | None) -> tuple[float | None, tuple[str, ...]]:
    """The rate that times give, unless the unit in their name makes it one that no recording has; then why not.

    Args:
        name: of the times.
        rate: frames per second; None if unknown.
        unit: units per second, which the name may state; that of 100 ns is noted where it does not.
    """
    if rate is None:
        return None, ()
    if unit == UNITS["ticks"] and not states_unit(name):
        return rate, (f"times read in units of 100 ns: frame rate of {rate:.4g} fps",)
    stated = name != CLOCK and states_unit(name)
    low, high = (RECORDED[0] / 1.001, RECORDED[1] * 1.001) if stated else (LOWEST, 1e4)
    if low <= rate <= high:
        return rate, ()
    return None, (
        f"{name} would give {rate:.4g} fps: its unit contradicts its values, frame rate not taken from it",
    )


def rate_of_times(times: Floats, unit: float | None) -> tuple[float | None, tuple[str, ...]]:
    """Frames per second of a list of times, one per frame, and notes; None where their unit is unknown.

    Args:
        times: ascending.
        unit: units per second; None if unknown.
    """
    step = usual_step(times, np.ones(len(times) - 1))
    if not unit or not step or not LOWEST <= unit / step <= 1e4:
        return None, (UNKNOWN_UNIT,)
    gaps = int((np.diff(times) > 1.5 * step).sum())
    return unit / step, ((counted(gaps, "gap") + " in the times",) if gaps else ())


def coarse_rate(times: Floats, counts: Floats, unit: float | None) -> tuple[float | None, tuple[str, ...]]:
    """Frames per second where several frames have one time, as of a clock in whole seconds, and notes.

    Args:
        times: of each frame, never falling.
        counts: the frames' numbers.
        unit: units per second; None if unknown.
    """
    starts = np.flatnonzero(np.diff(times) > 0) + 1
    if len(starts) < 2:
        return None, ("several frames have one time, and none is complete: frame rate not taken from them",)
    each = np.diff(counts[starts]) / np.diff(times[starts])
    mean = float((counts[starts[-1]] - counts[starts[0]]) / (times[starts[-1]] - times[starts[0]]))
    units = [u for u in ((unit,) if unit else (1.0, 1e3, 1e6, 1e9)) if _USUAL[0] <= mean * u <= _USUAL[1]]
    if len(units) != 1:
        return None, ("several frames have one time, whose unit is unknown: frame rate not taken from them",)
    rate = mean * units[0]
    spread = f", {each.min() * units[0]:g} to {each.max() * units[0]:g} in each" if np.ptp(each) else ""
    return rate, (f"several frames have one time: frame rate of {rate:.4g} fps from their number{spread}",)


def _checked(ref: FileRef, timeline: Timeline) -> Timeline:
    check_gaps(ref, timeline.frames, len(timeline.index_of))
    return timeline


def check_gaps(ref: FileRef, frames: int, entries: int) -> None:
    """Raises BadFile for many more frames than have an entry, LimitExceeded for too many frames."""
    if frames > max(1000, MAX_EMPTY_SHARE * entries):
        expected = "frame numbers or times of one recording"
        actual = f"{frames:,} frames of which {entries:,} have an entry"
        raise BadFile(str(ref), where="frame numbers", expected=expected, found=actual)
    check_frames(ref, frames)


def usual_step(times: Floats, counts: Floats) -> float:
    """Time from frame to frame: the mean of the steps that are not gaps; 0 if there is none."""
    passed = np.diff(times)
    usable = (passed > 0) & (counts > 0)
    if not usable.any():
        return 0.0
    # Numbers in steps of five, say, are frames of the video: the recording has one frame per step.
    median = float(np.sort(passed[usable])[(usable.sum() - 1) // 2])
    return float(passed[usable & (passed < 1.5 * median) & (passed > 0.5 * median)].mean())


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0, "th")
    return f"{number}{ending}"


def empty_frames(timeline: Timeline) -> tuple[str, ...]:
    """The problem that counts the frames without an entry."""
    empty = timeline.frames - len(np.unique(timeline.index_of))
    return (counted(empty, "frame") + " without an entry",) if empty else ()
