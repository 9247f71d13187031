"""Notes on columns of a table that are not read although they may matter: numbers or times, and flags of joints."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pgfa.read.formats.keypoints.csv_header import Header
from pgfa.read.formats.keypoints.csv_table import table_lines
from pgfa.read.formats.keypoints.joint_states import are_flags, flag_note
from pgfa.read.parsing.frame_names import rises
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef

LOOKED_AT = 2000
"""Lines by which it is seen what a column has."""


def unread_flags(ref: FileRef, text: str, header: Header, above: int) -> list[str]:
    """A note on columns beside joints that are not read, and are yes for some lines and no for others."""
    labels = tuple(f"{label}_" for label in header.labels.values())
    columns = [
        (title, column)
        for title, column in header.others
        if header.joint is not None or header.titles[column].startswith(labels)
    ]
    if not columns:
        return []
    lines = _first_lines(ref, text, header, above)
    flags = [title for title, column in columns if are_flags(cells[column] for cells in lines)]
    return [flag_note(", ".join(flags[:3]))] if flags else []


def rising_columns(ref: FileRef, text: str, header: Header, above: int) -> Iterator[str]:
    """Notes: columns that are not read, and rise from line to line."""
    lines = _first_lines(ref, text, header, above)
    decimal = "," if header.separator != "," else "."
    for title, column in header.others:
        try:
            values = np.array([float(cells[column].replace(decimal, ".")) for cells in lines])
        except ValueError:
            continue
        if rises(values):
            yield f"column {short(title)} rises from line to line and is not read: call it frame or time_s if it is"


def _first_lines(ref: FileRef, text: str, header: Header, above: int) -> list[list[str]]:
    lines = zip(range(LOOKED_AT), table_lines(ref, text, header, above), strict=False)
    return [cells for _, (_, cells) in lines]
