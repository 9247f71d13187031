"""Which column has the joints, of a table with a line per joint and several columns that may be it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace

from pgfa.read.formats.keypoints.csv_header import Header
from pgfa.read.formats.keypoints.joint_names import known_names

LOOKED_AT = 300
"""Lines by which it is seen which column names joints."""
NUMBERED = 10
"""Numbers, at least, that a column of joints without names has."""


def with_joint_column(header: Header, lines: Sequence[str]) -> Header:
    """The header with the column of joints that names most of them: `label` may be that, or that of the action.

    Args:
        header: with the columns that may be it in `Header.joint_columns`.
        lines: of the table, below the header.
    """
    if len(header.joint_columns) < 2:
        return header
    try:
        table = list(csv.reader(lines[:LOOKED_AT], delimiter=header.separator))
    except csv.Error:
        return header
    rows = [row for row in table if len(row) == header.columns]
    cells = {column: {row[column] for row in rows} for column in header.joint_columns}
    # The first of those with as many.
    best = max(header.joint_columns, key=lambda column: known_names(cells[column]))
    if not known_names(cells[best]):
        numbered = [column for column in header.joint_columns if _are_numbers(cells[column])]
        best = numbered[0] if numbered else header.joint_columns[0]
    return replace(header, joint=best)


def _are_numbers(cells: set[str]) -> bool:
    return len(cells) >= NUMBERED and all(cell.strip().isdigit() for cell in cells)
