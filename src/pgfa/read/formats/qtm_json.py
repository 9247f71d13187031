"""Qualisys (.json): trajectories of markers as Qualisys Track Manager exports them to JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.assemble import check_frames
from pgfa.read.format import Format
from pgfa.read.formats.qtm import SAMPLE, UNIT
from pgfa.read.parsing.json_text import parse_json
from pgfa.read.parsing.markers import Trajectories, marker_clip, standing
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import Clip

MAX_BYTES = 64 * 1024 * 1024
RATE = "Timebase.Frequency"
EXPECTED = "markers with Name and Parts, each with Range (Start, End) and a line x, y, z per frame in Values"

Floats = NDArray[np.float64]


def sniff(name: str, head: bytes) -> bool:
    """An object with the time base of QTM."""
    return (
        head.lstrip()[:1] == b"{" and b'"Timebase"' in head and b'"Frequency"' in head and b'"Range"' in head
    )


def find(root: Path) -> list[FileRef]:
    """The .json files under a folder or in a zip."""
    return find_files(root, r"(?!\._).+\.json", "trajectories of Qualisys (.json)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, subjects, 25, 3) metres in ntu25, y up. Raises BadFile with the field, LimitExceeded."""
    raw = ref.read(MAX_BYTES)
    content = parse_json(ref, raw)
    base = content.get("Timebase") if isinstance(content, dict) else None
    markers = content.get("Markers") if isinstance(content, dict) else None
    if not isinstance(base, dict) or not isinstance(markers, list) or not markers:
        raise BadFile(str(ref), where="field Markers", expected=EXPECTED, found="no markers")
    first, frames = _range_of(ref, base, RATE.split(".")[0])
    check_frames(ref, frames)
    points = np.full((frames, len(markers), 3), np.nan)
    labels = []
    for column, marker in enumerate(markers):
        if not isinstance(marker, dict) or not isinstance(marker.get("Name"), str):
            raise BadFile(str(ref), where=f"marker {column + 1}", expected=EXPECTED, found=short(str(marker)))
        labels.append(marker["Name"])
        parts = marker.get("Parts")
        for part in parts if isinstance(parts, list) else ():
            start, lines = _lines_of(ref, marker["Name"], part)
            if start < first or start + len(lines) > first + frames:
                actual = f"frames {start} to {start + len(lines) - 1}"
                expected = f"frames {first} to {first + frames - 1}, as in Timebase"
                raise BadFile(
                    str(ref), where=f"marker {short(marker['Name'])}", expected=expected, found=actual
                )
            points[start - first : start - first + len(lines), column] = lines
    rate = base.get("Frequency")
    if not isinstance(rate, int | float):
        raise BadFile(str(ref), where=RATE, expected="frames per second", found=short(str(rate)))
    return marker_clip(ref, raw, Trajectories(tuple(labels), points, float(rate), UNIT), where=RATE)


def _range_of(ref: FileRef, holder: Any, where: str) -> tuple[int, int]:
    """The first frame of a range, and its number of frames. Raises BadFile."""
    ends = holder.get("Range") if isinstance(holder, dict) else None
    start, end = (ends.get(name) for name in ("Start", "End")) if isinstance(ends, dict) else (None, None)
    if not isinstance(start, int) or not isinstance(end, int) or end < start:
        raise BadFile(
            str(ref), where=f"{where}.Range", expected="frames Start and End", found=short(str(ends))
        )
    return start, end - start + 1


def _lines_of(ref: FileRef, name: str, part: Any) -> tuple[int, Floats]:
    """The first frame of a part of a trajectory, and its lines (frames, 3). Raises BadFile."""
    where = f"marker {short(name)}"
    start, frames = _range_of(ref, part, where)
    values = part.get("Values")
    widths = (
        {len(line) if isinstance(line, list) else 0 for line in values} if isinstance(values, list) else set()
    )
    if len(widths) != 1 or not widths <= {3, 4} or len(values) != frames:
        actual = f"{len(values) if isinstance(values, list) else 'no'} lines for {frames} frames"
        raise BadFile(str(ref), where=where, expected=EXPECTED, found=actual)
    try:
        return start, np.array(values, dtype=np.float64)[:, :3]
    except (TypeError, ValueError):
        raise BadFile(str(ref), where=where, expected="numbers in Values", found="text or null") from None


def sample() -> dict[str, bytes]:
    """Three frames of eighteen markers."""
    points = 1000 * standing(SAMPLE)[..., [2, 0, 1]]
    frames = {"Start": 1, "End": len(points)}
    markers = [
        {"Name": name, "Parts": [{"Range": frames, "Type": "Measured", "Values": points[:, n].tolist()}]}
        for n, name in enumerate(SAMPLE)
    ]
    content = {"Timebase": {"Frequency": 100, "Range": frames, "Type": "Camera"}, "Markers": markers}
    return {"walk.json": json.dumps(content).encode()}


FORMAT = Format(
    "qtm-json", "Qualisys QTM: export as .json, markers of a whole body", sniff, find, read, sample=sample
)
