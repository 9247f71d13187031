"""Where recordings come from: a reference to a file (on disk or in a zip), and the one walker of folders and zips."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.archive import (
    READ_ERRORS,
    ZIP_START,
    gunzip,
    gunzip_start,
    inflate,
    is_gzip,
    member_names,
    open_zip,
    start_of,
)
from pgfa.read.encoding import as_utf8, printable
from pgfa.read.stated import NOTHING, Stated

MAX_FILE_BYTES = 512 * 1024 * 1024
HEAD = 1 << 15
"""Bytes looked at to detect the format: headers of tables may have some thousand letters."""
EMPTY_FILE = "an empty file"
"""`BadFile.found` for a file of no bytes."""
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True, order=True)
class FileRef:
    """One file on disk, or one member of a zip archive, read without unpacking it.

    Attributes:
        path: the file, or the zip.
        member: the path in the zip; None for a file on disk.
        stated: what the user states about the recording; two references to one file are equal whatever it is.
    """

    path: Path
    member: str | None = None
    stated: Stated = field(default=NOTHING, compare=False, repr=False)

    def __str__(self) -> str:
        return printable(f"{self.path}!{self.member}" if self.member else str(self.path))

    @property
    def name(self) -> str:
        """The file name, with ending; of a file compressed by gzip, without the one that gzip adds."""
        return unpacked_name(PurePosixPath(self.member).name if self.member else self.path.name)

    @property
    def stem(self) -> str:
        """The file name, without ending, as it can be printed and stored."""
        return printable(PurePosixPath(self.name).stem)

    @property
    def folder(self) -> FileRef:
        """The folder that contains the file; for a file at the top of a zip, the zip."""
        if self.member is None:
            return replace(self, path=self.path.parent)
        parent = str(PurePosixPath(self.member).parent)
        return replace(self, member=parent if parent != "." else None)

    def sibling(self, name: str) -> FileRef:
        """The file of that name in the same folder (or zip folder)."""
        if self.member:
            return replace(self, member=str(PurePosixPath(self.member).parent / name))
        return replace(self, path=self.path.parent / name)

    def with_stated(self, stated: Stated) -> FileRef:
        """The same file, with what the user states; what is stated already counts where the two differ."""
        return replace(self, stated=self.stated.over(stated))

    def size(self) -> int:
        """Bytes of the file as stored, or of the files directly in a folder; 0 if there is none or it is damaged."""
        try:
            if self.member is not None:
                return open_zip(self.path).getinfo(self.member).compress_size
            if self.path.is_dir():
                return sum(entry.stat().st_size for entry in os.scandir(self.path) if entry.is_file())
            return self.path.stat().st_size
        except (*READ_ERRORS, KeyError):
            return 0

    def read(self, limit: int = MAX_FILE_BYTES) -> bytes:
        """All bytes; of a file compressed by gzip those it holds, of a text in UTF-16 or with a byte order mark its
        UTF-8 (`as_utf8`).

        Raises:
            BadFile: a missing or unreadable file, or none: a folder, named pipe, device, socket.
            LimitExceeded: above `limit` bytes, or more than a member of an archive may inflate to.
        """
        try:
            if self.member is None:
                if (size := self.path.stat().st_size) > limit:
                    raise LimitExceeded(f"{self}: {size:,} bytes, more than the limit of {limit:,}")
                raw = _bytes_of(self.path, limit)
            else:
                archive = open_zip(self.path)
                raw = inflate(self, archive, archive.getinfo(self.member), limit)
            if is_gzip(raw):
                raw = gunzip(self, raw, limit)
        except (*READ_ERRORS, KeyError) as error:
            raise _unreadable(self, error) from None
        return as_utf8(raw)

    def head(self, size: int = HEAD) -> bytes:
        """The first bytes, for sniffing, as `read` gives them. Raises BadFile as `read`."""
        try:
            if self.member is None:
                raw = _bytes_of(self.path, size)
            else:
                archive = open_zip(self.path)
                raw = start_of(archive, archive.getinfo(self.member), size)
            if is_gzip(raw):
                raw = gunzip_start(raw, size) or raw
        except (*READ_ERRORS, KeyError) as error:
            raise _unreadable(self, error) from None
        return as_utf8(raw)


def list_files(
    root: Path,
    matches: Callable[[str], object] | None = None,
    *,
    zips: Literal["never", "if none loose", "always"] = "never",
    expected: str = "a folder, a zip or a file",
) -> list[FileRef]:
    """Files below a folder (to any depth), in a zip, or the one file; the only code that walks folders and zips.

    Args:
        root: the folder, zip or file. A zip is opened, unless `matches` accepts its name.
        matches: file name (without folders) -> whether to list the file; None lists all.
        zips: whether to look into zips below a folder: never, only where no loose file matches, or always.
        expected: for the error.

    Returns:
        Sorted references; empty where nothing matches. Where all files are listed, so are links to folders, which
        are not followed, named pipes and the like: reading them tells what they are.

    Raises:
        BadFile: `root` does not exist, or a zip is damaged.
    """
    if root.is_dir():
        paths = []
        for folder, folders, names in os.walk(root):
            paths += [Path(folder, name) for name in names]
            if matches is None:
                paths += [path for name in folders if (path := Path(folder, name)).is_symlink()]
        files = [FileRef(path) for path in paths if matches is None or matches(path.name)]
        if zips == "always" or (zips == "if none loose" and not files):
            archives = [path for path in paths if path.suffix.lower() == ".zip" and path.is_file()]
            files += [ref for path in archives for ref in _members(path, matches)]
        return sorted(files)
    if not os.path.lexists(root):
        raise BadFile(root, expected=expected, found="no such file or folder")
    if matches is not None and matches(root.name):
        return [FileRef(root)]
    if root.suffix.lower() == ".zip" or is_zip(root):
        return sorted(_members(root, matches))
    return [FileRef(root)] if matches is None else []


def find_files(root: Path, pattern: str, expected: str) -> list[FileRef]:
    """All files whose name matches `pattern` in full, in upper or lower case, sorted.

    Args:
        root: a folder (zips in it are searched where no loose file matches), a zip, or one file.
        pattern: regular expression of a file name.
        expected: what such a file is called in the error (``"UTD-MHAD recordings (a1_s1_t1_skeleton.mat)"``).

    Raises:
        BadFile: `root` does not exist, or nothing in it matches.
    """
    expression = re.compile(pattern, re.IGNORECASE)

    def matches(name: str) -> object:
        return expression.fullmatch(name) or expression.fullmatch(unpacked_name(name))

    files = list_files(root, matches, zips="if none loose", expected=expected)
    if not files:
        raise BadFile(root, expected=expected, found="none")
    return files


def unpacked_name(name: str) -> str:
    """The name of a file without the ending that gzip adds: ``walk.csv.gz`` is ``walk.csv``."""
    return name[:-3] if name.lower().endswith(".gz") and len(name) > 3 else name


def is_zip(path: Path) -> bool:
    """Whether a file is a zip that can be opened. Opens nothing that is not a file."""
    try:
        return _bytes_of(path, 2) == ZIP_START and bool(open_zip(path))
    except READ_ERRORS:
        return False


def as_ref(file: str | Path) -> FileRef:
    """A path, or ``archive.zip!member``, as a reference."""
    archive, separator, member = str(file).partition(".zip!")
    if separator and member and not Path(file).exists():
        return FileRef(Path(archive + ".zip"), member)
    return FileRef(Path(file))


def is_hidden(path: str) -> bool:
    """Whether a path with forward slashes has a part that starts with a dot, or was added by macOS."""
    return any(part.startswith((".", "__MACOSX")) for part in path.split("/"))


def _members(archive: Path, matches: Callable[[str], object] | None) -> list[FileRef]:
    names = member_names(archive)
    return [FileRef(archive, name) for name in names if matches is None or matches(PurePosixPath(name).name)]


def _bytes_of(path: Path, most: int) -> bytes:
    """The first `most` bytes of a file. Never waits: not for the other end of a pipe, not for a device."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise _NotAFile(next((name for is_kind, name in _KINDS if is_kind(status.st_mode)), "a special file"))
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        # Files of the system have no size; `read` allocates all that it is asked for.
        content: bytes | None = file.read(min(most, status.st_size + 65536))
    if content is None:
        raise OSError(errno.EAGAIN, "a file of the system that has nothing to read now")
    return content


class _NotAFile(OSError):
    """Something else than a file, by name."""


def _unreadable(ref: FileRef, error: Exception) -> BadFile:
    if isinstance(error, _NotAFile):
        actual = str(error)
        if actual == "a folder" and ref.path.is_symlink():
            actual = "a link to a folder, which is not followed"
        return BadFile(str(ref), expected="a file", found=actual)
    if isinstance(error, FileNotFoundError | NotADirectoryError | KeyError):
        actual = "no such file"
        if ref.path.is_symlink():
            actual = f"a link to {printable(os.readlink(ref.path))}, which does not exist"
        return BadFile(str(ref), expected="a file", found=actual)
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return BadFile(str(ref), expected="a file", found="a link that leads back to itself")
    actual = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return BadFile(str(ref), expected="a readable file", found=actual)


__all__ = [
    "EMPTY_FILE", "MAX_FILE_BYTES", "READ_ERRORS", "ZIP_START", "FileRef", "as_ref", "find_files", "is_hidden",
    "is_zip", "list_files", "member_names", "unpacked_name",
]  # fmt: skip
