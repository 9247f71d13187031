"""Tables with two or three numbers in a cell: (0.1, 1.2, 0.3), [12.5 3.1], X=0.1 Y=1.2 Z=0.3."""

from __future__ import annotations

import csv
import re

from pgfa.read.formats.keypoints.csv_triples import without_all
from pgfa.read.parsing.text_table import is_comment

LEAST = 10
"""Vectors in a line, at least."""
MAX_LINE = 1 << 17
_N = r"[-+]?(?:\d[\d.]*(?:[eE][-+]?\d+)?|nan|NaN)"
_VECTOR = re.compile(
    rf'"?[(\[]\s*({_N})[,;\s]\s*({_N})(?:[,;\s]\s*({_N}))?\s*[)\]]"?|"?X=({_N})[,\s]\s*Y=({_N})[,\s]\s*Z=({_N})"?'
)
_ROTATION = re.compile(rf'"?[(\[]\s*{_N}(?:[,;\s]\s*{_N}){{3}}\s*[)\]]"?')


def without_vectors(text: str) -> str:
    """The text with a cell for each number, and titles for these; unchanged if lines have no vectors.

    Cells of four numbers, which are rotations, become empty.
    """
    lines = text[: 4 * MAX_LINE].split("\n", 40)
    at = next((n for n, line in enumerate(lines) if line.strip() and not is_comment(line)), len(lines))
    if at + 1 >= len(lines) or len(lines[at + 1]) > MAX_LINE or len(_VECTOR.findall(lines[at + 1])) < LEAST:
        return text
    marked = _VECTOR.sub(lambda match: "\0" * len(_numbers(match)), _ROTATION.sub("", lines[at + 1]))
    separator = max(",;\t|", key=marked.count)
    cells = marked.split(separator)
    titles = next(csv.reader([lines[at]], delimiter=separator), [])
    if len(titles) != len(cells):
        return text
    named = [
        separator.join(f"{without_all(title)}_{axis}" for axis in "xyz"[: len(cell.strip())])
        if cell.strip().startswith("\0")
        else title
        for title, cell in zip(titles, cells, strict=True)
    ]
    start = sum(len(line) + 1 for line in lines[: at + 1])
    body = _VECTOR.sub(lambda match: separator.join(_numbers(match)), _ROTATION.sub("", text[start:]))
    return "\n".join([*lines[:at], separator.join(named), body])


def _numbers(match: re.Match[str]) -> list[str]:
    return [number for number in match.groups() if number is not None]
