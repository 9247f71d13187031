"""Folders that pgfa itself has written: their files look like recordings, and are none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import PurePath, PurePosixPath

from pgfa.read.source import FileRef

_SIGNS: tuple[tuple[str, frozenset[str]], ...] = (
    ("a folder with a pack of pgfa", frozenset({"pack.json", "positions.npy"})),
    ("a folder with a run of pgfa", frozenset({"run.toml", "corpus.json"})),
    ("a folder with a recogniser of pgfa", frozenset({"recogniser.json", "encoder.onnx"})),
    ("a folder with prepared clips of pgfa", frozenset({"prepared.json", "positions.npy"})),
)
"""What a folder holds -> files that it then has."""


def own_folder(names: Collection[str]) -> str:
    """What pgfa has written into a folder with files of these names, in plain words; "" if nothing."""
    return next((title for title, signs in _SIGNS if signs <= frozenset(names)), "")


def own_folders(files: Iterable[FileRef]) -> frozenset[PurePath]:
    """The folders, on disk or in a zip, among those of some files, that pgfa has written."""
    names: dict[PurePath, set[str]] = defaultdict(set)
    for ref in files:
        path = path_of(ref)
        names[path.parent].add(path.name)
    return frozenset(folder for folder in names if own_folder(names[folder]))


def path_of(ref: FileRef) -> PurePath:
    """The path of a file on disk, or that in its zip."""
    return ref.path if ref.member is None else PurePosixPath(ref.member)
