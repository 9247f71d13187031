"""Titles with a word that all joints have: SpineBase_CameraX beside SpineBase_ColorX, nose_world_x beside nose_x."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pgfa.read.formats.keypoints.joint_names import canonical, known_joints

LEAST = 10
"""Joints that have the word, at least."""
KNOWN = 0.8
"""Of the joints that have the word, how many are known without it, at least: others are bones of a rig, whose prefix
(mixamorig) says which rig it is."""
WORLD = "world"
"""Points in space, beside those of a picture."""

Cells = dict[tuple[str, int], int]


def without_shared_words(cells: Cells, labels: Mapping[str, str]) -> tuple[Cells, dict[str, str]]:
    """Columns and names of joints without the word that many have at one end, where few are known with it.

    Of several such words the only one counts whose joints have x, y and z; two of these may be those of two people,
    whose titles are left as they are. Landmarks of the world count before those of a picture, as in other files.

    Args:
        cells: (joint, coordinate) -> column.
        labels: joint -> its name in the titles, in words separated by underscores.
    """
    known = sum(joint in known_joints() for joint in labels)
    groups: dict[tuple[str, bool], dict[str, str]] = {}
    sizes: Counter[tuple[str, bool]] = Counter()
    for joint, label in labels.items():
        for at_end in (True, False):
            rest, _, word = label.rpartition("_") if at_end else label.partition("_")[::-1]
            sizes[word, at_end] += bool(rest)
            if rest and word and canonical(rest) in known_joints():
                groups.setdefault((word, at_end), {})[joint] = rest
    choices: list[tuple[bool, dict[str, str]]] = []
    for (word, at_end), rests in groups.items():
        if len(rests) < KNOWN * sizes[word, at_end]:
            continue
        is_deep = all((joint, 2) in cells for joint in rests)
        if len(rests) >= LEAST and (known < LEAST or (word == WORLD and is_deep)):
            choices.append((is_deep, rests))
    deepest = [rests for is_deep, rests in choices if is_deep == any(deep for deep, _ in choices)]
    if len(deepest) != 1:
        return cells, dict(labels)
    (rests,) = deepest
    renamed = {joint: canonical(rest) for joint, rest in rests.items()}
    return (
        {(renamed[joint], axis): column for (joint, axis), column in cells.items() if joint in renamed},
        {renamed[joint]: rest for joint, rest in rests.items()},
    )
