"""Files on disk: written to a temporary name, synced, renamed; JSON; digests of settings and content."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from pgfa.errors import BadFile


def write_atomic(path: Path, write: Callable[[BinaryIO], object] | bytes | str) -> None:
    """Write a file so that a reader sees either the old file or the complete new one, never a part of it.

    Args:
        path: the file; its folder is created if it does not exist.
        write: the content, or a function that writes it to an open binary file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            if callable(write):
                write(file)
            else:
                file.write(write.encode() if isinstance(write, str) else write)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def replace_folder(finished: Path, target: Path) -> None:
    """Rename a finished folder to `target`, on the same file system; an existing folder there is deleted.

    A reader never sees a folder that is half old, half new. To replace a folder takes two renames: a crash between
    them leaves the old folder next to the target, as ``.NAME.old``.
    """
    old = target.with_name(f".{target.name}.old")
    if replaced := target.exists():
        shutil.rmtree(old, ignore_errors=True)
        os.rename(target, old)
    try:
        os.rename(finished, target)
    except BaseException:
        if replaced:
            os.rename(old, target)
        raise
    _sync_folder(target.parent)
    if replaced:
        shutil.rmtree(old, ignore_errors=True)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically. Raises ValueError for NaN and infinity, which JSON does not have."""
    write_atomic(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises BadFile if it is missing, cannot be read or is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadFile(path, expected="a JSON file", found="no file") from None
    except OSError as error:
        raise BadFile(path, expected="a readable file", found=str(error)) from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadFile(path, expected="JSON", found=str(error)) from None


def digest(*parts: Any) -> str:
    """A short stable digest (16 hex digits of SHA-256) of bytes and values that JSON can represent, in order.

    A memoryview of single bytes is treated as its bytes, without copying them.
    """
    sha = hashlib.sha256()
    for part in parts:
        raw = (
            part
            if isinstance(part, bytes | memoryview)
            else json.dumps(part, sort_keys=True, ensure_ascii=False).encode()
        )
        sha.update(len(raw).to_bytes(8, "little"))
        sha.update(raw)
    return sha.hexdigest()[:16]


def cache_folder() -> Path:
    """The cache folder: everything in it can be computed again (sentence vectors, prepared clips).

    ``PGFA_CACHE``, else ``pgfa`` in ``XDG_CACHE_HOME`` or ``~/.cache``.
    """
    if folder := os.environ.get("PGFA_CACHE"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pgfa"


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
