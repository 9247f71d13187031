"""Lists of joints in another order, which a mean of measures would take for a body that stands on its head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import Undecided
from pgfa.read import read
from pgfa.read.interpret.body import fit_of
from pgfa.read.interpret.upright import MAX_COST
from pgfa.skeleton import KINECT20, NTU25, Layout
from reading_defects import npy
from reading_motions import in_layout, motion

ARMS, LEGS = ("shoulder", "elbow", "wrist", "hand"), ("hip", "knee", "ankle", "foot")


def limbs(joints: tuple[str, ...]) -> list[str]:
    return [f"{joint}_{side}" for side in ("left", "right") for joint in joints]


LEGS_FIRST = {
    "kinect20": ["pelvis", "spine", "chest", "head", *limbs(LEGS), *limbs(ARMS)],
    "ntu25": [
        "pelvis", "spine", "neck", "head", *limbs(LEGS), *limbs(ARMS), "chest", *limbs(("handtip", "thumb"))
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(LEGS_FIRST))
@pytest.mark.parametrize("action", ["walk", "wave", "squat"])
def test_legs_before_arms_are_no_body_on_its_head(name: str, action: str, tmp_path: Path) -> None:
    points = in_layout(motion(action), NTU25)[:, [NTU25.index(joint) for joint in LEGS_FIRST[name]]]
    (tmp_path / "a.npy").write_bytes(npy(points))
    with pytest.raises(Undecided, match="no human body in any reading") as caught:
        read(tmp_path / "a.npy")
    assert caught.value.quantity == "layout"


@pytest.mark.parametrize("layout", [KINECT20, NTU25], ids=lambda layout: layout.name)
@pytest.mark.parametrize(
    ("joint", "place"),
    [("pelvis", 0.9), ("spine", -0.4), ("chest", -0.2), ("head", -0.7), ("hand_left", 4.0)],
)
def test_one_impossible_joint_is_not_diluted(layout: Layout, joint: str, place: float) -> None:
    """It is at that part of the way from the hips to the shoulders; all else is a good body."""
    points = in_layout(motion("walk"), layout)
    assert fit_of(points, layout).cost < MAX_COST
    hips, shoulders = (
        np.mean([points[:, layout.index(f"{joint}_{side}")] for side in ("left", "right")], axis=0)
        for joint in ("hip", "shoulder")
    )
    points[:, layout.index(joint)] = hips + place * (shoulders - hips)
    fit = fit_of(points, layout)
    assert fit.cost > MAX_COST
    assert fit.worst.startswith(joint)
