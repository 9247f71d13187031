"""DeepLabCut (.csv, .h5): body parts of one or several individuals, in pixels or, triangulated, with depth."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.format import Format
from pgfa.read.formats.deeplabcut_h5 import KEY, SCORES, read_table
from pgfa.read.formats.keypoints.named import check_size, masked, named_clip
from pgfa.read.parsing.cells import MAX_TEXT, cells_of, lines_of, numbers_of, separator_of, text_of
from pgfa.read.parsing.hdf5 import HDF5, opened
from pgfa.read.parsing.markers import spread, standing
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import Clip

Floats = NDArray[np.float64]


def sniff(name: str, head: bytes) -> bool:
    """A first line that starts with scorer, and lines of bodyparts and coords; or an HDF5 file with its table."""
    if head.startswith(HDF5):
        return KEY.encode() in head
    lines = [line.lower().lstrip('"') for line in text_of(head).split("\n")[:4]]
    return lines[0].startswith("scorer") and any(line.startswith("bodyparts") for line in lines)


def find(root: Path) -> list[FileRef]:
    """The .csv and .h5 files under a folder or in a zip."""
    return find_files(root, r".+\.(csv|h5)", "predictions of DeepLabCut (.csv, .h5)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, individuals, 25, 3) in ntu25. Raises BadFile with the line, LimitExceeded."""
    raw = ref.read(MAX_TEXT)
    if raw.startswith(HDF5):
        with opened(ref, raw, "predictions of DeepLabCut (.h5)", "the predictions as .csv") as file:
            return read_table(ref, raw, file)
    text = lines_of(ref, raw)
    separator = separator_of(text[0])
    table = [cells_of(line, separator) for line in text[:4]]
    header = {row[0].lower(): row for row in table if row}
    if "bodyparts" not in header or "coords" not in header:
        expected = "lines that start with scorer, bodyparts and coords"
        raise BadFile(str(ref), where="first lines", expected=expected, found=short(",".join(header)))
    first = table.index(header["coords"]) + 1
    columns, index = _columns(ref, header)
    used = range(index, 1 + max(column for part in columns.values() for column in part.values()))
    lines = [n for n in range(first, len(text)) if text[n].strip("\t ,;")]
    check_size(ref, len(lines), len(used))
    numbers = numbers_of(ref, text, lines, separator=separator, columns=used)
    points, scores = _points(ref, columns, numbers, index)
    frames = np.array([_frame(ref, cells_of(text[n], separator)[:index], n + 1) for n in lines])
    points, gaps = spread(ref, frames, masked(points, scores), where="first column")
    return named_clip(ref, raw, tuple(columns), points, problems=gaps)


def _columns(ref: FileRef, header: dict[str, list[str]]) -> tuple[dict[str, dict[str, int]], int]:
    """Name (individual:bodypart) -> coordinate -> column; and the number of columns before them."""
    parts, coords = header["bodyparts"], header["coords"]
    individuals = header.get("individuals", [])
    index = next((n for n in range(1, len(parts)) if parts[n]), len(parts))
    columns: dict[str, dict[str, int]] = {}
    for column in range(index, min(len(parts), len(coords))):
        individual = individuals[column] if column < len(individuals) else ""
        label = f"{individual}:{parts[column]}" if individual else parts[column]
        columns.setdefault(label, {}).setdefault(coords[column].lower(), column)
    columns = {label: part for label, part in columns.items() if {"x", "y"} <= part.keys()}
    if not columns:
        expected = "columns x and y of body parts"
        raise BadFile(str(ref), where="line coords", expected=expected, found=short(",".join(coords)))
    return columns, index


def _points(
    ref: FileRef, columns: dict[str, dict[str, int]], numbers: Floats, index: int
) -> tuple[Floats, Floats | None]:
    """(frames, names, 2 or 3) coordinates, and (frames, names) scores if there are any."""
    depth = ["z" in part for part in columns.values()]
    if any(depth) != all(depth):
        expected = "x, y and z of all body parts, or x and y of all"
        raise BadFile(str(ref), where="line coords", expected=expected, found="z of some")
    axes = "xyz" if all(depth) else "xy"
    points = np.stack(
        [np.stack([numbers[:, part[axis] - index] for axis in axes], axis=-1) for part in columns.values()], 1
    )
    score = next((name for name in SCORES if all(name in part for part in columns.values())), None)
    if score is None:
        return points, None
    return points, np.stack([numbers[:, part[score] - index] for part in columns.values()], 1)


def _frame(ref: FileRef, cells: list[str], line: int) -> float:
    """The frame's number: the first column, or the last digits of an image's name."""
    if digits := re.findall(r"\d{1,12}", cells[-1] if cells else ""):
        return float(digits[-1])
    expected = "the number of the frame in the first column"
    raise BadFile(str(ref), where=f"line {line}", expected=expected, found=short(",".join(cells)))


SAMPLE = (
    "nose", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip


def sample() -> dict[str, bytes]:
    """Three frames of thirteen keypoints in pixels."""
    points = np.array([500.0, 900.0]) - 400 * standing(SAMPLE)[..., :2] * (-1, 1)
    scored = np.concatenate([points, np.full((*points.shape[:2], 1), 0.95)], axis=-1)
    lines = [
        "scorer" + ",DLC_resnet50_walk" * 3 * len(SAMPLE),
        "bodyparts," + ",".join(f"{name},{name},{name}" for name in SAMPLE),
        "coords" + ",x,y,likelihood" * len(SAMPLE),
        *(f"{n},{row}" for n, row in enumerate(rows(scored.reshape(3, -1), ","))),
    ]
    return {"walkDLC_resnet50.csv": "\n".join(lines).encode()}


FORMAT = Format(
    "deeplabcut", "DeepLabCut: .csv or .h5, body parts by their names", sniff, find, read, sample=sample
)
