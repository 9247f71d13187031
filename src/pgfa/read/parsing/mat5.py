"""One numeric array out of a MATLAB v5 file.

Written here because scipy's reader, given a damaged file, can bring the whole process down (seen with 1.17
under random damage), and files come from outside. The form: MAT-File Format, The MathWorks.
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
        BadFile: where the file is damaged, or has no such variable, or it is of another kind.
        LimitExceeded: above the limit.
    """
    if not raw.startswith(b"MATLAB 5.0") or raw[126:128] not in (b"IM", b"MI"):
        found = "another header" if raw else "an empty file"
        raise BadFile(file, expected="a MATLAB v5 file", found=found)
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
    """(type, content) of the elements laid end to end in `raw` from byte `first`, at most so many."""
    place, count = first, 0
    while place + 8 <= len(raw) and (most is None or count < most):
        kind, size = struct.unpack_from(order + "II", raw, place)
        if kind >> 16:  # the small form: type, size and content in 8 bytes
            start, kind, size = place + 4, kind & 0xFFFF, kind >> 16
            after = place + 8
        else:
            start = place + 8
            after = start + size if kind == _COMPRESSED else start + (size + 7) // 8 * 8
        if start + size > len(raw) or (start == place + 4 and size > 4):
            raise BadFile(
                file,
                where=f"byte {place}" if first else f"byte {place} of a variable",
                expected=f"{size} bytes",
                found=f"{max(0, len(raw) - start)}",
            )
        yield kind, raw[start : start + size]
        place, count = after, count + 1


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
        found = f"an array of class {flags & 0xFF}{', complex' if flags & _COMPLEX else ''}"
        raise BadFile(file, where=where, expected="an array of real numbers", found=found)
    sizes = parts[1][1]
    shape = tuple(int(n) for n in np.frombuffer(sizes[: len(sizes) // 4 * 4], dtype=order + "i4"))
    dtype = np.dtype(order + _TYPES[parts[3][0]])
    content = parts[3][1]
    if len(shape) > 8 or min(shape, default=-1) < 0 or math.prod(shape) * dtype.itemsize != len(content):
        found = f"{len(content):,} bytes for shape {shape[:8]}"
        raise BadFile(file, where=where, expected="as many bytes as its shape says", found=found)
    # Numbers may be stored in a smaller type than the array's own.
    stored = np.frombuffer(content, dtype=dtype).reshape(shape, order="F")
    with np.errstate(over="ignore", invalid="ignore"):
        return stored.astype(_CLASSES[flags & 0xFF])


__all__ = ["load_array"]
