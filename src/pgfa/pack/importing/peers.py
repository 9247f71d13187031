"""A folder of files of one kind is decided once: what one of its files leaves open, the others may establish, and what
one establishes against the others is asked about.

Somebody who lies in one recording stands in the others; feet are hidden in one, and seen in the others. And somebody
who crawls with z up has the numbers of somebody who sits with y up: the others show which it is.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import PurePosixPath

from pgfa.errors import BadConfig, BadFile, LayoutMismatch, LimitExceeded, Undecided
from pgfa.read import read_all
from pgfa.read.interpret.decision import established_by, from_folder, values_of
from pgfa.read.source import FileRef, member_names
from pgfa.read.stated import UPS, Stated
from pgfa.skeleton import Clip

Reader = Callable[[FileRef], list[Clip | BadFile]]

MOST_PEERS = 24
"""Files of a folder looked at, evenly spaced in the order of their names."""
LEAST_PEERS = 3
"""Files that have to agree."""
MOST = 0.8
"""Share of the files that have to agree, to decide what another leaves open, or to doubt what it establishes."""
QUANTITIES = {"up": "up", "axes": "mirrored", "unit": "unit"}
"""What the files of a folder have in common -> the statement of it."""
_QUANTITY_OF = {"mirrored": "axes", "axes": "columns"}
"""Name of a statement -> quantity of a decision, where they differ."""
_MIRRORED = {"right-handed": False, "left-handed": True}


@dataclass
class _Votes:
    """What the files of one kind establish.

    Attributes:
        established: quantity -> values, with how many clips establish them.
        asked: axes along which trunks stand in the clips that are asked about.
    """

    established: dict[str, Counter[str]] = field(default_factory=lambda: {q: Counter() for q in QUANTITIES})
    asked: Counter[str] = field(default_factory=Counter)

    def winner(self, quantity: str) -> tuple[str, int, int]:
        """The value that a clear majority establishes, how many clips do, and of how many; "" for none."""
        counts = self.established[quantity]
        value, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
        every = counts.total() + (self.asked.total() - self.asked[value] if quantity == "up" else 0)
        return (value if count >= max(LEAST_PEERS, MOST * counts.total()) else ""), count, every

    def turned(self, up: str) -> str:
        """Another axis, not the opposite one, that several clips establish as up; "" for none."""
        others = {axis: n for axis, n in self.established["up"].items() if axis[-1:] != up[-1:]}
        most = max(others, key=lambda axis: others[axis], default="")
        return most if others.get(most, 0) >= LEAST_PEERS else ""


def read_with_peers(ref: FileRef, read_clips: Reader = read_all) -> list[Clip | BadFile]:
    """All clips of a file; what it leaves open is taken from the other files of its folder, if most of them agree.

    Only files of the same kind count: with the same ending, layout, columns and origin.

    Args:
        ref: the file.
        read_clips: how it and the others are read.

    Returns:
        clips, with an `Undecided` in place of each that establishes another axis, handedness or unit than most others.

    Raises:
        As `pgfa.read.read_all`.
    """
    ending = PurePosixPath(ref.name).suffix.lower()
    try:
        clips = read_clips(ref)
    except Undecided as error:
        open_question = error
    else:
        return [_asked_about(ref, clip, ending, read_clips) for clip in clips]
    for kind, votes in _votes(ref.folder, ending, ref.stated, read_clips).items():
        (up, count, every), (axes, _, _) = votes.winner("up"), votes.winner("axes")
        if up not in UPS or axes not in _MIRRORED or count < MOST * every:
            continue
        with suppress(BadFile, LayoutMismatch, LimitExceeded):
            clips = read_clips(ref.with_stated(Stated(up=up, mirrored=_MIRRORED[axes])))
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


def _asked_about(ref: FileRef, clip: Clip | BadFile, ending: str, read_clips: Reader) -> Clip | BadFile:
    """A clip, or the question about what it establishes against a clear majority of the other files."""
    if not isinstance(clip, Clip) or not (values := established_by(clip.reading, QUANTITIES)):
        return clip
    votes = _votes(ref.folder, ending, ref.stated, read_clips).get(kind_of(clip))
    if votes is None:
        return clip
    for quantity, value in values.items():
        usual, count, _ = votes.winner(quantity)
        if usual and usual != value:
            actual = f"{value}, as the body has it, and {usual} in {count} other files of the folder"
            statement = QUANTITIES[quantity]
            options = () if statement == "mirrored" else (usual, value)
            return Undecided(str(ref), quantity=statement, found=actual, options=options)
        turned = votes.turned(value) if quantity == "up" and not usual else ""
        if turned:
            actual = f"a body with {value} up, and bodies with {turned} up in other files of the folder"
            return Undecided(str(ref), quantity="up", found=actual, options=(value, turned))
        asked = sum(n for axis, n in votes.asked.items() if axis != value)
        if quantity == "up" and asked > max(LEAST_PEERS, votes.established["up"][value]):
            other = max(votes.asked, key=lambda axis: (axis != value, votes.asked[axis]))
            actual = f"a trunk along {value}, and along {other} in most of the other files of the folder"
            return Undecided(str(ref), quantity="up", found=actual, options=(value, other))
    return clip


def _as_in_folder(clip: Clip, quantities: set[str], note: str) -> Clip:
    return replace(clip, problems=(*clip.problems, note), reading=from_folder(clip.reading, quantities))


def kind_of(clip: Clip) -> tuple[str, ...]:
    """What files of one kind have in common, of how they were read."""
    values = values_of(clip.reading)
    return tuple(values.get(name, "") for name in ("layout", "columns", "origin"))


@lru_cache(maxsize=256)
def _votes(folder: FileRef, ending: str, stated: Stated, read_clips: Reader) -> dict[tuple[str, ...], _Votes]:
    """Kind -> what the files of the folder of that ending and kind establish."""
    names = [name for name in _names(folder) if PurePosixPath(name).suffix.lower() == ending]
    step = max(1, -(-len(names) // MOST_PEERS))
    every: dict[tuple[str, ...], _Votes] = {}
    asked: Counter[str] = Counter()
    for name in names[::step]:
        try:
            clips = read_clips(folder_member(folder, name).with_stated(stated))
        except Undecided as error:
            asked.update(error.options[:1] if error.reason.startswith("a trunk along") else ())
            continue
        except (BadFile, LayoutMismatch, LimitExceeded, BadConfig):
            continue
        for clip in clips:
            if isinstance(clip, Clip):
                values = values_of(clip.reading)
                votes = every.setdefault(kind_of(clip), _Votes(asked=asked))
                for quantity, counts in votes.established.items():
                    counts.update([values[quantity]] if quantity in values else [])
    return every


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
