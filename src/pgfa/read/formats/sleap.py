"""SLEAP: analysis files as .csv or, with the extra `formats`, as .h5; nodes by their names, in pixels."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded, PgfaError
from pgfa.read.assemble import MAX_FRAMES, counted
from pgfa.read.format import Format
from pgfa.read.formats.keypoints.named import check_size, masked, named_clip
from pgfa.read.parsing.cells import MAX_TEXT, cells_of, lines_of, numbers_of, separator_of, text_of
from pgfa.read.parsing.markers import standing
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import Clip

HDF5 = b"\x89HDF\r\n\x1a\n"
MAX_INSTANCES = 32
MAX_NODES = 500
MAX_LINES = 1_000_000
UNPACKED = 2_000_000
"""Numbers in an HDF5 file of any size; beyond, four per byte: it may be compressed, or hold none of them."""
NODE = re.compile(r"(?!instance\.)(.+)\.(x|y|score)")

Floats = NDArray[np.float64]


def sniff(name: str, head: bytes) -> bool:
    """A header with frame_idx and NAME.x, or an HDF5 file."""
    if head.startswith(HDF5):
        return True
    line = text_of(head).split("\n", 1)[0].lower()
    return "frame_idx" in line and ".x" in line and ".y" in line


def find(root: Path) -> list[FileRef]:
    """The .csv, .h5 and .slp files under a folder or in a zip."""
    return find_files(root, r".+\.(csv|h5|hdf5|slp)", "analysis files of SLEAP (.csv, .h5)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, tracks, 25, 3) in ntu25, without depth. Raises BadFile with the line, LimitExceeded."""
    raw = ref.read(MAX_TEXT)
    return _read_hdf5(ref, raw) if raw.startswith(HDF5) else _read_csv(ref, raw)


def _read_csv(ref: FileRef, raw: bytes) -> Clip:
    text = lines_of(ref, raw, MAX_LINES)
    separator = separator_of(text[0])
    titles = cells_of(text[0], separator)
    nodes: dict[str, dict[str, int]] = {}
    for column, title in enumerate(titles):
        if match := NODE.fullmatch(title):
            nodes.setdefault(match[1], {})[match[2]] = column
    nodes = {name: columns for name, columns in nodes.items() if {"x", "y"} <= columns.keys()}
    if "frame_idx" not in titles or not 0 < len(nodes) <= MAX_NODES:
        expected = "a header with track, frame_idx, NAME.x, NAME.y, NAME.score, ..."
        raise BadFile(str(ref), where="line 1", expected=expected, found=short(",".join(titles)))
    lines = [n for n in range(1, len(text)) if text[n].strip("\t ,;")]
    frames, tracks = _frames(ref, text, lines, titles, separator)
    slots, identities = _slots(ref, frames, tracks)
    used = sorted(column for columns in nodes.values() for column in columns.values())
    numbers = numbers_of(ref, text, lines, separator=separator, columns=used)
    # An instance with all nodes per line -> one column per slot and node.
    at = {column: index for index, column in enumerate(used)}
    rows_xy = np.stack([numbers[:, [at[part["x"]], at[part["y"]]]] for part in nodes.values()], axis=1)
    if all("score" in part for part in nodes.values()):
        rows_xy = masked(rows_xy, np.stack([numbers[:, at[part["score"]]] for part in nodes.values()], 1))
    names = {slot: index for index, slot in enumerate(dict.fromkeys(slots))}
    check_size(ref, int(frames.max()) + 1, len(names) * len(nodes) * 2)
    points = np.full((int(frames.max()) + 1, len(names), len(nodes), 2), np.nan)
    points[frames, [names[slot] for slot in slots]] = rows_xy
    labels = [f"{slot}:{node}" if len(names) > 1 else node for slot in names for node in nodes]
    flat = points.reshape(len(points), -1, 2)
    return named_clip(ref, raw, labels, flat, identities=identities)


def _frames(
    ref: FileRef, text: list[str], lines: list[int], titles: list[str], separator: str
) -> tuple[NDArray[np.int64], list[str]]:
    """The frame of each line, from 0, and its track, "" without one."""
    column = titles.index("frame_idx")
    track = titles.index("track") if "track" in titles else len(titles)
    frames, tracks = [], []
    for line in lines:
        cells = cells_of(text[line], separator)
        cell = cells[column] if column < len(cells) else ""
        tracks.append(sys.intern(cells[track]) if track < len(cells) else "")
        if not re.fullmatch(r"\d{1,9}(\.0*)?", cell):
            where = f"line {line + 1}, frame_idx"
            raise BadFile(str(ref), where=where, expected="the number of a frame", found=short(cell))
        frames.append(int(float(cell)))
    if not frames:
        raise BadFile(str(ref), expected="at least one line below the header", found="none")
    first = min(frames)
    if max(frames) - first >= MAX_FRAMES:
        raise LimitExceeded(f"{ref}: frames {first} to {max(frames)}, more than the limit of {MAX_FRAMES:,}")
    return np.array(frames) - first, tracks


def _slots(ref: FileRef, frames: NDArray[np.int64], tracks: list[str]) -> tuple[list[str], bool]:
    """Where each line goes: its track, or, if tracks are missing, its place among those of the frame."""
    identities = all(tracks)
    counts: dict[int, int] = {}
    pairs = set()
    slots = []
    for frame, track in zip(frames.tolist(), tracks, strict=True):
        counts[frame] = counts.get(frame, 0) + 1
        slot = track if identities else f"instance {counts[frame]}"
        if (frame, slot) in pairs:
            expected, actual = f"a track once per frame, found {slot[:40]!r} twice", f"frame {frame}"
            raise BadFile(str(ref), where=actual, expected=expected, found="a repetition")
        pairs.add((frame, slot))
        slots.append(slot)
    if max(counts.values()) > MAX_INSTANCES or len(set(slots)) > 1000:
        raise LimitExceeded(f"{ref}: {counted(len(set(slots)), 'track')}, more than the limit")
    return slots, identities


def _read_hdf5(ref: FileRef, raw: bytes) -> Clip:
    try:
        import h5py
    except ImportError:
        expected = "the library that reads HDF5 (pip install 'pgfa[formats]'), or the predictions as .csv"
        raise BadFile(str(ref), expected=expected, found="HDF5, and h5py is not installed") from None
    try:
        with h5py.File(io.BytesIO(raw), "r") as file:
            nodes, tracks, points, scores = _analysis(ref, file, h5py, len(raw))
    except PgfaError:
        raise
    except Exception as error:  # the library expects undamaged files and fails in many ways
        actual = f"{type(error).__name__}: {error}"[:200]
        raise BadFile(str(ref), expected="an analysis file of SLEAP (.h5)", found=actual) from None
    points = masked(points, scores)
    labels = [f"{track}:{node}" if len(tracks) > 1 else node for track in tracks for node in nodes]
    return named_clip(ref, raw, labels, points.reshape(len(points), -1, 2))


def _datasets(ref: FileRef, file: Any, h5py: Any) -> dict[str, Any]:
    """The datasets of an analysis file that are needed, none of which leads to another file."""
    expected = "the datasets tracks and node_names of an analysis file of SLEAP"
    names = list(file)[:100]
    # Before anything is opened: links to other files would read what the user did not name.
    for name in names:
        if file.get(name, getlink=True, getclass=True) is not h5py.HardLink:
            raise BadFile(str(ref), where=name[:40], expected="data in this file", found="a link")
    if "df_with_missing" in names or "instances" in names:
        other = "predictions of DeepLabCut, of which the .csv is read (save_as_csv=True)"
        actual = (
            other
            if "df_with_missing" in names
            else "a project of SLEAP (.slp), of which the analysis is read"
        )
        raise BadFile(str(ref), expected=expected, found=actual)
    if not {"tracks", "node_names"} <= set(names):
        raise BadFile(str(ref), expected=expected, found=", ".join(names[:8])[:200] or "none")
    needed = ("tracks", "node_names", "track_names", "point_scores")
    data = {name: file[name] for name in needed if name in names}
    for name, dataset in data.items():
        if dataset.external or dataset.is_virtual:
            raise BadFile(str(ref), where=name, expected="data in this file", found="data in another")
        if name.endswith("names") and dataset.size > 1000:
            raise LimitExceeded(f"{ref}: {dataset.size:,} names in {name}")
    return data


def _analysis(
    ref: FileRef, file: Any, h5py: Any, size: int
) -> tuple[list[str], list[str], Floats, Floats | None]:
    """Names of nodes and tracks, (frames, tracks, nodes, 2) coordinates, and scores (frames, tracks, nodes)."""
    data = _datasets(ref, file, h5py)
    nodes = [_text(name) for name in np.ravel(data["node_names"][()])]
    names = [_text(name) for name in np.ravel(data["track_names"][()])] if "track_names" in data else []
    shape = tuple(data["tracks"].shape)
    # The axes as SLEAP writes them, and in the order of Python (sleap-io); the names tell them apart.
    orders = {(3, 0, 2, 1): "tracks x 2 x nodes x frames", (0, 1, 2, 3): "frames x tracks x nodes x 2"}
    fitting = [
        order
        for order in orders
        if len(shape) == 4
        and (shape[order[2]], shape[order[3]]) == (len(nodes), 2)
        and (not names or shape[order[1]] == max(1, len(names)))
    ]
    if len(fitting) != 1:
        actual = f"{' x '.join(map(str, shape))} with {len(nodes)} nodes and {counted(len(names), 'track')}"
        raise BadFile(str(ref), where="tracks", expected=" or ".join(orders.values()), found=actual)
    (order,) = fitting
    frames, count = shape[order[0]], shape[order[1]]
    check_size(ref, frames, count * len(nodes) * 2)
    if data["tracks"].size > UNPACKED + 4 * size:
        actual = f"{data['tracks'].size:,} numbers in {size:,} bytes"
        raise LimitExceeded(f"{ref}: {actual}, more than the limit")
    points = np.asarray(data["tracks"][()], dtype=np.float64).transpose(order)
    tracks = names if len(set(names)) == count else [f"track {n}" for n in range(count)]
    scores = None
    stored = data.get("point_scores")
    if stored is not None and stored.shape == tuple(shape[axis] for axis in range(4) if axis != order[3]):
        scores = np.asarray(stored[()], dtype=np.float64)
        scores = scores.transpose(2, 0, 1) if order[0] == 3 else scores
    return nodes, tracks, points, scores


def _text(name: object) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


SAMPLE = (
    "nose", "shoulderL", "shoulderR", "elbowL", "elbowR", "wristL", "wristR", "hipL", "hipR", "kneeL", "kneeR",
    "ankleL", "ankleR",
)  # fmt: skip


def sample() -> dict[str, bytes]:
    """Three frames of one track, in pixels, as .csv."""
    points = np.array([500.0, 900.0]) - 400 * standing(SAMPLE)[..., :2] * (-1, 1)
    scored = np.concatenate([points, np.full((*points.shape[:2], 1), 0.95)], axis=-1)
    header = "track,frame_idx,instance.score," + ",".join(f"{n}.x,{n}.y,{n}.score" for n in SAMPLE)
    lines = [f"track_0,{n},0.9,{row}" for n, row in enumerate(rows(scored.reshape(3, -1), ","))]
    return {"walk.analysis.csv": "\n".join([header, *lines]).encode()}


FORMAT = Format(
    "sleap", "SLEAP: analysis as .csv or .h5, nodes by their names", sniff, find, read, sample=sample
)
