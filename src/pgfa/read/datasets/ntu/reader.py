"""NTU RGB+D and NTU RGB+D 120: `.skeleton` files of the Kinect v2, in a folder or in the official zips as
they are.

Form of the files: ntu_text.py. Which body gets which slot: ntu_bodies.py. Names: ntu_names.py,
ntu_official.py.
"""

from __future__ import annotations

import hashlib
import zipfile
from functools import partial
from pathlib import Path, PurePosixPath

from pgfa.errors import BadFile
from pgfa.read.datasets.class_names import class_names
from pgfa.read.datasets.ntu.names import NtuSet, parse_ntu_name
from pgfa.read.datasets.ntu.official import account
from pgfa.read.datasets.ntu.text import parse_text
from pgfa.read.datasets.ntu.tracks import follow
from pgfa.read.format import Account, FileRef, Format
from pgfa.skeleton import NTU25, Clip, Source
from pgfa.skeleton.bodies import presence

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
        bodies: how many bodies to keep at most: those that look and move like people. None keeps every one;
            the `paper` preparation, which takes whom the file names first, differs then on the few clips in
            which the sensor saw three and more.

    Returns:
        Clip in ntu25 at 30 Hz, metres; problems name empty frames, bodies left out, ghosts, joints without a
        place.

    Raises:
        BadFile: with the line, where the file is not of this form or holds no body at all.
        LimitExceeded: above 256 MB.
    """
    raw = ref.read(limit=MAX_BYTES)
    found = parse_text(raw, str(ref))
    if found.frames == 0:
        raise BadFile(str(ref), expected="at least one frame", found="0", where="line 1")
    slots = follow(found, bodies)
    seen = presence(slots.positions).any(axis=1)
    if not seen.any():
        empty = f"{found.frames} frames without any"
        raise BadFile(str(ref), expected="a body in at least one frame", found=empty)
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


def find_ntu(place: Path, dataset: NtuSet | None = None) -> list[FileRef]:
    """All `.skeleton` files of a folder (at any depth), of the zips in it, or of one zip; sorted by name.

    A name found twice (unpacked and in a zip) is taken once, the unpacked one.

    Args:
        place: the folder, zip or file.
        dataset: where given, only its clips are taken, without those its authors set aside.

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
    if dataset is None:
        return list(once.values())
    wanted = set(account(once, dataset).wanted)
    if not wanted:
        raise BadFile(place, expected=f"clips of {dataset}", found=f"{len(once)} .skeleton files, none of it")
    return [ref for ref in once.values() if ref.stem in wanted]


def _members(archive: Path) -> list[FileRef]:
    try:
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise BadFile(archive, expected="a readable zip", found=str(error)) from None
    return [FileRef(archive, name) for name in names if PurePosixPath(name).suffix == ".skeleton"]


def sniff_ntu(name: str, head: bytes) -> bool:
    """Whether a file is a `.skeleton` file: by its name, or a frame count, a body count and a body's line."""
    lines = [line.split() for line in head.split(b"\n", 3)[:3]]
    counts = [len(line) == 1 and line[0].isdigit() for line in lines[:2]]
    return name.endswith(".skeleton") or (len(lines) == 3 and all(counts) and len(lines[2]) == 10)


def account_ntu(place: Path, dataset: NtuSet) -> Account:
    """Which clips of the data set a folder or zip holds, and which not. Raises BadFile as `find_ntu`."""
    return account((ref.name for ref in find_ntu(place)), dataset)


FORMAT = Format(
    name="ntu",
    title="any .skeleton files of the form of NTU RGB+D, every one as it is found",
    sniff=sniff_ntu,
    find=find_ntu,
    read=read_ntu,
)
NTU60 = Format(
    name="ntu60",
    title="NTU RGB+D: .skeleton files in a folder or the official zip, the 302 set aside left out",
    sniff=sniff_ntu,
    find=partial(find_ntu, dataset="ntu60"),
    read=partial(read_ntu, dataset="ntu60"),
    account=partial(account_ntu, dataset="ntu60"),
)
NTU120 = Format(
    name="ntu120",
    title="NTU RGB+D 120: .skeleton files in a folder or the official zips, the 535 set aside left out",
    sniff=sniff_ntu,
    find=partial(find_ntu, dataset="ntu120"),
    read=partial(read_ntu, dataset="ntu120"),
    account=partial(account_ntu, dataset="ntu120"),
)
