"""A folder of files of one kind is decided once: what one of its files leaves open, the others may establish.

Somebody who lies in one recording stands in the others; feet are hidden in one, and seen in the others.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePosixPath

from pgfa.errors import BadConfig, BadFile, LayoutMismatch, LimitExceeded, Undecided
from pgfa.read import read_all
from pgfa.read.interpret.decision import from_folder, values_of
from pgfa.read.source import FileRef, member_names
from pgfa.read.stated import UPS, Stated
from pgfa.skeleton import Clip

Reader = Callable[[FileRef], list[Clip | BadFile]]

MOST_PEERS = 24
"""Files of a folder looked at, evenly spaced in the order of their names."""
LEAST_PEERS = 3
"""Files that have to agree."""
_QUANTITY_OF = {"mirrored": "axes", "axes": "columns"}
"""Name of a statement -> quantity of a decision, where they differ."""
_MIRRORED = {"right-handed": False, "left-handed": True}


def read_with_peers(ref: FileRef, read_clips: Reader = read_all) -> list[Clip | BadFile]:
    """All clips of a file; what it leaves open is taken from the other files of its folder, if they all agree.

    Only files of the same kind count: with the same ending, layout, columns, origin and unit.

    Args:
        ref: the file.
        read_clips: how it and the others are read.

    Raises:
        As `pgfa.read.read_all`.
    """
    try:
        return read_clips(ref)
    except Undecided as error:
        open_question = error
    ending = PurePosixPath(ref.name).suffix.lower()
    for kind, (decided, count) in _decided(ref.folder, ending, ref.stated, read_clips).items():
        with suppress(BadFile, LayoutMismatch, LimitExceeded):
            clips = read_clips(ref.with_stated(decided))
            if all(isinstance(clip, Clip) and kind_of(clip) == kind for clip in clips):
                used = (
                    "up and handedness"
                    if open_question.quantity in ("up", "mirrored")
                    else open_question.quantity
                )
                note = f"{used} as in {count} other files of the folder"
                # What the user states counts before what the folder establishes.
                names = {"up", "axes"} - {_QUANTITY_OF.get(name, name) for name in ref.stated.to_dict()}
                return [_as_in_folder(clip, names, note) for clip in clips if isinstance(clip, Clip)]
    raise open_question


def _as_in_folder(clip: Clip, quantities: set[str], note: str) -> Clip:
    return replace(clip, problems=(*clip.problems, note), reading=from_folder(clip.reading, quantities))


def kind_of(clip: Clip) -> tuple[str, ...]:
    """What files of one kind have in common, of how they were read."""
    values = values_of(clip.reading)
    return tuple(values.get(name, "") for name in ("layout", "columns", "origin", "unit"))


@lru_cache(maxsize=256)
def _decided(
    folder: FileRef, ending: str, stated: Stated, read_clips: Reader
) -> dict[tuple[str, ...], tuple[Stated, int]]:
    """Kind -> up and handedness, where all files of the folder of that ending and kind agree on both; how many do."""
    names = [name for name in _names(folder) if PurePosixPath(name).suffix.lower() == ending]
    step = max(1, -(-len(names) // MOST_PEERS))
    counts: dict[tuple[str, ...], Counter[tuple[str, str]]] = {}
    for name in names[::step]:
        with suppress(BadFile, LayoutMismatch, LimitExceeded, BadConfig):
            for clip in read_clips(folder_member(folder, name).with_stated(stated)):
                if isinstance(clip, Clip):
                    values = values_of(clip.reading)
                    both = values.get("up", ""), values.get("axes", "")
                    counts.setdefault(kind_of(clip), Counter())[both] += 1
    decided = {}
    for kind, pairs in counts.items():
        (up, axes), count = next(iter(pairs.items()))
        if len(pairs) == 1 and count >= LEAST_PEERS and up in UPS and axes in _MIRRORED:
            decided[kind] = Stated(up=up, mirrored=_MIRRORED[axes]), count
    return decided


def folder_member(folder: FileRef, name: str) -> FileRef:
    """The file of that name in a folder, on disk or in a zip."""
    if folder.member is not None or folder.path.is_file():
        return FileRef(folder.path, f"{folder.member}/{name}" if folder.member else name)
    return FileRef(folder.path / name)


def _names(folder: FileRef) -> list[str]:
    """Names of the files in a folder, on disk or in a zip, sorted."""
    if folder.member is None and folder.path.is_dir():
        return sorted(os.listdir(folder.path))
    inside = PurePosixPath(folder.member or ".")
    return sorted(
        path.name for path in map(PurePosixPath, member_names(folder.path)) if path.parent == inside
    )
