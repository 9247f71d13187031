"""One JSON or TXT file per frame: Ultralytics, YOLO labels, EasyMocap, MMPose, renamed OpenPose frames.

A folder is taken for a recording only if its files are numbered and each of those looked at holds one frame.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.assemble import check_frames
from pgfa.read.format import Format
from pgfa.read.formats.keypoints.csv import LAYOUT_OF_COUNT
from pgfa.read.formats.keypoints.detections import Entry, Recording, clip_of, recordings
from pgfa.read.formats.keypoints.entries import Parser
from pgfa.read.formats.keypoints.entry_fields import PEOPLE
from pgfa.read.formats.keypoints.entry_values import Unexpected
from pgfa.read.formats.keypoints.json import load
from pgfa.read.formats.keypoints.json_videos import FRAMES
from pgfa.read.formats.keypoints.people import Person, one_person
from pgfa.read.formats.keypoints.reader import KeypointInfo
from pgfa.read.formats.openpose import is_frame as is_openpose
from pgfa.read.parsing.file_times import IN_NAMES, contradiction, rate_of_files, times_of_names
from pgfa.read.parsing.frame_files import (
    MAX_FRAME_BYTES,
    check_broken,
    folders_of_frames,
    frame_refs,
    read_frames,
)
from pgfa.read.parsing.frame_names import groups_of_names
from pgfa.read.parsing.text_table import parse_rows
from pgfa.read.parsing.tracking import MAX_PER_FRAME
from pgfa.read.sample import picture
from pgfa.read.source import FileRef
from pgfa.skeleton import COCO17, Clip, Source

FRAME = re.compile(r"(?!\.)(.*?)(\d{1,19})(?:_(?:keypoints|pose|predictions))?\.(json|txt)", re.IGNORECASE)
LOOKED_AT = 12
"""Frames read to find out whether a folder is a recording."""
YOLO_BOX = 5
"""Numbers of a YOLO label before the points: class, middle and size of the box."""
EXPECTED = "folders with one numbered .json or .txt per frame (frame_0001.json, video_1.txt)"


def sniff(name: str, head: bytes) -> bool:
    """Never by a single file: only a folder is known to hold frames."""
    return False


def is_frame(name: str) -> bool:
    """Whether a file name may be that of one frame."""
    return FRAME.fullmatch(name) is not None and not is_openpose(name)


def is_recording(ref: FileRef) -> bool:
    """Whether a folder, a zip or a folder of a zip holds numbered files, each with one frame."""
    refs = frame_refs(ref, is_frame)
    if len(refs) < 2:
        return False
    step = max(1, len(refs) // LOOKED_AT)
    views = [_holds_one_frame(frame) for frame in refs[::step]]
    # A few frames may be damaged.
    return views.count(True) > 3 * views.count(False)


def _holds_one_frame(ref: FileRef) -> bool | None:
    """Whether a file is one frame; None if it may be one (a frame without people, or cut off)."""
    try:
        raw = ref.read(MAX_FRAME_BYTES)
    except (BadFile, LimitExceeded):
        return False
    if not raw.strip():
        return None
    if ref.name.lower().endswith(".txt"):
        return _is_label(raw)
    try:
        content = load(ref, raw)
    except BadFile:
        return None
    if isinstance(content, dict) and (
        any(isinstance(content.get(name), list) for name in FRAMES) or _is_nw_ucla(content)
    ):
        return False
    if not isinstance(content, dict | list):
        return False
    try:
        people = Parser().people(content)
    except Unexpected:
        return False
    if len(people) > MAX_PER_FRAME:
        return False
    # People at one place may be one person in several frames.
    identified = len({person.id for person in people}) == len(people)
    if len(people) > 1 and not identified and one_person([person.points for person in people]):
        return None
    known = isinstance(content, list) or any(name in content for name in PEOPLE)
    return True if people else (None if known else False)


def _is_nw_ucla(content: dict[str, Any]) -> bool:
    """Whether "skeletons" are the frames of one person, as NW-UCLA writes them, not people."""
    skeletons = content.get("skeletons")
    return isinstance(skeletons, list) and any(isinstance(frame, list) for frame in skeletons[:1])


def _is_label(raw: bytes) -> bool:
    rows = [line.split() for line in raw.decode("ascii", "replace").splitlines() if line.strip()]
    try:
        return all(_width(len(row)) and all(-0.5 <= float(cell) <= 1.5 for cell in row[1:5]) for row in rows)
    except ValueError:
        return False


def _width(cells: int) -> int:
    """Numbers per joint of a YOLO label of 17 joints with that many cells; 0 for any other line."""
    return next((width for width in (2, 3) if 0 <= cells - YOLO_BOX - 17 * width <= 2), 0)


def find(root: Path) -> list[FileRef]:
    """The folders with frames under a folder, or a zip of frames. Raises BadFile if there are none."""
    return folders_of_frames(root, is_frame, EXPECTED)


def read(ref: FileRef) -> Clip:
    """One clip of a folder, a zip or a folder of a zip.

    A number missing between two frames, and a frame that cannot be read, is a frame without people.

    Raises:
        BadFile: frames of several videos, no person, or most frames unreadable. LimitExceeded.
    """
    files = read_frames(ref, is_frame, EXPECTED)
    named = times_of_names(list(files))
    numbers = named or _numbers_of(ref, list(files))
    order = sorted(files, key=lambda name: numbers[name])
    if named is None:
        check_frames(ref, int(numbers[order[-1]] - numbers[order[0]]) + 1)
    parser, broken, entries = Parser(), {}, []
    for name in order:
        try:
            entry = _entry(ref, parser, name, files[name])
        except BadFile as error:
            entry, broken[name] = Entry(), error
        entries.append(replace(entry, number=None if named else numbers[name]))
    problems = check_broken(ref, broken, len(files))
    part = _in_time(ref, order, entries, named, parser.time_name)
    try:
        layout = parser.layout
    except Unexpected as error:
        raise BadFile(str(ref), expected=error.args[0], found=error.args[1]) from None
    counts = {person.points.shape[0] for frame in part.people for person in frame}
    if layout is None and len(counts) == 1:
        layout = LAYOUT_OF_COUNT.get(counts.pop())
    info = KeypointInfo(
        layout=layout,
        scored=parser.scored,
        rate=parser.rate,
        up=parser.up,
        scale=parser.scale,
        source=Source(id=ref.stem),
        problems=(*problems, *parser.notes),
    )
    info = parser.statements.applied(ref, info, timed=part.rate is not None)
    return clip_of(ref, b"".join(files[name] for name in order), part, info)


def _numbers_of(ref: FileRef, names: list[str]) -> dict[str, float]:
    """The number of each frame: at the end of the name or, of names that differ in one number only, that number.

    Raises BadFile for frames of several videos.
    """
    matches = {name: match for name in names if (match := FRAME.fullmatch(name))}
    videos = sorted({(match[1], match[3].lower()) for match in matches.values()})
    if len(videos) <= 1:
        return {name: float(match[2]) for name, match in matches.items()}
    if len({ending for _, ending in videos}) == 1 and len(groups := groups_of_names(names) or []) == 1:
        return {names[index]: number for index, number in zip(*groups[0], strict=True)}
    listed = ", ".join(f"{prefix}*.{ending}" for prefix, ending in videos[:3])
    raise BadFile(str(ref), expected="the frames of one recording", found=f"{len(videos)} ({listed})")


def _in_time(
    ref: FileRef, names: list[str], entries: list[Entry], named: dict[str, float] | None, time_name: str
) -> Recording:
    """The frames in time, with the rate that the times in the files give, or else those in their names.

    Args:
        ref: the folder or zip.
        names: of the files, in order.
        entries: their people, number and time.
        named: seconds since 1970 in the names; None if they are numbers.
        time_name: what the files call their times.

    Raises:
        BadFile: numbers or times that do not follow one recording. LimitExceeded.
    """
    counts = [float(n) if entry.number is None else entry.number for n, entry in enumerate(entries)]
    rate, notes = rate_of_files([entry.time for entry in entries], counts, time_name)
    by_names = [
        replace(entry, time=named[name] if named else None)
        for name, entry in zip(names, entries, strict=True)
    ]
    (part,) = recordings(ref, by_names, IN_NAMES if named else "")
    notes = (*part.problems, *notes, *contradiction(part.rate, rate, time_name))
    return replace(part, rate=rate or part.rate, problems=notes)


def _entry(ref: FileRef, parser: Parser, name: str, raw: bytes) -> Entry:
    """The people of one frame, and its time if it has one. Raises BadFile."""
    if name.lower().endswith(".txt"):
        return Entry(_labels(ref, parser, name, raw))
    if not raw.strip():
        return Entry()
    content = load(ref, raw)
    try:
        return parser.entry(content)
    except Unexpected as error:
        raise BadFile(str(ref), where=name, expected=error.args[0], found=error.args[1]) from None


def _labels(ref: FileRef, parser: Parser, name: str, raw: bytes) -> list[Person]:
    """People of a YOLO label file: class, box, 17 points of x, y (and score), and perhaps confidence and id."""
    lines = [line.split() for line in raw.decode("ascii", "replace").splitlines() if line.strip()]
    people = []
    for number, cells in enumerate(lines, start=1):
        width = _width(len(cells))
        if not width:
            expected = "class, box and 17 joints of x, y or x, y, score (39 to 41 or 56 to 58 numbers)"
            raise BadFile(str(ref), where=f"{name}, line {number}", expected=expected, found=f"{len(cells)}")
        row = parse_rows(ref, [cells], len(cells), lines=[number])[0]
        points = row[YOLO_BOX : YOLO_BOX + 17 * width].reshape(17, width)
        rest = row[YOLO_BOX + 17 * width :]
        # A confidence is below 1, an id a whole number from 1.
        id = str(int(rest[-1])) if len(rest) and rest[-1] >= 1 and float(rest[-1]).is_integer() else None
        parser.layouts.setdefault(COCO17.name, COCO17)
        parser.scored = width == 3
        people.append(Person(points, id))
    return people


def sample() -> dict[str, bytes]:
    """Three frames of two people as Ultralytics writes them, with a gap of one frame."""

    def frame(body: NDArray[np.float64]) -> bytes:
        people = [
            {
                "name": "person",
                "keypoints": {"x": (x + shift).tolist(), "y": y.tolist(), "visible": [0.9] * 17},
            }
            for x, y in (body.T,)
            for shift in (0, 250)
        ]
        return json.dumps(people).encode()

    frames = zip((1, 2, 4), picture(COCO17, 3), strict=True)
    return {f"walk/frame_{number:04d}.json": frame(body) for number, body in frames}


FORMAT = Format(
    "frame-files",
    "keypoints with one .json or .txt per frame, in a folder or zip",
    sniff,
    find,
    read,
    container=is_recording,
    part=is_frame,
    sample=sample,
)
