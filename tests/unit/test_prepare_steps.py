"""Each step of preparation by itself, on clips small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from builders import standing_body
from pgfa.prepare.bodies import absent_as_nan, centroid_and_spread, link_bodies, select_bodies
from pgfa.prepare.gaps import fill_gaps, remove_spikes
from pgfa.prepare.lengths import squared_length
from pgfa.prepare.orient import facing_angle, root_position, turn
from pgfa.prepare.robust import median_over_frames
from pgfa.prepare.size import STANDARD_LENGTHS, scale_to_standard
from pgfa.prepare.time import at_common_rate, resample_linear, resample_smooth, sample_times
from pgfa.skeleton.layouts import KINECT20, NTU25

NAN = np.float32(np.nan)


def walking(
    frames: int = 30, start: tuple[float, float, float] = (0, 0, 3), speed: float = 0.02
) -> np.ndarray:
    """(frames, joints, 3) a standing body moved along x."""
    path = np.outer(np.arange(frames) * speed, (1, 0, 0)) + start
    return (standing_body(NTU25) + path[:, None]).astype(np.float32)


def test_median_ignores_padding_and_nan() -> None:
    values = np.array([[1, 2, 9, 100], [5, NAN, 7, 6]], dtype=np.float32)
    mask = np.array([[1, 1, 1, 0], [1, 1, 1, 1]], dtype=bool)
    assert median_over_frames(values, mask).tolist() == [2, 6]
    assert np.isnan(median_over_frames(values, np.zeros_like(mask))).all()


def test_every_form_of_absence_becomes_nan() -> None:
    positions = np.ones((1, 4, 1, 3, 3), dtype=np.float32)
    positions[0, 0] = 0
    positions[0, 1, 0, 0, 1] = np.inf
    positions[0, 2] = 1e9
    cleaned, visible = absent_as_nan(positions)
    assert visible[0, :, 0].tolist() == [False, True, False, True]
    assert np.isnan(cleaned[0, 1, 0, 0]).all()
    assert (cleaned[0, 1, 0, 1:] == 1).all()
    complete = np.ones((1, 2, 1, 3, 3), dtype=np.float32)
    assert absent_as_nan(complete)[0] is complete


def test_centroid_and_spread_of_the_visible_joints() -> None:
    body = np.array([[1, 0, 0], [-1, 0, 0], [5, 5, 5]], dtype=np.float32)
    body[2] = NAN
    centroid, spread = centroid_and_spread(np.stack([body, body * NAN]))
    np.testing.assert_allclose(centroid[0], 0, atol=1e-6)
    assert spread[0] == pytest.approx(1)
    assert np.isnan(spread[1])


def two_bodies() -> np.ndarray:
    return np.stack([walking(start=(-1, 0, 3)), walking(start=(1, 0, 3), speed=-0.01)], axis=1)[None]


def linked(positions: np.ndarray) -> np.ndarray:
    positions, visible = absent_as_nan(positions)
    slots = link_bodies(*centroid_and_spread(positions), visible)
    return np.take_along_axis(positions, slots[..., None, None], axis=2)


def test_swapped_slots_are_corrected() -> None:
    true = two_bodies()
    mixed = true.copy()
    mixed[:, 10:17] = true[:, 10:17, ::-1]
    mixed[:, 25:] = true[:, 25:, ::-1]
    np.testing.assert_array_equal(linked(mixed), true)
    np.testing.assert_array_equal(linked(true), true)


def test_a_body_that_moves_up_a_slot_when_the_first_leaves_is_linked() -> None:
    true = two_bodies()
    true[:, 12:20, 0] = NAN
    file_order = true.copy()
    file_order[:, 12:20, 0], file_order[:, 12:20, 1] = true[:, 12:20, 1], NAN
    np.testing.assert_array_equal(linked(file_order), true)


def test_three_bodies_are_linked() -> None:
    true = np.stack([walking(start=(x, 0, 3)) for x in (-1.5, 0, 1.5)], axis=1)[None]
    mixed = true.copy()
    mixed[:, 9:] = true[:, 9:][:, :, [1, 2, 0]]
    np.testing.assert_array_equal(linked(mixed), true)


def selected(*bodies: np.ndarray, count: int = 2) -> tuple[list[int], list[bool]]:
    positions, visible = absent_as_nan(np.stack(bodies, axis=1)[None])
    order, persons = select_bodies(
        positions, centroid_and_spread(positions)[1], visible, np.array([positions.shape[1]]), count
    )
    return order[0].tolist(), persons[0].tolist()


def test_the_body_that_moves_more_comes_first() -> None:
    still, moving = walking(start=(1, 0, 3), speed=0.005), walking(start=(-1, 0, 3), speed=0.03)
    assert selected(still, moving) == ([1, 0], [True, True])
    assert selected(moving, still) == ([0, 1], [True, True])


def test_ghosts_are_dropped() -> None:
    body = walking()
    flicker = walking(start=(1, 0, 3))
    flicker[2:] = NAN
    dot = walking(start=(1, 0, 3)) * np.float32(0.1)
    double = body + np.float32(0.03)
    furniture = walking(start=(1, 0, 3), speed=0)
    furniture[10:] = NAN
    absent = np.full_like(body, NAN)
    for ghost in (flicker, dot, double, furniture, absent, np.zeros_like(body)):
        assert selected(body, ghost) == ([0, 1], [True, False])
    other = walking(start=(1, 0, 3), speed=0.01)
    assert selected(flicker, other, body) == ([2, 1], [True, True])


def test_gaps_are_filled_linearly_and_at_the_ends_with_the_nearest_frame() -> None:
    true = walking(9)[None, :, None]
    gappy = true.copy()
    gappy[0, 3:6, 0, 4] = NAN
    gappy[0, 6, 0] = NAN
    np.testing.assert_allclose(fill_gaps(gappy, NTU25), true, atol=1e-6)
    gappy[0, :2] = NAN
    np.testing.assert_allclose(fill_gaps(gappy, NTU25)[0, :2], np.repeat(true[0, 2:3], 2, axis=0), atol=1e-6)
    assert fill_gaps(true, NTU25) is true


def test_a_joint_that_is_never_visible_gets_the_position_of_its_parent() -> None:
    body = walking(4)[None, :, None]
    body[..., NTU25.index("hand_left"), :] = NAN
    body[..., NTU25.index("chest"), :] = NAN
    both = np.concatenate([body, body * NAN], axis=2)
    filled = fill_gaps(both, NTU25)
    assert np.isfinite(filled[:, :, 0]).all()
    assert np.isnan(filled[:, :, 1]).all()
    hand, wrist = NTU25.index("hand_left"), NTU25.index("wrist_left")
    np.testing.assert_array_equal(filled[:, :, 0, hand], filled[:, :, 0, wrist])


def test_a_spike_is_removed_and_a_lasting_jump_is_not() -> None:
    body = walking(20)[None, :, None]
    one = np.ones(1, dtype=np.float32)
    spiked = body.copy()
    spiked[0, 7, 0, 5] += 1.5
    marked = remove_spikes(spiked, one)
    assert np.argwhere(np.isnan(marked[..., 0])).tolist() == [[0, 7, 0, 5]]
    np.testing.assert_allclose(fill_gaps(marked, NTU25), body, atol=1e-6)
    jumped = body.copy()
    jumped[0, 7:] += 1.5
    assert remove_spikes(jumped, one) is jumped
    # On a body ten times as large 1.5 is no spike.
    assert remove_spikes(spiked, one / 10) is spiked


@pytest.mark.parametrize("size", [0.6, 1.0, 1.3])
def test_size_is_measured_on_torso_and_limbs_and_tolerates_missing_joints(size: float) -> None:
    body = np.repeat(standing_body(NTU25)[None, None], 11, axis=1) * np.float32(size)
    visible = np.ones((1, 11), dtype=bool)
    plain = scale_to_standard(body, visible, NTU25)
    assert plain * size == pytest.approx(1, abs=0.03)
    body[0, 3] *= 5  # one bad frame
    body[..., NTU25.index("knee_left"), :] = NAN
    body[..., NTU25.index("handtip_left"), :] += 9
    assert scale_to_standard(body, visible, NTU25) == pytest.approx(plain, rel=0.03)
    assert scale_to_standard(body * NAN, visible, NTU25) == 1
    assert all(a in KINECT20.joints and b in KINECT20.joints for a, b in STANDARD_LENGTHS)


@pytest.mark.parametrize("degrees", [-170, -90, -20, 0, 60, 90, 135, 180])
def test_a_body_seen_from_any_side_is_turned_to_face_the_viewer(degrees: float) -> None:
    front = np.repeat(standing_body(NTU25)[None, None], 8, axis=1)
    turned = turn(front, np.array([np.radians(degrees)], dtype=np.float32))
    valid = np.ones((1, 8), dtype=bool)
    angle = facing_angle(turned, valid, np.array([30.0]), NTU25)
    np.testing.assert_allclose(turn(turned, angle), front, atol=1e-6)


def test_one_frame_with_left_and_right_exchanged_does_not_turn_the_clip() -> None:
    body = np.repeat(standing_body(NTU25)[None, None], 9, axis=1)
    body[0, 4] = body[0, 4, NTU25.mirror]
    assert facing_angle(body, np.ones((1, 9), bool), np.array([30.0]), NTU25) == pytest.approx(0, abs=1e-6)


def test_a_body_that_turns_around_faces_the_viewer_at_the_start() -> None:
    angles = np.linspace(0, 2 * np.pi, 60, dtype=np.float32)[None]
    body = turn(np.repeat(standing_body(NTU25)[None, None], 60, axis=1), angles + np.float32(1))
    angle = facing_angle(body, np.ones((1, 60), bool), np.array([30.0]), NTU25)
    start = turn(body, angle)[0, 7]
    np.testing.assert_allclose(start, standing_body(NTU25), atol=0.05)


def test_the_root_position_is_the_median_of_the_pelvis() -> None:
    body = np.repeat(standing_body(NTU25)[None, None], 9, axis=1) + np.float32([1, 2, 3])
    body[0, 3:6, :, 1] += 0.5  # a jump
    np.testing.assert_allclose(root_position(body, np.ones((1, 9), bool), NTU25), [[1, 2, 3.02]], atol=1e-6)


def test_sample_times_are_clamped_half_pixel_centres() -> None:
    np.testing.assert_allclose(sample_times(np.array([2, 8]), 4), [[0, 0.25, 0.75, 1], [0.5, 2.5, 4.5, 6.5]])


@pytest.mark.parametrize("resample", [resample_linear, resample_smooth])
def test_resampling_uses_the_length_of_each_clip_and_ignores_padding(resample) -> None:
    ramp = np.arange(40, dtype=np.float32)[None, :, None].repeat(2, axis=0)
    ramp[1, 10:] = 1e6  # padding of a clip of ten frames
    out = resample(ramp, np.array([40, 10]), 20)
    np.testing.assert_allclose(out[0, 2:-2, 0], (np.arange(20)[2:-2] + 0.5) * 2 - 0.5, atol=1e-4)
    assert out[1].max() == pytest.approx(9, abs=1e-5)
    # With fewer frames than requested both are the same.
    np.testing.assert_allclose(out[1], resample_linear(ramp, np.array([40, 10]), 20)[1], atol=1e-5)


def test_a_high_rate_does_not_alias() -> None:
    fast = np.sin(np.arange(500) * 2 * np.pi / 10.2)[None, :, None].astype(np.float32)
    assert np.abs(resample_linear(fast, np.array([500]), 50)).max() > 0.9
    assert np.abs(resample_smooth(fast, np.array([500]), 50)[:, 1:-1]).max() < 0.05


def test_the_common_rate_keeps_the_time_of_every_clip_and_ignores_padding() -> None:
    rates, frames = np.array([15.0, 120.0, 31.0, 30.0]), np.array([20, 40, 33, 7])
    ramp = np.minimum(np.arange(40), frames[:, None] - 1).astype(np.float32)[..., None] / rates[:, None, None]
    out, counts, new_rates = at_common_rate(ramp.astype(np.float32), frames, rates)
    assert counts.tolist() == [40, 10, 33, 7]
    np.testing.assert_allclose(counts / new_rates, frames / rates)
    for clip, count, rate in zip(out, counts, rates, strict=True):
        factor = 1 if abs(rate - 30) < 2 else rate / 30
        expected = ((np.arange(count) + 0.5) * factor - 0.5) / rate
        inside = slice(3, -3) if rate < 30 else slice(1, count - 1)
        np.testing.assert_allclose(clip[:count, 0][inside], expected[inside], atol=1e-5)
        assert (clip[count:] == clip[count - 1]).all()


@pytest.mark.parametrize("frames", [1, 2, 7, 100, 433])
@pytest.mark.parametrize("rate", [31.6, 50.0, 59.94, 120.0, 240.0, 5000.0])
def test_a_lower_rate_has_the_weights_of_smooth_resampling(frames: int, rate: float) -> None:
    values = np.random.default_rng(frames).normal(size=(1, frames, 2, 3)).astype(np.float32)
    out, (count,), _ = at_common_rate(values, np.array([frames]), np.array([rate]))
    assert frames / 8.5 - 1 < count <= frames  # whatever rate a file states
    np.testing.assert_allclose(out, resample_smooth(values, np.array([frames]), int(count)), atol=1e-5)


@pytest.mark.parametrize("frames", [1, 2, 7, 100])
@pytest.mark.parametrize("rate", [0.001, 12.5, 25.0])
def test_a_higher_rate_keeps_frames_and_peaks(frames: int, rate: float) -> None:
    """Cubic convolution passes through the frames and is exact for a parabola, whose peak lines would cut off."""
    time = np.arange(frames) - frames / 2 + 0.25
    curve = (5 - time**2).astype(np.float32)[None, :, None]
    out, (count,), _ = at_common_rate(curve, np.array([frames]), np.array([rate]))
    assert count == max(round(frames * min(30 / rate, 4)), 1)
    at = (np.arange(count) + 0.5) * frames / count - 0.5
    inside = (at >= 1) & (at <= frames - 2)
    expected = 5 - (at - frames / 2 + 0.25) ** 2
    np.testing.assert_allclose(out[0, inside, 0], expected[inside], rtol=1e-5, atol=1e-4)
    assert out.min() >= curve.min() - 0.13 * np.ptp(curve)
    assert out.max() <= curve.max() + 0.13 * np.ptp(curve)


def test_clips_of_about_the_common_rate_are_left_alone() -> None:
    positions = np.zeros((2, 5, 1, 3), dtype=np.float32)
    frames, rates = np.array([5, 3]), np.array([29.97, 31.25])
    kept = at_common_rate(positions, frames, rates)
    assert kept[0] is positions
    assert kept[1] is frames
    assert kept[2] is rates


def test_squared_lengths_are_those_of_a_sum_over_the_axis_and_raise_no_warning() -> None:
    vectors = np.random.default_rng(0).normal(size=(5, 7, 11, 3)).astype(np.float32)
    np.testing.assert_array_equal(squared_length(vectors), np.einsum("...k,...k->...", vectors, vectors))
    vectors[0, 0, :4, 0] = np.nan, np.inf, -np.inf, 1e30
    with np.errstate(all="raise"):
        squares = squared_length(vectors)
    assert squares.dtype == np.float32
    assert np.isnan(squares[0, 0, 0])
    assert np.isposinf(squares[0, 0, 1:4]).all()
