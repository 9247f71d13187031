"""The container of glTF 2.0 (.glb, .gltf): JSON, buffers, accessors. What motion needs of it, and no more.

Own code, as the libraries that parse glTF load meshes and images or only mirror its JSON; numbers are checked here
against the bytes that are there.
"""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.limits import allowance
from pgfa.read.parsing.json_text import parse_json
from pgfa.read.source import FileRef

MAX_JSON_BYTES = 64 * 1024 * 1024
MAX_BUFFER_BYTES = 256 * 1024 * 1024
MAX_VALUES = 20_000_000
"""Numbers of the accessors of a small file; several may read the same bytes."""
_COMPONENTS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}

Floats = NDArray[np.float64]


class GltfFile:
    """An opened file.

    Attributes:
        ref: the file, for errors.
        content: its JSON object.
    """

    def __init__(self, ref: FileRef, raw: bytes) -> None:
        self.ref = ref
        text, self._binary = _chunks(ref, raw) if raw.startswith(b"glTF") else (raw, None)
        if len(text) > MAX_JSON_BYTES:
            raise LimitExceeded(
                f"{ref}: {len(text):,} bytes of JSON, more than the limit of {MAX_JSON_BYTES:,}"
            )
        content = parse_json(ref, text)
        asset = content.get("asset") if isinstance(content, dict) else None
        version = str(asset.get("version")) if isinstance(asset, dict) else "none"
        if not version.startswith("2"):
            raise self.bad("asset", "glTF version 2", version[:20])
        self.content: dict[str, Any] = content
        self._buffers: dict[int, bytes] = {}
        self._accessors: dict[int, Floats] = {}
        self._lists: dict[str, list[dict[str, Any]]] = {}
        self._values, self._size = 0, len(raw)
        self._files: dict[str, bytes] = {}

    def bad(self, where: str, expected: str, actual: str) -> BadFile:
        """An error in this file."""
        return BadFile(str(self.ref), where=where, expected=expected, found=actual)

    def objects(self, name: str) -> list[dict[str, Any]]:
        """A list of objects of the file; empty if missing. Raises BadFile."""
        if name not in self._lists:
            self._lists[name] = self.objects_of(self.content, name)
        return self._lists[name]

    def objects_of(self, holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
        """A list of objects of an object. Raises BadFile."""
        items = holder.get(name, [])
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self.bad(name, "a list of objects", type(items).__name__)
        return items

    def item(self, name: str, index: object) -> dict[str, Any]:
        """The object with that index in a list of the file. Raises BadFile."""
        return self.objects(name)[self.index(index, len(self.objects(name)), name)]

    def index(self, value: object, count: int, where: str) -> int:
        """A value that must be an index below `count`. Raises BadFile."""
        if type(value) is not int or not 0 <= value < count:
            raise self.bad(where, f"an index below {count}", f"{value!r:.40}")
        return value

    def numbers(self, value: object, count: int, where: str) -> Floats:
        """A list of that many finite numbers. Raises BadFile."""
        if isinstance(value, list) and len(value) == count and all(type(x) in (int, float) for x in value):
            try:
                array = np.array(value, dtype=np.float64)
            except OverflowError:
                array = np.array([np.inf])
            if np.isfinite(array).all():
                return array
        raise self.bad(where, f"{count} numbers", f"{value!r:.60}")

    def accessor(self, index: object) -> Floats:
        """(count, width) values of an accessor, normalised integers scaled. Raises BadFile, LimitExceeded."""
        number = self.index(index, len(self.objects("accessors")), "accessor")
        if number not in self._accessors:
            self._accessors[number] = self._read_accessor(number)
        return self._accessors[number]

    def _read_accessor(self, number: int) -> Floats:
        accessor, where = self.objects("accessors")[number], f"accessor {number}"
        code, width = accessor.get("componentType"), _WIDTHS.get(str(accessor.get("type")))
        kind = _COMPONENTS.get(code) if type(code) is int else None
        count = accessor.get("count")
        if kind is None or width is None or type(count) is not int or count < 1:
            raise self.bad(where, "a component type, a type and a count", f"{code!r:.20}, {count!r:.20}")
        if "sparse" in accessor or "bufferView" not in accessor:
            raise self.bad(
                where, "values in a buffer", "sparse values: export the animation without compression"
            )
        self._values += count * width
        view = self.item("bufferViews", accessor["bufferView"])
        extensions = view.get("extensions")
        if isinstance(extensions, dict) and any("compression" in name for name in extensions):
            raise self.bad(where, "plain values", "compressed ones: export the file without compression")
        dtype = np.dtype(kind)
        size = width * dtype.itemsize
        start, inner, stride, length = (
            self._offset(holder.get(key, default), where)
            for holder, key, default in (
                (view, "byteOffset", 0),
                (accessor, "byteOffset", 0),
                (view, "byteStride", size),
                (view, "byteLength", 0),
            )
        )
        buffer = self._buffer(view.get("buffer"))
        if self._values > (most := allowance(self._size, MAX_VALUES)):
            raise LimitExceeded(f"{self.ref}: more than the limit of {most:,} numbers in animations")
        needed = inner + (count - 1) * stride + size
        if stride < size or needed > length or start + length > len(buffer):
            raise self.bad(where, f"{needed:,} bytes", f"{min(length, max(0, len(buffer) - start)):,}")
        flat = np.frombuffer(buffer, dtype=np.uint8)[start + inner : start + needed]
        rows = np.lib.stride_tricks.as_strided(flat, (count, size), (stride, 1), writeable=False)
        values = np.ascontiguousarray(rows).view(dtype).reshape(count, width).astype(np.float64)
        if accessor.get("normalized") is True and dtype.kind in "iu":
            values = np.maximum(values / np.iinfo(dtype).max, -1.0)
        if not np.isfinite(values).all():
            raise self.bad(where, "numbers", "nan or inf")
        return values

    def _offset(self, value: object, where: str) -> int:
        return self.index(value, 1 << 40, where)

    def _buffer(self, index: object) -> bytes:
        number = self.index(index, len(self.objects("buffers")), "buffer")
        if number not in self._buffers:
            uri = self.objects("buffers")[number].get("uri")
            if uri is None and number == 0 and self._binary is not None:
                self._buffers[number] = self._binary
            else:
                self._buffers[number] = self._resource(uri, f"buffer {number}")
        return self._buffers[number]

    def _resource(self, uri: object, where: str) -> bytes:
        """The bytes of a data URI, or of a file in the same folder or below it."""
        if not isinstance(uri, str):
            raise self.bad(where, "a uri, or the binary chunk of a .glb", f"{uri!r:.40}")
        if uri.startswith("data:"):
            head, _, data = uri.partition(",")
            try:
                if not head.endswith(";base64"):
                    raise ValueError("data in another form")
                return base64.b64decode(data, validate=True)
            except (binascii.Error, ValueError) as error:
                raise self.bad(where, "base64", str(error)[:60]) from None
        name = unquote(uri)
        parts = name.split("/")
        if "\\" in name or "\0" in name or ":" in name or name.startswith("/") or ".." in parts or not name:
            raise self.bad(where, "a file in the same folder", f"{name!r:.80}")
        if name not in self._files:  # several buffers may name one file
            try:
                self._files[name] = self.ref.sibling(name).read(MAX_BUFFER_BYTES)
            except BadFile as error:
                raise self.bad(where, f"the file {name[:80]!r} beside it", error.found) from None
            self._size += len(self._files[name])
            if sum(map(len, self._files.values())) > MAX_BUFFER_BYTES:
                raise LimitExceeded(f"{self.ref}: more than {MAX_BUFFER_BYTES:,} bytes in files beside it")
        return self._files[name]


def _chunks(ref: FileRef, raw: bytes) -> tuple[bytes, bytes | None]:
    """JSON and binary chunk of a .glb. Raises BadFile."""
    if len(raw) < 20 or int.from_bytes(raw[4:8], "little") != 2:
        actual = f"version {int.from_bytes(raw[4:8], 'little')}" if len(raw) >= 20 else f"{len(raw)} bytes"
        raise BadFile(str(ref), expected="glTF version 2", found=actual)
    chunks: dict[bytes, bytes] = {}
    position = 12
    while position + 8 <= len(raw) and len(chunks) < 16:
        length, kind = struct.unpack_from("<I4s", raw, position)
        if position + 8 + length > len(raw):
            actual = f"{len(raw) - position - 8:,}"
            raise BadFile(str(ref), where=f"byte {position}", expected=f"{length:,} bytes", found=actual)
        chunks.setdefault(kind, raw[position + 8 : position + 8 + length])
        position += 8 + length + (-length % 4)
    if b"JSON" not in chunks:
        raise BadFile(str(ref), expected="a JSON chunk", found="none")
    return chunks[b"JSON"], chunks.get(b"BIN\0")
