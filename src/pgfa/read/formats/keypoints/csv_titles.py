"""Headers of several lines: names of joints above x, y and z, as pandas, capture systems and Visual3D write them."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from pgfa.read.formats.keypoints.csv_header import COORDINATES, Header, header_of_titles

MOST_LINES = 6
"""Lines of a header, at most: Visual3D has the file, the name, the type and the folder above the axes."""
MIN_AXES = 20
"""Cells of the line of axes that are one, at least: ten joints in a picture."""
KINDS = (
    "position",
    "rotation",
    "orientation",
    "translation",
    "location",
    "quaternion",
    "euler",
    "velocity",
    "scale",
)
"""Lines of a header with these words say what the columns are."""
_AXIS = re.compile(r"(?:pos|position|t|p)?[_ .]?([xyz])(?:[ _]?\d+|\s*[\[(].*[\])])?", re.IGNORECASE)
NO_NAME = re.compile(r"unnamed: ?\d+.*", re.IGNORECASE)


def header_of_lines(lines: Sequence[str]) -> tuple[Header, int] | None:
    """The header in the first of these lines, and how many of them it has; None for any other lines.

    Raises csv.Error.
    """
    rows: list[list[str]] = []
    for count, line in enumerate(lines[:MOST_LINES], start=1):
        separator = max(",;\t|", key=line.count)
        rows.append([cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])])
        if count > 1 and sum(_axis_of(cell) in ("x", "y", "z") for cell in rows[-1]) >= MIN_AXES:
            header = header_of_titles(_titles(rows[:-1], rows[-1]), separator)
            if header is None:
                return None
            if count < len(lines) and _names_index(next(csv.reader([lines[count]], delimiter=separator), [])):
                count += 1
            return header, count
    return None


def _axis_of(cell: str) -> str:
    """x, y, z or the name of a score; "" for any other cell."""
    if match := _AXIS.fullmatch(cell):
        return match[1].lower()
    return cell.lower() if cell.lower() in COORDINATES else ""


def _titles(above: list[list[str]], axes: list[str]) -> list[str]:
    """A title for each column: the name above it, or the last one before it, and its axis."""
    names = max(above, key=lambda row: len({cell for cell in row if cell and not NO_NAME.fullmatch(cell)}))
    width = max(len(axes), len(names))
    titles, name = [], ""
    kinds = _kinds(above, width)
    for column in range(width):
        cell = names[column] if column < len(names) else ""
        axis = axes[column] if column < len(axes) else ""
        if cell and not NO_NAME.fullmatch(cell):
            name = cell
        coordinate = _axis_of(axis)
        # Columns before the first joint are named in either line.
        titles.append(
            f"{name}{kinds[column]}_{coordinate}"
            if coordinate and name
            else axis or ("" if NO_NAME.fullmatch(cell) else cell)
        )
    return titles


def _kinds(above: list[list[str]], width: int) -> list[str]:
    """What each column is, as a line above the axes says it ("_rotation"); "" where no line does."""
    rows = (row for row in above if sum(cell.lower() in KINDS for cell in row) >= MIN_AXES / 2)
    kinds, kind = [], ""
    row = next(rows, [])
    for column in range(width):
        if column < len(row) and row[column]:
            kind = f"_{row[column].lower()}"
        kinds.append(kind)
    return kinds


def _names_index(cells: list[str]) -> bool:
    """Whether a line has nothing but the name of the first column, as pandas writes that of its index."""
    return bool(cells) and any(c.isalpha() for c in cells[0]) and not any(cell.strip() for cell in cells[1:])
