"""Many decimal numbers of a text read at once, exactly as `float` reads them.

For the files of NTU RGB+D and PKU-MMD, of which there are gigabytes of text. `scripts/read_ntu.py` compares its speed
with `float` line by line and with NumPy; docs/reproduce.md has the figures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TENS = 10.0 ** np.arange(15)
_PLAIN = b"0123456789 .-+eE\n"
_BLOCK = 1 << 13


def prepare_allocator() -> None:
    """Make the allocation of large arrays cheaper in this process; for those that read many files.

    The C library of Linux returns freed memory to the system in small pieces until one large block has been freed;
    requesting it again for the arrays of each file takes half of the reading time. The block is never written to.
    """
    np.empty(16 * 1024 * 1024, dtype=np.uint8)


def decimals(raw: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """The numbers at `starts`..`ends` of a text, all at once, exactly as `float` reads them.

    Metres nearly all have one digit before the point. With up to 14 digits after it, the digits taken together are a
    whole number below 2**53, and the power of ten it is divided by is exact too, so the one division rounds as
    `float` does. All other numbers go through `float`.

    Args:
        raw: the text, ASCII only.
        starts, ends: (numbers,) positions; each number needs one byte after it and 16 before it.

    Returns:
        (numbers,) float32; None if one is not a number.
    """
    text = np.frombuffer(raw, dtype=np.uint8)
    minus = text[starts] == ord("-")
    first = starts + minus
    whole = text.take(first, mode="clip") - np.uint8(48)
    point = text.take(first + 1, mode="clip") == ord(".")
    # Digits after the point; -1 for a single digit without a point.
    decimals_count = ends - first - 2
    simple = (whole < 10) & ((point & (decimals_count < 15)) | (decimals_count == -1))
    decimals_count = decimals_count.clip(0, 14)
    fraction, all_digits = _last_digits(raw, ends, np.minimum(decimals_count, 8))
    simple &= all_digits
    long = np.flatnonzero(decimals_count > 8)
    if len(long):
        higher, all_digits = _last_digits(raw, ends[long] - 8, decimals_count[long] - 8)
        fraction[long] += higher * np.uint64(10**8)
        simple[long] &= all_digits
    scale = _TENS[decimals_count]
    values = (whole * scale + fraction) / scale
    np.negative(values, out=values, where=minus)
    for index in np.flatnonzero(~simple).tolist():
        try:
            values[index] = float(raw[starts[index] : ends[index]])
        except ValueError:
            return None
    with np.errstate(over="ignore"):
        exact: NDArray[np.float32] = values.astype(np.float32)
    return exact


def _last_digits(
    raw: bytes, ends: NDArray[np.int64], count: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """The integers written by the last `count` (0 to 8) characters before `ends`, and whether all are digits.

    Eight characters are one 64-bit number, the last of them its highest byte; neighbours are combined to numbers of
    two digits, then of four, then of eight.
    """
    eight = np.ndarray(len(raw) - 7, dtype="<u8", buffer=raw, strides=(1,))[ends - 8]
    eight ^= np.uint64(0x3030303030303030)  # "0" to "9" become 0 to 9
    unused = (64 - 8 * count).astype(np.uint64)
    eight >>= unused
    eight <<= unused
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
    """The numbers of lines with a fixed number of columns and single spaces between them.

    Returns:
        (lines, columns) float32; None if a line is not of this form or a number is not finite: read the lines one by
        one then, to find which.
    """
    # `decimals` needs 16 bytes before the first number.
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
    for first in range(0, len(ends), _BLOCK):
        block = slice(first, first + _BLOCK)
        numbers = decimals(raw, starts[block], ends[block])
        if numbers is None:
            return None
        values[block] = numbers
    return values.reshape(-1, columns) if np.isfinite(values).all() else None


def number(word: bytes) -> float:
    """One number. Raises ValueError otherwise, also for "1_000", which `float` accepts and no data file means."""
    if b"_" in word:
        raise ValueError("not a number")
    return float(word)
