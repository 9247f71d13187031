"""One array of joints in an .npz of another program: read as an .npy is, with rate, layout and scores beside it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.archive import inflate, start_of
from pgfa.read.contents import OtherContent
from pgfa.read.formats.keypoints.frame_lists import LISTS, with_frames
from pgfa.read.formats.keypoints.json_fields import info_of
from pgfa.read.formats.keypoints.reader import from_array
from pgfa.read.interpret.orders import orders_of
from pgfa.read.limits import inflated_allowance
from pgfa.read.parsing.arrays import array_header, plain_array
from pgfa.read.parsing.frame_names import rank_of
from pgfa.read.parsing.rates import is_rate_name, is_time_name
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef
from pgfa.read.stated import NOTHING
from pgfa.skeleton import Clip

SCORES = ("scores", "score", "keypoint_scores", "confidence", "confidences", "visibility", "conf")
EXPECTED = "a clip of pgfa (fields positions, rate and layout), or one array of joints (docs/formats.md)"
MAX_FIELDS = 200
HEADER = 4096
"""Bytes of a field in which the header of its array ends."""
MAX_SMALL, MAX_TIMES = 64 * 1024, 1024 * 1024
"""Bytes of a field that is a number or a text, and of one that is a time per frame."""

Members = Mapping[str, zipfile.ZipInfo]


def read_array(ref: FileRef, raw: bytes, archive: zipfile.ZipFile, members: Members, most: int) -> Clip:
    """The clip of the only array of joints of an .npz.

    Args:
        ref: the file.
        raw: its bytes.
        archive: the same, opened.
        members: name of the field -> member.
        most: bytes to which the array and its scores may inflate, in a small file.

    Raises:
        BadFile: none of its arrays is one of joints, or several are. Undecided, LimitExceeded: as an .npy.
    """
    shapes = _shapes(archive, members)
    joints = [
        name for name, shape in shapes.items() if len(shape) > 2 and any(orders_of(shape, None, NOTHING))
    ]
    if not joints and len(shapes) == 1:  # all joints of a frame in a row
        joints = [name for name, shape in shapes.items() if any(orders_of(shape, None, NOTHING))]
    if len(joints) != 1:
        listed = short(", ".join(f"{name} ({_size(shapes.get(name))})" for name in members), 300)
        kind = "several arrays of joints" if joints else "an .npz file of another kind"
        advice = "; save one of them as .npy" if joints else ""
        raise OtherContent(
            str(ref), expected=EXPECTED, found=f"{kind}, with the fields {listed or 'none'}{advice}"
        )
    (name,) = joints
    left = inflated_allowance(len(raw), most)
    content = inflate(ref, archive, members[name], left, most)
    points = plain_array(ref, content, kinds="fiu", expected="numbers", where=f"field {name}")
    fields = _texts_and_rates(ref, archive, members)
    info = info_of(ref, fields)
    scores = next((field for field in SCORES if shapes.get(field) == points.shape[:-1]), None)
    if scores is None:
        points, info = with_frames(ref, points, fields, info)
        return from_array(ref, raw, points, info)
    column = plain_array(
        ref,
        inflate(ref, archive, members[scores], left - len(content), most),
        kinds="fiu",
        expected="numbers",
        where=f"field {scores}",
    )
    scored = np.concatenate([points, column[..., None]], axis=-1)
    scored, info = with_frames(ref, scored, fields, info)
    return from_array(ref, raw, scored, replace(info, scored=True))


def _shapes(archive: zipfile.ZipFile, members: Members) -> dict[str, tuple[int, ...]]:
    """Name -> shape of the fields that are arrays of numbers."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, info in list(members.items())[:MAX_FIELDS]:
        try:
            shape, _, dtype = array_header(io.BytesIO(start_of(archive, info, HEADER)))
        except ValueError:
            continue
        if dtype.kind in "fiu":
            shapes[name] = shape
    return shapes


def _texts_and_rates(ref: FileRef, archive: zipfile.ZipFile, members: Members) -> dict[str, object]:
    """The fields that state something: a frame rate or times, the name of the layout, the class."""
    out: dict[str, object] = {}
    for name, info in list(members.items())[:MAX_FIELDS]:
        is_time = is_time_name(name) or rank_of(name, LISTS) is not None
        if not (is_time or is_rate_name(name) or name in ("layout", "action", "subject", "up")):
            continue
        if info.file_size > (MAX_TIMES if is_time else MAX_SMALL):
            continue
        try:
            value = plain_array(
                ref, inflate(ref, archive, info, MAX_TIMES), kinds="fiuU", expected="one value"
            )
        except BadFile:  # an object, which is never unpickled
            continue
        if value.size == 1:
            out[name] = value.reshape(-1)[0].item()
        elif is_time and value.ndim == 1 and value.dtype.kind in "fiu":
            out[name] = value
    return out


def _size(shape: tuple[int, ...] | None) -> str:
    return "no numbers" if shape is None else " x ".join(map(str, shape)) or "a number"
