"""PKU-MMD, parts I and II: untrimmed Kinect v2 streams and their labels, cut into one clip per label
(method.md section 5).

A stream ``0002-L.txt`` has one line per frame: 150 numbers, two bodies x 25 joints x xyz in metres, all zero for an
absent body. Its labels are in a file of the same name in a folder whose name contains "label": lines
``class,start,end,confidence``, frames from 1, both ends included. Next to them are the official split files,
``cross-subject.txt`` or ``cross_subject.txt``, of part II ``cross_subject_v2.txt``, and the same for views.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple

import numpy as np

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.assemble import assemble, check_frames, counted, digest_of
from pgfa.read.datasets.class_names import class_names
from pgfa.read.format import Account, Format, first_clip
from pgfa.read.parsing.fast_floats import number, rows_of
from pgfa.read.sample import coordinates, rows
from pgfa.read.source import FileRef, list_files, member_names
from pgfa.skeleton import NTU25, Clip, Source
from pgfa.skeleton.bodies import presence

DATASET = "pku-mmd"
RATE = 30.0
LONGEST = 300
REPEATED = 4
"""Times that the labels of a stream may cover it; in the data set they hardly overlap."""
"""Of a longer clip, the central 300 frames are kept."""
DROPPED = frozenset({"F043V001C001L021", "F089V001C023L001", "F089V002C023L001", "F089V003C023L001"})
"""Clips that the authors' code excludes."""
VIEWS = {"L": 1, "M": 2, "R": 3}
SPLITS = ("cross-subject", "cross-view")

_NUMBERS = 2 * 25 * 3
_SPLIT = re.compile(r"cross[-_](?P<across>subject|view)(_v2)?\.txt")
_STREAM = re.compile(r"(?P<recording>\d{4}|A\d{2}N\d{2})-(?P<view>[LMR])\.txt")


class Label(NamedTuple):
    """One line of a label file: class from 1, first and last frame (0-based, last excluded), line from 1."""

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
        For each label in the order of the file, without the four excluded clips: the clip (ntu25, 30 Hz, metres, at
        most 300 frames, two body slots if a second body is present; a body keeps its slot if the other is absent),
        or an error. `Source.setup` is the stream's name, as in the split files.

    Raises:
        BadFile: the file is not named as a stream, has no labels, or a line does not have 150 numbers.
        LimitExceeded: a file is larger than 512 MB, or labels repeat the stream more than REPEATED times.
    """
    match = _STREAM.fullmatch(ref.name)
    if not match:
        raise BadFile(str(ref), expected="a stream named as 0002-L.txt", found=ref.name)
    labels = read_labels(label_of(ref))
    raw = ref.read()
    lines = raw.split(b"\n")
    while lines and not lines[-1].strip():
        lines.pop()
    source = Source(
        id="",
        dataset=DATASET,
        camera=match["view"],
        setup=ref.stem,
        digest=digest_of(raw),
    )
    frames = sum(max(0, min(label.last, len(lines), label.first + LONGEST) - label.first) for label in labels)
    if frames > REPEATED * max(len(lines), LONGEST):
        raise LimitExceeded(
            f"{ref}: its labels cover {frames:,} frames of {len(lines):,}: they repeat one another"
        )
    clips: list[Clip | BadFile] = []
    for label in labels:
        name = clip_name(ref.stem, label)
        if name in DROPPED:
            continue
        clip_source = replace(source, id=name, action=class_names("pku")[label.action - 1])
        try:
            clips.append(_cut(ref, lines, label, clip_source))
        except BadFile as error:
            clips.append(error)
    return clips


def _cut(ref: FileRef, lines: list[bytes], label: Label, source: Source) -> Clip:
    problems = []
    last = min(label.last, len(lines))
    if last - label.first < 1:
        actual = f"label {label.line}: frames {label.first + 1} to {label.last}"
        raise BadFile(str(ref), expected=f"frames 1 to {len(lines)}", found=actual)
    if last < label.last:
        problems.append(f"label ends {counted(label.last - last, 'frame')} after the stream")
    first, last = central(label.first, last)
    if last - first < label.last - label.first and not problems:
        problems.append(f"long: {label.last - label.first} frames, central {last - first} kept")
    try:
        return _clip(ref, lines[first:last], source, problems, first=first)
    except BadFile as error:
        where = f"label {label.line}, {error.where}" if error.where else f"label {label.line}"
        raise BadFile(str(ref), where=where, expected=error.expected, found=error.found) from None


def _clip(ref: FileRef, lines: list[bytes], source: Source, problems: list[str], *, first: int = 0) -> Clip:
    """Lines of a stream, the first of which has number `first` (from 0) in it, as a clip."""
    numbers = rows_of(lines, _NUMBERS)
    if numbers is None:
        with np.errstate(over="ignore"):
            numbers = np.array(
                [_frame(ref, line, row) for row, line in enumerate(lines, first + 1)], dtype=np.float32
            )
    clip = assemble(
        ref,
        b"",
        numbers.reshape(-1, 2, 25, 3),
        rate=RATE,
        layout=NTU25,
        source=source,
        problems=tuple(problems),
        absent="zero body",
    )
    if not presence(clip.positions)[:, 1].any():
        clip = clip.with_positions(np.ascontiguousarray(clip.positions[:, :1]))
    return clip


def _frame(ref: FileRef, line: bytes, row: int) -> list[float]:
    words = line.split()
    if len(words) != _NUMBERS:
        raise BadFile(str(ref), expected="150 numbers", found=str(len(words)), where=f"line {row}")
    try:
        return [number(word) for word in words]
    except ValueError:
        text = line[:60].decode("ascii", errors="backslashreplace")
        raise BadFile(str(ref), expected="150 numbers", found=repr(text), where=f"line {row}") from None


def central(first: int, last: int, longest: int = LONGEST) -> tuple[int, int]:
    """The central `longest` frames of frames `first` to `last` (excluded), or all if there are no more."""
    surplus = max(0, last - first - longest)
    return first + surplus // 2, last - (surplus - surplus // 2)


def read_labels(ref: FileRef) -> list[Label]:
    """Read a label file.

    Raises:
        BadFile: with the line; it is not ``class,start,end,confidence`` with a class of 1..51 and 1 <= start.
    """
    labels = []
    text = ref.read(limit=1024 * 1024).decode("utf-8", errors="replace")
    for row, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        words = [word.strip() for word in line.split(",")]
        integers = [int(word) if re.fullmatch("[0-9]{1,9}", word) else -1 for word in words[:3]]
        if len(words) not in (3, 4) or min(integers) < 1 or integers[0] > len(class_names("pku")):
            expected = "class,start,end,confidence with a class of 1 to 51"
            raise BadFile(str(ref), expected=expected, found=repr(line[:60]), where=f"line {row}")
        action, start, end = integers
        labels.append(Label(action, start - 1, end, row))
    return labels


def label_of(ref: FileRef) -> FileRef:
    """The label file of a stream: the same name in a folder "...label..." next to that of the stream, or in the same
    zip.

    Raises:
        BadFile: no such file.
    """
    if ref.member is not None:
        names = [name for name in _names_in_zip(ref.path) if PurePosixPath(name).name == ref.name]
        files = [FileRef(ref.path, name) for name in names if _among_labels(PurePosixPath(name))]
    else:
        # No further up: the labels of another data set may be there.
        parents = (ref.path.parent, ref.path.parent.parent)
        folders = [folder for parent in parents for folder in _label_folders(parent)]
        files = [FileRef(folder / ref.name) for folder in folders if (folder / ref.name).is_file()]
    if not files:
        expected = f"its labels, {ref.name} in a folder named '...label...'"
        raise BadFile(str(ref), expected=expected, found="none")
    return files[0]


@lru_cache(maxsize=256)
def _label_folders(parent: Path) -> tuple[Path, ...]:
    """Folders named "...label..." in a folder, and the folders in these (7z archives unpack into a folder)."""
    folders = [path for path in sorted(parent.iterdir()) if path.is_dir() and "label" in path.name.lower()]
    inner = [path for folder in folders for path in sorted(folder.iterdir()) if path.is_dir()]
    return tuple(folders + inner)


def _among_labels(path: PurePath) -> bool:
    """Whether a file is among labels: decided by the nearest folder whose name contains "label" or "skel"."""
    for folder in path.parts[-2::-1]:
        if "label" in folder.lower():
            return True
        if "skel" in folder.lower():
            return False
    return False


@lru_cache(maxsize=8)
def _names_in_zip(archive: Path) -> tuple[str, ...]:
    return tuple(member_names(archive))


def find_pku(root: Path) -> list[FileRef]:
    """All streams of a folder or zip, sorted. Raises BadFile if there are none."""
    expected = "PKU-MMD streams (0002-L.txt) and their labels"
    files = list_files(root, _STREAM.fullmatch, expected=expected)
    streams = [
        ref for ref in files if not _among_labels(PurePosixPath(ref.member) if ref.member else ref.path)
    ]
    if not streams:
        raise BadFile(root, expected=expected, found="none")
    return streams


def read_splits(root: Path) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The official split files of a data folder or zip.

    Returns:
        ``"cross-subject"``, ``"cross-view"`` (those present) -> names of training and of test streams, of both
        parts if both are present.

    Raises:
        BadFile: a split file does not have its names on lines 2 and 4.
    """
    lists: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for ref in sorted(list_files(root, _SPLIT.fullmatch), key=lambda ref: (ref.name, ref)):
        if match := _SPLIT.fullmatch(ref.name):
            split = f"cross-{match['across']}"
            pairs = zip(lists.get(split, ((), ())), read_split(ref), strict=True)
            train, test = (tuple(dict.fromkeys(names + more)) for names, more in pairs)
            lists[split] = train, test
    return {split: lists[split] for split in SPLITS if split in lists}


def read_split(ref: FileRef) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """One split file: line 2 has the training streams, line 4 the test streams, comma separated.

    Raises:
        BadFile: otherwise, or a stream is in both lists.
    """
    lines = ref.read(limit=1024 * 1024).decode("utf-8", errors="replace").splitlines()
    lists = []
    for row in (2, 4):
        names = [name.strip() for name in lines[row - 1].split(",")] if len(lines) >= row else []
        names = [name.removesuffix(".txt") for name in names if name]
        wrong = [name for name in names if not _STREAM.fullmatch(f"{name}.txt")]
        if not names or wrong:
            actual = repr(wrong[0][:60]) if wrong else "none"
            expected = "stream names, separated by commas"
            raise BadFile(str(ref), expected=expected, found=actual, where=f"line {row}")
        lists.append(tuple(names))
    if both := sorted(set(lists[0]) & set(lists[1])):
        raise BadFile(str(ref), expected="each stream in one list", found=f"{both[0]} in both lists")
    return lists[0], lists[1]


def account_pku(root: Path) -> Account:
    """Which streams of the official split files, and which split files, a folder or zip holds and which are missing;
    `dropped` are clips. Raises as `find_pku`."""
    streams = {ref.stem for ref in find_pku(root)}
    splits = read_splits(root)
    official = {name for split in splits.values() for names in split for name in names}
    missing_split_files = {f"{name}.txt" for name in SPLITS if name not in splits}
    return Account(
        included=tuple(sorted(streams)),
        dropped=tuple(sorted(name for name in DROPPED if _stream_of(name) in streams)),
        missing=tuple(sorted((official - streams) | missing_split_files)),
        foreign=(),
    )


def _stream_of(clip: str) -> str:
    return f"{int(clip[1:4]):04d}-{'LMR'[int(clip[5:8]) - 1]}"


def sniff_pku(name: str, head: bytes) -> bool:
    """A stream: by its name and the 150 numbers of its first line."""
    return bool(_STREAM.fullmatch(name)) and len(head.split(b"\n", 1)[0].split()) == _NUMBERS


def _first(ref: FileRef) -> Clip:
    try:
        label_of(ref)
    except BadFile:
        raw = ref.read()
        source = Source(id=ref.stem, dataset=DATASET, setup=ref.stem, digest=digest_of(raw))
        lines = raw.rstrip().split(b"\n")
        check_frames(ref, len(lines))
        return _clip(ref, lines, source, ["no labels beside it: the whole stream as one clip"])
    clips = [clip for clip in read_pku(ref) if isinstance(clip, Clip)]
    if not clips:
        raise BadFile(str(ref), expected="a label with a clip", found="none")
    return first_clip(clips)


def sample() -> dict[str, bytes]:
    """Thirty frames of two bodies, with two labels."""
    stream = "\n".join(rows(coordinates(30, _NUMBERS)))
    return {
        "PKU_Skeleton_Renew/0043-L.txt": f"{stream}\n".encode(),
        "Train_Label_PKU_final/0043-L.txt": b"8,1,20,2\n14,21,30,1\n",
    }


FORMAT = Format(
    name=DATASET,
    title="PKU-MMD part I or II: .txt streams with labels and split files, Kinect v2, 51 classes",
    sniff=sniff_pku,
    find=find_pku,
    read=_first,
    kind="dataset",
    sample=sample,
    read_all=read_pku,
    account=account_pku,
    divisions=read_splits,
)
