"""SLEAP: analysis as .csv or, with the extra `formats`, as .h5, and .slp; nodes by their names, in pixels."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.assemble import MAX_FRAMES, counted
from pgfa.read.format import Format, first_clip
from pgfa.read.formats.deeplabcut_h5 import is_table, read_table
from pgfa.read.formats.keypoints.named import check_size, masked, named_clip
from pgfa.read.formats.sleap_h5 import MAX_INSTANCES, MAX_NODES, is_project, read_analysis, read_project
from pgfa.read.parsing.cells import MAX_TEXT, cells_of, lines_of, numbers_of, separator_of, text_of
from pgfa.read.parsing.frame_times import check_gaps
from pgfa.read.parsing.hdf5 import HDF5, opened
from pgfa.read.parsing.markers import standing
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import Clip

MAX_LINES = 1_000_000
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
    """One clip: (frames, tracks, 25, 3) in ntu25, without depth; of a .slp that of the first video.

    Raises:
        BadFile: with the line, or what is damaged. LimitExceeded.
    """
    return first_clip(read_all(ref))


def read_all(ref: FileRef) -> list[Clip | BadFile]:
    """One clip per video: a .slp may hold several. Raises as `read`."""
    raw = ref.read(MAX_TEXT)
    if not raw.startswith(HDF5):
        return [_read_csv(ref, raw)]
    with opened(ref, raw, "an analysis file (.h5) or .slp of SLEAP", "the predictions as .csv") as file:
        if is_project(file):
            return read_project(ref, raw, file)
        if is_table(file):  # of DeepLabCut, its name farther from the start than usual
            return [read_table(ref, raw, file)]
        return [read_analysis(ref, raw, file)]


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
    check_gaps(ref, int(frames.max()) + 1, len(np.unique(frames)))
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
    "sleap",
    "SLEAP: analysis as .csv or .h5, .slp, nodes by their names",
    sniff,
    find,
    read,
    read_all=read_all,
    sample=sample,
)
