"""Keypoints as JSON: MediaPipe, MMPose, Ultralytics, COCO results (AlphaPose), OpenPose frames in one list, arrays.

docs/formats.md lists the fields taken. People of a frame are followed over time.
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
from pgfa.read.format import FileRef, Format
from pgfa.read.formats.keypoints.reader import Facts, from_array, from_people, layout_named
from pgfa.read.parsing.text_table import short
from pgfa.read.source import find_files
from pgfa.skeleton import Clip, Source

MAX_BYTES = 64 * 1024 * 1024  # parsed json takes some ten times its bytes
WORLD = ("pose_world_landmarks", "poseWorldLandmarks", "world_landmarks", "worldLandmarks")
LANDMARKS = ("pose_landmarks", "poseLandmarks", "landmarks")
PEOPLE = ("people", "instances", "persons", "predictions")
FRAMES = ("frames", "instance_info", "annotations", "results")
ARRAYS = ("keypoints", "positions")
NAMES = {*WORLD, *LANDMARKS, *PEOPLE, "keypoints", "pose_keypoints_2d", "pose_keypoints"}
EXPECTED = (
    "keypoints as MediaPipe, MMPose, Ultralytics, COCO or OpenPose write them, or an array (docs/formats.md)"
)

Floats = NDArray[np.float64]


class _Unlike(Exception):
    """Something is not as a form has it: what was expected, what was found."""


def sniff(name: str, head: bytes) -> bool:
    """JSON: an object or a list."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def find(root: Path) -> list[FileRef]:
    """The .json files under a folder or in a zip."""
    return find_files(root, r".+\.json", "keypoints (.json)")


def read(ref: FileRef) -> Clip:
    """One clip of everybody in the file. Raises BadFile with the frame, LimitExceeded."""
    raw = ref.read(MAX_BYTES)
    content = load(ref, raw)
    if isinstance(content, dict) and (array := next((n for n in ARRAYS if _is_list(content.get(n))), None)):
        return _array(ref, raw, content, array)
    frames, about = content, {}
    if isinstance(content, dict):
        about = content
        frames = next((content[name] for name in FRAMES if isinstance(content.get(name), list)), [content])
    if not isinstance(frames, list) or not frames:
        raise BadFile(str(ref), expected=EXPECTED, found=short(str(content)))
    facts = facts_of(ref, about)
    if isinstance(frames[0], dict) and "image_id" in frames[0]:
        frames = _by_image(ref, frames)
    people = []
    for number, frame in enumerate(frames, start=1):
        try:
            people.append(people_of(frame))
        except _Unlike as unlike:
            expected, found = unlike.args
            raise BadFile(str(ref), where=f"frame {number}", expected=expected, found=found) from None
    if not any(people) and all(isinstance(frame, dict) and not NAMES & frame.keys() for frame in frames):
        raise BadFile(
            str(ref), expected=EXPECTED, found=short(str(content))
        )  # other JSON, not an empty scene
    return from_people(ref, raw, people, facts)


def load(ref: FileRef, raw: bytes) -> Any:
    """Parse JSON. Raises BadFile."""
    try:
        return json.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as error:
        raise BadFile(str(ref), expected="JSON", found=str(error)[:200]) from None


def facts_of(ref: FileRef, about: dict[str, Any]) -> Facts:
    """What an object says of its keypoints: layout, rate (or fps), width and height, up."""
    rate = _number(ref, about, "rate", 1e4, 0.01) or _number(ref, about, "fps", 1e4, 0.01)
    width, height = _number(ref, about, "width", 1e6), _number(ref, about, "height", 1e6)
    up = about.get("up")
    if up is not None and up not in ("y", "-y", "z", "-z", "x", "-x"):
        raise BadFile(str(ref), where="field up", expected="y, -y, z, -z, x or -x", found=short(str(up)))
    texts = {name: about[name][:200] for name in ("action", "subject") if isinstance(about.get(name), str)}
    return Facts(
        layout=layout_named(ref, about["layout"]) if about.get("layout") is not None else None,
        rate=rate,
        size=(width, height) if width and height else None,
        up=up,
        source=Source(id=ref.stem, **texts),
    )


def people_of(frame: Any) -> list[Floats]:
    """The people of one frame, (joints, 2, 3 or 4) each, whatever the form."""
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
        return [person for each in frame if (person := _person(each)) is not None]
    raise _Unlike("an object or a list of people", short(str(frame)))


def _person(entry: Any) -> Floats | None:
    """One person of OpenPose, MMPose, Ultralytics or COCO."""
    if isinstance(entry, list):
        if entry and isinstance(entry[0], dict):
            return next(iter(_landmarks(entry)), None)
        return _table(entry)
    if not isinstance(entry, dict):
        raise _Unlike("a person", short(str(entry)))
    if "pose_keypoints_2d" in entry or "pose_keypoints" in entry:
        flat = _numbers(entry.get("pose_keypoints_2d", entry.get("pose_keypoints")))
        return _in_threes(flat) if len(flat) else None
    points = entry.get("keypoints")
    if points is None:
        return None
    if isinstance(points, dict):
        columns = [points.get(name) for name in ("x", "y", "visible", "confidence") if name in points][:3]
        if len(columns) < 2 or len({len(c) if isinstance(c, list) else -1 for c in columns}) != 1:
            raise _Unlike("x, y and visible of one length", short(str(points)))
        return np.stack([_numbers(column) for column in columns], axis=-1)
    if not isinstance(points, list) or not points:
        return None
    if not isinstance(points[0], list):
        return _in_threes(_numbers(points))
    table = _table(points)
    scores = entry.get("keypoint_scores")
    if scores is None:
        return table
    column = _numbers(scores)
    if column.shape != (len(table),):
        raise _Unlike(f"{len(table)} keypoint_scores", str(len(column)))
    return np.column_stack([table, column])


def _landmarks(listed: Any) -> list[Floats]:
    """One person's landmarks, or a list of several's (as the Tasks of MediaPipe give them)."""
    if isinstance(listed, dict):
        listed = listed.get("landmark", listed.get("landmarks"))
    if not listed:
        return []
    if not isinstance(listed, list):
        raise _Unlike("a list of landmarks", short(str(listed)))
    if isinstance(listed[0], list) and listed[0] and isinstance(listed[0][0], dict | list):
        return [person for each in listed for person in _landmarks(each)]
    if isinstance(listed[0], list):
        return [_table(listed)]
    rows = []
    for point in listed:
        if not isinstance(point, dict) or "x" not in point or "y" not in point:
            raise _Unlike("a landmark with x and y", short(str(point)))
        rows.append(
            [point["x"], point["y"], point.get("z"), point.get("visibility", point.get("presence", 1.0))]
        )
    if any(row[2] is None for row in rows):
        rows = [[row[0], row[1], row[3]] for row in rows]
    return [_table(rows)]


def _table(rows: list[Any]) -> Floats:
    table = _numbers(rows)
    if table.ndim != 2 or table.shape[1] not in (2, 3, 4):
        raise _Unlike("joints of 2, 3 or 4 numbers", " x ".join(map(str, table.shape)) or "a bare number")
    return table


def _in_threes(flat: Floats) -> Floats:
    if flat.ndim != 1 or len(flat) % 3:
        raise _Unlike("x, y and score of each joint", " x ".join(map(str, flat.shape)) + " numbers")
    return flat.reshape(-1, 3)


def _numbers(values: Any) -> Floats:
    try:
        return np.array(values, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise _Unlike("numbers", str(error)[:80]) from None


def _by_image(ref: FileRef, entries: list[Any]) -> list[list[Any]]:
    """Entries of COCO's form, one a person, by image; images in natural order, and none between them lost."""
    groups: dict[str, list[Any]] = {}
    for number, entry in enumerate(entries, start=1):
        image = entry.get("image_id") if isinstance(entry, dict) else None
        if not isinstance(image, str | int):
            found = short(str(entry))
            raise BadFile(str(ref), where=f"entry {number}", expected="an object with image_id", found=found)
        groups.setdefault(str(image), []).append(entry)

    def natural(name: str) -> list[tuple[int, int, str]]:
        return [
            (1, int(part[:18]), "") if part.isdecimal() else (0, 0, part) for part in re.split(r"(\d+)", name)
        ]

    return [groups[name] for name in sorted(groups, key=natural)]


def _array(ref: FileRef, raw: bytes, content: dict[str, Any], name: str) -> Clip:
    """An object with an array of keypoints and, if known, layout, rate, width, height, up, scores."""
    facts = facts_of(ref, content)
    try:
        array = _numbers(content[name])
        scores = content.get("scores", content.get("keypoint_scores"))
        if scores is not None:
            column = _numbers(scores)
            if column.shape != array.shape[:-1]:
                raise _Unlike(f"scores of shape {array.shape[:-1]}", f"{column.shape}")
            array = np.concatenate([array, column[..., None]], axis=-1)
            facts = replace(facts, scored=True)
    except _Unlike as error:
        raise BadFile(str(ref), where=f"field {name}", expected=error.args[0], found=error.args[1]) from None
    return from_array(ref, raw, array, facts)


def _number(ref: FileRef, about: dict[str, Any], name: str, most: float, least: float = 0) -> float | None:
    value = about.get(name)
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


FORMAT = Format("keypoints-json", "keypoints of pose estimators: .json (docs/formats.md)", sniff, find, read)
