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
from pgfa.recognise.calibration.model import Calibration
from pgfa.recognise.candidates import Candidates
from pgfa.recognise.temporal.decode import (
    DECODING,
    decode,
    decoding_of,
    is_short,
    most_probable_path,
    near_peaks,
    raised_to_zero,
    smoothed,
)
from pgfa.recognise.temporal.windows import tracks, window_cosines
from pgfa.skeleton import KINECT20
from pgfa.words.interaction_words import needs_two
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


def test_a_short_recording_is_a_window_as_a_whole(recogniser: Recogniser) -> None:
    """The mean of its shorter windows and of the clip; the prior of "none" is that of clips, and no mean is raised."""
    clip = swaying_clip(frames=120)  # 4 s
    candidates, hop = recogniser.candidates(SENTENCES), 0.25
    line = recogniser.spans(clip, SENTENCES, hop=hop)
    first = np.clip(np.round((line.times - 0.75) * 30), 0, 119).astype(np.int64)
    last = np.clip(np.round((line.times + 0.75) * 30), 1, 120).astype(np.int64)
    shorter, _ = window_cosines(recogniser.encode, candidates, clip.positions, 30.0, KINECT20, (first, last))
    whole = candidates.cosines(recogniser.features([clip]))
    cosine = (shorter[:, 0] + whole) / 2
    cosine[:, 2] = -np.inf  # about two people
    smooth = smoothed(cosine, DECODING.smoothing_s / hop)
    np.testing.assert_allclose(line.probabilities[0], candidates.probabilities(smooth), atol=1e-4)


def test_settings_change_in_proportion_from_short_to_long_recordings() -> None:
    calibration = Calibration(20.0, 12.0, none=1.0, fitted=True, about={"none_share": 0.25})
    of = {s: decoding_of(s, 3.0, calibration) for s in (1.0, 6.0, 9.0, 12.0, 60.0)}
    assert is_short(6.0, 3.0)
    assert not is_short(6.1, 3.0)
    assert (of[1.0].raised, of[1.0].none_share) == (of[6.0].raised, of[6.0].none_share) == (0.0, 0.25)
    assert of[9.0].raised == pytest.approx(0.5)
    assert of[9.0].none_share == pytest.approx((0.25 + DECODING.none_share) / 2)
    assert of[12.0] == of[60.0] == DECODING


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


def untrained(sentences: int, **others: Any) -> Candidates:
    """Candidates of a calibrated recogniser, for cosines made by hand."""
    calibration = Calibration(18.0, 9.0, none=0.6, none_log=0.9, fitted=True, about={"none_share": 0.25})
    none = np.zeros(sentences, dtype=bool)
    names = tuple(f"sentence {n}" for n in range(sentences))
    vectors = np.zeros((sentences, 2), dtype=np.float32)
    return replace(Candidates(names, vectors, none, none, calibration), **others)


def test_a_sentence_whose_mean_is_below_zero_is_raised() -> None:
    """Not one that fits, nor prototypes; windows without the body, or without a pair of bodies, do not count."""
    cosine = np.tile(np.float32([0.04, -0.1, 0.3]), (40, 1))
    cosine[::2, 1] -= np.float32(0.2)
    present = np.ones(40, dtype=bool)
    raised = raised_to_zero(cosine, present, untrained(3))
    np.testing.assert_allclose(raised[:2], [[0.04, -0.1, 0.3], [0.04, 0.1, 0.3]], atol=1e-6)
    half = raised_to_zero(cosine, present, untrained(3), 0.5)
    np.testing.assert_allclose(half[0], [0.04, -0.2, 0.3], atol=1e-6)
    taught = untrained(3, is_prototype=np.array([False, True, False]))
    np.testing.assert_array_equal(raised_to_zero(cosine, present, taught), cosine)
    cosine[20:] = np.nan
    cosine[10:, 1] = -np.inf
    present[20:] = False
    raised = raised_to_zero(cosine, present, untrained(3))
    np.testing.assert_allclose(raised[:2, 1], [-0.1, 0.1], atol=1e-6)
    assert raised[15, 1] == -np.inf


def test_smoothing_by_explicit_weights() -> None:
    rows = np.zeros((9, 2), dtype=np.float32)
    rows[4, 0] = 1
    rows[4, 1] = -np.inf
    out = smoothed(rows, 1.0)  # 1 2 1 twice is 1 4 6 4 1
    np.testing.assert_allclose(out[:, 0], np.array([0, 0, 1, 4, 6, 4, 1, 0, 0]) / 16, atol=1e-6)
    assert out[4, 1] == -np.inf
    assert (np.delete(out[:, 1], 4) == 0).all()
    np.testing.assert_array_equal(smoothed(rows, 0.1), rows)


def test_what_is_done_for_a_moment_is_found_and_rest_is_none() -> None:
    """Two actions with rests; the second one's sentence fits everything a little better than the others."""
    cosine = np.float32(np.random.default_rng(0).normal(0, 0.02, (80, 4)))
    cosine[10:18, 0] += 0.45
    cosine[:, 1] += 0.1
    cosine[50:60, 1] += 0.45
    probability, parts = decode(cosine, np.ones(80, dtype=bool), untrained(4), 0.25)
    assert [part.candidate for part in parts] == [0, 1]
    assert all(abs(part.first - a) <= 2 and abs(part.last - b) <= 2
               for part, (a, b) in zip(parts, ((10, 18), (50, 60)), strict=True))  # fmt: skip
    assert probability[25:45].argmax(axis=1).tolist() == [4] * 20
    for part in parts:
        own = probability[part.first : part.last, part.candidate]
        assert part.probability == pytest.approx(float(own.max()))
        assert part.peak == part.first + int(own.argmax())


def test_a_weak_span_is_left_out_unless_there_is_no_none() -> None:
    cosine = np.zeros((40, 3), dtype=np.float32)
    cosine[10:20, 0] = 0.14
    present = np.ones(40, dtype=bool)
    lenient = replace(DECODING, least=0.0, none_share=0.1)
    assert [part.candidate for part in decode(cosine, present, untrained(3), 0.25, lenient)[1]] == [0]
    assert decode(cosine, present, untrained(3), 0.25, replace(lenient, least=0.9))[1] == []
    raw = untrained(3, calibration=Calibration.unfitted(8.0))
    assert len(decode(cosine, present, raw, 0.25, replace(lenient, least=0.9))[1]) > 0


@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=12), st.floats(0, 1, width=32), st.integers(0, 5)
)
@tries(max_examples=60, deadline=None)
def test_windows_near_a_peak_by_explicit_loops(values: list[float], share: float, reach: int) -> None:
    highest = [max(values[max(0, w - reach) : w + reach + 1]) for w in range(len(values))]
    expected = [
        value >= np.float32(share) * peak for value, peak in zip(np.float32(values), highest, strict=True)
    ]
    assert near_peaks(np.float32(values), np.float32(share), reach).tolist() == expected


def test_spans_are_trimmed_to_their_peaks_and_repetitions_stay() -> None:
    """Both sides of a strong action see a little of it; a weaker repetition far away is a span of its own."""
    cosine = np.full((60, 2), 0.12, dtype=np.float32)
    cosine[:, 1] = -0.2
    cosine[20:26, 0] = 0.5
    cosine[40:46, 0] = 0.25
    present = np.ones(60, dtype=bool)
    settings = replace(DECODING, none_share=0.2, smoothing_s=0.01, least=0.0)
    whole, trimmed = (
        decode(cosine, present, untrained(2), 0.25, replace(settings, trim=trim))[1] for trim in (0.0, 0.8)
    )
    assert [(part.first, part.last) for part in whole] == [(0, 60)]
    spans = [(part.first, part.last) for part in trimmed]
    assert (20, 26) in spans
    assert (40, 46) in spans
    seen = {w for first, last in spans for w in range(first, last)}
    assert not seen & {16, 19, 26, 29, 36, 39, 46, 49}  # within a second of a peak
    assert all(part.first <= part.peak < part.last for part in trimmed)
    raw = untrained(2, calibration=Calibration.unfitted(8.0))
    parts = decode(cosine, present, raw, 0.25, replace(settings, least=0.9))[1]
    assert [(part.first, part.last) for part in parts] == [(0, 60)]


def test_a_span_is_at_least_as_probable_as_asked_for(recogniser: Recogniser) -> None:
    fitted = Calibration(9.0, 9.0, none=0.5, fitted=True, about={"none_share": 0.25})
    r = replace(recogniser, bundle=replace(recogniser.bundle, calibration=fitted))
    clip = swaying_clip(frames=600, bodies=3)
    everything = r.spans(clip, SENTENCES, least=0.0).spans
    shares = sorted({span.probability for span in everything})
    assert len(shares) > 1
    for least in (shares[0], shares[-1], 1.0):
        expected = [span for span in everything if span.probability >= least]
        assert list(r.spans(clip, SENTENCES, least=least).spans) == expected
        assert list(r.answer(clip, SENTENCES, over_time=True, least=least).spans) == expected
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(BadConfig, match="least: expected a probability"):
            r.spans(clip, SENTENCES, least=wrong)


def test_tracks_are_decoded_one_by_one() -> None:
    cosine = np.full((30, 2), 0.5, dtype=np.float32)
    cosine[:, 1] = -0.2
    present = np.ones(30, dtype=bool)
    present[12:18] = False
    cosine[12:18] = np.nan
    probability, parts = decode(cosine, present, untrained(2), 0.25)
    assert [(part.first, part.last) for part in parts] == [(0, 12), (18, 30)]
    assert np.isnan(probability[12:18]).all()


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
