"""Recognisers with a kinematic model: saved, opened, adapted, taught, exported; damaged ones are refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from builders import write_verified
from pgfa.errors import BadCheckpoint, BadConfig
from pgfa.prepare import prepare
from pgfa.recognise import Answers, Recogniser
from pgfa.recognise.bundle import Bundle
from pgfa.skeleton import Ragged
from pgfa.text import glossary
from pgfa.words.interaction_words import needs_two
from pgfa.words.lexicon import word_vectors
from pgfa.words.measures import measure
from pgfa.words.store import load_kinematics, save_kinematics
from recogniser_builders import (
    CALIBRATION,
    SENTENCES,
    frame_lines,
    kinematic_recogniser,
    live_answers,
    swaying_clip,
    tiny_recogniser,
)

CLIPS = [swaying_clip(i) for i in range(14)]


@pytest.fixture(scope="module", params=[True, False], ids=["beside the encoder", "alone"])
def kinematic(request: pytest.FixtureRequest) -> Recogniser:
    return kinematic_recogniser(encoder=request.param)


def form_of(folder: Path) -> str:
    form: str = json.loads((folder / "recogniser.json").read_text())["form"]
    return form


def assert_same(some: list[Answers], others: list[Answers]) -> None:
    """Equal up to the inverses that are computed again from what is stored."""
    for one, other in zip(some, others, strict=True):
        assert [a.sentence for a in one] == [a.sentence for a in other]
        np.testing.assert_allclose([a.cosine for a in one], [a.cosine for a in other], atol=1e-4)
        np.testing.assert_allclose([a.probability for a in one], [a.probability for a in other], atol=1e-3)


def test_features_and_anchors_are_those_of_the_model(kinematic: Recogniser) -> None:
    """Without those of mirror images (test_both_sides.py)."""
    model = kinematic.bundle.kinematics
    assert model is not None
    kinematic = Recogniser(replace(kinematic.bundle, kinematics=replace(model, both_sides=False)))
    bundle = kinematic.bundle
    assert bundle.kinematics is not None
    prepared = prepare(Ragged.from_clips(CLIPS[:3]), bundle.settings.prepare)
    measures = measure(prepared.positions[:, :, 0], prepared.measured[:, 0], prepared.moving_seconds)
    encoded = bundle.encoder.features(prepared.positions, prepared.present)
    np.testing.assert_allclose(
        kinematic.features(CLIPS[:3]), bundle.kinematics.features(measures, encoded), atol=1e-5
    )
    assert encoded.shape[1] == bundle.encoder_size
    vectors = np.stack([bundle.sentences[s] for s in SENTENCES])
    anchors = bundle.anchors(SENTENCES)
    np.testing.assert_allclose(
        anchors, bundle.kinematics.sentences(vectors, word_vectors(SENTENCES)), atol=1e-6
    )
    assert anchors.shape == (4, bundle.size)


@pytest.mark.parametrize("implied", [True, False])
def test_the_glossary_is_asked_if_the_model_was_fitted_with_it(
    kinematic: Recogniser, implied: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first sentence is a name of the first entry, which states more words than the sentence."""
    bundle = kinematic.bundle
    assert bundle.kinematics is not None
    vectors = np.stack([bundle.sentences[s] for s in SENTENCES])
    owner = np.arange(len(glossary.entries()))
    names = np.where(owner[:, None] == 0, vectors[0], -vectors[0]).astype(np.float32)
    monkeypatch.setattr(glossary, "_texts", lambda settings: (names, owner))
    changed = Recogniser(replace(bundle, kinematics=replace(bundle.kinematics, implied=implied)))
    stated = word_vectors(SENTENCES)
    words = glossary.sentence_words(SENTENCES, vectors, bundle.settings.text)
    assert np.abs(words[0]).sum() > np.abs(stated[0]).sum()
    expected = np.tile(bundle.kinematics.sentences(vectors, words if implied else stated), 2)
    np.testing.assert_allclose(changed.bundle.anchors(SENTENCES), expected, atol=1e-6)
    changed.save(tmp_path)
    opened = Recogniser.load(tmp_path)
    np.testing.assert_allclose(opened.bundle.anchors(SENTENCES), expected, atol=1e-4)
    assert_same(opened.recognise(CLIPS[:3], SENTENCES), changed.recognise(CLIPS[:3], SENTENCES))


def test_saved_and_opened_it_answers_the_same(kinematic: Recogniser, tmp_path: Path) -> None:
    kinematic.save(tmp_path)
    assert form_of(tmp_path) == "pgfa recogniser 3"
    opened = Recogniser.load(tmp_path)
    assert opened.calibration == CALIBRATION
    assert opened.bundle.size == kinematic.bundle.size
    assert_same(opened.recognise(CLIPS, SENTENCES), kinematic.recognise(CLIPS, SENTENCES))
    content = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    opened.save(tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == content


def test_a_plain_bundle_in_its_folder_has_form_2(kinematic: Recogniser, tmp_path: Path) -> None:
    kinematic.save(tmp_path)
    tiny_recogniser().save(tmp_path)
    assert form_of(tmp_path) == "pgfa recogniser 2"
    assert not (tmp_path / "kinematics.safetensors").exists()
    opened = Recogniser.load(tmp_path)
    assert opened.bundle.kinematics is None
    # The opened encoder runs on numpy, the other on torch.
    for actual, expected in zip(
        opened.recognise(CLIPS, SENTENCES), tiny_recogniser().recognise(CLIPS, SENTENCES), strict=True
    ):
        assert [a.sentence for a in actual] == [a.sentence for a in expected]
        assert [a.probability for a in actual] == pytest.approx([a.probability for a in expected], abs=1e-5)


def test_adapted_and_taught_it_is_saved(kinematic: Recogniser, tmp_path: Path) -> None:
    changed = kinematic.teach("my dance", CLIPS[:2]).adapt(CLIPS, SENTENCES, cautious=False)
    assert changed.adaptation is not None
    assert sum(changed.adaptation.support) > 0
    assert changed.recentring is not None
    dance = next(a for a in kinematic.teach("my dance", CLIPS[0]).recognise(CLIPS[0]) if a.prototype)
    assert dance.cosine == pytest.approx(1, abs=1e-5)
    changed.save(tmp_path)
    assert form_of(tmp_path) == "pgfa recogniser 3"
    opened = Recogniser.load(tmp_path)
    assert opened.taught == ("my dance",)
    assert_same(opened.recognise(CLIPS, SENTENCES), changed.recognise(CLIPS, SENTENCES))


def test_over_time(kinematic: Recogniser) -> None:
    """A window over all of a recording, and live frames, answer as a recording of the same frames."""
    clip, sentences = swaying_clip(3, frames=90), [s for s in SENTENCES if not needs_two(s)]
    timeline = kinematic.spans(clip, sentences, window=3.0, hop=3.0)
    whole = {a.sentence: a.probability for a in kinematic.recognise(clip, sentences)}
    np.testing.assert_allclose(timeline.probabilities[0, 0, :-1], [whole[s] for s in sentences], atol=1e-4)
    assert [span.sentence for span in timeline.spans] == [max(whole, key=lambda s: whole[s])]
    answer = live_answers(kinematic, frame_lines(clip, '{"layout": "kinect20", "rate": 30}'))[3]
    seen = replace(clip, positions=clip.positions[: round(answer["t"] * 30) + 1])
    assert seen.frames == 20
    cosine = {a["sentence"]: a["cosine"] for a in answer["bodies"][0]["answers"]}
    expected = {a.sentence: a.cosine for a in kinematic.recognise(seen, sentences)}
    assert {s: cosine[s] for s in sentences} == pytest.approx(expected, abs=0.01)  # sent with four decimals


def test_without_a_person_there_is_no_answer(kinematic: Recogniser) -> None:
    """Measures of an absent body are not compared."""
    clip = CLIPS[0]
    empty = replace(clip, positions=np.full_like(clip.positions, np.nan))
    assert not kinematic.features([empty]).any()
    answers = kinematic.recognise([empty, clip], SENTENCES)
    assert answers[0].none == pytest.approx(1)
    assert_same(answers[1:], [kinematic.recognise(clip, SENTENCES)])


def test_exported_to_onnx(kinematic: Recogniser, tmp_path: Path) -> None:
    from pgfa.recognise.export import export

    pytest.importorskip("onnx", reason="reason: the extra `export` is not installed")
    pytest.importorskip("onnxruntime", reason="reason: the extra `export` is not installed")
    kinematic.save(tmp_path / "torch")
    export(tmp_path / "torch", tmp_path / "onnx")
    assert (tmp_path / "onnx" / "encoder.onnx").is_file()
    assert form_of(tmp_path / "onnx") == "pgfa recogniser 3"
    assert_same(
        Recogniser.load(tmp_path / "onnx").recognise(CLIPS, SENTENCES), kinematic.recognise(CLIPS, SENTENCES)
    )


@pytest.mark.parametrize(
    "kind",
    ["changed byte", "absent", "other digest", "no digest", "text", "form 2", "form 1", "other centre"],
)
def test_a_damaged_kinematic_model_is_refused(kind: str, tmp_path: Path) -> None:
    kinematic_recogniser().save(tmp_path)
    manifest, file = tmp_path / "recogniser.json", tmp_path / "kinematics.safetensors"
    content, match = json.loads(manifest.read_text()), str(file)
    if kind == "changed byte":
        raw = bytearray(file.read_bytes())
        raw[-3] ^= 1
        file.write_bytes(raw)
        load_kinematics(file)  # readable, but not what was saved
    elif kind == "absent":
        file.unlink()
    elif kind in ("other digest", "no digest", "text"):  # as in bundles without the list of files
        del content["files"], content["checksum"]
        content["kinematics"] = {
            "other digest": {"file": file.name, "sha256": "0" * 64}, "no digest": {}, "text": file.name
        }[kind]  # fmt: skip
        manifest.write_text(json.dumps(content))
    elif kind.startswith("form"):
        content["form"] = f"pgfa recogniser {kind[-1]}"
        match = f"{manifest}: expected no kinematic model in form"
        write_verified(manifest, content)
    elif kind == "other centre":
        content["text_centre"] = content["text_centre"][1:]
        match = f"{file}: expected sentence vectors of length 5, found 6"
        write_verified(manifest, content)
    with pytest.raises(BadCheckpoint, match=match):
        Recogniser.load(tmp_path)


def test_a_damaged_file_of_the_right_digest_is_refused(tmp_path: Path) -> None:
    recogniser = kinematic_recogniser()
    recogniser.save(tmp_path)
    manifest, file = tmp_path / "recogniser.json", tmp_path / "kinematics.safetensors"
    model = recogniser.bundle.kinematics
    assert model is not None
    save_kinematics(file, replace(model, word_mean=model.word_mean[:1]))
    content = json.loads(manifest.read_text())
    write_verified(manifest, content)
    with pytest.raises(BadCheckpoint, match="word_mean: expected the shape"):
        Recogniser.load(tmp_path)


def test_several_wordings_of_a_candidate_are_averaged(kinematic: Recogniser, tmp_path: Path) -> None:
    for recogniser in (kinematic, tiny_recogniser()):
        one, other = recogniser.bundle.anchors(SENTENCES[:2])
        both = f"{SENTENCES[0]} | {SENTENCES[1]}"
        np.testing.assert_allclose(recogniser.bundle.anchors([both])[0], (one + other) / 2, rtol=1e-5)
        answers = recogniser.recognise(CLIPS[0], [both, SENTENCES[2]])
        assert {answer.sentence for answer in answers} == {both, SENTENCES[2]}
        with pytest.raises(BadConfig, match=r"found an empty one in 'waves \| '"):
            recogniser.bundle.anchors(["waves | "])
    kinematic.save(tmp_path, [both])
    assert SENTENCES[1] in Recogniser.load(tmp_path).bundle.sentences


def test_a_taught_example_finds_itself(kinematic: Recogniser) -> None:
    """Whatever the sentences get: the calibration of prototypes alone is fitted on other clips of a class."""
    steep = replace(CALIBRATION, slope=17.0, prototype_slope=3.0, none=0.5)
    taught = Recogniser(replace(kinematic.bundle, calibration=steep)).teach("my gesture", [CLIPS[0]])
    answers = taught.recognise(CLIPS[0], SENTENCES)
    assert answers[0].sentence == "my gesture"
    assert answers[0].cosine == pytest.approx(1, abs=1e-5)
    assert answers[0].probability > 0.9
    candidates = taught.candidates(SENTENCES)
    cosines = np.full((1, len(candidates)), 0.96, dtype=np.float32)  # below, the calibration is as it was
    expected = steep.probabilities(cosines, candidates.is_prototype)
    np.testing.assert_allclose(candidates.probabilities(cosines), expected, rtol=1e-6)
    # Without a kinematic model all clips have large cosines.
    plain = Recogniser(replace(tiny_recogniser().bundle, calibration=steep)).teach("my gesture", [CLIPS[0]])
    ones = np.ones((1, len(candidates)), dtype=np.float32)
    expected = steep.probabilities(ones, candidates.is_prototype)
    np.testing.assert_allclose(plain.candidates(SENTENCES).probabilities(ones), expected, rtol=1e-6)


def test_vectors_of_the_last_sentences_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = kinematic_recogniser().bundle
    asked: list[str] = []
    encoded = Bundle._encoded

    def counted(self: Bundle, sentences: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(sentences)
        return encoded(self, sentences)

    monkeypatch.setattr(Bundle, "_encoded", counted)
    first = bundle.anchors(SENTENCES)
    assert set(SENTENCES) <= set(asked)
    asked.clear()
    np.testing.assert_array_equal(bundle.anchors(SENTENCES[::-1]), first[::-1])
    assert not asked
    replace(bundle).anchors(SENTENCES[:1])  # another bundle may have another model
    assert SENTENCES[0] in asked
    monkeypatch.setattr("pgfa.recognise.vectors.MAX_KNOWN", 2)
    asked.clear()
    np.testing.assert_allclose(replace(bundle).anchors(SENTENCES), first, atol=1e-6)
