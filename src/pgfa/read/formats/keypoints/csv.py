"""Keypoints as CSV with a header: one line per frame (and person), or one line per joint (docs/formats.md)."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.format import Format
from pgfa.read.formats.keypoints.reader import JOINTS, KeypointInfo, from_people, layout_of
from pgfa.read.limits import check_text
from pgfa.read.parsing.text_table import lines_above, short
from pgfa.read.sample import coordinates, rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import COCO17, LAYOUTS, Clip, Layout, Source

MAX_BYTES = 256 * 1024 * 1024
MAX_COLUMNS = 1000
MAX_LINES = 4_000_000
COORDINATES = {
    "x": 0, "y": 1, "z": 2,
    **dict.fromkeys(("v", "c", "s", "score", "visibility", "confidence", "conf", "likelihood", "presence"), 3),
}  # fmt: skip
FRAME_COLUMN = ("frame", "frame_id", "frame_number", "frame_no", "frame_index", "image_id")
TIME_COLUMN = (
    "time",
    "timestamp",
    "t",
    "time_s",
    "time_ms",
    "timestamp_ms",
    "timestamp_us",
    "time_us",
    "seconds",
    "milliseconds",
)
UNITS = {"s": 1.0, "seconds": 1.0, "ms": 1e3, "milliseconds": 1e3, "us": 1e6}
"""The last word of a time column's name -> its units per second."""
PERSON_COLUMN = ("person", "person_id", "body", "body_id", "track_id", "track", "id")
JOINT_COLUMN = (
    "joint",
    "joint_id",
    "keypoint",
    "keypoint_id",
    "landmark",
    "landmark_id",
    "landmark_index",
    "part",
)
ALIASES = {
    "foot_index": "toe",
    "big_toe": "toe",
    "midhip": "pelvis",
    "mid_hip": "pelvis",
    "hand_tip": "handtip",
}
EXPECTED = "a header with x and y of joints by name (left_wrist_x) or number (x0, y0, ...), or a joint column"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Header:
    """Columns by content; cells of joints are (joint, coordinate) -> column."""

    separator: str
    frame: int | None
    time: int | None
    unit: float | None
    person: int | None
    joint: int | None
    cells: dict[tuple[str, int], int]
    columns: int


def sniff(name: str, head: bytes) -> bool:
    """A first line with joint columns."""
    try:
        text = head.decode("utf-8-sig", "replace")
        return _header(text.split("\n")[lines_above(text)]) is not None
    except csv.Error:
        return False


def find(root: Path) -> list[FileRef]:
    """The .csv files under a folder or in a zip."""
    return find_files(root, r".+\.csv", "keypoints (.csv)")


def read(ref: FileRef) -> Clip:
    """One clip of all people in the file. Raises BadFile with the line, LimitExceeded."""
    raw = ref.read(MAX_BYTES)
    check_text(ref, raw)
    text = raw.decode("utf-8-sig", "replace")
    above = lines_above(text)
    text = text.split("\n", above)[above]
    try:
        header = _header(text.split("\n", 1)[0])
    except csv.Error:
        header = None
    if header is None:
        raise BadFile(
            str(ref), where=f"line {above + 1}", expected=EXPECTED, found=short(text.split("\n", 1)[0])
        )
    lines, numbers = _lines(ref, text, header, above)
    names = sorted({joint for joint, _ in header.cells}) if header.joint is None else []
    joints = [line[header.joint] for line in lines] if header.joint is not None else []
    layout, index_of = _layout(
        ref, names or list(dict.fromkeys(map(_canonical, joints))), depth=_has_depth(header)
    )
    values = _values(ref, lines, numbers, header)
    frame_of, rate = _frames(header, values)
    if header.joint is None:
        bodies = _wide(header, values, index_of, len(layout.joints))
        order = [(int(frame), bodies[row]) for row, frame in enumerate(frame_of)]
    else:
        joint_of = [index_of[_canonical(joint)] for joint in joints]
        order = _long(ref, header, values, joint_of, frame_of, numbers, len(layout.joints))
    people: list[list[Floats]] = [[] for _ in range(max((frame for frame, _ in order), default=-1) + 1)]
    for frame, body in order:
        people[frame].append(body)
    scored = any(coordinate == 3 for _, coordinate in header.cells)
    info = KeypointInfo(layout=layout, rate=rate, scored=scored, source=Source(id=ref.stem))
    return from_people(ref, raw, people, info)


def _header(line: str) -> _Header | None:
    separator = max(",;\t", key=line.count)  # spreadsheets write semicolons in many countries, or tabs
    titles = next(csv.reader([line], delimiter=separator), [])
    names = [re.sub(r"[^a-z0-9]+", "_", title.strip().lower()).strip("_") for title in titles]
    if not 3 <= len(names) <= MAX_COLUMNS:
        return None

    def column(titles: tuple[str, ...]) -> int | None:
        return next((index for index, name in enumerate(names) if name in titles), None)

    joint = column(JOINT_COLUMN)
    cells: dict[tuple[str, int], int] = {}
    for index, name in enumerate(names):
        if joint is not None:
            if name in COORDINATES:
                cells.setdefault(("", COORDINATES[name]), index)
            continue
        if name in FRAME_COLUMN + TIME_COLUMN + PERSON_COLUMN:
            continue  # time_s is not the score of a joint called time
        match = re.fullmatch(r"([xyzvcs])_?(\d{1,3})", name) or re.fullmatch(r"(.+?)_([a-z]+)", name)
        if match is None:
            continue
        part, coordinate = (match[2], match[1]) if match[2].isdigit() else (match[1], match[2])
        if coordinate in COORDINATES:
            cells.setdefault((_canonical(part), COORDINATES[coordinate]), index)
    with_x_and_y = {name for name, axis in cells if axis == 0} & {name for name, axis in cells if axis == 1}
    if not with_x_and_y or (joint is None and len(with_x_and_y) < 10):
        return None
    time = column(TIME_COLUMN)
    unit = None if time is None else UNITS.get(names[time].split("_")[-1])
    return _Header(
        separator, column(FRAME_COLUMN), time, unit, column(PERSON_COLUMN), joint, cells, len(names)
    )


def _canonical(name: str) -> str:
    """A joint's name as in the layouts: left_foot_index -> toe_left; 12, kp12 and landmark_12 -> 12."""
    name = re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")
    if match := re.fullmatch(r"(?:kp|keypoint|joint|landmark|point)?_?(\d{1,3})", name):
        return match[1].lstrip("0") or "0"
    words = [{"l": "left", "r": "right"}.get(word, word) for word in name.split("_")]
    side = next((word for word in words if word in ("left", "right")), "")
    rest = "_".join(word for word in words if word not in ("left", "right"))
    rest = ALIASES.get(rest, rest)
    return f"{rest}_{side}" if side else rest


def _has_depth(header: _Header) -> bool:
    return any(coordinate == 2 for _, coordinate in header.cells)


def _layout(ref: FileRef, names: list[str], *, depth: bool) -> tuple[Layout, dict[str, int]]:
    """The layout that has these joints, and the index of each name in it (-1 for names it does not have)."""
    if all(name.isdigit() for name in names):
        order = sorted(names, key=int)
        count = len(order)
        layout = layout_of(count, depth=depth)
        if layout is None or int(order[-1]) - int(order[0]) != count - 1:
            expected = f"{', '.join(map(str, JOINTS))} joints, numbered without gaps"
            raise BadFile(
                str(ref), where="joints", expected=expected, found=f"{count}, {order[0]} to {order[-1]}"
            )
        return layout, {name: index for index, name in enumerate(order)}
    name_of = {("chest" if name == "neck" and "chest" not in names else name): name for name in names}
    complete = [layout for layout in LAYOUTS.values() if set(layout.joints) <= name_of.keys()]
    if not complete:
        closest = max(
            LAYOUTS.values(), key=lambda layout: len(name_of.keys() & set(layout.joints)) / len(layout.joints)
        )
        missing = [joint for joint in closest.joints if joint not in name_of]
        expected = f"all joints of a layout; closest is {closest.name}"
        raise BadFile(str(ref), where="line 1", expected=expected, found=f"no {', '.join(missing[:5])}")
    layout = max(complete, key=lambda layout: len(layout.joints))
    index_of = {name_of[joint]: index for index, joint in enumerate(layout.joints)}
    return layout, {name: index_of.get(name, -1) for name in names}


def _lines(ref: FileRef, text: str, header: _Header, above: int) -> tuple[list[list[str]], list[int]]:
    """The cells of each line below the header, and its number in the file, of which `above` lines are cut off."""
    lines, numbers = [], []
    table = csv.reader(io.StringIO(text, newline=""), delimiter=header.separator)
    try:
        next(table)
        for cells in table:
            if not cells:
                continue
            if len(cells) != header.columns:
                expected, actual = f"{header.columns} cells", str(len(cells))
                raise BadFile(
                    str(ref), where=f"line {above + table.line_num}", expected=expected, found=actual
                )
            lines.append(cells)
            numbers.append(above + table.line_num)
            if len(lines) > MAX_LINES:
                raise LimitExceeded(f"{ref}: more than the limit of {MAX_LINES:,} lines")
    except csv.Error as error:
        raise BadFile(
            str(ref), where=f"line {above + table.line_num}", expected="CSV", found=str(error)
        ) from None
    if not lines:
        raise BadFile(str(ref), expected="at least one line below the header", found="none")
    return lines, numbers


def _values(ref: FileRef, lines: list[list[str]], numbers: list[int], header: _Header) -> Floats:
    """(lines, columns) numbers of the columns that are used; an empty cell (an absent joint) is NaN."""
    used = {header.frame, header.time, header.person, *header.cells.values()}
    columns = sorted(column for column in used if column is not None)
    out = np.full((len(lines), header.columns), np.nan)
    # Semicolons separate cells where the decimal separator is a comma.
    decimal = "," if header.separator == ";" else "."
    for row, cells in enumerate(lines):
        for column in columns:
            cell = cells[column]
            try:
                out[row, column] = float(cell.replace(decimal, ".")) if cell.strip() else np.nan
            except ValueError:
                where = f"line {numbers[row]}, cell {column + 1}"
                if column == header.frame and (digits := re.findall(r"\d{1,15}", cell)):
                    out[row, column] = float(digits[-1])  # the number in an image's name
                    continue
                raise BadFile(str(ref), where=where, expected="a number", found=short(cell)) from None
    return out


def _frames(header: _Header, values: Floats) -> tuple[NDArray[np.int64], float | None]:
    """The frame of each line, from 0, and frames per second if there are times."""
    keys = header.frame if header.frame is not None else header.time
    if keys is None:
        return np.arange(len(values)), None
    _, frame_of = np.unique(values[:, keys], return_inverse=True)
    rate = None
    if header.time is not None:
        times = np.unique(values[np.isfinite(values[:, header.time]), header.time])
        step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
        if header.unit:
            rate = header.unit / step if 1e-4 <= step / header.unit <= 100 else None
        elif step != 1:  # a step of 1 may count frames
            # Recordings of 1 frame per second, or above 1000, are rare: the step itself gives its unit.
            units = (1.0, 1e3, 1e6, 1e9)
            rate = next((unit / step for unit in units if 0.999e-3 < step / unit < 0.999), None)
    return frame_of.reshape(-1), rate


def _coordinates(header: _Header) -> list[int]:
    return sorted({coordinate for _, coordinate in header.cells})


def _wide(header: _Header, values: Floats, index_of: dict[str, int], joints: int) -> Floats:
    """One line per person and frame -> (lines, joints, columns)."""
    axes = _coordinates(header)
    out = np.full((len(values), joints, len(axes)), np.nan)
    for (joint, coordinate), column in header.cells.items():
        if index_of.get(joint, -1) >= 0:
            out[:, index_of[joint], axes.index(coordinate)] = values[:, column]
    return out


def _long(
    ref: FileRef,
    header: _Header,
    values: Floats,
    joint_of: list[int],
    frame_of: NDArray[np.int64],
    numbers: list[int],
    joints: int,
) -> list[tuple[int, Floats]]:
    """One line per joint -> (frame, body) of each person."""
    if header.frame is None and header.time is None:
        raise BadFile(
            str(ref),
            where="line 1",
            expected="a frame or time column in addition to the joint column",
            found="none",
        )
    axes = _coordinates(header)
    person = values[:, header.person] if header.person is not None else np.zeros(len(values))
    bodies: dict[tuple[int, float], Floats] = {}
    filled: set[tuple[int, float, int]] = set()
    for row, key in enumerate(zip(frame_of.tolist(), person.tolist(), joint_of, strict=True)):
        frame, person_id, joint = key
        if joint < 0:
            continue
        if key in filled:
            expected = "each joint of a person once per frame"
            raise BadFile(str(ref), where=f"line {numbers[row]}", expected=expected, found="a repetition")
        filled.add(key)
        body = bodies.setdefault((frame, person_id), np.full((joints, len(axes)), np.nan))
        body[joint] = [values[row, header.cells["", axis]] for axis in axes]
    return [(frame, body) for (frame, _), body in bodies.items()]


def sample() -> dict[str, bytes]:
    """Four frames of one body of 17 joints, in pixels, one line per frame."""
    header = ",".join(["frame", *(f"{joint}_{axis}" for joint in COCO17.joints for axis in "xy")])
    frames = rows(coordinates(4, 34, low=10, high=400), ",")
    return {
        "keypoints.csv": "\n".join([header, *(f"{n},{frame}" for n, frame in enumerate(frames))]).encode()
    }


FORMAT = Format("keypoints-csv", "keypoints of pose estimators: .csv", sniff, find, read, sample=sample)
