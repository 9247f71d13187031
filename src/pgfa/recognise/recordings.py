"""The recordings in a folder."""

from __future__ import annotations

from pathlib import Path

from pgfa.errors import BadFile
from pgfa.read import as_ref, format_of, read
from pgfa.skeleton import Clip


def recordings_in(folder: Path) -> list[Clip]:
    """Every recording of a known format under a folder, sorted by path; other files are passed over.

    Raises BadFile where there is no folder or no recording in it, or where a recording is damaged.
    """
    if not folder.is_dir():
        raise BadFile(folder, expected="a folder of recordings", found="none")
    clips = []
    for file in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
        try:
            format_of(as_ref(file))
        except BadFile:
            continue
        clips.append(read(file))
    if not clips:
        raise BadFile(folder, expected="recordings of a known format", found="none")
    return clips
