"""Names of fields and columns that number or time the frames of a recording, and the numbers in images' names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pgfa.read.parsing.frame_times import UNITS

NUMBERS = (
    "frame", "frameid", "framenumber", "frameno", "framenr", "framenum", "frameindex", "frameidx", "frames", "fnum",
    "nframe", "framecount", "framecounter", "videoframe",
)  # fmt: skip
"""Names of frame numbers, as `bare`."""
IMAGES = (
    "imageid", "imageindex", "image", "imagename", "imagefile", "imagepath", "imgid", "img", "imgname", "imgpath",
    "framename", "framefile", "filename", "filepath", "file",
)  # fmt: skip
"""Names of what may be a frame number, or the name of an image that has it."""
INDICES = ("index", "unnamed0", "")
"""Names of what may count the frames, or only the entries: pandas writes its index so."""
TIMES = (
    "time", "timestamp", "t", "seconds", "milliseconds", "relativetime", "ticks", "devicetimestamp", "timestamps",
    "times", "ts", "elapsed", "elapsedtime", "timeelapsed", "videotime", "ptstime", "capturetime", "unixtime",
    "unixtimestamp", "epoch", "epochtime", "datetime", "clock", "clocktime", "stamp", "date",
)  # fmt: skip
"""Names of a time per frame, as `bare`."""
LONGEST = 200
"""Letters of a name that is looked at: finding the brackets at its end may take the square of that many steps."""
_ZONES = ("utc", "gmt", "local")
_BRACKETS = re.compile(r"\s*[\[(]([^\])]*)[\])]\s*$")
_DIGITS = re.compile(r"\d{1,15}")
_ENDING = re.compile(r"\.[A-Za-z]\w{0,4}$")
_VIDEOS = re.compile(r"\.(mp4|m4v|mov|avi|mkv|webm|mpe?g|wmv)$", re.IGNORECASE)

Floats = NDArray[np.float64]


@lru_cache(maxsize=4096)
def bare(name: str) -> str:
    """A name in lower case without separators, brackets, and the unit or time zone at its end: ``Time_Stamp (UTC)`` and
    ``timestamp_ms`` are ``timestamp``."""
    if len(name) > LONGEST:
        return name
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", _BRACKETS.sub("", name.strip()))
    words = re.findall(r"[a-z0-9]+", spaced.lower())
    if len(words) > 1 and (words[-1] in UNITS or words[-1] in _ZONES):
        words.pop()
    return "".join(words)


def rank_of(name: str, names: Sequence[str]) -> int | None:
    """The index of a name in a list of `bare` names; None if it is not among them."""
    plain = bare(name)
    return names.index(plain) if plain in names else None


def first_of(titles: Sequence[str], names: Sequence[str]) -> int | None:
    """The index of the title whose name comes first in a list of `bare` names; None if no title is among them."""
    ranks = [
        (rank, index) for index, title in enumerate(titles) if (rank := rank_of(title, names)) is not None
    ]
    return min(ranks)[1] if ranks else None


def numbers_of_names(names: Sequence[str]) -> list[float] | None:
    """The frame number in each of the names of images of one recording: the only number in it that varies.

    Args:
        names: of one entry each (``frame_0001_1280x720.jpg``); several for an image with several people.

    Returns:
        Numbers; None where the names are not those of one recording's images: they differ in more than one number, or
        in none.
    """
    groups = groups_of_names(names)
    return groups[0][1] if groups is not None and len(groups) == 1 else None


def groups_of_names(names: Sequence[str]) -> list[tuple[list[int], list[float]]] | None:
    """The recordings that names of images belong to: names that differ in one number only.

    Returns:
        Per recording, in the order of the names, the places of its names and their numbers; None where a name has no
        number, is that of a video, or the only one of several.
    """
    stems = [_ENDING.sub("", name) for name in names]
    if any(_VIDEOS.search(name) for name in names) or not all(_DIGITS.search(stem) for stem in stems):
        return None
    parts = [_DIGITS.split(stem) for stem in stems]
    runs = [_DIGITS.findall(stem) for stem in stems]
    shapes: dict[tuple[str, ...], list[int]] = {}
    for index, part in enumerate(parts):
        shapes.setdefault(tuple(part), []).append(index)
    groups: list[tuple[list[int], list[float]]] = []
    for indices in shapes.values():
        columns = list(zip(*(runs[index] for index in indices), strict=True))
        varying = [column for column, values in enumerate(columns) if len(set(values)) > 1]
        if not varying and len(names) > 1:
            return None
        counted = varying[-1] if varying else len(columns) - 1
        takes: dict[tuple[str, ...], list[int]] = {}
        for index in indices:
            run = runs[index]
            takes.setdefault((*run[:counted], *run[counted + 1 :]), []).append(index)
        groups += [(take, [float(runs[index][counted]) for index in take]) for take in takes.values()]
    return groups


def rises(values: Floats) -> bool:
    """Whether values rise from entry to entry, other than by 1: as frame numbers with gaps, or times, do."""
    steps = np.diff(values)
    return bool(len(steps) > 1 and (steps > 0).all() and (steps != 1).any())
