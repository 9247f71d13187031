"""The people of one frame, in any of the schemas that pose estimators write as JSON (docs/formats.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.read.formats.keypoints.detections import Entry
from pgfa.read.formats.keypoints.entry_fields import (
    LANDMARKS,
    NAMES,
    OPENPOSE,
    OPENPOSE_SOLID,
    PEOPLE,
    POINTS,
    SCENE,
    SOLID,
    WORLD,
)
from pgfa.read.formats.keypoints.entry_values import (
    MAX_COLUMNS,
    Unexpected,
    columns_of,
    fields_of,
    first_field,
    number_of,
    numbers_of,
    object_of,
    people_by_id,
    person_id,
    rows_of_width,
    scored_triples,
    stamp_of,
    table_of_rows,
    with_scores,
)
from pgfa.read.formats.keypoints.field_names import is_joint_list_name, is_open_score_name, is_score_name
from pgfa.read.formats.keypoints.frame_statements import FrameStatements
from pgfa.read.formats.keypoints.joint_labels import labels_of
from pgfa.read.formats.keypoints.joint_lists import JointList, rows_of
from pgfa.read.formats.keypoints.joint_names import canonical, layout_of_names, missing_joints
from pgfa.read.formats.keypoints.joint_objects import (
    completed_names,
    first_object,
    joint_fields,
    listed_points,
    row_of,
    with_coordinates,
)
from pgfa.read.formats.keypoints.joint_states import unread_flags
from pgfa.read.formats.keypoints.json_fields import headers_of
from pgfa.read.formats.keypoints.matrices import LOCAL, in_world, joints_and_anchor, positions_of
from pgfa.read.formats.keypoints.other_names import missing_in
from pgfa.read.formats.keypoints.people import Person
from pgfa.read.formats.keypoints.program_points import points_of_program
from pgfa.read.interpret.arrays import has_scores
from pgfa.read.parsing.frame_names import IMAGES, NUMBERS, TIMES
from pgfa.read.parsing.frame_times import CLOCK, CLOCK_FORMS, Clock
from pgfa.read.parsing.markers.tables import landmarks_of
from pgfa.read.parsing.text_table import short
from pgfa.skeleton import (
    MEDIAPIPE33,
    MPI15,
    OPENPOSE18,
    OPENPOSE25,
    ZED34,
    ZED38,
    Layout,
)  # fmt: skip

LAYOUT_OF_FLAT = {45: MPI15, 54: OPENPOSE18, 75: OPENPOSE25}
"""OpenPose: how many numbers a person has: x, y and score of each joint."""
LAYOUT_OF_SOLID = {4 * size // 3: layout for size, layout in LAYOUT_OF_FLAT.items()}
"""The same of x, y, z and score."""
ZED = {18: OPENPOSE18, 34: ZED34, 38: ZED38}
"""ZED: how many joints a body has."""

RATES = {"hd_29_97": 29.97, "vga_25": 25.0}
"""CMU Panoptic's `fpsType`."""

NUMBERS_AND_IMAGES = (*NUMBERS, *IMAGES[1:])
OPENPOSE_ANY = (*OPENPOSE, OPENPOSE_SOLID)

Floats = NDArray[np.float64]


class Parser:
    """Reads frames, and remembers which layout they name or imply.

    Args:
        listed: names of the joints in the order of all lists of points without names.
        given: the layout that the user states.

    Attributes:
        own: the user's names of joints -> landmarks.
        statements: what the frames say about the recording.
        other, landmarks: names of joints that are those of no layout, in the order of all points, and their landmarks.
    """

    def __init__(self, listed: JointList | None = None, given: Layout | None = None) -> None:
        self.listed, self.given = listed, given
        self._order = None if listed is None else rows_of(listed, given)
        self.layouts: dict[str, Layout] = {}
        self.scored: bool | None = None
        self.up: str | None = None
        self.scale: float | None = None
        self.solid: bool | None = None
        self.notes: dict[str, None] = {}
        self.counted = False
        self.own: Mapping[str, str] = {}
        self.other: tuple[str, ...] = ()
        self.landmarks: dict[str, str] = {}
        self.by_names: tuple[Layout, dict[str, int]] | None = None
        self.rate: float | None = None
        self.statements = FrameStatements()
        self.time_name = ""
        self.clock = Clock()

    def entry(self, frame: Any) -> Entry:
        """One frame with its number and time. Raises Unexpected."""
        number = time = None
        if isinstance(frame, dict):
            frame = frame | frame[SCENE] if isinstance(frame.get(SCENE), dict) else frame
            named = fields_of(frame, NUMBERS_AND_IMAGES)
            number = next((value for name in named if (value := number_of(frame[name])) is not None), None)
            time = next((time for part in headers_of(frame) if (time := self._time(part)) is not None), None)
        return Entry(self.people(frame), number, time)

    def _time(self, frame: dict[str, Any]) -> float | None:
        """The time of a frame: a number, a date or a time of day, or seconds and nanoseconds as ROS has them."""
        header = frame.get("header")
        if isinstance(header, dict) and isinstance(header.get("stamp"), dict):
            frame = {"stamp": header["stamp"]}
        for name in fields_of(frame, TIMES):
            value = frame[name]
            time, unit = number_of(value), name
            if time is None and isinstance(value, str) and value.strip():
                unit = CLOCK
                try:
                    time = self.clock.seconds(value)
                except ValueError as error:
                    raise Unexpected(f"one date in {name}, or dates as in 2024-05-01", str(error)) from None
                if time is None and not any(note.startswith(f"{name} not read") for note in self.notes):
                    self.notes[f"{name} not read: expected {CLOCK_FORMS}, found {short(value)}"] = None
            elif time is None and isinstance(value, dict):
                time, unit = stamp_of(value), CLOCK
            if time is not None:
                self.time_name = self.time_name or unit
                return time
        return None

    def people(self, frame: Any) -> list[Person]:
        """The people of one frame. Raises Unexpected."""
        if frame is None:
            return []
        if isinstance(frame, dict):
            self.statements.add(frame)
            frame = joints_and_anchor(frame)
            if isinstance(kind := frame.get("fpsType"), str):
                self.rate = RATES.get(kind)
            for names in (WORLD, LANDMARKS):
                if name := first_field(frame, names):
                    people = self._landmarks(listed_points(frame[name]))
                    if any(len(points) == len(MEDIAPIPE33.joints) for points in people):
                        self._note(MEDIAPIPE33)
                        self.up = "-y" if names is WORLD else self.up
                    return [Person(points) for points in people]
            if name := first_field(frame, PEOPLE):
                keyed = people_by_id(frame[name], NAMES)
                return self.people(frame[name] if keyed is None else keyed)
            person = self._person(frame)
            return [] if person is None else [person]
        if isinstance(frame, list):
            if {"x", "y"} <= (first_object(frame) or {}).keys():
                return [Person(points) for points in self._landmarks(frame)]
            every = (self._person(entry) for entry in frame if entry is not None)
            return [person for person in every if person is not None]
        raise Unexpected("an object or a list of people", short(str(frame)))

    def _person(self, entry: Any) -> Person | None:
        if isinstance(entry, list):
            if first_object(entry) is not None:
                return next((Person(points) for points in self._landmarks(entry)), None)
            if entry and isinstance(entry[0], list) and entry[0] and isinstance(entry[0][0], list):
                raise Unexpected("a person", "a list of lists of points")
            return Person(self._in_listed_order(table_of_rows(entry)))
        if not isinstance(entry, dict):
            raise Unexpected("a person", short(str(entry)))
        points = self._points(entry)
        return None if points is None else Person(points, person_id(entry))

    def _points(self, entry: dict[str, Any]) -> Floats | None:
        if first_field(entry, OPENPOSE_ANY):
            return self.openpose(entry)
        if (known := points_of_program(entry)) is not None:
            self._note(known.layout)
            self.scored = known.scored
            self.up, self.scale = known.up or self.up, known.scale or self.scale
            return known.points
        if "pose" in entry and "score" in entry and isinstance(entry["pose"], list):
            self.scored = True
            return with_scores(rows_of_width(numbers_of(entry["pose"]), 2), entry["score"])
        name = first_field(entry, POINTS)
        if name and not (isinstance(entry[name], list | dict) and entry[name]):
            name = next(
                (name for name in POINTS if isinstance(entry.get(name), list | dict) and entry[name]), ""
            )
        points = entry[name] if name else joint_fields(entry)
        if not points:
            if local := first_field(entry, LOCAL):
                raise Unexpected(
                    "matrices relative to the body (jointModelTransforms)", f"{local}, of their parents"
                )
            return None
        return self._of_field(entry, name, in_world(positions_of(points, self._names_beside(entry)), entry))

    def _of_field(self, entry: dict[str, Any], name: str, points: Any) -> Floats | None:
        """The points in a field of a person. Raises Unexpected."""
        if isinstance(points, dict) and {"x", "y"} <= points.keys():
            columns = columns_of(points)
            self.scored = columns.shape[1] == 3
            return self._in_listed_order(columns)
        if isinstance(points, dict) and all(isinstance(point, list | None) for point in points.values()):
            return self._ordered([canonical(joint) for joint in points], table_of_rows(list(points.values())))
        if isinstance(points, dict):
            points = [{"name": joint, **object_of(point)} for joint, point in points.items()]
        if not isinstance(points, list):
            raise Unexpected("a list of points", short(str(points)))
        if first_object(points) is not None:
            return next(iter(self._landmarks(points)), None)
        if list not in set(map(type, points)):  # COCO: x, y and score or visibility
            self.scored = True
            return self._in_listed_order(scored_triples(points))
        table = table_of_rows(points)
        if name == "keypoint" and "keypoint_confidence" in entry:
            self._note(ZED.get(len(table)))
            self.scored = True
            return with_scores(table, numbers_of(entry["keypoint_confidence"]) / 100)
        scores = (
            None if table.shape[1] == MAX_COLUMNS or has_scores(table) else self._scores(entry, len(table))
        )
        if name in SOLID and scores is None:
            self.scored = table.shape[1] == 4
            if table.shape == (25, 4):  # EasyMocap's order of 25 joints
                self._note(OPENPOSE25)
        if scores is None:
            return self._in_listed_order(table)
        self.scored = True
        return self._in_listed_order(with_scores(table, scores))

    def _names_beside(self, entry: dict[str, Any]) -> Sequence[str]:
        """The names of joints that a person, or else the file, lists."""
        own = next((value for name, value in entry.items() if is_joint_list_name(name)), None)
        if isinstance(own, list) and all(isinstance(name, str) for name in own):
            return own
        return () if self.listed is None else self.listed.names

    def _scores(self, entry: dict[str, Any], joints: int) -> list[Any] | None:
        """The scores of the joints of a person, in a field of their own. Raises Unexpected for another number."""
        if entry.get("keypoint_scores") is not None:
            scores: list[Any] = entry["keypoint_scores"]
            return scores
        for name, value in entry.items():
            if not isinstance(value, list) or len(value) != joints:
                continue
            if is_open_score_name(name):
                self.notes[
                    f"{name} not read: it may mark joints that are absent, or those that are present"
                ] = None
            elif is_score_name(name):
                return [part[0] if isinstance(part, list) and len(part) == 1 else part for part in value]
        return None

    def openpose(self, entry: dict[str, Any]) -> Floats | None:
        """A person of OpenPose: in space if the first person is, else in the picture. Raises Unexpected."""
        name = first_field(entry, OPENPOSE)
        flat, solid = (numbers_of(entry.get(key) or []) for key in (name, OPENPOSE_SOLID))
        if not flat.size and not solid.size:
            return None
        if self.solid is None:
            self.solid = solid.size > 0
        if solid.size and not self.solid:
            self.notes[f"{OPENPOSE_SOLID} of some people not read: the first has none"] = None
        elif flat.size and self.solid:
            self.notes[f"{name} not read: {OPENPOSE_SOLID} has depth"] = None
        self.scored = self.counted = True
        if not self.solid:
            self._note(LAYOUT_OF_FLAT.get(flat.size))
            return rows_of_width(flat, 3) if flat.size else None
        self._note(LAYOUT_OF_SOLID.get(solid.size))
        return rows_of_width(solid, 4, "x, y, z and score of each joint") if solid.size else None

    def _landmarks(self, entry: Any) -> list[Floats]:
        """The landmarks of one person, or of a list of people (as MediaPipe Tasks write them)."""
        if isinstance(entry, dict):
            entry = entry.get("landmark", entry.get("landmarks"))
        if not entry:
            return []
        if not isinstance(entry, list):
            raise Unexpected("a list of landmarks", short(str(entry)))
        if isinstance(entry[0], list) and entry[0] and isinstance(entry[0][0], dict | list):
            return [person for landmarks in entry for person in self._landmarks(landmarks)]
        if isinstance(entry[0], list):
            return [self._in_listed_order(table_of_rows(entry))]
        return [self._named(entry)]

    def _named(self, points: list[Any]) -> Floats:
        """Points as objects; in the order of the layout where they have the names of its joints. Null is absent."""
        every: list[dict[str, Any] | None] = []
        for point in points:
            if isinstance(point, dict):
                point = with_coordinates(point)
            if point is not None and (not isinstance(point, dict) or "x" not in point or "y" not in point):
                raise Unexpected("a landmark with x and y", short(str(point)))
            every.append(point)
        names = labels_of(every)
        self.notes |= dict.fromkeys(unread_flags(every))
        rows = [[None] * 4 if point is None else row_of(point) for point in every]
        if None in every:
            names = completed_names(names)
        if any(row[2] is None and row[0] is not None for row in rows):
            rows = [[row[0], row[1], row[3]] for row in rows]
            self.scored = True
        return self._ordered(names, table_of_rows(rows))

    def _ordered(self, names: list[str], table: Floats) -> Floats:
        """Rows in the order of the layout that has joints of these names; as they are without names."""
        if names and all(name.isdigit() for name in names):
            return self._in_listed_order(table[sorted(range(len(names)), key=lambda row: int(names[row]))])
        if not all(names):
            return self._in_listed_order(table)
        matched = layout_of_names(names)
        if matched is None and self.by_names is not None and set(names) <= self.by_names[1].keys():
            matched = self.by_names  # some programs leave out joints that they do not see
        if matched is None and self._has_other(names):
            return table
        if matched is None:
            layout, missing = missing_joints(names)
            expected = f"all joints of a layout; closest is {layout.name}"
            raise Unexpected(expected, f"no {', '.join(missing[:5])}")
        self.by_names = matched
        layout, index_of = matched
        self._note(layout)
        out = np.full((len(layout.joints), table.shape[1]), np.nan)
        for name, row in zip(names, table, strict=True):
            if name in index_of:
                out[index_of[name]] = row
        return out

    def _has_other(self, names: list[str]) -> bool:
        """Whether a body follows from names of bones or markers. Raises Unexpected for other ones than before."""
        if self.other == tuple(names):
            return True
        if self.other:
            raise Unexpected("the same joints in all frames", short(", ".join(names[:6])))
        landmarks, twice = landmarks_of(names, self.own)
        if twice or missing_in(landmarks):
            return False
        self.other, self.landmarks = tuple(names), landmarks
        return True

    def _in_listed_order(self, table: Floats) -> Floats:
        """Rows without names in the order of the layout that has the joints that the file lists. Raises Unexpected."""
        if self._order is None or self.listed is None:
            return table
        if len(table) != len(self.listed.names) and not self.listed.is_certain:
            return table
        if len(table) != len(self.listed.names):
            raise Unexpected(
                f"{len(self.listed.names)} joints, as {self.listed.field} lists", str(len(table))
            )
        layout, rows = self._order
        self._note(layout)
        return table[rows]

    def _note(self, layout: Layout | None) -> None:
        if layout is not None:
            self.layouts[layout.name] = layout

    @property
    def layout(self) -> Layout | None:
        """The layout of all frames. Raises Unexpected if they differ."""
        if len(self.layouts) > 1:
            raise Unexpected("one layout in all frames", " and ".join(sorted(self.layouts)))
        return next(iter(self.layouts.values()), None)
