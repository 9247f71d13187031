"""Files on disk: written to a temporary name, synced, renamed; JSON; digests of settings and content."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pgfa.errors import BadConfig, BadFile, NotWritten
from pgfa.files.destination import file_to_replace, write_through
from pgfa.files.leftovers import clear_leftovers, remove, temporary_path

_DIGEST = re.compile("[0-9a-f]{16}")

if TYPE_CHECKING:
    import polars as pl

CHECKSUM, FILES = "checksum", "files"
"""Keys of JSON files: a digest of the other keys, and the SHA-256 of files beside it."""


def write_atomic(path: Path, write: Callable[[BinaryIO], object] | bytes | str) -> None:
    """Write a file so that a reader sees either the old file or the complete new one, never a part of it.

    Only regular files are replaced. The target of a link is replaced, not the link; what is no regular file (a pipe, a
    device, standard output) is written to.

    Args:
        path: the file; its folder is created if it does not exist.
        write: the content, or a function that writes it to an open binary file.

    Raises:
        NotWritten: disk full or read-only, no permission, or something else in its place.
    """
    try:
        target = file_to_replace(path)
        if target is None:
            write_through(path, _content(write))
        else:
            _replace(target, write)
    except OSError as error:
        raise NotWritten.of(path, error) from error


def _replace(path: Path, write: Callable[[BinaryIO], object] | bytes | str) -> None:
    temporary = temporary_path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(path.parent)
        with temporary.open("xb") as file:
            if callable(write):
                write(file)
            else:
                file.write(_content(write))
            file.flush()
            os.fsync(file.fileno())
        if path.exists():  # a new file has the permissions that the user's mask allows
            os.chmod(temporary, stat.S_IMODE(path.stat().st_mode))
        os.replace(temporary, path)
        sync_folder(path.parent)
    finally:
        remove(temporary)


def _content(write: Callable[[BinaryIO], object] | bytes | str) -> bytes:
    if callable(write):
        write(content := io.BytesIO())
        return content.getvalue()
    return write.encode() if isinstance(write, str) else write


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically. Raises ValueError for NaN and infinity, which JSON does not have."""
    write_atomic(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def parquet_bytes(table: pl.DataFrame) -> bytes:
    """A table as the content of a Parquet file, for `write_atomic`: on a full disk polars raises errors of its own."""
    content = io.BytesIO()
    table.write_parquet(content)
    return content.getvalue()


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises BadFile if it is missing, is a pipe or device (never waited for), or is not JSON."""
    try:
        if not stat.S_ISREG(mode := path.stat().st_mode) and not stat.S_ISDIR(mode):
            raise BadFile(path, expected="a JSON file", found="a pipe, socket or device")
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadFile(path, expected="a JSON file", found="no file") from None
    except OSError as error:
        raise BadFile(path, expected="a readable file", found=str(error)) from None
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, a number of thousands of digits
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


def with_checksum(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, and a digest of them under the last key, `CHECKSUM`."""
    rest = {name: value for name, value in values.items() if name != CHECKSUM}
    return {**rest, CHECKSUM: digest(rest)}


def verify_checksum(path: Path, values: Mapping[str, Any]) -> bool:
    """Compare the content of a file with its checksum. False: an earlier version wrote it, without one.

    Raises:
        BadFile: the content was changed after it was written; `path` is named.
    """
    if CHECKSUM not in values:
        for name, value in list(values.items())[-1:]:  # its position; a byte of its name may have changed
            if isinstance(value, str) and _DIGEST.fullmatch(value):
                raise BadFile(path, expected=f"the key {CHECKSUM}", found=repr(name))
        return False
    try:
        actual = with_checksum(values)[CHECKSUM]
    except UnicodeEncodeError:  # half characters, which no file of this package contains
        actual = "none"
    if actual != values[CHECKSUM]:
        expected = f"content of checksum {values[CHECKSUM]}"
        raise BadFile(path, expected=expected, found=f"{actual}: changed or damaged after it was written")
    return True


def write_files_list(path: Path, values: Mapping[str, Any], names: Iterable[str]) -> None:
    """Write `values` as JSON that vouches for files beside it: their SHA-256 under `FILES`, and a checksum."""
    sums = {name: file_sha256(path.with_name(name)) for name in sorted(names)}
    write_json(path, with_checksum({**values, FILES: sums}))


def verify_files(path: Path, values: Mapping[str, Any]) -> bool:
    """Compare the JSON of `write_files_list`, and the files that it lists, with their digests.

    Args:
        path: of the JSON.
        values: its content.

    Returns:
        False: an earlier version wrote it, without digests.

    Raises:
        BadFile: a file is missing, or was changed after it was written.
    """
    if FILES not in values and CHECKSUM not in values:
        return False
    sums = values.get(FILES)
    if not verify_checksum(path, values) or not isinstance(sums, dict):
        raise BadFile(path, expected=f"the keys {FILES} and {CHECKSUM}", found="one of them only")
    for name, sha256 in sums.items():
        if Path(name).name != name:
            raise BadFile(path, expected="names of files beside it", found=repr(name))
        file = path.with_name(name)
        if not file.is_file():
            raise BadFile(file, expected=f"a file, as listed in {path.name}", found="none")
        if (actual := file_sha256(file)) != sha256:
            raise BadFile(file, expected=f"SHA-256 {sha256}, as in {path.name}", found=actual)
    return True


def cache_folder() -> Path:
    """The cache folder: everything in it can be computed again (sentence vectors, prepared clips).

    ``PGFA_CACHE``, else ``pgfa`` in ``XDG_CACHE_HOME`` or ``~/.cache``. Raises BadConfig where the system knows no home
    folder of the user.
    """
    if folder := os.environ.get("PGFA_CACHE"):
        return Path(folder)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pgfa"
    except RuntimeError:  # as in a container that is run by the number of a user
        raise BadConfig(
            "this user has no home folder in which caches could be; set the variable PGFA_CACHE to a folder"
        ) from None


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_SYNCS_FOLDERS = os.name == "posix"
"""Elsewhere a folder cannot be opened; Windows writes renames to its journal."""


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last through a power failure, where the system can sync folders."""
    if not _SYNCS_FOLDERS:
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
