"""Properties for any clip: invariance of `default`, and finite output for any input."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.prepare.orient import turn
from pgfa.prepare.time import resample_linear
from pgfa.skeleton import Clip
from pgfa.skeleton.layouts import KINECT20
from pgfa.skeleton.ragged import Ragged

LEFT = np.array(
    [-0.3 if j.endswith("_left") else 0.3 if j.endswith("_right") else 0 for j in KINECT20.joints]
)
HIGH = {
    "pelvis": 0, "spine": 0.2, "chest": 0.45, "head": 0.65, "shoulder": 0.4, "elbow": 0.14, "wrist": -0.09,
    "hand": -0.17, "hip": -0.05, "knee": -0.5, "ankle": -0.86, "foot": -0.92,
}  # fmt: skip
BODY = np.stack([LEFT, [HIGH[j.split("_")[0]] for j in KINECT20.joints], 0 * LEFT], axis=-1)
few = settings(max_examples=25, deadline=None)


def moving(seed: int, frames: int = 60, bodies: int = 2) -> np.ndarray:
    """(frames, bodies, joints, 3): bodies side by side, joints swinging slowly, those of the first most."""
    random = np.random.default_rng(seed)
    time = np.linspace(0, 2 * np.pi, frames)[:, None, None, None]
    swing = np.sin(
        time * random.uniform(0.5, 1.5, (1, bodies, 20, 1)) + random.uniform(0, 6, (1, bodies, 20, 1))
    )
    reach = random.uniform(-0.15, 0.15, (1, bodies, 20, 3)) * (0.5 ** np.arange(bodies))[:, None, None]
    apart = np.arange(bodies)[:, None, None] * np.array([1.1, 0, 0.3])
    return (BODY + apart + swing * reach + [0.1, 0.2, 2.5]).astype(np.float32)


def prepared(positions: np.ndarray, rate: float = 30.0) -> tuple[np.ndarray, list[bool]]:
    result = prepare(
        Ragged.from_clips([Clip(positions.astype(np.float32), rate, KINECT20)]),
        PrepareSettings(layout="ntu25"),
    )
    return result.positions[0], result.present[0].tolist()


seeds = st.integers(0, 10_000)


@few
@given(seeds, st.floats(-3.1, 3.1), st.tuples(*[st.floats(-3, 3)] * 3), st.floats(0.5, 2))
def test_camera_and_body_size_do_not_matter(seed: int, angle: float, shift: tuple, size: float) -> None:
    clip = moving(seed)
    other = (turn(clip, np.float32(angle)) + np.float32(shift)) * np.float32(size)
    (positions, present), (other_positions, other_present) = prepared(clip), prepared(other)
    assert present == other_present == [True, True]
    np.testing.assert_allclose(other_positions, positions, atol=1e-4)


@few
@given(seeds)
def test_the_rate_hardly_matters(seed: int) -> None:
    clip = moving(seed)
    double = resample_linear(clip[None], np.array([60]), 120)[0]
    np.testing.assert_allclose(prepared(double, 60.0)[0], prepared(clip)[0], atol=0.03)


@few
@given(seeds, st.permutations(range(3)))
def test_the_order_of_bodies_does_not_matter(seed: int, order: list[int]) -> None:
    clip = moving(seed, bodies=3)
    np.testing.assert_array_equal(prepared(clip[:, order])[0], prepared(clip)[0])


@few
@given(seeds, st.lists(st.integers(0, 59), max_size=8))
def test_swaps_of_identity_do_not_matter(seed: int, frames: list[int]) -> None:
    clip = moving(seed)
    mixed = clip.copy()
    for frame in frames:
        mixed[frame:] = mixed[frame:, ::-1].copy()
    np.testing.assert_array_equal(prepared(mixed)[0], prepared(clip)[0])


@few
@given(seeds, st.lists(st.tuples(st.integers(5, 54), st.integers(0, 19)), max_size=20))
def test_lost_joints_hardly_matter(seed: int, lost: list[tuple[int, int]]) -> None:
    clip = moving(seed, bodies=1)
    gappy = clip.copy()
    for frame, joint in lost:
        gappy[frame, 0, joint] = np.nan
    np.testing.assert_allclose(prepared(gappy)[0], prepared(clip)[0], atol=0.06)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 12), st.integers(1, 5), st.sampled_from(["paper", "default"]), seeds)
def test_any_input_gives_finite_numbers_and_zero_for_absent_bodies(
    data, frames: int, bodies: int, recipe, seed: int
) -> None:
    random = np.random.default_rng(seed)
    clip = random.normal(size=(frames, bodies, 20, 3)).astype(np.float32) * data.draw(
        st.sampled_from([1e-20, 1, 1e5])
    )
    odd = data.draw(st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 3e38]))
    share = data.draw(st.sampled_from([0, 0.1, 0.5, 0.95, 1.0]))
    axes = data.draw(
        st.tuples(
            st.sampled_from([1, frames]), st.just(bodies), st.sampled_from([1, 20]), st.sampled_from([1, 3])
        )
    )
    clip = np.where(random.random(axes) < share, np.float32(odd), clip)
    clips = Ragged.from_clips([Clip(clip, 30.0, KINECT20)])
    result = prepare(clips, PrepareSettings(recipe=recipe, layout="ntu25"))
    assert result.positions.shape == (1, 50, 2, 25, 3)
    assert np.isfinite(result.positions).all()
    assert not result.positions[:, :, 1][~result.present[:, 1]].any()
    assert not result.positions[:, :, 0][~result.present[:, 0]].any()
    if recipe == "default":
        assert result.present[0, 0] or not result.present[0, 1]
