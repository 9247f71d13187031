"""Where recordings come from: a reference to a file (on disk or in a zip), and the one walker of folders and zips."""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Literal

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.stated import NOTHING, Stated

MAX_FILE_BYTES = 512 * 1024 * 1024
READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
)
"""What opening and reading a damaged file or zip may raise."""
EMPTY_FILE = "an empty file"
"""`BadFile.found` for a file of no bytes."""
ZIP_START = b"PK"


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
        return f"{self.path}!{self.member}" if self.member else str(self.path)

    @property
    def name(self) -> str:
        """The file name, with ending."""
        return PurePosixPath(self.member).name if self.member else self.path.name

    @property
    def stem(self) -> str:
        """The file name, without ending."""
        return PurePosixPath(self.name).stem

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

    def read(self, limit: int = MAX_FILE_BYTES) -> bytes:
        """All bytes. Raises BadFile for a missing or unreadable file, LimitExceeded above `limit` bytes."""
        try:
            if self.member is None:
                _check_size(self, self.path.stat().st_size, limit)
                return self.path.read_bytes()
            archive = _open_zip(self.path, os.getpid())
            _check_size(self, archive.getinfo(self.member).file_size, limit)
            return archive.read(self.member)
        except (*READ_ERRORS, KeyError) as error:
            raise _unreadable(self, error) from None

    def head(self, size: int = 4096) -> bytes:
        """The first bytes, for sniffing. Raises BadFile for a missing or unreadable file, or a folder."""
        try:
            if self.member is None:
                with self.path.open("rb") as file:
                    return file.read(size)
            with _open_zip(self.path, os.getpid()).open(self.member) as file:
                return file.read(size)
        except (*READ_ERRORS, KeyError) as error:
            raise _unreadable(self, error) from None


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
        Sorted references; empty where nothing matches.

    Raises:
        BadFile: `root` does not exist, or a zip is damaged.
    """
    if root.is_dir():
        paths = [Path(folder, name) for folder, _, names in os.walk(root) for name in names]
        files = [FileRef(path) for path in paths if matches is None or matches(path.name)]
        if zips == "always" or (zips == "if none loose" and not files):
            archives = [path for path in paths if path.suffix.lower() == ".zip"]
            files += [ref for path in archives for ref in _members(path, matches)]
        return sorted(files)
    if not root.exists():
        raise BadFile(root, expected=expected, found="no such file or folder")
    if matches is not None and matches(root.name):
        return [FileRef(root)]
    if root.suffix.lower() == ".zip" or zipfile.is_zipfile(root):
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
    matches = re.compile(pattern, re.IGNORECASE).fullmatch
    files = list_files(root, matches, zips="if none loose", expected=expected)
    if not files:
        raise BadFile(root, expected=expected, found="none")
    return files


def member_names(archive: Path) -> list[str]:
    """Paths of the files in a zip, without folders and what macOS adds. Raises BadFile for a damaged zip."""
    try:
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
    except READ_ERRORS as error:
        raise BadFile(archive, expected="a readable zip archive", found=str(error)) from None
    return [name for name in names if not name.endswith("/") and not name.startswith("__MACOSX/")]


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


@lru_cache(maxsize=8)
def _open_zip(path: Path, process: int) -> zipfile.ZipFile:
    # One handle per process: a forked worker that shared its parent's would read at the parent's position.
    return zipfile.ZipFile(path)


def _check_size(ref: FileRef, size: int, limit: int) -> None:
    if size > limit:
        raise LimitExceeded(f"{ref}: {size:,} bytes, more than the limit of {limit:,}")


def _unreadable(ref: FileRef, error: Exception) -> BadFile:
    if isinstance(error, FileNotFoundError | KeyError):
        return BadFile(str(ref), expected="a file", found="no such file")
    if isinstance(error, IsADirectoryError):
        return BadFile(str(ref), expected="a file", found="a folder")
    return BadFile(str(ref), expected="a readable file", found=str(error))
