"""All data sets share one frame: y up, right-handed, left and right as the person's own.

A mirrored set, or one with its sides swapped, would be learned as other motion ("swipe left" as "swipe
right") and no later stage could notice.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgfa.read import FORMATS, read
from pgfa.skeleton import Clip

pytestmark = pytest.mark.real

FOLDERS = {
    "utd-mhad": "utd-mhad", "kinder-gator": "kinder-gator", "msr-action3d": "msr-action3d",
    "nw-ucla": "nw-ucla-sample", "hdm05": "hdm05",
}  # fmt: skip


def _joint(clip: Clip, name: str) -> np.ndarray:
    return clip.positions[:, 0, clip.layout.index(name)].astype(np.float64)


def _handedness(clip: Clip) -> float:
    """Sign of (left -> right shoulder) x up . (ankle -> foot): -1 in a right-handed frame."""
    across = _joint(clip, "shoulder_right") - _joint(clip, "shoulder_left")
    up = _joint(clip, "chest") - _joint(clip, "pelvis")
    forward = sum(_joint(clip, f"foot_{side}") - _joint(clip, f"ankle_{side}") for side in ("left", "right"))
    return float(np.sign(np.nanmedian(np.einsum("ti,ti->t", np.cross(across, up), forward))))


def _sample(shared_data: Path, parity: Path, name: str) -> list[Clip]:
    if name == "ntu":
        return [read(file) for file in sorted((parity / "ntu_raw").glob("*.skeleton"))]
    files = FORMATS[name].find(shared_data / FOLDERS[name])
    return [read(file) for file in files[:: max(1, len(files) // 37)]]


@pytest.mark.parametrize("name", [*FOLDERS, "ntu"])
def test_sides_and_axes_agree(name: str, shared_data: Path, parity: Path) -> None:
    clips = _sample(shared_data, parity, name)
    assert len(clips) >= 3
    # Of all 861 clips of UTD-MHAD 5 have feet tracked the wrong way round; of the other sets, none has.
    assert np.mean([_handedness(clip) == -1.0 for clip in clips]) >= 0.95
    for clip in clips:
        head = np.nanmax(_joint(clip, "head")[:, 1])
        feet = np.nanmin([_joint(clip, "foot_left")[:, 1], _joint(clip, "foot_right")[:, 1]])
        assert 0.9 < head - feet < 2.5
    if name != "hdm05":
        # Before the sensor, facing it: the person's right is at +x, and z is the distance.
        across = [
            np.nanmedian(_joint(c, "shoulder_right") - _joint(c, "shoulder_left"), axis=0)[0] for c in clips
        ]
        assert np.mean(np.array(across) > 0) > 0.9
        assert all(1 < np.nanmedian(_joint(c, "pelvis")[:, 2]) < 5 for c in clips)


def _busier_hand(clip: Clip) -> str:
    pelvis = _joint(clip, "pelvis")
    path = {
        side: np.nansum(np.linalg.norm(np.diff(_joint(clip, f"hand_{side}") - pelvis, axis=0), axis=-1))
        for side in ("left", "right")
    }
    return max(path, key=lambda side: path[side])


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("msr-action3d", "Real3D_567/a0[1-9]_*_e01_*.txt"), ("utd-mhad", "Skeleton/a[138]_*_t1_*.mat")],
)
def test_one_armed_actions_are_done_with_the_right_arm(name: str, pattern: str, shared_data: Path) -> None:
    hands = [_busier_hand(read(file)) for file in sorted((shared_data / FOLDERS[name]).glob(pattern))]
    assert len(hands) >= 20
    assert hands.count("right") >= 0.95 * len(hands)


def test_a_swipe_to_the_left_goes_to_the_persons_left(shared_data: Path) -> None:
    for action, sign in ((1, -1), (2, 1)):
        files = sorted((shared_data / "utd-mhad" / "Skeleton").glob(f"a{action}_*_t[12]_*.mat"))
        ways = []
        for file in files:
            clip = read(file)
            across, height, _ = (_joint(clip, "hand_right") - _joint(clip, "chest")).T
            raised = across[height > np.quantile(height, 0.6)]
            ways.append(np.sign(raised[-1] - raised[0]))
        assert len(ways) == 16
        assert ways.count(sign) >= 15


def test_the_hdm05_kick_to_the_front_is_the_left_foot_going_forward(shared_data: Path) -> None:
    files = [file for file in FORMATS["hdm05"].find(shared_data / "hdm05") if "kickLFront1Reps" in file.name]
    for file in files[::6]:
        clip = read(file)
        lift = {side: np.ptp(_joint(clip, f"foot_{side}")[:, 1]) for side in ("left", "right")}
        assert lift["left"] > 2 * lift["right"]
