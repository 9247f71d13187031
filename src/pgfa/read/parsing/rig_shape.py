"""The joints of a person by the shape of the skeleton alone, for rigs with unknown names.

Only where it is certain: the rest pose is a neutral one, two pairs of limbs are mirror images, one pair points down
from the trunk, a head rises between the other pair, and the toes say where forward is, hence what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise, permutations

import numpy as np
from numpy.typing import NDArray

from pgfa.read.parsing.rig_body import neutral_up
from pgfa.read.parsing.rig_names import is_below

Floats = NDArray[np.float64]
Path = list[int]

MAX_BRANCHES = 16
"""More children of one joint than any body has."""
SYMMETRY = 0.05
"""Greatest difference of left and right bones, as a share of their length."""


def find_joints_by_shape(parents: Sequence[int], rest: Floats) -> dict[str, int]:
    """Joint -> index, as `rig_names.find_joints` gives it; empty if the shape is not certainly that of a person.

    Args:
        parents: index of each joint's parent, -1 for none; parents come first.
        rest: (joints, 3) the rest pose, any axes and unit, right-handed.
    """
    children: list[Path] = [[] for _ in parents]
    for index, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(index)
    pairs = _limb_pairs(children, rest)
    people = [
        joints
        for legs, (left, right) in permutations(pairs, 2)
        for arms in ((left, right), (right, left))  # legs and arms of one side go together
        if (joints := _person(parents, children, rest, legs, arms))
    ]
    return people[0] if len(people) == 1 else {}


def _limb_pairs(children: list[Path], rest: Floats) -> list[tuple[Path, Path]]:
    """Pairs of paths from children of one joint outwards that are as long as limbs and equally long bone by bone."""
    length = _longest(children, rest)
    pairs = []
    for siblings in children:
        paths = (
            [_path(children, length, child) for child in siblings] if len(siblings) <= MAX_BRANCHES else []
        )
        for left, right in combinations(paths, 2):
            if len(left) == len(right) and len(left) >= 4 and _alike(rest, left, right):
                pairs.append((left, right))
    longest = max((_extent(rest, left) for left, _ in pairs), default=0.0)
    return [pair for pair in pairs if _extent(rest, pair[0]) > 0.4 * longest][:8]


def _longest(children: list[Path], rest: Floats) -> list[float]:
    """Length of the longest path from each joint outwards."""
    length = [0.0] * len(children)
    for index in reversed(range(len(children))):
        length[index] = max(
            (length[child] + float(np.linalg.norm(rest[child] - rest[index])) for child in children[index]),
            default=0.0,
        )
    return length


def _path(children: list[Path], length: list[float], start: int) -> Path:
    path = [start]
    while children[path[-1]]:
        path.append(max(children[path[-1]], key=lambda child: length[child]))
    return path


def _bones(rest: Floats, path: Path) -> Floats:
    return np.array([np.linalg.norm(rest[b] - rest[a]) for a, b in pairwise(path)])


def _extent(rest: Floats, path: Path) -> float:
    return float(_bones(rest, path).sum())


def _alike(rest: Floats, left: Path, right: Path) -> bool:
    a, b = _bones(rest, left), _bones(rest, right)
    return bool((np.abs(a - b) <= SYMMETRY * max(float(a.max()), 1e-12)).all())


def _limb(rest: Floats, path: Path) -> int | None:
    """Where on a path the limb starts: its two longest bones follow one another and are about equally long."""
    bones = _bones(rest, path)
    first, second = sorted(np.argsort(bones)[-2:].tolist())
    if second != first + 1 or not 0.6 <= bones[first] / bones[second] <= 1.7:
        return None
    return int(first)


def _person(
    parents: Sequence[int],
    children: list[Path],
    rest: Floats,
    legs: tuple[Path, Path],
    arms: tuple[Path, Path],
) -> dict[str, int]:
    """The joints if these legs and arms are a person's, else none."""
    hip, shoulder = _limb(rest, legs[0]), _limb(rest, arms[0])
    pelvis, chest = parents[legs[0][0]], parents[arms[0][0]]
    if hip is None or shoulder is None or len(legs[0]) < hip + 4 or not is_below(parents, chest, pelvis):
        return {}
    joints: dict[str, int] = {}
    for number, side in enumerate(("left", "right")):
        joints |= {
            f"{joint}_{side}": legs[number][hip + step]
            for step, joint in enumerate(("hip", "knee", "ankle", "toe"))
        }
        joints |= {
            f"{joint}_{side}": arms[number][shoulder + step]
            for step, joint in enumerate(("shoulder", "elbow", "wrist"))
        }
    points = {joint: rest[index] for joint, index in joints.items()}
    up_name = neutral_up(points)
    if up_name is None:
        return {}
    up = np.zeros(3)
    up["xyz".index(up_name[-1])] = -1 if up_name[0] == "-" else 1
    if not (head := _head(parents, children, rest, arms, up)):
        return {}
    sides = _exchange(points, up)
    if sides is None:
        return {}
    exchanged = {"left": "right", "right": "left"} if sides else {"left": "left", "right": "right"}
    named = {
        f"{joint.rsplit('_')[0]}_{exchanged[joint.rsplit('_')[1]]}": index for joint, index in joints.items()
    }
    return named | head


def _head(
    parents: Sequence[int], children: list[Path], rest: Floats, arms: tuple[Path, Path], up: Floats
) -> dict[str, int]:
    """Neck and head: the path that rises from between the arms; empty without one."""
    length = _longest(children, rest)
    chest = parents[arms[0][0]]
    others = [child for child in children[chest] if child not in (arms[0][0], arms[1][0]) and children[child]]
    rising = [child for child in others if (rest[_path(children, length, child)[-1]] - rest[chest]) @ up > 0]
    if len(rising) != 1:
        return {}
    path = _path(children, length, rising[0])
    return {"neck": path[0], "head": path[max(1, len(path) - 2)]} if len(path) > 2 else {"neck": path[0]}


def _exchange(points: dict[str, Floats], up: Floats) -> bool | None:
    """Whether the first of each pair is the right one, by the toes; None if these do not tell."""
    feet = [points[f"toe_{side}"] - points[f"ankle_{side}"] for side in ("left", "right")]
    ahead = [foot - (foot @ up) * up for foot in feet]
    shank = float(np.linalg.norm(points["knee_left"] - points["ankle_left"]))
    if ahead[0] @ ahead[1] < 0.5 * (0.15 * shank) ** 2:
        return None
    left = np.cross(up, ahead[0] + ahead[1])
    spans = [
        (points[f"{joint}_left"] - points[f"{joint}_right"]) @ left for joint in ("hip", "ankle", "shoulder")
    ]
    if not (min(spans) > 0 or max(spans) < 0):
        return None
    return bool(spans[0] < 0)
