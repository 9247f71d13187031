"""Recordings as clips: given as clips or paths, or all those in a folder."""

from __future__ import annotations

from pathlib import Path

from pgfa.errors import BadConfig, BadFile
from pgfa.pack.importing.peers import read_with_peers
from pgfa.read import find_recordings, format_of, read
from pgfa.skeleton import Clip

Recording = Clip | str | Path
Recordings = list[Recording] | tuple[Recording, ...]


def recordings_in(folder: Path) -> list[Clip]:
    """Every recording of a known format under a folder, sorted by path; other files are skipped.

    As in an import, a folder of OpenPose frames is one recording, each clip of a file with many clips is one, and what
    a file leaves open is taken from the others.

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
        for clip in read_with_peers(file):
            if isinstance(clip, BadFile):
                raise clip
            clips.append(clip)
    if not clips:
        raise BadFile(folder, expected="recordings of a known format", found="none")
    return clips


def as_clips(recordings: Recording | Recordings) -> list[Clip]:
    """One or several recordings as clips; paths are read. Raises BadConfig, and BadFile as `read`."""
    items = recordings if isinstance(recordings, list | tuple) else [recordings]
    for item in items:
        if not isinstance(item, Clip | str | Path):
            raise BadConfig(
                f"expected a path or a clip, Clip(positions, rate=..., layout=...), found {type(item).__name__}"
            )
    return [item if isinstance(item, Clip) else read(item) for item in items]
