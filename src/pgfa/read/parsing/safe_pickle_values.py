"""What an object stream may hold: the names it may say, arrays on their way, and how arrays are made of bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

_CORES = ("numpy.core", "numpy._core")
NAMES = {
    **{(f"{core}.multiarray", "_reconstruct"): "array" for core in _CORES},
    **{(f"{core}.multiarray", "scalar"): "scalar" for core in _CORES},
    **{(f"{core}.numeric", "_frombuffer"): "frombuffer" for core in _CORES},
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("_codecs", "encode"): "encode",
    ("collections", "OrderedDict"): "dict",
    ("__builtin__", "bytes"): "bytes",
}
"""All names a stream may say, and what is done for them."""
TYPES = {
    "f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1",
}  # fmt: skip


class Name(str):
    """One of the names a stream may say."""


class Type:
    """A type of numbers on its way."""

    def __init__(self, code: str) -> None:
        self.code, self.order = code, "="

    def dtype(self) -> np.dtype[Any]:
        """As NumPy has it."""
        return np.dtype(self.order + self.code)


class Pending:
    """An array on its way: empty until its state comes."""

    def __init__(self) -> None:
        self.value: np.ndarray[Any, Any] | None = None


class Refused(Exception):
    """Something is not as it may be: what was expected, what was found."""


_PLAIN_KEYS = (str, int, float, bytes, type(None))


def array_of(content: object, kind: np.dtype[Any], shape: object, order: object) -> np.ndarray[Any, Any]:
    """An array that is a view of its bytes. Raises Refused where shape and bytes do not fit."""
    if not isinstance(content, bytes | bytearray) or order not in ("C", "F"):
        raise Refused("the bytes of an array", type(content).__name__)
    if (
        type(shape) is not tuple
        or len(shape) > 8
        or not all(type(n) is int and 0 <= n < 1 << 40 for n in shape)
    ):
        raise Refused("the shape of an array", "something else")
    count = 1
    for length in shape:
        count *= length
    if count * kind.itemsize != len(content):
        raise Refused(f"{count * kind.itemsize:,} bytes for an array", f"{len(content):,}")
    return (
        np.frombuffer(content, dtype=kind).reshape(shape, order=order) if content else np.zeros(shape, kind)
    )


def plain_key(key: object) -> Any:
    """A key that is hashed at once and in bounded time. Raises Refused."""
    if (
        not isinstance(key, _PLAIN_KEYS)
        or isinstance(key, Name)
        or (isinstance(key, int) and abs(key) >= 1 << 60)
    ):
        raise Refused("text or a number as a dict's key", type(key).__name__)
    return key


def finished(value: Any) -> Any:
    """Put arrays in the place of what was made for them: in lists and dicts, and in tuples of these."""
    whole = [value]
    waiting: list[Any] = [whole]
    seen: dict[int, Any] = {}  # holds what it has seen, so that no other thing takes its number
    while waiting:
        held = waiting.pop()
        if id(held) in seen:
            continue
        seen[id(held)] = held
        for place, item in list(held.items() if type(held) is dict else enumerate(held)):
            new = _settled(item)
            if type(held) is not tuple:
                held[place] = new
            elif new is not item:
                raise Refused("arrays in lists and dicts", "arrays deeper in tuples")
            if type(new) in (list, dict, tuple):
                waiting.append(new)
    return whole[0]


def _settled(item: Any) -> Any:
    if type(item) is Pending:
        if item.value is None:
            raise Refused("the state of an array", "none")
        return item.value
    if type(item) in (Name, Type):
        raise Refused("arrays and plain containers", "a type or name by itself")
    if type(item) is tuple and any(type(each) in (Pending, Name, Type) for each in item):
        return tuple(map(_settled, item))
    return item
