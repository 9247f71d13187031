"""A clip and its mirror image have the same answers, where left and right are swapped in the sentences too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pgfa.recognise import Recogniser
from pgfa.skeleton import Clip
from pgfa.text import mirror_sentence
from recogniser_builders import kinematic_recogniser, swaying_clip

SIDED = ("a person waves the left hand", "a person kicks with the right leg", "a person bows")
CLIPS = [swaying_clip(i) for i in range(6)]


def mirrored(clip: Clip) -> Clip:
    positions = clip.positions[..., clip.layout.mirror, :] * np.array([-1, 1, 1], dtype=np.float32)
    return replace(clip, positions=positions)


def recogniser(*, encoder: bool = True, both_sides: bool = True) -> Recogniser:
    """With vectors of all sentences, so that no sentence encoder is needed."""
    bundle = kinematic_recogniser(encoder=encoder).bundle
    assert bundle.kinematics is not None
    texts = dict.fromkeys([*SIDED, *map(mirror_sentence, SIDED)])
    rows = np.random.default_rng(5).normal(size=(len(texts), len(bundle.centre))).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    stored = dict(zip(texts, rows, strict=True))
    model = replace(bundle.kinematics, both_sides=both_sides)
    return Recogniser(replace(bundle, sentences={**bundle.sentences, **stored}, kinematics=model))


def cosines(recogniser: Recogniser, clips: list[Clip], sentences: list[str]) -> np.ndarray:
    of_clips = [{a.sentence: a.cosine for a in answers} for answers in recogniser.recognise(clips, sentences)]
    return np.array([[of_clip[sentence] for sentence in sentences] for of_clip in of_clips])


@pytest.mark.parametrize("encoder", [True, False])
def test_in_the_mirror_the_answers_are_the_same(encoder: bool) -> None:
    images, swapped = [mirrored(clip) for clip in CLIPS], [mirror_sentence(text) for text in SIDED]
    one, both = recogniser(encoder=encoder, both_sides=False), recogniser(encoder=encoder)
    before, after = cosines(both, CLIPS, list(SIDED)), cosines(both, images, swapped)
    np.testing.assert_allclose(after, before, atol=1e-5)
    # Without, they are not; and a cosine is the mean of the two.
    of_clips, of_images = cosines(one, CLIPS, list(SIDED)), cosines(one, images, swapped)
    assert np.abs(of_images - of_clips).max() > 0.01
    np.testing.assert_allclose(before, (of_clips + of_images) / 2, atol=0.02)
    np.testing.assert_allclose(before[:, -1], (of_clips[:, -1] + of_images[:, -1]) / 2, atol=1e-5)


def test_a_taught_class_is_found_in_the_mirror_by_its_mirror_image_only() -> None:
    taught = recogniser().teach("left", CLIPS[:1]).teach("right", [mirrored(CLIPS[0])])
    for clip, name in ((CLIPS[0], "left"), (mirrored(CLIPS[0]), "right")):
        answers = [answer for answer in taught.recognise(clip) if answer.prototype]
        assert answers[0].sentence == name
        assert answers[0].cosine == pytest.approx(1, abs=1e-5) != pytest.approx(answers[1].cosine, abs=0.01)


def test_a_saved_bundle_has_the_vectors_of_mirrored_sentences(tmp_path: Path) -> None:
    whole = recogniser()
    kept = {text: whole.bundle.sentences[text] for text in SIDED[:1]}
    missing = {mirror_sentence(text): whole.bundle.sentences[mirror_sentence(text)] for text in SIDED[:1]}
    replace(whole.bundle, sentences={**kept, **missing}).save(tmp_path, SIDED[:1])
    opened = Recogniser.load(tmp_path)
    assert set(opened.bundle.sentences) == {*kept, *missing}
    np.testing.assert_allclose(
        cosines(opened, CLIPS, list(SIDED[:1])), cosines(whole, CLIPS, list(SIDED[:1])), atol=1e-4
    )
