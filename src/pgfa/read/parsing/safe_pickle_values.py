"""Values in an object stream: the names it may use, arrays under construction, and arrays from bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

_CORES = ("numpy.core", "numpy._core")
NAMES = {
    **{(f"{core}.multiarray", "_reconstruct"): "array" for core in _CORES},
    **{(f"{core}.multiarray", "scalar"): "scalar" for core in _CORES},
    **{(f"{core}.numeric", "_frombuffer"): "frombuffer" for core in _CORES},
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): "joblib",
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("_codecs", "encode"): "encode",
    ("collections", "OrderedDict"): "dict",
    ("__builtin__", "bytes"): "bytes",
}
"""All names that a stream may use -> the action of this reader."""
TYPES = {
    "f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1",
}  # fmt: skip


FEW_KEYS = 500
KEY_RANGE = 64
"""Numbers as keys of a dict, see `NumberKeys`: between the smallest and the largest are at most so many per key."""


class Name(str):
    """One of the names a stream may use."""


class NumberType:
    """A number type under construction: its byte order comes later."""

    def __init__(self, code: str) -> None:
        self.code, self.order = code, "="

    def dtype(self) -> np.dtype[Any]:
        """The NumPy type."""
        return np.dtype(self.order + self.code)


class PendingArray:
    """An array under construction: empty until its state comes."""

    def __init__(self) -> None:
        self.value: np.ndarray[Any, Any] | None = None


class ArrayBehind:
    """An array of joblib under construction: its bytes follow its state in the stream."""


def shown(value: object) -> str:
    """A value in a message, cut off: what holds itself many times over would be written out without end."""
    if type(value) is tuple and all(type(item) in (int, str) for item in value):
        value = value[:8]
    elif type(value) not in (int, str):
        return type(value).__name__
    return str(value)[:60]


class NotAllowed(Exception):
    """Content that is not allowed, with what was expected and what was found."""


_PLAIN_KEYS = (str, int, float, bytes, type(None))


def array_of(content: object, dtype: np.dtype[Any], shape: object, order: object) -> np.ndarray[Any, Any]:
    """An array that is a view of its bytes. Raises NotAllowed if shape and bytes do not match."""
    if not isinstance(content, bytes | bytearray) or order not in ("C", "F"):
        raise NotAllowed("the bytes of an array", type(content).__name__)
    if (
        type(shape) is not tuple
        or len(shape) > 8
        or not all(type(n) is int and 0 <= n < 1 << 40 for n in shape)
    ):
        raise NotAllowed("the shape of an array", shown(shape))
    count = 1
    for length in shape:
        count *= length
    if count * dtype.itemsize != len(content):
        raise NotAllowed(f"{count * dtype.itemsize:,} bytes for an array", f"{len(content):,}")
    return (
        np.frombuffer(content, dtype=dtype).reshape(shape, order=order) if content else np.zeros(shape, dtype)
    )


class NumberKeys:
    """Numbers as keys of a dict: a file can choose them so that each collides with all before.

    Up to `FEW_KEYS` any are allowed; more must be whole and near one another, as numbers of frames are.

    Attributes:
        count: of the keys.
        low, high: of the whole ones.
    """

    def __init__(self) -> None:
        self.count, self.low, self.high = 0, 0, 0

    def add(self, key: float) -> None:
        """Count a key. Raises NotAllowed where they might collide."""
        self.count += 1
        if isinstance(key, int):
            self.low, self.high = min(self.low, key), max(self.high, key)
        if self.count > FEW_KEYS and (
            isinstance(key, float) or self.high - self.low > KEY_RANGE * self.count
        ):
            raise NotAllowed(
                f"at most {FEW_KEYS} numbers as a dict's keys that are far from one another", "more"
            )


def plain_key(key: object) -> Any:
    """A key that can be hashed in bounded time. Raises NotAllowed."""
    if (
        not isinstance(key, _PLAIN_KEYS)
        or isinstance(key, Name)
        or (isinstance(key, int) and abs(key) >= 1 << 60)
    ):
        raise NotAllowed("text or a number as a dict's key", type(key).__name__)
    return key


def finished(value: Any) -> Any:
    """Replace arrays under construction by the arrays: in lists and dicts, and in tuples of these."""
    root = [value]
    queue: list[Any] = [root]
    visited: dict[int, Any] = {}  # keeps the objects alive, so that no other object gets their id
    while queue:
        container = queue.pop()
        if id(container) in visited:
            continue
        visited[id(container)] = container
        for key, item in list(container.items() if type(container) is dict else enumerate(container)):
            new = _completed(item)
            if type(container) is not tuple:
                container[key] = new
            elif new is not item:
                raise NotAllowed("arrays in lists and dicts", "arrays deeper in tuples")
            if type(new) in (list, dict, tuple):
                queue.append(new)
    return root[0]


def _completed(item: Any) -> Any:
    if type(item) is PendingArray:
        if item.value is None:
            raise NotAllowed("the state of an array", "none")
        return item.value
    if type(item) in (Name, NumberType, ArrayBehind):
        raise NotAllowed("arrays and plain containers", "a type or name on its own")
    if type(item) is tuple and any(
        type(element) in (PendingArray, Name, NumberType, ArrayBehind) for element in item
    ):
        return tuple(map(_completed, item))
    return item
