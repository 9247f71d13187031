"""Folders that are written as a whole: a new one is written beside the old one, then the two are switched."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pgfa.errors import NotWritten, PgfaError
from pgfa.files import sync_folder
from pgfa.files.destination import real_path
from pgfa.files.leftovers import clear_leftovers, remove, temporary_path

_CURRENT_FOLDER, _EXCHANGE = -100, 2
"""AT_FDCWD and RENAME_EXCHANGE of Linux; RENAME_SWAP of macOS is 2 as well."""
_READINGS = 10
"""How often a folder is read again that was replaced meanwhile."""
_Content = TypeVar("_Content")
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV}


@contextmanager
def new_folder(target: Path, names: Collection[str] | None = None) -> Iterator[Path]:
    """A new folder beside `target`, to be filled by the caller, which replaces `target` when the caller is finished.

    A reader, or a process that is killed at any moment, sees the old folder or the new one. After an error `target`
    is as it was.

    Args:
        target: the folder that is created or replaced; if it is a link, what it points to.
        names: of the files that belong to what is saved. Other files in `target` are taken over, as links to the same
            content. None: `target` is replaced with all its content.

    Raises:
        NotWritten: disk full or read-only, no permission, or a file in the way.
    """
    target = real_path(target)
    temporary = temporary_path(target)
    try:
        with _errors_of(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            recover_folder(target)
            clear_leftovers(target.parent, again=True)
            if target.exists() and not target.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(target))
            temporary.mkdir()
        try:
            yield temporary
        except NotWritten as error:
            # Files are named where they would be, not in the temporary folder.
            file, reason = (text.replace(str(temporary), str(target)) for text in (error.file, error.reason))
            raise NotWritten(file, reason) from None
        with _errors_of(target):
            if names is not None and target.exists():
                take_over(target, temporary, names)
            replace_folder(temporary, target)
    finally:
        remove(temporary)


@contextmanager
def _errors_of(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotWritten.of(target, error) from error


def replace_folder(finished: Path, target: Path) -> None:
    """Rename a finished folder to `target`, on the same file system; an existing folder there is deleted.

    A reader never sees a folder that is half old, half new. Linux and macOS exchange the two in one step. Elsewhere it
    takes two renames: a crash between them leaves the old folder beside, as ``.NAME.old``, which `recover_folder`
    takes back.
    """
    if not target.exists():
        try:
            os.rename(finished, target)
        except OSError as error:
            # Another process has just finished the same folder: its place is taken, as by one that was there before.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not target.is_dir():
                raise
            replace_folder(finished, target)
        else:
            sync_folder(target.parent)
    elif _exchange(finished, target):
        sync_folder(target.parent)
        shutil.rmtree(finished, ignore_errors=True)  # now the old one
    else:
        _rename_twice(finished, target)


def recover_folder(target: Path) -> None:
    """Take back the old folder if a crash fell between the two renames of `replace_folder`; else delete it."""
    old = _old(target)
    if old.is_dir():
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.rename(old, target)


def read_whole(marker: Path, read: Callable[[], _Content]) -> _Content:
    """What `read` makes of a folder that another process may replace meanwhile: never of files of both folders.

    Args:
        marker: a file that is another one in every new folder, if it has it.
        read: reads the folder; its errors count if the folder was not replaced.
    """
    for _ in range(_READINGS):
        before = _state(marker)
        try:
            content = read()
        except PgfaError:
            if _state(marker) == before:
                raise
        else:
            if _state(marker) == before:
                return content
    return read()


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns


def _rename_twice(finished: Path, target: Path) -> None:
    old = _old(target)
    shutil.rmtree(old, ignore_errors=True)
    os.rename(target, old)
    try:
        os.rename(finished, target)
    except BaseException:
        os.rename(old, target)
        raise
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def take_over(old: Path, new: Path, names: Collection[str]) -> None:
    """Give a new folder the files of an old one that are not among `names`, as links to the same content."""
    for entry in old.iterdir():
        if entry.name in names or entry.name.endswith(".part"):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, new / entry.name, symlinks=True, copy_function=_link)
        else:
            _link(str(entry), str(new / entry.name))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):  # a file system, or a system, without links
        shutil.copy2(source, target, follow_symlinks=False)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step. False where the system or the file system cannot."""
    if sys.platform not in ("linux", "darwin"):
        return False
    library = ctypes.CDLL(None, use_errno=True)
    paths = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux":
        function = getattr(library, "renameat2", None)
        arguments = (_CURRENT_FOLDER, paths[0], _CURRENT_FOLDER, paths[1], _EXCHANGE)
    else:
        function = getattr(library, "renamex_np", None)
        arguments = (*paths, _EXCHANGE)
    if function is None:
        return False
    if function(*arguments) == 0:
        return True
    if (code := ctypes.get_errno()) in _UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), str(other))
