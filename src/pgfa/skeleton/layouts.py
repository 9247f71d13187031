"""The table of skeleton layouts, those of motion capture and Kinects, and the maps between layouts."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import LayoutMismatch, did_you_mean
from pgfa.skeleton.camera_layouts import CAMERA_LAYOUTS, CAMERA_MAPS
from pgfa.skeleton.estimator_layouts import ESTIMATOR_LAYOUTS, ESTIMATOR_MAPS
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
    # The authors' list (method.md section 2): the bone of the finger tip starts at the thumb, that of the
    # thumb at the hand; kept exactly, because the adjacency and so the weights depend on it.
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
    # The root and the far ends of the 30 segments of the HDM05 ASF skeleton, in the order of the ASF. Names are
    # anatomical, so that a name shared with a Kinect layout is the same point; read/datasets/hdm05.py has the segment
    # that ends there. The clavicle segment ends at the shoulder joint. The forearm consists of two segments (radius
    # 17 cm, wrist 8 cm): the first ends inside it, the second at the wrist.
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

LAYOUTS = {layout.name: layout for layout in (NTU25, KINECT20, HDM05, *ESTIMATOR_LAYOUTS, *CAMERA_LAYOUTS)}

# How joints that are missing in the source layout are computed: (source, target) -> joint -> {source joint: weight},
# weights adding to one. Joints of the same name need no entry.
_MAPS: dict[tuple[str, str], dict[str, dict[str, float]]] = {
    ("kinect20", "ntu25"): {
        "neck": {"chest": 0.5, "head": 0.5},
        "handtip_left": {"hand_left": 1.0},
        "thumb_left": {"hand_left": 1.0},
        "handtip_right": {"hand_right": 1.0},
        "thumb_right": {"hand_right": 1.0},
    },
    ("ntu25", "kinect20"): {},
    # The spine joint is half-way up the trunk in Kinect v2 and just above the pelvis in Kinect v1;
    # the ASF's two lower spine segments end at one third and two thirds.
    ("hdm05", "ntu25"): {"spine": {"spine_low": 0.5, "spine_high": 0.5}},
    ("hdm05", "kinect20"): {"spine": {"pelvis": 0.5, "spine_low": 0.5}},
    **ESTIMATOR_MAPS,
    **CAMERA_MAPS,
}


def get_layout(name: str) -> Layout:
    """The layout of that name. Raises LayoutMismatch, with the known names, for any other."""
    try:
        return LAYOUTS[name]
    except KeyError:
        names = ", ".join(sorted(LAYOUTS))
        raise LayoutMismatch(
            f"unknown layout {name!r};{did_you_mean(name, LAYOUTS)} available: {names}",
            where="layout",
            expected=f"one of {names}",
            found=repr(name),
        ) from None


@lru_cache
def map_weights(source: str, target: str) -> NDArray[np.float32]:
    """The linear map between two layouts.

    Returns:
        (target joints, source joints) float32, rows adding to one: target = weights @ source.

    Raises:
        LayoutMismatch: no map is known.
    """
    origin, goal = get_layout(source), get_layout(target)
    if source != target and (source, target) not in _MAPS:
        maps = ", ".join(f"{start} -> {end}" for start, end in sorted(_MAPS))
        raise LayoutMismatch(
            f"no meaningful map from layout {source} to {target}: joints would have to be invented; available: {maps}",
            where="layout",
            expected=f"one with a map to {target}: {maps}",
            found=source,
        )
    recipes = _MAPS.get((source, target), {})
    weights = np.zeros((len(goal.joints), len(origin.joints)), dtype=np.float32)
    for row, joint in enumerate(goal.joints):
        for ingredient, weight in recipes.get(joint, {joint: 1.0}).items():
            weights[row, origin.index(ingredient)] = weight
    weights.flags.writeable = False
    return weights


def map_positions(positions: NDArray[np.float32], source: Layout, target: Layout) -> NDArray[np.float32]:
    """Map joint positions from one layout to another.

    Args:
        positions: (..., source joints, 3), NaN where absent.

    Returns:
        (..., target joints, 3) float32; a computed joint is NaN where any joint it is computed from is, but a head
        between ears that are not both present is put at the nose.

    Raises:
        LayoutMismatch: no map is known.
    """
    if positions.shape[-2] != len(source.joints):
        raise LayoutMismatch(
            f"layout {source.name} has {len(source.joints)} joints, but the array has {positions.shape[-2]}"
        )
    if source.name == target.name:
        return positions
    weights = map_weights(source.name, target.name)
    out = np.zeros((*positions.shape[:-2], len(target.joints), 3), dtype=np.float32)
    # Few joints have weight: gathering them keeps NaN where it belongs (0 * NaN would spread it everywhere).
    most = int((weights > 0).sum(axis=1).max())
    order = np.argsort(-weights, axis=1, kind="stable")[:, :most]
    for rank in range(most):
        weight = np.take_along_axis(weights, order[:, rank : rank + 1], axis=1)
        used = weight[:, 0] > 0
        out[..., used, :] += weight[used] * positions[..., order[used, rank], :]
    # One ear is hidden in a view from the side, both in many estimates: the nose is the head then.
    if "head" in target.joints and "head" not in source.joints and "nose" in source.joints:
        head = out[..., target.index("head"), :]
        absent = np.isnan(head).any(axis=-1, keepdims=True)
        np.copyto(head, positions[..., source.index("nose"), :], where=absent)
    return out
