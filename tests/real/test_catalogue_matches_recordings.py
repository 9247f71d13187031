"""Sentences of UTD-MHAD match the recordings: sides, turns and heights."""

import numpy as np
import pytest

from pgfa.text import catalogue

pytestmark = pytest.mark.real

LEFT_HAND, RIGHT_HAND, HIP, LEFT_SHOULDER, RIGHT_SHOULDER, CHEST = 7, 11, 3, 4, 8, 1


def clips(shared_data, name):
    """(frames, 20, 3) of two subjects: x to the performer's right, y up, both from the chest; height."""
    from scipy.io import loadmat

    number = catalogue("utd-mhad")[name].id + 1
    files = sorted((shared_data / "utd-mhad" / "Skeleton").glob(f"a{number}_s[12]_t*_skeleton.mat"))
    assert len(files) >= 4
    for file in files:
        positions = loadmat(file)["d_skel"].transpose(2, 0, 1)
        side = (positions[:, RIGHT_SHOULDER] - positions[:, LEFT_SHOULDER]).mean(0) * [1, 0, 1]
        side /= np.linalg.norm(side)
        centred = positions - positions[:, [CHEST]]
        yield np.stack([centred @ side, centred[..., 1], positions[..., 1]], -1)


def path(hand):
    return float(np.linalg.norm(np.diff(hand[:, :2], axis=0), axis=1).sum())


def test_one_armed_actions_are_of_the_right_arm(shared_data):
    for action in catalogue("utd-mhad").actions:
        if "left arm hangs" in action.parts.arms and action.name not in ("tennis-swing", "bowling"):
            for clip in clips(shared_data, action.name):
                assert path(clip[:, RIGHT_HAND]) > 3 * path(clip[:, LEFT_HAND]), action.name


@pytest.mark.parametrize(
    "name", ["clap", "arm-cross", "push", "arm-curl", "boxing", "baseball-swing", "squat"]
)
def test_two_armed_actions_are_of_both_arms(shared_data, name):
    assert "both" in catalogue("utd-mhad")[name].parts.arms
    for clip in clips(shared_data, name):
        assert 0.4 < path(clip[:, RIGHT_HAND]) / path(clip[:, LEFT_HAND]) < 2.5


@pytest.mark.parametrize(("name", "to_the_right"), [("swipe-left", False), ("swipe-right", True)])
def test_swipes_go_where_their_name_says(shared_data, name, to_the_right):
    for clip in clips(shared_data, name):
        hand = clip[:, RIGHT_HAND]
        x = hand[hand[:, 1] > -0.25, 0]
        assert (np.argmax(x) > np.argmin(x)) == to_the_right


@pytest.mark.parametrize(
    ("name", "clockwise"), [("draw-circle-clockwise", True), ("draw-circle-counter-clockwise", False)]
)
def test_circles_turn_as_the_performer_sees_them(shared_data, name, clockwise):
    for clip in clips(shared_data, name):
        hand = clip[:, RIGHT_HAND, :2]
        x, y = (hand[hand[:, 1] > -0.35] - hand.mean(0)).T
        area = np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2
        assert (area < 0) == clockwise


@pytest.mark.parametrize(("name", "sign"), [("sit-to-stand", 1), ("stand-to-sit", -1)])
def test_hips_rise_and_sink(shared_data, name, sign):
    for clip in clips(shared_data, name):
        height = clip[:, HIP, 2]
        assert sign * (height[-5:].mean() - height[:5].mean()) > 0.15
