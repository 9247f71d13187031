"""Many decimal numbers of a text read at once, exactly as `float` reads them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROWS = np.arange(16, dtype=np.uint8)[:, None]
_TENS = 10.0 ** np.arange(17)
_PLAIN = b"0123456789 .-+eE\n"
_AT_ONCE = 1 << 13

# The C library of Linux hands memory back to the system piece by piece until it has seen a large piece come
# and go; getting it anew for the arrays of each file costs half the time of reading. This one is never
# touched.
np.empty(16 * 1024 * 1024, dtype=np.uint8)


def decimals(raw: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """Numbers that stand at `starts`..`ends` of a text, all at once, exactly as `float` reads them.

    Digits are laid out in a table of 16 rows, ends aligned, and added up in twos and fours: with up to 15
    digits the
    sum is a whole number below 2**53 and the power of ten it is divided by is exact too, so the one division
    rounds
    as `float` does. Exponents and longer numbers are few and go through `float`. None where one is no number.
    Before each number at least 16 bytes of text must stand.
    """
    if int((ends - starts).max()) > 255:
        return None
    length = (ends - starts).astype(np.uint8)
    text = np.frombuffer(raw, dtype=np.uint8)
    table = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(text, 16)[ends - 16].T)
    inside = _ROWS + length >= 16
    digit = table - np.uint8(48)
    is_digit = (digit < 10) & inside
    is_point = (table == ord(".")) & inside
    minus = text[starts] == ord("-")
    points = is_point.sum(axis=0, dtype=np.uint8)
    digits = is_digit.sum(axis=0, dtype=np.uint8)
    easy = (digits + points + minus == length) & (points <= 1) & (digits > 0) & (digits < 16)
    digit *= is_digit
    twos = digit[0::2] * np.uint8(10) + digit[1::2]
    fours = twos[0::2] * np.uint16(100) + twos[1::2]
    total = ((fours[0] * 1e4 + fours[1]) * 1e4 + fours[2]) * 1e4 + fours[3]
    # A number without a point is read as if its point stood after its last digit.
    place = np.where(points == 1, 15 - (is_point * _ROWS).sum(axis=0, dtype=np.uint8), 0)
    scale = _TENS[place]
    # The point takes up a place of its own: what stands before it weighs ten times too much.
    before = np.floor(total / (scale * 10))
    values = np.where(points == 1, total - 9 * scale * before, total) / scale
    np.negative(values, out=values, where=minus)
    for odd in np.flatnonzero(~easy).tolist():
        try:
            values[odd] = float(raw[starts[odd] : ends[odd]])
        except ValueError:
            return None
    with np.errstate(over="ignore"):
        exact: NDArray[np.float32] = values.astype(np.float32)
    return exact


def rows_of(lines: list[bytes], columns: int) -> NDArray[np.float32] | None:
    """The numbers of lines of a fixed number of columns with single spaces between.

    Returns:
        (lines, columns) float32; None where a line is not of this form or a number is not finite. Read such
        lines one
        by one to find the place.
    """
    # The blanks in front are what `decimals` asks for.
    raw = b" " * 16 + b"".join(line.strip() + b"\n" for line in lines)
    if raw.translate(None, _PLAIN):
        return None
    text = np.frombuffer(raw, dtype=np.uint8)
    ends = np.flatnonzero(text <= 32)[16:]
    if len(ends) != len(lines) * columns or (text[ends[columns - 1 :: columns]] != 10).any():
        return None
    starts = np.concatenate([[16], ends[:-1] + 1])
    if (starts == ends).any():
        return None
    values = np.empty(len(ends), dtype=np.float32)
    for at in range(0, len(ends), _AT_ONCE):
        some = decimals(raw, starts[at : at + _AT_ONCE], ends[at : at + _AT_ONCE])
        if some is None:
            return None
        values[at : at + _AT_ONCE] = some
    return values.reshape(-1, columns) if np.isfinite(values).all() else None


def number(word: bytes) -> float:
    """One number. Raises ValueError for what is none; `float` takes "1_000" too, which no writer of data
    files means."""
    if b"_" in word:
        raise ValueError("not a number")
    return float(word)
