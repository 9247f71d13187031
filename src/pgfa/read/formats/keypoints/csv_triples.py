"""Tables whose titles number the coordinates of a joint: head_1, head_2, head_3, as MATLAB writes those of a table."""

from __future__ import annotations

import csv
import io
import re

from pgfa.read.formats.keypoints.csv_top import top_of

LEAST = 10
"""Joints in a line, at least."""
MAX_LINE = 1 << 17
_NUMBERED = re.compile(r"(.*[^_\s.])[_ .](\d{1,4})")
_ALL = re.compile(r"[_ .]xyz$", re.IGNORECASE)


def with_axes(text: str) -> str:
    """The text with x, y and z in the titles in place of 1, 2 and 3 (or 0, 1 and 2); unchanged with other titles.

    Three columns of one name and no fourth are a joint; there have to be `LEAST` or more.
    """
    if (top := top_of(text, 2 * MAX_LINE)) is None:
        return text
    lines, at, separator, titles, _ = top
    matches = [_NUMBERED.fullmatch(title.strip()) for title in titles]
    groups: dict[str, list[int]] = {}
    for column, match in enumerate(matches):
        if match is not None:
            groups.setdefault(match[1], []).append(column)
    triples = {stem: columns for stem, columns in groups.items() if _is_triple(columns, matches)}
    if len(triples) < LEAST:
        return text
    for stem, columns in triples.items():
        for axis, column in zip("xyz", columns, strict=True):
            titles[column] = f"{without_all(stem)}_{axis}"
    header = io.StringIO()
    csv.writer(header, delimiter=separator, lineterminator="").writerow(titles)
    start = sum(len(line) + 1 for line in lines[: at + 1])
    return "\n".join([*lines[:at], header.getvalue(), text[start:]])


def without_all(title: str) -> str:
    """A title without the words that say that it has all coordinates: p3_xyz is p3."""
    return _ALL.sub("", title.strip())


def _is_triple(columns: list[int], matches: list[re.Match[str] | None]) -> bool:
    """Whether columns are three that follow each other, numbered from 0 or 1."""
    numbers = [match[2] for column in columns if (match := matches[column]) is not None]
    return numbers in (["0", "1", "2"], ["1", "2", "3"]) and columns[2] - columns[0] == 2
