"""A clip and its mirror image have the same answers, where left and right are swapped in the sentences too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pgfa.recognise import Recogniser
from pgfa.serve.examples import example_clip
from pgfa.skeleton import Clip, get_layout
from pgfa.text import mirror_sentence
from pgfa.words.measures import MEASURES
from pgfa.words.measures import mirrored as mirror_measures
from pgfa.words.sides import left_leads, right_leading
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
    # Without, they are not; and without a motion encoder a cosine is the mean of the two.
    of_clips, of_images = cosines(one, CLIPS, list(SIDED)), cosines(one, images, swapped)
    assert np.abs(of_images - of_clips).max() > 0.01
    if not encoder:
        np.testing.assert_allclose(before, (of_clips + of_images) / 2, atol=0.02)
        np.testing.assert_allclose(before[:, -1], (of_clips[:, -1] + of_images[:, -1]) / 2, atol=1e-5)


def test_a_taught_class_is_found_in_the_mirror_by_its_mirror_image_only() -> None:
    wave = example_clip("wave")
    taught = Recogniser.load().teach("left", [wave]).teach("right", [mirrored(wave)])
    for clip, name in ((wave, "left"), (mirrored(wave), "right")):
        answers = [answer for answer in taught.recognise(clip) if answer.prototype]
        assert answers[0].sentence == name
        assert answers[0].cosine == pytest.approx(1, abs=1e-5)
        assert answers[1].cosine < 0.98


def test_the_motion_encoder_gets_the_side_that_moves_more_on_the_right() -> None:
    measures = np.zeros((3, len(MEASURES)), dtype=np.float32)
    measures[:, MEASURES.index("rel_path")] = (0.5, -0.5, np.nan)
    assert left_leads(measures).tolist() == [False, True, False]
    assert left_leads(mirror_measures(measures)).tolist() == [True, False, False]
    layout, random = get_layout("kinect20"), np.random.default_rng(0)
    positions = random.normal(size=(3, 5, 2, 20, 3)).astype(np.float32)
    out = right_leading(positions, layout.mirror, measures)
    np.testing.assert_array_equal(out[::2], positions[::2])
    left, right = layout.joints.index("hand_left"), layout.joints.index("hand_right")
    np.testing.assert_array_equal(out[1, :, :, right], positions[1, :, :, left] * np.float32([-1, 1, 1]))
    image = positions[..., layout.mirror, :] * np.float32([-1, 1, 1])
    np.testing.assert_array_equal(right_leading(image, layout.mirror, mirror_measures(measures))[:2], out[:2])


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
