"""Tables with titles whose cells are separated by spaces -> tabs."""

from __future__ import annotations

import re

LEAST = 20
"""Cells in a line, at least: those of ten joints in a picture."""
MAX_ABOVE = 20
"""Lines above the titles."""
MAX_LINE = 1 << 18
LOOKED_AT = 3
"""Lines of numbers below the titles that are looked at."""


def without_spaces(text: str) -> str:
    """The text with tabs between cells; unchanged if its titles and lines of numbers are not separated by spaces.

    Titles may be behind a #, as numpy.savetxt writes them.
    """
    lines = text[: 4 * MAX_LINE].split("\n", MAX_ABOVE)
    for at, line in enumerate(lines[:-2]):
        titles = line.lstrip().removeprefix("#").split()
        if len(titles) < LEAST or any(separator in line for separator in ",;\t|"):
            continue
        below = [cells for following in lines[at + 1 : at + 1 + LOOKED_AT] if (cells := following.split())]
        if (
            not any(map(_is_number, titles))
            and below
            and all(len(cells) == len(titles) and sum(map(_is_number, cells)) >= LEAST for cells in below)
        ):
            start = sum(len(above) + 1 for above in lines[:at])
            body = re.sub(r"(?m)^[ ]+|[ ]+$", "", text[start:].removeprefix("#"))
            return "\n".join([*lines[:at], re.sub(r" +", "\t", body)])
    return text


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
