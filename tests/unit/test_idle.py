"""Idle time: the same as by an explicit loop, and removed only at both ends."""

from __future__ import annotations

import numpy as np
import pytest

from pgfa.config import PrepareSettings, RunSettings
from pgfa.prepare import idle, prepare
from pgfa.prepare.idle import active_range
from pgfa.prepare.moving import moving_part
from pgfa.recognise import Recogniser
from pgfa.recognise.vectors import measured
from pgfa.skeleton import KINECT20, Clip, Ragged


def padded(clips: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    frames = np.array([len(clip) for clip in clips])
    out = np.stack([np.concatenate([c, np.repeat(c[-1:], frames.max() - len(c), 0)]) for c in clips])
    return out.astype(np.float32), frames


def loop(clip: np.ndarray, rate: float, shares: int = 4000) -> tuple[float, float]:
    """The definition, boundary by boundary and share by share."""
    frames = len(clip)
    span, lead = (max(round(seconds * rate), 1) for seconds in (idle.SPAN_SECONDS, idle.LEAD_SECONDS))
    if frames < 2 * span + 2:
        return 0, frames
    speeds = {}
    for boundary in range(span, frames - span + 1):
        step = clip[boundary : boundary + span].mean(0) - clip[boundary - span : boundary].mean(0)
        speeds[boundary] = np.sqrt(np.nansum(step.astype(np.float64) ** 2))
    high = np.quantile(list(speeds.values()), idle.HIGH_QUANTILE)
    low, most = idle.STILL_SHARES
    begins, ends = [], []
    for share in low + (most - low) * (np.arange(shares) + 0.5) / shares:
        moving = [boundary for boundary, speed in speeds.items() if speed >= share * high]
        first, last = min(moving), max(moving)
        begins.append(0 if first == span else first - lead)
        ends.append(frames if last == frames - span else last + lead)
    begin, end = float(np.mean(begins)), float(np.mean(ends))
    shortest = min(idle.MIN_SECONDS * rate, frames)
    missing = max(shortest - (end - begin), 0)
    begin = min(max(begin - missing / 2, 0), frames - shortest)
    return begin, shortest if missing else end - begin


@pytest.mark.parametrize("seed", range(20))
def test_the_range_is_that_of_the_loop(seed: int) -> None:
    random = np.random.default_rng(seed)
    rates = random.choice([5.0, 15.0, 30.0, 120.0], size=6)
    clips = []
    for _ in rates:
        pace = np.repeat(random.choice([0.0, 0.01, 1.0], size=6), random.integers(1, 40, size=6))
        steps = pace[:, None, None, None] * random.normal(size=(len(pace), 2, 20, 3))
        clips.append(steps.cumsum(0).astype(np.float32))
    clips[0][:, 1] = np.nan  # nobody in the second slot
    positions, frames = padded(clips)
    part = active_range(positions, frames, rates)
    first, count = part.rounded(frames)
    for i, clip in enumerate(clips):
        np.testing.assert_allclose((part.begin[i], part.length[i]), loop(clip, rates[i]), atol=0.02)
        assert first[i] >= 0
        assert 1 <= count[i] <= frames[i] - first[i]


def moving(seconds: float, rate: float = 30) -> np.ndarray:
    """(frames, 1, 20, 3) a standing body that swings its right arm all the time."""
    time = np.arange(round(seconds * rate)) / rate
    body = np.zeros((len(time), 1, 20, 3), dtype=np.float32)
    body[..., :] = np.random.default_rng(1).normal(size=(20, 3))
    arm = [KINECT20.index(j) for j in ("elbow_right", "wrist_right", "hand_right")]
    body[:, 0, arm, 1] += 0.5 * np.sin(2 * np.pi * 1.5 * time)[:, None]
    return body


@pytest.mark.parametrize("before", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("after", [0.0, 1.0])
def test_standing_still_is_removed_to_a_tenth_of_a_second(before: float, after: float) -> None:
    clip = moving(2)
    still = [np.repeat(clip[:1], round(30 * before), 0), clip, np.repeat(clip[-1:], round(30 * after), 0)]
    trembling = np.concatenate(still) + np.random.default_rng(0).normal(0, 0.005, (1, 1, 20, 3)).astype(
        np.float32
    )
    part = active_range(trembling[None], np.array([len(trembling)]), np.array([30.0]))
    assert abs(part.begin[0] - 30 * before) <= 4
    assert abs(part.begin[0] + part.length[0] - (30 * before + 60)) <= 4


def test_a_pause_in_between_and_a_clip_without_motion_are_kept() -> None:
    clip = moving(1)
    paused = np.concatenate([clip, np.repeat(clip[-1:], 60, 0), clip])
    still = np.repeat(clip[:1], len(paused), 0)
    part = active_range(np.stack([paused, still]), np.full(2, len(paused)), np.full(2, 30.0))
    assert part.begin.max() <= 4
    assert part.length.min() >= len(paused) - 4
    assert (part.begin[1], part.length[1]) == (0, len(paused))


def reach(rate: float, twitch: float = 0.0, shift: float = 0.0) -> np.ndarray:
    """(frames, 1, 20, 3): four seconds, of which an arm is lifted and lowered from 1.5 to 2.5; a twitch at 0.6."""
    time = (np.arange(round(4 * rate)) + 0.5) / rate - shift
    body = np.zeros((len(time), 1, 20, 3), dtype=np.float32)
    body[..., :] = np.random.default_rng(1).normal(size=(20, 3))
    arm = [KINECT20.index(j) for j in ("elbow_right", "wrist_right", "hand_right")]

    def bump(start: float, seconds: float) -> np.ndarray:
        return np.sin(np.pi * np.clip((time - start) / seconds, 0, 1)) ** 2

    body[:, 0, arm, 1] += (0.8 * bump(1.5, 1) + twitch * bump(0.4, 0.4))[:, None]
    return body


@pytest.mark.parametrize("rate", [15.0, 25.0, 60.0, 120.0])
@pytest.mark.parametrize("shift", [0.0, 0.013])
def test_another_rate_has_the_same_range(rate: float, shift: float) -> None:
    """To a few milliseconds, as recorded and prepared: whole frames of 30 per second are 33 apart."""
    both = [Clip(reach(r, shift=s), r, KINECT20) for r, s in ((30.0, 0.0), (rate, shift))]
    clips = Ragged.from_clips(both)
    begin, length = moving_part(clips)
    np.testing.assert_allclose(begin[1], begin[0] + shift, atol=0.008)
    np.testing.assert_allclose(length[1], length[0], atol=0.012)
    np.testing.assert_allclose(*prepare(clips, PrepareSettings()).moving_seconds, atol=0.012)


def test_a_twitch_counts_by_degrees() -> None:
    """There is no height of a twitch before an action from which on the range begins with it all at once."""
    twitches = np.linspace(0, 0.2, 81)
    clips = np.stack([reach(30, twitch) for twitch in twitches])
    begin = active_range(clips, np.full(len(clips), 120), np.full(len(clips), 30.0)).begin
    assert begin[0] - begin[-1] > 30
    assert np.abs(np.diff(begin)).max() < 4


def test_prepared_clips_hardly_differ_with_and_without_idle_time() -> None:
    clip = moving(2)
    led_in = np.concatenate([np.repeat(clip[:1], 45, 0), clip, np.repeat(clip[-1:], 45, 0)])
    both = Ragged.from_clips([Clip(positions=x, layout=KINECT20, rate=30.0) for x in (clip, led_in)])

    def apart(settings: PrepareSettings) -> float:
        a, b = prepare(both, settings).positions[:, :, 0]
        return float(np.abs(a - b).mean())

    assert apart(PrepareSettings()) < 0.6 * apart(PrepareSettings(trim=False))


def test_settings_of_an_older_run_leave_newer_options_off() -> None:
    stored = RunSettings().model_dump(mode="json")
    del stored["prepare"]["trim"], stored["train"]["degrade"]
    saved = RunSettings.saved(**stored)
    assert (saved.prepare.trim, saved.train.degrade) == (False, False)
    assert (RunSettings().prepare.trim, RunSettings().train.degrade) == (True, True)
    assert saved.model_dump(mode="json") == {
        **stored,
        "prepare": {**stored["prepare"], "trim": False},
        "train": {**stored["train"], "degrade": False},
    }
    assert saved.digest != RunSettings().digest


def test_another_rate_has_the_same_measures() -> None:
    """Gestures after twitches of any height: those of other rates are within a fifth of a spread of those of 30."""
    twitches, rates = np.linspace(0.04, 0.12, 33), (30.0, 15.0, 25.0, 60.0)
    prepared = prepare(
        Ragged.from_clips([Clip(reach(r, twitch=t), r, KINECT20) for t in twitches for r in rates]),
        PrepareSettings(),
    )
    kinematics = Recogniser.load().bundle.kinematics
    assert kinematics is not None
    standardised = kinematics.standardised(measured(prepared)).reshape(len(twitches), len(rates), -1)
    assert np.abs(standardised[:, 0]).max() > 2
    assert np.abs(standardised - standardised[:, :1]).max() < 0.2
