"""The recordings in a folder."""

from __future__ import annotations

from pathlib import Path

from pgfa.errors import BadFile
from pgfa.read import find_recordings, format_of, read_all
from pgfa.skeleton import Clip


def recordings_in(folder: Path) -> list[Clip]:
    """Every recording of a known format under a folder, sorted by path; other files are skipped.

    As in an import, a folder of OpenPose frames is one recording, and each clip of a file with many clips is one.

    Raises BadFile where the folder does not exist or contains no recording, or where a recording is damaged.
    """
    if not folder.is_dir():
        raise BadFile(folder, expected="a folder of recordings", found="no such folder")
    clips = []
    for file in find_recordings(folder):
        try:
            format_of(file)
        except BadFile:
            continue
        for clip in read_all(file):
            if isinstance(clip, BadFile):
                raise clip
            clips.append(clip)
    if not clips:
        raise BadFile(folder, expected="recordings of a known format", found="none")
    return clips
