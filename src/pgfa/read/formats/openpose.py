"""OpenPose output: a folder (or zip) with one JSON file per frame, ``NAME_000000000012_keypoints.json``."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path, PurePosixPath

import numpy as np

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.archive import inflate, open_zip
from pgfa.read.assemble import check_frames, counted
from pgfa.read.format import Format
from pgfa.read.formats.keypoints.json import load
from pgfa.read.formats.keypoints.reader import KeypointInfo, from_people
from pgfa.read.limits import INFLATED, inflated_allowance
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import coordinates
from pgfa.read.source import MAX_FILE_BYTES, READ_ERRORS, ZIP_START, FileRef, is_zip, list_files, member_names
from pgfa.skeleton import OPENPOSE18, OPENPOSE25, Clip, Layout, Source

FRAME = re.compile(r"(.*?)_?(\d{1,18})_keypoints\.json")
MAX_FRAME_BYTES = 1024 * 1024
_LAYOUTS: dict[int, Layout] = {54: OPENPOSE18, 75: OPENPOSE25}

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def sniff(name: str, head: bytes) -> bool:
    """One frame, by its name and content."""
    return is_frame(name) and b'"people"' in head


def is_frame(name: str) -> bool:
    """Whether a file name is that of one frame."""
    return FRAME.fullmatch(name) is not None


def is_recording(ref: FileRef) -> bool:
    """Whether a folder, a zip or a folder of a zip holds the frames of one recording."""
    try:
        if ref.member is None and ref.path.is_dir():
            return any(map(is_frame, os.listdir(ref.path)))
        if FileRef(ref.path).head(2) != ZIP_START:
            return False
        paths = [path for path in map(PurePosixPath, member_names(ref.path)) if is_frame(path.name)]
    except (*READ_ERRORS, BadFile):
        return False
    folders = {str(path.parent) for path in paths}
    return len(folders) == 1 if ref.member is None else ref.member.rstrip("/") in folders


def find(root: Path) -> list[FileRef]:
    """The folders with frames under a folder, or a zip of frames. Raises BadFile if there are none."""
    expected = "folders of OpenPose frames (NAME_000000000000_keypoints.json)"
    if root.is_file():
        return [FileRef(root)]
    recordings = {ref.folder for ref in list_files(root, is_frame, expected=expected)}
    if not recordings:
        raise BadFile(root, expected=expected, found="none")
    return sorted(recordings)


def read(ref: FileRef) -> Clip:
    """One clip of a folder, a zip, a folder of a zip, or a single frame; people are tracked over time.

    A number missing between two frames is a frame without people.

    Raises:
        BadFile: with the frame's file. LimitExceeded.
    """
    files = _frames(ref)
    names = {match[1] for name in files if (match := FRAME.fullmatch(name))}
    if len(names) > 1:
        actual = f"{len(names)} ({', '.join(sorted(names)[:3])})"
        raise BadFile(str(ref), expected="the frames of one recording", found=actual)
    numbers = {int(match[2]): name for name in files if (match := FRAME.fullmatch(name))}
    first, last = min(numbers), max(numbers)
    check_frames(ref, last - first + 1)
    people = [
        _people(ref, numbers[number], files[numbers[number]]) if number in numbers else []
        for number in range(first, last + 1)
    ]
    widths = {person.size for frame in people for person in frame}
    if len(widths) > 1:
        raise BadFile(str(ref), expected="18 or 25 joints in all frames", found="both")
    gaps = last - first + 1 - len(numbers)
    is_single = len(numbers) == 1 and not ref.member and not ref.path.is_dir()
    info = KeypointInfo(
        layout=_LAYOUTS[widths.pop()] if widths else None,
        scored=True,
        source=Source(id=names.pop() or ref.stem if is_single else ref.stem),
        problems=(counted(gaps, "frame") + " without a file",) if gaps else (),
    )
    return from_people(ref, b"".join(files[name] for _, name in sorted(numbers.items())), people, info)


def _people(ref: FileRef, name: str, raw: bytes) -> list[Floats]:
    """The people of one frame, (18 or 25, 3) each. Raises BadFile with the frame's file."""
    try:
        content = load(ref, raw)
    except BadFile as error:
        raise BadFile(str(ref), where=name, expected=error.expected, found=error.found) from None
    entries = content.get("people") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise BadFile(str(ref), where=name, expected="an object with people", found=short(str(content)))
    people: list[Floats] = []
    for entry in entries:
        points = entry.get("pose_keypoints_2d") if isinstance(entry, dict) else None
        try:
            flat = np.array(points, dtype=np.float64)
        except (ValueError, TypeError, OverflowError):
            flat = np.empty(0)
        if flat.shape not in ((54,), (75,)):
            expected = "pose_keypoints_2d of 18 or 25 joints (54 or 75 numbers)"
            raise BadFile(str(ref), where=name, expected=expected, found=short(str(points)))
        people.append(flat.reshape(-1, 3))
    return people


def _frames(ref: FileRef) -> dict[str, bytes]:
    """File name -> bytes of all frames."""
    try:
        if ref.member is None and ref.path.is_dir():
            paths = [path for path in ref.path.iterdir() if is_frame(path.name)]
            _check_sizes(ref, [path.stat().st_size for path in paths])
            files = {path.name: FileRef(path).read(MAX_FRAME_BYTES) for path in paths}
        elif is_zip(ref.path) and not (ref.member and is_frame(ref.name)):
            files = _zipped(ref)
        else:
            files = {ref.name: ref.read(MAX_FRAME_BYTES)}
    except READ_ERRORS as error:
        raise BadFile(str(ref), expected="readable frames", found=str(error)) from None
    if not files or not all(map(is_frame, files)):
        raise BadFile(str(ref), expected="frames named NAME_000000000000_keypoints.json", found="none")
    return files


def _zipped(ref: FileRef) -> dict[str, bytes]:
    archive = open_zip(ref.path)
    frames = [
        info
        for info in archive.infolist()
        if is_frame(PurePosixPath(info.filename).name)
        and not info.filename.startswith("__MACOSX/")
        and (ref.member is None or str(PurePosixPath(info.filename).parent) == ref.member.rstrip("/"))
    ]
    folders = sorted({str(PurePosixPath(info.filename).parent) for info in frames})
    if len(folders) > 1:
        actual = f"{len(folders)} folders; name one as {ref.path.name}!{folders[0]}"
        raise BadFile(str(ref), expected="the frames of one recording", found=actual)
    _check_sizes(ref, [info.file_size for info in frames])
    total, allowed = (
        sum(info.file_size for info in frames),
        inflated_allowance(FileRef(ref.path).size(), 4 * INFLATED),
    )
    if total > allowed:
        raise LimitExceeded(
            f"{ref}: inflates to {total:,} bytes, more than the limit of {allowed:,}; unpack it first"
        )
    return {
        PurePosixPath(info.filename).name: inflate(ref, archive, info, MAX_FRAME_BYTES) for info in frames
    }


def _check_sizes(ref: FileRef, sizes: list[int]) -> None:
    check_frames(ref, len(sizes))
    if max(sizes) > MAX_FRAME_BYTES or sum(sizes) > MAX_FILE_BYTES:
        raise LimitExceeded(
            f"{ref}: {sum(sizes):,} bytes, the largest frame {max(sizes):,}, more than the limits of "
            f"{MAX_FILE_BYTES:,} and {MAX_FRAME_BYTES:,}"
        )


def sample() -> dict[str, bytes]:
    """Two frames of two people, with a gap of one frame."""

    def frame(seed: int) -> bytes:
        bodies = coordinates(2, 75, low=10, high=400, seed=seed)
        return json.dumps({"people": [{"pose_keypoints_2d": body.tolist()} for body in bodies]}).encode()

    return {f"v/v_{number:012d}_keypoints.json": frame(number) for number in (1, 3)}


FORMAT = Format(
    "openpose",
    "OpenPose: a folder or zip with one .json per frame, 18 or 25 joints",
    sniff,
    find,
    read,
    container=is_recording,
    part=is_frame,
    sample=sample,
)
