"""OpenSim storage files (.sto, .mot): positions of markers over time.

Such files may hold anything over time. Positions of markers are read: as columns NAME_tx, NAME_ty and NAME_tz (the
model marker locations of inverse kinematics), NAME_x, ..., NAME_1, ... (a flattened table), or as cells of three
numbers (DataType=Vec3). Joint angles, forces and centres of mass give no places of joints, and are refused by what they
are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.assemble import check_frames
from pgfa.read.format import Format
from pgfa.read.parsing.cells import MAX_TEXT, cells_of, lines_of, numbers_of, separator_of, text_of
from pgfa.read.parsing.frame_times import usual_step
from pgfa.read.parsing.markers import Trajectories, marker_clip, spread, standing
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import Clip

HEADER_LINES = 100
END = "endheader"
EXPECTED = (
    "positions of markers of a whole body (columns NAME_tx, NAME_ty and NAME_tz, or DataType=Vec3), as model marker "
    "locations of inverse kinematics, or the .trc of the recording"
)
AXES = ("tx", "ty", "tz"), ("x", "y", "z"), ("1", "2", "3")
"""What is behind the names of markers, in the order of x, y and z."""
LEAST = 10
"""Markers."""
KINDS = (
    ("errors of markers", r".*(error|residual).*"),
    ("forces and moments", r".*(force|torque|moment|grf|_on_.*_in_).*|.*_[fmp][xyz]"),
    ("activations or lengths of muscles", r".*(activation|excitation|fiber|tendon).*"),
    ("joint angles and positions of the pelvis", r".*(tilt|list|flexion|adduction|rotation|angle|bending|extension"
     r"|_flex|_add|_rot|pro_sup|deviation).*"),
)  # fmt: skip
"""What a file holds, by the names of its columns."""
OF_BODIES = ("positions", "velocities", "accelerations")
"""Titles of the files of a body kinematics analysis: those of centres of mass of the bodies."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Header:
    """The title, key -> value, the names of the columns behind the time, and the first line of numbers, from 0."""

    title: str
    fields: dict[str, str]
    names: tuple[str, ...]
    first: int


def sniff(name: str, head: bytes) -> bool:
    """A line `endheader` below one of `version=` or `nColumns=`."""
    lines = [line.strip().lower() for line in text_of(head).split("\n")[:HEADER_LINES]]
    above = lines[: lines.index(END)] if END in lines else []
    return any(re.match(r"(version|ncolumns|datacolumns|datatype)\s*=?\s*\w", line) for line in above)


def find(root: Path) -> list[FileRef]:
    """The .sto and .mot files under a folder or in a zip."""
    return find_files(root, r"(?!\._).+\.(sto|mot)", "OpenSim storage (.sto)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, subjects, 25, 3) metres in ntu25, y up. Raises BadFile with the line, LimitExceeded."""
    raw = ref.read(MAX_TEXT)
    lines = lines_of(ref, raw)
    header = _header(ref, lines)
    filled = [number for number in range(header.first, len(lines)) if lines[number].strip()]
    check_frames(ref, len(filled))
    kind = header.fields.get("datatype", "double").lower()
    if kind == "vec3":
        labels, points, times = _of_vectors(ref, header, lines, filled)
    elif kind == "double":
        labels, points, times = _of_columns(ref, header, lines, filled)
    else:
        raise BadFile(
            str(ref), where="DataType", expected=EXPECTED, found=f"{short(kind)} of {_first_names(header)}"
        )
    points = np.where((points == 0).all(axis=-1, keepdims=True), np.nan, points)
    rate, notes = _rate(ref, header, times)
    points, gaps = spread(ref, np.round(times * rate), points, where="column time")
    # OpenSim counts in metres.
    recording = Trajectories(labels, points, rate, "m", problems=(*notes, *gaps))
    return marker_clip(ref, raw, recording, where="column time")


def _header(ref: FileRef, lines: list[str]) -> _Header:
    end = next((number for number, line in enumerate(lines) if line.strip().lower() == END), None)
    if end is None:
        raise BadFile(
            str(ref), expected=f"a header that ends with {END}", found=f"none in {len(lines)} lines"
        )
    pairs = (line.partition("=") for line in lines[:end] if "=" in line)
    fields = {key.strip().lower(): value.strip() for key, _, value in pairs}
    title = "" if "=" in lines[0] else lines[0].strip()
    labels = next((n for n in range(end + 1, len(lines)) if lines[n].strip()), len(lines))
    names = cells_of(lines[labels], separator_of(lines[labels])) if labels < len(lines) else []
    if not names or names[0].lower() != "time":
        where = f"line {min(labels, len(lines) - 1) + 1}"
        actual = short(names[0]) if names else "nothing"
        raise BadFile(str(ref), where=where, expected="names of columns, time first", found=actual)
    return _Header(title, fields, tuple(name for name in names[1:] if name), labels + 1)


def _of_columns(
    ref: FileRef, header: _Header, lines: list[str], filled: list[int]
) -> tuple[tuple[str, ...], Floats, Floats]:
    """Names of markers, (frames, markers, 3), and the times. Raises BadFile for columns that are no positions."""
    columns = {name.lower(): column for column, name in enumerate(header.names, start=1)}
    groups = [
        (name[: -len(axes[0]) - 1], [columns[name.lower()], *(columns[f"{stem}{axis}"] for axis in axes[1:])])
        for axes in AXES
        for name in header.names
        if name.lower().endswith((f"_{axes[0]}", f".{axes[0]}"))
        and (stem := name.lower()[: -len(axes[0])])
        and all(f"{stem}{axis}" in columns for axis in axes)
    ]
    if header.title.lower() in OF_BODIES or any(f"{stem.lower()}_ox" in columns for stem, _ in groups):
        actual = (
            f"{header.title.lower() or 'positions'} of the centres of mass of bodies, which are no joints"
        )
        raise BadFile(str(ref), where="columns", expected=EXPECTED, found=actual)
    if len(groups) < LEAST:
        raise BadFile(str(ref), where="columns", expected=EXPECTED, found=_kind(header))
    used = [0, *(column for _, group in groups for column in group)]
    separator = separator_of(lines[filled[0]])
    numbers = numbers_of(ref, lines, filled, separator=separator, columns=used, lead=1)
    labels = tuple(name for name, _ in groups)
    return labels, numbers[:, 1:].reshape(len(filled), -1, 3), numbers[:, 0]


def _of_vectors(
    ref: FileRef, header: _Header, lines: list[str], filled: list[int]
) -> tuple[tuple[str, ...], Floats, Floats]:
    """As `_of_columns`, of cells of three numbers with commas between them."""
    width = 1 + 3 * len(header.names)
    apart = [
        re.sub(r"[\t ]+", ",", lines[number].strip()).replace("~[", "").replace("]", "") for number in filled
    ]
    for number, line in zip(filled, apart, strict=True):
        if (cells := line.count(",") + 1) != width:
            expected = f"{len(header.names)} cells of three numbers behind the time"
            raise BadFile(str(ref), where=f"line {number + 1}", expected=expected, found=f"{cells} numbers")
    numbers = numbers_of(ref, apart, range(len(apart)), separator=",", width=width, lead=1)
    return header.names, numbers[:, 1:].reshape(len(filled), -1, 3), numbers[:, 0]


def _kind(header: _Header) -> str:
    """What columns that are no positions of markers are, with the first of them."""
    names = [name.lower() for name in header.names]
    counts = {kind: sum(bool(re.fullmatch(pattern, name)) for name in names) for kind, pattern in KINDS}
    kind = max(counts, key=lambda kind: counts[kind])
    return f"{kind if counts[kind] * 3 > len(names) else 'other columns'} ({_first_names(header)})"


def _first_names(header: _Header) -> str:
    return short(", ".join(header.names[:6]))


def _rate(ref: FileRef, header: _Header, times: Floats) -> tuple[float, tuple[str, ...]]:
    """Frames per second by the times. Raises BadFile."""
    if len(times) == 1:
        stated = header.fields.get("datarate", "")
        return (float(stated) if re.fullmatch(r"\d+(\.\d*)?", stated) else ref.stated.rate or 30.0), ()
    step = usual_step(times, np.ones(len(times) - 1)) if np.isfinite(times).all() else 0.0
    if not step > 0:
        raise BadFile(str(ref), where="column time", expected="times in seconds that grow", found="others")
    return 1.0 / step, ()


_SAMPLE = (
    "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow",
    "LWrist",
)  # fmt: skip


def sample() -> dict[str, bytes]:
    """Three frames of twelve keypoints, as locations of the markers of a model."""
    table = rows(standing(_SAMPLE).reshape(3, -1), "\t")
    lines = [
        "ModelMarkerLocations", "version=1", "nRows=3", f"nColumns={1 + 3 * len(_SAMPLE)}", "inDegrees=no", END,
        "time\t" + "\t".join(f"{name}_t{axis}" for name in _SAMPLE for axis in "xyz"),
        *(f"{n / 60:.6f}\t{row}" for n, row in enumerate(table)),
    ]  # fmt: skip
    return {"walk.sto": "\n".join(lines).encode()}


FORMAT = Format(
    "opensim",
    "OpenSim storage: .sto, positions of markers of a whole body by their names",
    sniff,
    find,
    read,
    sample=sample,
)
