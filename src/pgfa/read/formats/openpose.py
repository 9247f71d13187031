"""OpenPose's output: a folder (or zip) with one JSON file a frame, ``NAME_000000000012_keypoints.json``."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.assemble import check_frames
from pgfa.read.format import MAX_FILE_BYTES, UNREADABLE, FileRef, Format
from pgfa.read.formats.keypoints.json import load
from pgfa.read.formats.keypoints.reader import Facts, from_people
from pgfa.read.parsing.text_table import short
from pgfa.skeleton import OPENPOSE18, OPENPOSE25, Clip, Layout, Source

FRAME = re.compile(r"(.*?)_?(\d{1,18})_keypoints\.json")
MAX_FRAME_BYTES = 1024 * 1024
_JOINTS: dict[int, Layout] = {54: OPENPOSE18, 75: OPENPOSE25}


def sniff(name: str, head: bytes) -> bool:
    """A folder's listing or a zip that begins with frames, or one frame."""
    zipped = head.startswith(b"PK\x03\x04") and b"_keypoints.json" in head[30:300]
    return zipped or (bool(FRAME.fullmatch(name)) and b'"people"' in head)


def is_recording(ref: FileRef) -> bool:
    """Whether a folder, or a folder of a zip, holds OpenPose's frames."""
    try:
        if ref.member is None:
            return ref.path.is_dir() and any(map(FRAME.fullmatch, os.listdir(ref.path)))
        with zipfile.ZipFile(ref.path) as archive:
            paths = map(PurePosixPath, archive.namelist())
            return any(FRAME.fullmatch(p.name) and str(p.parent) == ref.member.rstrip("/") for p in paths)
    except UNREADABLE:
        return False


def find(root: Path) -> list[FileRef]:
    """The folders with frames under a folder, or a zip of frames. Raises BadFile where there are none."""
    if root.is_dir():
        found = [FileRef(Path(f)) for f, _, names in os.walk(root) if any(map(FRAME.fullmatch, names))]
    else:
        found = [FileRef(root)] if root.is_file() else []
    if not found:
        expected = "folders of OpenPose frames (NAME_000000000000_keypoints.json)"
        raise BadFile(root, expected=expected, found="none")
    return sorted(found)


def read(ref: FileRef) -> Clip:
    """One clip of a folder, a zip, a folder of a zip, or of a single frame; everybody in it, followed over time.

    A number missing between two frames is a frame in which nobody was seen.

    Raises:
        BadFile: with the frame's file. LimitExceeded.
    """
    files = _frames(ref)
    names = {match[1] for name in files if (match := FRAME.fullmatch(name))}
    if len(names) > 1:
        found = f"{len(names)} ({', '.join(sorted(names)[:3])})"
        raise BadFile(str(ref), expected="the frames of one recording", found=found)
    numbers = {int(match[2]): name for name in files if (match := FRAME.fullmatch(name))}
    first, last = min(numbers), max(numbers)
    check_frames(ref, last - first + 1)
    people: list[list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]] = []
    widths: set[int] = set()
    for number in range(first, last + 1):
        people.append([])
        if number not in numbers:
            continue
        name = numbers[number]
        try:
            content = load(ref, files[name])
        except BadFile as error:
            raise BadFile(str(ref), where=name, expected=error.expected, found=error.found) from None
        listed = content.get("people") if isinstance(content, dict) else None
        if not isinstance(listed, list):
            raise BadFile(str(ref), where=name, expected="an object with people", found=short(str(content)))
        for person in listed:
            points = person.get("pose_keypoints_2d") if isinstance(person, dict) else None
            try:
                flat = np.array(points, dtype=np.float64)
            except (ValueError, TypeError, OverflowError):
                flat = np.empty(0)
            if flat.shape not in ((54,), (75,)):
                expected = "pose_keypoints_2d of 18 or 25 joints (54 or 75 numbers)"
                raise BadFile(str(ref), where=name, expected=expected, found=short(str(points)))
            widths.add(len(flat))
            people[-1].append(flat.reshape(-1, 3))
    if len(widths) > 1:
        raise BadFile(str(ref), expected="18 or 25 joints in all frames", found="both")
    gaps = last - first + 1 - len(numbers)
    problems = (f"{gaps} frames without a file",) if gaps else ()
    stem = ref.stem if len(numbers) > 1 or ref.member or ref.path.is_dir() else next(iter(names)) or ref.stem
    facts = Facts(
        layout=_JOINTS[widths.pop()] if widths else None,
        scored=True,
        source=Source(id=stem),
        problems=problems,
    )
    return from_people(ref, b"".join(files[name] for _, name in sorted(numbers.items())), people, facts)


def _frames(ref: FileRef) -> dict[str, bytes]:
    """File name -> bytes of all frames."""
    try:
        if ref.member is None and ref.path.is_dir():
            paths = [path for path in ref.path.iterdir() if FRAME.fullmatch(path.name)]
            _check(ref, [path.stat().st_size for path in paths])
            files = {path.name: path.read_bytes() for path in paths}
        elif zipfile.is_zipfile(ref.path) and not (ref.member and FRAME.fullmatch(ref.name)):
            files = _zipped(ref)
        else:
            files = {ref.name: ref.read(MAX_FRAME_BYTES)}
    except UNREADABLE as error:
        raise BadFile(str(ref), expected="readable frames", found=str(error)) from None
    if not files or not all(map(FRAME.fullmatch, files)):
        raise BadFile(str(ref), expected="frames named NAME_000000000000_keypoints.json", found="none")
    return files


def _zipped(ref: FileRef) -> dict[str, bytes]:
    with zipfile.ZipFile(ref.path) as archive:
        inside = [
            info
            for info in archive.infolist()
            if FRAME.fullmatch(PurePosixPath(info.filename).name)
            and not info.filename.startswith("__MACOSX/")
            and (ref.member is None or str(PurePosixPath(info.filename).parent) == ref.member.rstrip("/"))
        ]
        folders = sorted({str(PurePosixPath(info.filename).parent) for info in inside})
        if len(folders) > 1:
            found = f"{len(folders)} folders; name one as {ref.path.name}!{folders[0]}"
            raise BadFile(str(ref), expected="the frames of one recording", found=found)
        _check(ref, [info.file_size for info in inside])
        return {PurePosixPath(info.filename).name: archive.read(info) for info in inside}


def _check(ref: FileRef, sizes: list[int]) -> None:
    check_frames(ref, len(sizes))
    if max(sizes) > MAX_FRAME_BYTES or sum(sizes) > MAX_FILE_BYTES:
        raise LimitExceeded(
            f"{ref}: {sum(sizes):,} bytes, the largest frame {max(sizes):,}, more than the limits of "
            f"{MAX_FILE_BYTES:,} and {MAX_FRAME_BYTES:,}"
        )


FORMAT = Format(
    "openpose", "OpenPose: a folder or zip of one .json a frame, 18 or 25 joints", sniff, find, read
)
