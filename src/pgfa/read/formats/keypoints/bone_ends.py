"""Bones by both their ends, as Blender has them (head_x, tail_x): a bone starts at a joint, so its head is read."""

from __future__ import annotations

import re
from collections.abc import Sequence

ENDS = (("head", "tail"), ("start", "end"), ("proximal", "distal"))
"""Where a bone starts, and where it ends."""
LEAST = 10
"""Bones in a line that have both ends."""
MOST_VECTORS = 3
"""Of a line per bone: its head, and perhaps a rotation or a velocity."""
_AXIS = "[xyz]"


def heads_only(names: Sequence[str], *, long: bool) -> list[str]:
    """Titles without the word for the start of a bone, and "" for those of its end; unchanged without these.

    Args:
        names: titles in lower case, words separated by underscores (``thigh_l_head_x``, ``head_x``).
        long: whether each line is one bone, so that the titles have no names of bones.
    """
    for start, end in ENDS:
        heads, tails = (_bones(names, word, long=long) for word in (start, end))
        # With a line per bone, its head alone is its place, if it has no other; a table of whole bodies has a head too.
        few = sum(name.endswith("_x") for name in names) <= MOST_VECTORS
        alone = long and start == "head" and bool(heads) and few and "x" not in names
        if alone or len(heads & tails) >= (1 if long else LEAST):
            matches = [re.fullmatch(rf"(.+_)?({start}|{end})_({_AXIS})", name) for name in names]
            return [
                name if match is None or (bool(match[1]) == long) else
                f"{match[1] or ''}{match[3]}" if match[2] == start else ""
                for name, match in zip(names, matches, strict=True)
            ]  # fmt: skip
    return list(names)


def _bones(names: Sequence[str], word: str, *, long: bool) -> set[str]:
    """The bones that have x and y of one end; "" is that of the line."""
    ends = {match[0] for name in names if (match := re.fullmatch(rf"(.+_)?{word}_{_AXIS}", name))}
    bones = {name.removesuffix(f"{word}_x") for name in ends if name.endswith("x")}
    return {bone for bone in bones if bool(bone) != long and f"{bone}{word}_y" in ends}
