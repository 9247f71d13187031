"""The recogniser's answers: calibrated, ranked, the same in every thread and however they are asked for."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pgfa.adapt import cosines
from pgfa.config import AdaptSettings, RecogniseSettings
from pgfa.errors import BadConfig, LayoutMismatch, LimitExceeded
from pgfa.recognise import Answers, Calibration, Recogniser, Timeline
from pgfa.recognise.recogniser import is_long
from pgfa.skeleton import KINECT20, NTU25, Ragged
from recogniser_builders import SENTENCES, swaying_clip, tiny_recogniser


def test_an_answer_is_the_calibrated_cosine(recogniser: Recogniser) -> None:
    answers = recogniser.recognise(swaying_clip(), list(SENTENCES))
    vectors = np.stack([recogniser.bundle.sentences[s] for s in SENTENCES]) - recogniser.bundle.centre
    cosine = cosines(recogniser.features([swaying_clip()]), vectors)[0]
    weights = np.exp([*(20 * cosine.astype(float)), 1 + 0.5 * np.log(4)])
    for answer in answers:
        index = SENTENCES.index(answer.sentence)
        assert answer.cosine == pytest.approx(float(cosine[index]), abs=1e-6)
        assert answer.probability == pytest.approx(weights[index] / weights.sum(), abs=1e-5)
    assert answers.none == pytest.approx(weights[-1] / weights.sum(), abs=1e-5)
    assert [a.probability for a in answers] == sorted((a.probability for a in answers), reverse=True)
    assert answers.best == (answers[0] if answers[0].probability >= answers.none else None)
    assert answers.source == "clip-0"
    assert json.loads(json.dumps(answers.to_dict()))["answers"][0]["sentence"] == answers[0].sentence


def test_many_clips_of_several_layouts_at_once(recogniser: Recogniser) -> None:
    clips = [
        swaying_clip(1),
        swaying_clip(2, layout=NTU25),
        swaying_clip(3, frames=50, bodies=2),
        swaying_clip(4),
    ]
    for clip, together in zip(clips, recogniser.recognise(clips, SENTENCES), strict=True):
        alone = recogniser.recognise(clip, SENTENCES)
        assert [a.sentence for a in alone] == [a.sentence for a in together]
        np.testing.assert_allclose([a.cosine for a in alone], [a.cosine for a in together], atol=1e-5)


def test_one_encoder_call_for_many_clips(recogniser: Recogniser) -> None:
    calls: list[int] = []

    class CountingEncoder:
        kind = "torch"

        def features(self, positions: Any, present: Any) -> Any:
            calls.append(len(positions))
            return recogniser.bundle.encoder.features(positions, present)

    counting = Recogniser(replace(recogniser.bundle, encoder=CountingEncoder()))
    counting.recognise([swaying_clip(i) for i in range(9)], SENTENCES)
    assert calls == [9]


def test_threads_share_it_and_answers_repeat(recogniser: Recogniser) -> None:
    clips = [swaying_clip(i) for i in range(6)]
    expected = recogniser.recognise(clips, SENTENCES)
    results: list[Any] = [None] * 6
    threads = [
        threading.Thread(target=lambda i=i: results.__setitem__(i, recogniser.recognise(clips, SENTENCES)))
        for i in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The last bits of a sum depend on where its numbers lie in memory.
    for answers in results:
        for result, before in zip(answers, expected, strict=True):
            assert [a.sentence for a in result] == [a.sentence for a in before]
            np.testing.assert_allclose(
                [a.probability for a in result], [a.probability for a in before], atol=1e-5
            )


def test_recognise_and_live_rank_alike() -> None:
    """Of equal probabilities the higher cosine comes first, in both."""
    level = Calibration(1e-9, 1e-9, none=0.0, fitted=True)
    recogniser = tiny_recogniser(calibration=level)
    clip = swaying_clip(frames=60, bodies=2)
    sentences = [s for s in reversed(SENTENCES) if "two people" not in s]
    live = recogniser.live(sentences, clip.layout.name, clip.rate)
    rankings = [recogniser.recognise(clip, sentences)]
    for i, frame in enumerate(clip.positions):
        if (answer := live.push(i / clip.rate, frame)) is not None:
            rankings += answer.bodies.values()
    assert len(rankings) > 2
    assert any([a.sentence for a in answers] != sentences for answers in rankings)
    for answers in rankings:
        assert len({a.probability for a in answers}) == 1
        assert [a.cosine for a in answers] == sorted((a.cosine for a in answers), reverse=True)


def test_long_recordings_are_answered_over_time(recogniser: Recogniser) -> None:
    long_from = RecogniseSettings().long_from
    short, long = swaying_clip(frames=299), swaying_clip(frames=300)
    assert (short.seconds < long_from, long.seconds) == (True, long_from)
    assert [is_long(short), is_long(long)] == [False, True]
    assert recogniser.answer(short, SENTENCES) == recogniser.recognise(short, SENTENCES)
    timeline = recogniser.answer(long, SENTENCES)
    assert isinstance(timeline, Timeline)
    assert timeline.to_dict() == recogniser.spans(long, SENTENCES).to_dict()
    assert isinstance(recogniser.answer(short, SENTENCES, over_time=True), Timeline)
    assert isinstance(recogniser.answer(long, SENTENCES, over_time=False), Answers)


@pytest.mark.parametrize(
    ("sentences", "error"),
    [
        ([], "at least one"),
        (["a", " "], "sentence 2 of 2: expected text, found an empty one"),
        (["a", "a"], "sentence 2 of 2: expected each sentence once, found a duplicate: 'a'"),
        ("wave", "expected a list"),
        (["a", None], "sentence 2 of 2: expected text, found None"),
        ([b"a"], "expected text"),
        (["half a \ud83d"], "expected text"),
    ],
)
def test_invalid_sentences_are_refused(recogniser: Recogniser, sentences: Any, error: str) -> None:
    for ask in (
        recogniser.recognise,
        recogniser.spans,
        lambda _, s: recogniser.adapt([swaying_clip()], s),
        lambda _, s: recogniser.live(s, "kinect20"),
    ):
        with pytest.raises(BadConfig, match=error):
            ask(swaying_clip(), sentences)


def test_sentences_may_be_an_array(recogniser: Recogniser) -> None:
    assert recogniser.recognise(swaying_clip(), np.array(SENTENCES)) == recogniser.recognise(
        swaying_clip(), SENTENCES
    )


def test_what_is_not_a_recording_is_refused(recogniser: Recogniser) -> None:
    for wrong in (swaying_clip().positions, None, [swaying_clip(), 5]):
        with pytest.raises(BadConfig, match=r"expected a path or a clip, Clip\(positions"):
            recogniser.recognise(wrong, SENTENCES)  # type: ignore[arg-type]


def test_without_a_person_the_answer_is_none_of_these(recogniser: Recogniser) -> None:
    empty = replace(swaying_clip(), positions=np.full_like(swaying_clip().positions, np.nan))
    for variant in (recogniser, tiny_recogniser(calibration=Calibration.unfitted(14.0))):
        answers, of_person = variant.recognise([empty, swaying_clip()], SENTENCES)
        assert answers.best is None
        assert answers.none == 1
        assert {a.probability for a in answers} == {0.0}
        alone = variant.recognise(swaying_clip(), SENTENCES)
        assert of_person[0].probability == pytest.approx(alone[0].probability, abs=1e-5)
    clips = [swaying_clip(i) for i in range(6)]
    for method in ("paper", "balanced", "neighbours"):
        settings = AdaptSettings(method=method, alpha=1)
        for cautious in (True, False):
            nobody = recogniser.adapt([empty, empty, empty], SENTENCES, settings, cautious=cautious)
            assert nobody.prototypes == {}
            one, other = (r.recognise(swaying_clip(), SENTENCES) for r in (nobody, recogniser))
            assert [a.cosine for a in one] == pytest.approx([a.cosine for a in other], abs=1e-6)
        adaptation = recogniser.adapt([empty, *clips], SENTENCES, settings, cautious=False).adaptation
        assert adaptation is not None
        assert sum(adaptation.support) == 6
    stream = recogniser.stream(SENTENCES, AdaptSettings(alpha=1))
    assert stream.recognise([empty, empty])[0].none == 1
    assert stream.recogniser.prototypes == {}
    with pytest.raises(BadConfig, match="no person detected in an example of 'x': clip-0"):
        recogniser.teach("x", [swaying_clip(1), empty])


def test_answers_carry_the_reading_of_the_recording(recogniser: Recogniser) -> None:
    clip = replace(swaying_clip(), reading="assumed: rate 30 Hz")
    assert recogniser.recognise(clip, SENTENCES).to_dict()["reading"] == clip.reading
    timeline = recogniser.spans(clip, SENTENCES).to_dict()
    assert (timeline["reading"], timeline["problems"]) == (clip.reading, [])


def test_answers_carry_the_problems_of_the_recording(recogniser: Recogniser) -> None:
    flat = swaying_clip().without_depth()
    assert recogniser.recognise([flat, swaying_clip()], SENTENCES)[0].problems == ("no depth",)
    assert recogniser.recognise(flat, SENTENCES).to_dict()["problems"] == ["no depth"]
    assert recogniser.stream(SENTENCES).recognise(flat)[0].problems == ("no depth",)
    assert recogniser.recognise(swaying_clip(), SENTENCES).problems == ()


def test_too_many_sentences_are_refused(recogniser: Recogniser) -> None:
    with pytest.raises(LimitExceeded, match="1,000"):
        recogniser.recognise(swaying_clip(), [f"number {i}" for i in range(1001)])


def test_many_clips_are_answered_as_one_by_one(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In several threads, of several lengths and layouts, in the order of the clips."""
    opened = Recogniser.load(exported)
    clips = [
        swaying_clip(i, frames=20 + i, bodies=1 + i % 2, layout=NTU25 if i % 3 else KINECT20)
        for i in range(11)
    ]
    alone = np.concatenate([opened.features([clip]) for clip in clips])
    monkeypatch.setattr("pgfa.recognise.recogniser.BATCH", 2)
    np.testing.assert_allclose(opened.features(clips), alone, atol=1e-6)
    answers = opened.recognise(clips, SENTENCES)
    assert [a.source for a in answers] == [clip.source.id for clip in clips]


def test_an_error_in_a_thread_is_raised(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, encode = Recogniser.load(exported), Recogniser.encode

    def refusing(self: Recogniser, clips: Ragged) -> NDArray[np.float32]:
        if 25 in clips.frames:
            raise LayoutMismatch("no map from these joints")
        return encode(self, clips)

    monkeypatch.setattr("pgfa.recognise.recogniser.BATCH", 1)
    monkeypatch.setattr(Recogniser, "encode", refusing)
    assert len(opened.features([swaying_clip(), swaying_clip(1)])) == 2
    with pytest.raises(LayoutMismatch, match="no map"):
        opened.features([swaying_clip(), swaying_clip(frames=25), swaying_clip(1)])
