"""Many decimal numbers of a text read at once, exactly as `float` reads them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TENS = 10.0 ** np.arange(15)
_PLAIN = b"0123456789 .-+eE\n"
_AT_ONCE = 1 << 13

# The C library of Linux hands memory back to the system piece by piece until it has seen a large piece come
# and go; getting it anew for the arrays of each file costs half the time of reading. This one is never
# touched.
np.empty(16 * 1024 * 1024, dtype=np.uint8)


def decimals(raw: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """Numbers that stand at `starts`..`ends` of a text, all at once, exactly as `float` reads them.

    Metres nearly all have one digit before the point. With up to 14 behind it, the digits taken together are a
    whole number below 2**53, and the power of ten it is divided by is exact too, so the one division rounds as
    `float` does. All other numbers go through `float`. None where one is no number.

    Args:
        raw: the text, of ASCII characters alone.
        starts, ends: (numbers,) places; behind each number one more byte must stand, before each number 16.
    """
    text = np.frombuffer(raw, dtype=np.uint8)
    minus = text[starts] == ord("-")
    first = starts + minus
    whole = text.take(first, mode="clip") - np.uint8(48)
    point = text.take(first + 1, mode="clip") == ord(".")
    # Digits behind the point; -1 where the one digit is all there is.
    behind = ends - first - 2
    easy = (whole < 10) & ((point & (behind < 15)) | (behind == -1))
    behind = behind.clip(0, 14)
    fraction, digits = _last_digits(raw, ends, np.minimum(behind, 8))
    easy &= digits
    long = np.flatnonzero(behind > 8)
    if len(long):
        higher, digits = _last_digits(raw, ends[long] - 8, behind[long] - 8)
        fraction[long] += higher * np.uint64(10**8)
        easy[long] &= digits
    scale = _TENS[behind]
    values = (whole * scale + fraction) / scale
    np.negative(values, out=values, where=minus)
    for odd in np.flatnonzero(~easy).tolist():
        try:
            values[odd] = float(raw[starts[odd] : ends[odd]])
        except ValueError:
            return None
    with np.errstate(over="ignore"):
        exact: NDArray[np.float32] = values.astype(np.float32)
    return exact


def _last_digits(
    raw: bytes, ends: NDArray[np.int64], count: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """The whole numbers that the last `count` (0 to 8) characters before `ends` make, and whether all are digits.

    Eight characters are one 64-bit number, the last of them its highest byte; neighbours are added up to numbers
    of two digits, of four, of eight, in all places at once.
    """
    eight = np.ndarray(len(raw) - 7, dtype="<u8", buffer=raw, strides=(1,))[ends - 8]
    eight ^= np.uint64(0x3030303030303030)  # "0" to "9" become 0 to 9
    others = (64 - 8 * count).astype(np.uint64)
    eight >>= others
    eight <<= others
    digits = (eight + np.uint64(0x7676767676767676)) & np.uint64(0x8080808080808080) == 0
    eight *= np.uint64(10 * 2**8 + 1)
    eight >>= np.uint64(8)
    eight &= np.uint64(0x00FF00FF00FF00FF)
    eight *= np.uint64(100 * 2**16 + 1)
    eight >>= np.uint64(16)
    eight &= np.uint64(0x0000FFFF0000FFFF)
    eight *= np.uint64(10_000 * 2**32 + 1)
    eight >>= np.uint64(32)
    return eight, digits


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
