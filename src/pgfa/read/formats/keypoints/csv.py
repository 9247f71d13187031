"""Keypoints as CSV with a header: one line per frame (and person), or one line per joint (docs/formats.md).

Joints by the names of estimators, of the Kinect SDKs, Azure Kinect, ZED and Nuitrack, or by number.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.assemble import counted
from pgfa.read.format import Format, first_clip
from pgfa.read.formats.keypoints.csv_above import rate_above, split_header
from pgfa.read.formats.keypoints.csv_flat import clip_of_flat_table, flat_table
from pgfa.read.formats.keypoints.csv_header import (
    EXPECTED,
    STATE,
    Header,
    without_other_scores,
)
from pgfa.read.formats.keypoints.csv_lists import has_lists, without_lists
from pgfa.read.formats.keypoints.csv_melted import is_melted, with_axes_together
from pgfa.read.formats.keypoints.csv_parts import without_face_and_hands
from pgfa.read.formats.keypoints.csv_people import numbers_joints, without_people
from pgfa.read.formats.keypoints.csv_spaces import without_spaces
from pgfa.read.formats.keypoints.csv_table import Table, table_of
from pgfa.read.formats.keypoints.csv_triples import with_axes
from pgfa.read.formats.keypoints.csv_unread import rising_columns, unread_flags
from pgfa.read.formats.keypoints.csv_vectors import without_vectors
from pgfa.read.formats.keypoints.detections import Entry, clip_of, recordings
from pgfa.read.formats.keypoints.joint_names import layout_of_names
from pgfa.read.formats.keypoints.other_names import landmarks_in, nearly_a_layout, own_names, with_body_joints
from pgfa.read.formats.keypoints.people import Person
from pgfa.read.formats.keypoints.reader import JOINTS, KeypointInfo, layout_of
from pgfa.read.interpret.other_counts import rows_to_save
from pgfa.read.limits import check_text
from pgfa.read.parsing.cells import text_of
from pgfa.read.parsing.frame_names import INDICES, numbers_of_names, rank_of
from pgfa.read.parsing.frame_times import CLOCK
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import picture, rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import AZURE32, COCO17, HALPE26, NTU25, WHOLEBODY133, Clip, Layout, Source

MAX_BYTES = 256 * 1024 * 1024
LAYOUT_OF_COUNT = {26: HALPE26, 133: WHOLEBODY133}
"""Numbers of joints that `layout_of` does not know."""

Floats = NDArray[np.float64]


def sniff(name: str, head: bytes) -> bool:
    """A first line (below comments) with joint columns; no JSON, which may be one line of as many."""
    text = _decoded(head)
    try:
        has_header = split_header(without_people(text))[0] is not None
    except csv.Error:
        return False
    if head.lstrip()[:1] in (b"{", b"["):
        return False
    return has_header or is_melted(text) or has_lists(text) or flat_table(text) is not None


def find(root: Path) -> list[FileRef]:
    """The .csv files under a folder or in a zip."""
    return find_files(root, r"(?!\._).+\.csv", "keypoints (.csv)")


def read(ref: FileRef) -> Clip:
    """The first clip of the file. Raises BadFile with the line, LimitExceeded."""
    return first_clip(_clips(ref))


def read_all(ref: FileRef) -> list[Clip | BadFile]:
    """All clips: several where frame numbers or times start again. Raises as `read`."""
    return [*_clips(ref)]


def _clips(ref: FileRef) -> list[Clip]:
    raw = ref.read(MAX_BYTES)
    check_text(ref, raw)
    text = _decoded(raw)
    if flat := flat_table(text):
        return [clip_of_flat_table(ref, raw, text, flat)]
    text, notes = without_face_and_hands(ref, with_axes_together(ref, without_lists(ref, text)))
    return clips_of_table(ref, raw, without_people(text), notes)


def clips_of_table(ref: FileRef, raw: bytes, text: str, noted: tuple[str, ...] = ()) -> list[Clip]:
    """The clips of a table.

    Args:
        ref, raw: the file, and its bytes.
        text: its table, with line feeds, a cell for each number, and a line for each person.
        noted: what was left out of it.

    Raises:
        As `read`.
    """
    try:
        header, above = split_header(text)
    except csv.Error:
        header, above = None, 0
    if header is None:
        raise BadFile(str(ref), where="line 1", expected=EXPECTED, found=short(text.split("\n", 1)[0]))
    if header.twice:
        expected = "one person in a line, or a column of the person"
        raise BadFile(str(ref), where="header", expected=expected, found=f"two columns {short(header.twice)}")
    table = table_of(ref, text, header, above)
    if numbers_joints(table):
        table = replace(table, people=[None] * len(table.people))
    header, notes = _frames_and_times(ref, text, header, above, table)
    notes = noted + notes + _notes_on_cells(table)
    names = sorted({joint for joint, _ in header.cells}) if header.joint is None else []
    names = names or list(dict.fromkeys(table.joints))
    layout, index_of = _layout(ref, names, header.labels or table.labels, depth=header.has(2))
    together = len(set(zip(table.recordings, table.people, strict=True))) > len(set(table.recordings))
    if header.frame is None and header.time is None and together:
        expected = "a frame or time column in addition to that of the person"
        raise BadFile(str(ref), where="line 1", expected=expected, found="none")
    header, unread = without_other_scores(header, table.values)
    notes += unread
    grouped = _entries(ref, header, table, index_of, len(layout.joints) if layout else len(index_of))
    if layout is None:
        landmarks = landmarks_in(ref, header.labels or table.labels, long=header.joint is not None)
        grouped, approximate = with_body_joints(grouped, list(index_of), landmarks, header.axes)
        notes += approximate + nearly_a_layout(list(index_of))
    entries = [entry for part in grouped.values() for entry in part]
    up = _up_of_azure(entries) if layout is AZURE32 and header.has(2) else None
    # Numbers alone may leave open which layout it is; what is behind `clip_of` decides.
    placed = [name for name, index in index_of.items() if index >= 0]
    numbered = all(name.isdigit() for name in placed) and len(placed) in JOINTS
    rate, doubts = rate_above(ref, text, above, header, table.values)
    info = KeypointInfo(
        layout=None if numbered else layout or NTU25,
        rate=rate,
        scored=header.has(3) and layout is not None,
        counted=layout is None,
        up=up,
        scale=header.scale,
        source=Source(id=ref.stem),
        problems=notes + doubts,
    )
    return _recordings(ref, raw, grouped, info, header.time_name)


def _notes_on_cells(table: Table) -> tuple[str, ...]:
    """Texts in place of numbers, and signs between thousands."""
    absent = (
        f"{counted(count, 'cell')} with {cell}: no number, the joint is absent"
        for cell, count in table.unavailable.items()
    )
    mark = table.thousands
    return (*absent, *([f"{mark!r} read as a separator of thousands: 1{mark}234 is 1234"] if mark else []))


def _recordings(
    ref: FileRef, raw: bytes, grouped: dict[str, list[Entry]], info: KeypointInfo, time_name: str
) -> list[Clip]:
    """A clip of each recording; several where frame numbers or times start again."""
    parts = [(name, part) for name, lines in grouped.items() for part in recordings(ref, lines, time_name)]
    sources = (
        [f"{ref.stem}-{number}" for number in range(1, len(parts) + 1)] if len(parts) > 1 else [ref.stem]
    )
    return [
        clip_of(
            ref,
            raw,
            part,
            replace(info, source=Source(id=source), problems=(*info.problems, *([name] if name else []))),
        )
        for (name, part), source in zip(parts, sources, strict=True)
    ]


def _frames_and_times(
    ref: FileRef, text: str, header: Header, above: int, table: Table
) -> tuple[Header, tuple[str, ...]]:
    """The header, with a column of frames only if it has them; and a note for one that may have them and is not read.

    Raises:
        BadFile: names of images that are not those of one recording.
    """
    if table.clock:
        header = replace(header, time_name=CLOCK)
    if header.frame is not None:
        if table.names:
            table.values[:, header.frame] = _numbers_in(ref, header, table)
        numbers = table.values[:, header.frame]
        several = len(set(table.people)) > 1
        is_index = rank_of(header.title, INDICES) is not None
        useless = np.isnan(numbers).any() or len(np.unique(numbers)) < 2
        if header.loose and (useless or (is_index and (several or header.time is not None))):
            header = replace(header, frame=None)
    notes = unread_flags(ref, text, header, above)
    if header.frame is None and header.time is None and header.joint is None:
        notes += [*rising_columns(ref, text, header, above)]
    return header, tuple(notes)


def _numbers_in(ref: FileRef, header: Header, table: Table) -> Floats:
    """Frame numbers from names of images; NaN where one name is in all lines, as of a video. Raises BadFile."""
    numbers = numbers_of_names(table.names) if len(table.names) == len(table.numbers) else None
    if numbers is not None:
        return np.array(numbers)
    if len(set(table.names)) == 1:
        return np.full(len(table.numbers), np.nan)
    if header.loose and not any(re.search(r"\d", name) for name in table.names):
        return np.full(len(table.numbers), np.nan)
    examples = list(dict.fromkeys(table.names))
    where = f"column {header.title.strip()}"
    expected = "frame numbers, or names of images that differ in one number (frame_0012.jpg)"
    raise BadFile(
        str(ref), where=where, expected=expected, found=short(", ".join((*examples[:2], examples[-1])))
    )


def _entries(
    ref: FileRef, header: Header, table: Table, index_of: dict[str, int], joints: int
) -> dict[str, list[Entry]]:
    """The entries of each recording, in the order of the file."""
    grouped: dict[str, list[Entry]] = {name: [] for name in table.recordings}
    if header.joint is None:
        bodies = _wide(header, table, index_of, joints)
        for row, (body, person) in enumerate(zip(bodies, table.people, strict=True)):
            grouped[table.recordings[row]].append(_entry(header, table.values[row], [Person(body, person)]))
        return grouped
    for row, states in enumerate(table.unseen):
        if states:
            places = [column for (_, axis), column in header.cells.items() if axis != STATE]
            table.values[row, places] = np.nan
    lines_of: dict[str, list[int]] = {name: [] for name in grouped}
    for row, name in enumerate(table.recordings):
        lines_of[name].append(row)
    for name, members in lines_of.items():
        lines = [(table.numbers[row], table.people[row], index_of[table.joints[row]]) for row in members]
        grouped[name] = _long(ref, header, table.values[members], lines, joints)
    return grouped


def _up_of_azure(entries: list[Entry]) -> str | None:
    """The camera of an Azure Kinect counts y downwards; programs that turn it around write the same joint names.

    Returns:
        "-y" or "y", by which the head is above the ankles most of the time; None if neither is beyond doubt.
    """
    head, ankles = AZURE32.index("head_base"), [AZURE32.index(f"ankle_{side}") for side in ("left", "right")]
    bodies = [person.points[:, :3] for entry in entries for person in entry.people]
    heights = np.array([body[head] - body[ankles].mean(axis=0) for body in bodies]).reshape(-1, 3)
    heights = heights[np.isfinite(heights).all(axis=-1)]
    if not len(heights):
        return None
    upwards = np.median(heights, axis=0)
    if abs(upwards[1]) < 0.8 * np.linalg.norm(upwards):
        return None
    return "y" if upwards[1] > 0 else "-y"


def _decoded(raw: bytes) -> str:
    """Text with line feeds, a cell for each number, and its axis in the title."""
    return with_axes(without_vectors(without_spaces(text_of(raw))))


def _layout(
    ref: FileRef, names: list[str], labels: Mapping[str, str], *, depth: bool
) -> tuple[Layout | None, dict[str, int]]:
    """The layout that has these joints, and the index of each name in it (-1 for names it does not have); None for
    other names, with the index of each.
    """
    if own_names(ref).keys() & set(labels.values()):
        return None, {name: index for index, name in enumerate(names)}
    numbers = [name for name in names if name.isdigit()]
    matched = layout_of_names([name for name in names if not name.isdigit()])
    # Numbers are those of the body where hands and face have names: pose_0, left_hand_0.
    if matched is None and len(numbers) in (len(names), *JOINTS):
        order = sorted(numbers, key=int)
        count = len(order)
        layout = layout_of(count, depth=depth) or LAYOUT_OF_COUNT.get(count)
        if layout is None or int(order[-1]) - int(order[0]) != count - 1:
            expected = (
                f"{', '.join(map(str, sorted({*JOINTS, *LAYOUT_OF_COUNT})))} joints, numbered without gaps"
            )
            rows = rows_to_save([count])
            actual = f"{count}, {order[0]} to {order[-1]}" + (f" ({rows})" if rows else "")
            raise BadFile(str(ref), where="joints", expected=expected, found=actual)
        return layout, dict.fromkeys(names, -1) | {name: index for index, name in enumerate(order)}
    if matched is None:
        return None, {name: index for index, name in enumerate(names)}
    layout, index_of = matched
    return layout, {name: index_of.get(name, -1) for name in names}


def _entry(header: Header, values: Floats, people: list[Person]) -> Entry:
    number = None if header.frame is None else float(values[header.frame])
    time = None if header.time is None else float(values[header.time])
    present = [person for person in people if np.isfinite(person.points).any()]
    return Entry(present, number, time)


def _wide(header: Header, table: Table, index_of: dict[str, int], joints: int) -> Floats:
    """One line per person and frame -> (lines, joints, columns), NaN where a joint's state is that it is not seen."""
    axes, values = header.axes, table.values
    out = np.full((len(values), joints, len(axes)), np.nan)
    for (joint, coordinate), column in header.cells.items():
        if index_of.get(joint, -1) >= 0 and coordinate != STATE:
            out[:, index_of[joint], axes.index(coordinate)] = values[:, column]
    if 3 in axes:  # joints without a column for it have no score to be absent for
        unscored = [
            index for joint, index in index_of.items() if index >= 0 and (joint, 3) not in header.cells
        ]
        out[:, unscored, axes.index(3)] = 1
    for row, unseen in enumerate(table.unseen):
        out[row, [index_of[joint] for joint in unseen if index_of.get(joint, -1) >= 0]] = np.nan
    return out


def _long(
    ref: FileRef,
    header: Header,
    values: Floats,
    lines: list[tuple[int, str | None, int]],
    joints: int,
) -> list[Entry]:
    """One line per joint -> an entry per person and frame, in the order of the file; by frames if it goes by joints.

    Args:
        ref: the file, for errors.
        header: of the file.
        values: (lines, columns).
        lines: number, person and joint (-1 for one the layout does not have) of each line.
        joints: of the layout.
    """
    if header.frame is None and header.time is None:
        expected = "a frame or time column in addition to the joint column"
        raise BadFile(str(ref), where="line 1", expected=expected, found="none")
    axes = header.axes
    keys = values[:, header.frame if header.frame is not None else header.time or 0].tolist()
    open_body: dict[str | None, tuple[float, Floats, set[int]]] = {}
    out: list[Entry] = []
    for row in _by_frames(keys, lines):
        key, (line, person, joint) = keys[row], lines[row]
        if joint < 0:
            continue
        body = open_body.get(person)
        # A joint that comes again is the next frame, or another recording.
        if body is None or body[0] != key:
            body = (key, np.full((joints, len(axes)), np.nan), set())
            open_body[person] = body
            number = None if header.frame is None else key
            time = None if header.time is None else float(values[row, header.time])
            out.append(Entry([Person(body[1], person)], number, time))
        elif joint in body[2]:
            expected = "each joint of a person once per frame, or a column of the person (person_id)"
            where = f"line {line}, column {header.titles[header.joint or 0]}"
            raise BadFile(str(ref), where=where, expected=expected, found="the same joint again")
        body[2].add(joint)
        body[1][joint] = [values[row, header.cells["", axis]] for axis in axes]
    return out


def _by_frames(keys: list[float], lines: list[tuple[int, str | None, int]]) -> list[int]:
    """The order of lines in which the joints of a frame follow each other: that of the file, unless it has all frames
    of a joint before those of the next, as tables that were melted have.

    Args:
        keys: frame or time of each line.
        lines: as in `_long`.
    """
    joints = [(person, joint) for _, person, joint in lines]
    new_joints, new_frames = (
        sum(one != other for one, other in pairwise(values)) for values in (joints, keys)
    )
    is_melted = new_joints < new_frames and len(set(zip(keys, joints, strict=True))) == len(lines)
    return sorted(range(len(lines)), key=keys.__getitem__) if is_melted else list(range(len(lines)))


def sample() -> dict[str, bytes]:
    """Four frames of one body of 17 joints, in pixels, one line per frame."""
    header = ",".join(["frame", *(f"{joint}_{axis}" for joint in COCO17.joints for axis in "xy")])
    frames = rows(picture(COCO17).reshape(4, 34), ",")
    return {
        "keypoints.csv": "\n".join([header, *(f"{n},{frame}" for n, frame in enumerate(frames))]).encode()
    }


FORMAT = Format(
    "keypoints-csv", "keypoints of pose estimators: .csv", sniff, find, read, read_all=read_all, sample=sample
)
