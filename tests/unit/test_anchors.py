"""Sentence vectors as anchors: of free sentences and of classes, alike in direction, different in length."""

from __future__ import annotations

import numpy as np
import pytest

import pgfa.text.anchors as anchors_module
from pgfa.config import TextSettings
from pgfa.text import catalogue, encode, sentence_of
from pgfa.text.anchors import class_anchors, sentence_anchors

ACTIONS = [catalogue("utd-mhad")[name] for name in ("wave", "bowling", "squat")]
SENTENCES = [sentence_of(action, "plain") for action in ACTIONS]
CENTRE = np.linspace(-0.02, 0.03, 384, dtype=np.float32)


def test_anchors_of_sentences_are_their_vectors_minus_the_centre() -> None:
    vectors = encode(SENTENCES, TextSettings())
    anchors = sentence_anchors(SENTENCES, TextSettings(), CENTRE)
    np.testing.assert_array_equal(anchors, vectors - CENTRE)
    assert anchors.dtype == np.float32


def test_stored_vectors_are_used_and_only_the_others_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[list[str]] = []

    def counting(sentences: list[str], settings: TextSettings) -> np.ndarray:
        encoded.append(list(sentences))
        return encode(sentences, settings)

    monkeypatch.setattr(anchors_module, "encode", counting)
    stored = {SENTENCES[1]: np.eye(1, 384, 7, dtype=np.float32)[0]}
    anchors = sentence_anchors([*SENTENCES, SENTENCES[0]], TextSettings(), CENTRE, stored)
    assert encoded == [[SENTENCES[0], SENTENCES[2]]]
    np.testing.assert_array_equal(anchors[1], stored[SENTENCES[1]] - CENTRE)
    np.testing.assert_array_equal(anchors[0], anchors[3])


def test_anchors_of_classes_are_means_over_variants_of_length_one() -> None:
    settings = TextSettings(variants=("plain", "skeleton"))
    anchors = class_anchors(ACTIONS, settings, CENTRE)
    for action, anchor in zip(ACTIONS, anchors, strict=True):
        vectors = encode([sentence_of(action, variant) for variant in settings.variants], TextSettings())
        mean = vectors.mean(axis=0) - CENTRE
        np.testing.assert_allclose(anchor, mean / np.linalg.norm(mean), atol=1e-7)


def test_with_one_variant_both_have_the_same_directions() -> None:
    settings = TextSettings(variants=("plain",))
    free = sentence_anchors(SENTENCES, settings, CENTRE)
    of_classes = class_anchors(ACTIONS, settings, CENTRE)
    np.testing.assert_allclose(np.linalg.norm(of_classes, axis=1), 1, atol=1e-6)
    assert (np.linalg.norm(free, axis=1) != 1).any()
    np.testing.assert_allclose(free / np.linalg.norm(free, axis=1, keepdims=True), of_classes, atol=1e-6)
