"""Rows that are older than records: what they are of, and the command that replaces them (docs/evidence.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pgfa.research.evidence.markdown import table
from pgfa.research.evidence.record import load_record


@dataclass(frozen=True)
class Unrecorded:
    """Rows without a record.

    Attributes:
        commit: of the code that wrote them.
        command: makes them anew, with a record; `$PACKS` is the folder of packs.
        takes: how long, on what.
    """

    commit: str
    command: str
    takes: str


UNRECORDED: Mapping[str, Unrecorded] = {
    "utd-frozen/results.csv": Unrecorded(
        "b2ab281",
        "pgfa benchmark specs/utd-frozen.toml --packs $PACKS --out out/utd-frozen",
        "hours on 2 cores",
    ),
    "utd-present/results.csv": Unrecorded(
        "6f317cd",
        "pgfa benchmark specs/utd-present.toml --packs $PACKS --out out/utd-present",
        "hours on 2 cores",
    ),
}
"""File below results/ -> the rest. Nothing is to be added: a file that gets its record is to be removed."""


def unrecorded_files(files: Mapping[str, Path]) -> list[str]:
    """Names of the files of rows that have no record. Raises BadFile where rows and record differ."""
    return [name for name, file in files.items() if load_record(file) is None]


def unrecorded_table(files: Mapping[str, Path]) -> str:
    """A row per file without a record; one sentence if there is none. Raises as `unrecorded_files`."""
    names = unrecorded_files(files)
    if not names:
        return "All rows have a record."
    rows = [
        [name, UNRECORDED[name].commit, f"`{UNRECORDED[name].command}`", UNRECORDED[name].takes]
        for name in names
    ]
    return table(["rows", "commit of the code", "made anew by", "takes"], rows)
