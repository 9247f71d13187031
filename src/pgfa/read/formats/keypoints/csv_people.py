"""Tables with several people in a line (Body0_Head_X, ..., Body1_Head_X, ...) -> a line for each person."""

from __future__ import annotations

import csv
import io
import re

from pgfa.read.formats.keypoints.csv_table import Table
from pgfa.read.formats.keypoints.csv_top import top_of
from pgfa.read.parsing.frame_names import IMAGES, NUMBERS, TIMES, rank_of

LEAST = 20
"""Columns of a person, at least: those of ten joints in a picture."""
MOST = 64
"""People in a line."""
MAX_LINE = 1 << 18
_PERSON = re.compile(
    r"\s*((?:body|person|people|skeleton|skel|user|player|human|track|actor|subject|individual|p)[ _.:#-]?\d{1,3})"
    r"[ _.:/-]+(.+)",
    re.IGNORECASE,
)


def without_people(text: str) -> str:
    """The text with a line per person; unchanged if the titles are not those of people with the same joints.

    A person whose cells are all empty or 0 is left out, unless it would leave the line empty. Where no column has the
    number or the time of the frame, one with the number of the line is added.
    """
    if (top := top_of(text, 2 * MAX_LINE)) is None:
        return text
    lines, at, separator, titles, _ = top
    people, shared = _people(titles)
    if not people:
        return text
    try:
        start = sum(len(line) + 1 for line in lines[: at + 1])
        table = csv.reader(io.StringIO(text[start:], newline=""), delimiter=separator)
        rows = [row for row in table if len(row) > 1 or any(row)]
    except csv.Error:
        return text
    if any(len(row) != len(titles) for row in rows[:2]):
        return text
    timed = any(rank_of(titles[n], (*NUMBERS, *IMAGES, *TIMES)) is not None for n in shared)
    rests = list(next(iter(people.values())))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow([*([] if timed else ["frame"]), *(titles[n] for n in shared), "person_id", *rests])
    for number, row in enumerate(rows):
        if len(row) != len(titles):  # the reader names the line
            writer.writerow(row)
            continue
        before = [*([] if timed else [str(number)]), *(row[n] for n in shared)]
        cells = {
            person: ["" if n is None else row[n] for n in columns.values()]
            for person, columns in people.items()
        }
        present = [person for person in people if any(map(_is_there, cells[person]))] or [next(iter(people))]
        writer.writerows([*before, person, *cells[person]] for person in present)
    return "\n".join([*lines[:at], out.getvalue()])


def numbers_joints(table: Table) -> bool:
    """Whether the ids of a table with a line per joint are those of the joints: one of its own for each of them."""
    pairs = set(zip(table.people, table.joints, strict=True)) if table.joints else set()
    ids, joints = ({pair[part] for pair in pairs} for part in (0, 1))
    return len(pairs) == len(ids) == len(joints) >= LEAST / 2


def _people(titles: list[str]) -> tuple[dict[str, dict[str, int | None]], list[int]]:
    """Person -> title without the person -> column, in one order for all; and the other columns. {} for no people."""
    people: dict[str, dict[str, int]] = {}
    shared: list[int] = []
    for column, title in enumerate(titles):
        match = _PERSON.fullmatch(title) if len(title) < 200 else None
        if match is None:
            shared.append(column)
        else:
            people.setdefault(match[1].lower(), {}).setdefault(match[2].strip().lower(), column)
    first = next(iter(people.values()), {})
    if (
        len(first) < LEAST
        or len(people) > MOST
        or any(person.keys() != first.keys() for person in people.values())
    ):
        return {}, shared
    return {person: {rest: columns[rest] for rest in first} for person, columns in people.items()}, shared


def _is_there(cell: str) -> bool:
    try:
        return float(cell.replace(",", ".")) != 0
    except ValueError:
        return False
