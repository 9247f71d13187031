"""Keypoints as JSON: MediaPipe, MMPose, Ultralytics, COCO results (AlphaPose), OpenPose frames in one list, arrays.

docs/formats.md lists the fields that are read. People are tracked over time.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.format import Format
from pgfa.read.formats.keypoints.reader import KeypointInfo, from_array, from_people, layout_named
from pgfa.read.parsing.json_text import parse_json
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import coordinates
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import Clip, Source

MAX_BYTES = 64 * 1024 * 1024  # parsed JSON takes about ten times its bytes
WORLD = ("pose_world_landmarks", "poseWorldLandmarks", "world_landmarks", "worldLandmarks")
LANDMARKS = ("pose_landmarks", "poseLandmarks", "landmarks")
PEOPLE = ("people", "instances", "persons", "predictions")
FRAMES = ("frames", "instance_info", "annotations", "results")
ARRAYS = ("keypoints", "positions")
NAMES = {*WORLD, *LANDMARKS, *PEOPLE, "keypoints", "pose_keypoints_2d", "pose_keypoints"}
EXPECTED = "keypoints of MediaPipe, MMPose, Ultralytics, COCO or OpenPose, or an array (docs/formats.md)"

Floats = NDArray[np.float64]


class _Unexpected(Exception):
    """Content that does not follow any of the schemas: what was expected, what was found."""


def sniff(name: str, head: bytes) -> bool:
    """JSON: an object or a list."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def find(root: Path) -> list[FileRef]:
    """The .json files under a folder or in a zip."""
    return find_files(root, r".+\.json", "keypoints (.json)")


def read(ref: FileRef) -> Clip:
    """One clip of all people in the file. Raises BadFile with the frame, LimitExceeded."""
    raw = ref.read(MAX_BYTES)
    content = load(ref, raw)
    if isinstance(content, dict) and (array := next((n for n in ARRAYS if _is_list(content.get(n))), None)):
        return _array(ref, raw, content, array)
    frames, header = content, {}
    if isinstance(content, dict):
        header = content
        frames = next((content[name] for name in FRAMES if isinstance(content.get(name), list)), [content])
    if not isinstance(frames, list) or not frames:
        raise BadFile(str(ref), expected=EXPECTED, found=short(str(content)))
    info = info_of(ref, header)
    if isinstance(frames[0], dict) and "image_id" in frames[0]:
        frames = _by_image(ref, frames)
    people = []
    for number, frame in enumerate(frames, start=1):
        try:
            people.append(people_of(frame))
        except _Unexpected as error:
            expected, actual = error.args
            raise BadFile(str(ref), where=f"frame {number}", expected=expected, found=actual) from None
    if not any(people) and all(isinstance(frame, dict) and not NAMES & frame.keys() for frame in frames):
        # Other JSON, not a scene without people.
        raise BadFile(str(ref), expected=EXPECTED, found=short(str(content)))
    return from_people(ref, raw, people, info)


def load(ref: FileRef, raw: bytes) -> Any:
    """Parse JSON. Raises BadFile, LimitExceeded."""
    return parse_json(ref, raw)


def info_of(ref: FileRef, header: dict[str, Any]) -> KeypointInfo:
    """Layout, rate (or fps), width and height, up, action and subject of a JSON object."""
    rate = _number(ref, header, "rate", 1e4, 0.01) or _number(ref, header, "fps", 1e4, 0.01)
    width, height = _number(ref, header, "width", 1e6), _number(ref, header, "height", 1e6)
    up = header.get("up")
    if up is not None and up not in ("y", "-y", "z", "-z", "x", "-x"):
        raise BadFile(str(ref), where="field up", expected="y, -y, z, -z, x or -x", found=short(str(up)))
    texts = {name: header[name][:200] for name in ("action", "subject") if isinstance(header.get(name), str)}
    return KeypointInfo(
        layout=layout_named(ref, header["layout"]) if header.get("layout") is not None else None,
        rate=rate,
        size=(width, height) if width and height else None,
        up=up,
        source=Source(id=ref.stem, **texts),
    )


def people_of(frame: Any) -> list[Floats]:
    """The people of one frame, (joints, 2, 3 or 4) each, in any of the schemas."""
    if frame is None:
        return []
    if isinstance(frame, dict):
        for names in (WORLD, LANDMARKS):
            if name := next((name for name in names if name in frame), None):
                return _landmarks(frame[name])
        if name := next((name for name in PEOPLE if name in frame), None):
            return people_of(frame[name])
        person = _person(frame)
        return [] if person is None else [person]
    if isinstance(frame, list):
        if frame and isinstance(frame[0], dict) and {"x", "y"} <= frame[0].keys():
            return _landmarks(frame)
        return [person for entry in frame if (person := _person(entry)) is not None]
    raise _Unexpected("an object or a list of people", short(str(frame)))


def _person(entry: Any) -> Floats | None:
    """One person of OpenPose, MMPose, Ultralytics or COCO."""
    if isinstance(entry, list):
        if entry and isinstance(entry[0], dict):
            return next(iter(_landmarks(entry)), None)
        return _table(entry)
    if not isinstance(entry, dict):
        raise _Unexpected("a person", short(str(entry)))
    if "pose_keypoints_2d" in entry or "pose_keypoints" in entry:
        flat = _numbers(entry.get("pose_keypoints_2d", entry.get("pose_keypoints")))
        return _rows_of_three(flat) if flat.size else None
    points = entry.get("keypoints")
    if points is None:
        return None
    if isinstance(points, dict):
        columns = [points.get(name) for name in ("x", "y", "visible", "confidence") if name in points][:3]
        lengths = {len(column) if isinstance(column, list) else -1 for column in columns}
        if len(columns) < 2 or len(lengths) != 1 or -1 in lengths:
            raise _Unexpected("x, y and visible of one length", short(str(points)))
        return _table([list(row) for row in zip(*columns, strict=True)])
    if not isinstance(points, list) or not points:
        return None
    if not isinstance(points[0], list):
        return _rows_of_three(_numbers(points))
    table = _table(points)
    scores = entry.get("keypoint_scores")
    if scores is None:
        return table
    column = _numbers(scores)
    if column.shape != (len(table),):
        raise _Unexpected(
            f"{len(table)} keypoint_scores", " x ".join(map(str, column.shape)) or "a bare number"
        )
    return np.column_stack([table, column])


def _landmarks(entry: Any) -> list[Floats]:
    """The landmarks of one person, or of a list of people (as MediaPipe Tasks write them)."""
    if isinstance(entry, dict):
        entry = entry.get("landmark", entry.get("landmarks"))
    if not entry:
        return []
    if not isinstance(entry, list):
        raise _Unexpected("a list of landmarks", short(str(entry)))
    if isinstance(entry[0], list) and entry[0] and isinstance(entry[0][0], dict | list):
        return [person for landmarks in entry for person in _landmarks(landmarks)]
    if isinstance(entry[0], list):
        return [_table(entry)]
    rows = []
    for point in entry:
        if not isinstance(point, dict) or "x" not in point or "y" not in point:
            raise _Unexpected("a landmark with x and y", short(str(point)))
        rows.append(
            [point["x"], point["y"], point.get("z"), point.get("visibility", point.get("presence", 1.0))]
        )
    if any(row[2] is None for row in rows):
        rows = [[row[0], row[1], row[3]] for row in rows]
    return [_table(rows)]


def _table(rows: list[Any]) -> Floats:
    table = _numbers(rows)
    if table.ndim != 2 or table.shape[1] not in (2, 3, 4):
        raise _Unexpected("joints of 2, 3 or 4 numbers", " x ".join(map(str, table.shape)) or "a bare number")
    return table


def _rows_of_three(flat: Floats) -> Floats:
    if flat.ndim != 1 or len(flat) % 3:
        raise _Unexpected("x, y and score of each joint", " x ".join(map(str, flat.shape)) + " numbers")
    return flat.reshape(-1, 3)


def _numbers(values: Any) -> Floats:
    try:
        return np.array(values, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise _Unexpected("numbers", str(error)[:80]) from None


def _by_image(ref: FileRef, entries: list[Any]) -> list[list[Any]]:
    """Entries of COCO results, one per person, grouped by image; images in natural order of their names."""
    groups: dict[str, list[Any]] = {}
    for number, entry in enumerate(entries, start=1):
        image = entry.get("image_id") if isinstance(entry, dict) else None
        if not isinstance(image, str | int):
            actual = short(str(entry))
            raise BadFile(str(ref), where=f"entry {number}", expected="an object with image_id", found=actual)
        groups.setdefault(str(image), []).append(entry)

    def natural(name: str) -> list[tuple[int, int, str]]:
        return [
            (1, int(part[:18]), "") if part.isdecimal() else (0, 0, part) for part in re.split(r"(\d+)", name)
        ]

    return [groups[name] for name in sorted(groups, key=natural)]


def _array(ref: FileRef, raw: bytes, content: dict[str, Any], name: str) -> Clip:
    """An object with an array of keypoints and optional layout, rate, width, height, up, scores."""
    info = info_of(ref, content)
    try:
        array = _numbers(content[name])
        scores = content.get("scores", content.get("keypoint_scores"))
        if scores is not None:
            column = _numbers(scores)
            if column.shape != array.shape[:-1]:
                raise _Unexpected(f"scores of shape {array.shape[:-1]}", f"{column.shape}")
            array = np.concatenate([array, column[..., None]], axis=-1)
            info = replace(info, scored=True)
    except _Unexpected as error:
        raise BadFile(str(ref), where=f"field {name}", expected=error.args[0], found=error.args[1]) from None
    return from_array(ref, raw, array, info)


def _number(ref: FileRef, header: dict[str, Any], name: str, most: float, least: float = 0) -> float | None:
    value = header.get(name)
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value <= most
        or value < least
    ):
        expected = f"a number from {least:g} to {most:g}" if least else f"a number above 0, at most {most:g}"
        raise BadFile(str(ref), where=f"field {name}", expected=expected, found=short(str(value)))
    return float(value)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def sample() -> dict[str, bytes]:
    """Four frames of one body of 17 joints, in pixels."""
    keypoints = coordinates(4, 17, 2, low=10, high=400).tolist()
    return {"keypoints.json": json.dumps({"keypoints": keypoints, "layout": "coco17", "rate": 25}).encode()}


FORMAT = Format("keypoints-json", "keypoints of pose estimators: .json", sniff, find, read, sample=sample)
