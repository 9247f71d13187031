"""Tables as pandas writes them to JSON (`DataFrame.to_json`, `to_dict`) -> the text of the same table as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pgfa.read.formats.keypoints.csv_header import MAX_COLUMNS, header_of_titles

INDEX = "index"
"""Title of the column with the names of lines, as pandas calls it."""
TIMES = "timestamp_ms"
EPOCH = 1e11
"""Milliseconds since 1970; no file has as many frames."""
_VALUES = (str, int, float, type(None))


def table_in(content: Any) -> str:
    """The table of a file with a line per frame, person or joint, as CSV; "" for any other content.

    Args:
        content: of the file: lines as objects by title, columns as lists or as objects by line, objects by line, or
            `columns` and `data` beside each other, as the orients of pandas are.
    """
    titles, lines = _titles_and_lines(content)
    if not titles or len(titles) > MAX_COLUMNS or not all(isinstance(title, str) for title in titles):
        return ""
    header = header_of_titles(list(titles), ",")
    # A list of joints without a frame is a person, not a table.
    if header is None or (header.joint is not None and header.frame is None and header.time is None):
        return ""
    rows = list(lines)
    if not rows or not all(
        len(row) == len(titles) and all(isinstance(v, _VALUES) for v in row) for row in rows
    ):
        return ""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows(rows)
    return out.getvalue()


def _titles_and_lines(content: Any) -> tuple[Sequence[str], Iterable[Sequence[Any]]]:
    """Titles and lines of a table; none for any other content."""
    if isinstance(content, list):
        return _of_records(content)
    if not isinstance(content, dict) or not content:
        return (), ()
    columns, data = content.get("columns"), content.get("data")
    if isinstance(data, list) and isinstance(columns, list):  # orient split
        return columns, (row if isinstance(row, list) else () for row in data)
    if isinstance(data, list) and isinstance(content.get("schema"), dict):  # orient table
        return _of_records(data)
    first = next(iter(content.values()))
    if isinstance(first, list) and _are_lists(content):  # to_dict, orient list
        return list(content), zip(*content.values(), strict=True)
    if not isinstance(first, dict) or not first or not _have_fields(content.values(), first):
        return (), ()
    if all(name.isdigit() for name in first):  # orient columns, the default
        return [_index_title(first), *content], (
            [line, *(column[line] for column in content.values())] for line in first
        )
    return [_index_title(content), *first], ([name, *map(line.get, first)] for name, line in content.items())


def _index_title(names: Iterable[str]) -> str:
    """The title for the names of lines: dates are milliseconds since 1970 there."""
    return TIMES if all(name.isdigit() and int(name) > EPOCH for name in names) else INDEX


def _of_records(lines: list[Any]) -> tuple[Sequence[str], Iterable[Sequence[Any]]]:
    """Titles and lines of objects with the same fields."""
    first = lines[0] if lines else None
    if not isinstance(first, dict):
        return (), ()
    return list(first), (
        [line.get(title) for title in first] if isinstance(line, dict) else () for line in lines
    )


def _have_fields(values: Iterable[Any], first: Mapping[str, Any]) -> bool:
    """Whether all values are objects with the fields of the first."""
    return all(isinstance(value, dict) and value.keys() == first.keys() for value in values)


def _are_lists(content: Mapping[str, Any]) -> bool:
    lists = [value for value in content.values() if isinstance(value, list)]
    return len(lists) == len(content) and len({len(value) for value in lists}) == 1
