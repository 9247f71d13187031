"""Corrections of moments: later answers follow them where the motion is alike, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from builders import make_clip
from pgfa.errors import BadConfig
from pgfa.recognise import Calibration, Correction, Recogniser, Timeline
from pgfa.skeleton import KINECT20, Clip, Source
from reason_builders import TEXTS, kinematic_recogniser, right_handers
from recogniser_builders import SENTENCES, swaying_clip, tiny_recogniser

ACTIONS = ("wave", "kick-forward", "squat", "bow")
ASKED = [TEXTS[action] for action in ACTIONS]


def session(seed: int, repetitions: int) -> tuple[Clip, list[tuple[float, float, str]]]:
    """One person's actions one after another in one recording, and start, end and sentence of each."""
    by_action = {clip.source.action: clip for clip in right_handers(seed, 1)}
    parts, moments, start = [], [], 0.0
    for number in range(repetitions * len(ACTIONS)):
        clip = by_action[ACTIONS[(number * 3) % len(ACTIONS)]]
        parts.append(clip.positions[:, :1])
        moments.append((start, start + clip.seconds, TEXTS[clip.source.action]))
        start += clip.seconds
    return Clip(np.concatenate(parts), clip.rate, KINECT20, Source(f"session-{seed}")), moments


def agreement(line: Timeline, moments: list[tuple[float, float, str]]) -> float:
    """Share of the windows inside the moments whose most probable answer is the sentence of the moment."""
    best = line.probabilities[0].argmax(axis=1)
    hits = [
        line.sentences[best[w]] == sentence if best[w] < len(line.sentences) else False
        for start, end, sentence in moments
        for w in np.flatnonzero((line.times > start + 0.5) & (line.times < end - 0.5))
    ]
    return float(np.mean(hits))


def test_ten_corrections_teach_what_the_sentences_mean_in_the_rest_of_an_untrimmed_session() -> None:
    """A person who uses each sentence for another action than the recogniser does."""
    recogniser = kinematic_recogniser()
    meant = dict(zip(ASKED, ASKED[1:] + ASKED[:1], strict=True))
    clip, moments = session(seed=11, repetitions=6)
    moments = [(start, end, meant[sentence]) for start, end, sentence in moments]
    corrected = recogniser.correct([Correction(clip, *moment) for moment in moments[:10]])
    assert agreement(recogniser.spans(clip, ASKED), moments[10:]) < 0.1
    assert agreement(corrected.spans(clip, ASKED), moments[10:]) > 0.95


def test_corrections_that_agree_with_the_answers_do_no_harm() -> None:
    recogniser = kinematic_recogniser()
    clip, moments = session(seed=11, repetitions=4)
    corrected = recogniser.correct([Correction(clip, *moment) for moment in moments[:5]])
    other, other_moments = session(seed=12, repetitions=2)
    for recording, rest in ((clip, moments[5:]), (other, other_moments)):
        before = agreement(recogniser.spans(recording, ASKED), rest)
        assert agreement(corrected.spans(recording, ASKED), rest) >= before > 0.8


def test_a_rejected_sentence_is_no_longer_the_answer_there() -> None:
    recogniser = kinematic_recogniser()
    clip, _ = session(seed=11, repetitions=2)
    span = max(recogniser.spans(clip, ASKED).spans, key=lambda s: s.end_s - s.start_s)
    corrected = recogniser.correct([Correction(clip, span.start_s, span.end_s, span.sentence, right=False)])
    line, first = corrected.spans(clip, ASKED), recogniser.spans(clip, ASKED)
    column = ASKED.index(span.sentence)
    inside = (line.times > span.start_s) & (line.times < span.end_s)
    assert line.probabilities[0, inside, column].mean() < 0.5 * first.probabilities[0, inside, column].mean()


def test_what_shows_none_of_the_sentences_is_answered_so() -> None:
    recogniser = kinematic_recogniser()
    clip, moments = session(seed=11, repetitions=2)
    start, end, _ = moments[0]
    for correction in (Correction(clip, start, end, None), Correction(clip, start, end, "a person sneezes")):
        line = recogniser.correct([correction]).spans(clip, ASKED)
        inside = (line.times > start + 0.5) & (line.times < end - 0.5)
        assert (line.probabilities[0, inside].argmax(axis=1) == len(ASKED)).all()


def test_motion_unlike_all_corrected_moments_is_answered_as_before() -> None:
    recogniser = kinematic_recogniser()
    clips = {clip.source.action: clip for clip in right_handers(11, 1)}
    squat, punch = clips["squat"], clips["punch"]
    corrected = recogniser.correct([Correction(squat, 0, squat.seconds, ASKED[0])])
    first, second = (
        {a.sentence: a.cosine for a in r.recognise(punch, ASKED)} for r in (recogniser, corrected)
    )
    moved = {a.sentence: a.cosine for a in corrected.recognise(squat, ASKED)}
    was = {a.sentence: a.cosine for a in recogniser.recognise(squat, ASKED)}
    change = max(abs(second[s] - first[s]) for s in ASKED)
    assert change < 0.25 * max(abs(moved[s] - was[s]) for s in ASKED)


def test_corrections_replace_earlier_ones_and_none_removes_them() -> None:
    recogniser = tiny_recogniser()
    clip = swaying_clip(1, frames=120)
    corrected = recogniser.correct([Correction(clip, 0, 2, SENTENCES[1])])
    assert corrected.recognise(clip, SENTENCES)[0].sentence == SENTENCES[1]
    again = corrected.correct([Correction(clip, 0, 2, SENTENCES[3])])
    assert again.recognise(clip, SENTENCES)[0].sentence == SENTENCES[3]
    assert again.correct([]).recognise(clip, SENTENCES) == recogniser.recognise(clip, SENTENCES)


def test_without_calibration_the_corrected_sentence_leads() -> None:
    recogniser = tiny_recogniser(calibration=Calibration.unfitted(20.0))
    clip = swaying_clip(1, frames=120)
    best = recogniser.recognise(clip, SENTENCES)[0].sentence
    right = recogniser.correct([Correction(clip, 0, 4, SENTENCES[1])])
    assert right.recognise(clip, SENTENCES)[0].sentence == SENTENCES[1]
    rejected = recogniser.correct([Correction(clip, 0, 4, best, right=False)])
    assert rejected.recognise(clip, SENTENCES)[0].sentence != best


def test_moments_that_cannot_be_learned_from_are_refused() -> None:
    recogniser: Recogniser = tiny_recogniser()
    clip = make_clip(60, 1, id="c")
    for start, end in ((1.0, 1.0), (3.0, 4.0), (-1.0, 1.0)):
        with pytest.raises(BadConfig, match="a start before its end"):
            recogniser.correct([Correction(clip, start, end, SENTENCES[0])])
    with pytest.raises(BadConfig, match="numbers below 1"):
        recogniser.correct([Correction(clip, 0, 1, SENTENCES[0], bodies=(1,))])
    empty = clip.with_positions(np.full_like(clip.positions, np.nan))
    with pytest.raises(BadConfig, match="no person detected"):
        recogniser.correct([Correction(empty, 0, 1, SENTENCES[0])])


def test_a_person_who_is_seen_only_briefly_in_a_long_recording_can_be_corrected() -> None:
    """None of the windows of the mean feature has a person: nothing is subtracted."""
    clip = swaying_clip(frames=60)
    positions = np.full((round(400 * clip.rate), *clip.positions.shape[1:]), np.nan, dtype=np.float32)
    start = round(249 * clip.rate)
    positions[start : start + clip.frames] = clip.positions
    moment = Correction(clip.with_positions(positions), 249, 251, SENTENCES[1])
    corrected = tiny_recogniser().correct([moment])
    assert np.isfinite([answer.probability for answer in corrected.recognise(clip, SENTENCES)]).all()


def test_a_corrected_moment_keeps_its_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wave between a kick and a squat is named: the other actions do not become part of it."""
    recogniser = kinematic_recogniser()
    clips = {clip.source.action: clip for clip in right_handers(11, 1)}
    wave = clips["wave"]
    parts = [clips[name].positions[:, :1] for name in ("kick-forward", "wave", "squat")]
    clip, start = wave.with_positions(np.concatenate(parts)), clips["kick-forward"].seconds
    end, column = start + wave.seconds, ASKED.index(TEXTS["bow"])

    def beside() -> float:
        line = recogniser.correct([Correction(clip, start, end, TEXTS["bow"])]).spans(clip, ASKED)
        outside = (line.times < start - 0.2) | (line.times > end + 0.2)
        inside = (line.times > start + 0.5) & (line.times < end - 0.5)
        assert (line.probabilities[0, inside].argmax(axis=1) == column).all()
        return float(line.probabilities[0, outside, column].mean())

    kept = beside()
    monkeypatch.setattr("pgfa.recognise.corrections.BESIDE", ())
    assert kept < 0.8 * beside()


def test_windows_beside_a_moment_are_not_those_of_other_corrected_moments() -> None:
    recogniser, clip = tiny_recogniser(), swaying_clip(frames=300, bodies=2)

    def count(*corrections: Correction) -> int:
        learned = recogniser.correct(corrections).corrections
        assert learned is not None
        return int(learned.beside.sum())

    one = Correction(clip, 4, 6, SENTENCES[1], bodies=(0,))
    assert count(one) == 8  # two ends, two distances, two lengths
    assert count(Correction(clip, 0, 6, SENTENCES[1])) == 4  # nothing before it
    assert count(Correction(clip, 4, 6, SENTENCES[1], right=False)) == 0
    assert count(Correction(clip, 4, 6, None)) == 0
    after, other_body = (Correction(clip, 6, 9, SENTENCES[0], bodies=(body,)) for body in (0, 1))
    assert (
        count(one, after) == 4 + 2
    )  # each has the other on one side, and the recording ends 1 s after the second
    assert count(one, other_body) == 8 + 6
