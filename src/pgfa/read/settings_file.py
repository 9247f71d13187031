"""`pgfa-recordings.toml`: what the user states about the recordings of a folder, once for all of them.

```toml
up = "z"                # for every recording in this folder and below
unit = "mm"

["*.csv"]               # for those whose name, or path below the folder, matches
rate = 50

[markers]               # names of markers that are not known -> landmarks
Kn_out_L = "knee_lateral_left"
```

A file in a folder below counts before one above, one in a zip before those beside it; a later table before an earlier
one; options before both.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from pgfa.errors import BadFile
from pgfa.read.source import FileRef, is_zip, member_names
from pgfa.read.stated import NAMES, NOTHING, Stated, stated_from

SETTINGS_FILE = "pgfa-recordings.toml"
MAX_BYTES = 64 * 1024
MAX_DEPTH = 8
"""Folders above a recording in which a settings file is looked for."""


def with_settings(ref: FileRef, *, beside: bool = True) -> FileRef:
    """The reference with what settings files in its folder and those above state.

    Args:
        ref: the recording.
        beside: whether files on disk count, and not only those in its zip: the folder of an upload is not the client's.

    Raises:
        BadConfig, BadFile.
    """
    for member in _in_zip(ref):
        ref = ref.with_stated(_stated_by(member, ref))
    if not beside:
        return ref
    with suppress(OSError):  # a name that is too long, a folder that may not be read: the reader says so
        for file in _settings_files(ref):
            if file.is_file():
                ref = ref.with_stated(_stated_by(FileRef(file), ref))
    return ref


def _in_zip(ref: FileRef) -> list[FileRef]:
    """The settings files in the zip of a recording, the nearest first."""
    if ref.member is None and not is_zip(ref.path):
        return []
    names: set[str] = set()
    with suppress(BadFile):  # a damaged zip: the reader says so
        names = set(member_names(ref.path))
    member = PurePosixPath(ref.member or ".")  # a recording may be a folder of the zip, or the zip
    every = [str(folder / SETTINGS_FILE) for folder in (member, *member.parents)][: MAX_DEPTH + 1]
    return [FileRef(ref.path, name) for name in every if name in names]


def _settings_files(ref: FileRef) -> list[Path]:
    """Possible settings files, the nearest first."""
    path = ref.path if ref.path.is_absolute() else Path.cwd() / ref.path
    inside = [path] if path.is_dir() else []
    return [folder / SETTINGS_FILE for folder in (*inside, *path.parents)][:MAX_DEPTH]


def _stated_by(file: FileRef, ref: FileRef) -> Stated:
    changed = file.path.stat()
    content = _content(file, changed.st_mtime_ns, changed.st_size)
    names = {ref.name, ref.path.name, *([ref.member] if ref.member else [])}
    if file.member is None:
        path = ref.path if ref.path.is_absolute() else Path.cwd() / ref.path
        below = path.relative_to(file.path.parent).as_posix()
        names |= {below, f"{below}!{ref.member}"}
    elif ref.member:
        names.add(ref.member.removeprefix(file.member.removesuffix(SETTINGS_FILE)))
    stated = NOTHING
    for pattern, values in content:
        if pattern is None or any(fnmatchcase(name, pattern) for name in names):
            stated = values.over(stated)
    return stated


@lru_cache(maxsize=64)
def _content(file: FileRef, changed: int, size: int) -> tuple[tuple[str | None, Stated], ...]:
    """What a settings file states: (pattern or None for every recording, values), in the order of the file."""
    try:
        table: dict[str, Any] = tomllib.loads(file.read(MAX_BYTES).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:  # the last: nested lists
        raise BadFile(str(file), expected="TOML", found=str(error)) from None
    general = {name: value for name, value in table.items() if name in NAMES or not isinstance(value, dict)}
    tables: list[tuple[str | None, Stated]] = [(None, stated_from(general, str(file)))]
    for pattern, values in table.items():
        if pattern not in general:
            tables.append((str(PurePosixPath(pattern)), stated_from(values, f"{file}, table {pattern!r}")))
    return tuple(tables)
