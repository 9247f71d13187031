"""MVNX (.mvnx): segments of an Xsens MVN suit as XML, to the joints of a Kinect.

The position of a segment is that of the joint at its start. Positions are in metres and z is up, as the format fixes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.assemble import check_frames, counted
from pgfa.read.format import Format
from pgfa.read.limits import check_text
from pgfa.read.parsing.cells import MAX_TEXT
from pgfa.read.parsing.markers import BONES, Trajectories, check_cells, marker_clip, spread, standing
from pgfa.read.parsing.rates import agreed_rate, rate_of_steps
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import Clip

MAX_SEGMENTS = 200
MAX_SUBJECTS = 16
MAX_ELEMENTS = 2_000_000
SEGMENTS = (
    "Pelvis", "L5", "L3", "T12", "T8", "Neck", "Head",
    *(side + part for side in ("Right", "Left") for part in ("Shoulder", "UpperArm", "ForeArm", "Hand")),
    *(side + part for side in ("Right", "Left") for part in ("UpperLeg", "LowerLeg", "Foot", "Toe")),
)  # fmt: skip
"""The 23 segments of a suit, in the order of its files."""


@dataclass
class _Subject:
    """One <subject>: names of segments, and of each normal frame its index, its time and its positions as text."""

    label: str
    rate: str
    segments: list[str] = field(default_factory=list)
    indices: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    positions: list[str] = field(default_factory=list)


class _Content:
    """Takes what is needed from the stream of elements; the rest (sensors, joint angles) is passed over."""

    def __init__(self, ref: FileRef, parser: expat.XMLParserType) -> None:
        self.ref, self.parser = ref, parser
        self.subjects: list[_Subject] = []
        self.root = ""
        self.elements = 0
        self.in_segments = self.in_frame = False
        self.text: list[str] | None = None

    def declare(self, *_: object) -> None:
        """A document type could define entities that grow without bound."""
        where = f"line {self.parser.CurrentLineNumber}"
        raise BadFile(str(self.ref), where=where, expected="XML without a document type", found="one")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise LimitExceeded(f"{self.ref}: more than {MAX_ELEMENTS:,} elements")
        self.root = self.root or name
        if name == "subject":
            if len(self.subjects) >= MAX_SUBJECTS:
                raise LimitExceeded(f"{self.ref}: more than {MAX_SUBJECTS} subjects")
            self.subjects.append(_Subject(attributes.get("label", ""), attributes.get("frameRate", "")))
        if not self.subjects:
            return
        subject = self.subjects[-1]
        if name == "segments":
            self.in_segments = True
        elif name == "segment" and self.in_segments:
            subject.segments.append(attributes.get("label", ""))
        elif name == "frame":
            # The first frames hold reference poses: identity, tpose, npose.
            self.in_frame = attributes.get("type", "normal").lower() == "normal"
            if self.in_frame:
                check_frames(self.ref, len(subject.positions) + 1)
                subject.indices.append(attributes.get("index", ""))
                subject.times.append(attributes.get("time", ""))
        elif name == "position" and self.in_frame and len(subject.positions) < len(subject.indices):
            self.text = []

    def characters(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "segments":
            self.in_segments = False
        elif name == "position" and self.text is not None:
            self.subjects[-1].positions.append("".join(self.text))
            self.text = None
        elif name == "frame":
            self.in_frame = False


def sniff(name: str, head: bytes) -> bool:
    """An element <mvnx> near the start."""
    return re.search(rb"<(\w+:)?mvnx[\s>]", head) is not None


def find(root: Path) -> list[FileRef]:
    """The .mvnx files under a folder or in a zip."""
    return find_files(root, r".+\.mvnx", "recordings of an Xsens suit (.mvnx)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, subjects, 25, 3) metres in ntu25, y up. Raises BadFile with the line, LimitExceeded."""
    raw = ref.read(MAX_TEXT)
    check_text(ref, raw)
    subjects = [subject for subject in _parse(ref, raw) if subject.indices]
    if not subjects:
        expected = "frames of type normal with positions of segments"
        raise BadFile(str(ref), expected=expected, found="none (other types are poses of calibration)")
    names = [f"{subject.label} {number}:" for number, subject in enumerate(subjects, 1)]
    recordings = [
        _recording(ref, subject, prefix=name if len(subjects) > 1 else "")
        for subject, name in zip(subjects, names, strict=True)
    ]
    frames = max(len(recording.points) for recording in recordings)
    labels = tuple(label for recording in recordings for label in recording.labels)
    check_cells(ref, frames * len(labels) * 3)
    points = np.full((frames, len(labels), 3), np.nan)
    column = 0
    for recording in recordings:
        points[: len(recording.points), column : column + len(recording.labels)] = recording.points
        column += len(recording.labels)
    if len({recording.rate for recording in recordings}) > 1:
        actual = " and ".join(f"{recording.rate:g}" for recording in recordings[:3])
        raise BadFile(str(ref), where="frameRate", expected="one rate for all subjects", found=actual)
    problems = tuple(dict.fromkeys(line for recording in recordings for line in recording.problems))
    whole = Trajectories(
        labels,
        points,
        recordings[0].rate,
        "m",
        "z",
        subjects[0].label if len(subjects) == 1 else "",
        problems,
    )
    return marker_clip(ref, raw, whole, where="frameRate", markers=BONES)


def _parse(ref: FileRef, raw: bytes) -> list[_Subject]:
    # The text was decoded with the file, whatever its XML declaration says.
    parser = expat.ParserCreate("utf-8")
    content = _Content(ref, parser)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = content.declare
    parser.EntityDeclHandler = content.declare
    parser.StartElementHandler = content.start
    parser.EndElementHandler = content.end
    parser.CharacterDataHandler = content.characters
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise BadFile(str(ref), expected="complete XML (.mvnx)", found=str(error)) from None
    if content.root != "mvnx":
        raise BadFile(str(ref), where="first element", expected="<mvnx>", found=f"<{content.root[:40]}>")
    return content.subjects


def _recording(ref: FileRef, subject: _Subject, *, prefix: str) -> Trajectories:
    where = f"subject {subject.label[:40]!r}"
    segments = subject.segments or list(SEGMENTS)
    if len(segments) > MAX_SEGMENTS:
        raise LimitExceeded(f"{ref}: {len(segments)} segments, more than {MAX_SEGMENTS}")
    if len(subject.positions) != len(subject.indices):
        expected = "a <position> in each normal frame (export with segment positions)"
        actual = f"{len(subject.positions)} in {counted(len(subject.indices), 'frame')}"
        raise BadFile(str(ref), where=where, expected=expected, found=actual)
    cells = [text.split() for text in subject.positions]
    check_cells(ref, len(cells) * 3 * len(segments))
    points = np.empty((len(cells), len(segments), 3))
    for frame, row in enumerate(cells):
        try:
            points[frame] = np.array(row, dtype=np.float64).reshape(-1, 3)
        except ValueError:
            expected, actual = f"{3 * len(segments)} numbers", short(" ".join(row))
            raise BadFile(
                str(ref), where=f"{where}, frame {frame + 1}", expected=expected, found=actual
            ) from None
    notes: tuple[str, ...] = ()
    if all(index.lstrip("-").isdigit() and len(index) < 12 for index in subject.indices):
        points, notes = spread(ref, np.array(subject.indices, dtype=np.float64), points, where="frame index")
    labels = tuple(prefix + segment for segment in segments)
    rate, rate_notes = _rate(ref, subject, where)
    return Trajectories(labels, points, rate, problems=notes + rate_notes)


def _rate(ref: FileRef, subject: _Subject, where: str) -> tuple[float, tuple[str, ...]]:
    """Frames per second: frameRate, or of the times in milliseconds, where they differ or are alone; and notes."""
    timed = _timed_rate(subject)
    try:
        if subject.rate:
            stated = float(subject.rate)
            return agreed_rate(stated, timed) if timed is not None and stated > 0 else (stated, ())
    except ValueError:
        timed = None
    if timed is None and ref.stated.rate is not None:
        return ref.stated.rate, ()
    if timed is None:
        expected = "a number in frameRate, times in milliseconds, or --rate (rate=... in Python)"
        raise BadFile(str(ref), where=where, expected=expected, found=repr(subject.rate[:40]))
    return timed, ()


def _timed_rate(subject: _Subject) -> float | None:
    """Frames per second as the times in milliseconds give it; None without times."""
    try:
        times = np.array(subject.times, dtype=np.float64)
        frames = np.array(subject.indices, dtype=np.float64)
    except ValueError:
        return None
    if len(times) != len(frames) or len(times) < 2:
        return None
    return rate_of_steps(times, frames, unit=1000.0)


def _standing() -> NDArray[np.float64]:
    """(3, 69) positions of the segments; those between joints are at the pelvis."""
    known = [name for name in SEGMENTS if BONES.landmark(name)]
    places = np.tile(standing(("Pelvis",)), (1, len(SEGMENTS), 1))
    places[:, [SEGMENTS.index(name) for name in known]] = standing(known, markers=BONES)
    return places[..., [2, 0, 1]].reshape(3, -1)


def sample() -> dict[str, bytes]:
    """Three frames of a suit, after a reference pose."""
    table = rows(_standing())
    segments = "".join(f'<segment label="{name}" id="{n}"/>' for n, name in enumerate(SEGMENTS, 1))
    frames = "".join(
        f'<frame time="{round(n * 1000 / 60)}" index="{n}" type="normal"><position>{row}</position></frame>\n'
        for n, row in enumerate(table)
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<mvnx xmlns="http://www.xsens.com/mvn/mvnx" version="4">\n'
        f'<subject label="Anna" frameRate="60" segmentCount="23"><segments>{segments}</segments>\n'
        f'<frames><frame type="identity"><position>{table[0]}</position></frame>\n{frames}</frames>\n'
        "</subject></mvnx>\n"
    )
    return {"walk.mvnx": text.encode()}


FORMAT = Format("mvnx", "MVNX: .mvnx, segments of an Xsens suit", sniff, find, read, sample=sample)
