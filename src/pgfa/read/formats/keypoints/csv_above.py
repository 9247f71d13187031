"""What is above the lines of numbers of a CSV file: comments, lines about the recording, the header."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from pgfa.read.formats.keypoints.csv_header import Header, header_of, with_units_below
from pgfa.read.formats.keypoints.csv_joint_column import with_joint_column
from pgfa.read.formats.keypoints.csv_titles import MOST_LINES, header_of_lines
from pgfa.read.formats.keypoints.frame_statements import one_rate
from pgfa.read.parsing.rates import rate_in_comments
from pgfa.read.source import FileRef

COMMENTS = ("#", "//", "%")
MAX_HEADER = 1 << 18
"""Bytes of a header of several lines."""
ABOUT = re.compile(r"[A-Za-z][^,;:=\t]{0,60}(?:[,;:=\t][^,;\t]{0,200}){0,2}[,;\t]*")
"""A line about the recording above the header: a name and a value, perhaps with a unit."""
MAX_ABOUT = 12
"""Such lines."""
MAX_ABOVE = 20
"""Blank lines and comments above the header."""

Floats = NDArray[np.float64]


def split_header(text: str) -> tuple[Header | None, int]:
    """The header, and how many lines are above the first line of numbers."""
    start, others = 0, 0
    for above in range(MAX_ABOVE):
        line, separator, _ = text[start : start + 65536].partition("\n")
        if header := header_of(line.removeprefix("#")):
            below = text[start + len(line) + 1 : start + len(line) + 65536].split("\n")
            header, units = with_units_below(header, below[0])
            return with_joint_column(header, below[units:]), above + (0 if header.implied else 1) + units
        if several := header_of_lines(text[start : start + MAX_HEADER].split("\n", MOST_LINES + 1)[:-1]):
            return several[0], above + several[1]
        is_other = bool(line.strip()) and not line.lstrip().startswith((*COMMENTS, "sep="))
        others += is_other
        if line.strip().lower() == "endheader":  # OpenSim, whose tables of bodies are of centres of mass
            break
        if not separator or (is_other and not ABOUT.fullmatch(line)) or others > MAX_ABOUT:
            break
        start += len(line) + 1
    return None, 0


def rate_above(
    ref: FileRef, text: str, above: int, header: Header, values: Floats
) -> tuple[float | None, tuple[str, ...]]:
    """Frames per second as a comment above the header states it, or a column; and notes. Raises BadFile."""
    lines = text.split("\n", above)[:above]
    comments = [line for line in lines if line.lstrip().startswith(COMMENTS)]
    about = [line.strip(",;\t ") for line in lines if ABOUT.fullmatch(line)]
    comments += ["# " + re.sub(r"[,;=\t]", ": ", line, count=1) for line in about]
    if (rate := rate_in_comments(comments[:MAX_ABOVE])) is not None or header.rate is None:
        return rate, ()
    rates = values[:, header.rate]
    rates = rates[np.isfinite(rates)]
    if (rates == 0).all():
        return None, ()
    return one_rate(ref, "column of the rate", rates.tolist(), timed=header.time is not None)
