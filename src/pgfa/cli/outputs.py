"""Files that a command writes must not be among those that it reads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pgfa.errors import BadConfig, PgfaError, Undecided
from pgfa.read import as_ref, read_all
from pgfa.skeleton import Clip


def check_outputs(outputs: Mapping[str, Path], inputs: Iterable[str | Path]) -> None:
    """Refuse outputs that would destroy what is read.

    Args:
        outputs: option -> file to be written; "-" is standard output.
        inputs: files, folders and members of zips that are read. An output may lie in such a folder, and replace
            anything there but a recording, such as an earlier output.

    Raises:
        BadConfig: two outputs are one file, or one is a recording or another file that is read.
    """
    read = [os.path.realpath(as_ref(file).path) for file in inputs]
    files: dict[str, str] = {}
    for option, path in outputs.items():
        target = "-" if str(path) == "-" else os.path.realpath(path)
        if target in files:
            raise BadConfig(f"{option} and {files[target]} are one file: {path}")
        if target in read or (
            any(target.startswith(os.path.join(folder, "")) for folder in read)
            and _is_recording(Path(target))
        ):
            raise BadConfig(f"{option} would replace the recording: {path}; choose another file")
        files[target] = option


def _is_recording(path: Path) -> bool:
    """Whether a file can be read as a recording, perhaps once the user states how."""
    if not path.is_file():
        return False
    try:
        return any(isinstance(clip, Clip | Undecided) for clip in read_all(path))
    except Undecided:
        return True
    except PgfaError:
        return False
