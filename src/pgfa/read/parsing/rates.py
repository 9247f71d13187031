"""The frame rate that a file states under any of its usual names: frames per second, time per frame, times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.read.parsing.frame_times import UNITS, possible_rate, rate_of_times, time_unit, usual_step

RATES = (
    "rate", "fps", "framerate", "videofps", "videoframerate", "framespersecond", "samplingrate", "samplerate",
    "samplingfrequency", "samplefrequency", "capturerate", "camerarate", "datarate", "exportframerate",
    "mocapframerate", "frequency", "freq", "hz",
)  # fmt: skip
"""Names of a rate in frames per second, as `plain`."""
SHORT = 64
"""Characters of names whose plain form is kept."""
PLAIN_RATES = RATES[:4]
"""Those whose value has to be a rate; behind the others there may be something else."""
STEPS = (
    "frametime",
    "timestep",
    "timeperframe",
    "frameinterval",
    "frameduration",
    "framedelta",
    "dt",
    "deltat",
)
"""Names of the time from frame to frame, as `plain`, perhaps with the unit behind (``frame_time_ms``)."""
STRIDES = (
    "stride", "vidstride", "framestride", "framestep", "frameskip", "skipframes", "everynthframe", "everyn",
    "samplestride", "samplingstep", "sampleevery", "downsample", "downsampling", "downsamplefactor", "subsample",
    "subsampling", "decimation", "decimate",
)  # fmt: skip
"""Names of a number of frames of a video by which those of a file are apart, perhaps: or those that were left out."""
TIMES = ("timestamps", "timestamp", "times", "time", "frametimes", "frametimestamps", "t")
"""Names of a list of times, one per frame, likewise."""
MOST_FIELDS = 10_000
"""Of more fields, which are frames by their numbers, only the plainest names are looked for: it takes no time."""
MAX_RATE, MIN_RATE = 1e4, 0.01
LONGEST_LINE = 1000
"""Letters of a comment that are looked at."""
TOLERANCE = 0.05
"""By how much rates of one recording may differ."""
_POSSIBLE = (1.0, 1000.0)
"""Frames per second by which a time per frame without a unit is seconds, milliseconds, ..."""
_UNIT = re.compile(
    r"^(.*?[a-z])_?(ms|msec|milliseconds|us|usec|microseconds|ns|nsec|nanoseconds|s|sec|seconds)$"
)
_NUMBER = r"(\d{1,9}(?:\.\d{1,9})?)(?:\s*/\s*(\d{1,9}))?"
_AHEAD = re.compile(
    r"\b(?:(?:video|export|capture|data|camera)[ _]?)?"
    r"(?:fps|frame[ _-]?rate|frames per second|sampl(?:ing|e)[ _-]?(?:rate|frequency)|frequency|rate)\b"
    rf"(?:\s*\([^)]*\))?[\s:=,;\"']*{_NUMBER}",
    re.IGNORECASE,
)
_BEHIND = re.compile(rf"{_NUMBER}\s*(?:fps|frames per second|frames/s|hz)\b", re.IGNORECASE)
_STEP = re.compile(
    rf"\b(?:frame[ _-]?time|time[ _-]?step|dt)(?:[ _]*[\[(]?(ms|us|ns|s)[\])]?)?[\s:=,;]*{_NUMBER}\s*(ms|us|ns|s)?\b",
    re.IGNORECASE,
)

Floats = NDArray[np.float64]


class BadRate(ValueError):
    """The value of a field that states a rate is not a possible rate; the arguments are its name and value."""


def plain(name: str) -> str:
    """A name in lower case without separators: ``frameRate``, ``Frame Rate`` and ``frame_rate`` are one."""
    return _plain_short(name) if len(name) <= SHORT else _plain(name)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_plain_short = lru_cache(maxsize=1024)(_plain)
"""Every person of a file has the same names."""


def stated_rate(fields: Mapping[str, Any]) -> tuple[float | None, tuple[str, ...]]:
    """Frames per second from named values; None without any. And notes: a rate of 0, a step without a unit.

    Args:
        fields: name -> a number, a text (``"29.97 fps"``, ``"30000/1001"``), or a list of times.

    Raises:
        BadRate: the value of a field that states a rate is not a possible rate.
    """
    if len(fields) > MOST_FIELDS:
        fields = {name: fields[name] for name in RATES if name in fields}
    named = {plain(name): (name, value) for name, value in fields.items() if isinstance(name, str)}
    rates, notes = _given_rates(named)
    for name, value in named.values():
        if _is_one_of(name, STEPS) and (number := _single(value)) is not None and number > 0:
            rate, step_notes = _rate_of_step(name, number)
            rates |= {name: rate} if rate is not None else {}
            notes += () if rates else step_notes
    timed, time_notes = _rate_of_list(named.values())
    if not rates:
        return timed, notes + time_notes
    name, rate = next(iter(rates.items()))
    strides = (
        (other, _single(value)) for plain_name, (other, value) in named.items() if plain_name in STRIDES
    )
    notes += tuple(
        f"{other} {stride:g} not heeded: if {name} is that of a video of which frames were left out, state --rate"
        for other, stride in strides
        if stride is not None and stride > 1
    )
    others = {other: value for other, value in rates.items() if abs(value / rate - 1) > TOLERANCE}
    if others:
        listed = ", ".join(f"{other} {value:g}" for other, value in others.items())
        notes += (f"contradicting frame rates: {name} {rate:g} is taken, the file also has {listed}",)
    if timed is None:
        return rate, notes
    return agreed_rate(rate, timed, notes=notes)


def agreed_rate(stated: float, timed: float, *, notes: tuple[str, ...] = ()) -> tuple[float, tuple[str, ...]]:
    """The stated rate, or that of the times, which are measured, if they differ by more than `TOLERANCE`; and notes."""
    if abs(timed / stated - 1) <= TOLERANCE:
        return stated, notes
    return timed, (*notes, f"times give {timed:.4g} fps, the file states {stated:.4g}")


def rate_of_steps(times: Floats, numbers: Floats, unit: float = 1.0) -> float | None:
    """Frames per second of times per frame, without gaps; None if they do not rise.

    Args:
        times: (frames,), NaN where absent.
        numbers: (frames,) of the frames.
        unit: units of the times per second.
    """
    known = np.isfinite(times) & np.isfinite(numbers)
    step = usual_step(times[known], np.diff(numbers[known]))
    return unit / step if step > 0 else None


def _given_rates(named: Mapping[str, tuple[str, Any]]) -> tuple[dict[str, float], tuple[str, ...]]:
    """The rates in frames per second, the plainest name first, and notes. Raises BadRate."""
    rates: dict[str, float] = {}
    for key in RATES:
        name, value = named.get(key, ("", None))
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        number = _number_in(value) if isinstance(value, str) else _single(value)
        if number == 0 and key != "rate" and not rates:
            return {}, (f"{name} is 0 in the file",)
        if number is not None and MIN_RATE <= number <= MAX_RATE:
            rates[name] = number
        elif key in PLAIN_RATES and not rates:
            raise BadRate(name, value)
    return rates, ()


def rate_in_comments(lines: Iterable[str]) -> float | None:
    """Frames per second stated in comment lines (``# fps: 25``, ``# recorded at 25 Hz``); None without exactly one."""
    values: set[float] = set()
    for line in lines:
        line = line[:LONGEST_LINE]
        if match := _STEP.search(line):
            number = float(match[2]) / max(int(match[3] or 1), 1)
            rate, _ = _rate_of_step(f"dt_{match[1] or match[4] or ''}".rstrip("_").lower(), number)
            values |= {rate} if rate else set()
        elif match := _AHEAD.search(line) or _BEHIND.search(line):
            values.add(float(match[1]) / max(int(match[2] or 1), 1))
    rates = {rate for rate in values if MIN_RATE <= rate <= MAX_RATE}
    return rates.pop() if len(rates) == 1 else None


def is_rate_name(name: str) -> bool:
    """Whether a name is that of a rate in frames per second."""
    return plain(name) in RATES


def is_time_name(name: str) -> bool:
    """Whether a name states a time per frame, or the times of all frames."""
    return _is_one_of(name, (*STEPS, *TIMES))


def _is_one_of(name: str, names: tuple[str, ...]) -> bool:
    match = _UNIT.match(name.lower())
    return plain(name) in names or (match is not None and plain(match[1]) in names)


def _rate_of_step(name: str, step: float) -> tuple[float | None, tuple[str, ...]]:
    """From a time per frame: its unit by its name, else the one that gives a possible rate."""
    match = _UNIT.match(name.lower())
    units = [UNITS[match[2]]] if match else [1.0, 1e3, 1e6, 1e9]
    low, high = (MIN_RATE, MAX_RATE) if match else _POSSIBLE
    fitting = [unit / step for unit in units if step > 0 and low <= unit / step <= high]
    if len(fitting) == 1:
        return fitting[0], ()
    return None, (f"unit of {name} unknown, frame rate not taken from it",)


def _rate_of_list(fields: Iterable[tuple[str, Any]]) -> tuple[float | None, tuple[str, ...]]:
    for name, value in fields:
        if not _is_one_of(name, TIMES) or not isinstance(value, list | np.ndarray) or len(value) < 2:
            continue
        try:
            times = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            continue
        if times.ndim == 1 and np.isfinite(times).all() and (np.diff(times) > 0).all():
            title = name.rstrip("s") if plain(name) in TIMES else name
            unit = time_unit(title, times)
            rate, notes = rate_of_times(times, unit)
            rate, more = possible_rate(title, rate, unit)
            return rate, notes + more
    return None, ()


def _single(value: Any) -> float | None:
    """A number, also as an array or list of one; None for anything else, and for one beyond all floats."""
    if isinstance(value, np.ndarray):
        value = value.reshape(-1).tolist()
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _number_in(text: str) -> float | None:
    if (comma := re.fullmatch(r"\s*(\d{1,9}),(\d{1,9})(\D*)", text)) and not _is_thousands(
        *comma.groups()[:2]
    ):
        text = f"{comma[1]}.{comma[2]}{comma[3]}"
    match = re.fullmatch(rf"\s*{_NUMBER}\s*(?:fps|hz)?\s*", text, re.IGNORECASE)
    if match is None or (match[2] and not int(match[2])):
        return None
    return float(match[1]) / int(match[2] or 1)


def _is_thousands(whole: str, digits: str) -> bool:
    """Whether the comma between digits may be one between thousands, of a rate."""
    return len(digits) == 3 and int(whole) > 0 and float(whole + digits) <= MAX_RATE
