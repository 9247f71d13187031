"""Tables of numbers in text: parsed at once, and searched line by line only for the position of an error."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.limits import check_text
from pgfa.read.source import FileRef

_BLOCK = 8192


def numbered_lines(ref: FileRef, raw: bytes) -> list[tuple[int, str]]:
    """The lines of a text that are not blank and no comments, with their numbers from 1. Raises LimitExceeded."""
    check_text(ref, raw)
    lines = enumerate(raw.decode("utf-8", "replace").splitlines(), start=1)
    return [(number, line) for number, line in lines if line.strip() and not is_comment(line)]


def parse_rows(
    ref: FileRef, rows: Sequence[Sequence[str]], width: int, *, lines: Sequence[int], exact: bool = True
) -> NDArray[np.float64]:
    """Rows of cells to numbers.

    Args:
        ref: the file, for errors.
        rows: the cells of each row.
        width: how many numbers to take from the start of each row.
        lines: line number of each row, from 1.
        exact: whether a row must have exactly `width` cells.

    Returns:
        (rows, width) float64; ``nan`` and ``inf`` are numbers here.

    Raises:
        BadFile: with the line and cell; too few or too many cells, or not a number.
    """
    counts = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    wrong = np.flatnonzero(counts != width if exact else counts < width)
    if len(wrong):
        row = int(wrong[0])
        expected = f"{width} numbers" if exact else f"at least {width} cells"
        raise BadFile(str(ref), where=f"line {lines[row]}", expected=expected, found=str(counts[row]))
    try:
        numbers = map(float, chain.from_iterable(row[:width] for row in rows))
        return np.fromiter(numbers, dtype=np.float64, count=len(rows) * width).reshape(len(rows), width)
    except ValueError:
        for line, cells in zip(lines, rows, strict=True):
            for cell, text in enumerate(cells[:width], start=1):
                if not _is_number(text):
                    where = f"line {line}, cell {cell}"
                    raise BadFile(str(ref), where=where, expected="a number", found=short(text)) from None
        raise


def parse_lines(ref: FileRef, lines: Sequence[tuple[int, str]], width: int) -> NDArray[np.float64]:
    """Numbered lines of exactly `width` numbers, split block by block: a cell takes more memory than its number.

    Returns:
        (lines, width) float64.

    Raises:
        BadFile: as `parse_rows`.
    """
    out = np.empty((len(lines), width))
    for first in range(0, len(lines), _BLOCK):
        block = lines[first : first + _BLOCK]
        cells = [line.split() for _, line in block]
        out[first : first + _BLOCK] = parse_rows(ref, cells, width, lines=[number for number, _ in block])
    return out


def short(text: str, limit: int = 40) -> str:
    """A piece of a file for an error message: quoted and cut short."""
    return repr(text if len(text) <= limit else text[:limit] + "…")


def looks_numeric(head: bytes, columns: int) -> bool:
    """Whether the first lines of a file are `columns` numbers each (the last may be cut off and is not read); blank
    lines and comments before them do not count."""
    lines = [line.split() for line in head.split(b"\n") if line.strip() and not is_comment(line)][:8]
    if len(lines) > 1:
        lines.pop()
    return bool(lines) and all(len(line) == columns and all(map(_is_number, line)) for line in lines)


def is_comment(line: str | bytes) -> bool:
    """Whether a line is a comment, as programs write them above a table of numbers."""
    start = line.lstrip()[:2]
    return start[:1] in ("#", "%", b"#", b"%") or start in ("//", b"//")


def lines_above(text: str) -> int:
    """How many blank lines and comments a text begins with."""
    return next(
        (n for n, line in enumerate(text.split("\n", 50)) if line.strip() and not is_comment(line)), 0
    )


def _is_number(text: str | bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
