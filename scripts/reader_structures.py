"""Damage to the structure of a file: trees of JSON and XML, headers of arrays and tables, HDF5, glTF, compressed parts.

Each change takes the bytes of a file and a random generator, and returns the file with the same kind of content but
another structure; a file that is not of its kind comes back as it was.
"""

from __future__ import annotations

import base64
import io
import json
import random
import re
import struct
import zlib
from typing import Any

NODES: tuple[Any, ...] = (
    None, True, -1, 0, 3, 10**400, 1e308, 1e200, "x", "", "1", "\ud800", [], {}, [[]], [None], {"x": []}, [[1, 2, 3]],
    [[[0.5, 0.5]]], {"x": 1, "y": 2}, 99_999, 2**31, -(2**63), "nan", [0] * 1000,
)  # fmt: skip
KEYS = (
    "keypoints",
    "people",
    "frames",
    "layout",
    "rate",
    "x",
    "nodes",
    "label",
    "frame",
    "person",
    "skeleton",
    "",
)
CELLS = (
    b"",
    b"nan",
    b"-1",
    b"0",
    b"1e200",
    b"99998",
    b"100001",
    b"4294967296",
    b"x",
    b'"',
    b'"a,b"',
    b"1;2",
    b"\0",
)
LARGEST = 4_000_000
"""Bytes to which repetition may blow up an input."""
TAG = re.compile(rb"<[^<>]{1,400}>")
DOCTYPE = (
    b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(
        b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in range(ord("b"), ord("j"))
    )
    + b"]>&i;"
)
EXTERNAL = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>&x;'


def json_node(raw: bytes, chance: random.Random) -> bytes:
    """Another value, none, a copy or very many copies somewhere in a JSON tree, or in one line of JSON lines."""
    lines = raw.split(b"\n")
    at = chance.randrange(len(lines))
    try:
        tree = json.loads(raw)
    except (ValueError, RecursionError):
        try:
            tree = json.loads(lines[at])
        except (ValueError, RecursionError):
            return raw
        lines[at] = _with_changed_node(tree, chance)
        return b"\n".join(lines)
    return _with_changed_node(tree, chance)


def _with_changed_node(tree: Any, chance: random.Random) -> bytes:
    nodes: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            nodes.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    if isinstance(tree, dict | list):
        walk(tree)
    if not nodes:
        return json.dumps(chance.choice(NODES)).encode()
    # Few nodes are at the root: half of the choices go to the first dozen.
    holder, key = chance.choice(nodes[:12] if chance.random() < 0.5 else nodes)
    kind = chance.randrange(6)
    if kind == 0 and isinstance(holder, dict):
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[chance.choice(KEYS)] = holder.pop(key)
    elif kind == 2 and isinstance(holder, list):
        copies = chance.choice((1, 2, 40)) if chance.random() < 0.95 else 20_000
        holder[key:key] = [holder[key]] * min(copies, 1 + LARGEST // len(json.dumps(holder[key])))
    elif kind == 3:
        other, name = chance.choice(nodes)
        holder[key] = json.loads(json.dumps(other[name])) if name in _names(other) else None
    else:
        holder[key] = chance.choice(NODES)
    return json.dumps(tree).encode()


def _names(node: Any) -> Any:
    return node if isinstance(node, dict) else range(len(node))


def xml_node(raw: bytes, chance: random.Random) -> bytes:
    """A tag of XML removed, copied, renamed, nested; entities; another value of an attribute."""
    tags = list(TAG.finditer(raw))
    if not tags:
        return raw
    tag = chance.choice(tags[:20] if chance.random() < 0.3 else tags)
    start, end = tag.span()
    kind = chance.randrange(7)
    if kind == 0:
        return raw[:start] + raw[end:]
    if kind == 1:
        last = chance.choice(tags).end()
        piece = raw[start : max(end, last)]
        return raw[:start] + piece * min(chance.choice((2, 3, 2000)), 1 + LARGEST // len(piece)) + raw[end:]
    if kind == 2:
        name = chance.choice(
            (b"frame", b"segment", b"position", b"x", b"mvnx", b"subject", b"!--", b"![CDATA[")
        )
        return raw[: start + 1] + re.sub(rb"^/?\w+", name, raw[start + 1 : end - 1]) + raw[end - 1 :]
    if kind == 3:
        return raw[:end] + chance.choice((b"<a>", b"<a><b/>")) * chance.choice((1, 100, 100_000)) + raw[end:]
    if kind == 4:
        entity = chance.choice((DOCTYPE, EXTERNAL, b"&x;", b"&#0;", b"&#x110000;", b"<!---->" * 1000))
        at = chance.choice((raw.find(b"?>") + 2, end))
        return raw[:at] + entity + raw[at:]
    value = chance.choice(
        (b"", b"0", b"-1", b"nan", b"1e400", b"99999", b"x", b"4294967296", b"\xff", b"1" * 400)
    )
    return raw[:start] + re.sub(rb'"[^"]*"', b'"%s"' % value, raw[start:end], count=1) + raw[end:]


def glb_part(raw: bytes, chance: random.Random) -> bytes:
    """glTF in binary form: a node of its JSON, or its numbers; the lengths fit again, most times."""
    if len(raw) < 20:
        return raw
    length = struct.unpack_from("<I", raw, 12)[0]
    content, rest = raw[20 : 20 + length], raw[20 + length :]
    if chance.random() < 0.7:
        content = json_node(content, chance)
    elif len(rest) > 12:
        rest = rest[:8] + _numbers(rest[8:], chance)
    content += b" " * (-len(content) % 4)
    fits = chance.random() < 0.9
    whole = 20 + len(content) + len(rest) if fits else chance.choice((0, 12, 2**32 - 1))
    return raw[:8] + struct.pack("<II", whole, len(content)) + raw[16:20] + content + rest


def base64_part(raw: bytes, chance: random.Random) -> bytes:
    """Numbers that a JSON holds as base64, as glTF does: other numbers, or fewer."""
    match = re.search(rb'base64,([A-Za-z0-9+/=]+)"', raw)
    if match is None:
        return json_node(raw, chance)
    content = base64.b64decode(match[1] + b"==")
    content = (
        content[: chance.randrange(len(content) + 1)] if chance.random() < 0.3 else _numbers(content, chance)
    )
    return raw[: match.start(1)] + base64.b64encode(content) + raw[match.end(1) :]


def _numbers(raw: bytes, chance: random.Random) -> bytes:
    """Some numbers of 32 bits replaced: NaN, infinity, very large, very small."""
    values = bytearray(raw)
    for _ in range(chance.choice((1, 5, 50))):
        number = chance.choice((float("nan"), float("inf"), 1e30, -1e30, 1e-40, 0.0, 1.0))
        if len(values) >= 4:
            struct.pack_into("<f", values, 4 * chance.randrange(len(values) // 4), number)
    return bytes(values)


def header_number(raw: bytes, chance: random.Random) -> bytes:
    """Another number of 16 or 32 bits in the first KB of a binary file, where counts and offsets are."""
    form = chance.choice(("<H", "<I", ">H", ">I"))
    at = chance.randrange(max(1, min(len(raw), 1024) - 4))
    value = chance.choice((0, 1, 2, 3, 7, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**32 - 1))
    return (
        raw[:at]
        + struct.pack(form, value & (1 << 8 * struct.calcsize(form)) - 1)
        + raw[at + struct.calcsize(form) :]
    )


def mat_part(raw: bytes, chance: random.Random) -> bytes:
    """What an element of a .mat holds compressed: damaged, then compressed again."""
    if len(raw) < 136 or raw[128] != 15:
        return header_number(raw, chance)
    length = struct.unpack_from("<I", raw, 132)[0]
    try:
        content = zlib.decompress(raw[136 : 136 + length])
    except zlib.error:
        return raw
    content = header_number(content, chance)
    if chance.random() < 0.1:
        content += b"\0" * chance.choice((1, 1000, 40_000_000))
    packed = zlib.compress(content)
    return raw[:132] + struct.pack("<I", len(packed)) + packed + raw[136 + length :]


def hdf5_part(raw: bytes, chance: random.Random) -> bytes:
    """A data set of HDF5 missing, of another shape or type, very large but not stored, a link, a folder."""
    import h5py

    file = io.BytesIO(raw)
    try:
        with h5py.File(file, "r+") as content:
            names: list[str] = []
            content.visititems(
                lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
            )
            name = chance.choice(names)
            old = content[name][()]
            del content[name]
            kind = chance.randrange(9)
            if kind == 1:
                content[name] = old[: len(old) // 2] if getattr(old, "ndim", 0) else 0
            elif kind == 2:
                content[name] = old.T if getattr(old, "ndim", 0) else [old]
            elif kind == 3:
                content.create_dataset(
                    name, (2**20, 2, 2**11), "f8", chunks=True, compression="gzip", fillvalue=1.0
                )
            elif kind == 4:
                content[name] = h5py.SoftLink(chance.choice((f"/{name}", "/absent", "/")))
            elif kind == 5:
                content[name] = h5py.ExternalLink("/etc/passwd", "/")
            elif kind == 6:
                content.create_group(name)
            elif kind == 7:
                content[name] = chance.choice((b"x", 3.0, [b"a", b"b"], [[[1e300]]], [1 + 2j], [True]))
            elif kind == 8:
                content.create_dataset(
                    name, data=old, maxshape=None if not getattr(old, "ndim", 0) else old.shape
                )
                content[name].attrs["x"] = [b"y"] * 1000
    except Exception:  # damaged before: HDF5 raises many kinds
        return raw
    return file.getvalue()


def table_cell(raw: bytes, chance: random.Random) -> bytes:
    """One cell of a table, mostly of its first columns and lines, where names, numbers of frames and rates are."""
    separator = max((b",", b"\t", b";", b" "), key=raw.count)
    lines = raw.split(b"\n")
    row = chance.randrange(min(len(lines), 12) if chance.random() < 0.7 else len(lines))
    cells = lines[row].split(separator)
    column = chance.randrange(min(len(cells), 4) if chance.random() < 0.6 else len(cells))
    kind = chance.randrange(5)
    if kind == 0:
        cells[column] = chance.choice(cells)
    elif kind == 1:
        other = chance.randrange(len(cells))
        cells[column], cells[other] = cells[other], cells[column]
    elif kind == 2:
        cells[column] = chance.choice(lines[chance.randrange(len(lines))].split(separator))
    else:
        cells[column] = chance.choice(CELLS)
    lines[row] = separator.join(cells)
    return b"\n".join(lines)


def nesting(raw: bytes, chance: random.Random) -> bytes:
    """Very deep brackets or joints in the middle of a text."""
    at = chance.randrange(len(raw) + 1)
    piece = chance.choice((b"[", b"{", b'{"a":', b"JOINT a\n{\nOFFSET 0 1 0\nCHANNELS 0\n", b"(", b"<a>"))
    return raw[:at] + piece * chance.choice((10, 600, 40_000)) + raw[at:]
