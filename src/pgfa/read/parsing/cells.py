"""Text files of other programs: encodings, separators and cells that may be blank."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.assemble import check_frames
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef

MAX_TEXT = 256 * 1024 * 1024
MAX_LINES = 110_000
"""Lines of a file with one line per frame and a header."""
MAX_COLUMNS = 20_000

Floats = NDArray[np.float64]


def text_of(raw: bytes) -> str:
    """Text in UTF-8 or, with a byte order mark, UTF-16; lines end in a line feed."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = raw.decode("utf-16", "replace")
    else:
        text = raw.decode("utf-8-sig", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def separator_of(line: str) -> str:
    """Tab, semicolon or comma, the first of these that a line has; a space if it has none.

    In this order, as numbers between tabs or semicolons may have decimal commas.
    """
    return next((separator for separator in "\t;," if separator in line), " ")


def cells_of(line: str, separator: str) -> list[str]:
    """The cells of a line without the space around them; spaces as separators count once.

    Commas that a spreadsheet adds behind a line of tabs are dropped.
    """
    if separator == " ":
        return line.split()
    if separator == "\t":
        line = line.rstrip(",; ")
    if '"' in line:
        line_cells = next(csv.reader([line], delimiter=separator), [])
        return [cell.strip() for cell in line_cells]
    return [cell.strip() for cell in line.split(separator)]


def lines_of(ref: FileRef, text: str, limit: int = MAX_LINES) -> list[str]:
    """The lines of a text. Raises LimitExceeded for more than `limit`."""
    if text.count("\n") > limit:
        raise LimitExceeded(f"{ref}: more than {limit:,} lines")
    return text.split("\n")


def numbers_of(
    ref: FileRef, rows: Sequence[Sequence[str]], width: int, *, lines: Sequence[int], separator: str
) -> Floats:
    """Rows of cells to numbers; a blank cell, and one past the end of a row, is NaN.

    Args:
        ref: the file, for errors.
        rows: the cells of each row; those beyond `width` have to be blank.
        width: numbers per row.
        lines: line number of each row, from 1.
        separator: of the cells; where it is no comma, a comma may be the decimal separator.

    Returns:
        (rows, width) float64.

    Raises:
        BadFile: with the line and cell; no row. LimitExceeded.
    """
    check_frames(ref, len(rows))
    if width > MAX_COLUMNS or len(rows) * width > 64_000_000:
        raise LimitExceeded(f"{ref}: {len(rows):,} lines of {width:,} numbers, more than the limit")
    decimal = "," if separator != "," else "."
    try:
        flat = chain.from_iterable(_filled(row, width) for row in rows)
        numbers = np.fromiter((float(cell) for cell in flat), np.float64, len(rows) * width)
    except ValueError:
        flat = chain.from_iterable(_filled(row, width) for row in rows)
        out = []
        for index, cell in enumerate(flat):
            try:
                out.append(float(cell.replace(decimal, ".")))
            except ValueError:
                where = f"line {lines[index // width]}, cell {index % width + 1}"
                raise BadFile(str(ref), where=where, expected="a number", found=short(cell)) from None
        numbers = np.array(out)
    for row, line in zip(rows, lines, strict=True):
        if len(row) > width and any(row[width:]):
            expected = f"{width} cells, as in the header"
            raise BadFile(str(ref), where=f"line {line}", expected=expected, found=str(len(row)))
    return numbers.reshape(len(rows), width)


def _filled(row: Sequence[str], width: int) -> list[str]:
    cells = [cell or "nan" for cell in row[:width]]
    return cells + ["nan"] * (width - len(cells))


def csv_rows(ref: FileRef, text: str, separator: str, limit: int = MAX_LINES) -> list[list[str]]:
    """The rows of a CSV text, at least one, without the space around cells. Raises BadFile, LimitExceeded."""
    if text.count("\n") > limit:
        raise LimitExceeded(f"{ref}: more than {limit:,} lines")
    try:
        table = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        return [[cell.strip() for cell in row] for row in table] or [[]]
    except csv.Error as error:
        raise BadFile(str(ref), expected="CSV", found=str(error)) from None
