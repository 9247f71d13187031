"""The files of one format in a data set's folder or zip."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path, PurePosixPath

from pgfa.errors import BadFile
from pgfa.read.format import FileRef


def find_files(root: Path, pattern: str, what: str) -> list[FileRef]:
    """All files under `root` whose own name matches `pattern` whole, in any case, sorted.

    Args:
        root: a folder (searched to its depth; the zips in it too where it holds no loose file that matches),
            a zip, or one file.
        pattern: regular expression of a file's own name.
        what: what such a file is called in the error (``"UTD-MHAD recordings (a1_s1_t1_skeleton.mat)"``).

    Raises:
        BadFile: where there is no such place, or nothing in it matches.
    """
    matches = re.compile(pattern, re.IGNORECASE).fullmatch
    if root.is_dir():
        files = [Path(folder, name) for folder, _, names in os.walk(root) for name in names]
        found = [FileRef(file) for file in files if matches(file.name)]
        if not found:
            zips = [file for file in files if file.suffix.lower() == ".zip"]
            found = [
                FileRef(file, member) for file in zips for member in _members(file) if matches(_own(member))
            ]
    elif not root.exists():
        raise BadFile(root, expected=what, found="no such file or folder")
    elif zipfile.is_zipfile(root) and not matches(root.name):
        found = [FileRef(root, member) for member in _members(root) if matches(_own(member))]
    else:
        found = [FileRef(root)] if matches(root.name) else []
    if not found:
        raise BadFile(root, expected=what, found="none")
    return sorted(found)


def _own(member: str) -> str:
    return PurePosixPath(member).name


def _members(file: Path) -> list[str]:
    try:
        with zipfile.ZipFile(file) as archive:
            return [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadFile(file, expected="a zip archive", found=str(error)) from None
