"""One process at a time in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import getpid
from pathlib import Path

from pgfa.errors import FolderInUse, NotWritten

LOCK, OWNER = ".lock", ".lock.pid"
"""The lock, which stays in the folder, and the id of the process that holds it."""
_WAIT_SECONDS = 2.0
"""Worker processes of a parent that was killed end within this time, and release what they hold."""


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Keep other processes that use this lock out of a folder, which is created if it does not exist.

    The system releases the lock of a process that is killed.

    Raises:
        FolderInUse: another process holds the lock; names its process id.
        NotWritten: the folder cannot be created or written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, timeout=_WAIT_SECONDS)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise FolderInUse(folder, _owner(folder)) from None
    except OSError as error:
        raise NotWritten.of(folder, error) from error
    try:
        try:
            (folder / OWNER).write_text(f"{getpid()}\n", encoding="ascii")
        except FileNotFoundError:  # the other process has finished, and deleted the folder
            raise FolderInUse(folder, "") from None
        except OSError as error:
            raise NotWritten.of(folder, error) from error
        yield
    finally:
        (folder / OWNER).unlink(missing_ok=True)
        lock.release()


def _owner(folder: Path) -> str:
    try:
        return (folder / OWNER).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
