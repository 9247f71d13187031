"""What every reader is made of: a reference to a file (on disk or in a zip) and the form of a format."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from pgfa.errors import BadFile, LimitExceeded
from pgfa.skeleton import Clip

MAX_FILE_BYTES = 512 * 1024 * 1024


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
            archive = _open_zip(self.path)
            _check_size(self, archive.getinfo(self.member).file_size, limit)
            return archive.read(self.member)
        except (FileNotFoundError, IsADirectoryError, KeyError):
            raise BadFile(str(self), expected="a file", found="none") from None
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError) as error:
            raise BadFile(str(self), expected="a readable file", found=str(error)) from None

    def head(self, size: int = 4096) -> bytes:
        """The first bytes, for sniffing. Raises BadFile where there is no such file."""
        try:
            if self.member is None:
                with self.path.open("rb") as file:
                    return file.read(size)
            with _open_zip(self.path).open(self.member) as file:
                return file.read(size)
        except (FileNotFoundError, IsADirectoryError, KeyError):
            raise BadFile(str(self), expected="a file", found="none") from None
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError) as error:
            raise BadFile(str(self), expected="a readable file", found=str(error)) from None


@dataclass(frozen=True)
class Format:
    """One format of skeleton recordings.

    Attributes:
        name: as typed on the command line (``"utd-mhad"``).
        title: one line for help texts.
        sniff: (file name, first 4096 bytes) -> whether the content looks like this format.
        find: data set folder or zip -> its files of this format, sorted; BadFile where there are none.
        read: file -> clip. BadFile where the file is wrong; defects that leave a usable clip go to Clip.problems.
    """

    name: str
    title: str
    sniff: Callable[[str, bytes], bool]
    find: Callable[[Path], list[FileRef]]
    read: Callable[[FileRef], Clip]


@lru_cache(maxsize=8)
def _open_zip(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def _check_size(ref: FileRef, size: int, limit: int) -> None:
    if size > limit:
        raise LimitExceeded(f"{ref}: {size:,} bytes, more than the limit of {limit:,}")
