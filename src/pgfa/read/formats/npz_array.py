"""One array of joints in an .npz of another program: read as an .npy is, with rate, layout and scores beside it."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.archive import inflate, start_of
from pgfa.read.contents import OtherContent
from pgfa.read.formats.keypoints.axis_fields import is_axis_name
from pgfa.read.formats.keypoints.field_names import (
    is_joint_list_name,
    is_open_score_name,
    is_score_name,
    is_size_name,
)
from pgfa.read.formats.keypoints.frame_lists import LISTS, with_frames
from pgfa.read.formats.keypoints.joint_arrays import clip_of_joints
from pgfa.read.formats.keypoints.joint_lists import in_listed_order, listed_joints
from pgfa.read.formats.keypoints.joint_series import LEAST, MOST, Series
from pgfa.read.formats.keypoints.json_fields import info_of
from pgfa.read.formats.keypoints.reader import from_array
from pgfa.read.interpret.arrays import has_scores
from pgfa.read.interpret.orders import orders_of
from pgfa.read.interpret.other_counts import rows_of_shape
from pgfa.read.limits import inflated_allowance
from pgfa.read.parsing.arrays import array_header, plain_array
from pgfa.read.parsing.frame_names import rank_of
from pgfa.read.parsing.rates import is_rate_name, is_time_name
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef
from pgfa.read.stated import NOTHING
from pgfa.skeleton import Clip

JOINT_LISTS = ("joints", "names", "labels", "landmarks", "nodes", "keypoints", "parts")
"""Fields of texts that may be the names of the joints."""
EXPECTED = "a clip of pgfa (fields positions, rate and layout), or one array of joints (docs/formats.md)"
MAX_FIELDS = 200
HEADER = 4096
"""Bytes of a field in which the header of its array ends."""
MAX_SMALL, MAX_TIMES = 64 * 1024, 1024 * 1024
"""Bytes of a field that is a number or a text, and of one that is a time per frame."""

Members = Mapping[str, zipfile.ZipInfo]


def read_array(
    ref: FileRef,
    raw: bytes,
    archive: zipfile.ZipFile,
    members: Members,
    most: int,
    *,
    kind: str = "an .npz file",
    expected: str = EXPECTED,
) -> Clip:
    """The clip of the only array of joints of an .npz.

    Args:
        ref: the file.
        raw: its bytes.
        archive: the same, opened.
        members: name of the field -> member.
        most: bytes to which the array and its scores may inflate, in a small file.
        kind, expected: what the file is, and what it might be, for the error.

    Raises:
        BadFile: none of its arrays is one of joints, or several are. Undecided, LimitExceeded: as an .npy.
    """
    shapes = _shapes(archive, members)
    joints = [
        name for name, shape in shapes.items() if len(shape) > 2 and any(orders_of(shape, None, NOTHING))
    ]
    if not joints and len(shapes) == 1:  # all joints of a frame in a row
        joints = [name for name, shape in shapes.items() if any(orders_of(shape, None, NOTHING))]
    if not joints and (single := _single_joints(shapes)):
        return _of_single_joints(ref, raw, archive, members, single, most)
    if len(joints) != 1:
        listed = short(", ".join(f"{name} ({_size(shapes.get(name))})" for name in members), 300)
        rows = next(filter(None, map(rows_of_shape, shapes.values())), "")
        raise _other_content(ref, expected, kind, joints, f"{listed or 'none'}{rows and f' ({rows})'}")
    (name,) = joints
    left = inflated_allowance(len(raw), most)
    content = inflate(ref, archive, members[name], left, most)
    points = plain_array(ref, content, kinds="fiu", expected="numbers", where=f"field {name}")
    stated, notes = _statements(ref, archive, members)
    info = info_of(ref, stated)
    sized = [
        field for field, shape in shapes.items() if shape in (points.shape[:-1], (*points.shape[:-1], 1))
    ]
    notes += _open_scores(sized)
    info = replace(info, problems=info.problems + notes)
    scores = next((field for field in sized if field != name and is_score_name(field)), None)
    if scores is not None and not has_scores(points):
        column = plain_array(
            ref,
            inflate(ref, archive, members[scores], left - len(content), most),
            kinds="fiub",
            expected="numbers",
            where=f"field {scores}",
        )
        points = np.concatenate([points, column.reshape(*points.shape[:-1], 1)], axis=-1)
        info = replace(info, scored=True)
    points, info = in_listed_order(ref, points, info, listed_joints([stated]))
    points, info = with_frames(ref, points, stated, info)
    return from_array(ref, raw, points, info)


def _open_scores(fields: Sequence[str]) -> tuple[str, ...]:
    """A note on each field that may be scores, of which no value says which."""
    names = (name for name in fields if is_open_score_name(name))
    return tuple(
        f"{name} not read: it may mark joints that are absent, or those that are present" for name in names
    )


def _other_content(
    ref: FileRef, expected: str, kind: str, joints: Sequence[str], listed: str
) -> OtherContent:
    """The refusal of a file of this kind with these fields, of which several or none are arrays of joints."""
    actual = "several arrays of joints" if joints else f"{kind} of another kind"
    advice = "; save one of them as .npy" if joints else "; save the joints as one array of numbers"
    return OtherContent(str(ref), expected=expected, found=f"{actual}, with the fields {listed}{advice}")


def _single_joints(shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Fields that are arrays of one joint each, (frames, 2 to 4), all of one shape; [] without enough of them."""
    fitting = Counter(shape for shape in shapes.values() if len(shape) == 2 and shape[1] in (2, 3, 4))
    shape, count = next(iter(fitting.most_common(1)), ((), 0))
    return [name for name in shapes if shapes[name] == shape] if LEAST <= count <= MOST else []


def _of_single_joints(
    ref: FileRef, raw: bytes, archive: zipfile.ZipFile, members: Members, names: Sequence[str], most: int
) -> Clip:
    """The clip of an array for each joint. Raises as `read_array`."""
    left = inflated_allowance(len(raw), most)
    arrays = {}
    for name in names:
        content = inflate(ref, archive, members[name], left, most)
        left -= len(content)
        arrays[name] = plain_array(ref, content, kinds="fiu", expected="numbers", where=f"field {name}")
    stated, notes = _statements(ref, archive, members)
    info = info_of(ref, stated)
    return clip_of_joints(ref, raw, Series(arrays), stated, replace(info, problems=info.problems + notes))


def _shapes(archive: zipfile.ZipFile, members: Members) -> dict[str, tuple[int, ...]]:
    """Name -> shape of the fields that are arrays of numbers."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, info in list(members.items())[:MAX_FIELDS]:
        try:
            shape, _, dtype = array_header(io.BytesIO(start_of(archive, info, HEADER)))
        except ValueError:
            continue
        if dtype.kind in "fiu" or (dtype.kind == "b" and (is_score_name(name) or is_open_score_name(name))):
            shapes[name] = shape
    return shapes


def _statements(
    ref: FileRef, archive: zipfile.ZipFile, members: Members
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields that state something: a frame rate or times, the size of the image, the names of the joints and of the
    layout, the class; and notes on those that cannot be read."""
    out: dict[str, Any] = {}
    notes: list[str] = []
    for name, info in list(members.items())[:MAX_FIELDS]:
        is_time = is_time_name(name) or rank_of(name, LISTS) is not None
        is_list = is_time or is_size_name(name)
        names_joints = is_joint_list_name(name) or name in JOINT_LISTS
        if not (
            is_list
            or names_joints
            or is_rate_name(name)
            or is_axis_name(name)
            or name in ("layout", "action", "subject")
        ):
            continue
        if info.file_size > (MAX_TIMES if is_time else MAX_SMALL):
            continue
        try:
            value = plain_array(
                ref, inflate(ref, archive, info, MAX_TIMES), kinds="fiuUS", expected="one value"
            )
        except BadFile:  # an object, which is never unpickled
            if is_joint_list_name(name):
                notes.append(f"field {name} not read: not an array of texts")
            continue
        if value.dtype.kind == "S":
            value = np.char.decode(value, "utf-8", "replace")
        if value.size == 1:
            out[name] = value.reshape(-1)[0].item()
        elif value.ndim == 1 and is_list and value.dtype.kind in "fiu":
            out[name] = value
        elif value.ndim == 1 and names_joints and value.dtype.kind == "U":
            out[name] = value.tolist()
    return out, tuple(notes)


def _size(shape: tuple[int, ...] | None) -> str:
    return "no numbers" if shape is None else " x ".join(map(str, shape)) or "a number"
