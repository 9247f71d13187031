"""Zip archives: opened once, listed, and inflated no further than they may."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.encoding import printable
from pgfa.read.limits import INFLATED, allowance, inflated_allowance

READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    struct.error,
)
"""What opening and reading a damaged file or zip may raise."""
ZIP_START = b"PK"
GZIP_START = b"\x1f\x8b"
ZLIB_STARTS = (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
_EITHER = 47
"""Window of zlib for streams with the header of gzip, or its own."""
MAX_PARTS = 1000
"""Parts of a file compressed by gzip, one behind the other."""
TOTAL, _PER_BYTE = 512 * 1024**2, 50
"""Bytes to which all members of an archive may inflate, and how many more for each byte of it: texts take a tenth."""
MAX_MEMBERS, MAX_DIRECTORY = 100_000, 12_000_000
"""Members of a small archive, and bytes of their list."""
_LEAST = 22
"""Bytes of an empty zip. Files of the system have none, and may wait where they are read."""
_TAIL = _LEAST + 65_535 + 76
"""Bytes of the last records of a zip, with the longest comment."""
_BLOCK = 1 << 20
_LOCAL = b"PK\3\4"
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_SIZE_FOLLOWS = 0x08
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def open_zip(path: Path) -> zipfile.ZipFile:
    """The archive, opened once for each process and state of the file.

    Raises:
        READ_ERRORS; BadZipFile names the member in which an archive is cut short.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size < _LEAST:
        raise zipfile.BadZipFile("not a zip archive")
    # One handle per process: a forked worker that shared its parent's would read at the parent's position.
    return _opened(path, os.getpid(), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=8)
def _opened(path: Path, process: int, size: int, time: int) -> zipfile.ZipFile:
    if (length := _directory_bytes(path, size)) > (most := allowance(size, MAX_DIRECTORY)):
        raise zipfile.BadZipFile(f"a directory of {length:,} bytes, more than the limit of {most:,}")
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        # Damaged only where it starts like a zip: otherwise it is another file.
        with path.open("rb") as file:
            raise zipfile.BadZipFile(damage(file.read(4 * _BLOCK), size) or str(error)) from None
    _check_members(archive, size)
    return archive


def _directory_bytes(path: Path, size: int) -> int:
    """Bytes of the directory at the end of a zip, as its last record says; 0 without that record.

    By the format (APPNOTE 4.3.14 to 4.3.16), and as `zipfile` finds them: it reads the whole directory at once.
    """
    with path.open("rb") as file:
        file.seek(max(0, size - _TAIL))
        tail = file.read(_TAIL)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + 22 > len(tail):
        return 0
    if tail[max(0, at - 20) :].startswith(b"PK\6\7") and tail[max(0, at - 76) :].startswith(b"PK\6\6"):
        return int(struct.unpack_from("<Q", tail, at - 36)[0])
    return int(struct.unpack_from("<I", tail, at + 12)[0])


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    """Raise BadZipFile for members that cannot all be in the archive, or inflate to far more than recordings do."""
    members = archive.infolist()
    if len(members) > (count := allowance(size, MAX_MEMBERS)):
        raise zipfile.BadZipFile(f"{len(members):,} members, more than the limit of {count:,}")
    if sum(info.compress_size for info in members) > size:
        raise zipfile.BadZipFile("members that share their bytes")
    inflated, most = sum(info.file_size for info in members), TOTAL + _PER_BYTE * size
    if inflated > most:
        raise zipfile.BadZipFile(
            f"{size:,} bytes whose members inflate to {inflated:,}, more than the limit of {most:,}; unpack the "
            "archive first"
        )


def member_names(archive: Path) -> list[str]:
    """Paths of the files in a zip, without folders and what macOS adds. Raises BadFile for a damaged zip."""
    try:
        names = open_zip(archive).namelist()
    except READ_ERRORS as error:
        raise BadFile(archive, expected="a readable zip archive", found=str(error)) from None
    return [name for name in names if not name.endswith("/") and not name.startswith("__MACOSX/")]


def inflate(
    file: object, archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int, small: int = INFLATED
) -> bytes:
    """The bytes of one member, inflated block by block up to the limits.

    Args:
        file: for the error.
        archive, info: the member.
        limit: bytes.
        small: bytes to which a small archive's member may inflate.

    Raises:
        LimitExceeded: more than `limit` bytes, or than its compressed size allows. READ_ERRORS.
    """
    _check_method(info)
    compressed = min(info.compress_size, _size(archive))
    allowed = min(limit, inflated_allowance(compressed, small))
    if info.file_size > allowed:
        raise LimitExceeded(
            f"{file}: {compressed:,} bytes in an archive inflate to {info.file_size:,}, more than the limit of "
            f"{allowed:,}; unpack the archive first"
        )
    content = io.BytesIO()
    with archive.open(info) as member:
        # Block by block, for a member may inflate to more than the archive's directory says.
        while block := member.read(_BLOCK):
            content.write(block)
    return content.getvalue()


def is_gzip(raw: bytes) -> bool:
    """Whether bytes are a file that was compressed by gzip, and hold something else than an archive; or an object
    stream that joblib compressed, which is by zlib alone."""
    if raw.startswith(ZLIB_STARTS):
        return gunzip_start(raw, 8).startswith(b"\x80")
    start = gunzip_start(raw, 8) if raw.startswith(GZIP_START) else b""
    return bool(start) and not start.startswith(ZIP_START)


def gunzip_start(raw: bytes, size: int) -> bytes:
    """The first bytes of a file compressed by gzip; fewer, or none, of one that is damaged."""
    stream, start = zlib.decompressobj(wbits=_EITHER), b""
    try:
        # In pieces, for what is before the damage.
        for first in range(0, min(len(raw), _BLOCK), 256):
            if len(start) >= size:
                break
            start += stream.decompress(raw[first : first + 256], size - len(start))
    except zlib.error:
        pass
    return start


def gunzip(file: object, raw: bytes, limit: int) -> bytes:
    """The content of a file compressed by gzip, of one part or several.

    Args:
        file: for the error.
        raw: its bytes.
        limit: bytes.

    Raises:
        LimitExceeded: more than `limit` bytes, or than the compressed size allows. READ_ERRORS.
    """
    allowed = min(limit, inflated_allowance(len(raw)))
    content, left, position = io.BytesIO(), allowed, 0
    for _ in range(MAX_PARTS):
        stream = zlib.decompressobj(wbits=_EITHER)
        while not stream.eof and position < len(raw):
            block = raw[position : position + _BLOCK]
            left -= content.write(stream.decompress(block, left + 1))
            if left < 0:
                raise LimitExceeded(
                    f"{file}: inflates to more than the limit of {allowed:,} bytes; unpack it first (gunzip)"
                )
            position += len(block) - len(stream.unused_data)
        if not stream.eof:
            raise EOFError("a gzip file that is cut short")
        if raw[position : position + 2] != GZIP_START:
            return content.getvalue()
    raise LimitExceeded(f"{file}: more than the limit of {MAX_PARTS:,} parts; unpack it first (gunzip)")


def start_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int) -> bytes:
    """The first bytes of one member. Raises READ_ERRORS."""
    _check_method(info)
    with archive.open(info) as member:
        return member.read(size)


def _check_method(info: zipfile.ZipInfo) -> None:
    # Other methods may take gigabytes of memory before the first byte.
    if info.compress_type not in _METHODS:
        raise NotImplementedError("a member that is compressed in another way than by deflate")


def damage(start: bytes, size: int) -> str:
    """Where a zip without a directory ends: the member that is cut short; "" if it does not start like a zip.

    Args:
        start: its first bytes.
        size: bytes of the file.
    """
    position, name = 0, ""
    while start[position : position + 4] == _LOCAL and position + _LOCAL_HEADER.size <= len(start):
        header = _LOCAL_HEADER.unpack_from(start, position)
        flags, compressed, name_length, extra_length = header[2], header[7], header[9], header[10]
        at = position + _LOCAL_HEADER.size
        name = printable(start[at : at + name_length].decode("utf-8", "surrogateescape"))[:200]
        position = at + name_length + extra_length + compressed
        if flags & _SIZE_FOLLOWS and not compressed:
            position = start.find(_LOCAL, at)
        if not 0 <= position < min(size, len(start)):
            break
    return f"a zip archive that is cut short in or after {name}" if name else ""


def _size(archive: zipfile.ZipFile) -> int:
    """Bytes of the archive itself."""
    assert archive.fp is not None
    position = archive.fp.tell()
    size = archive.fp.seek(0, os.SEEK_END)
    archive.fp.seek(position)
    return size
