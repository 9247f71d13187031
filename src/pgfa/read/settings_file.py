"""`pgfa-recordings.toml`: what the user states about the recordings of a folder, once for all of them.

```toml
up = "z"                # for every recording in this folder and below
unit = "mm"

["*.csv"]               # for those whose name, or path below the folder, matches
rate = 50

[markers]               # names of markers that are not known -> landmarks
Kn_out_L = "knee_lateral_left"
```

A file in a folder below counts before one above; a later table before an earlier one; options before both.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from pgfa.errors import BadFile
from pgfa.read.source import FileRef
from pgfa.read.stated import NAMES, NOTHING, Stated, stated_from

SETTINGS_FILE = "pgfa-recordings.toml"
MAX_BYTES = 64 * 1024
MAX_DEPTH = 8
"""Folders above a recording in which a settings file is looked for."""


def with_settings(ref: FileRef) -> FileRef:
    """The reference with what settings files in its folder and those above state. Raises BadConfig, BadFile."""
    with suppress(OSError):  # a name that is too long, a folder that may not be read: the reader says so
        for file in _settings_files(ref):
            if file.is_file():
                ref = ref.with_stated(_stated_by(file, ref))
    return ref


def _settings_files(ref: FileRef) -> list[Path]:
    """Possible settings files, the nearest first."""
    path = ref.path if ref.path.is_absolute() else Path.cwd() / ref.path
    inside = [path] if path.is_dir() else []
    return [folder / SETTINGS_FILE for folder in (*inside, *path.parents)][:MAX_DEPTH]


def _stated_by(file: Path, ref: FileRef) -> Stated:
    changed = file.stat()
    content = _content(file, changed.st_mtime_ns, changed.st_size)
    path = ref.path if ref.path.is_absolute() else Path.cwd() / ref.path
    below = path.relative_to(file.parent).as_posix()
    names = {below, ref.name, f"{below}!{ref.member}", *([ref.member] if ref.member else [])}
    stated = NOTHING
    for pattern, values in content:
        if pattern is None or any(fnmatchcase(name, pattern) for name in names):
            stated = values.over(stated)
    return stated


@lru_cache(maxsize=64)
def _content(file: Path, changed: int, size: int) -> tuple[tuple[str | None, Stated], ...]:
    """What a settings file states: (pattern or None for every recording, values), in the order of the file."""
    try:
        table: dict[str, Any] = tomllib.loads(FileRef(file).read(MAX_BYTES).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:  # the last: nested lists
        raise BadFile(file, expected="TOML", found=str(error)) from None
    general = {name: value for name, value in table.items() if name in NAMES or not isinstance(value, dict)}
    tables: list[tuple[str | None, Stated]] = [(None, stated_from(general, str(file)))]
    for pattern, values in table.items():
        if pattern not in general:
            tables.append((str(PurePosixPath(pattern)), stated_from(values, f"{file}, table {pattern!r}")))
    return tuple(tables)
