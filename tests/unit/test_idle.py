"""Idle time: the same as by an explicit loop, and removed only at both ends."""

from __future__ import annotations

import numpy as np
import pytest

from pgfa.config import PrepareSettings, RunSettings
from pgfa.prepare import idle, prepare
from pgfa.prepare.idle import active_range
from pgfa.skeleton import KINECT20, Clip, Ragged


def padded(clips: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    frames = np.array([len(clip) for clip in clips])
    out = np.stack([np.concatenate([c, np.repeat(c[-1:], frames.max() - len(c), 0)]) for c in clips])
    return out.astype(np.float32), frames


def loop(clip: np.ndarray, rate: float) -> tuple[int, int]:
    """The definition, boundary by boundary."""
    frames = len(clip)
    span = max(round(idle.SPAN_SECONDS * rate), 1)
    if frames < 4 * span + 2:
        return 0, frames
    speeds = {}
    for boundary in range(span, frames - span + 1):
        step = clip[boundary : boundary + span].mean(0) - clip[boundary - span : boundary].mean(0)
        speeds[boundary] = np.sqrt(np.nansum(step.astype(np.float64) ** 2))
    high = sorted(speeds.values())[int(idle.HIGH_QUANTILE * (len(speeds) - 1))]
    moving = [boundary for boundary, speed in speeds.items() if speed >= idle.STILL_SHARE * high]
    begin, end = min(moving) - span, max(moving) + span
    shortest = min(int(idle.MIN_SECONDS * rate), frames)
    missing = max(shortest - (end - begin), 0)
    begin = min(max(begin - missing // 2, 0), frames - shortest)
    return begin, max(end, begin + shortest) - begin


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
    first, count = active_range(positions, frames, rates)
    for i, clip in enumerate(clips):
        assert (first[i], count[i]) == loop(clip, rates[i])
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
    first, count = active_range(trembling[None], np.array([len(trembling)]), np.array([30.0]))
    assert abs(first[0] - 30 * before) <= 4
    assert abs(first[0] + count[0] - (30 * before + 60)) <= 4


def test_a_pause_in_between_and_a_clip_without_motion_are_kept() -> None:
    clip = moving(1)
    paused = np.concatenate([clip, np.repeat(clip[-1:], 60, 0), clip])
    still = np.repeat(clip[:1], len(paused), 0)
    first, count = active_range(np.stack([paused, still]), np.full(2, len(paused)), np.full(2, 30.0))
    assert first.tolist() == [0, 0]
    assert count.tolist() == [len(paused)] * 2


def test_prepared_clips_hardly_differ_with_and_without_idle_time() -> None:
    clip = moving(2)
    led_in = np.concatenate([np.repeat(clip[:1], 45, 0), clip, np.repeat(clip[-1:], 45, 0)])
    both = Ragged.from_clips([Clip(positions=x, layout=KINECT20, rate=30.0) for x in (clip, led_in)])

    def apart(settings: PrepareSettings) -> float:
        a, b = prepare(both, settings).positions[:, :, 0]
        return float(np.abs(a - b).mean())

    assert apart(PrepareSettings()) < 0.4 * apart(PrepareSettings(trim=False))


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
