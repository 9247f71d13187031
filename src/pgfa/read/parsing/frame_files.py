"""Recordings with one file per frame: a folder, a zip, or a folder of a zip."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.archive import READ_ERRORS, inflate, member_names, open_zip
from pgfa.read.assemble import check_frames
from pgfa.read.limits import INFLATED, inflated_allowance
from pgfa.read.source import MAX_FILE_BYTES, FileRef, is_zip, list_files

MAX_FRAME_BYTES = 1024 * 1024
MAX_BROKEN = 0.5
"""Share of the frames that may be unreadable."""

IsFrame = Callable[[str], bool]


def frame_refs(ref: FileRef, is_frame: IsFrame) -> list[FileRef]:
    """The frames of a folder, of a zip with one folder of frames, or of a folder of a zip, by their names; sorted.

    Returns:
        Empty for anything else, and for a zip with several folders of frames.
    """
    try:
        if ref.member is None and ref.path.is_dir():
            return [FileRef(ref.path / name) for name in sorted(os.listdir(ref.path)) if is_frame(name)]
        if not is_zip(ref.path):
            return []
        paths = sorted(path for path in map(PurePosixPath, member_names(ref.path)) if is_frame(path.name))
    except (*READ_ERRORS, BadFile):
        return []
    folder = None if ref.member is None else ref.member.rstrip("/")
    folders = {str(path.parent) for path in paths}
    if folder is None and len(folders) != 1 and "." not in folders:
        return []
    return [FileRef(ref.path, str(path)) for path in paths if folder in (None, str(path.parent))]


def folders_of_frames(root: Path, is_frame: IsFrame, expected: str) -> list[FileRef]:
    """The folders with frames under a folder, or a zip of frames, sorted. Raises BadFile if there are none."""
    if root.is_file():
        return [FileRef(root)]
    folders = sorted({ref.folder for ref in list_files(root, is_frame, expected=expected)})
    if not folders:
        raise BadFile(root, expected=expected, found="none")
    return folders


def read_frames(ref: FileRef, is_frame: IsFrame, expected: str) -> dict[str, bytes]:
    """File name -> bytes of all frames of a recording, or of the one file.

    Raises:
        BadFile: no frame, or frames in several folders. LimitExceeded.
    """
    refs = frame_refs(ref, is_frame) or ([ref] if is_frame(ref.name) else [])
    if not refs:
        raise BadFile(str(ref), expected=expected, found="none")
    check_frames(ref, len(refs))
    folders = sorted({str(PurePosixPath(frame.member or "").parent) for frame in refs})
    if len(folders) > 1:
        actual = f"{len(folders)} folders; name one as {ref.path.name}!{folders[-1]}"
        raise BadFile(str(ref), expected="the frames of one recording", found=actual)
    try:
        if refs[0].member is None:
            _check_sizes(ref, [frame.path.stat().st_size for frame in refs])
            return {frame.name: frame.read(MAX_FRAME_BYTES) for frame in refs}
        archive = open_zip(ref.path)
        members = {frame.name: archive.getinfo(frame.member or "") for frame in refs}
        sizes = [info.file_size for info in members.values()]
        _check_sizes(ref, sizes)
        if sum(sizes) > (allowed := inflated_allowance(FileRef(ref.path).size(), 4 * INFLATED)):
            raise LimitExceeded(
                f"{ref}: inflates to {sum(sizes):,} bytes, more than the limit of {allowed:,}; unpack it first"
            )
        return {name: inflate(ref, archive, info, MAX_FRAME_BYTES) for name, info in members.items()}
    except (*READ_ERRORS, KeyError) as error:
        raise BadFile(str(ref), expected="readable frames", found=str(error)) from None


def check_broken(ref: FileRef, broken: dict[str, BadFile], frames: int) -> tuple[str, ...]:
    """The problem that names the frames that could not be read and are left empty.

    Raises:
        BadFile: the first of them, if they are more than `MAX_BROKEN` of all frames.
    """
    if not broken:
        return ()
    name, error = next(iter(broken.items()))
    if len(broken) > MAX_BROKEN * frames:
        where = error.where if name in error.where else name
        raise BadFile(str(ref), where=where, expected=error.expected, found=error.found)
    names = ", ".join(list(broken)[:3]) + (", ..." if len(broken) > 3 else "")
    return (f"{len(broken)} unreadable {'frame' if len(broken) == 1 else 'frames'} left empty: {names}",)


def _check_sizes(ref: FileRef, sizes: list[int]) -> None:
    if max(sizes) > MAX_FRAME_BYTES or sum(sizes) > MAX_FILE_BYTES:
        raise LimitExceeded(
            f"{ref}: {sum(sizes):,} bytes, the largest frame {max(sizes):,}, more than the limits of "
            f"{MAX_FILE_BYTES:,} and {MAX_FRAME_BYTES:,}"
        )
