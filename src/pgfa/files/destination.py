"""What a path to be written is: a regular file, which is replaced, or something else, which is written to."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

_SYSTEM_FOLDERS = ("/dev", "/proc")
"""Where a name stands for an open file or a device, so that replacing it would not write to what it stands for."""


def file_to_replace(path: Path) -> Path | None:
    """The regular file that a path leads to, or will lead to once it exists; None if the path leads to something else.

    Links are followed. Something else is a pipe, a socket, a device, or a name for what is open already, such as
    ``/dev/stdout`` and ``/dev/fd/3``.

    Raises:
        OSError: the path is a folder, or a link that leads to itself.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return _target(path)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode) or any(_is_in(part.parent, _SYSTEM_FOLDERS) for part in _links(path)):
        return None
    return _target(path)


def write_through(path: Path, content: bytes) -> None:
    """Write to what a path leads to, without creating or replacing anything. Raises OSError."""
    with os.fdopen(_open_file(path), "wb") as file:
        file.write(content)


def _open_file(path: Path) -> int:
    """What a path leads to, opened for writing; standard output and error are kept open, at their position."""
    status = os.stat(path)
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is None:
            continue
        try:
            opened = os.fstat(stream.fileno())
        except OSError:  # closed
            continue
        if os.path.samestat(status, opened):
            stream.flush()
            return os.dup(stream.fileno())
    return os.open(path, os.O_WRONLY | (os.O_TRUNC if stat.S_ISREG(status.st_mode) else 0))


def real_path(path: Path) -> Path:
    """A path without links, absolute. `Path.resolve` raises RuntimeError for a link that leads to itself."""
    return Path(os.path.realpath(path))


def _target(path: Path) -> Path:
    """The path without links: as it is if none of its parts is one, so that messages show what was typed."""
    if not path.is_symlink():
        return path
    target = real_path(path)
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def _links(path: Path) -> Iterator[Path]:
    """The path, and what it and each link leads to: one of them may be a name for what is open."""
    yield path
    while path.is_symlink():
        path = path.parent / os.readlink(path)
        yield path


def _is_in(folder: Path, roots: tuple[str, ...]) -> bool:
    real = os.path.realpath(folder)
    return any(real == root or real.startswith(f"{root}/") for root in roots)
