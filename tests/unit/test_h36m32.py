"""Human3.6M with all 32 joints of its recordings, beside the 32 joints of an Azure Kinect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pgfa.read import read
from pgfa.skeleton import AZURE32, H36M17, H36M32, NTU25, Clip, map_positions
from reading_motions import Body, in_layout, motion, pixels

PLACES = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)
"""The 17 joints that estimators keep, in this order."""
REPEATED = ((11, 0), (16, 13), (20, 19), (23, 22), (24, 13), (28, 27), (31, 30))
"""Joints that are exactly where another is."""


def recorded(body: Body) -> NDArray[np.float64]:
    """(frames, 32, 3), with joints that are there twice."""
    places = dict(body) | {"spine_base": body["pelvis"]}
    for side in ("left", "right"):
        places |= {
            f"collar_{side}": body["chest"],
            f"thumb_root_{side}": body[f"wrist_{side}"],
            f"hand_end_{side}": body[f"hand_{side}"],
        }
    return in_layout(places, H36M32)


def saved(folder: Path, array: NDArray[np.float64], **stated: str) -> Clip:
    np.save(folder / "a.npy", array)
    return read(folder / "a.npy", **stated)


def test_its_joints_are_those_of_the_data_set() -> None:
    assert tuple(H36M32.joints[place] for place in PLACES) == H36M17.joints
    points = recorded(motion("walk"))
    for one, other in REPEATED:
        np.testing.assert_array_equal(points[:, one], points[:, other])


@pytest.mark.parametrize("person", [0, 1, 2])
@pytest.mark.parametrize("name", ["walk", "wave", "kick-forward"])
def test_the_body_tells_it_from_an_azure_kinect(name: str, person: int, tmp_path: Path) -> None:
    body = motion(name, person)
    points = recorded(body)
    for array in (points, points.reshape(len(points), -1), pixels(points)):
        clip = saved(tmp_path, array)
        assert clip.layout is H36M32
        assert "h36m32 (not azure32)" in clip.reading
        assert np.isfinite(clip.positions).all()
    assert saved(tmp_path, in_layout(body, AZURE32)).layout is AZURE32


def test_relative_to_the_pelvis_in_millimetres(tmp_path: Path) -> None:
    """The pelvis is at 0 0 0 twice, and there."""
    points = recorded(motion("walk"))
    points -= points[:, :1]
    clip = saved(tmp_path, 1000 * points)
    np.testing.assert_allclose(clip.positions[:, 0], points, atol=1e-4)


def test_z_up_as_the_data_set_has_it(tmp_path: Path) -> None:
    points = recorded(motion("wave"))
    clip = saved(tmp_path, 1000 * points @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]]), up="z")
    assert clip.layout is H36M32
    np.testing.assert_allclose(clip.positions[:, 0], points, atol=1e-3)


def test_joints_of_a_kinect() -> None:
    body = motion("walk")
    mapped = map_positions(recorded(body).astype(np.float32), H36M32, NTU25)
    for joint in ("pelvis", "chest", "wrist_left", "hand_right", "foot_left", "knee_right"):
        np.testing.assert_allclose(mapped[:, NTU25.index(joint)], body[joint], atol=1e-6)
