"""Windows and spans of long recordings, against explicit loops."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from pgfa.adapt import cosines
from pgfa.errors import BadConfig, LimitExceeded
from pgfa.recognise import Recogniser
from pgfa.recognise.candidates import needs_two
from pgfa.recognise.temporal.spans import most_probable_path, reweight_by_recording
from pgfa.recognise.temporal.windows import tracks, window_cosines
from pgfa.skeleton import KINECT20
from recogniser_builders import (
    SENTENCES,
    swaying_clip,
)


@pytest.mark.parametrize(
    "rows", [1, 240, 200_000], ids=["pair by pair", "two pairs at once", "all pairs at once"]
)
def test_windows_by_explicit_loops(
    rows: int, recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each window of each body equals the clip cut out; a sentence for two is compared with pairs."""
    monkeypatch.setattr("pgfa.recognise.temporal.windows.PAIR_ROWS", rows)
    long = swaying_clip(frames=60, bodies=3)
    long.positions[40:, 2] = np.nan
    first, last = np.array([0, 10, 42]), np.array([20, 60, 60])
    candidates = recogniser.candidates(SENTENCES)
    cosine, partner = window_cosines(
        recogniser.encode, candidates, long.positions, 30.0, KINECT20, (first, last)
    )

    def cut(w: int, bodies: list[int]) -> Any:
        part = np.ascontiguousarray(long.positions[first[w] : last[w], bodies])
        return cosines(recogniser.features([replace(long, positions=part)]), candidates.vectors)[0]

    for w in range(3):
        present = [0, 1] if w == 2 else [0, 1, 2]
        for body in range(3):
            if body not in present:
                assert np.isnan(cosine[w, body]).all()
                continue
            np.testing.assert_allclose(cosine[w, body, [0, 1, 3]], cut(w, [body])[[0, 1, 3]], atol=1e-5)
            pairs = {o: cut(w, sorted((body, o)))[2] for o in present if o != body}
            assert cosine[w, body, 2] == pytest.approx(max(pairs.values()), abs=1e-5)
            assert partner[w, body] == max(pairs, key=lambda o: pairs[o])


def test_a_sentence_for_two_needs_two_bodies(recogniser: Recogniser) -> None:
    timeline = recogniser.spans(swaying_clip(frames=90), SENTENCES)
    assert (timeline.probabilities[..., 2] == 0).all()
    assert (timeline.probabilities[..., :2] > 0).all()


def test_a_timeline_covers_the_recording(recogniser: Recogniser) -> None:
    long = swaying_clip(frames=300, bodies=2)
    long.positions[100:200, 1] = np.nan
    timeline = recogniser.spans(long, SENTENCES, window=1.0, hop=0.5)
    assert timeline.times.tolist() == [0.25 + 0.5 * i for i in range(20)]
    present = np.isfinite(timeline.probabilities).all(axis=2)
    assert present[0].all()
    assert present[1].tolist() == [not 100 <= int(t * 30) < 200 for t in timeline.times]
    np.testing.assert_allclose(timeline.probabilities[present].sum(axis=1), 1, rtol=1e-5)
    for body in range(2):
        spans = [s for s in timeline.spans if s.body == body]
        assert all(0 <= s.start_s < s.end_s <= timeline.seconds for s in spans)
        assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(spans))
    values = json.loads(json.dumps(timeline.to_dict()))
    assert values["probabilities"][1][8] is None
    assert len(values["times"]) == 20


def test_short_empty_and_endless_recordings(recogniser: Recogniser) -> None:
    assert recogniser.spans(swaying_clip(frames=1), SENTENCES).probabilities.shape == (1, 1, 5)
    empty = swaying_clip(frames=40)
    empty.positions[:] = np.nan
    timeline = recogniser.spans(empty, SENTENCES)
    assert np.isnan(timeline.probabilities).all()
    assert timeline.spans == ()
    with pytest.raises(LimitExceeded, match="windows"):
        recogniser.spans(swaying_clip(frames=200), SENTENCES, hop=1e-5)
    for wrong in ({"hop": 0.0}, {"window": float("nan")}, {"window": ()}):
        with pytest.raises(BadConfig, match="window and hop"):
            recogniser.spans(swaying_clip(), SENTENCES, **wrong)


@given(st.integers(1, 7), st.integers(1, 4), st.integers(0, 10**6), st.floats(0.05, 3), st.floats(0.1, 1))
@tries(max_examples=60, deadline=None)
def test_the_path_is_the_best_of_all(
    windows: int, states: int, seed: int, switch: float, weight: float
) -> None:
    probability = np.random.default_rng(seed).dirichlet(np.ones(states), windows).astype(np.float32)
    gain = weight * np.log(np.maximum(probability.astype(float), 1e-6))

    def score(path: Any) -> float:
        changes = sum(a != b for a, b in pairwise(path))
        return float(sum(gain[i, s] for i, s in enumerate(path)) - switch * changes)

    best = max(score(path) for path in product(range(states), repeat=windows))
    assert score(tuple(most_probable_path(probability, weight, switch))) == pytest.approx(best, abs=1e-9)


def test_probabilities_are_reweighted_by_the_prior_of_the_recording() -> None:
    """A sentence that is likely again and again becomes the most probable one."""
    frequent = np.tile(np.float32([0.35, 0.1, 0.1, 0.45]), (80, 1))
    frequent[::8] = 0.02, 0.03, 0.03, 0.92
    reweighted = reweight_by_recording(frequent, 1 / 9)
    np.testing.assert_allclose(reweighted.sum(axis=1), 1, rtol=1e-6)
    assert (reweighted.argmax(axis=1) == np.where(np.arange(80) % 8 == 0, 3, 0)).all()
    assert (
        np.abs(reweight_by_recording(frequent[1:2], 1 / 9) - frequent[1]).max() < 0.03
    )  # one window is little evidence
    nothing = np.tile(np.float32([0.1, 0.1, 0.1, 0.7]), (80, 1))
    assert (reweight_by_recording(nothing, 1 / 9)[:, 3] > 0.7).all()
    assert reweight_by_recording(nothing[:0], 1 / 9).shape == (0, 4)


def test_tracks_bridge_short_gaps_only() -> None:
    positions = swaying_clip(frames=100).positions
    positions[20:30] = np.nan  # a third of a second
    positions[50:80] = np.nan  # a second
    positions[:3] = np.nan
    on_track = tracks(positions, 30.0)[:, 0]
    assert on_track.tolist() == [3 <= i < 50 or i >= 80 for i in range(100)]


@pytest.mark.parametrize(
    "sentence",
    ["two people shake hands", "a person hugs another person", "they walk towards each other", "a person punches "
     "someone", "one person gives a thing to the other person", "A COUPLE dances", "people clap together"],
)  # fmt: skip
def test_sentences_for_two_people(sentence: str) -> None:
    assert needs_two(sentence)


@pytest.mark.parametrize(
    "sentence",
    ["a person waves", "a person claps the hands together", "both hands are put together", "the feet touch each other",
     "a person rubs the palms against each other", "a person brings the two arms together",
     "a person swings both arms"],
)  # fmt: skip
def test_sentences_for_one_person(sentence: str) -> None:
    assert not needs_two(sentence)


def test_every_class_for_two_in_the_catalogues_is_recognised() -> None:
    """NTU's mutual actions are A50 to A60 and A106 to A120, by their number; PKU's begin with "Two people"."""
    from pgfa.text import catalogue

    for dataset in ("ntu120", "pku-mmd", "utd-mhad", "msr-action3d", "kinder-gator"):
        for number, action in enumerate(catalogue(dataset).actions):
            two = dataset == "ntu120" and (49 <= number < 60 or 105 <= number < 120)
            two |= action.plain.startswith("Two people")
            assert needs_two(action.plain) == two, action.plain


def test_a_taught_class_about_two_people_is_compared_with_single_bodies(recogniser: Recogniser) -> None:
    name = "two people dance"
    taught = recogniser.teach(name, swaying_clip(3))
    candidates = taught.candidates(SENTENCES)
    assert dict(zip(candidates.names, candidates.needs_two.tolist(), strict=True)) == {
        **{sentence: "two people" in sentence for sentence in SENTENCES},
        name: False,
    }
    timeline = taught.spans(swaying_clip(3, frames=90, bodies=2), [SENTENCES[2]], window=1.0)
    assert all(span.partner is None for span in timeline.spans if span.sentence == name)
