"""Damage to a file: of its bytes, its words and lines, and its structure (JSON, arrays, zips, object streams).

All is a function of the file and of a random generator, so that an input can be made again from its number.
"""

from __future__ import annotations

import io
import random
import struct
import warnings
import zipfile
from collections.abc import Callable

from reader_structures import (
    LARGEST,
    base64_part,
    glb_part,
    hdf5_part,
    header_number,
    json_node,
    mat_part,
    nesting,
    table_cell,
    xml_node,
)

WORDS = (
    b"", b"0", b"-1", b"nan", b"inf", b"1e999", b"-1e308", b"1e200", b"9" * 40, b"1_0", b"null", b"true", b"[]", b"{}",
    b"[[[[", b'"x"', b"\0", b"\xff\xfe", b"\n", b",", b" ", b"{", b"}", b"2147483648", b"4294967295", b"1e-320",
    b"0x10", b"99998", b"\xef\xbb\xbf", "\u0661".encode(), b"\xed\xa0\x80", b"#", b"\r", b"1,5", b"100000",
)  # fmt: skip
NUMBERS = (0, 1, 2, 3, 127, 128, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)
SEPARATORS = b' \t\r\n,:;[]{}()"'

Change = Callable[[bytes, random.Random], bytes]


def _span(raw: bytes, chance: random.Random, most: int) -> tuple[int, int]:
    start = chance.randrange(len(raw) + 1)
    return start, min(len(raw), start + chance.randint(1, most))


def _cut(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw) + 1)]


def _bit(raw: bytes, chance: random.Random) -> bytes:
    if not raw:
        return raw
    at = chance.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :]


def _bytes(raw: bytes, chance: random.Random) -> bytes:
    start, end = _span(raw, chance, 8)
    return raw[:start] + chance.randbytes(end - start) + raw[end:]


def _insert(raw: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + chance.choice([*WORDS, chance.randbytes(4)]) + raw[at:]


def _delete(raw: bytes, chance: random.Random) -> bytes:
    start, end = _span(raw, chance, 200)
    return raw[:start] + raw[end:]


def _twice(raw: bytes, chance: random.Random) -> bytes:
    start, end = _span(raw, chance, 400)
    return raw[:end] + raw[start:]


def _repeat(raw: bytes, chance: random.Random) -> bytes:
    """A piece very many times: what is small on disk but large once read."""
    start, end = _span(raw, chance, chance.choice((1, 2, 40, 2000)))
    piece = raw[start:end]
    times = chance.choice((1000, 30_000, LARGEST)) if chance.random() < 0.05 else 30
    return raw[:start] + piece * min(times, LARGEST // max(1, len(piece))) + raw[end:]


def _number(raw: bytes, chance: random.Random) -> bytes:
    form = chance.choice(["<H", "<I", "<Q", ">H", ">I", ">Q"])
    size = struct.calcsize(form)
    at = chance.randrange(max(1, len(raw) - size))
    value = chance.choice(NUMBERS) & (1 << 8 * size) - 1
    return raw[:at] + struct.pack(form, value) + raw[at + size :]


def _word(raw: bytes, chance: random.Random) -> bytes:
    first = last = chance.randrange(len(raw) + 1)
    while first > 0 and raw[first - 1] not in SEPARATORS:
        first -= 1
    while last < len(raw) and raw[last] not in SEPARATORS:
        last += 1
    return raw[:first] + chance.choice(WORDS) + raw[last:]


def _lines(raw: bytes, chance: random.Random) -> bytes:
    lines = raw.split(b"\n")
    start = chance.randrange(len(lines))
    end = min(len(lines), start + chance.randint(1, 30))
    kind = chance.randrange(4)
    if kind == 0:
        del lines[start:end]
    elif kind == 1:
        lines[start:start] = lines[start:end]
    elif kind == 2:
        piece = lines[start:end]
        chance.shuffle(piece)
        lines[start:end] = piece
    else:
        lines[start:start] = [b""] * chance.choice((1, 5, 1000))
    return b"\n".join(lines)


def _columns(raw: bytes, chance: random.Random) -> bytes:
    """One cell more or fewer in some lines, or in all."""
    separator = max((b",", b" ", b"\t", b";"), key=raw.count)
    lines = raw.split(b"\n")
    chosen = range(len(lines)) if chance.random() < 0.5 else [chance.randrange(len(lines))]
    column, word = chance.randrange(80), chance.choice(WORDS)
    for index in chosen:
        cells = lines[index].split(separator)
        at = min(column, len(cells))
        cells[at : at + (word == b"")] = [] if word == b"" else [word]
        lines[index] = separator.join(cells)
    return b"\n".join(lines)


def _encoding(raw: bytes, chance: random.Random) -> bytes:
    kind = chance.randrange(5)
    if kind == 0:
        return raw.decode("latin1").encode(chance.choice(("utf-16", "utf-16-be", "utf-32", "utf-8")))
    if kind == 1:
        return raw.replace(b"\r\n", b"\n").replace(b"\n", chance.choice((b"\r", b"\r\n", b"\n\n", b"\x0c")))
    return {2: b"\xef\xbb\xbf", 3: b"\xff\xfe", 4: b"# comment\n\n"}[kind] + raw


def _npy_header(raw: bytes, chance: random.Random) -> bytes:
    """Another type, order or shape in the header of each array, which keeps its length."""
    old, new = chance.choice((
        (b"'<f4'", b"'<f8'"), (b"'<f4'", b"'>f4'"), (b"'<f8'", b"'|O8'"), (b"'<f4'", b"'<U1'"), (b"'<U", b"'>U"),
        (b"False", b"True "), (b"(4, ", b"(9, "), (b", 3)", b",-3)"), (b", 17", b", 1 "), (b"'<f8'", b"'<c8'"),
        (b"shape", b"shapE"), (b"NUMPY\x01", b"NUMPY\x02"), (b"), }", b")}}}"), (b"'<i8'", b"'<f8'"),
    ))  # fmt: skip
    return raw.replace(old, new) if old in raw else _number(raw, chance)


def _zip_members(raw: bytes, chance: random.Random) -> bytes:
    """The archive written again, with a member damaged, missing, twice, renamed or inflating to very much."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:
        return _number(raw, chance)
    if not members:
        return raw
    at = chance.randrange(len(members))
    name, content = members[at]
    kind = chance.randrange(7)
    if kind == 0:
        del members[at]
    elif kind == 1:
        members.append((chance.choice([name for name, _ in members]), content))
    elif kind == 2:
        members[at] = (chance.choice(("positions.npy", "../a", "/a", "a/", "rate.npy", "\udc80")), content)
    elif kind == 3:
        members[at] = (
            name,
            content
            + chance.choice((b"\0", b"\n", b" ", b"[")) * chance.choice((1, 100, 10_000, LARGEST * 10)),
        )
    else:
        members[at] = (name, mutate(content, chance, most=1))
    file = io.BytesIO()
    method = chance.choice(
        (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
    )
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", method) as archive:
        warnings.simplefilter("ignore")  # of members with the same name
        for name, content in members:
            archive.writestr(name.encode("utf-8", "replace").decode(), content)
    out = file.getvalue()
    if chance.random() < 0.2:  # the directory says another size than is stored
        position = out.rfind(b"PK\1\2")
        out = (
            out[: position + 24]
            + struct.pack("<I", chance.choice(NUMBERS) & 0xFFFFFFFF)
            + out[position + 28 :]
        )
    return out


def _opcodes(raw: bytes, chance: random.Random) -> bytes:
    """Instructions of object streams in between: marks, memo, containers, names, and very many of them."""
    at = chance.randrange(len(raw) + 1)
    piece = b"".join(
        chance.choice((
            b"(", b"]", b"}", b")", b"e", b"a", b"u", b"s", b"t", b"l", b"d", b"\x85", b"\x86", b"2", b"0", b"q\1",
            b"h\1", b"h\2", b"\x94", b"N", b"K\1", b"cos\nsystem\n", b"R", b"b", b"X\1\0\0\0a", b"B\0\0\0\0",
        ))
        for _ in range(chance.randint(1, 6))
    )  # fmt: skip
    times = chance.choice((1000, 500_000)) if chance.random() < 0.05 else 1
    return raw[:at] + piece * times + raw[at:]


_PLAIN: tuple[Change, ...] = (
    _cut, _bit, _bit, _bytes, _insert, _delete, _twice, _repeat, _number, _number, _word, _word, _lines, _columns,
    _encoding,
)  # fmt: skip


_BINARY: dict[bytes, tuple[Change, ...]] = {
    b"PK": (_zip_members,),
    b"\x93NUMPY": (_npy_header, header_number),
    b"\x80": (_opcodes,),
    b"(d": (_opcodes,),
    b"(l": (_opcodes,),
    b"glTF": (glb_part,),
    b"\x89HDF": (hdf5_part,),
    b"MATLAB": (mat_part, header_number),
}
"""Start of a binary file -> the damage to its structure."""


def changes_for(raw: bytes) -> tuple[Change, ...]:
    """The kinds of damage that fit a file: those of bytes and words, and those of its structure, as often."""
    return (*_PLAIN, *_repeated(_structure(raw)))


def _structure(raw: bytes) -> tuple[Change, ...]:
    start = raw[:200].lstrip()
    if start[:1] in (b"{", b"["):
        return (json_node, json_node, base64_part if b"base64," in raw[:200_000] else nesting)
    if start[:1] == b"<":
        return (xml_node,)
    for sign, changes in _BINARY.items():
        if raw.startswith(sign):
            return changes
    return (header_number,) if b"\0" in raw[:512] else (table_cell, table_cell, nesting)


def _repeated(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    return changes * (len(_PLAIN) // len(changes))


def mutate(raw: bytes, chance: random.Random, most: int = 4) -> bytes:
    """The file with 1 to `most` changes, half of the time with one: many changes hide one another."""
    for _ in range(chance.randint(1, most) if chance.random() < 0.5 else 1):
        raw = chance.choice(changes_for(raw))(raw, chance)
        if len(raw) > 4 * LARGEST:
            break
    return raw
