"""A folder of files of one kind is decided once: what one of its files leaves open, the others may establish.

Somebody who lies in one recording stands in the others; feet are hidden in one, and seen in the others.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePosixPath

from pgfa.errors import BadConfig, BadFile, LayoutMismatch, LimitExceeded, Undecided
from pgfa.read import read_all
from pgfa.read.interpret.decision import values_of
from pgfa.read.source import FileRef, member_names
from pgfa.read.stated import Stated
from pgfa.skeleton import Clip

MOST_PEERS = 24
"""Files of a folder looked at, evenly spaced in the order of their names."""
LEAST_PEERS = 3
"""Files that have to agree."""
_MIRRORED = {"right-handed": False, "left-handed": True}


def read_with_peers(ref: FileRef) -> list[Clip | BadFile]:
    """All clips of a file; what it leaves open is taken from the other files of its folder, if they all agree.

    Raises:
        As `pgfa.read.read_all`.
    """
    try:
        return read_all(ref)
    except Undecided as error:
        open_question = error
    for _ in range(3):  # a file may leave several quantities open
        agreed = _agreed(ref.folder, PurePosixPath(ref.name).suffix.lower(), ref.stated).get(
            open_question.quantity
        )
        if agreed is None:
            raise open_question
        decided, count = agreed
        ref = ref.with_stated(decided)
        try:
            clips = read_all(ref)
        except Undecided as error:
            open_question = error
            continue
        note = f"{', '.join(decided.to_dict())} as in {count} other files of the folder"
        return [
            replace(clip, problems=(*clip.problems, note)) if isinstance(clip, Clip) else clip
            for clip in clips
        ]
    raise open_question


@lru_cache(maxsize=256)
def _agreed(folder: FileRef, ending: str, stated: Stated) -> dict[str, tuple[Stated, int]]:
    """Quantity -> what the files of a folder with that ending establish, all of them that do, and how many do."""
    names = [name for name in _names(folder) if PurePosixPath(name).suffix.lower() == ending]
    step = max(1, -(-len(names) // MOST_PEERS))
    values: dict[str, Counter[object]] = {"up": Counter(), "mirrored": Counter(), "layout": Counter()}
    for name in names[::step]:
        peer = folder_member(folder, name)
        with suppress(BadFile, LayoutMismatch, LimitExceeded, BadConfig):
            for clip in read_all(replace(peer, stated=stated)):
                if isinstance(clip, Clip):
                    line = values_of(clip.reading)
                    values["up"][line.get("up")] += 1
                    values["layout"][line.get("layout")] += 1
                    values["mirrored"][_MIRRORED.get(line.get("axes", ""))] += 1
    return {
        quantity: (Stated(**{quantity: next(iter(counts))}), counts.total())
        for quantity, counts in values.items()
        if len(counts) == 1 and None not in counts and counts.total() >= LEAST_PEERS
    }


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
