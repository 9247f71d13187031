"""DeepLabCut's table of predictions as HDF5, as pandas stores it; its columns are named in a stream that is not run."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.formats.keypoints.named import check_size, masked, named_clip
from pgfa.read.parsing.hdf5 import Hdf5
from pgfa.read.parsing.markers import spread
from pgfa.read.parsing.safe_pickle import load_plain
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef
from pgfa.skeleton import Clip

KEY = "df_with_missing"
"""What DeepLabCut calls its table."""
MAX_COLUMNS = 6000
SCORES = ("likelihood", "score", "confidence")

Floats = NDArray[np.float64]


def is_table(file: Hdf5) -> bool:
    """Whether it holds a table of DeepLabCut."""
    return KEY in file.names()


def read_table(ref: FileRef, raw: bytes, file: Hdf5) -> Clip:
    """One clip: (frames, individuals, 25, 3) in ntu25. Raises BadFile, LimitExceeded."""
    group = f"/{KEY}"
    names = file.names(group)
    if "table" in names:
        columns, numbers, frames = _appendable(ref, file, f"{group}/table")
    elif {"axis1", "block0_values"} <= set(names):
        columns, numbers, frames = _fixed(ref, file, group, names)
    else:
        raise BadFile(str(ref), where=group, expected="a table of pandas", found=", ".join(names[:8])[:200])
    if numbers.ndim != 2 or numbers.shape != (len(frames), len(columns)):
        actual = f"{len(columns)} names, {len(frames)} frames and {numbers.shape} numbers"
        raise BadFile(
            str(ref), where=group, expected="a name per column and a number per frame", found=actual
        )
    check_size(ref, len(frames), len(columns))
    labels, points, scores = _points(ref, columns, numbers)
    points, gaps = spread(ref, frames, masked(points, scores), where="index")
    return named_clip(ref, raw, labels, points, problems=gaps)


def _appendable(ref: FileRef, file: Hdf5, path: str) -> tuple[list[tuple[str, ...]], Floats, Floats]:
    """Columns, numbers and frames of a table with one record per frame (pandas: format "table")."""
    records = file.array(path)
    if not {"index", "values_block_0"} <= set(records.dtype.names or ()):
        raise BadFile(
            str(ref),
            where=path,
            expected="records of index and values_block_0",
            found=f"{records.dtype}"[:80],
        )
    columns = _unpickled(ref, file.attribute(path, "values_block_0_kind"))
    return columns, _numbers(ref, records["values_block_0"]), _frames(ref, records["index"])


def _fixed(
    ref: FileRef, file: Hdf5, group: str, names: list[str]
) -> tuple[list[tuple[str, ...]], Floats, Floats]:
    """Columns, numbers and frames of a table with an array per part (pandas: format "fixed")."""
    levels = sorted(name for name in names if re.fullmatch(r"block0_items_level\d", name))
    parts = []
    for level in levels:
        label = level.replace("level", "label")
        if label not in names:
            raise BadFile(str(ref), where=group, expected=f"{label} beside {level}", found="none")
        values = [text.strip("\0 ") for text in file.texts(f"{group}/{level}")]
        codes = file.array(f"{group}/{label}")
        if codes.ndim != 1 or codes.dtype.kind not in "iu" or len(codes) > MAX_COLUMNS:
            raise BadFile(
                str(ref), where=label, expected="the number of a name per column", found=f"{codes.shape}"
            )
        if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < len(values):
            raise BadFile(str(ref), where=label, expected=f"numbers of {len(values)} names", found="others")
        parts.append([values[code] for code in codes])
    columns = list(zip(*parts, strict=True)) if len({len(part) for part in parts}) == 1 else []
    return (
        columns,
        _numbers(ref, file.array(f"{group}/block0_values")),
        _frames(ref, file.array(f"{group}/axis1")),
    )


def _numbers(ref: FileRef, values: NDArray[Any]) -> Floats:
    if values.dtype.kind not in "fiu":
        raise BadFile(str(ref), expected="numbers", found=f"type {values.dtype}"[:80])
    return values.astype(np.float64)


def _frames(ref: FileRef, index: NDArray[Any]) -> Floats:
    """The number of each frame: the index, or the last digits of an image's name."""
    if index.ndim == 1 and index.dtype.kind in "iuf":
        return index.astype(np.float64)
    if index.ndim == 1 and index.dtype.kind == "S":
        digits = [re.findall(rb"\d{1,12}", bytes(name)) for name in index]
        if all(digits):
            return np.array([float(numbers[-1]) for numbers in digits])
    raise BadFile(
        str(ref), where="index", expected="the number of each frame", found=f"type {index.dtype}"[:80]
    )


def _unpickled(ref: FileRef, raw: bytes) -> list[tuple[str, ...]]:
    """The names of columns, of a stream that is read without running anything."""
    columns = load_plain(str(ref), raw) if raw else []
    if (
        not isinstance(columns, list)
        or not 0 < len(columns) <= MAX_COLUMNS
        or not all(isinstance(names, tuple) and all(isinstance(n, str) for n in names) for names in columns)
    ):
        expected = "scorer, body part and coordinate of each column"
        raise BadFile(str(ref), where="values_block_0_kind", expected=expected, found=short(str(columns), 80))
    return columns


def _points(
    ref: FileRef, columns: list[tuple[str, ...]], numbers: Floats
) -> tuple[list[str], Floats, Floats | None]:
    """Labels (individual:body part), (frames, labels, 2 or 3) coordinates, and scores if there are any."""
    parts: dict[str, dict[str, int]] = {}
    for column, names in enumerate(columns):
        if len(names) not in (3, 4):
            expected = "scorer, perhaps individual, body part and coordinate"
            raise BadFile(
                str(ref), where=f"column {column + 1}", expected=expected, found=short(", ".join(names))
            )
        label = f"{names[1]}:{names[2]}" if len(names) == 4 else names[1]
        parts.setdefault(label, {}).setdefault(names[-1].lower(), column)
    parts = {label: part for label, part in parts.items() if {"x", "y"} <= part.keys()}
    depth = {"z" in part for part in parts.values()}
    if not parts or len(depth) > 1:
        expected = "x, y and z of all body parts, or x and y of all"
        raise BadFile(str(ref), where="columns", expected=expected, found="z of some" if parts else "none")
    axes = "xyz" if depth.pop() else "xy"
    points = np.stack([numbers[:, [part[axis] for axis in axes]] for part in parts.values()], axis=1)
    score = next((name for name in SCORES if all(name in part for part in parts.values())), None)
    scores = None if score is None else np.stack([numbers[:, part[score]] for part in parts.values()], axis=1)
    return list(parts), points, scores
