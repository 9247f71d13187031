"""Skeleton layouts: joints, bones, centre, left-right pairs, and the maps between layouts."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import LayoutMismatch
from pgfa.skeleton import estimator_layouts as estimators
from pgfa.skeleton.layout import Layout, both

__all__ = ["HDM05", "KINECT20", "LAYOUTS", "NTU25", "Layout", "get_layout", "map_positions", "map_weights"]

NTU25 = Layout(
    name="ntu25",
    joints=(
        "pelvis", "spine", "neck", "head",
        "shoulder_left", "elbow_left", "wrist_left", "hand_left",
        "shoulder_right", "elbow_right", "wrist_right", "hand_right",
        "hip_left", "knee_left", "ankle_left", "foot_left",
        "hip_right", "knee_right", "ankle_right", "foot_right",
        "chest", "handtip_left", "thumb_left", "handtip_right", "thumb_right",
    ),
    # The authors' list (method.md section 2): the finger tip hangs from the thumb's place, the thumb from the
    # elbow side of the hand; kept exactly, because the adjacency and so the weights depend on it.
    bones=(
        ("spine", "chest"), ("pelvis", "spine"), ("neck", "chest"), ("head", "neck"),
        *both("chest=", "shoulder", "elbow", "wrist", "hand"),
        *both("pelvis=", "hip", "knee", "ankle", "foot"),
        *both("hand", "thumb", "handtip"),
    ),
    centre="chest",
    root="pelvis",
)  # fmt: skip

KINECT20 = Layout(
    name="kinect20",
    joints=(
        "pelvis", "spine", "chest", "head",
        "shoulder_left", "elbow_left", "wrist_left", "hand_left",
        "shoulder_right", "elbow_right", "wrist_right", "hand_right",
        "hip_left", "knee_left", "ankle_left", "foot_left",
        "hip_right", "knee_right", "ankle_right", "foot_right",
    ),
    bones=(
        ("spine", "chest"), ("pelvis", "spine"), ("head", "chest"),
        *both("chest=", "shoulder", "elbow", "wrist", "hand"),
        *both("pelvis=", "hip", "knee", "ankle", "foot"),
    ),
    centre="chest",
    root="pelvis",
)  # fmt: skip

HDM05 = Layout(
    name="hdm05",
    # The root and the far ends of the 30 segments of the HDM05 ASF skeleton, in the ASF's order. Names say
    # the anatomical place, so that a name shared with a Kinect layout is the same place; the segment that
    # ends there is in read/datasets/hdm05.py. The clavicle segment ends at the shoulder joint. The forearm is two
    # segments long (radius 17 cm, wrist 8 cm): the first ends inside it, the second at the wrist.
    joints=(
        "pelvis",
        "hip_left", "knee_left", "ankle_left", "foot_left", "toe_left",
        "hip_right", "knee_right", "ankle_right", "foot_right", "toe_right",
        "spine_low", "spine_high", "chest", "neck", "neck_high", "head",
        "shoulder_left", "elbow_left", "forearm_left", "wrist_left",
        "hand_left", "handtip_left", "thumb_left",
        "shoulder_right", "elbow_right", "forearm_right", "wrist_right",
        "hand_right", "handtip_right", "thumb_right",
    ),
    bones=(
        ("spine_high", "chest"), ("spine_low", "spine_high"), ("pelvis", "spine_low"),
        ("neck", "chest"), ("neck_high", "neck"), ("head", "neck_high"),
        *both("chest=", "shoulder", "elbow", "forearm", "wrist", "hand", "handtip"),
        *both("wrist", "thumb"),
        *both("pelvis=", "hip", "knee", "ankle", "foot", "toe"),
    ),
    centre="chest",
    root="pelvis",
)  # fmt: skip

LAYOUTS = {layout.name: layout for layout in (NTU25, KINECT20, HDM05, *estimators.LAYOUTS)}

# How joints that a layout lacks are made from those it has: target layout <- source layout,
# joint -> {source joint: weight}, weights adding to one. Joints of the same name need no entry.
_MADE_FROM: dict[tuple[str, str], dict[str, dict[str, float]]] = {
    ("kinect20", "ntu25"): {
        "neck": {"chest": 0.5, "head": 0.5},
        "handtip_left": {"hand_left": 1.0},
        "thumb_left": {"hand_left": 1.0},
        "handtip_right": {"hand_right": 1.0},
        "thumb_right": {"hand_right": 1.0},
    },
    ("ntu25", "kinect20"): {},
    # The spine joint lies half-way up the trunk in Kinect v2 and just above the pelvis in Kinect v1;
    # the ASF's two lower spine segments end at one third and two thirds.
    ("hdm05", "ntu25"): {"spine": {"spine_low": 0.5, "spine_high": 0.5}},
    ("hdm05", "kinect20"): {"spine": {"pelvis": 0.5, "spine_low": 0.5}},
    **estimators.MADE_FROM,
}


def get_layout(name: str) -> Layout:
    """The layout of that name. Raises LayoutMismatch with the known names where there is none."""
    try:
        return LAYOUTS[name]
    except KeyError:
        raise LayoutMismatch(f"no layout {name!r}; known: {', '.join(sorted(LAYOUTS))}") from None


@lru_cache
def map_weights(source: str, target: str) -> NDArray[np.float32]:
    """The linear map between two layouts.

    Returns:
        (target joints, source joints) float32, rows adding to one: target = weights @ source.

    Raises:
        LayoutMismatch: where no meaningful map is known. Which joints lack is said.
    """
    here, there = get_layout(source), get_layout(target)
    if source != target and (source, target) not in _MADE_FROM:
        ways = ", ".join(f"{a} -> {b}" for a, b in sorted(_MADE_FROM))
        raise LayoutMismatch(
            f"no meaningful map from layout {source} to {target}: joints would have to be invented; "
            f"known: {ways}"
        )
    made = _MADE_FROM.get((source, target), {})
    weights = np.zeros((len(there.joints), len(here.joints)), dtype=np.float32)
    for row, joint in enumerate(there.joints):
        for origin, weight in made.get(joint, {joint: 1.0}).items():
            weights[row, here.index(origin)] = weight
    weights.flags.writeable = False
    return weights


def map_positions(positions: NDArray[np.float32], source: Layout, target: Layout) -> NDArray[np.float32]:
    """Carry joint positions from one layout to another.

    Args:
        positions: (..., source joints, 3), NaN where absent.

    Returns:
        (..., target joints, 3) float32; a made joint is NaN where any joint it is made of is, but a head
        made of ears that were not both seen is put at the nose.

    Raises:
        LayoutMismatch: where no meaningful map is known.
    """
    if positions.shape[-2] != len(source.joints):
        raise LayoutMismatch(
            f"layout {source.name} has {len(source.joints)} joints, but the array has {positions.shape[-2]}"
        )
    if source.name == target.name:
        return positions
    weights = map_weights(source.name, target.name)
    out = np.zeros((*positions.shape[:-2], len(target.joints), 3), dtype=np.float32)
    # A few joints make one: gathers keep NaN where it belongs (0 * NaN would spread it everywhere).
    most = int((weights > 0).sum(axis=1).max())
    order = np.argsort(-weights, axis=1, kind="stable")[:, :most]
    for rank in range(most):
        weight = np.take_along_axis(weights, order[:, rank : rank + 1], axis=1)
        used = weight[:, 0] > 0
        out[..., used, :] += weight[used] * positions[..., order[used, rank], :]
    # One ear is hidden in a view from the side, both in many estimates: the nose is the head then.
    if "head" in target.joints and "head" not in source.joints and "nose" in source.joints:
        head = out[..., target.index("head"), :]
        gone = np.isnan(head).any(axis=-1, keepdims=True)
        np.copyto(head, positions[..., source.index("nose"), :], where=gone)
    return out
