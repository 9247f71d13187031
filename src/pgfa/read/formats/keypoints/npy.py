"""Keypoints as a plain NumPy array (.npy), never unpickled; shapes and joints as in the module `reader`."""

from __future__ import annotations

from pathlib import Path

from pgfa.read.format import FileRef, Format
from pgfa.read.formats.keypoints.reader import Facts, from_array
from pgfa.read.parsing.arrays import plain_array
from pgfa.read.source import find_files
from pgfa.skeleton import Clip


def sniff(name: str, head: bytes) -> bool:
    """An .npy array."""
    return head.startswith(b"\x93NUMPY")


def find(root: Path) -> list[FileRef]:
    """The .npy files under a folder or in a zip."""
    return find_files(root, r".+\.npy", "keypoints (.npy)")


def read(ref: FileRef) -> Clip:
    """One clip. Raises BadFile for another shape or type, LimitExceeded."""
    raw = ref.read()
    array = plain_array(ref, raw, kinds="fiu", what="numbers")
    return from_array(ref, raw, array, Facts())


FORMAT = Format("keypoints-npy", "keypoints of pose estimators: .npy (docs/formats.md)", sniff, find, read)
