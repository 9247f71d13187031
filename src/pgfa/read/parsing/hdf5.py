"""HDF5 files: what may be read of them, and how much. The library is optional, and expects undamaged files."""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded, PgfaError
from pgfa.read.source import FileRef

HDF5 = b"\x89HDF\r\n\x1a\n"
UNPACKED = 2_000_000
"""Numbers that are read of a file of any size; beyond, one per byte: it may be compressed, or hold none of them."""
MAX_TEXTS = 1000
MAX_TEXT = 1024 * 1024
"""Bytes of all texts of one dataset, or of an attribute."""
MAX_CHUNKS = 50_000
"""Pieces in which a dataset may be stored."""
DEFLATE, SHUFFLE, FLETCHER32 = 1, 2, 3
"""Filters by their numbers, as the programs use them. Others may unpack to any size, which only the library sees."""
_CHECKSUM = 4
REFERENCE = 16
"""Bytes of a reference to a text of variable length, with addresses of 8 bytes."""
_LISTED = 200


class Hdf5:
    """An open file: its groups and datasets by their paths; nothing that leads to another file.

    Args:
        ref: the file, for errors.
        file: as the library opened it.
        raw: its bytes.
    """

    def __init__(self, ref: FileRef, file: Any, raw: bytes) -> None:
        self.ref, self.file, self.raw, self.size = ref, file, raw, len(raw)
        self._numbers = 0

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
        self._numbers += dataset.size * max(1, dataset.dtype.itemsize // 8)
        if self._numbers > UNPACKED + self.size:
            raise LimitExceeded(
                f"{self.ref}: {self._numbers:,} numbers in {self.size:,} bytes, more than the limit"
            )
        if dataset.dtype.hasobject:
            raise BadFile(str(self.ref), where=path, expected="numbers", found="texts or references")
        self._check_chunks(path, dataset)
        return np.asarray(dataset[()])

    def _check_chunks(self, path: str, dataset: Any) -> None:
        """Unpack the chunks of a dataset as far as they should go: the library follows them to gigabytes."""
        if dataset.chunks is None:
            return
        size = math.prod(dataset.chunks) * dataset.dtype.itemsize
        # The library prepares for all chunks, also those that are not stored.
        count = math.prod(-(-length // of) for length, of in zip(dataset.shape, dataset.chunks, strict=True))
        if size > 8 * (UNPACKED + self.size) or count > MAX_CHUNKS:
            actual = f"{count:,} of {size:,} bytes"
            raise LimitExceeded(f"{self.ref}: chunks of {path}: {actual}, more than the limit")
        properties = dataset.id.get_create_plist()
        filters = [properties.get_filter(number)[0] for number in range(properties.get_nfilters())]
        if set(filters) - {DEFLATE, SHUFFLE, FLETCHER32} or filters.count(DEFLATE) > 1:
            expected, actual = "numbers that are packed by deflate (gzip)", f"filters {filters}"
            raise BadFile(str(self.ref), where=path, expected=expected, found=actual)
        if DEFLATE not in filters:
            return

        def check(chunk: Any) -> None:
            packed = self.raw[chunk.byte_offset : chunk.byte_offset + chunk.size]
            # Where a filter is skipped, what is stored is no deflated data, and as long as the chunk.
            if not chunk.filter_mask and len(_inflated(packed, size + _CHECKSUM + 1)) > size + _CHECKSUM:
                expected, actual = f"chunks of {size:,} bytes", "one that unpacks to more"
                raise BadFile(str(self.ref), where=path, expected=expected, found=actual)

        dataset.id.chunk_iter(check)

    def texts(self, path: str) -> list[str]:
        """A dataset of texts. Raises BadFile, LimitExceeded."""
        import h5py

        dataset = self._dataset(path)
        if dataset.size > MAX_TEXTS:
            raise LimitExceeded(f"{self.ref}: {dataset.size:,} names in {path}")
        kind = h5py.check_string_dtype(dataset.dtype)
        if kind is None:
            raise BadFile(str(self.ref), where=path, expected="texts", found=str(dataset.dtype)[:40])
        if kind.length is not None and kind.length * dataset.size > MAX_TEXT:
            raise LimitExceeded(f"{self.ref}: more than {MAX_TEXT:,} bytes of text in {path}")
        if kind.length is None:
            stored = heap_texts(self.ref, self.raw, self._references(path, dataset), dataset.size)
        else:
            stored = np.asarray(dataset[()]).reshape(-1).tolist()
        return [text.decode("utf-8", "replace") for text in stored]

    def _references(self, path: str, dataset: Any) -> bytes:
        """The bytes that say where the texts of a dataset are."""
        if dataset.chunks is None:
            offset = dataset.id.get_offset()
            return b"" if offset is None else self.raw[offset : offset + REFERENCE * dataset.size]
        if dataset.id.get_create_plist().get_nfilters() or dataset.id.get_num_chunks() > 1:
            raise BadFile(
                str(self.ref), where=path, expected="texts that are not packed", found="packed ones"
            )
        chunk = dataset.id.get_chunk_info(0) if dataset.id.get_num_chunks() else None
        return b"" if chunk is None else self.raw[chunk.byte_offset : chunk.byte_offset + chunk.size]

    def attribute(self, path: str, name: str) -> bytes:
        """The bytes of an attribute that is a text; b"" if there is none."""
        import h5py

        attributes = self.file[path].attrs
        if name not in attributes:
            return b""
        stored = h5py.h5a.open(self.file[path].id, name.encode())
        if isinstance(stored.get_type(), h5py.h5t.TypeStringID) and stored.get_type().is_variable_str():
            # Reading one of a damaged file may take gigabytes or never end; programs write them of fixed length.
            raise BadFile(
                str(self.ref),
                where=f"{path}, {name}",
                expected="a text of fixed length",
                found="one of variable length",
            )
        if stored.get_storage_size() > MAX_TEXT:
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


def _inflated(packed: bytes, most: int) -> bytes:
    """The first bytes to which deflated data unpack; none where they are damaged, which the library says."""
    try:
        return zlib.decompressobj().decompress(packed, most)
    except zlib.error:
        return b""


def heap_texts(ref: FileRef, raw: bytes, references: bytes, count: int) -> list[bytes]:
    """Texts of variable length from the global heaps of a file, by the HDF5 file format specification, version 3.

    The library takes gigabytes, or does not end, where a heap or a reference to it is damaged.

    Args:
        ref: the file, for errors.
        raw: its bytes.
        references: `count` of them: bytes of the text, address of a heap, number of an object in it.
        count: of the texts.

    Raises:
        BadFile: a reference leads to no object. LimitExceeded.
    """
    heaps: dict[int, dict[int, tuple[int, int]]] = {}
    out, left = [], MAX_TEXT
    if len(references) < REFERENCE * count:
        raise BadFile(str(ref), expected=f"references to {count} texts", found=f"{len(references)} bytes")
    for length, address, number in struct.iter_unpack("<IQI", references[: REFERENCE * count]):
        if length == 0:
            out.append(b"")
            continue
        if address not in heaps:
            heaps[address] = _heap(raw, address) if len(heaps) < MAX_TEXTS else {}
        start, size = heaps[address].get(number, (0, 0))
        left -= length
        if left < 0:
            raise LimitExceeded(f"{ref}: more than {MAX_TEXT:,} bytes of text")
        if length > size:
            expected, actual = f"a text of {length} bytes", f"{size} in heap {address}, object {number}"
            raise BadFile(str(ref), expected=expected, found=actual)
        out.append(raw[start : start + length].rstrip(b"\0"))
    return out


def _heap(raw: bytes, address: int) -> dict[int, tuple[int, int]]:
    """Number -> offset and size of the objects of the global heap at an address; none where there is no heap."""
    if raw[address : address + 4] != b"GCOL" or address + 16 > len(raw):
        return {}
    end = min(len(raw), address + struct.unpack_from("<Q", raw, address + 8)[0])
    objects: dict[int, tuple[int, int]] = {}
    at = address + 16
    while at + 16 <= end and len(objects) < MAX_TEXTS:
        number, size = struct.unpack_from("<H6xQ", raw, at)
        if number == 0 or at + 16 + size > end:  # the free space at the end
            break
        objects[number] = (at + 16, size)
        at += 16 + (size + 7) // 8 * 8
    return objects


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
            yield Hdf5(ref, file, raw)
    except PgfaError:
        raise
    except MemoryError:
        raise LimitExceeded(f"{ref}: it asks for more memory than is available") from None
    except Exception as error:
        actual = f"{type(error).__name__}: {error}"[:200]
        raise BadFile(str(ref), expected=expected, found=actual) from None
