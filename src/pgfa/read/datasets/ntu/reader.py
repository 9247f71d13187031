"""NTU RGB+D and NTU RGB+D 120: `.skeleton` files of the Kinect v2, in a folder or in the official zips.

Grammar of the files: text.py. Which body gets which slot: tracks.py. Names: names.py. Official lists: official.py.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.assemble import assemble, counted
from pgfa.read.datasets.class_names import class_names
from pgfa.read.datasets.ntu.names import NtuSet, parse_ntu_name
from pgfa.read.datasets.ntu.official import RULES, account, included_names, one_shot_exemplars
from pgfa.read.datasets.ntu.text import parse_text
from pgfa.read.datasets.ntu.tracks import assign_slots
from pgfa.read.format import Account, Format
from pgfa.read.limits import allowance
from pgfa.read.sample import coordinates, rows
from pgfa.read.source import FileRef, list_files
from pgfa.skeleton import NTU25, Clip, Source

RATE = 30.0
SHORT = 10
"""Clips of fewer frames than this (a third of a second) have a note in their problems."""
MAX_PLACES = 200_000
"""Frames times bodies in the frame with most, in a small file."""
MAX_BYTES = 256 * 1024 * 1024
"""The largest real file has under 4 MB; a hundred thousand frames of one body come to 220 MB."""


def read_ntu(ref: FileRef, dataset: NtuSet = "ntu120", bodies: int | None = 2) -> Clip:
    """Read one `.skeleton` file.

    Args:
        ref: the file.
        dataset: for `Source.dataset`; not used if the file is not named as an NTU clip.
        bodies: maximum number of body slots: those that look and move most like people are kept; None: all.
            `Clip.listed` has all bodies of the file in any case.

    Returns:
        Clip in ntu25 at 30 Hz, metres; problems name empty frames, dropped bodies, ghosts and joints without a
        position.

    Raises:
        BadFile: with the line; the file does not follow the grammar, or shows no person.
        LimitExceeded: above 256 MB or 100,000 frames, or too many bodies for so many frames.
    """
    raw = ref.read(limit=MAX_BYTES)
    parsed = parse_text(raw, str(ref))
    # A single frame of many bodies gives each of them a place in all frames.
    listed = parsed.frames * int(np.bincount(parsed.frame).max(initial=1))
    if listed > (most := allowance(len(raw), MAX_PLACES)):
        raise LimitExceeded(
            f"{ref}: {listed:,} places for bodies in all frames, more than the limit of {most:,}"
        )
    with np.errstate(over="ignore", invalid="ignore"):  # of coordinates that `assemble` refuses
        slots = assign_slots(parsed, bodies)
    problems = [*parsed.problems, *slots.problems]
    if 1 < parsed.frames < SHORT:
        problems.append(f"short: {counted(parsed.frames, 'frame')}")
    return assemble(
        ref,
        raw,
        slots.positions,
        rate=RATE,
        layout=NTU25,
        source=_source(ref.stem, dataset),
        problems=tuple(problems),
        absent="nan",
        listed=slots.listed,
    )


def _source(stem: str, dataset: NtuSet) -> Source:
    name = parse_ntu_name(stem)
    if name is None:
        return Source(id=stem)
    return Source(
        id=stem,
        dataset=dataset,
        action=class_names("ntu")[name.action - 1],
        subject=str(name.subject),
        camera=str(name.camera),
        setup=str(name.setup),
    )


def find_ntu(root: Path, dataset: NtuSet | None = None) -> list[FileRef]:
    """All `.skeleton` files of a folder (to any depth), of the zips in it, or of one zip; sorted by name.

    If a name occurs twice (unpacked and in a zip), the unpacked file is taken.

    Args:
        root: the folder, zip or file.
        dataset: take only the clips of this data set, without the excluded ones; None takes all.

    Raises:
        BadFile: no such file, or a damaged zip.
    """
    expected = ".skeleton files, or a zip of them"
    refs = list_files(root, lambda name: name.endswith(".skeleton"), zips="always", expected=expected)
    if not refs:
        raise BadFile(root, expected=expected, found="none")
    by_name: dict[str, FileRef] = {}
    for ref in sorted(refs, key=lambda ref: (ref.name, ref.member is not None, ref)):
        by_name.setdefault(ref.name, ref)
    if dataset is None:
        return list(by_name.values())
    included = included_names(by_name, dataset)
    if not included:
        raise BadFile(root, expected=f"clips of {dataset}", found=f"{len(by_name)} other .skeleton files")
    return [ref for ref in by_name.values() if ref.stem in included]


def sniff_ntu(name: str, head: bytes) -> bool:
    """A `.skeleton` file: by its name, or by a frame count, a body count and a line of 10 numbers."""
    lines = [line.split() for line in head.split(b"\n", 3)[:3]]
    counts = [len(line) == 1 and line[0].isdigit() for line in lines[:2]]
    return name.endswith(".skeleton") or (len(lines) == 3 and all(counts) and len(lines[2]) == 10)


def account_ntu(root: Path, dataset: NtuSet) -> Account:
    """Which clips of the data set a folder or zip holds, and which are missing. Raises BadFile as `find_ntu`."""
    return account((ref.name for ref in find_ntu(root)), dataset)


def sample() -> dict[str, bytes]:
    """Four frames of one body."""
    joints = [f"{row} 0 0 0 0 0 0 0 0 2\n" for row in rows(coordinates(25, 3))]
    body = f"72057594037931101 0 1 1 1 1 0 0.02 -0.01 2\n25\n{''.join(joints)}"
    return {"S001C001P001R001A001.skeleton": ("4\n" + f"1\n{body}" * 4).encode()}


FORMAT = Format(
    name="ntu",
    title=".skeleton files as in NTU RGB+D, with any name",
    sniff=sniff_ntu,
    find=find_ntu,
    read=read_ntu,
    sample=sample,
)


def dataset_format(dataset: NtuSet, title: str, classes: int, excluded: int) -> Format:
    """The format of one of the two data sets: files of its classes, without the excluded ones."""
    return Format(
        name=dataset,
        title=f"{title}: .skeleton, Kinect v2, {classes} classes, without the {excluded} excluded clips",
        sniff=sniff_ntu,
        find=partial(find_ntu, dataset=dataset),
        read=partial(read_ntu, dataset=dataset),
        kind="dataset",
        account=partial(account_ntu, dataset=dataset),
        rules=RULES[dataset],
        exemplars=partial(one_shot_exemplars, dataset),
        sample=sample,
    )
