"""Motive (.csv): a take of OptiTrack, bones or markers of skeletons (versions 1.2 to 1.25 of the export)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.format import Format
from pgfa.read.formats.keypoints.axis_fields import axes_of
from pgfa.read.parsing.cells import MAX_TEXT, cells_of, lines_of, numbers_of, separator_of, text_of
from pgfa.read.parsing.markers import (
    BONES,
    STANDARD,
    Trajectories,
    bodies_of,
    marker_clip,
    markers_from,
    spread,
    standing,
)
from pgfa.read.parsing.rates import agreed_rate, rate_of_steps
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import Clip

HEADER_ROWS = 12
KINDS = ("bone", "marker", "bone marker", "rigid body marker", "rigid body")
"""Types of columns, the most useful first: a bone starts at a joint."""

Floats = NDArray[np.float64]
Columns = dict[str, dict[str, int]]
"""Type -> name -> column of its x."""


def sniff(name: str, head: bytes) -> bool:
    """The first line: Format Version, 1.2x, Take Name, ..."""
    line = text_of(head).split("\n", 1)[0].strip('"').lower()
    return line.startswith("format version") and ("take name" in line or "frame rate" in line)


def find(root: Path) -> list[FileRef]:
    """The .csv files under a folder or in a zip."""
    return find_files(root, r".+\.csv", "takes of Motive (.csv)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, skeletons, 25, 3) metres in ntu25, y up. Raises BadFile with the line, LimitExceeded."""
    raw = ref.read(MAX_TEXT)
    lines = lines_of(ref, raw)
    separator = separator_of(lines[0])
    table = [cells_of(line, separator) for line in lines[:HEADER_ROWS]]
    about = {key.lower(): value for key, value in zip(table[0][::2], table[0][1::2], strict=False)}
    if "local" in about.get("coordinate space", "").lower():
        expected = "coordinates in the global space (an option of the export)"
        raise BadFile(str(ref), where="Coordinate Space", expected=expected, found="Local")
    header, columns = _columns(ref, table)
    frames = [n for n in range(header + 1, len(lines)) if lines[n].strip("\t ,;")]
    used = range(3 + max(column for names in columns.values() for column in names.values()))
    numbers = numbers_of(ref, lines, frames, separator=separator, columns=used, lead=2)
    kind, points = _choice(ref, columns, numbers)
    points, gaps = spread(ref, numbers[:, 0], points, where="column Frame")
    rate, notes = _rate(ref, about, numbers[:, 1], numbers[:, 0])
    labels = _labels(tuple(columns[kind]), bones=kind == "bone")
    axes = axes_of(about)
    unit = about.get("length units", "")
    recording = Trajectories(labels, points, rate, unit, said_up=axes.up, problems=gaps + notes)
    markers = BONES if kind == "bone" else STANDARD
    return marker_clip(ref, raw, recording, where="Export Frame Rate", markers=markers)


def _columns(ref: FileRef, table: list[list[str]]) -> tuple[int, Columns]:
    """The row that starts with Frame, and the columns of positions by type and name."""
    header = next(
        (n for n, row in enumerate(table[:HEADER_ROWS]) if len(row) > 2 and row[0].lower() == "frame"), None
    )
    if header is None:
        expected = "a line Frame, Time (Seconds), X, Y, Z, ..."
        raise BadFile(str(ref), expected=expected, found="none in the first lines")
    kinds = next((row for row in table[1:header] if any(cell.lower() in KINDS for cell in row)), None)
    parts = next((row for row in table[1:header] if "position" in [cell.lower() for cell in row]), None)
    if kinds is None or parts is None:
        expected = "lines with the type (Bone, Marker) and the quantity (Position) of each column"
        raise BadFile(str(ref), where=f"lines 2 to {header}", expected=expected, found="others")
    names = table[table.index(kinds) + 1]
    axes = [cell.lower() for cell in table[header]]
    columns: Columns = {}
    for column in range(1, min(len(kinds), len(names), len(parts), len(axes) - 2)):
        is_position = parts[column].lower() == "position" and axes[column : column + 3] == ["x", "y", "z"]
        if is_position and (kind := kinds[column].lower()) in KINDS:
            columns.setdefault(kind, {}).setdefault(names[column], column)
    if not columns:
        expected = "columns X, Y, Z of Position"
        raise BadFile(
            str(ref), where=f"line {header + 1}", expected=expected, found=short(",".join(axes[:8]))
        )
    return header, columns


def _choice(ref: FileRef, columns: Columns, numbers: Floats) -> tuple[str, Floats]:
    """The first type of columns that gives a body, and its points (frames, names, 3)."""
    errors: list[BadFile] = []
    for kind in (kind for kind in KINDS if kind in columns):
        starts = columns[kind].values()
        points = np.stack([numbers[:, start : start + 3] for start in starts], axis=1)
        points = np.where((points == 0).all(axis=-1, keepdims=True), np.nan, points)
        labels = _labels(tuple(columns[kind]), bones=kind == "bone")
        markers = markers_from(ref.stated.markers, BONES if kind == "bone" else STANDARD)
        try:
            bodies_of(str(ref), labels, points, markers)
        except BadFile as error:
            errors.append(error)
            continue
        return kind, points
    raise errors[0]


def _labels(names: tuple[str, ...], *, bones: bool) -> tuple[str, ...]:
    """Anna:Hip; the root of a skeleton may have the skeleton's name, Anna:Anna or Anna alone."""
    if not bones:
        return names
    subjects = {name.rpartition(":")[0] for name in names if ":" in name}
    labels = []
    for name in names:
        subject, _, part = name.rpartition(":")
        is_root = part == subject or (not subject and name in subjects)
        labels.append(f"{part}:Hip" if is_root else name)
    return tuple(labels)


def _rate(
    ref: FileRef, about: dict[str, str], times: Floats, frames: Floats
) -> tuple[float, tuple[str, ...]]:
    """Frames per second: that of the export, or of the recording, or of the times in seconds, where they differ or are
    alone; and notes."""
    timed = rate_of_steps(times, frames)
    for key in ("export frame rate", "capture frame rate"):
        try:
            rate = float(about[key].replace(",", "."))
        except (KeyError, ValueError):
            continue
        if rate > 0:
            return agreed_rate(rate, timed) if timed is not None else (rate, ())
    if timed is None and ref.stated.rate is not None:
        return ref.stated.rate, ()
    if timed is None:
        expected = "frames per second, times that grow, or --rate (rate=... in Python)"
        raise BadFile(str(ref), where="Export Frame Rate", expected=expected, found="neither")
    return timed, ()


SAMPLE = (
    "Hip", "Neck", "Head",
    *(side + bone for side in "LR" for bone in ("UArm", "FArm", "Hand", "Thigh", "Shin", "Foot", "Toe")),
)  # fmt: skip


def sample() -> dict[str, bytes]:
    """Three frames of a skeleton's bones."""
    table = rows(standing(SAMPLE, markers=BONES).reshape(3, -1), ",")
    count = 3 * len(SAMPLE)
    lines = [
        "Format Version,1.23,Take Name,walk,Export Frame Rate,120.000000,Rotation Type,Quaternion,"
        "Length Units,Meters,Coordinate Space,Global",
        "",
        ",," + ",".join(["Bone"] * count),
        ",," + ",".join(f"Anna:{name}" for name in SAMPLE for _ in "XYZ"),
        ",," + ",".join(f"ID{n}" for n in range(len(SAMPLE)) for _ in "XYZ"),
        ",," + ",".join(["Position"] * count),
        "Frame,Time (Seconds)," + ",".join("XYZ" * len(SAMPLE)),
        *(f"{n},{n / 120:.6f},{row}" for n, row in enumerate(table)),
    ]
    return {"take.csv": "\n".join(lines).encode()}


FORMAT = Format(
    "motive-csv",
    "OptiTrack Motive: take as .csv, bones or markers of a whole body",
    sniff,
    find,
    read,
    sample=sample,
)
