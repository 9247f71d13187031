"""Measures of motion: known motions, a plain loop, mirror images, invariance, joints never seen."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from builders import standing_body
from measures_by_loop import mean_turns, measures_by_loop
from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.prepare.orient import turn
from pgfa.skeleton import KINECT20, Clip, Ragged
from pgfa.words.measures import BLOCK, MEASURES, measure, mirrored
from pgfa.words.series import quantiles, smooth, swings

FRAMES = 50
PHASE = (np.arange(FRAMES) + 0.5) / FRAMES
EVERY_JOINT = np.ones((1, 20), dtype=bool)
J = {name: i for i, name in enumerate(KINECT20.joints)}
FORWARD = np.array([0, 0, -1])


def standing() -> np.ndarray:
    """(T, 20, 3) a body as prepared, that stands still for all frames: facing -z, its right side at +x."""
    return np.repeat(standing_body()[None] * [1, 1, 0], FRAMES, axis=0)


def one(positions: np.ndarray, seconds: float = 2.0, measured: np.ndarray = EVERY_JOINT) -> dict[str, float]:
    """Name -> value of the measures of one clip."""
    values = measure(positions[None].astype(np.float32), measured, np.array([seconds]))
    assert values.dtype == np.float32
    return dict(zip(MEASURES, values[0].tolist(), strict=True))


def bump(first: float = 0.3, last: float = 0.7) -> np.ndarray:
    """(T,) 0, up to 1 between two shares of the time, down to 0."""
    return np.interp(PHASE, [first - 0.15, first, last, last + 0.15], [0, 1, 1, 0])


def wandering(seed: int, frames: int = FRAMES) -> np.ndarray:
    """(T, 20, 3) a body that turns and travels while all its joints swing."""
    random = np.random.default_rng(seed)
    time = np.linspace(0, 1, frames)[:, None, None]
    rate, phase = random.uniform(2, 15, (1, 20, 1)), random.uniform(0, 6, (1, 20, 3))
    body = standing_body() + random.uniform(0.02, 0.3, (1, 20, 1)) * np.sin(rate * time + phase)
    body = body + random.normal(size=3) * time + 0.01 * random.normal(size=(frames, 20, 3))
    return turn(body.astype(np.float32), (random.uniform(-2, 2) * time[:, 0, 0]).astype(np.float32))


def mirror_image(positions: np.ndarray) -> np.ndarray:
    """(..., 20, 3) as in a mirror: x changes its sign, left and right joints are swapped."""
    return positions[..., KINECT20.mirror, :] * np.float32([-1, 1, 1])


def test_names_and_their_order_are_fixed() -> None:
    """Fitted models index by them: a change is a new version of theirs."""
    assert len(set(MEASURES)) == len(MEASURES) == 423
    assert hashlib.sha256(" ".join(MEASURES).encode()).hexdigest()[:16] == "31b4185f3899a729"


def test_standing_still_is_no_motion() -> None:
    values = one(standing())
    still = [
        name
        for name in MEASURES
        if name.endswith(("_rev", "_range", "path", "speed", "peak", "_net", "_std"))
    ]
    assert len(still) > 100
    for name in (*still, "energy", "steps", "marches", "turn_abs", "travel_radius", "feet_off", "period"):
        assert values[name] == pytest.approx(0, abs=1e-3), name
    assert values["pelvis_h_med"] == pytest.approx(0.86, abs=1e-3)
    assert values["L_thigh_med"] == pytest.approx(0.45 / 0.44, abs=1e-3)
    assert values["max_over_head"] == pytest.approx(-0.82, abs=1e-3)
    assert values["min_below_waist_share"] > 0.95
    assert values["trunk_inc_max"] == pytest.approx(0, abs=1e-3)


def test_an_arm_raised_overhead() -> None:
    body = standing()
    raised = np.array([0.25, standing_body()[J["head"], 1] + 0.3, 0])
    for joint in ("wrist_right", "hand_right"):
        body[:, J[joint]] += bump()[:, None] * (raised - body[0, J[joint]])
    values = one(body)
    assert values["R_over_head"] == pytest.approx(0.3, abs=0.01)
    assert values["L_over_head"] < -0.8
    assert values["max_over_head"] == values["R_over_head"]
    assert values["min_over_head"] == values["L_over_head"]
    assert 0.4 < values["R_over_head_share"] < 0.7
    assert values["R_up_rev"] == pytest.approx(1, abs=1e-4)
    assert values["L_up_rev"] == 0
    assert values["R_up_range"] == pytest.approx(0.95 + 0.17, abs=0.02)
    assert values["R_up_net"] == pytest.approx(0, abs=0.02)
    assert values["rel_path"] > 0.9
    assert values["R_below_waist_share"] < 0.5 < values["L_below_waist_share"]


def test_walking_forward_for_two_metres() -> None:
    body, seconds = standing(), 2 / 1.2
    stride = 0.3 * np.sin(6 * np.pi * PHASE)
    body[:, J["ankle_left"], 2] += stride
    body[:, J["ankle_right"], 2] -= stride
    body += (2 * PHASE)[:, None, None] * FORWARD
    values = one(body, seconds)
    assert values["travel_path"] == pytest.approx(2, abs=0.2)
    assert values["travel_net"] == pytest.approx(2, abs=0.2)
    assert values["travel_fwd"] == pytest.approx(2, abs=0.2)
    assert values["travel_right"] == pytest.approx(0, abs=0.01)
    assert values["travel_speed_max"] == pytest.approx(1.2, abs=0.02)
    assert values["travel_fwd_speed"] == pytest.approx(1.2, abs=0.12)
    assert values["steps"] == pytest.approx(6, abs=1e-4), "each foot is in front of the other three times"
    assert values["step_rate"] == pytest.approx(6 / seconds)
    assert values["fcorr_fwd"] < -0.8
    assert values["falt_fwd"] == pytest.approx(0.3**2 / 2, abs=0.01)
    assert values["stride"] > 0.5
    backwards = one(body[::-1], seconds)
    assert backwards["travel_fwd"] == pytest.approx(-2, abs=0.2)


@pytest.mark.parametrize("quarters", [1, -1, 3])
def test_turning(quarters: int) -> None:
    """A body that faces -z with its right at +x faces -x after a quarter turn to the left."""
    angle = quarters * np.pi / 2 * np.interp(PHASE, [0.1, 0.9], [0, 1])
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y, z = np.moveaxis(standing(), -1, 0)
    left = one(np.stack([cos * x + sin * z, y, cos * z - sin * x], axis=-1))
    assert left["turn_net"] == pytest.approx(-quarters * np.pi / 2, abs=0.01)
    for name in ("turn_net_abs", "turn_abs", "turn_range"):
        assert left[name] == pytest.approx(abs(left["turn_net"]), rel=1e-5)
    assert left["travel_path"] == pytest.approx(0, abs=0.01)
    assert left["max_path"] == pytest.approx(0, abs=0.01), "the hands do not move as the body sees them"


def test_a_jump() -> None:
    body = standing()
    body[..., 1] += 0.3 * bump(0.45, 0.6)[:, None]
    values = one(body, 1.0)
    assert values["feet_off"] == pytest.approx(0.3, abs=0.01)
    assert 0.15 < values["feet_off_share"] < 0.5
    assert values["pelvis_h_range"] == pytest.approx(0.3, abs=0.01)
    assert values["pelvis_up_speed"] == pytest.approx(0.3 / 0.15, rel=0.1)
    assert values["pelvis_down_speed"] == pytest.approx(0.3 / 0.15, rel=0.1)
    assert values["R_footh_rev"] == values["L_footh_rev"] == pytest.approx(1, abs=1e-4)
    assert values["travel_path"] == pytest.approx(0, abs=1e-3)


def test_sitting_down() -> None:
    body = standing()
    seated = np.interp(PHASE, [0.2, 0.8], [0, 1])[:, None]
    upper = [
        j for j, name in enumerate(KINECT20.joints) if name.split("_")[0] not in ("knee", "ankle", "foot")
    ]
    body[:, upper, 1] -= 0.4 * seated
    body[:, upper] -= 0.35 * seated[..., None] * FORWARD
    values = one(body)
    assert values["pelvis_h_start"] == pytest.approx(0.86, abs=0.01)
    assert values["pelvis_h_end"] == pytest.approx(0.46, abs=0.01)
    assert values["pelvis_h_net"] == pytest.approx(-0.4, abs=0.01)
    assert values["min_thigh_fwd"] == pytest.approx(0.35, abs=0.01)
    assert values["max_knee_min"] < 0.6 * np.pi < values["min_knee_med"]
    assert values["feet_off"] == pytest.approx(0, abs=1e-3)
    assert values["travel_fwd"] == pytest.approx(-0.35, abs=0.02)
    assert one(body[::-1])["pelvis_h_net"] == pytest.approx(0.4, abs=0.01)


def test_a_kick_with_the_right_foot() -> None:
    body = standing()
    for joint in ("ankle_right", "foot_right"):
        body[:, J[joint]] += bump(0.5, 0.55)[:, None] * (0.6 * FORWARD + [0, 0.5, 0])
    values = one(body)
    assert values["R_foot_fwd"] - values["L_foot_fwd"] == pytest.approx(0.6, abs=0.05)
    assert values["R_foot_h"] == pytest.approx(0.5, abs=0.05)
    assert values["L_foot_h"] == pytest.approx(0, abs=1e-3)
    assert values["rel_foot_peak"] > 0.9
    assert values["R_foot_rev"] == pytest.approx(1, abs=1e-4)
    assert values["L_foot_rev"] == 0
    assert values["R_foot_moved"] == pytest.approx(0.6, abs=0.05)
    assert values["feet_off"] == pytest.approx(0, abs=1e-3)


def test_hands_that_clap_three_times() -> None:
    body = standing()
    gap = 0.3 + 0.25 * np.cos(6 * np.pi * PHASE)
    for joint in ("wrist", "hand"):
        for side, sign in (("left", -1), ("right", 1)):
            body[:, J[f"{joint}_{side}"]] = [0, 0.3, -0.3]
            body[:, J[f"{joint}_{side}"], 0] = sign * gap / 2
    values = one(body)
    assert values["hands_min"] == pytest.approx(0.05, abs=0.02)
    assert values["hands_max"] == pytest.approx(0.55, abs=0.02)
    assert values["hands_rev"] == pytest.approx(5, abs=1e-4)
    assert 0.25 < values["hands_close_share"] < 0.45
    assert values["hands_cross"] == pytest.approx(-0.05, abs=0.02)
    assert values["hcorr_out"] > 0.5
    assert values["period"] > 1, "it repeats"


def test_a_circle_of_the_right_hand_as_seen_from_behind() -> None:
    """Clockwise as the person sees it: from the top to the right."""
    body = standing()
    angle = 4 * np.pi * PHASE
    circle = 0.3 * np.stack([np.sin(angle), np.cos(angle), 0 * angle], axis=1)
    body[:, J["hand_right"]] = body[:, J["shoulder_right"]] + circle + 0.3 * FORWARD
    values = one(body)
    assert values["R_area_front"] == pytest.approx(-2 * np.pi * 0.3**2, rel=0.1)
    assert values["R_wind_front"] == pytest.approx(4 * np.pi, rel=0.1)
    assert values["R_circ_front"] > 0.4
    assert values["L_wind_front"] == values["L_area_front"] == 0
    other = one(mirror_image(body))
    assert other["L_area_front"] == pytest.approx(-values["R_area_front"])
    assert other["L_wind_front"] == pytest.approx(values["R_wind_front"])


@pytest.mark.parametrize("seed", range(6))
def test_a_loop_over_one_clip_gives_the_same(seed: int) -> None:
    body, seconds = wandering(seed), 0.7 + seed
    values, expected = one(body, seconds), measures_by_loop(body, seconds)
    assert set(expected) == set(MEASURES)
    wrong = {
        name: (values[name], value)
        for name, value in expected.items()
        if values[name] != pytest.approx(value, rel=2e-3, abs=2e-4)
    }
    assert not wrong


@pytest.mark.parametrize("seed", range(4))
def test_the_measures_of_a_mirror_image(seed: int) -> None:
    body = wandering(seed)
    values, image = one(body), one(mirror_image(body))
    of_values = mirrored(np.array([list(values.values())], dtype=np.float32))
    np.testing.assert_allclose(of_values[0], list(image.values()), rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(mirrored(of_values)[0], list(values.values()))
    for name in ("path", "up_max", "fwd_rev", "to_head_min", "foot_h", "knee_min", "area_side", "wind_level"):
        assert image[f"L_{name}"] == pytest.approx(values[f"R_{name}"], rel=1e-3, abs=1e-4)
        assert image[f"max_{name}"] == pytest.approx(values[f"max_{name}"], rel=1e-3, abs=1e-4)
    for name in ("turn_net", "travel_right", "rel_path", "rel_foot_h"):
        assert abs(values[name]) > 1e-3
        assert image[name] == pytest.approx(-values[name], rel=1e-3, abs=1e-4)
    assert image["lean_left_max"] == pytest.approx(values["lean_right_max"], abs=1e-4)
    assert image["travel_fwd"] == pytest.approx(values["travel_fwd"], rel=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_camera_size_and_rate_do_not_matter(seed: int) -> None:
    body = wandering(seed, frames=90)
    other = (turn(body, np.float32(0.5 + seed)) + np.float32([3, -1, 4])) * np.float32(1.3)
    clips = [Clip(positions[:, None], 30.0, KINECT20) for positions in (body, other)]
    prepared = prepare(Ragged.from_clips(clips), PrepareSettings(layout="kinect20"))
    values, of_other = measure(prepared.positions[:, :, 0], prepared.measured[:, 0], prepared.moving_seconds)
    np.testing.assert_allclose(of_other, values, rtol=5e-3, atol=2e-3)
    assert dict(zip(MEASURES, values, strict=True))["seconds"] <= 3


def test_speeds_are_in_real_seconds() -> None:
    body = wandering(0)
    fast, slow = one(body, 8.0), one(body, 16.0)  # frames further apart than speeds are averaged over
    for name in ("L_speed", "R_peak", "R_out_vmax", "L_fwd_vmin", "max_foot_speed", "R_foot_peak", "travel_speed",
                 "travel_speed_max", "energy", "energy_std", "pelvis_up_speed"):  # fmt: skip
        assert fast[name] == pytest.approx(2 * slow[name], rel=1e-4), name
    for name in ("L_path", "hands_max", "turn_net", "period", "arms_share"):
        assert fast[name] == pytest.approx(slow[name], rel=0.05), name


NEEDED: dict[str, tuple[str, ...]] = {
    "head": ("R_over_head", "L_to_head_med", "head_rev", "max_over_head_share", "rel_to_head_min"),
    "knee_left": ("L_knee_min", "max_knee_h", "min_thigh_med", "L_to_knee_min", "rel_knee_range", "energy"),
    "ankle_right": ("R_foot_h", "L_foot_h", "steps", "stride", "pelvis_h_med", "feet_off", "L_low", "R_foot_moved"),
    "elbow_left": ("L_elbow_med", "max_elbow_range", "rel_elbow_range", "period"),
    "wrist_left": ("L_elbow_min",),
    "shoulder_right": ("R_path", "rel_path", "L_to_othershoulder_min", "twist_range", "hcorr_up", "max_ext_max"),
    "pelvis": ("travel_path", "pelvis_h_med", "R_below_waist_share", "trunk_inc_max", "L_foot_fwd"),
    "chest": ("trunk_inc_max", "lean_fwd_max", "R_to_chest_min", "head_rev"),
}  # fmt: skip
"""Joint -> some of the measures that need it."""
UNAFFECTED: dict[str, tuple[str, ...]] = {
    "head": ("R_path", "R_up_max", "energy", "travel_path"),
    "knee_left": ("R_knee_min", "L_foot_h", "L_path", "turn_net", "steps"),
    "ankle_right": ("R_path", "L_to_ankle_min", "travel_path", "R_knee_h", "L_foot_moved"),
    "elbow_left": ("L_path", "R_elbow_min", "hands_min"),
    "wrist_left": ("L_path", "hands_min"),
    "shoulder_right": ("turn_net", "L_path", "L_to_chest_min", "R_to_chest_min", "travel_fwd"),
    "pelvis": ("R_path", "turn_net", "hands_min"),
    "chest": ("R_path", "pelvis_h_med", "travel_path"),
    "foot_left": MEASURES,
    "spine": MEASURES,
    "hand_right": MEASURES,
}


@pytest.mark.parametrize("joint", KINECT20.joints)
def test_a_joint_never_seen(joint: str) -> None:
    """Measures that need it are NaN, and the others do not depend on where preparation put it."""
    measured = EVERY_JOINT.copy()
    measured[0, J[joint]] = False
    bodies = [wandering(3), wandering(3)]
    bodies[1][:, J[joint]] = 7 * np.random.default_rng(0).normal(size=(FRAMES, 3))
    values, others = (one(body, measured=measured) for body in bodies)
    np.testing.assert_allclose(list(values.values()), list(others.values()), rtol=1e-4, atol=1e-5)
    assert all(np.isnan(values[name]) for name in NEEDED.get(joint, ()))
    assert all(np.isfinite(values[name]) for name in UNAFFECTED.get(joint, ()))
    if joint.startswith(("hand", "shoulder", "hip")):
        return  # a hand has a stand-in, and the heading the other line
    seen = [one(body) for body in bodies]
    depend = {name for name in MEASURES if seen[0][name] != pytest.approx(seen[1][name], rel=1e-3, abs=1e-3)}
    stand_ins = {"energy", "energy_peak", "energy_std", "arms_share", "period"}
    has_stand_in = joint.startswith(("head", "foot", "spine"))
    assert {name for name in depend if np.isfinite(values[name])} <= (stand_ins if has_stand_in else set())


def test_a_wrist_replaces_a_hand_that_the_sensor_does_not_have() -> None:
    body = wandering(1)
    measured = EVERY_JOINT.copy()
    measured[0, [J["hand_left"], J["hand_right"]]] = False
    values = one(body, measured=measured)
    for side in ("left", "right"):
        body[:, J[f"hand_{side}"]] = body[:, J[f"wrist_{side}"]]
    assert values == one(body)
    measured[0, J["wrist_left"]] = False
    values = one(body, measured=measured)
    assert {"L_path", "max_up_max", "rel_speed", "hands_min", "L_to_hip_min"} <= {
        n for n in values if np.isnan(values[n])
    }
    assert np.isfinite([values["R_path"], values["L_foot_h"]]).all()


def test_without_a_line_the_heading_is_unknown() -> None:
    measured = EVERY_JOINT.copy()
    measured[0, [J["hip_left"], J["shoulder_left"]]] = False
    values = one(wandering(2), measured=measured)
    unknown = ("turn_net", "R_path", "travel_fwd", "lean_fwd_max", "R_foot_fwd", "stride")
    assert all(np.isnan(values[name]) for name in unknown)
    assert np.isfinite([values["travel_path"], values["R_over_head"], values["R_foot_h"]]).all()


def test_without_any_joint_only_the_length_remains() -> None:
    values = one(np.zeros((FRAMES, 20, 3)), 3.0, ~EVERY_JOINT)
    assert {name for name in MEASURES if np.isfinite(values[name])} == {"seconds", "log_seconds"}
    assert values["seconds"] == 3


def test_clips_do_not_depend_on_each_other() -> None:
    bodies = np.stack([wandering(seed) for seed in range(BLOCK + 3)])
    random = np.random.default_rng(0)
    measured, seconds = random.random((len(bodies), 20)) > 0.05, random.uniform(0.5, 5, len(bodies))
    together = measure(bodies, measured, seconds)
    for i in (0, 1, BLOCK - 1, BLOCK, BLOCK + 2):
        alone = measure(bodies[i : i + 1], measured[i : i + 1], seconds[i : i + 1])[0]
        np.testing.assert_allclose(together[i], alone, rtol=1e-4, atol=1e-5)
    assert np.isnan(together).any()
    assert measure(bodies[:0], measured[:0], seconds[:0]).shape == (0, len(MEASURES))


@pytest.mark.parametrize("frames", [4, 16, 64])
def test_other_numbers_of_frames(frames: int) -> None:
    assert np.isfinite(list(one(wandering(0, frames)).values())).all()


series = arrays(np.int8, (3, 50), elements=st.integers(-100, 100)).map(lambda x: x.astype(np.float32) / 64)


@settings(max_examples=50, deadline=None)
@given(series, st.sampled_from([0.06, 0.13, 0.41]))
def test_swings_are_counted_as_by_a_loop(values: np.ndarray, amplitude: float) -> None:
    expected = [mean_turns(row.astype(float), amplitude) for row in values]
    np.testing.assert_allclose(swings(values, amplitude), expected, atol=2e-4)


@settings(max_examples=50, deadline=None)
@given(series, st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_quantiles_are_those_of_numpy(values: np.ndarray, shares: list[float]) -> None:
    np.testing.assert_allclose(quantiles(values, *shares), np.quantile(values, shares, axis=1), atol=1e-5)


def test_smoothing_keeps_what_is_even() -> None:
    line = np.arange(10, dtype=np.float32)[None]
    np.testing.assert_allclose(smooth(line, 3)[0, 1:-1], line[0, 1:-1], rtol=1e-6)
    assert smooth(line, 3)[0, 0] == pytest.approx(1 / 3)
    assert smooth(np.ones((2, 10), np.float32), 7) == pytest.approx(1)
