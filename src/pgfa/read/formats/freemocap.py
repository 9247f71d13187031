"""FreeMoCap: triangulated MediaPipe landmarks of the body, as the .npy and .csv files of its output folder."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.assemble import assemble, check_frames, is_flat
from pgfa.read.format import Format
from pgfa.read.formats.keypoints.reader import RATE
from pgfa.read.interpret.plausible import check_body
from pgfa.read.interpret.scales import check_scales
from pgfa.read.parsing.arrays import plain_array
from pgfa.read.parsing.cells import MAX_TEXT, cells_of, lines_of, numbers_of, separator_of, text_of
from pgfa.read.parsing.markers import standing
from pgfa.read.parsing.text_table import short
from pgfa.read.parsing.units import plane_to_metres, upright_to_metres
from pgfa.read.sample import rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import MEDIAPIPE33, Clip, Source

NAME = re.compile(
    r"(mediapipe_?(body|skeleton|skel)_?3d.*|mediapipe_?skel_?3d.*|freemocap.*3d.*)\.npy", re.IGNORECASE
)
TRACKED = (33, 75, 533, 543, 553)
"""Points per frame: the body alone, with hands, or with hands and face; the body comes first."""
COLUMN = re.compile(r"(?:body_|mediapipe_)?(\w+)_([xyz])")

Floats = NDArray[np.float64]


def _column(joint: str) -> str:
    """The name of a landmark in the files: eye_inner_left -> left_eye_inner, toe_left -> left_foot_index."""
    part, _, side = joint.rpartition("_")
    if side not in ("left", "right"):
        return joint
    if part == "mouth":
        return joint
    return f"{side}_{'foot_index' if part == 'toe' else part}"


COLUMNS = {_column(joint): index for index, joint in enumerate(MEDIAPIPE33.joints)}


def sniff(name: str, head: bytes) -> bool:
    """An .npy with the name of an output, or a table of x, y and z of the landmarks and no visibility."""
    if head.startswith(b"\x93NUMPY"):
        return NAME.fullmatch(name) is not None
    line = text_of(head).split("\n", 1)[0].lower()
    columns = {match[0] for title in cells_of(line, separator_of(line)) if (match := COLUMN.fullmatch(title))}
    named = {title.removeprefix("body_").removeprefix("mediapipe_") for title in columns}
    is_table = {"nose_z", "left_hip_z", "right_foot_index_z"} <= named
    return is_table and ("body_nose_x" in line or re.search("3d|freemocap", name, re.IGNORECASE) is not None)


def find(root: Path) -> list[FileRef]:
    """The outputs (.npy by their names, .csv) under a folder or in a zip."""
    return find_files(
        root, NAME.pattern + r"|.+\.csv", "outputs of FreeMoCap (mediapipe_body_3d_xyz.npy, .csv)"
    )


def read(ref: FileRef) -> Clip:
    """One clip: (frames, 1, 33, 3) in mediapipe33, metres, y up. Raises BadFile with the line, LimitExceeded."""
    raw = ref.read(MAX_TEXT)
    points = _array(ref, raw) if raw.startswith(b"\x93NUMPY") else _table(ref, raw)
    check_frames(ref, len(points))
    points = np.where(np.isfinite(points).all(axis=-1, keepdims=True), points, np.nan)
    points[(points == 0).all(axis=-1)] = np.nan
    # Unit and up axis depend on the calibration (size of the board, ground plane): the body gives them.
    # Its axes are right-handed; left and right may have been exchanged all the same.
    bodies, doubts = points[:, None], tuple[str, ...]()
    check_scales(str(ref), bodies, MEDIAPIPE33)
    if is_flat(bodies):  # one camera, without triangulation
        positions, problems = plane_to_metres(str(ref), bodies, MEDIAPIPE33)
    else:
        doubts = check_body(str(ref), bodies, MEDIAPIPE33, ref.stated)
        positions, problems = upright_to_metres(
            bodies, MEDIAPIPE33, mirrored=None, right_handed=True, stated=ref.stated
        )
    return assemble(
        ref,
        raw,
        positions,
        rate=RATE,
        layout=MEDIAPIPE33,
        source=Source(id=ref.stem),
        problems=(*problems, *doubts, f"frame rate missing, assumed {RATE:g} fps"),
        absent="nan",
    )


def _array(ref: FileRef, raw: bytes) -> Floats:
    """(frames, 33, 3): the body's landmarks are the first of a frame."""
    array = plain_array(ref, raw, kinds="fiu", expected="numbers")
    if array.ndim != 3 or array.shape[1] not in TRACKED or array.shape[2] != 3:
        expected = f"frames x {', '.join(map(str, TRACKED))} x 3 numbers"
        raise BadFile(str(ref), expected=expected, found=" x ".join(map(str, array.shape)) or "one number")
    check_frames(ref, array.shape[0])
    return array[:, :33].astype(np.float64)


def _table(ref: FileRef, raw: bytes) -> Floats:
    """(frames, 33, 3) of a table with one line per frame; columns of hands and face are passed over."""
    lines = lines_of(ref, raw)
    separator = separator_of(lines[0])
    titles = [title.strip().lower() for title in cells_of(lines[0], separator)]
    columns: dict[tuple[int, int], int] = {}
    for column, title in enumerate(titles):
        match = COLUMN.fullmatch(title)
        if match and match[1] in COLUMNS:
            columns.setdefault((COLUMNS[match[1]], "xyz".index(match[2])), column)
    missing = [
        name for name, joint in COLUMNS.items() if any((joint, axis) not in columns for axis in range(3))
    ]
    if missing:
        expected = "x, y and z of all 33 landmarks of MediaPipe's body"
        raise BadFile(str(ref), where="line 1", expected=expected, found=f"no {short(', '.join(missing))}")
    filled = [number for number in range(1, len(lines)) if lines[number].strip()]
    used = sorted(columns.values())
    numbers = numbers_of(ref, lines, filled, separator=separator, columns=used)
    points = np.empty((len(filled), 33, 3))
    for (joint, axis), column in columns.items():
        points[:, joint, axis] = numbers[:, used.index(column)]
    return points


def sample() -> dict[str, bytes]:
    """Three frames of the body in millimetres, z up; of the face and the hands only what is needed."""
    known = {
        "eye_inner": "eye",
        "eye_outer": "eye",
        "mouth": "eye",
        "pinky": "finger",
        "index": "finger",
        "thumb": "finger",
    }
    labels = []
    for joint in MEDIAPIPE33.joints:
        part, _, side = joint.rpartition("_")
        labels.append(f"{known.get(part, part)}_{side}" if part else joint)
    points = 1000 * standing(labels)[..., [2, 0, 1]]
    header = ",".join(f"{name}_{axis}" for name in COLUMNS for axis in "xyz")
    return {"mediapipe_body_3d_xyz.csv": "\n".join([header, *rows(points.reshape(3, -1), ",")]).encode()}


FORMAT = Format(
    "freemocap",
    "FreeMoCap: .npy and .csv of its output folder with the body",
    sniff,
    find,
    read,
    sample=sample,
)
