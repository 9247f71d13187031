"""JSON from a file: what it would take in memory is estimated before it is parsed."""

from __future__ import annotations

import json
import re
from typing import Any

from pgfa.errors import BadFile, LimitExceeded
from pgfa.processes import without_garbage_collection
from pgfa.read.limits import allowance

MEMORY = 320 * 1024**2
"""Bytes that the objects of a small file may take."""
_WITH_COMMA = re.compile(rb'"\s*([-+]?\d*),(\d+(?:[eE][-+]?\d+)?)\s*"')
"""A text that is a number with a comma."""
_THOUSANDS = re.compile(rb"[-+]?[1-9]\d{0,2},\d{3}")
"""One whose comma may be that between thousands."""
_COSTS = ((b"[", 88), (b"{", 232), (b",", 34), (b'"', 12))
"""What follows each sign takes in memory: a list with the first item, a dict with up to five, a number, half a text."""


def parse_json(file: object, raw: bytes) -> Any:
    """The value of a JSON text, or of JSON lines as a list.

    Raises:
        BadFile: not JSON, or not UTF-8. LimitExceeded: too many lists, objects and values.
    """
    estimate = sum(cost * raw.count(sign) for sign, cost in _COSTS)
    if estimate > (most := allowance(len(raw), MEMORY)):
        raise LimitExceeded(
            f"{file}: about {estimate:,} bytes in memory from {len(raw):,} of JSON, more than the limit of {most:,}"
        )
    try:
        with without_garbage_collection():  # none of the many objects is in a cycle: a fifth of the time
            return json.loads(raw)
    except (ValueError, RecursionError) as error:
        problem = str(error)[:200]
    lines = [line for line in raw.splitlines() if line.strip()]
    # One object per line; a pretty-printed object that is cut off has lines that are no objects.
    if len(lines) > 1 and all(line.strip()[:1] in b"{[" and line.strip()[-1:] in b"}]" for line in lines[:2]):
        with without_garbage_collection():
            return _values(lines) or [_line(file, number, line) for number, line in enumerate(lines, start=1)]
    raise BadFile(str(file), expected="JSON", found=problem)


def with_decimal_points(raw: bytes) -> bytes:
    """A JSON text in which texts of numbers with decimal commas (``"29,97"``) have points; as it is if all of their
    commas may be those between thousands."""
    if all(_THOUSANDS.fullmatch(b",".join(match.groups())) for match in _WITH_COMMA.finditer(raw)):
        return raw
    return _WITH_COMMA.sub(rb'"\1.\2"', raw)


def _values(lines: list[bytes]) -> list[Any]:
    """The values of all lines, parsed at once, which takes a third of the time; [] if a line is not one value."""
    try:
        values: list[Any] = json.loads(b"[" + b",".join(lines) + b"]")
    except (ValueError, RecursionError):
        return []
    return values if len(values) == len(lines) else []


def _line(file: object, number: int, line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadFile(str(file), where=f"line {number}", expected="JSON", found=str(error)[:200]) from None
