"""The rate of a recording with a file per frame: from times in the files, or in their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import numpy as np

from pgfa.read.parsing.frame_times import coarse_rate, epoch_unit, possible_rate, time_unit, usual_step

MIN_TIMES = 0.5
"""Share of the frames whose times are known, at least: frames that are empty or damaged have none."""
TOLERANCE = 0.05
"""By how much the rates by names and by times may differ."""
IN_NAMES = "times in the names of the files"
_TIME = re.compile(r"(?<![\d.])(\d{9,10}\.\d{1,9}|\d{13}|\d{16}|\d{19})(?![\d.])")
_NUMBER = re.compile(r"\d+")


def times_of_names(names: Sequence[str]) -> dict[str, float] | None:
    """Seconds since 1970 in the names of files of one recording; None if there are none in them.

    Args:
        names: with one time each (``1700000000033.json``, ``1700000000.033.json``), and besides at most a number that
            rises with it (``0001_1700000000033.json``).
    """
    stems = [name.rpartition(".")[0] for name in names]
    matches = [match for stem in stems if (match := _TIME.search(stem))]
    if len(matches) < len(names):
        return None
    times = [Decimal(match[1]) for match in matches]  # nanoseconds since 1970 have more digits than a float
    unit = epoch_unit(np.array(times[:1], dtype=np.float64))
    if unit is None or len(set(times)) < len(times):
        return None
    order = sorted(range(len(names)), key=lambda index: times[index])
    rests = [stems[index].replace(matches[index][1], "", 1) for index in order]
    counts = [tuple(map(int, _NUMBER.findall(rest))) for rest in rests]
    rise = all(before < after for before, after in pairwise(counts))
    if len({_NUMBER.sub("", rest) for rest in rests}) > 1 or not (rise or len(set(counts)) == 1):
        return None
    return {names[index]: float(times[index] / int(unit)) for index in order}


def rate_of_files(
    times: Sequence[float | None], numbers: Sequence[float], name: str
) -> tuple[float | None, tuple[str, ...]]:
    """Frames per second by the times in the files, and notes; None where they do not give one.

    Args:
        times: of each file; None where it has none.
        numbers: of the frames, rising.
        name: what the files call their times.
    """
    known = [(time, number) for time, number in zip(times, numbers, strict=True) if time is not None]
    if len(known) < 2 or len(known) < MIN_TIMES * len(times):
        return None, ()
    every, counts = (np.array(column, dtype=np.float64) for column in zip(*known, strict=True))
    steps = np.diff(every)
    if not steps.any():
        return None, (f"{name} is the same in all files: frame rate not taken from it",)
    if (steps < 0).any():
        note = f"{name} in the files does not rise with the names of the files: frame rate not taken from it"
        return None, (note,)
    unit = time_unit(name, np.unique(every))
    if (steps == 0).any():
        return coarse_rate(every, counts, unit)
    if unit is None:
        return None, (f"unit of {name} unknown, frame rate not taken from it",)
    return possible_rate(name, unit / usual_step(every, np.diff(counts)), unit)


def contradiction(by_names: float | None, by_times: float | None, name: str) -> tuple[str, ...]:
    """The problem if the times in the names of files give another rate than those in the files, which are taken."""
    if not by_names or not by_times or abs(by_names / by_times - 1) <= TOLERANCE:
        return ()
    return (f"{IN_NAMES} give {by_names:.4g} fps, {name} in the files {by_times:.4g} fps, which is taken",)
