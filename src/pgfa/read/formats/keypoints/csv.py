"""Keypoints as CSV with a header: one line a frame (and person), or one line a joint (docs/formats.md)."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.format import FileRef, Format
from pgfa.read.formats.keypoints.reader import FLAT, SOLID, Facts, from_people
from pgfa.read.parsing.text_table import short
from pgfa.read.source import find_files
from pgfa.skeleton import LAYOUTS, Clip, Layout, Source

MAX_BYTES = 256 * 1024 * 1024
MAX_COLUMNS = 1000
MAX_LINES = 4_000_000
COORDINATES = {
    "x": 0, "y": 1, "z": 2,
    **dict.fromkeys(("v", "c", "s", "score", "visibility", "confidence", "conf", "likelihood", "presence"), 3),
}  # fmt: skip
FRAME = ("frame", "frame_id", "frame_number", "frame_no", "frame_index", "image_id")
TIME = (
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
"""The last word of a time column's name -> its steps a second."""
PERSON = ("person", "person_id", "body", "body_id", "track_id", "track", "id")
JOINT = ("joint", "joint_id", "keypoint", "keypoint_id", "landmark", "landmark_id", "landmark_index", "part")
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
    """Columns by what they hold; cells of joints are (joint, coordinate) -> column."""

    between: str
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
        return _header(head.decode("utf-8-sig", "replace").split("\n", 1)[0]) is not None
    except csv.Error:
        return False


def find(root: Path) -> list[FileRef]:
    """The .csv files under a folder or in a zip."""
    return find_files(root, r".+\.csv", "keypoints (.csv)")


def read(ref: FileRef) -> Clip:
    """One clip of everybody in the file. Raises BadFile with the line, LimitExceeded."""
    raw = ref.read(MAX_BYTES)
    text = raw.decode("utf-8-sig", "replace")
    try:
        header = _header(text.split("\n", 1)[0])
    except csv.Error:
        header = None
    if header is None:
        raise BadFile(str(ref), where="line 1", expected=EXPECTED, found=short(text.split("\n", 1)[0]))
    lines, numbers = _lines(ref, text, header)
    names = sorted({joint for joint, _ in header.cells}) if header.joint is None else []
    joints = [line[header.joint] for line in lines] if header.joint is not None else []
    layout, places = _layout(ref, names or list(dict.fromkeys(map(_canonical, joints))), solid=_solid(header))
    values = _values(ref, lines, numbers, header)
    frame_of, rate = _frames(header, values)
    if header.joint is None:
        bodies = _wide(header, values, places, len(layout.joints))
        order = [(int(frame), bodies[row]) for row, frame in enumerate(frame_of)]
    else:
        order = _long(
            ref,
            header,
            values,
            [places[_canonical(j)] for j in joints],
            frame_of,
            numbers,
            len(layout.joints),
        )
    people: list[list[Floats]] = [[] for _ in range(max((frame for frame, _ in order), default=-1) + 1)]
    for frame, body in order:
        people[frame].append(body)
    scored = any(coordinate == 3 for _, coordinate in header.cells)
    return from_people(
        ref, raw, people, Facts(layout=layout, rate=rate, scored=scored, source=Source(id=ref.stem))
    )


def _header(line: str) -> _Header | None:
    between = max(",;\t", key=line.count)  # spreadsheets of many countries write semicolons, some tabs
    cut = next(csv.reader([line], delimiter=between), [])
    names = [re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_") for name in cut]
    if not 3 <= len(names) <= MAX_COLUMNS:
        return None

    def column(known: tuple[str, ...]) -> int | None:
        return next((at for at, name in enumerate(names) if name in known), None)

    joint = column(JOINT)
    cells: dict[tuple[str, int], int] = {}
    for at, name in enumerate(names):
        if joint is not None:
            if name in COORDINATES:
                cells.setdefault(("", COORDINATES[name]), at)
            continue
        if name in FRAME + TIME + PERSON:
            continue  # time_s is no score of a joint called time
        match = re.fullmatch(r"([xyzvcs])_?(\d{1,3})", name) or re.fullmatch(r"(.+?)_([a-z]+)", name)
        if match is None:
            continue
        which, coordinate = (match[2], match[1]) if match[2].isdigit() else (match[1], match[2])
        if coordinate in COORDINATES:
            cells.setdefault((_canonical(which), COORDINATES[coordinate]), at)
    has = {j for j, c in cells if c == 0} & {j for j, c in cells if c == 1}
    if not has or (joint is None and len(has) < 10):
        return None
    time = column(TIME)
    unit = None if time is None else UNITS.get(names[time].split("_")[-1])
    return _Header(between, column(FRAME), time, unit, column(PERSON), joint, cells, len(names))


def _canonical(name: str) -> str:
    """A joint's name as the layouts have it: left_foot_index -> toe_left; 12, kp12 and landmark_12 -> 12."""
    name = re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")
    if match := re.fullmatch(r"(?:kp|keypoint|joint|landmark|point)?_?(\d{1,3})", name):
        return match[1].lstrip("0") or "0"
    words = [{"l": "left", "r": "right"}.get(word, word) for word in name.split("_")]
    side = next((word for word in words if word in ("left", "right")), "")
    rest = "_".join(word for word in words if word not in ("left", "right"))
    rest = ALIASES.get(rest, rest)
    return f"{rest}_{side}" if side else rest


def _solid(header: _Header) -> bool:
    return any(coordinate == 2 for _, coordinate in header.cells)


def _layout(ref: FileRef, names: list[str], *, solid: bool) -> tuple[Layout, dict[str, int]]:
    """The layout whose joints the names are, and each name's place in it."""
    if all(name.isdigit() for name in names):
        order = sorted(names, key=int)
        count = len(order)
        layout = (SOLID.get(count) or FLAT.get(count)) if solid else (FLAT.get(count) or SOLID.get(count))
        if layout is None or int(order[-1]) - int(order[0]) != count - 1:
            known = ", ".join(map(str, sorted(FLAT | SOLID)))
            found = f"{count}, {order[0]} to {order[-1]}"
            raise BadFile(str(ref), where="joints", expected=f"{known} joints, numbered on end", found=found)
        return layout, {name: place for place, name in enumerate(order)}
    given = {("chest" if name == "neck" and "chest" not in names else name): name for name in names}
    fitting = [layout for layout in LAYOUTS.values() if set(layout.joints) <= given.keys()]
    if not fitting:
        near = max(
            LAYOUTS.values(), key=lambda layout: len(given.keys() & set(layout.joints)) / len(layout.joints)
        )
        lacking = [joint for joint in near.joints if joint not in given]
        expected = f"all joints of a layout; nearest is {near.name}"
        raise BadFile(str(ref), where="line 1", expected=expected, found=f"no {', '.join(lacking[:5])}")
    layout = max(fitting, key=lambda layout: len(layout.joints))
    places = {given[joint]: place for place, joint in enumerate(layout.joints)}
    return layout, {name: places.get(name, -1) for name in names}


def _lines(ref: FileRef, text: str, header: _Header) -> tuple[list[list[str]], list[int]]:
    lines, numbers = [], []
    table = csv.reader(io.StringIO(text, newline=""), delimiter=header.between)
    try:
        next(table)
        for cells in table:
            if not cells:
                continue
            if len(cells) != header.columns:
                where = f"line {table.line_num}"
                raise BadFile(
                    str(ref), where=where, expected=f"{header.columns} cells", found=str(len(cells))
                )
            lines.append(cells)
            numbers.append(table.line_num)
            if len(lines) > MAX_LINES:
                raise LimitExceeded(f"{ref}: more than the limit of {MAX_LINES:,} lines")
    except csv.Error as error:
        raise BadFile(str(ref), where=f"line {table.line_num}", expected="CSV", found=str(error)) from None
    if not lines:
        raise BadFile(str(ref), expected="at least one line below the header", found="none")
    return lines, numbers


def _values(ref: FileRef, lines: list[list[str]], numbers: list[int], header: _Header) -> Floats:
    """(lines, columns) numbers of the columns that are used; an empty cell, of a joint not seen, is NaN."""
    wanted = sorted(
        {at for at in (header.frame, header.time, header.person, *header.cells.values()) if at is not None}
    )
    out = np.full((len(lines), header.columns), np.nan)
    point = (
        "," if header.between == ";" else "."
    )  # where lists are cut by semicolons, commas stand for points
    for row, cells in enumerate(lines):
        for at in wanted:
            try:
                out[row, at] = float(cells[at].replace(point, ".")) if cells[at].strip() else np.nan
            except ValueError:
                where = f"line {numbers[row]}, cell {at + 1}"
                if at == header.frame and (digits := re.findall(r"\d{1,15}", cells[at])):
                    out[row, at] = float(digits[-1])  # an image's name
                    continue
                raise BadFile(str(ref), where=where, expected="a number", found=short(cells[at])) from None
    return out


def _frames(header: _Header, values: Floats) -> tuple[NDArray[np.int64], float | None]:
    """The frame of each line, from 0, and frames a second where times are given."""
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
            # Hardly anybody records 1 frame a second, or above 1000: the step itself tells its unit.
            units = (1.0, 1e3, 1e6, 1e9)
            rate = next((unit / step for unit in units if 0.999e-3 < step / unit < 0.999), None)
    return frame_of.reshape(-1), rate


def _columns(header: _Header) -> list[int]:
    return sorted({coordinate for _, coordinate in header.cells})


def _wide(header: _Header, values: Floats, places: dict[str, int], joints: int) -> Floats:
    """(lines, joints, columns)."""
    kinds = _columns(header)
    out = np.full((len(values), joints, len(kinds)), np.nan)
    for (joint, coordinate), at in header.cells.items():
        if places.get(joint, -1) >= 0:
            out[:, places[joint], kinds.index(coordinate)] = values[:, at]
    return out


def _long(
    ref: FileRef,
    header: _Header,
    values: Floats,
    places: list[int],
    frame_of: NDArray[np.int64],
    numbers: list[int],
    joints: int,
) -> list[tuple[int, Floats]]:
    """Bodies of one line a joint, with their frames."""
    if header.frame is None and header.time is None:
        raise BadFile(
            str(ref), where="line 1", expected="a frame or time column beside the joint", found="none"
        )
    kinds = _columns(header)
    person = values[:, header.person] if header.person is not None else np.zeros(len(values))
    bodies: dict[tuple[int, float], Floats] = {}
    seen: set[tuple[int, float, int]] = set()
    for row, (frame, who, place) in enumerate(zip(frame_of.tolist(), person.tolist(), places, strict=True)):
        if place < 0:
            continue
        if (frame, who, place) in seen:
            expected = "each joint of a person once a frame"
            raise BadFile(str(ref), where=f"line {numbers[row]}", expected=expected, found="it again")
        seen.add((frame, who, place))
        body = bodies.setdefault((frame, who), np.full((joints, len(kinds)), np.nan))
        body[place] = [values[row, header.cells["", kind]] for kind in kinds]
    return [(frame, body) for (frame, _), body in bodies.items()]


FORMAT = Format("keypoints-csv", "keypoints of pose estimators: .csv (docs/formats.md)", sniff, find, read)
