"""Temporary files and folders: their names, and removing those of processes that were killed.

A name states host and process, so that another process can tell whether its owner still runs.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LONGEST = 255 - len("..000000-0000000000-00000000.part")
"""Bytes of a name that its temporary name keeps: most file systems allow 255 in all."""


def _host() -> str:
    """Six digits of host and namespace of processes: in two containers of a host two processes can have one id."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:  # not Linux
        namespace = ""
    return hashlib.sha256(f"{platform.node()} {namespace}".encode()).hexdigest()[:6]


_HOST = _host()
_NAME = re.compile(r"\..+\.(?P<host>[0-9a-f]{6})-(?P<process>\d+)-[0-9a-f]{8}\.part")
_EARLIER = re.compile(r"\..+\.[a-z0-9_]{8}\.part")
"""Names that earlier versions gave."""
_DAY = 24 * 3600.0

_own: set[str] = set()
_cleared: set[str] = set()


def temporary_path(path: Path) -> Path:
    """A new hidden name beside `path`, which `clear_leftovers` removes once this process no longer runs."""
    start = os.fsencode(path.name)[:_LONGEST].decode("utf-8", "ignore")
    temporary = path.with_name(f".{start}.{_HOST}-{os.getpid()}-{secrets.token_hex(4)}.part")
    _own.add(temporary.name)
    return temporary


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder among the temporary files of the system, for this user only; deleted at the end.

    Those whose process was killed are deleted before: it could not do so. Raises OSError.
    """
    clear_temporary_folders()
    folder = temporary_path(_system_folder() / "pgfa")
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        remove(folder)


def clear_temporary_folders() -> None:
    """Delete folders of `temporary_folder` whose process has ended."""
    clear_leftovers(_system_folder(), again=True)


def _system_folder() -> Path:
    return Path(tempfile.gettempdir())


def remove(path: Path) -> None:
    """Delete a temporary file or folder, if it exists and can be deleted."""
    _own.discard(path.name)
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def clear_leftovers(folder: Path, *, again: bool = False) -> None:
    """Delete temporary files and folders in a folder whose process has ended; once per process, or `again`.

    Those of other hosts and of earlier versions, whose owner is unknown, are deleted when they are a day old.
    """
    if str(folder) in _cleared and not again:
        return
    _cleared.add(str(folder))
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".part") and _is_abandoned(entry):
                remove(Path(entry.path))


def _is_abandoned(entry: os.DirEntry[str]) -> bool:
    match = _NAME.fullmatch(entry.name)
    if match is None and not _EARLIER.fullmatch(entry.name):
        return False
    if match is not None and match["host"] == _HOST:
        process = int(match["process"])
        # Process ids are given again: after a restart, a name with this process's id may be an earlier one's.
        if entry.name not in _own if process == os.getpid() else not _is_running(process):
            return True
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > _DAY


def _is_running(process: int) -> bool:
    if os.name != "posix":  # there, signal 0 would end the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's process
        return True
    return True
