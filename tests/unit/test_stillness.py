"""Bodies that stay still: which ones they are, and that sentences of motion do not fit them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kinematic_builders import SENTENCES, measured_set, model, vectors_of
from pgfa.adapt import cosines
from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.skeleton import Clip, Ragged
from pgfa.synth.dataset import make_clips
from pgfa.words.lexicon import WORDS, word_vectors
from pgfa.words.measures import MEASURES, measure
from pgfa.words.model import HOLD
from pgfa.words.stillness import LIMITS, MOVES, MOVING, states_motion, still


def measures_of(*clips: Clip) -> np.ndarray:
    prepared = prepare(Ragged.from_clips(list(clips)), PrepareSettings(recipe="default", layout="kinect20"))
    return measure(prepared.positions[:, :, 0], prepared.measured[:, 0], prepared.moving_seconds)


def held(clip: Clip, noise: float = 0.0) -> Clip:
    """Its first frame for two seconds, with the noise of a sensor in metres."""
    frames = round(2 * clip.rate)
    positions = np.repeat(clip.positions[:1], frames, axis=0)
    jitter = np.random.default_rng(0).normal(0, noise, positions.shape)
    return replace(clip, positions=(positions + jitter).astype(np.float32))


@pytest.mark.parametrize("noise", [0.0, 0.005])
def test_a_body_that_does_nothing_is_still(noise: float) -> None:
    clips = make_clips(0, 2, 1, ("wave", "walk", "squat"))
    assert (still(measures_of(*(held(clip, noise) for clip in clips))) == 1).all()


def test_a_body_that_moves_is_not() -> None:
    assert not still(measured_set().measures).any()


def test_every_limit_counts() -> None:
    row = np.zeros((1, len(MEASURES)), dtype=np.float32)
    assert still(row) == 1
    for name, limit in LIMITS.items():
        above, unknown = row.copy(), row.copy()
        above[0, MEASURES.index(name)] = MOVES * limit
        unknown[0, MEASURES.index(name)] = np.nan
        assert not still(above).any(), name
        assert not still(unknown).any(), name  # what was not seen is not called still


def test_stillness_ends_little_by_little() -> None:
    """A hair's breadth more motion changes an answer by little."""
    column, limit = MEASURES.index("max_std"), LIMITS["max_std"]
    rows = np.zeros((200, len(MEASURES)), dtype=np.float32)
    rows[:, column] = np.linspace(0, 2 * limit, len(rows))
    values = still(rows)
    assert (values[0], values[-1]) == (1, 0)
    assert np.abs(np.diff(values)).max() < 0.02
    assert values[len(rows) // 2] == pytest.approx(0.5, abs=0.02)
    assert (np.diff(values) <= 0).all()


def test_sentences_of_motion() -> None:
    moving = ["A person walks.", "waves the right hand", "sits down on a chair", "falls to the floor"]
    resting = ["stands still", "A person sits on a chair.", "lies on the back", "holds one hand at the ear"]
    found = states_motion(word_vectors(moving + resting))
    assert found.tolist() == [True] * len(moving) + [False] * len(resting)
    implied = np.zeros((1, len(WORDS)), dtype=np.float32)
    implied[0, WORDS.index(MOVING[0])] = 0.5
    assert not states_motion(implied).any()


def test_cosines_of_still_bodies() -> None:
    """As the docstring of `KinematicModel.sentences` says, where c is the cosine without stillness."""
    clip = make_clips(0, 1, 1, ("wave",))[0]
    measures = np.concatenate([measures_of(held(clip)), measured_set().measures[:3]])
    sentences = [*SENTENCES.values(), "A person stands still.", "A person sits."]
    encoded, words = vectors_of(sentences), word_vectors(sentences)
    plain, told = replace(model(), stillness=False), replace(model(), stillness=True)
    assert told.size == plain.size + 2
    before = cosines(plain.features(measures), plain.sentences(encoded, words))
    after = cosines(told.features(measures), told.sentences(encoded, words))
    moving = states_motion(words)
    length, twice = np.sqrt(1 + HOLD**2), np.sqrt(2 * (1 + HOLD**2))
    np.testing.assert_allclose(after[0, moving], (before[0, moving] - HOLD) / twice, atol=1e-5)
    np.testing.assert_allclose(after[0, ~moving], before[0, ~moving] / twice, atol=1e-5)
    np.testing.assert_allclose(after[1:], before[1:] / length, atol=1e-5)
