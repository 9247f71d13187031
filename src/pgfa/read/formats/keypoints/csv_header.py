"""The header of a CSV file of keypoints: which column holds which coordinate of which joint."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.read.formats.keypoints.bone_ends import heads_only
from pgfa.read.formats.keypoints.csv_words import without_shared_words
from pgfa.read.formats.keypoints.field_names import (
    SCORES,
    SHORT_SCORES,
    UNSURE_SCORES,
    is_recording_name,
    person_names,
)
from pgfa.read.formats.keypoints.joint_labels import LABELS
from pgfa.read.formats.keypoints.joint_names import BEFORE_NUMBERS, canonical
from pgfa.read.formats.keypoints.joint_states import LOOSE_STATES, STATES
from pgfa.read.formats.keypoints.take_labels import is_take_label
from pgfa.read.parsing.frame_names import IMAGES, INDICES, LONGEST, NUMBERS, TIMES, first_of, rank_of

MAX_COLUMNS = 2500
"""MediaPipe's body, hands and face have 2,172."""
COORDINATES = {
    "x": 0, "y": 1, "z": 2,
    **dict.fromkeys(("confidence_level", "is_visible", "is_valid", "in_frame_likelihood"), 3),
    **dict.fromkeys((*SHORT_SCORES, *SCORES, *UNSURE_SCORES), 3),
    **dict.fromkeys(("trackingstate", *STATES, *LOOSE_STATES), 4),
}  # fmt: skip
SCORE = 3
STATE = 4
"""Whether a joint was tracked, as depth cameras say it: a number or a word."""
RATE_COLUMN = ("fps", "frame_rate", "framerate", "video_fps", "frames_per_second")
METRES = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "inch": 0.0254, "inches": 0.0254, "in": 0.0254}
EXPECTED = "a header with x and y of joints by name (left_wrist_x) or number (x0, y0, ...), or a joint column"
_UNIT = re.compile(
    r"(?:[\s_]*[\[(](mm|cm|m|inch|inches|in|px|pixels?)[\])]|(?:(?<=^[xyz])|(?<=[_ .][xyz]))_(mm|cm|m|px))\s*$",
    re.IGNORECASE,
)
_LAST_WORDS = re.compile(
    rf"(.+?)_(confidence_level|is_visible|is_valid|in_frame_likelihood|{'|'.join(STATES)}|[a-z]+)"
)
_WORDS_OF_POSITION = "positions?|posi|pos|location|loc|translation|trans|coordinate|coord"
_POSITION = rf"(?:world_|global_|abs_|joint_)?(?:{_WORDS_OF_POSITION})"
_OTHER = re.compile(
    r"(?:^|_)(rotation|rotations|rot|quaternion|quat|euler|eulers|orientation|ori|angle|angles|angular|scale|velocity"
    r"|vel|linear_velocity|angular_velocity|acceleration|accel|forward|direction|normal|local_position|local_pos|local)$"
)
"""What a column of x, y or z that is no position of a joint has before it: a rotation, a velocity, a local offset."""
_JOINED_AXIS = re.compile(rf"(.+)_(?:{_POSITION}|t|p)_?([xyz])")
"""Hips_posX, Hips_tx, Hips-Joint-Posi-x: the axis with what says that it is a position."""
_NUMBER_AND_AXIS = re.compile(rf"({BEFORE_NUMBERS}_?\d{{1,3}})([xyz])")
"""lm0x: nothing between the number of a joint and the axis."""
_OF_WORLD = re.compile(r"(?:pose_)?world_[a-z_]*\d")
_AXIS_FIRST = re.compile(rf"(?:{_POSITION}_)?([xyz])_([a-z].*)")
_NUMBERED = re.compile(rf"([xyz]|{'|'.join((*SHORT_SCORES, *SCORES, 'p'))})_?(\d{{1,3}})")
MIN_AGAIN = 20
"""Coordinates that are there twice, if a line has two people: those of ten joints."""
_IMPLIED = 75
"""Columns of a table without a header: x, y and z of the 25 joints of a Kinect v2."""


@dataclass(frozen=True)
class Header:
    """Columns by content; cells of joints are (joint, coordinate) -> column.

    Attributes:
        metres: column -> metres per unit, where the titles of all coordinates state it; else empty.
        implied: whether there is no header: the first line is numbers.
        rate: the column with the frame rate in each line.
        title: of the column with frame numbers.
        others: title -> column of what is neither of these nor of a joint.
        joint_columns: those that may be the column of joints, the likeliest first.
        recordings: the columns that say from which recording a line is.
        labels: joint in `cells` -> its name in the title, in lower case with underscores.
        twice: a title of a joint's coordinate that ten or more of them have twice; "" without one.
        unsure: the columns of scores whose name may be that of something else.
        titles: all titles, in lower case with underscores.
    """

    separator: str
    frame: int | None
    time: int | None
    time_name: str
    person: int | None
    joint: int | None
    cells: dict[tuple[str, int], int]
    columns: int
    metres: dict[int, float] = field(default_factory=dict)
    implied: bool = False
    rate: int | None = None
    recordings: tuple[int, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    twice: str = ""
    unsure: frozenset[int] = frozenset()
    titles: tuple[str, ...] = ()
    title: str = ""
    others: tuple[tuple[str, int], ...] = ()
    joint_columns: tuple[int, ...] = ()

    @property
    def scale(self) -> float | None:
        """Metres per unit of points with depth, if the titles state one unit for all coordinates; else None."""
        units = set(self.metres.values())
        return units.pop() if self.has(2) and len(units) == 1 else None

    @property
    def loose(self) -> bool:
        """Whether the column of frames may hold something else: names of files, or an index of the lines."""
        return self.frame is not None and rank_of(self.title, NUMBERS) is None

    def has(self, axis: int) -> bool:
        """Whether there is a column of that coordinate (2 is z, 3 the score)."""
        return any(coordinate == axis for _, coordinate in self.cells)

    @property
    def axes(self) -> list[int]:
        """The coordinates and scores that there are, ascending."""
        return sorted({coordinate for _, coordinate in self.cells} - {STATE})


def header_of(line: str) -> Header | None:
    """The header in a line; None for any other line. Raises csv.Error."""
    separator = max(",;\t|", key=line.count)  # spreadsheets write semicolons in many countries, or tabs
    return header_of_titles(next(csv.reader([line], delimiter=separator), []), separator)


def header_of_titles(titles: list[str], separator: str) -> Header | None:
    """The header of a table with these titles; None for any other cells."""
    if titles and not titles[-1].strip():
        titles.pop()
    if not 3 <= len(titles) <= MAX_COLUMNS:
        return None
    if len(titles) == _IMPLIED and all(map(_is_number, titles)):
        numbered = {(str(joint), axis): 3 * joint + axis for joint in range(25) for axis in range(3)}
        return Header(separator, None, None, "", None, None, numbered, _IMPLIED, implied=True)
    ends = [_UNIT.search(title) if len(title) <= LONGEST else None for title in titles]
    units = [(end[1] or end[2]).lower() if end else "" for end in ends]
    names = [plain(title[: end.start()] if end else title) for end, title in zip(ends, titles, strict=True)]

    def column(titles: tuple[str, ...]) -> int | None:
        return next((names.index(title) for title in titles if title in names), None)

    bare = [name.replace("_", "") for name in names]
    joint_columns = tuple(bare.index(label) for label in LABELS if label in bare)
    joint, labels = next(iter(joint_columns), None), dict[str, str]()
    cells = _long_cells(heads_only(names, long=True)) if joint is not None else {}
    if not {("", 0), ("", 1)} <= cells.keys():
        joint = None
        cells, labels = _wide_cells(heads_only(names, long=False), titles)
    with_x_and_y = {name for name, axis in cells if axis == 0} & {name for name, axis in cells if axis == 1}
    if not with_x_and_y or (joint is None and len(with_x_and_y) < 10):
        return None
    time = first_of(titles, TIMES)
    frame = _frame_column(titles, joint)
    coordinates = {index for (_, axis), index in cells.items() if axis < 3}
    known = all(units[index] in METRES for index in coordinates)
    metres = {index: METRES[units[index]] for index in coordinates} if known else {}
    other = [name for index, name in enumerate(names) if index not in {*cells.values(), frame, time, joint}]
    people = [name for name in person_names(other) if name != "name"]
    recordings = tuple(
        names.index(name) for name in dict.fromkeys(other) if is_recording_name(name) or is_take_label(name)
    )
    person = column(tuple(people))
    used = {frame, time, joint, person, column(RATE_COLUMN), *recordings, *cells.values()}
    return Header(
        separator, frame, time, titles[time].strip() if time is not None else "", person, joint, cells, len(names),
        metres=metres,
        rate=column(RATE_COLUMN),
        recordings=recordings,
        labels=labels,
        twice=_twice(names, cells) if joint is None else "",
        unsure=frozenset(index for (_, axis), index in cells.items() if axis == 3 and _is_unsure(names[index])),
        titles=tuple(names),
        title=titles[frame] if frame is not None else "",
        others=tuple((title, index) for index, title in enumerate(titles) if index not in used),
        joint_columns=() if joint is None else joint_columns,
    )  # fmt: skip


def _twice(names: list[str], cells: dict[tuple[str, int], int]) -> str:
    """A title of a coordinate that many titles have again, as those of a second person; "" without one."""
    used = set(cells.values())
    known = {names[column] for (_, axis), column in cells.items() if axis < 3}
    again = [name for column, name in enumerate(names) if column not in used and name in known]
    return again[0] if len(again) >= MIN_AGAIN else ""


def with_units_below(header: Header, line: str) -> tuple[Header, int]:
    """The header with the units that the line below it has for the columns, and whether it has them (0 or 1)."""
    cells = [cell.strip(' "[]()').lower() for cell in line.split(header.separator)]
    columns = [column for (_, axis), column in header.cells.items() if axis < 3]
    if header.joint is not None or max(columns) >= len(cells) or any(map(_is_number, filter(None, cells))):
        return header, 0
    units = {cells[column] for column in columns}
    if not units <= METRES.keys() | {"", "px", "pixel", "pixels"} or not any(cells):
        return header, 0
    if header.metres or not units <= METRES.keys():
        return header, 1
    return replace(header, metres={column: METRES[cells[column]] for column in columns}), 1


def _frame_column(titles: list[str], joint: int | None) -> int | None:
    """The column of frame numbers; else that of images, or, with a line per frame, the index that pandas writes."""
    for names in (NUMBERS, IMAGES):
        if (column := first_of(titles, names)) is not None:
            return column
    indices = [index for index, title in enumerate(titles) if rank_of(title, INDICES) is not None]
    indices = [index for index in indices if titles[index].strip() or not index]
    return indices[0] if indices and joint is None else None


def _is_unsure(name: str) -> bool:
    return name.rstrip("0123456789").rstrip("_").rpartition("_")[2] in UNSURE_SCORES


def without_other_scores(header: Header, values: NDArray[np.float64]) -> tuple[Header, tuple[str, ...]]:
    """The header without columns that share a name with scores but have other values, and a note on them.

    Args:
        header: of the file.
        values: (lines, columns).
    """
    scores = values[:, sorted(header.unsure)]
    if not header.unsure or np.all(np.isnan(scores) | ((scores >= 0) & (scores <= 1))):
        return header, ()
    cells = {key: column for key, column in header.cells.items() if column not in header.unsure}
    title = header.titles[min(header.unsure)]
    return replace(header, cells=cells), (f"{title} and the like not read: not all values are from 0 to 1",)


def plain(title: str) -> str:
    """A title in lower case, words separated by underscores: HeadX -> head_x, RShoulder.x -> r_shoulder_x."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=\b[LR])(?=[A-Z][a-z])", "_", title.strip())
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def _long_cells(names: list[str]) -> dict[tuple[str, int], int]:
    cells: dict[tuple[str, int], int] = {}
    # Landmarks of the world count before those of a picture, as in other files.
    names = [f"world_{name[1]}" if name in ("wx", "wy", "wz") else name for name in names]
    in_space = {f"world_{axis}" for axis in "xyz"} <= set(names)
    for index, name in enumerate(names):
        if in_space:
            name = {"x": "", "y": "", "z": ""}.get(name, name.removeprefix("world_"))
        name = re.sub(r"^(position|pos|joint|location)_(?=[xyz]$)|(?<=^[xyz])_(position|pos)$", "", name)
        if name in COORDINATES:
            cells.setdefault(("", COORDINATES[name]), index)
    return cells


def _wide_cells(names: list[str], titles: list[str]) -> tuple[dict[tuple[str, int], int], dict[str, str]]:
    """(joint, coordinate) -> column, and the name of each joint in the titles."""
    cells: dict[tuple[str, int], int] = {}
    labels: dict[str, str] = {}
    # Landmarks of the world count before those of a picture, as in other files.
    for index in sorted(range(len(names)), key=lambda index: not _OF_WORLD.match(names[index])):
        name = names[index]
        if rank_of(titles[index], (*NUMBERS, *IMAGES, *TIMES)) is not None:
            continue  # time_s is not the score of a joint called time
        if (cell := joint_and_coordinate(name)) is not None:
            part, coordinate = cell
            key = canonical(part)
            labels.setdefault(key, part)
            cells.setdefault((key, coordinate), index)
    cells = {key: column for key, column in cells.items() if key[1] < 3 or (key[0], 0) in cells}
    return without_shared_words(cells, {key: label for key, label in labels.items() if (key, 0) in cells})


def joint_and_coordinate(name: str) -> tuple[str, int] | None:
    """The name of a joint and what a column has of it; None for a column of something else."""
    if match := _NUMBERED.fullmatch(name):
        return match[2], COORDINATES[match[1]]
    if (match := _JOINED_AXIS.fullmatch(name) or _NUMBER_AND_AXIS.fullmatch(name)) or (
        (match := _LAST_WORDS.fullmatch(name)) and match[2] in COORDINATES
    ):
        part, coordinate = match[1], match[2]
    elif match := _AXIS_FIRST.fullmatch(name):
        part, coordinate = match[2], match[1]
    else:
        return None
    if COORDINATES[coordinate] == 3:
        part = re.sub(r"_(kp|kpt|keypoint)$", "", part)
    if (coordinate in LOOSE_STATES and "hand" in part) or (coordinate in "xyz" and _OTHER.search(part)):
        return None  # whether a hand is open; an angle
    return re.sub(rf"_(?:{_POSITION})$", "", part), COORDINATES[coordinate]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
