"""HDF5 files: what may be read of them, and how much. The library is optional, and expects undamaged files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded, PgfaError
from pgfa.read.source import FileRef

HDF5 = b"\x89HDF\r\n\x1a\n"
UNPACKED = 2_000_000
"""Numbers in a file of any size; beyond, four per byte: it may be compressed, or hold none of them."""
MAX_TEXTS = 1000
MAX_TEXT = 1024 * 1024
"""Bytes of all texts of one dataset, or of an attribute."""
_LISTED = 200


class Hdf5:
    """An open file: its groups and datasets by their paths; nothing that leads to another file.

    Args:
        ref: the file, for errors.
        file: as the library opened it.
        size: its bytes.
    """

    def __init__(self, ref: FileRef, file: Any, size: int) -> None:
        self.ref, self.file, self.size = ref, file, size

    def names(self, group: str = "/") -> list[str]:
        """What a group holds. Raises BadFile for a link: it would read what the user did not name."""
        import h5py

        node = self.file[group]
        names = list(node)[:_LISTED]
        for name in names:
            if node.get(name, getlink=True, getclass=True) is not h5py.HardLink:
                raise BadFile(str(self.ref), where=name[:40], expected="data in this file", found="a link")
        return names

    def shape(self, path: str) -> tuple[int, ...]:
        """The shape of a dataset."""
        return tuple(self._dataset(path).shape)

    def array(self, path: str) -> NDArray[Any]:
        """A dataset of numbers, or of records of numbers. Raises LimitExceeded before it is read."""
        dataset = self._dataset(path)
        numbers = dataset.size * max(1, dataset.dtype.itemsize // 8)
        if numbers > UNPACKED + 4 * self.size:
            raise LimitExceeded(
                f"{self.ref}: {numbers:,} numbers in {self.size:,} bytes, more than the limit"
            )
        if dataset.dtype.hasobject:
            raise BadFile(str(self.ref), where=path, expected="numbers", found="texts or references")
        return np.asarray(dataset[()])

    def texts(self, path: str) -> list[str]:
        """A dataset of texts, read one by one: many may be the same long one."""
        dataset = self._dataset(path)
        if dataset.size > MAX_TEXTS:
            raise LimitExceeded(f"{self.ref}: {dataset.size:,} names in {path}")
        out: list[str] = []
        left = MAX_TEXT
        for index in np.ndindex(*dataset.shape):
            value = dataset[index]
            left -= len(value) if isinstance(value, bytes | str) else 8
            if left < 0:
                raise LimitExceeded(f"{self.ref}: more than {MAX_TEXT:,} bytes of text in {path}")
            out.append(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
        return out

    def attribute(self, path: str, name: str) -> bytes:
        """The bytes of an attribute that is a text; b"" if there is none."""
        import h5py

        attributes = self.file[path].attrs
        if name not in attributes:
            return b""
        if h5py.h5a.open(self.file[path].id, name.encode()).get_storage_size() > MAX_TEXT:
            raise LimitExceeded(f"{self.ref}: more than {MAX_TEXT:,} bytes of text in {name}")
        value = attributes[name]
        value = value.tobytes() if isinstance(value, np.void) else value
        if isinstance(value, str):
            value = value.encode()
        if not isinstance(value, bytes) or len(value) > MAX_TEXT:
            raise BadFile(
                str(self.ref), where=f"{path}, {name}", expected="a text", found=type(value).__name__
            )
        return value

    def _dataset(self, path: str) -> Any:
        dataset = self.file[path]
        if getattr(dataset, "shape", None) is None:
            raise BadFile(str(self.ref), where=path, expected="a dataset", found=type(dataset).__name__)
        if dataset.external or dataset.is_virtual:
            raise BadFile(str(self.ref), where=path, expected="data in this file", found="data in another")
        return dataset


@contextmanager
def opened(ref: FileRef, raw: bytes, expected: str, otherwise: str) -> Iterator[Hdf5]:
    """An HDF5 file from its bytes.

    Args:
        ref: the file, for errors.
        raw: its bytes.
        expected: what it should be.
        otherwise: what can be read without the library.

    Raises:
        BadFile: the library is missing, or the file is damaged. LimitExceeded.
    """
    try:
        import h5py
    except ImportError:
        needed = f"the library that reads HDF5 (pip install 'pgfa[formats]'), or {otherwise}"
        raise BadFile(str(ref), expected=needed, found="HDF5, and h5py is not installed") from None
    try:
        with h5py.File(io.BytesIO(raw), "r") as file:
            yield Hdf5(ref, file, len(raw))
    except PgfaError:
        raise
    except MemoryError:
        raise LimitExceeded(f"{ref}: it asks for more memory than is available") from None
    except Exception as error:
        actual = f"{type(error).__name__}: {error}"[:200]
        raise BadFile(str(ref), expected=expected, found=actual) from None
