"""One array of joints in a Python object stream, by itself or among fields: read as one in an .npz is."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.formats.npz_array import MAX_FIELDS, read_array
from pgfa.read.source import FileRef
from pgfa.skeleton import Clip

EXPECTED = (
    "annotations of PYSKL, poses of SMPL (poses, or global_orient and body_pose), or one array of joints"
)


def is_array_file(content: Any) -> bool:
    """Whether an object stream is an array of numbers, a list of them, or an object with one in a field."""
    if isinstance(content, list) and content:
        return all(isinstance(value, np.ndarray) and value.ndim > 1 for value in content)
    fields = content.values() if isinstance(content, dict) else (content,)
    return any(isinstance(value, np.ndarray) and value.ndim > 1 for value in fields)


def clip_of_arrays(ref: FileRef, raw: bytes, content: Any) -> Clip:
    """The clip of the only array of joints; what stands beside it counts as in an .npz.

    Args:
        ref: the file.
        raw: its bytes.
        content: of the stream: `is_array_file`.

    Raises:
        BadFile: none of its arrays is one of joints, or several are. Undecided, LimitExceeded: as an .npy.
    """
    if isinstance(content, list):
        content = _stacked(ref, content)
    named = content if isinstance(content, dict) else {"keypoints": content}
    fields = {str(name): value for name, value in list(named.items())[:MAX_FIELDS]}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, value in fields.items():
            if (array := _plain(value)) is not None:
                member = io.BytesIO()
                np.save(member, array, allow_pickle=False)
                archive.writestr(f"{name}.npy", member.getvalue())
    with zipfile.ZipFile(packed) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        size = len(packed.getvalue())
        return read_array(ref, raw, archive, members, size, kind="a Python object stream", expected=EXPECTED)


def _stacked(ref: FileRef, frames: list[Any]) -> Any:
    """Arrays of one shape as one. Raises BadFile for others."""
    shapes = {frame.shape for frame in frames}
    if len(shapes) > 1:
        listed = " and ".join(" x ".join(map(str, shape)) for shape in sorted(shapes)[:3])
        raise BadFile(str(ref), expected="a list of arrays of one shape, one per frame", found=listed)
    if any(frame.dtype.kind not in "fiu" for frame in frames):
        raise BadFile(str(ref), expected="numbers", found="an array of something else")
    return np.stack(frames)


def _plain(value: Any) -> np.ndarray[Any, Any] | None:
    """A value as an array of numbers or texts; None for any other."""
    if isinstance(value, np.ndarray):
        return value
    texts = isinstance(value, list) and all(isinstance(part, str) for part in value)
    return np.array(value) if isinstance(value, str | int | float) or (texts and value) else None
