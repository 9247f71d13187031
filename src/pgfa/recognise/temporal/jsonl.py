"""Live frames as lines of JSON: one header, then a frame a line; answers as lines of JSON.

Header: ``{"layout": "kinect20"}``, with ``"rate": 30`` where it is known.
Frame: ``{"t": 1.25, "bodies": [[[x, y, z], ...], ...]}``; null stands for an absent body, joint or coordinate.
Answer: ``{"t": 1.25, "bodies": [{"body": 0, "answers": [...], "none": 0.1, ...}], "ms": 12.3}``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded, PgfaError
from pgfa.recognise.temporal.live import MAX_BODIES
from pgfa.skeleton import Layout

if TYPE_CHECKING:
    from pgfa.recognise.recogniser import Recogniser

MAX_LINE = 256 * 1024
"""Bytes of a line: 8 bodies of 33 joints take 20 KB."""


def answer_lines(
    recogniser: Recogniser, sentences: Sequence[str], source: BinaryIO, name: str = "stdin"
) -> Iterator[str]:
    """Answers to frames as they come, a line of JSON each hop; "ms" says how long the answer took.

    Raises:
        BadFile: a line is not what it should be; it names the line.
        LimitExceeded: a line of more than MAX_LINE bytes, a frame of too many bodies.
    """
    live = None
    for number, line in enumerate(_lines(source, name), 1):
        began = time.perf_counter()
        where = f"line {number}"
        said = _object(line, name, where)
        try:
            if live is None:
                rate = said.get("rate")
                if not isinstance(said.get("layout"), str) or not isinstance(rate, float | int | None):
                    raise BadFile(
                        name, where=where, expected='a header, {"layout": NAME}', found=repr(said)[:80]
                    )
                live = recogniser.live(sentences, said["layout"], rate)
                continue
            t = said.get("t")
            if not isinstance(t, int | float) or isinstance(t, bool):
                raise BadFile(name, where=where, expected='a number of seconds "t"', found=repr(t)[:80])
            answer = live.push(float(t), bodies_of(said.get("bodies"), live.layout, name, where))
        except BadFile:
            raise
        except LimitExceeded as error:
            raise LimitExceeded(f"{name}, {where}: {error}") from None
        except (PgfaError, OverflowError) as error:
            raise BadFile(name, where=where, expected="a frame", found=str(error)) from None
        if answer is not None:
            took = 1000 * (time.perf_counter() - began)
            yield json.dumps({**answer.to_dict(), "ms": round(took, 1)}, ensure_ascii=False)


def bodies_of(said: Any, layout: Layout, name: str, where: str) -> NDArray[np.float32]:
    """(bodies, joints, 3) of the bodies of a frame, NaN where null. Raises BadFile, LimitExceeded."""
    joints = len(layout.joints)
    expected = f"bodies of {joints} joints of 3 numbers ({layout.name})"
    if not isinstance(said, list):
        raise BadFile(name, where=where, expected=expected, found=repr(said)[:80])
    if len(said) > MAX_BODIES:
        raise LimitExceeded(f"{len(said)} bodies in a frame, more than the limit of {MAX_BODIES}")
    out = np.full((len(said), joints, 3), np.nan, dtype=np.float32)
    for slot, body in enumerate(said):
        if body is None:
            continue
        try:
            whole = [[None] * 3 if joint is None else joint for joint in body]
            numbers = all(
                x is None or (isinstance(x, int | float) and not isinstance(x, bool))
                for j in whole
                for x in j
            )
            with np.errstate(over="ignore"):
                values = np.array(whole, dtype=np.float32)
        except (TypeError, ValueError, OverflowError):
            numbers, values = False, out[slot]
        if not numbers or values.shape != (joints, 3):
            raise BadFile(name, where=f"{where}, body {slot}", expected=expected, found=repr(body)[:80])
        out[slot] = values
    return out


def _lines(source: BinaryIO, name: str) -> Iterator[bytes]:
    number = 0
    while line := source.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise LimitExceeded(f"{name}, line {number}: more than {MAX_LINE:,} bytes")
        if line.strip():
            yield line


def _object(line: bytes, name: str, where: str) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadFile(name, where=where, expected="JSON", found=str(error)[:200]) from None
    if not isinstance(said, dict):
        raise BadFile(name, where=where, expected="a JSON object", found=repr(said)[:80])
    return said
