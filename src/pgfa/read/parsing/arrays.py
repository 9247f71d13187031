"""A plain .npy array from bytes; its header is checked against its size before memory is allocated."""

from __future__ import annotations

import io
import math
import sys
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.contents import OtherContent
from pgfa.read.source import FileRef


def plain_array(ref: FileRef, raw: bytes, *, kinds: str, expected: str, where: str = "") -> NDArray[Any]:
    """One array.

    Args:
        ref: the file, for errors.
        raw: the bytes of the .npy file.
        kinds: numpy type kinds that are accepted (``"fiu"``).
        expected: what they are called in the error.
        where: the field, for errors.

    Raises:
        BadFile: another type, no valid header, or a size that does not match the header.
    """
    file = io.BytesIO(raw)
    try:
        shape, fortran, dtype = array_header(file)
    except ValueError as error:
        raise BadFile(str(ref), where=where, expected="a plain .npy array", found=str(error)) from None
    if dtype.kind not in kinds:
        # Objects of Python, or texts: sound, and of another program.
        raise OtherContent(str(ref), where=where, expected=expected, found=f"type {dtype}")
    content = memoryview(raw)[file.tell() :]
    if min(shape, default=1) < 0 or math.prod(shape) * dtype.itemsize != len(content):
        actual = f"{len(content):,} bytes for shape {shape}"
        raise BadFile(str(ref), where=where, expected="a size that fits the shape", found=actual)
    if (not dtype.itemsize and math.prod(shape) > 1) or max(shape, default=0) >= 1 << 40:
        raise BadFile(str(ref), where=where, expected=expected, found=f"shape {shape} of type {dtype}")
    flat = np.frombuffer(content, dtype=dtype) if content else np.zeros(math.prod(shape), dtype)
    if dtype.kind == "U" and content and not _is_unicode(content, dtype):
        raise BadFile(
            str(ref), where=where, expected=expected, found="code points that Unicode does not have"
        )
    return flat.reshape(shape, order="F" if fortran else "C")


def array_header(file: io.BytesIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether the order is Fortran's, and type of an .npy array. Raises ValueError for no valid header."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy warns of headers written by Python 2
            version = np.lib.format.read_magic(file)
            reader = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, fortran, dtype = reader(file)
    except Exception as error:  # numpy parses the header as Python, which fails in many ways
        raise ValueError(str(error)[:200]) from None
    return shape, fortran, dtype


def _is_unicode(content: memoryview, dtype: np.dtype[Any]) -> bool:
    """Whether 4-byte code points are Unicode's: NumPy makes text of any, of which Python cannot print or store some."""
    points = np.frombuffer(content, dtype=f"{dtype.byteorder}u4")
    return not ((points > sys.maxunicode) | ((points >= 0xD800) & (points < 0xE000))).any()
