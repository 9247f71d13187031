"""Text with a joint per line, its name before its coordinates, as samples of the Kinect SDK print them.

Frames begin where the joints start again, at a heading (Frame 12, Time 0.4), or where a number before the name changes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.format import Format, first_clip
from pgfa.read.formats.keypoints.csv_header import plain
from pgfa.read.formats.keypoints.detections import Entry, clip_of, recordings
from pgfa.read.formats.keypoints.joint_names import canonical, known_joints, layout_of_names
from pgfa.read.formats.keypoints.joint_states import is_unseen
from pgfa.read.formats.keypoints.other_names import body_joints, landmarks_in
from pgfa.read.formats.keypoints.people import Person
from pgfa.read.formats.keypoints.reader import KeypointInfo
from pgfa.read.limits import check_text
from pgfa.read.parsing.cells import MAX_TEXT, text_of
from pgfa.read.parsing.rates import rate_in_comments
from pgfa.read.parsing.text_table import is_comment, short
from pgfa.read.sample import person
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import NTU25, Clip, Source

MAX_LINES = 4_000_000
MAX_LINE = 300
"""Letters of a line."""
LOOKED_AT = 80
"""Lines looked at to detect the format."""
LEAST = 10
"""Different joints among them."""
EXPECTED = "a joint with its coordinates (Head 0.1 0.2 2.3), or a heading (Frame 12)"
_HEADING = re.compile(
    r"\W*(frame|time|timestamp|body|skeleton|person|user|player|tracking[ _]?id)(?:[ _]?(?:id|number|no|index))?"
    r"[\s:=#]*(\d+(?:\.\d+)?)\s*(ms|s|us|ns)?\W*",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\b(?:[xyz]|joint(?:[ _]?type)?|pos(?:ition)?|name|state|tracking[ _]?state)\s*[:=]\s*", re.IGNORECASE
)
_NUMBER = r"(?:[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan)"
_JOINT = re.compile(
    rf"(?:({_NUMBER})[\s,;:|]+)?\W*([A-Za-z][\w .-]*?)[\s,;:=|(\[]+({_NUMBER}(?:[\s,;|]+(?:{_NUMBER})){{1,3}})"
    r"[\s,;|)\]]*([A-Za-z][\w ]*)?\W*",
    re.IGNORECASE,
)

Floats = NDArray[np.float64]


@dataclass
class _Frame:
    """What is listed of a frame: person -> joint -> its numbers."""

    number: float | None = None
    time: float | None = None
    people: dict[str, dict[str, list[float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Line:
    """A line about a joint: the number before its name, its title, its coordinates (and a score)."""

    lead: float | None
    title: str
    row: list[float]


def sniff(name: str, head: bytes) -> bool:
    """Lines of joints by names that are known, at least ten different, and headings."""
    lines = [line for line in text_of(head).split("\n") if line.strip() and not is_comment(line)][:LOOKED_AT]
    lines = lines[:-1] if len(lines) > LEAST else lines  # the last may be cut off
    joints = [joint for line in lines if len(line) <= MAX_LINE and (joint := _joint_in(line)) is not None]
    headings = sum(_HEADING.fullmatch(line) is not None for line in lines if len(line) <= MAX_LINE)
    known = {joint.title for joint in joints if canonical(joint.title) in known_joints()}
    return len(known) >= LEAST and len(joints) + headings >= 0.8 * len(lines)


def find(root: Path) -> list[FileRef]:
    """The .txt and .csv files under a folder or in a zip."""
    return find_files(root, r"(?!\._).+\.(txt|csv|tsv|dat|log)", "text with a joint per line (.txt)")


def read(ref: FileRef) -> Clip:
    """The first clip of the file. Raises BadFile with the line, Undecided, LimitExceeded."""
    return first_clip(_clips(ref))


def read_all(ref: FileRef) -> list[Clip | BadFile]:
    """All clips: several where frame numbers or times start again. Raises as `read`."""
    return [*_clips(ref)]


def _clips(ref: FileRef) -> list[Clip]:
    raw = ref.read(MAX_TEXT)
    check_text(ref, raw)
    frames, titles, time_name, notes = _frames_of(ref, text_of(raw))
    if not titles:
        raise BadFile(str(ref), expected=EXPECTED, found="no joint in any line")
    width = min(len(row) for frame in frames for person in frame.people.values() for row in person.values())
    names = [canonical(title) for title in titles]
    index_of = {title: index for index, title in enumerate(titles)}
    entries = [
        Entry(
            [_person(id, joints, index_of, width) for id, joints in frame.people.items()],
            frame.number,
            frame.time,
        )
        for frame in frames
    ]
    matched = layout_of_names(names)
    layout = NTU25 if matched is None else matched[0]
    if matched is None:
        labels = {name: plain(title) for name, title in zip(names, titles, strict=True)}
        landmarks = landmarks_in(ref, labels, long=True)
        axes = {2: (0, 1), 3: (0, 1, 2), 4: (0, 1, 2, 3)}[width]
        people, more = body_joints([entry.people for entry in entries], names, landmarks, axes)
        notes += more
    else:
        rows = [names.index(name) for name in sorted(matched[1], key=lambda name: matched[1][name])]
        people = [[Person(one.points[rows], one.id) for one in entry.people] for entry in entries]
    entries = [Entry(frame, entry.number, entry.time) for frame, entry in zip(people, entries, strict=True)]
    info = KeypointInfo(
        layout=layout,
        rate=rate_in_comments(line for line in text_of(raw[:4096]).split("\n") if is_comment(line)),
        scored=width == 4 and matched is not None,
        counted=matched is None,
        problems=notes,
    )
    parts = recordings(ref, entries, time_name)
    ids = [ref.stem] if len(parts) == 1 else [f"{ref.stem}-{number + 1}" for number in range(len(parts))]
    return [
        clip_of(ref, raw, part, KeypointInfo(**{**vars(info), "source": Source(id=id)}))
        for part, id in zip(parts, ids, strict=True)
    ]


def _person(id: str, joints: dict[str, list[float]], index_of: dict[str, int], width: int) -> Person:
    points = np.full((len(index_of), width), np.nan)
    for title, row in joints.items():
        points[index_of[title]] = row[:width]
    return Person(points, id or None)


def _frames_of(ref: FileRef, text: str) -> tuple[list[_Frame], list[str], str, tuple[str, ...]]:
    """The frames, the titles of all joints, what the times are called, and notes. Raises BadFile, LimitExceeded."""
    frames = [_Frame()]
    titles: dict[str, None] = {}
    id, lead, leads, time_name = "", None, list[float](), ""
    for number, line in _lines(ref, text):
        joint = _plain_line(line, titles)
        if joint is None and (heading := _HEADING.fullmatch(line)):
            kind, value = heading[1].lower(), heading[2]
            if kind not in ("frame", "time", "timestamp"):
                id = value
                if frames[-1].people.get(id):
                    frames.append(_Frame())
                continue
            if frames[-1].people or (kind == "frame" and frames[-1].number is not None):
                frames.append(_Frame())
            id = ""
            if kind == "frame":
                frames[-1].number = float(value)
            else:
                frames[-1].time, time_name = float(value), kind + (f"_{heading[3]}" if heading[3] else "")
            continue
        joint = _joint_in(line) if joint is None else joint
        if joint is None:
            raise BadFile(str(ref), where=f"line {number}", expected=EXPECTED, found=short(line.strip()))
        again = joint.title in frames[-1].people.get(id, {})
        if again or (frames[-1].people and joint.lead != lead):
            frames.append(_Frame())
        lead = joint.lead
        if lead is not None and frames[-1].number is None and not frames[-1].people:
            frames[-1].number = lead
            leads.append(lead)
        titles[joint.title] = None
        frames[-1].people.setdefault(id, {})[joint.title] = joint.row
    if leads and not all(
        value == int(value) for value in leads
    ):  # not the numbers of frames, but their times
        time_name = "time"
        frames = [_Frame(None, frame.number, frame.people) for frame in frames]
    return frames, list(titles), time_name, ()


def _lines(ref: FileRef, text: str) -> Iterator[tuple[int, str]]:
    """Number and text of each line that is neither blank nor a comment. Raises BadFile, LimitExceeded."""
    for number, line in enumerate(text.split("\n"), start=1):
        if number > MAX_LINES:
            raise LimitExceeded(f"{ref}: more than the limit of {MAX_LINES:,} lines")
        if len(line) > MAX_LINE:
            raise BadFile(str(ref), where=f"line {number}", expected=EXPECTED, found=f"{len(line):,} letters")
        if line.strip() and not is_comment(line):
            yield number, line


def _plain_line(line: str, titles: Container[str]) -> _Line | None:
    """What `_joint_in` gives, at a fifth of its cost, for a title that was read before and numbers; None for others."""
    title, *cells = line.split()
    if title not in titles or not 2 <= len(cells) <= 4 or line.count("_") > title.count("_"):
        return None
    try:
        row = [float(cell) for cell in cells]
    except ValueError:
        return None
    return None if any(map(math.isinf, row)) else _Line(None, title, row)


def _joint_in(line: str) -> _Line | None:
    """What a line says about a joint, without coordinates where its state is that it is not seen; None for others."""
    line = _LABEL.sub("", line)
    if "." not in line and re.search(r"\d,\d", line) and re.search(r"[\t; ]", line.strip()):
        line = re.sub(r"(?<=\d),(?=\d)", ".", line)  # a decimal comma
    match = _JOINT.fullmatch(line.strip())
    if match is None:
        return None
    row = [float(cell) for cell in re.split(r"[\s,;|]+", match[3])]
    state = (match[4] or "").strip()
    lead = None if match[1] is None else float(match[1])
    return _Line(lead, match[2].strip(), [np.nan] * len(row) if is_unseen(state) else row)


def sample() -> dict[str, bytes]:
    """Four frames of a Kinect's 25 joints."""
    frames = person(NTU25, 4)
    lines = [
        f"{joint} {' '.join(f'{value:.4f}' for value in point)}"
        for frame in frames
        for joint, point in zip(NTU25.joints, frame, strict=True)
    ]
    return {"kinect.txt": ("\n".join(lines) + "\n").encode()}


FORMAT = Format(
    "joint-lines",
    "text with a joint per line: its name and its coordinates (.txt)",
    sniff,
    find,
    read,
    read_all=read_all,
    sample=sample,
)
