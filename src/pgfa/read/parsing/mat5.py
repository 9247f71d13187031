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

_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_MATRIX, _COMPRESSED = 14, 15
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_COMPLEX = 0x0800
_HEADER = 128


def load_array(file: str, raw: bytes, name: str, limit: int) -> NDArray[Any]:
    """The real, dense numeric array called `name`.

    Args:
        file: the file's name, for errors.
        raw: its bytes.
        name: of the variable.
        limit: bytes a compressed variable may inflate to.

    Raises:
        BadFile: a damaged file, no such variable, or a variable of another kind.
        LimitExceeded: above the limit.
    """
    if not raw.startswith(b"MATLAB 5.0") or raw[126:128] not in (b"IM", b"MI"):
        actual = "another header" if raw else "an empty file"
        raise BadFile(file, expected="a MATLAB v5 file", found=actual)
    order = "<" if raw[126:128] == b"IM" else ">"
    for kind, body in _elements(file, raw, order, first=_HEADER):
        if kind == _COMPRESSED:
            kind, body = next(_elements(file, _inflate(file, body, limit), order), (0, b""))
        if kind == _MATRIX:
            parts = list(_elements(file, body, order, most=4))
            if len(parts) > 2 and parts[2][1].rstrip(b"\0") == name.encode():
                return _array(file, name, parts, order)
    raise BadFile(file, expected=f"a field {name}", found="none")


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


def _inflate(file: str, body: bytes, limit: int) -> bytes:
    try:
        out = zlib.decompressobj().decompress(body, limit + 1)
    except zlib.error as error:
        raise BadFile(file, expected="a compressed variable", found=str(error)) from None
    if len(out) > limit:
        raise LimitExceeded(f"{file}: more than {limit:,} bytes when inflated")
    return out


def _array(file: str, name: str, parts: list[tuple[int, bytes]], order: str) -> NDArray[Any]:
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
