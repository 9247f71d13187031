"""NTU RGB+D and NTU RGB+D 120: `.skeleton` files of the Kinect v2 in a folder, or in the official zips as they are.

Form of the files: `pgfa.read.ntu_text`. Which body gets which slot: `pgfa.read.ntu_bodies`. Names: `pgfa.read.ntu_names`.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pgfa.errors import BadFile
from pgfa.read.base import FileRef, Format
from pgfa.read.class_names import class_names
from pgfa.read.ntu_bodies import follow
from pgfa.read.ntu_names import NtuSet, dropped_names, in_dataset, parse_ntu_name
from pgfa.read.ntu_text import parse_text
from pgfa.skeleton import NTU25, Clip, Source

RATE = 30.0
SHORT = 10
"""Clips of fewer frames than this (a third of a second) are named in their problems."""
MAX_BYTES = 256 * 1024 * 1024
"""The largest real file has under 4 MB; a hundred thousand frames of one body come to 220 MB."""


def read_ntu(ref: FileRef, dataset: NtuSet = "ntu120", bodies: int | None = 2) -> Clip:
    """Read one `.skeleton` file.

    Args:
        ref: the file.
        dataset: whose clip this is, for `Source.dataset`; a file not named as an NTU clip belongs to none.
        bodies: how many bodies to keep at most: those that look and move like people. None keeps every one, which only
            the `paper` preparation of the few clips with three and more bodies can tell from two.

    Returns:
        Clip in ntu25 at 30 Hz, metres; problems name empty frames, bodies left out, ghosts, joints without a place.

    Raises:
        BadFile: with the line, where the file is not of this form or holds no body at all.
        LimitExceeded: above 256 MB.
    """
    raw = ref.read(limit=MAX_BYTES)
    found = parse_text(raw, str(ref))
    if found.frames == 0:
        raise BadFile(str(ref), expected="at least one frame", found="0", where="line 1")
    slots = follow(found, bodies)
    seen = ~(slots.positions != slots.positions).all(axis=(1, 2, 3))
    if not seen.any():
        raise BadFile(
            str(ref), expected="a body in at least one frame", found=f"{found.frames} frames without any"
        )
    problems = [*found.problems, *slots.problems]
    if not seen.all():
        problems.append(f"{int((~seen).sum())} empty frames")
    if found.frames < SHORT:
        problems.append(f"short: {found.frames} frames")
    return Clip(
        positions=slots.positions,
        rate=RATE,
        layout=NTU25,
        source=_source(ref.stem, dataset, hashlib.sha256(raw).hexdigest()[:16]),
        problems=tuple(problems),
    )


def _source(stem: str, dataset: NtuSet, digest: str) -> Source:
    name = parse_ntu_name(stem)
    if name is None:
        return Source(id=stem, digest=digest)
    return Source(
        id=stem,
        dataset=dataset,
        action=class_names("ntu")[name.action - 1],
        subject=str(name.subject),
        camera=str(name.camera),
        setup=str(name.setup),
        digest=digest,
    )


def find_ntu(place: Path) -> list[FileRef]:
    """All `.skeleton` files of a folder (at any depth), of the zips in it, or of one zip; sorted by name.

    A name found twice (unpacked and in a zip) is taken once, the unpacked one.

    Raises:
        BadFile: where there is none, or a zip cannot be read.
    """
    if not place.exists():
        raise BadFile(place, expected="a folder, a zip or a .skeleton file", found="nothing of that name")
    if place.is_dir():
        refs = [FileRef(path) for path in place.rglob("*.skeleton")]
        archives = sorted(place.glob("*.zip"))
    else:
        refs = [FileRef(place)] if place.suffix == ".skeleton" else []
        archives = [place] if place.suffix.lower() == ".zip" else []
    for archive in archives:
        refs += _members(archive)
    if not refs:
        raise BadFile(place, expected=".skeleton files, or a zip of them", found="none")
    once: dict[str, FileRef] = {}
    for ref in sorted(refs, key=lambda ref: (ref.name, ref.member is not None, ref)):
        once.setdefault(ref.name, ref)
    return list(once.values())


def _members(archive: Path) -> list[FileRef]:
    try:
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise BadFile(archive, expected="a readable zip", found=str(error)) from None
    return [FileRef(archive, name) for name in names if PurePosixPath(name).suffix == ".skeleton"]


def sniff_ntu(name: str, head: bytes) -> bool:
    """Whether a file looks like a `.skeleton` file: three whole numbers, the last but one a body count, then a body."""
    lines = [line.split() for line in head.split(b"\n", 3)[:3]]
    counts = [line[0].isdigit() if len(line) == 1 else False for line in lines[:2]]
    return name.endswith(".skeleton") or (len(lines) == 3 and all(counts) and len(lines[2]) >= 10)


@dataclass(frozen=True)
class Account:
    """What became of every clip name of a data set.

    Attributes:
        wanted: found, of the data set, and not set aside: these are to be imported.
        dropped: found, but set aside by the data set's authors (302 of NTU-60, 535 of NTU-120).
        missing: of the official list, not set aside, and not found.
        foreign: found, but not of this data set.
    """

    dataset: NtuSet
    wanted: tuple[str, ...]
    dropped: tuple[str, ...]
    missing: tuple[str, ...]
    foreign: tuple[str, ...]


def account(found: Iterable[str], dataset: NtuSet, official: Iterable[str]) -> Account:
    """Hold the names found against the official list, so that no clip goes astray unsaid.

    Args:
        found: names of the files there are, with or without ending.
        dataset: ``"ntu60"`` or ``"ntu120"``.
        official: every clip name the data set has (`pgfa.read.ntu_names`).
    """
    stems = {PurePosixPath(name).stem for name in found}
    ours = {stem for stem in stems if in_dataset(stem, dataset)}
    aside = dropped_names(dataset)
    return Account(
        dataset=dataset,
        wanted=tuple(sorted(ours - aside)),
        dropped=tuple(sorted(ours & aside)),
        missing=tuple(sorted({name for name in official if in_dataset(name, dataset)} - ours - aside)),
        foreign=tuple(sorted(stems - ours)),
    )


FORMAT = Format(
    name="ntu",
    title="NTU RGB+D (60 or 120) .skeleton files, a folder or the official zips",
    sniff=sniff_ntu,
    find=find_ntu,
    read=read_ntu,
)
