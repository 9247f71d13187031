"""Keypoints as JSON or JSON lines: MediaPipe, MMPose, Ultralytics, COCO results (AlphaPose), TF.js, OpenPose, arrays.

docs/formats.md lists the fields that are read. People keep the ids that the file gives them, else they are tracked.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.processes import without_garbage_collection
from pgfa.read.format import Format, first_clip
from pgfa.read.formats.keypoints.csv import LAYOUT_OF_COUNT, clips_of_table
from pgfa.read.formats.keypoints.detections import Entry, Recording, clip_of, recordings
from pgfa.read.formats.keypoints.entries import Parser
from pgfa.read.formats.keypoints.entry_fields import PEOPLE
from pgfa.read.formats.keypoints.entry_values import (
    Unexpected,
    fields_of,
    fill_absent,
    number_of,
    numbers_of,
)
from pgfa.read.formats.keypoints.field_names import is_open_score_name, is_score_name
from pgfa.read.formats.keypoints.frame_lists import with_frames
from pgfa.read.formats.keypoints.joint_arrays import clip_of_joints, joint_lists
from pgfa.read.formats.keypoints.joint_lists import in_listed_order, listed_joints, rows_of
from pgfa.read.formats.keypoints.joint_takes import joint_takes
from pgfa.read.formats.keypoints.json_fields import headers_of, info_of
from pgfa.read.formats.keypoints.json_nested import nested_recordings
from pgfa.read.formats.keypoints.json_recordings import clips_of_nested, clips_of_takes
from pgfa.read.formats.keypoints.json_tables import table_in
from pgfa.read.formats.keypoints.json_videos import TIMED, videos_of, with_header
from pgfa.read.formats.keypoints.other_names import body_joints, own_names
from pgfa.read.formats.keypoints.people import one_person
from pgfa.read.formats.keypoints.reader import KeypointInfo, from_array
from pgfa.read.interpret.arrays import has_scores
from pgfa.read.parsing.frame_names import (
    IMAGES,
    INDICES,
    NUMBERS,
    TIMES,
    numbers_of_names,
    rises,
)
from pgfa.read.parsing.json_text import parse_json, with_decimal_points
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import picture
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import COCO17, LAYOUTS, NTU25, Clip, Source

MAX_BYTES = 64 * 1024 * 1024  # parsed JSON takes about ten times its bytes
MAX_NAME = 500
"""Letters of the name of an image."""
ARRAYS = ("keypoints", "positions")


Floats = NDArray[np.float64]
"""Name of a video ("" for the only one), and its frames, each with the number that the file gives it from outside."""


def sniff(name: str, head: bytes) -> bool:
    """JSON: an object or a list."""
    return head.lstrip()[:1] in (b"{", b"[")


def find(root: Path) -> list[FileRef]:
    """The .json and .jsonl files under a folder or in a zip."""
    return find_files(root, r"(?!\._).+\.(json|jsonl|ndjson)", "keypoints (.json)")


def read(ref: FileRef) -> Clip:
    """The first clip of the file. Raises BadFile with the frame, LimitExceeded."""
    return first_clip(_clips(ref))


def read_all(ref: FileRef) -> list[Clip | BadFile]:
    """All clips: several for a file of several videos, or one in which frame numbers start again.

    Raises:
        As `read`.
    """
    return [*_clips(ref)]


@without_garbage_collection()  # none of the many objects is in a cycle: a quarter of the time
def _clips(ref: FileRef) -> list[Clip]:
    raw = ref.read(MAX_BYTES)
    content = load(ref, raw)
    if table := table_in(content):
        return clips_of_table(ref, raw, table)
    header, content = with_header(content)
    if array := _array_field(content):
        name, points = array
        return [_array(ref, raw, name, points, header)]
    if nested := nested_recordings(content):
        return clips_of_nested(ref, nested, header)
    if takes := joint_takes(content):
        return clips_of_takes(ref, takes, header)
    info = info_of(ref, header)
    if series := joint_lists(ref, content):
        beside = {name: value for name, value in header.items() if name not in series.joints}
        return [clip_of_joints(ref, raw, series, beside, info)]
    parser = Parser(listed_joints(headers_of(header)), LAYOUTS.get(ref.stated.layout or ""))
    parser.own = own_names(ref)
    # MMPose turns what it lifts from a picture so that z points up.
    info = replace(info, usual_up="z" if "instance_info" in header else None)
    parts: list[tuple[str, Recording]] = []
    videos = deque(videos_of(ref, content))
    del content, header  # many objects, as each video's frames are
    while videos:
        video, frames = videos.popleft()
        entries = _entries(ref, parser, frames)
        if video == TIMED and any(entry.time is None for entry in entries):
            entries = [
                replace(entry, number=None, time=time)
                for entry, (_, time) in zip(entries, frames, strict=True)
            ]
        del frames
        parts += [(video, part) for part in recordings(ref, entries, parser.time_name)]
    timed = all(part.rate is not None for _, part in parts)
    info = parser.statements.applied(ref, info, timed=timed)
    if parser.other:
        parts = _of_other_names(ref, parser, parts)
    infos = _infos(ref, parser, info, parts)
    return [clip_of(ref, raw, part, info) for (_, part), info in zip(parts, infos, strict=True)]


def _of_other_names(
    ref: FileRef, parser: Parser, parts: list[tuple[str, Recording]]
) -> list[tuple[str, Recording]]:
    """The recordings of people whose joints are bones or markers, with the joints of ntu25."""
    out = []
    for video, part in parts:
        shapes = {person.points.shape for frame in part.people for person in frame}
        third = 3 if parser.scored else 2
        if len(shapes) > 1:
            raise BadFile(
                str(ref),
                expected="the same number of joints and columns for all people",
                found=" and ".join(
                    f"{joints} joints of {columns} columns" for joints, columns in sorted(shapes)
                ),
            )
        axes = {2: (0, 1), 3: (0, 1, third), 4: (0, 1, 2, 3)}[
            max((columns for _, columns in shapes), default=2)
        ]
        people, notes = body_joints(part.people, parser.other, parser.landmarks, axes)
        out.append((video, replace(part, people=people)))
        parser.notes |= dict.fromkeys(notes)
    parser.layouts[NTU25.name] = NTU25
    parser.scored, parser.counted = False, True
    return out


def load(ref: FileRef, raw: bytes) -> Any:
    """Parse JSON, or JSON lines as a list. Raises BadFile, LimitExceeded."""
    return parse_json(ref, with_decimal_points(raw))


def _array_field(content: Any) -> tuple[str, list[Any]] | None:
    """An array of three or more axes: in a field, or the whole file."""
    if isinstance(content, dict):
        name = next((name for name in ARRAYS if _axes(content.get(name)) >= 3), None)
        return None if name is None else (name, content[name])
    return ("", content) if _axes(content) == 3 else None


def _axes(value: Any) -> int:
    """Of lists in lists of numbers, also as texts; 0 for anything else."""
    axes = 0
    while isinstance(value, list) and value and axes < 6:
        # A joint may be null; a file whose first frame is null is a list of frames, not an array.
        value, axes = next((part for part in value if part is not None or not axes), None), axes + 1
    if isinstance(value, str):
        value = number_of(value.replace(",", "."))
        return axes if value is not None else 0
    return axes if isinstance(value, int | float) or value is None else 0


def _entries(ref: FileRef, parser: Parser, frames: list[tuple[Any, float | None]]) -> list[Entry]:
    entries = []
    for position, (frame, number) in enumerate(frames, start=1):
        try:
            entry = parser.entry(frame)
        except Unexpected as error:
            expected, actual = error.args
            raise BadFile(str(ref), where=f"frame {position}", expected=expected, found=actual) from None
        if number is not None and entry.number is None and entry.time is None:
            entry = replace(entry, number=number)
        entries.append(entry)
    if all(entry.number is None and entry.time is None for entry in entries):
        entries = _with_names(parser, entries, [frame for frame, _ in frames])
    if all(_is_person(frame) for frame, _ in frames) and len(entries) > 1 and entries[0].number is None:
        _check_one_person(ref, entries)
    if all(entry.number is None and entry.time is None for entry in entries):
        entries = _with_index(parser, entries, [frame for frame, _ in frames])
    return entries


def _with_names(parser: Parser, entries: list[Entry], frames: list[Any]) -> list[Entry]:
    """Entries with the numbers in the names of their frames or images, if they have names that vary."""
    if not frames or not all(isinstance(frame, dict) for frame in frames):
        return entries
    for field in fields_of(frames[0], (*NUMBERS, *IMAGES[1:])):
        names = [frame.get(field) for frame in frames]
        if not all(isinstance(name, str) and len(name) < MAX_NAME for name in names) or len(set(names)) < 2:
            continue
        numbers = numbers_of_names(names)
        if numbers is not None:
            return [replace(entry, number=number) for entry, number in zip(entries, numbers, strict=True)]
        parser.notes[f"{field} not read: its names do not differ in one number"] = None
    return entries


def _with_index(parser: Parser, entries: list[Entry], frames: list[Any]) -> list[Entry]:
    """Entries with their index, if it rises; other fields that rise, and may be numbers or times, are noted."""
    if len(frames) < 2 or not all(isinstance(frame, dict) for frame in frames):
        return entries
    for field in frames[0]:
        values = np.array([value for frame in frames if (value := number_of(frame.get(field))) is not None])
        if len(values) < len(frames) or not rises(values):
            continue
        if fields_of({field: 0}, INDICES[:1]):
            return [
                replace(entry, number=value) for entry, value in zip(entries, values.tolist(), strict=True)
            ]
        note = f"{short(field)} rises from frame to frame and is not read: call it frame or time_s if it is"
        parser.notes[note] = None
    return entries


def _is_person(frame: Any) -> bool:
    return (
        isinstance(frame, dict)
        and "keypoints" in frame
        and not {*PEOPLE} & frame.keys()
        and not fields_of(frame, (*TIMES, *NUMBERS))
    )


def _check_one_person(ref: FileRef, entries: list[Entry]) -> None:
    """A list of people may be one person in each frame, or all people of one frame: it is the former if they are at
    one place."""
    if not one_person([person.points for entry in entries for person in entry.people]):
        expected = "a list of frames, or of people with their frame (frame_id or image_id)"
        actual = f"{len(entries)} people at different places: of one frame, or of several?"
        raise BadFile(str(ref), expected=expected, found=actual)


def _infos(
    ref: FileRef, parser: Parser, info: KeypointInfo, parts: list[tuple[str, Recording]]
) -> list[KeypointInfo]:
    """What holds for each recording of the file."""
    try:
        layout = info.layout or parser.layout
    except Unexpected as error:
        raise BadFile(str(ref), expected=error.args[0], found=error.args[1]) from None
    shapes = {person.points.shape for _, part in parts for frame in part.people for person in frame}
    if layout is None and len(shapes) == 1:
        layout = LAYOUT_OF_COUNT.get(shapes.pop()[0])
    if (listed := parser.listed) is not None and rows_of(listed, parser.given) is None:
        info = replace(info, listed=listed.names, listed_in=listed.field)
    info = replace(
        info,
        layout=layout,
        counted=info.layout is None and (parser.counted or parser.layout is None),
        up=info.up or parser.up,
        scale=parser.scale or info.scale,
        scored=parser.scored,
        problems=(*info.problems, *parser.notes),
    )
    if len(parts) == 1:
        return [info]
    source = info.source or Source(id=ref.stem)
    names = [f"{ref.stem}-{number}" for number in range(1, len(parts) + 1)]
    return [replace(info, source=replace(source, id=name)) for name in names]


def _array(ref: FileRef, raw: bytes, name: str, points: list[Any], content: dict[str, Any]) -> Clip:
    """An object with an array of keypoints and optional layout, rate, width, height, up, scores."""
    info = info_of(ref, content)
    where = f"field {name}" if name else ""
    fill_absent(points, _axes(points))
    array = _numbers(ref, where, points)
    scores, notes = _scores(content)
    info = replace(info, problems=info.problems + notes)
    if scores is not None:
        column = _numbers(ref, "field scores", scores)
        if column.shape == (*array.shape[:-1], 1):
            column = column[..., 0]
        if column.shape != array.shape[:-1]:
            expected, actual = f"scores of shape {array.shape[:-1]}", f"{column.shape}"
            raise BadFile(str(ref), where=where, expected=expected, found=actual)
        if not has_scores(array):
            array = np.concatenate([array, column[..., None]], axis=-1)
            info = replace(info, scored=True)
    array, info = in_listed_order(ref, array, info, listed_joints(headers_of(content)))
    if info.layout is None and array.ndim in (3, 4):
        info = replace(info, layout=LAYOUT_OF_COUNT.get(array.shape[-2]))
    array, info = with_frames(ref, array, content, info)
    return from_array(ref, raw, array, info)


def _scores(content: dict[str, Any]) -> tuple[list[Any] | None, tuple[str, ...]]:
    """The scores beside an array, and notes on fields that may be scores."""
    lists = {
        name: value
        for name, value in content.items()
        if _axes(value) >= 2 or name in ("scores", "keypoint_scores")
    }
    notes = tuple(
        f"{name} not read: it may mark joints that are absent, or those that are present"
        for name in lists
        if is_open_score_name(name)
    )
    return next((value for name, value in lists.items() if is_score_name(name)), None), notes


def _numbers(ref: FileRef, where: str, values: Any) -> Floats:
    try:
        return numbers_of(values)
    except Unexpected:
        actual = "lists of different lengths, text, or null instead of a frame"
        raise BadFile(
            str(ref), where=where, expected="numbers in lists of one length", found=actual
        ) from None


def sample() -> dict[str, bytes]:
    """Four frames of one body of 17 joints, in pixels."""
    keypoints = picture(COCO17).tolist()
    return {"keypoints.json": json.dumps({"keypoints": keypoints, "layout": "coco17", "rate": 25}).encode()}


FORMAT = Format(
    "keypoints-json",
    "keypoints of pose estimators: .json",
    sniff,
    find,
    read,
    read_all=read_all,
    sample=sample,
)
