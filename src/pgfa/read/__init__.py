"""Raw files -> clips. One file a format; this table is the only list of them."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from types import ModuleType

from pgfa.errors import BadFile
from pgfa.read.datasets import hdm05, kinder_gator, msr_action3d, msrc12, nw_ucla, pku, utd_mhad
from pgfa.read.datasets.ntu import reader as ntu
from pgfa.read.format import EMPTY, FileRef, Format
from pgfa.read.formats import bvh, openpose, pyskl, video
from pgfa.read.formats import c3d as c3d_markers
from pgfa.read.formats import npz as own
from pgfa.read.formats.keypoints import csv as keypoints_csv
from pgfa.read.formats.keypoints import json as keypoints_json
from pgfa.read.formats.keypoints import npy as keypoints_npy
from pgfa.skeleton import Clip

# The first whose content fits is taken: those that look at little come last.
FORMATS: dict[str, Format] = {
    known.name: known
    for known in (
        utd_mhad.FORMAT,
        kinder_gator.FORMAT,
        msr_action3d.FORMAT,
        nw_ucla.FORMAT,
        hdm05.FORMAT,
        ntu.FORMAT,
        own.FORMAT,
        ntu.NTU60,
        ntu.NTU120,
        pku.FORMAT,
        msrc12.FORMAT,
        openpose.FORMAT,
        bvh.FORMAT,
        c3d_markers.FORMAT,
        pyskl.FORMAT,
        keypoints_npy.FORMAT,
        keypoints_csv.FORMAT,
        keypoints_json.FORMAT,
        video.FORMAT,
    )
}


def read(file: str | Path | FileRef) -> Clip:
    """Read one recording of any known format, told by its content.

    Args:
        file: a path, a folder of OpenPose frames, a member of a zip as ``archive.zip!folder/member``, or a FileRef.

    Raises:
        BadFile: where there is no such file, no reader knows it, or it is damaged.
        LimitExceeded: where it is larger than a clip may be.
    """
    ref = file if isinstance(file, FileRef) else as_ref(file)
    return format_of(ref).read(ref)


def read_all(file: str | Path | FileRef) -> list[Clip | BadFile]:
    """All clips of one file; where it holds several, one that cannot be used is told in its place.

    Raises:
        As `read`.
    """
    ref = file if isinstance(file, FileRef) else as_ref(file)
    known = format_of(ref)
    return known.read_all(ref) if known.read_all else [known.read(ref)]


def format_of(ref: FileRef) -> Format:
    """The format of a file, told by its first bytes. Raises BadFile where no reader knows it."""
    try:
        head = ref.head()
    except BadFile:
        if openpose.is_recording(ref):
            return openpose.FORMAT
        raise
    for known in FORMATS.values():
        if known.sniff(ref.name, head):
            return known
    if not head:
        found = EMPTY
    elif ref.member is None and head.startswith(b"PK") and zipfile.is_zipfile(ref.path):
        found = f"a zip archive; name a file in it as {ref.path.name}!folder/file"
    else:
        found = f"a file that starts with {head[:16]!r}"
    raise BadFile(str(ref), expected=f"a recording in a known format ({', '.join(FORMATS)})", found=found)


def as_ref(file: str | Path) -> FileRef:
    """A path, or ``archive.zip!member``, as a reference."""
    archive, mark, member = str(file).partition(".zip!")
    if mark and member and not Path(file).exists():
        return FileRef(Path(archive + ".zip"), member)
    return FileRef(Path(file))


class _Room(ModuleType):
    """This package, and what `pgfa.read(file)` calls: the name `pgfa.read` is both, whichever was asked for first."""

    def __call__(self, file: str | Path | FileRef) -> Clip:
        return read(file)


sys.modules[__name__].__class__ = _Room

__all__ = ["FORMATS", "FileRef", "Format", "as_ref", "format_of", "read", "read_all"]
