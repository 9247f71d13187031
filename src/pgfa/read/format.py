"""What every reader is made of: a reference to a file (on disk or in a zip) and the form of a format."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath

from pgfa.errors import BadFile, LimitExceeded
from pgfa.skeleton import Clip

MAX_FILE_BYTES = 512 * 1024 * 1024
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
)
"""What opening and reading a damaged file or zip may raise."""
EMPTY = "an empty file"
NOBODY = "a frame with a body"
"""What was found in a file of no bytes; what was expected of a recording in which nobody is seen."""
CLASS_NOT_TOLD = "class not told by the file's name"
"""Problem of a clip whose class only a folder or a list can tell."""


@dataclass(frozen=True, order=True)
class FileRef:
    """One file on disk, or one member of a zip archive read where it is."""

    path: Path
    member: str | None = None

    def __str__(self) -> str:
        return f"{self.path}!{self.member}" if self.member else str(self.path)

    @property
    def name(self) -> str:
        """The file's own name, with ending."""
        return PurePosixPath(self.member).name if self.member else self.path.name

    @property
    def stem(self) -> str:
        """The file's own name, without ending."""
        return PurePosixPath(self.name).stem

    def sibling(self, name: str) -> FileRef:
        """The file of that name in the same folder (or zip folder)."""
        if self.member:
            return FileRef(self.path, str(PurePosixPath(self.member).parent / name))
        return FileRef(self.path.parent / name)

    def read(self, limit: int = MAX_FILE_BYTES) -> bytes:
        """All bytes. Raises BadFile where there is no such file, LimitExceeded above `limit` bytes."""
        try:
            if self.member is None:
                size = self.path.stat().st_size
                _check_size(self, size, limit)
                return self.path.read_bytes()
            archive = _open_zip(self.path, os.getpid())
            _check_size(self, archive.getinfo(self.member).file_size, limit)
            return archive.read(self.member)
        except (FileNotFoundError, KeyError):
            raise BadFile(str(self), expected="a file", found="none") from None
        except IsADirectoryError:
            raise BadFile(str(self), expected="a file", found="a folder") from None
        except UNREADABLE as error:
            raise BadFile(str(self), expected="a readable file", found=str(error)) from None

    def head(self, size: int = 4096) -> bytes:
        """The first bytes, for sniffing. Raises BadFile where there is no such file."""
        try:
            if self.member is None:
                with self.path.open("rb") as file:
                    return file.read(size)
            with _open_zip(self.path, os.getpid()).open(self.member) as file:
                return file.read(size)
        except (FileNotFoundError, KeyError):
            raise BadFile(str(self), expected="a file", found="none") from None
        except IsADirectoryError:
            raise BadFile(str(self), expected="a file", found="a folder") from None
        except UNREADABLE as error:
            raise BadFile(str(self), expected="a readable file", found=str(error)) from None


@dataclass(frozen=True)
class Account:
    """What there is of a data set that has an official list of its recordings, by name, each tuple sorted.

    Attributes:
        wanted: found and to be imported.
        dropped: found, but set aside by the data set's authors or its users' custom.
        missing: of the official list, not set aside, and not found.
        foreign: found, but not of this data set.
    """

    wanted: tuple[str, ...]
    dropped: tuple[str, ...]
    missing: tuple[str, ...]
    foreign: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"{len(self.wanted):,} to import"]
        for names, what in (
            (self.dropped, "set aside"),
            (self.missing, "missing"),
            (self.foreign, "not of this data set"),
        ):
            if names:
                some = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
                parts.append(f"{len(names):,} {what} ({some})")
        return "; ".join(parts)


@dataclass(frozen=True)
class Format:
    """One format of skeleton recordings.

    Attributes:
        name: as typed on the command line (``"utd-mhad"``).
        title: one line for help texts.
        sniff: (file name, first 4096 bytes) -> whether the content looks like this format.
        find: data set folder or zip -> its files of this format, sorted; BadFile where there are none.
        read: file -> clip. BadFile where the file is wrong; defects that leave a usable clip go to
            Clip.problems.
        read_all: where one file holds several clips, file -> all of them, or what is wrong with one; `read`
            then
            gives the first.
        account: where there is an official list, data set folder or zip -> what of it was found.
        divisions: where official divisions come as files with the data, folder or zip -> protocol ->
            (training recordings, test recordings), by the names in `Source.setup`.
    """

    name: str
    title: str
    sniff: Callable[[str, bytes], bool]
    find: Callable[[Path], list[FileRef]]
    read: Callable[[FileRef], Clip]
    read_all: Callable[[FileRef], list[Clip | BadFile]] | None = None
    account: Callable[[Path], Account] | None = None
    divisions: Callable[[Path], dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] | None = None


def first_of(clip: Clip, clips: int) -> Clip:
    """The first clip of a file, which says so where the file holds others."""
    if clips == 1:
        return clip
    return replace(clip, problems=(*clip.problems, f"the first of {clips:,} recordings in the file"))


@lru_cache(maxsize=8)
def _open_zip(path: Path, process: int) -> zipfile.ZipFile:
    # One handle a process: a forked worker that shared its parent's would read from the parent's place.
    return zipfile.ZipFile(path)


def _check_size(ref: FileRef, size: int, limit: int) -> None:
    if size > limit:
        raise LimitExceeded(f"{ref}: {size:,} bytes, more than the limit of {limit:,}")
