"""Keypoints as a plain NumPy array (.npy), never unpickled; shapes and joints as in `keypoints.reader`."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from pgfa.read.format import Format
from pgfa.read.formats.keypoints.reader import KeypointInfo, from_array
from pgfa.read.parsing.arrays import plain_array
from pgfa.read.sample import picture
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import COCO17, Clip


def sniff(name: str, head: bytes) -> bool:
    """An .npy array."""
    return head.startswith(b"\x93NUMPY")


def find(root: Path) -> list[FileRef]:
    """The .npy files under a folder or in a zip."""
    return find_files(root, r".+\.npy", "keypoints (.npy)")


def read(ref: FileRef) -> Clip:
    """One clip. Raises BadFile for another shape or type, LimitExceeded."""
    raw = ref.read()
    array = plain_array(ref, raw, kinds="fiu", expected="numbers")
    return from_array(ref, raw, array, KeypointInfo())


def sample() -> dict[str, bytes]:
    """Four frames of one body of 17 joints, in pixels."""
    file = io.BytesIO()
    np.save(file, picture(COCO17).astype(np.float32))
    return {"keypoints.npy": file.getvalue()}


FORMAT = Format("keypoints-npy", "keypoints of pose estimators: .npy", sniff, find, read, sample=sample)
