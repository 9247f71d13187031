"""One numeric array out of a MATLAB v5 file.

Written here because scipy's reader, given a damaged file, can crash the whole process (seen with scipy 1.17 on
randomly damaged files), and files come from outside. Source: MAT-File Format, The MathWorks.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.contents import OtherContent
from pgfa.read.encoding import printable

_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_MATRIX, _COMPRESSED = 14, 15
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_COMPLEX = 0x0800
_HEADER = 128
_START = 1024
"""Bytes of a compressed variable that are inflated for its name."""
MAX_VARIABLES = 20_000


def load_array(file: str, raw: bytes, name: str, limit: int) -> NDArray[Any]:
    """The real, dense numeric array called `name`.

    Args:
        file: the file's name, for errors.
        raw: its bytes.
        name: of the variable.
        limit: bytes of the variable, inflated and as the numbers it stands for.

    Raises:
        BadFile: a damaged file, no such variable (its `found` names those there are), or a variable of another kind.
        LimitExceeded: above the limit, or more than MAX_VARIABLES variables.
    """
    if not raw.startswith(b"MATLAB 5.0") or raw[126:128] not in (b"IM", b"MI"):
        actual = "another header" if raw else "an empty file"
        raise BadFile(file, expected="a MATLAB v5 file", found=actual)
    order = "<" if raw[126:128] == b"IM" else ">"
    others: list[str] = []
    for kind, body in _elements(file, raw, order, first=_HEADER):
        if len(others) == MAX_VARIABLES:
            raise LimitExceeded(f"{file}: more than the limit of {MAX_VARIABLES:,} variables")
        is_compressed = kind == _COMPRESSED
        # Only the variable that is looked for is inflated as a whole.
        start = _inflate(file, body, _START) if is_compressed else body
        if is_compressed:
            kind = struct.unpack_from(order + "I", start)[0] if len(start) >= 8 else 0
        title = _name(start, order, 8 if is_compressed else 0) if kind == _MATRIX else ""
        if title != name:
            others.append(title)
            continue
        if is_compressed:
            whole = _inflate(file, body, limit)
            if len(whole) == limit:
                raise LimitExceeded(f"{file}: more than {limit:,} bytes when inflated")
            _, body = next(_elements(file, whole, order), (0, b""))
        return _array(file, name, list(_elements(file, body, order, most=4)), order, limit)
    named = ", ".join(text for text in others[:8] if text)
    if not named:
        raise BadFile(file, expected=f"a field {name}", found="none")
    actual = f"a MATLAB file of another kind, with the variables {named}"
    raise OtherContent(file, expected=f"a field {name}", found=actual)


def _name(matrix: bytes, order: str, tag: int) -> str:
    """The name of a variable from the start of its content: flags, sizes, name; "" if it cannot be read."""
    for element in range(3):
        if tag + 8 > len(matrix):
            return ""
        kind, size = struct.unpack_from(order + "II", matrix, tag)
        start = tag + 4 if kind >> 16 else tag + 8
        size = kind >> 16 or size
        if element == 2:
            return printable(matrix[start : start + size].rstrip(b"\0").decode("utf-8", "surrogateescape"))[
                :100
            ]
        tag = tag + 8 if start == tag + 4 else start + (size + 7) // 8 * 8
    return ""


def _elements(
    file: str, raw: bytes, order: str, first: int = 0, most: int | None = None
) -> Iterator[tuple[int, bytes]]:
    """(type, content) of the elements laid end to end in `raw` from byte `first`, at most `most`."""
    tag, count = first, 0
    while tag + 8 <= len(raw) and (most is None or count < most):
        kind, size = struct.unpack_from(order + "II", raw, tag)
        if kind >> 16:  # the small form: type, size and content in 8 bytes
            start, kind, size = tag + 4, kind & 0xFFFF, kind >> 16
            next_tag = tag + 8
        else:
            start = tag + 8
            next_tag = start + size if kind == _COMPRESSED else start + (size + 7) // 8 * 8
        if start + size > len(raw) or (start == tag + 4 and size > 4):
            raise BadFile(
                file,
                where=f"byte {tag}" if first else f"byte {tag} of a variable",
                expected=f"{size} bytes",
                found=f"{max(0, len(raw) - start)}",
            )
        yield kind, raw[start : start + size]
        tag, count = next_tag, count + 1


def _inflate(file: str, body: bytes, most: int) -> bytes:
    """The first `most` bytes of a compressed variable."""
    try:
        return zlib.decompressobj().decompress(body, most)
    except zlib.error as error:
        raise BadFile(file, expected="a compressed variable", found=str(error)) from None


def _array(file: str, name: str, parts: list[tuple[int, bytes]], order: str, limit: int) -> NDArray[Any]:
    where = f"field {name}"
    flags = struct.unpack_from(order + "I", parts[0][1])[0] if len(parts[0][1]) >= 4 else 0
    if flags & 0xFF not in _CLASSES or flags & _COMPLEX or len(parts) < 4 or parts[3][0] not in _TYPES:
        actual = f"an array of class {flags & 0xFF}{', complex' if flags & _COMPLEX else ''}"
        raise BadFile(file, where=where, expected="an array of real numbers", found=actual)
    sizes = parts[1][1]
    shape = tuple(int(n) for n in np.frombuffer(sizes[: len(sizes) // 4 * 4], dtype=order + "i4"))
    dtype = np.dtype(order + _TYPES[parts[3][0]])
    content = parts[3][1]
    if len(shape) > 8 or min(shape, default=-1) < 0 or math.prod(shape) * dtype.itemsize != len(content):
        actual = f"{len(content):,} bytes for shape {shape[:8]}"
        raise BadFile(file, where=where, expected="a size that fits the shape", found=actual)
    # Numbers may be stored in a smaller type than the array's own.
    if (size := math.prod(shape) * np.dtype(_CLASSES[flags & 0xFF]).itemsize) > limit:
        raise LimitExceeded(f"{file}: {size:,} bytes of numbers, more than the limit of {limit:,}")
    stored = np.frombuffer(content, dtype=dtype).reshape(shape, order="F")
    with np.errstate(over="ignore", invalid="ignore"):
        return stored.astype(_CLASSES[flags & 0xFF])


def array_bytes(name: str, array: NDArray[np.float64]) -> bytes:
    """A MATLAB v5 file, not compressed, with one array of doubles: what `load_array` reads."""

    def element(kind: int, content: bytes) -> bytes:
        return struct.pack("<II", kind, len(content)) + content + b"\0" * (-len(content) % 8)

    shape = np.array(array.shape, dtype="<i4").tobytes()
    numbers = array.astype("<f8").tobytes(order="F")
    flags = struct.pack("<II", 6, 0)  # class double, real
    parts = element(6, flags) + element(5, shape) + element(1, name.encode()) + element(9, numbers)
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + element(_MATRIX, parts)


__all__ = ["array_bytes", "load_array"]
