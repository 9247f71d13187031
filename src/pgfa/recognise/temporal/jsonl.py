"""Live frames as lines of JSON: one header, then one frame per line; answers as lines of JSON.

Header: ``{"layout": "kinect20"}``, with ``"rate": 30`` if it is known.
Frame: ``{"t": 1.25, "bodies": [[[x, y, z], ...], ...]}``; null is an absent body, joint or coordinate.
Answer: ``{"t": 1.25, "bodies": [{"body": 0, "answers": [...], "none": 0.1, ...}], "ms": 12.3}``.
Note: ``{"note": "stdin, line 9: ..."}`` where the clock of the frames jumped; the stream goes on.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded, PgfaError
from pgfa.recognise.temporal.live import MAX_BODIES, Live
from pgfa.skeleton import Layout

MAX_LINE = 256 * 1024
"""Bytes of a line: 8 bodies of 33 joints take 20 KB."""

LATEST_SECONDS = 1e10
"""The latest time of a frame: seconds since 1970 reach it in 2286."""
RESTART_SECONDS = 1.0
"""Frames whose clock goes back by less are left out; by more, it was set anew, and the answers start anew."""

OpenLive = Callable[[str, float | None], Live]
"""Layout name and frame rate of the header -> where frames are pushed."""


class FrameStream:
    """Messages of one stream in, answers and notes out. Not thread-safe.

    A frame whose time does not follow the one before is reported in a note and does not end the stream. A message
    that raises an error changes nothing but the number of the line.

    Args:
        open_live: called with the layout and the frame rate of the header, as `Recogniser.live` takes them.
        name: of the source, for errors.
    """

    def __init__(self, open_live: OpenLive, name: str) -> None:
        self.open_live, self.name = open_live, name
        self._live: Live | None = None
        self._rate: float | None = None
        self._latest = -math.inf
        self._number = 0

    def answer(self, line: bytes) -> list[str]:
        """Answers and notes to one message, as lines of JSON; "ms" is the time that the answer took.

        Raises:
            BadFile: a message that is not valid; names its number.
            LimitExceeded: a frame of too many bodies.
        """
        started = time.perf_counter()
        self._number += 1
        name, where = self.name, f"line {self._number}"
        message = _object(line, name, where)
        lines: list[str] = []
        try:
            if self._live is None:
                layout, rate = _header(message, name, where)
                self._live, self._rate = self.open_live(layout, rate), rate
                return []
            live, t = self._live, message.get("t")
            if t is None and "layout" in message:
                header = f"a second header ({repr(message)[:80]}); another layout or rate needs a stream of its own"
                raise BadFile(name, where=where, expected='a frame, {"t": SECONDS}', found=header)
            if not isinstance(t, int | float) or isinstance(t, bool):
                raise BadFile(name, where=where, expected='a number of seconds "t"', found=repr(t)[:80])
            bodies = bodies_of(message.get("bodies"), live.layout, name, where)
            if note := _time_note(t, self._latest):
                lines.append(json.dumps({"note": f"{name}, {where}: {note}"}, ensure_ascii=False))
                if not -LATEST_SECONDS <= t <= self._latest - RESTART_SECONDS:
                    return lines
                live = self.open_live(live.layout.name, self._rate)
            answer = live.push(float(t), bodies)
            self._live, self._latest = live, float(t)
        except BadFile:
            raise
        except LimitExceeded as error:
            raise LimitExceeded(
                where=f"{name}, {where}, {error.where}", expected=error.expected, found=error.found
            ) from None
        except (PgfaError, OverflowError) as error:
            expected = "a valid header" if self._live is None else "a valid frame"
            raise BadFile(name, where=where, expected=expected, found=f"an invalid one ({error})") from None
        if answer is not None:
            ms = 1000 * (time.perf_counter() - started)
            lines.append(json.dumps({**answer.to_dict(), "ms": round(ms, 1)}, ensure_ascii=False))
        return lines


def answer_lines(open_live: OpenLive, source: BinaryIO, name: str = "stdin") -> Iterator[str]:
    """Answers to the lines of a file or pipe as they arrive, by a `FrameStream`; the first line that is not valid ends
    them.

    Raises:
        BadFile: a line that is not valid; names the line.
        LimitExceeded: a line of more than MAX_LINE bytes, a frame of too many bodies.
    """
    stream = FrameStream(open_live, name)
    for line in _lines(source, name):
        yield from stream.answer(line)


def bodies_of(value: Any, layout: Layout, name: str, where: str) -> NDArray[np.float32]:
    """(bodies, joints, 3) of the bodies of a frame, NaN where null. Raises BadFile, LimitExceeded."""
    joints = len(layout.joints)
    expected = f"bodies of {joints} joints of 3 numbers ({layout.name})"
    if not isinstance(value, list):
        raise BadFile(name, where=where, expected=expected, found=repr(value)[:80])
    if len(value) > MAX_BODIES:
        raise LimitExceeded(where="bodies", expected=f"at most {MAX_BODIES}", found=f"{len(value)}")
    out = np.full((len(value), joints, 3), np.nan, dtype=np.float32)
    for index, body in enumerate(value):
        if body is None:
            continue
        try:
            rows = [[None] * 3 if joint is None else joint for joint in body]
            numbers = all(
                x is None or (isinstance(x, int | float) and not isinstance(x, bool)) for j in rows for x in j
            )
            with np.errstate(over="ignore"):
                values = np.array(rows, dtype=np.float32)
        except (TypeError, ValueError, OverflowError):
            numbers, values = False, out[index]
        if not numbers or values.shape != (joints, 3):
            raise BadFile(name, where=f"{where}, body {index}", expected=expected, found=repr(body)[:80])
        out[index] = values
    return out


def _time_note(t: float, latest: float) -> str:
    """What is wrong with the time of a frame after one at `latest`, and what follows; empty if nothing is."""
    if not abs(t) <= LATEST_SECONDS:  # NaN too
        return f"the time {str(t)[:40]} is no time in seconds; the frame is left out"
    if t > latest:
        return ""
    consequence = "answers start anew" if t <= latest - RESTART_SECONDS else "the frame is left out"
    return f"the time {float(t)} does not follow {latest}; {consequence}"


def _header(message: dict[str, Any], name: str, where: str) -> tuple[str, float | None]:
    layout, rate = message.get("layout"), message.get("rate")
    if not isinstance(layout, str) or not isinstance(rate, float | int | None) or isinstance(rate, bool):
        raise BadFile(name, where=where, expected='a header, {"layout": NAME}', found=repr(message)[:80])
    return layout, rate


def _lines(source: BinaryIO, name: str) -> Iterator[bytes]:
    number = 0
    while line := source.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise LimitExceeded(
                where=f"{name}, line {number}", expected=f"at most {MAX_LINE:,} bytes", found="more"
            )
        if line.strip():
            yield line


def _object(line: bytes, name: str, where: str) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadFile(name, where=where, expected="JSON", found=str(error)[:200]) from None
    if not isinstance(message, dict):
        raise BadFile(name, where=where, expected="a JSON object", found=repr(message)[:80])
    return message
