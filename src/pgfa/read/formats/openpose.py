"""OpenPose output: a folder (or zip) with one JSON file per frame, ``NAME_000000000012_keypoints.json``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.assemble import check_frames, counted
from pgfa.read.format import Format
from pgfa.read.formats.keypoints.detections import Recording, clip_of
from pgfa.read.formats.keypoints.entries import LAYOUT_OF_FLAT, LAYOUT_OF_SOLID, Parser
from pgfa.read.formats.keypoints.entry_values import Unexpected, person_id
from pgfa.read.formats.keypoints.json import load
from pgfa.read.formats.keypoints.people import Person
from pgfa.read.formats.keypoints.reader import KeypointInfo
from pgfa.read.parsing.frame_files import check_broken, folders_of_frames, frame_refs, read_frames
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import picture
from pgfa.read.source import FileRef
from pgfa.skeleton import OPENPOSE25, Clip, Source

FRAME = re.compile(r"(?!\._)(.*?)_?(\d{1,18})_keypoints\.json")
POINTS = ("pose_keypoints_2d", "pose_keypoints_3d")
LAYOUTS_OF = LAYOUT_OF_FLAT | LAYOUT_OF_SOLID
SIZES = {size: len(layout.joints) for size, layout in LAYOUTS_OF.items()}
"""Numbers of a person -> joints: x, y (in space z) and score of each."""

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def sniff(name: str, head: bytes) -> bool:
    """One frame, by its name and content."""
    return is_frame(name) and b'"people"' in head


def is_frame(name: str) -> bool:
    """Whether a file name is that of one frame."""
    return FRAME.fullmatch(name) is not None


def is_recording(ref: FileRef) -> bool:
    """Whether a folder, a zip or a folder of a zip holds the frames of one recording."""
    return bool(frame_refs(ref, is_frame))


def find(root: Path) -> list[FileRef]:
    """The folders with frames under a folder, or a zip of frames. Raises BadFile if there are none."""
    expected = "folders of OpenPose frames (NAME_000000000000_keypoints.json)"
    return folders_of_frames(root, is_frame, expected)


def read(ref: FileRef) -> Clip:
    """One clip of a folder, a zip, a folder of a zip, or a single frame.

    A number missing between two frames, and a frame that cannot be read, is a frame without people. People keep the
    ids of OpenPose's own tracking (`person_id`, -1 without it), else they are tracked.

    Raises:
        BadFile: with the frame's file. LimitExceeded.
    """
    files = read_frames(ref, is_frame, "frames named NAME_000000000000_keypoints.json")
    names = {match[1] for name in files if (match := FRAME.fullmatch(name))}
    if len(names) > 1:
        actual = f"{len(names)} ({', '.join(sorted(names)[:3])})"
        raise BadFile(str(ref), expected="the frames of one recording", found=actual)
    numbers = {int(match[2]): name for name in files if (match := FRAME.fullmatch(name))}
    first, last = min(numbers), max(numbers)
    check_frames(ref, last - first + 1)
    people: list[list[Person]] = [[] for _ in range(first, last + 1)]
    broken: dict[str, BadFile] = {}
    parser = Parser()
    for number, name in sorted(numbers.items()):
        try:
            people[number - first] = _people(ref, name, files[name], parser)
        except BadFile as error:
            broken[name] = error
    problems = check_broken(ref, broken, len(files))
    widths = {person.points.size for frame in people for person in frame}
    if len(widths) > 1:
        actual = " and ".join(str(SIZES[width]) for width in sorted(widths))
        raise BadFile(str(ref), expected="15, 18 or 25 joints in all frames", found=actual)
    gaps = last - first + 1 - len(numbers)
    is_single = len(numbers) == 1 and not ref.member and not ref.path.is_dir()
    info = KeypointInfo(
        layout=LAYOUTS_OF[widths.pop()] if widths else None,
        counted=True,
        scored=True,
        source=Source(id=names.pop() or ref.stem if is_single else ref.stem),
        problems=(*problems, *parser.notes) + ((counted(gaps, "frame") + " without a file",) if gaps else ()),
    )
    raw = b"".join(files[name] for _, name in sorted(numbers.items()))
    return clip_of(ref, raw, Recording(people, None, ()), info)


def _people(ref: FileRef, name: str, raw: bytes, parser: Parser) -> list[Person]:
    """The people of one frame, (15, 18 or 25, 3) each, or 4 in space. Raises BadFile with the frame's file."""
    try:
        content = load(ref, raw)
    except BadFile as error:
        raise BadFile(str(ref), where=name, expected=error.expected, found=error.found) from None
    entries = content.get("people") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise BadFile(str(ref), where=name, expected="an object with people", found=short(str(content)))
    people: list[Person] = []
    for entry in entries:
        lists = [entry[name] for name in POINTS if name in entry] if isinstance(entry, dict) else []
        known = bool(lists) and all(isinstance(points, list) for points in lists)
        try:
            points = parser.openpose(entry) if known else np.empty(0)
        except Unexpected:
            points = np.empty(0)
        if points is None:  # only a hand or a face
            continue
        if points.size not in SIZES:
            expected = "pose_keypoints_2d of 15, 18 or 25 joints (45, 54 or 75 numbers)"
            actual = entry.get("pose_keypoints_2d") if isinstance(entry, dict) else entry
            raise BadFile(str(ref), where=name, expected=expected, found=short(str(actual)))
        people.append(Person(points, person_id(entry)))
    return people


def sample() -> dict[str, bytes]:
    """Two frames of two people, with a gap of one frame."""

    def frame(body: Floats) -> bytes:
        scored = np.column_stack([body, np.full(len(body), 0.9)])
        people = [
            {"pose_keypoints_2d": (scored + np.array([shift, 0, 0])).reshape(-1).tolist()}
            for shift in (0, 250)
        ]
        return json.dumps({"people": people}).encode()

    frames = zip((1, 3), picture(OPENPOSE25, 2), strict=True)
    return {f"v/v_{number:012d}_keypoints.json": frame(body) for number, body in frames}


FORMAT = Format(
    "openpose",
    "OpenPose: a folder or zip with one .json per frame, 15, 18 or 25 joints",
    sniff,
    find,
    read,
    container=is_recording,
    part=is_frame,
    sample=sample,
)
