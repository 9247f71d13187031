"""TRC (.trc): trajectories of markers or keypoints as text, by OpenSim, Cortex, Pose2Sim, OpenCap and others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.format import Format
from pgfa.read.formats.keypoints.axis_fields import axes_of, is_axis_name
from pgfa.read.parsing.cells import MAX_TEXT, cells_of, lines_of, numbers_of, separator_of, text_of
from pgfa.read.parsing.frame_times import RECORDED
from pgfa.read.parsing.markers import Trajectories, marker_clip, numbers_by_times, spread, standing
from pgfa.read.parsing.rates import agreed_rate, rate_of_steps
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import Clip

HEADER_LINES = 40
NAMES_LINE = re.compile(r"\s*frame\s*#?\s*[\t,; ]", re.IGNORECASE)
UNIT_TOLERANCE = 0.25
"""By how much DataRate and times in another unit may differ."""
KEYS = ("datarate", "camerarate", "numframes", "nummarkers", "units")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Header:
    """Line numbers count from 0; `names` are the markers in the order of the columns."""

    fields: dict[str, str]
    names: tuple[str, ...]
    first: int


def sniff(name: str, head: bytes) -> bool:
    """The word PathFileType in the first lines, or the line of marker names in a file called .trc."""
    lines = text_of(head).split("\n")[:HEADER_LINES]
    if any(line.strip().lower().startswith("pathfiletype") for line in lines):
        return True
    return name.lower().endswith(".trc") and any(NAMES_LINE.match(line) for line in lines)


def find(root: Path) -> list[FileRef]:
    """The .trc files under a folder or in a zip."""
    return find_files(root, r".+\.trc", "trajectories (.trc)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, subjects, 25, 3) metres in ntu25, y up. Raises BadFile with the line, LimitExceeded."""
    raw = ref.read(MAX_TEXT)
    lines = lines_of(ref, raw)
    header = _header(ref, lines)
    width = 2 + 3 * len(header.names)
    filled = [number for number in range(header.first, len(lines)) if lines[number].strip("\t ,;")]
    # The names may have tabs between them and the numbers spaces.
    separator = separator_of(lines[filled[0]]) if filled else " "
    numbers = numbers_of(ref, lines, filled, separator=separator, width=width, lead=2)
    if separator == " ":
        wrong = next((number for number in filled if len(lines[number].split()) != width), None)
        if wrong is not None:
            expected = f"{width} cells (blank cells need tabs between them)"
            actual = str(len(lines[wrong].split()))
            raise BadFile(str(ref), where=f"line {wrong + 1}", expected=expected, found=actual)
    points = numbers[:, 2:].reshape(len(numbers), -1, 3)
    points = np.where((points == 0).all(axis=-1, keepdims=True), np.nan, points)
    rate, notes = _rate(ref, header, numbers[:, 1], numbers[:, 0])
    frames, jumps = numbers_by_times(numbers[:, 0], numbers[:, 1])
    points, gaps = spread(ref, frames, points, where="column Frame#")
    notes += jumps
    count = _number(header.fields.get("numframes", ""))
    if count and count != len(numbers):
        notes = (*notes, f"header has NumFrames {count:g}, the file has {len(numbers)}")
    unit, up = header.fields.get("units", ""), axes_of(header.fields).up
    recording = Trajectories(header.names, points, rate, unit, said_up=up, problems=(*gaps, *notes))
    return marker_clip(ref, raw, recording, where="DataRate")


def _header(ref: FileRef, lines: list[str]) -> _Header:
    start = next((n for n, line in enumerate(lines[:HEADER_LINES]) if NAMES_LINE.match(line)), None)
    if start is None:
        expected = "a line of marker names that starts with Frame# and Time"
        raise BadFile(str(ref), expected=expected, found="none in the first lines")
    separator = separator_of(lines[start])
    names = _names(lines[start], separator)
    first = start + 1
    axes = cells_of(lines[first], separator_of(lines[first])) if first < len(lines) else []
    axes = [cell for cell in axes if cell]
    if axes and re.fullmatch(r"[xyz]\d*", axes[0], re.IGNORECASE):
        if len(axes) != 3 * len(names):
            actual = f"{len(names)} names, {len(axes)} coordinates"
            raise BadFile(
                str(ref),
                where=f"lines {start + 1}, {first + 1}",
                expected="three coordinates per marker",
                found=actual,
            )
        if any(axis[0].lower() != "xyz"[index % 3] for index, axis in enumerate(axes)):
            raise BadFile(
                str(ref),
                where=f"line {first + 1}",
                expected="X1 Y1 Z1 X2 ...",
                found=short(" ".join(axes[:6])),
            )
        first += 1
    if not names:
        raise BadFile(str(ref), where=f"line {start + 1}", expected="names of markers", found="none")
    return _Header(_fields(lines[:start]), names, first)


def _names(line: str, separator: str) -> tuple[str, ...]:
    """The markers' names: one cell each, two blank ones after it, or in a line without tabs one word each."""
    cells = cells_of(line, separator)[2:]
    return tuple(cell for cell in cells if cell)


def _fields(lines: list[str]) -> dict[str, str]:
    """DataRate, NumFrames, Units, ...: keys in one line and values in the next, or in turn in one line."""
    fields: dict[str, str] = {}
    for number, line in enumerate(lines):
        cells = [cell for cell in cells_of(line, separator_of(line)) if cell]
        if len(cells) == 2 and is_axis_name(cells[0]):
            fields |= {cells[0].lower(): cells[1]}
        if sum(cell.lower() in KEYS for cell in cells) < 2:
            continue
        keys, values = (
            cells,
            cells_of(lines[number + 1], separator_of(line)) if number + 1 < len(lines) else [],
        )
        if len(cells) > 1 and _number(cells[1]) is not None:
            keys, values = cells[::2], cells[1::2]
        fields |= {key.lower(): value for key, value in zip(keys, values, strict=False)}
    return fields


def _rate(ref: FileRef, header: _Header, times: Floats, frames: Floats) -> tuple[float, tuple[str, ...]]:
    """Frames per second: as the user states it; DataRate, or from the times where there is none, or where they differ;
    and notes.
    """
    stated = _number(header.fields.get("datarate", "")) or _number(header.fields.get("camerarate", ""))
    timed = rate_of_steps(times, frames)
    if not stated or not stated > 0:
        if timed is None and ref.stated.rate is not None:
            return ref.stated.rate, ()
        if timed is None:
            expected = "DataRate above 0, times that grow, or --rate (rate=... in Python)"
            raise BadFile(str(ref), where="DataRate", expected=expected, found="neither")
        return timed, ("DataRate missing: rate from the times",)
    if timed is None:
        return stated, ()
    for unit, per_second in (("milliseconds", 1e3), ("microseconds", 1e6)):
        if abs(timed * per_second / stated - 1) <= UNIT_TOLERANCE:
            return agreed_rate(stated, timed * per_second, notes=(f"column Time read in {unit}",))
    if not RECORDED[0] <= timed <= RECORDED[1]:
        if ref.stated.rate is not None:
            return ref.stated.rate, ()
        expected = f"times in steps of 1 / DataRate ({1 / stated:.4g} s); correct one of them, or state it with --rate"
        raise BadFile(str(ref), where="column Time", expected=expected, found=f"{1 / timed:.4g} s")
    return agreed_rate(stated, timed)


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if np.isfinite(number) else None


SAMPLE = (
    "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow",
    "LWrist",
)  # fmt: skip


def sample() -> dict[str, bytes]:
    """Three frames of twelve keypoints in metres."""
    table = rows(standing(SAMPLE).reshape(3, -1), "\t")
    lines = [
        "PathFileType\t4\t(X/Y/Z)\twalk.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"60\t60\t3\t{len(SAMPLE)}\tm\t60\t1\t3",
        "Frame#\tTime\t" + "\t\t\t".join(SAMPLE) + "\t\t",
        "\t\t" + "\t".join(f"{axis}{n}" for n in range(1, len(SAMPLE) + 1) for axis in "XYZ"),
        "",
        *(f"{n + 1}\t{n / 60:.6f}\t{row}" for n, row in enumerate(table)),
    ]
    return {"walk.trc": "\n".join(lines).encode()}


FORMAT = Format(
    "trc",
    "TRC: .trc, markers or keypoints of a whole body by their names",
    sniff,
    find,
    read,
    sample=sample,
)
