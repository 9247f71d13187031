"""The class of skeleton layouts: joints, bones, centre, root, left-right pairs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import LayoutMismatch


@dataclass(frozen=True)
class Layout:
    """A set of named joints and the bones between them.

    Attributes:
        name: the layout's name, unique in the package.
        joints: joint names in the order of the data. A name shared between layouts means the same point of the body.
        bones: pairs (child, parent) of joint names; a tree rooted at `centre`.
        centre: the joint taken as the middle of the upper body (graph centre).
        root: the joint taken as the pelvis.
    """

    name: str
    joints: tuple[str, ...]
    bones: tuple[tuple[str, str], ...]
    centre: str
    root: str

    def index(self, joint: str) -> int:
        """Index of a joint in the data. Raises LayoutMismatch if the layout has no such joint."""
        try:
            return self.joints.index(joint)
        except ValueError:
            raise LayoutMismatch(
                f"layout {self.name} has no joint {joint!r}; it has {', '.join(self.joints)}"
            ) from None

    @cached_property
    def bone_indices(self) -> NDArray[np.int64]:
        """(bones, 2) indices (child, parent)."""
        return np.array([(self.index(a), self.index(b)) for a, b in self.bones], dtype=np.int64)

    @cached_property
    def outwards(self) -> tuple[tuple[int, int], ...]:
        """`bone_indices` in an order from the centre outwards: each parent before its children."""
        remaining = [(int(child), int(parent)) for child, parent in self.bone_indices]
        reached = {self.index(self.centre)}
        ordered: list[tuple[int, int]] = []
        while remaining:
            ready = [bone for bone in remaining if bone[1] in reached]
            if not ready:
                return (*ordered, *remaining)
            ordered += ready
            reached |= {child for child, _ in ready}
            remaining = [bone for bone in remaining if bone[0] not in reached]
        return tuple(ordered)

    @cached_property
    def mirror(self) -> NDArray[np.int64]:
        """(joints,) permutation that swaps each left joint with its right counterpart."""

        def other(joint: str) -> str:
            if joint.endswith("_left"):
                return joint.removesuffix("_left") + "_right"
            if joint.endswith("_right"):
                return joint.removesuffix("_right") + "_left"
            return joint

        return np.array([self.index(other(joint)) for joint in self.joints], dtype=np.int64)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(left, right) joint names."""
        return tuple((j, j.removesuffix("_left") + "_right") for j in self.joints if j.endswith("_left"))


def chain(*joints: str) -> list[tuple[str, str]]:
    """Bones (child, parent) along a chain given from the parent outwards."""
    return [(child, parent) for parent, child in pairwise(joints)]


def both(*joints: str) -> list[tuple[str, str]]:
    """Bones of a left and a right limb; a first name ending in '=' is shared by both sides."""

    def sided(name: str, side: str) -> str:
        return name[:-1] if name.endswith("=") else f"{name}_{side}"

    return [bone for side in ("left", "right") for bone in chain(*(sided(name, side) for name in joints))]
