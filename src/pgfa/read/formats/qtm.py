"""Qualisys (.tsv): trajectories of markers as Qualisys Track Manager exports them as text."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.assemble import check_frames
from pgfa.read.format import Format
from pgfa.read.parsing.cells import MAX_TEXT, cells_of, lines_of, numbers_of, separator_of, text_of
from pgfa.read.parsing.markers import Markers, Trajectories, marker_clip, spread, standing
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import Clip

HEADER_LINES = 200
"""Lines of the header, at most: each event has one."""
KEY = re.compile(r"[A-Z][A-Z0-9_]+$")
LOOKED_AT = 50
"""Lines by which it is seen which columns are before those of the markers."""
NAMES = "MARKER_NAMES"
BODIES = "BODY_NAMES"
TITLES = re.compile(r"(?:\s*(?:Frame|Time)[\t,;])*\s*X[\t,;]\s*Y[\t,;]\s*Z\b", re.IGNORECASE)
"""The line above the numbers of rigid bodies."""
UNIT = "mm"
"""What QTM exports, whatever it shows."""


def sniff(name: str, head: bytes) -> bool:
    """A first line NO_OF_FRAMES, or MARKER_NAMES and FREQUENCY in the lines below."""
    text = text_of(head)
    if not re.match(r'"?(NO_OF_|FILE_VERSION)', text):
        return False
    return re.search(rf'^"?({NAMES}|{BODIES}|NO_OF_MARKERS|FREQUENCY)\b', text, re.MULTILINE) is not None


def find(root: Path) -> list[FileRef]:
    """The .tsv and .txt files under a folder or in a zip."""
    return find_files(root, r".+\.(tsv|txt)", "trajectories of Qualisys (.tsv)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, subjects, 25, 3) metres in ntu25, y up. Raises BadFile with the line, LimitExceeded."""
    raw = ref.read(MAX_TEXT)
    lines = lines_of(ref, raw)
    fields, first = _fields(lines)
    labels = tuple(cell for cell in fields.get(NAMES, []) if cell)
    kind = (fields.get("DATA_INCLUDED") or ["3D"])[0]
    if kind == "6D" and (bodies := tuple(cell for cell in fields.get(BODIES, []) if cell)):
        return _of_bodies(ref, raw, lines, fields, bodies)
    if kind != "3D" or not labels:
        actual = f"DATA_INCLUDED {short(kind)}" if kind != "3D" else f"no {NAMES}"
        expected = "trajectories of markers (export with the data type 3D and the header)"
        raise BadFile(str(ref), where="header", expected=expected, found=actual)
    filled = [number for number in range(first, len(lines)) if lines[number].strip("\t ,;")]
    separator = separator_of(lines[filled[0]]) if filled else "\t"
    lead = _columns_before(ref, lines, filled, separator, 3 * len(labels))
    texts = [re.sub(r"\bNULL\b", "", line, flags=re.IGNORECASE) for line in lines]
    numbers = numbers_of(ref, texts, filled, separator=separator, width=lead + 3 * len(labels), lead=lead)
    points = numbers[:, lead:].reshape(len(numbers), -1, 3)
    points = np.where((points == 0).all(axis=-1, keepdims=True), np.nan, points)
    notes: tuple[str, ...] = ()
    if lead == 2 and np.isfinite(numbers[:, 0]).all():
        points, notes = spread(ref, numbers[:, 0], points, where="column Frame")
    count = (fields.get("NO_OF_FRAMES") or [""])[0]
    if count.isdigit() and int(count) != len(numbers):
        notes = (*notes, f"header has NO_OF_FRAMES {count}, the file has {len(numbers)}")
    recording = Trajectories(labels, points, _rate(ref, fields), UNIT, problems=notes)
    return marker_clip(ref, raw, recording, where="FREQUENCY")


def _of_bodies(
    ref: FileRef, raw: bytes, lines: list[str], fields: dict[str, list[str]], bodies: tuple[str, ...]
) -> Clip:
    """The clip of rigid bodies (6D) that the user's table of markers says are at joints.

    The origin of a rigid body is anywhere: by default in the middle of its markers, not at the joint of a segment.

    Raises:
        BadFile: no such table; as `read`.
    """
    own = ref.stated.markers or {}
    if not set(bodies) & set(own):
        expected = "trajectories of markers: export the data type 3D, or a skeleton as .bvh or .glb"
        actual = f"rigid bodies (6D) {short(', '.join(bodies[:6]))}, of which only you know whether their origins are "
        actual += "joints: if they are, a table [markers] in pgfa-recordings.toml names them (hip_left, knee_left, ...)"
        raise BadFile(str(ref), where=BODIES, expected=expected, found=actual)
    titles = next((n for n, line in enumerate(lines[:HEADER_LINES]) if TITLES.match(line)), None)
    if titles is None:
        actual = "no line of titles (X, Y, Z, Roll, ... Rot[8])"
        raise BadFile(str(ref), where="header", expected="6D data with titles of the columns", found=actual)
    separator = "\t" if "\t" in lines[titles] else ","
    cells = [cell.lower() for cell in cells_of(lines[titles], separator)]
    starts = [n for n in range(len(cells) - 2) if cells[n : n + 3] == ["x", "y", "z"]]
    if len(starts) != len(bodies):
        actual = f"{len(starts)} of {len(bodies)} bodies"
        raise BadFile(str(ref), where="titles", expected="X, Y and Z of each body", found=actual)
    filled = [n for n in range(titles + 1, len(lines)) if lines[n].strip("\t ,;")]
    check_frames(ref, len(filled))
    texts = [re.sub(r"\bNULL\b", "", line, flags=re.IGNORECASE) for line in lines]
    columns = [start + axis for start in starts for axis in range(3)]
    numbers = numbers_of(ref, texts, filled, separator=separator, columns=columns)
    points = numbers.reshape(len(numbers), -1, 3)
    points = np.where((points == 0).all(axis=-1, keepdims=True), np.nan, points)
    recording = Trajectories(bodies, points, _rate(ref, fields), UNIT)
    return marker_clip(ref, raw, recording, where="FREQUENCY", markers=Markers({}, {}))


def _fields(lines: list[str]) -> tuple[dict[str, list[str]], int]:
    """The lines KEY, value, value, ... of the header, and the number of the first line of numbers."""
    fields: dict[str, list[str]] = {}
    for number, line in enumerate(lines[:HEADER_LINES]):
        cells = cells_of(line, separator_of(line))
        if not cells:
            continue
        if re.match(r"[-+]?\d", cells[0]) or not any(cells[:1]):
            return fields, number
        if KEY.match(cells[0]):
            fields.setdefault(cells[0], cells[1:])
    return fields, min(len(lines), HEADER_LINES)


def _columns_before(ref: FileRef, lines: list[str], filled: list[int], separator: str, width: int) -> int:
    """How many columns are before those of the markers: none, the time, or the frame and the time."""
    if not filled:
        raise BadFile(str(ref), expected="lines of coordinates below the header", found="none")
    table = [cells_of(lines[number], separator) for number in filled[:LOOKED_AT]]
    lead = min(map(len, table[:-1] or table)) - width  # the last line may be cut off
    # A separator at the end of each line is no further cell.
    ended = all(not cells[-1] for cells in table)
    if ended and (lead > 2 or (lead > 0 and not _is_counted(table, lead))):
        lead -= 1
    if not 0 <= lead <= 2:
        actual = f"{len(table[0])} cells for {width // 3} names in {NAMES}"
        expected = "x, y and z of each marker, perhaps behind frame and time"
        raise BadFile(str(ref), where=f"line {filled[0] + 1}", expected=expected, found=actual)
    return lead


def _is_counted(table: list[list[str]], lead: int) -> bool:
    """Whether the columns before those of the markers rise from line to line, as frames and times do."""
    for column in range(lead):
        values = [float(text) if re.fullmatch(r"\d+([.,]\d*)?", text := cells[column].replace(",", ".")) else -1.0
                  for cells in table]  # fmt: skip
        if min(values) < 0 or any(later <= earlier for earlier, later in pairwise(values)):
            return False
    return all(cells[0].isdigit() for cells in table) if lead == 2 else True


def _rate(ref: FileRef, fields: dict[str, list[str]]) -> float:
    text = (fields.get("FREQUENCY") or [""])[0].replace(",", ".")
    if re.fullmatch(r"\d{1,6}(\.\d+)?", text) and float(text) > 0:
        return float(text)
    if ref.stated.rate is not None:
        return ref.stated.rate
    expected = "frames per second, or --rate (rate=... in Python)"
    raise BadFile(str(ref), where="FREQUENCY", expected=expected, found=short(text) or "none")


SAMPLE = tuple(
    side + name
    for side in "LR"
    for name in (
        "ASIS",
        "PSIS",
        "Knee_Out",
        "Ankle_Out",
        "Toe",
        "ShoulderTop",
        "ElbowOut",
        "WristIn",
        "WristOut",
    )
)


def sample() -> dict[str, bytes]:
    """Three frames of eighteen markers."""
    table = rows(1000 * standing(SAMPLE)[..., [2, 0, 1]].reshape(3, -1), "\t")
    lines = [
        "NO_OF_FRAMES\t3",
        "NO_OF_CAMERAS\t8",
        f"NO_OF_MARKERS\t{len(SAMPLE)}",
        "FREQUENCY\t100",
        "NO_OF_ANALOG\t0",
        "ANALOG_FREQUENCY\t0",
        "DESCRIPTION\t--",
        "TIME_STAMP\t2024-05-01, 12:00:00\t912.56663253",
        "DATA_INCLUDED\t3D",
        f"{NAMES}\t" + "\t".join(SAMPLE),
        *(f"{n}\t{n / 100:.5f}\t{row}" for n, row in enumerate(table, 1)),
    ]
    return {"walk.tsv": ("\r\n".join(lines) + "\r\n").encode()}


FORMAT = Format(
    "qtm-tsv", "Qualisys QTM: export as .tsv, markers of a whole body", sniff, find, read, sample=sample
)
