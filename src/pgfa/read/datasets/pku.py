"""PKU-MMD, parts I and II: untrimmed Kinect v2 streams and their labels, cut into one clip a label
(method.md section 5).

A stream ``0002-L.txt`` has a line a frame: 150 numbers, two bodies x 25 joints x xyz in metres, all zero for
an absent body. Its labels are in a file of the same name in a folder whose name contains "label": lines
``class,start,end,confidence``, frames from 1, both ends included. Beside them lie the official split files,
``cross-subject.txt`` or ``cross_subject.txt``, of part II ``cross_subject_v2.txt``, and the same for views.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.datasets.class_names import class_names
from pgfa.read.format import Account, FileRef, Format, first_of
from pgfa.read.parsing.fast_floats import number, rows_of
from pgfa.skeleton import NTU25, Clip, Source
from pgfa.skeleton.bodies import presence

DATASET = "pku-mmd"
RATE = 30.0
LONGEST = 300
"""A clip of more frames keeps its central 300."""
DROPPED = frozenset({"F043V001C001L021", "F089V001C023L001", "F089V002C023L001", "F089V003C023L001"})
"""Cut clips that the authors' code leaves out."""
VIEWS = {"L": 1, "M": 2, "R": 3}
SPLITS = ("cross-subject", "cross-view")

_NUMBERS = 2 * 25 * 3
_SPLIT = re.compile(r"cross[-_](?P<across>subject|view)(_v2)?\.txt")
_STREAM = re.compile(r"(?P<recording>\d{4}|A\d{2}N\d{2})-(?P<view>[LMR])\.txt")


class Label(NamedTuple):
    """One line of a label file: class from 1, first and last frame (0-based, last excluded), line number
    from 1."""

    action: int
    first: int
    last: int
    line: int


def clip_name(stream: str, label: Label) -> str:
    """``"0043-L"`` and its 21st label, of class 1 -> ``"F043V001C001L021"``; part II:
    ``"A01N02V001C001L021"``."""
    recording, view = stream.split("-")
    number = f"F{int(recording):03d}" if recording.isdigit() else recording
    return f"{number}V{VIEWS[view]:03d}C{label.action:03d}L{label.line:03d}"


def read_pku(ref: FileRef) -> list[Clip | BadFile]:
    """Cut a stream into its clips.

    Args:
        ref: the stream; its labels are looked for in the same folder or zip.

    Returns:
        For each label in the order of the file, without the four dropped clips: the clip (ntu25, 30 Hz,
        metres, at most
        300 frames, two body slots where a second body is seen), or what is wrong with it. `Source.setup` is
        the stream's
        name, as in the split files.

    Raises:
        BadFile: the stream is not named as one, has no labels, or a line of it has not 150 numbers.
        LimitExceeded: a file is larger than 512 MB.
    """
    named = _STREAM.fullmatch(ref.name)
    if not named:
        raise BadFile(str(ref), expected="a stream named as 0002-L.txt", found=ref.name)
    labels = read_labels(label_of(ref))
    raw = ref.read()
    lines = raw.split(b"\n")
    while lines and not lines[-1].strip():
        lines.pop()
    source = Source(
        id="",
        dataset=DATASET,
        camera=named["view"],
        setup=ref.stem,
        digest=hashlib.sha256(raw).hexdigest()[:16],
    )
    cut: list[Clip | BadFile] = []
    for label in labels:
        name = clip_name(ref.stem, label)
        if name in DROPPED:
            continue
        own = replace(source, id=name, action=class_names("pku")[label.action - 1])
        try:
            cut.append(_cut(ref, lines, label, own))
        except BadFile as error:
            cut.append(error)
    return cut


def _cut(ref: FileRef, lines: list[bytes], label: Label, source: Source) -> Clip:
    problems = []
    last = min(label.last, len(lines))
    if last - label.first < 1:
        found = f"label {label.line}: frames {label.first + 1} to {label.last}"
        raise BadFile(str(ref), expected=f"frames 1 to {len(lines)}", found=found)
    if last < label.last:
        problems.append(f"label ends {label.last - last} frames after the stream")
    first, last = central(label.first, last)
    if last - first < label.last - label.first and not problems:
        problems.append(f"long: {label.last - label.first} frames, central {last - first} kept")
    numbers = rows_of(lines[first:last], _NUMBERS)
    if numbers is None:
        with np.errstate(over="ignore"):
            numbers = np.array(
                [_frame(ref, lines[at], at + 1) for at in range(first, last)], dtype=np.float32
            )
    positions = numbers.reshape(-1, 2, 25, 3)
    broken = ~np.isfinite(positions).all(axis=3)
    if broken.any():
        problems.append(f"{int(broken.sum())} joints without a place (NaN)")
    positions[broken] = np.nan
    positions[(positions == 0).all(axis=(2, 3))] = np.nan
    seen = presence(positions)
    if not seen.any():
        raise BadFile(str(ref), expected="a body in the clip", found=f"label {label.line}: none")
    if not seen[:, 1].any():
        positions, seen = np.ascontiguousarray(positions[:, :1]), seen[:, :1]
    if empty := int((~seen.any(axis=1)).sum()):
        problems.append(f"{empty} empty frames")
    return Clip(positions, RATE, NTU25, source, tuple(problems))


def _frame(ref: FileRef, line: bytes, at: int) -> list[float]:
    words = line.split()
    if len(words) != _NUMBERS:
        raise BadFile(str(ref), expected="150 numbers", found=str(len(words)), where=f"line {at}")
    try:
        return [number(word) for word in words]
    except ValueError:
        text = line[:60].decode("ascii", errors="backslashreplace")
        raise BadFile(str(ref), expected="150 numbers", found=repr(text), where=f"line {at}") from None


def central(first: int, last: int, longest: int = LONGEST) -> tuple[int, int]:
    """The central `longest` frames of frames `first` to `last` (excluded), or all where there are no more."""
    over = max(0, last - first - longest)
    return first + over // 2, last - (over - over // 2)


def read_labels(ref: FileRef) -> list[Label]:
    """Read a label file.

    Raises:
        BadFile: a line is not ``class,start,end,confidence`` with a class of 1..51 and 1 <= start; with the
            line.
    """
    labels = []
    for at, line in enumerate(ref.read(limit=1024 * 1024).decode("utf-8", errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        words = [word.strip() for word in line.split(",")]
        whole = [int(word) if re.fullmatch("[0-9]{1,9}", word) else -1 for word in words[:3]]
        if len(words) not in (3, 4) or min(whole) < 1 or whole[0] > len(class_names("pku")):
            expected = "class,start,end,confidence with a class of 1 to 51"
            raise BadFile(str(ref), expected=expected, found=repr(line[:60]), where=f"line {at}")
        labels.append(Label(whole[0], whole[1] - 1, whole[2], at))
    return labels


def label_of(ref: FileRef) -> FileRef:
    """The label file of a stream: the same name in a folder "...label..." beside the stream's, or in the
    same zip.

    Raises:
        BadFile: where there is none.
    """
    if ref.member is not None:
        names = [name for name in _zip_names(ref.path) if PurePosixPath(name).name == ref.name]
        found = [FileRef(ref.path, name) for name in names if _in_labels(PurePosixPath(name))]
    else:
        # No further out: another data set's labels may lie there.
        nearest = (ref.path.parent, ref.path.parent.parent)
        folders = [folder for above in nearest for folder in _label_folders(above)]
        found = [FileRef(folder / ref.name) for folder in folders if (folder / ref.name).is_file()]
    if not found:
        expected = f"its labels, {ref.name} in a folder named '...label...'"
        raise BadFile(str(ref), expected=expected, found="none")
    return found[0]


@lru_cache(maxsize=256)
def _label_folders(above: Path) -> tuple[Path, ...]:
    """Folders named "...label..." in a folder, and those in them (7z archives unpack with a folder of their
    own)."""
    beside = [place for place in sorted(above.iterdir()) if place.is_dir() and "label" in place.name.lower()]
    inside = [place for folder in beside for place in sorted(folder.iterdir()) if place.is_dir()]
    return tuple(beside + inside)


def _in_labels(path: PurePath) -> bool:
    """Whether a file lies among labels: the nearest folder that names labels or skeletons says which it
    is."""
    for folder in path.parts[-2::-1]:
        if "label" in folder.lower():
            return True
        if "skel" in folder.lower():
            return False
    return False


@lru_cache(maxsize=8)
def _zip_names(archive: Path) -> tuple[str, ...]:
    try:
        with zipfile.ZipFile(archive) as opened:
            return tuple(opened.namelist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise BadFile(archive, expected="a readable zip", found=str(error)) from None


def _all_files(place: Path) -> list[FileRef]:
    if place.is_dir():
        return [FileRef(Path(folder, name)) for folder, _, names in os.walk(place) for name in names]
    if zipfile.is_zipfile(place):
        return [FileRef(place, name) for name in _zip_names(place)]
    return [FileRef(place)] if place.is_file() else []


def find_pku(place: Path) -> list[FileRef]:
    """All streams of a folder or zip, sorted. Raises BadFile where there is none."""
    named = [ref for ref in _all_files(place) if _STREAM.fullmatch(ref.name)]
    streams = [ref for ref in named if not _in_labels(PurePosixPath(ref.member) if ref.member else ref.path)]
    if not streams:
        raise BadFile(place, expected="PKU-MMD streams (0002-L.txt) and their labels", found="none")
    return sorted(streams)


def read_splits(place: Path) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The official split files of a data folder or zip.

    Returns:
        ``"cross-subject"``, ``"cross-view"`` (those there are) -> names of training and of test streams; where
        both parts lie there, of both.

    Raises:
        BadFile: a split file has not its names on lines 2 and 4.
    """
    lists: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for ref in sorted(_all_files(place), key=lambda ref: (ref.name, ref)):
        if named := _SPLIT.fullmatch(ref.name):
            split = f"cross-{named['across']}"
            earlier, found = lists.get(split, ((), ())), read_split(ref)
            train, test = (tuple(dict.fromkeys(a + b)) for a, b in zip(earlier, found, strict=True))
            lists[split] = train, test
    return {split: lists[split] for split in SPLITS if split in lists}


def read_split(ref: FileRef) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """One split file: line 2 has the training streams, line 4 the test streams, comma separated.

    Raises:
        BadFile: otherwise; or a stream stands on both.
    """
    lines = ref.read(limit=1024 * 1024).decode("utf-8", errors="replace").splitlines()
    lists = []
    for at in (2, 4):
        names = [name.strip() for name in lines[at - 1].split(",")] if len(lines) >= at else []
        names = [name.removesuffix(".txt") for name in names if name]
        wrong = [name for name in names if not _STREAM.fullmatch(f"{name}.txt")]
        if not names or wrong:
            found, where = repr(wrong[0][:60]) if wrong else "none", f"line {at}"
            raise BadFile(str(ref), expected="stream names, comma separated", found=found, where=where)
        lists.append(tuple(names))
    if both := sorted(set(lists[0]) & set(lists[1])):
        raise BadFile(str(ref), expected="streams that train or test", found=f"{both[0]} in both lists")
    return lists[0], lists[1]


def account_pku(place: Path) -> Account:
    """Which streams of the official split files a folder or zip holds, and which split files it lacks; `dropped`
    are clips. Raises as `find_pku`."""
    streams = {ref.stem for ref in find_pku(place)}
    splits = read_splits(place)
    official = {name for split in splits.values() for names in split for name in names}
    unsplit = {f"{name}.txt" for name in SPLITS if name not in splits}
    return Account(
        wanted=tuple(sorted(streams)),
        dropped=tuple(sorted(name for name in DROPPED if _stream_of(name) in streams)),
        missing=tuple(sorted((official - streams) | unsplit)),
        foreign=(),
    )


def _stream_of(clip: str) -> str:
    return f"{int(clip[1:4]):04d}-{'LMR'[int(clip[5:8]) - 1]}"


def sniff_pku(name: str, head: bytes) -> bool:
    """Whether a file is a stream: by its name and the 150 numbers of its first line."""
    return bool(_STREAM.fullmatch(name)) and len(head.split(b"\n", 1)[0].split()) == _NUMBERS


def _first(ref: FileRef) -> Clip:
    clips = [clip for clip in read_pku(ref) if isinstance(clip, Clip)]
    if not clips:
        raise BadFile(str(ref), expected="a label with a clip", found="none")
    return first_of(clips[0], len(clips))


FORMAT = Format(
    name=DATASET,
    title="PKU-MMD part I or II: folder or zip of streams, labels and split files",
    sniff=sniff_pku,
    find=find_pku,
    read=_first,
    read_all=read_pku,
    account=account_pku,
    divisions=read_splits,
)
