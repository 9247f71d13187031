"""The top of a table: where its header is, what separates its cells, its titles and the cells of the first line."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import NamedTuple

from pgfa.read.parsing.text_table import is_comment

MAX_ABOVE = 20
"""Lines above the header."""


class Top(NamedTuple):
    """Of a table.

    Attributes:
        lines: of the beginning of the text.
        at: number of the header among them.
        separator: of its cells.
        titles: cells of the header.
        first: cells of the line below.
    """

    lines: list[str]
    at: int
    separator: str
    titles: list[str]
    first: list[str]


def top_of(text: str, length: int) -> Top | None:
    """The top of the table in a text, of which `length` characters are looked at; None without a header and a line."""
    lines = text[:length].split("\n", MAX_ABOVE + 1)
    at = next((n for n, line in enumerate(lines[:MAX_ABOVE]) if line.strip() and not is_comment(line)), -1)
    if at < 0 or at + 1 >= len(lines):
        return None
    separator = max(",;\t|", key=lines[at].count)
    try:
        table = csv.reader(io.StringIO("\n".join(lines[at:]), newline=""), delimiter=separator)
        titles, first = islice(table, 2)
    except (csv.Error, ValueError):
        return None
    return Top(lines, at, separator, titles, first)
