"""Vicon (.csv, .txt): the section Trajectories of the ASCII export of Nexus and its predecessors."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.format import Format
from pgfa.read.parsing.cells import MAX_TEXT, cells_of, lines_of, numbers_of, separator_of, text_of
from pgfa.read.parsing.markers import METRES, Trajectories, marker_clip, spread, standing
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import Clip

SECTIONS = (
    "trajectories",
    "devices",
    "model outputs",
    "joints",
    "segments",
    "events",
    "analog",
    "force plates",
)
HEADER_LINES = 6
"""From the section's name to its first line of numbers there are at most so many."""
MAX_LINES = 4_000_000
"""Lines of all sections: devices are sampled more often than markers."""


def sniff(name: str, head: bytes) -> bool:
    """A first line with the name of a section and nothing else, and a rate in the next."""
    lines = [line.strip('"\t ,;') for line in text_of(head).split("\n") if line.strip('"\t ,;')]
    if len(lines) < 2 or lines[0].lower() not in SECTIONS:
        return False
    return re.match(r"\d+([.,]\d+)?(\D|$)", lines[1]) is not None or lines[0].lower() == "events"


def find(root: Path) -> list[FileRef]:
    """The .csv and .txt files under a folder or in a zip."""
    return find_files(root, r".+\.(csv|txt)", "ASCII exports of Vicon Nexus (.csv)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, subjects, 25, 3) metres in ntu25, y up. Raises BadFile with the line, LimitExceeded."""
    raw = ref.read(MAX_TEXT)
    lines = lines_of(ref, raw, MAX_LINES)
    start = _section(ref, lines)
    axes = next((n for n in range(start, min(start + HEADER_LINES, len(lines))) if _axes(lines[n])), None)
    if axes is None or axes < start + 2:
        expected = "Trajectories, the rate, the markers' names, and a line Frame, Sub Frame, X, Y, Z, ..."
        raise BadFile(str(ref), where=f"line {start + 1}", expected=expected, found="another header")
    separator = separator_of(lines[axes])
    labels, columns = _markers(ref, lines, axes, separator)
    units = cells_of(lines[axes + 1], separator) if axes + 1 < len(lines) else []
    unit = next((cell for cell in units if cell.lower() in METRES), "")
    first = axes + 1 + (not re.match(r"\d", lines[axes + 1].strip('"\t ,;')) if axes + 1 < len(lines) else 0)
    last = next((n for n in range(first, len(lines)) if not lines[n].strip("\t ,;")), len(lines))
    used = range(columns[-1] + 3)
    numbers = numbers_of(ref, lines, range(first, last), separator=separator, columns=used, lead=2)
    points = np.stack([numbers[:, column : column + 3] for column in columns], axis=1)
    points = np.where((points == 0).all(axis=-1, keepdims=True), np.nan, points)
    points, gaps = spread(ref, numbers[:, 0], points, where="column Frame")
    recording = Trajectories(labels, points, _rate(ref, lines, start), unit, problems=gaps)
    return marker_clip(ref, raw, recording, where=f"line {start + 2}")


def _section(ref: FileRef, lines: list[str]) -> int:
    """The line of the section Trajectories, from 0."""
    names: list[str] = []
    for number, line in enumerate(lines):
        if len(line) < 200 and (name := line.strip('"\t ,;').lower()) in SECTIONS:
            if name == "trajectories":
                return number
            names.append(name)
    expected = "a section Trajectories (export it with the markers)"
    raise BadFile(str(ref), expected=expected, found=", ".join(dict.fromkeys(names)) or "no section")


def _axes(line: str) -> bool:
    """Whether a line has X, Y and Z of at least one marker."""
    cells = [cell.lower() for cell in cells_of(line, separator_of(line))]
    return any(cells[n : n + 3] == ["x", "y", "z"] for n in range(len(cells) - 2))


def _markers(
    ref: FileRef, lines: list[str], axes: int, separator: str
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Names of the markers, and the column of the x of each: a name is above its x."""
    names = cells_of(lines[axes - 1], separator)
    cells = [cell.lower() for cell in cells_of(lines[axes], separator)]
    columns = tuple(n for n in range(len(cells) - 2) if cells[n : n + 3] == ["x", "y", "z"])
    labels = tuple(names[column] if column < len(names) else "" for column in columns)
    if not any(labels):
        expected = "the name of each marker above its X"
        raise BadFile(str(ref), where=f"line {axes}", expected=expected, found=short(lines[axes - 1]))
    return labels, columns


def _rate(ref: FileRef, lines: list[str], start: int) -> float:
    match = re.match(r'["\s,;]*(\d{1,6}(?:[.,]\d+)?)', lines[start + 1])
    if match is None and ref.stated.rate is not None:
        return ref.stated.rate
    if match is None:
        expected = "frames per second below Trajectories, or --rate (rate=... in Python)"
        raise BadFile(str(ref), where=f"line {start + 2}", expected=expected, found=short(lines[start + 1]))
    return float(match[1].replace(",", "."))


SAMPLE = tuple(
    side + name
    for side in "LR"
    for name in ("ASI", "PSI", "KNE", "ANK", "TOE", "SHO", "ELB", "WRA", "WRB", "FHD")
)


def sample() -> dict[str, bytes]:
    """Three frames of twenty markers."""
    table = rows(1000 * standing(SAMPLE)[..., [2, 0, 1]].reshape(3, -1), ",")
    lines = [
        "Trajectories",
        "100",
        ",," + ",,,".join(f"Anna:{name}" for name in SAMPLE) + ",,",
        "Frame,Sub Frame," + ",".join("XYZ" * len(SAMPLE)),
        ",," + ",".join(["mm"] * 3 * len(SAMPLE)),
        *(f"{n},0,{row}" for n, row in enumerate(table, 1)),
    ]
    return {"walk.csv": ("\n".join(lines) + "\n").encode()}


FORMAT = Format(
    "vicon-csv", "Vicon Nexus: ASCII export (.csv), section Trajectories", sniff, find, read, sample=sample
)
