"""One decision about how a file is read, and all of them in one line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Literal

Basis = Literal["stated", "folder", "declared", "custom", "established", "assumed"]
"""By the user; by the other files of the folder; by the file or its format; by the custom of such files, which the body
does not contradict; by the body, which leaves no alternative; or an assumption that does no harm."""

_TITLES: dict[Basis, str] = {
    "stated": "stated",
    "folder": "from the other files of the folder",
    "declared": "declared by the file",
    "custom": "by custom",
    "established": "established by the body",
    "assumed": "assumed",
}


_ITEMS = re.compile(r", (?![^(]*\))")


class Decision(str):
    """What was decided, as text (``"up y"``), so that it can travel among the problems of a reader.

    `pgfa.read.assemble` takes decisions out of the problems and makes `Clip.reading` of them.

    Attributes:
        quantity: layout, array (order of its axes), columns, axes (handedness), up, unit, depth, missing, scores,
            origin, picture (its size), rate; and what is only assumed: sides, scale (one on all axes),
            frames, posture.
        value: what was decided.
        basis: why.
    """

    quantity: str
    value: str
    basis: Basis

    def __new__(cls, quantity: str, value: str, basis: Basis, why: str = "") -> Decision:
        self = super().__new__(cls, f"{quantity} {value}" + (f" ({why})" if why else ""))
        self.quantity, self.value, self.basis = quantity, value, basis
        return self


def reading_line(decisions: Iterable[Decision]) -> str:
    """All decisions by their basis: ``"declared by the file: layout ntu25; established by the body: up z"``."""
    groups: dict[Basis, list[str]] = {basis: [] for basis in _TITLES}
    for decision in decisions:
        if str(decision) not in groups[decision.basis]:
            groups[decision.basis].append(str(decision))
    return "; ".join(f"{_TITLES[basis]}: {', '.join(group)}" for basis, group in groups.items() if group)


def values_of(line: str) -> dict[str, str]:
    """The values in a line of `reading_line`, by quantity."""
    values: dict[str, str] = {}
    for group in line.split("; "):
        for item in _ITEMS.split(group.partition(": ")[2]):
            quantity, _, value = item.partition(" ")
            values[quantity] = value.partition(" (")[0]
    return values


def from_folder(line: str, quantities: Collection[str]) -> str:
    """A line of decisions in which those about some quantities are not stated, but from the other files of a folder."""
    titles: dict[str, Basis] = {title: basis for basis, title in _TITLES.items()}
    groups: dict[Basis, list[str]] = {basis: [] for basis in _TITLES}
    for group in filter(None, line.split("; ")):
        title, _, items = group.partition(": ")
        for item in _ITEMS.split(items):
            moved = titles[title] == "stated" and item.partition(" ")[0] in quantities
            groups["folder" if moved else titles[title]].append(item)
    return "; ".join(f"{_TITLES[basis]}: {', '.join(group)}" for basis, group in groups.items() if group)


def established_by(line: str, quantities: Collection[str]) -> dict[str, str]:
    """The values in a line of `reading_line` that the body has established, of some quantities."""
    title = _TITLES["established"] + ": "
    groups = [group.removeprefix(title) for group in line.split("; ") if group.startswith(title)]
    return {name: value for name, value in values_of(": ".join(["", *groups])).items() if name in quantities}


def is_declared(line: str) -> bool:
    """Whether a line of decisions has only what the file itself declares; so has that of a data set, which is empty."""
    return not line or (";" not in line and line.startswith(_TITLES["declared"]))
