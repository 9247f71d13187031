"""MSR-Action3D (Li, Zhang, Liu, CVPRW 2010), in metres: one text file per clip, 20 classes, 10 subjects."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.assemble import assemble, check_frames
from pgfa.read.format import CLASS_UNKNOWN, Format, Rule
from pgfa.read.parsing.text_table import looks_numeric, numbered_lines, parse_lines
from pgfa.read.sample import coordinates, rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import KINECT20, Clip, Source

ACTIONS = (
    "high-arm-wave", "horizontal-arm-wave", "hammer", "hand-catch", "forward-punch", "high-throw", "draw-x",
    "draw-tick", "draw-circle", "hand-clap", "two-hand-wave", "side-boxing", "bend", "forward-kick",
    "side-kick", "jogging", "tennis-swing", "tennis-serve", "golf-swing", "pickup-and-throw",
)  # fmt: skip
MAX_METRES = 10.0
"""Median of x and y beyond which a file is in pixels: a Kinect sees 4 m."""
RATE = 15.0
NAME = r"a(\d{1,18})_s(\d{1,18})_e(\d{1,18})_skeleton3D\.txt"

# Rows of a frame, from 0, in kinect20's order. The chain of rows 0 7 9 11 is the person's left arm and
# 1 8 10 12 the right one: with y up and feet pointing forward the shoulders then lie as in the other Kinect
# sets, and the arm that acts in the one-armed classes is the right one (tests/real/test_frames_agree.py).
_ORDER = [6, 3, 2, 19, 0, 7, 9, 11, 1, 8, 10, 12, 4, 13, 15, 17, 5, 14, 16, 18]


def sniff(name: str, head: bytes) -> bool:
    """Lines of four numbers."""
    return looks_numeric(head, 4)


def find(root: Path) -> list[FileRef]:
    """The ``aNN_sNN_eNN_skeleton3D.txt`` files under a folder or in a zip."""
    return find_files(root, NAME, "MSR-Action3D recordings (a01_s01_e01_skeleton3D.txt)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, 1, 20, 3) metres in the Kinect's frame, 15 Hz. Raises BadFile, LimitExceeded.

    Rows are ``x y z confidence``, 20 per frame; the confidence (tracked or inferred) is dropped.
    """
    raw = ref.read()
    lines = numbered_lines(ref, raw)
    if len(lines) % 20:
        actual = f"{len(lines)} rows in all"
        raise BadFile(str(ref), where=f"line {lines[-1][0]}", expected="20 rows per frame", found=actual)
    check_frames(ref, len(lines) // 20)
    values = parse_lines(ref, lines, 4)
    positions = np.ascontiguousarray(values.reshape(-1, 1, 20, 4)[:, :, _ORDER, :3])
    if (largest := float(np.median(np.abs(positions[..., :2])))) > MAX_METRES:
        actual = f"x and y of {largest:.0f} in the middle: screen coordinates"
        raise BadFile(str(ref), expected="positions in metres (MSRAction3DSkeletonReal3D)", found=actual)
    match = re.fullmatch(NAME, ref.name, re.IGNORECASE)
    has_class = match is not None and 1 <= int(match[1]) <= len(ACTIONS)
    source = Source(
        id=ref.stem,
        dataset="msr-action3d",
        action=ACTIONS[int(match[1]) - 1] if match and has_class else "",
        subject=str(int(match[2])) if match else "",
    )
    problems = () if has_class else (CLASS_UNKNOWN,)
    return assemble(ref, raw, positions, rate=RATE, layout=KINECT20, source=source, problems=problems)


def sample() -> dict[str, bytes]:
    """Two frames of class 1, subject 1."""
    lines = [f"{row} 1\n" for row in rows(coordinates(40, 3))]
    return {"a01_s01_e01_skeleton3D.txt": "".join(lines).encode()}


FORMAT = Format(
    "msr-action3d",
    "MSR-Action3D: .txt in metres, Kinect v1, 20 classes",
    sniff,
    find,
    read,
    kind="dataset",
    rules={"cross-subject": Rule("subject", frozenset({1, 3, 5, 7, 9}))},
    sample=sample,
)
