"""Labels of takes that follow each other in one file: repetition, session, exercise, action."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from pgfa.read.parsing.rates import plain

LEAST_FRAMES = 10
"""Frames of a take, on average."""
_LABEL = re.compile(
    "(?:rep|repetition|session|condition|exercise|block|run|set|phase|episode|attempt|sample|movement|motion|activity|"
    "action|gesture|task|label|class|segment)(?:id|index|idx|no|num|nr|number|name|label|class)?"
)


def is_take_label(name: str) -> bool:
    """Whether a column or field may say from which take something is, or what is done at that time of a recording."""
    return _LABEL.fullmatch(plain(name)) is not None


def separates_takes(labels: Sequence[object], keys: Sequence[float | None]) -> bool:
    """Whether labels are those of takes: each is in one block, and numbers or times do not go on from one to the next.

    Args:
        labels: of each line or frame, in the order of the file.
        keys: its number or time; None without one.
    """
    blocks = [[*block] for _, block in groupby(range(len(labels)), key=labels.__getitem__)]
    if not 1 < len(blocks) == len(set(labels)) or len(blocks) * LEAST_FRAMES > len(labels):
        return False
    pairs = [(keys[block[0] - 1], keys[block[0]]) for block in blocks[1:]]
    return not all(one is not None and other is not None and other >= one for one, other in pairs)
