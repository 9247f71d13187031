"""Recordings in which nothing is to be seen: the bundled recogniser answers "none of these"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

import pgfa
from pgfa.recognise.screening import screen
from pgfa.skeleton import KINECT20, Clip, Ragged
from pgfa.synth import make_clips

SENTENCES = [
    "a person waves one hand", "a person claps both hands", "a person squats down and stands up again",
    "a person kicks forward with one leg", "a person bows", "a person throws something overhand",
    "a person walks", "a person jumps", "a person sits down", "a person punches",
]  # fmt: skip
ACTIONS = ("wave", "squat", "walk", "kick-forward")
FRAMES = 60
HALVES = {
    "no legs": ("hip", "knee", "ankle", "foot"),
    "no arms": ("shoulder", "elbow", "wrist", "hand"),
    "no left side": ("_left",),
}


def held(clip: Clip) -> np.ndarray:
    """Its first frame for two seconds."""
    return np.repeat(clip.positions[:1], FRAMES, axis=0)


def swaying(clip: Clip, metres: float, seconds: float) -> np.ndarray:
    """A held pose that leans to and fro, its feet in place."""
    positions = held(clip)
    height = positions[..., 1] - np.nanmin(positions[..., 1])
    swing = metres * np.sin(2 * np.pi * np.arange(FRAMES) / clip.rate / seconds)
    positions[..., 0] += swing[:, None, None] * height / np.nanmax(height)
    return positions


def without(clip: Clip, half: str) -> Clip:
    positions = clip.positions.copy()
    for number, joint in enumerate(clip.layout.joints):
        if any(part in joint for part in HALVES[half]):
            positions[:, :, number] = np.nan
    return replace(clip, positions=positions)


def resting() -> Iterator[Clip]:
    random = np.random.default_rng(0)
    for clip in make_clips(3, 2, 1, ACTIONS):
        poses = [(held(clip), noise) for noise in (0.0, 0.003, 0.01, 0.02, 0.04)]
        poses += [(swaying(clip, 0.015, 2.5), 0.004), (swaying(clip, 0.04, 5), 0.004)]
        for positions, noise in poses:
            noisy = positions + random.normal(0, noise, positions.shape)
            yield replace(clip, positions=noisy.astype(np.float32))
            for half in HALVES:
                yield without(replace(clip, positions=noisy.astype(np.float32)), half)


def noise() -> Iterator[Clip]:
    random = np.random.default_rng(1)
    shape = (FRAMES, 1, len(KINECT20.joints), 3)
    pose = held(make_clips(3, 1, 1, ("wave",))[0])
    for metres in (0.05, 0.3, 1.0, 10.0):
        yield Clip(random.normal(0, metres, shape).astype(np.float32), 30.0, KINECT20)
        yield Clip((pose + random.normal(0, metres, shape)).astype(np.float32), 30.0, KINECT20)
    yield Clip(random.uniform(-1, 1, shape).astype(np.float32), 30.0, KINECT20)
    yield Clip(np.ones(shape, dtype=np.float32), 30.0, KINECT20)


def empty() -> Iterator[Clip]:
    shape = (FRAMES, 1, len(KINECT20.joints), 3)
    yield Clip(np.zeros(shape, dtype=np.float32), 30.0, KINECT20)
    yield Clip(np.full(shape, np.nan, dtype=np.float32), 30.0, KINECT20)
    yield Clip(np.zeros((FRAMES, 0, *shape[2:]), dtype=np.float32), 30.0, KINECT20)


@pytest.mark.parametrize("clips", [resting, noise, empty], ids=lambda function: function.__name__)
def test_nothing_is_none_of_these(clips: object) -> None:
    assert callable(clips)
    answers = pgfa.Recogniser.load().recognise(list(clips()), SENTENCES)
    assert [a[0] for a in answers if a.best is not None or a.none < 0.6] == []


def test_a_sentence_may_say_so() -> None:
    """Stillness speaks against motion, not against rest."""
    clip = make_clips(3, 1, 1, ("wave",))[0]
    answers = pgfa.Recogniser.load().recognise(
        replace(clip, positions=held(clip)), [*SENTENCES, "a person stands still"]
    )
    assert answers[0].sentence == "a person stands still"


def test_motion_is_seen_under_noise() -> None:
    random = np.random.default_rng(2)
    clips = make_clips(4, 3, 1, ACTIONS)
    for metres in (0.0, 0.01, 0.03):
        noisy = [c.with_positions((c.positions + random.normal(0, metres, c.positions.shape)).astype(np.float32))
                 for c in clips]  # fmt: skip
        found = screen(Ragged.from_clips(noisy))
        assert not found.at_rest.any()
        assert not found.no_body.any()


def test_bones_that_stretch_are_no_body() -> None:
    """Independent paths of the joints; without depth bones change their length as the body turns."""
    clip = make_clips(3, 1, 1, ("walk",))[0]
    steps = np.random.default_rng(3).normal(0, 0.1, clip.positions.shape)
    path = clip.with_positions((clip.positions + np.cumsum(steps, axis=0)).astype(np.float32))
    found = screen(Ragged.from_clips([clip, path]))
    assert found.no_body.tolist() == [False, True]
    assert not screen(Ragged.from_clips([path.without_depth()])).no_body.any()
    assert pgfa.Recogniser.load().recognise(path, SENTENCES).none == 1


def test_rest_is_a_matter_of_degree() -> None:
    """A body that sways by about 2 cm is at rest in part: no hair's breadth more changes an answer."""
    clip = make_clips(3, 1, 1, ("wave",))[0]
    clips = [clip.with_positions(swaying(clip, metres, 2)) for metres in np.linspace(0.01, 0.05, 81)]
    rest = screen(Ragged.from_clips(clips)).at_rest
    assert rest[0] == 1
    assert rest[-1] == 0
    assert (np.diff(rest) <= 0).all()
    assert np.diff(rest).min() > -0.1


def test_a_body_hardly_seen_is_not_called_still() -> None:
    clip = make_clips(3, 1, 1, ("wave",))[0]
    positions = held(clip)
    positions[5:] = np.nan
    assert not screen(Ragged.from_clips([replace(clip, positions=positions)])).at_rest.any()
