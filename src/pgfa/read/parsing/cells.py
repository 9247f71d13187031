"""Text files of other programs: encodings, separators and cells that may be blank."""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.limits import check_text
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef

MAX_TEXT = 256 * 1024 * 1024
MAX_LINES = 110_000
"""Lines of a file with one line per frame and a header."""
MAX_NUMBERS = 64_000_000
LOOKED_AT = 100
"""Lines in which a sign between thousands is looked for."""
FILLED = 4_000_000
"""Numbers by which short lines may be filled up."""

Floats = NDArray[np.float64]


def text_of(raw: bytes) -> str:
    """Text in UTF-8, as `FileRef` gives it; lines end in a line feed."""
    return raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


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
        with contextlib.suppress(csv.Error):  # a cell of more than 131,072 characters
            return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    return [cell.strip() for cell in line.split(separator)]


def thousands_mark(cells: Iterable[str]) -> str:
    """The sign between thousands: ``"."`` or ``","``, where whole numbers have it above 999; "" without one.

    Args:
        cells: coordinates only. Every one is below 1,000 without the sign, or has groups of three digits behind it;
            numbers with three decimals are not written so, as 0.512 and 1.000 are among them.
    """
    texts = [cell for cell in (cell.strip() for cell in cells) if cell]
    for mark, decimal in (".,", ",."):
        grouped = re.compile(rf"-?[1-9]\d{{0,2}}(?:\{mark}\d{{3}})+(\{decimal}\d+)?")
        small = re.compile(rf"-?\d{{1,3}}(\{decimal}\d+)?")
        groups = [grouped.fullmatch(text) for text in texts]
        if any(groups) and all(
            group or small.fullmatch(text) for group, text in zip(groups, texts, strict=True)
        ):
            certain = any(group and group[1] for group in groups)
            if certain or not all(groups):
                return mark
    return ""


def lines_of(ref: FileRef, raw: bytes, limit: int = MAX_LINES) -> list[str]:
    """The lines of a text. Raises LimitExceeded for more than `limit`, or what `check_text` refuses."""
    check_text(ref, raw)
    text = text_of(raw)
    if text.count("\n") > limit:
        raise LimitExceeded(f"{ref}: more than {limit:,} lines")
    return text.split("\n")


def numbers_of(
    ref: FileRef,
    text: Sequence[str],
    rows: Sequence[int],
    *,
    separator: str,
    width: int = 0,
    columns: Sequence[int] = (),
    lead: int = 0,
) -> Floats:
    """Lines of cells to numbers; a blank cell, and one past the end of a line, is NaN.

    Args:
        ref: the file, for errors.
        text: the lines of the file.
        rows: which of them, from 0.
        separator: of the cells; where it is no comma, a comma may be the decimal separator.
        width: cells per line; those beyond have to be blank.
        columns: in place of a width, which cells to take of each line, from 0.
        lead: how many of the cells that are taken are no coordinates, but a frame or a time.

    Returns:
        (rows, width or columns) float64.

    Raises:
        BadFile: with the line and cell; no row; numbers with a sign between thousands. LimitExceeded.
    """
    taken = columns or range(width)
    size = len(rows) * len(taken)
    if not size:
        raise BadFile(str(ref), expected="at least one line of numbers", found="none")
    # Short lines are filled up: they may not make an array that is much larger than the file.
    if size > MAX_NUMBERS or size > FILLED + sum(len(text[row]) + 1 for row in rows):
        raise LimitExceeded(f"{ref}: {len(rows):,} lines of {len(taken):,} numbers, more than the limit")
    decimal = "," if separator != "," else "."

    def cells(row: int) -> Iterator[str]:
        line = cells_of(text[row], separator)
        if width and len(line) > width and any(line[width:]):
            expected = f"{width} cells, as in the header"
            raise BadFile(str(ref), where=f"line {row + 1}", expected=expected, found=str(len(line)))
        return ((line[column] or "nan") if column < len(line) else "nan" for column in taken)

    def localised() -> Iterator[float]:
        for row in rows:
            for column, cell in zip(taken, cells(row), strict=True):
                try:
                    yield float(cell.replace(decimal, "."))
                except ValueError:
                    where = f"line {row + 1}, cell {column + 1}"
                    raise BadFile(str(ref), where=where, expected="a number", found=short(cell)) from None

    _check_thousands(ref, rows, [list(cells(row))[lead:] for row in rows[:LOOKED_AT]])
    try:
        plain = chain.from_iterable(map(cells, rows))
        numbers = np.fromiter(map(float, plain), np.float64, size)
    except ValueError:
        numbers = np.fromiter(localised(), np.float64, size)
    _check_end(ref, text, rows, separator, max(taken) + 1)
    return numbers.reshape(len(rows), len(taken))


def _check_thousands(ref: FileRef, rows: Sequence[int], table: Sequence[Sequence[str]]) -> None:
    """Raise BadFile for coordinates such as 1.234 beside 987, which are 1234 and 987.

    Args:
        ref, rows: as in `numbers_of`.
        table: the cells of the first rows.
    """
    if mark := thousands_mark(cell for line in table for cell in line if cell.lower() != "nan"):
        row, cell = next(
            (row, cell) for row, line in zip(rows, table, strict=False) for cell in line if mark in cell
        )
        expected = "numbers without a sign between thousands (1234.5): save the table anew"
        raise BadFile(str(ref), where=f"line {row + 1}", expected=expected, found=short(cell))


def _check_end(ref: FileRef, text: Sequence[str], rows: Sequence[int], separator: str, width: int) -> None:
    """Raise BadFile if the file ends within a line: without a line feed, with fewer cells than the line before."""
    if len(rows) < 2 or rows[-1] != len(text) - 1:
        return
    before, last = (len(cells_of(text[row], separator)) for row in rows[-2:])
    if last < min(before, width):
        expected = f"{before} cells, as in the line before (the file is cut off, or a line feed is missing)"
        raise BadFile(str(ref), where=f"line {rows[-1] + 1}", expected=expected, found=str(last))
