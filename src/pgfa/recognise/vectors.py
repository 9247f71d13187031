"""Vectors of clips and of sentences in the space of a kinematic model, both as they are and as seen in a mirror.

A vector of both sides is that of a clip (sentence) and that of its mirror image one after the other. A cosine of two
such vectors is the mean of two cosines: of clip and sentence, and of their mirror images. So a clip and its mirror
image have the same answers to sentences that name no side, whatever the model has learned about left and right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import unit_rows
from pgfa.config import TextSettings
from pgfa.prepare import Prepared
from pgfa.recognise.encoders import FeatureEncoder
from pgfa.text.glossary import sentence_profiles, sentence_words
from pgfa.text.mirror import mirror_sentence
from pgfa.words.lexicon import word_vectors
from pgfa.words.measures import measure, mirrored
from pgfa.words.model import KinematicModel

Array = NDArray[np.float32]


def measured(prepared: Prepared) -> Array:
    """(N, measures) of the main body of each prepared clip, for a kinematic model; see `pgfa.words.measures`."""
    return measure(prepared.positions[:, :, 0], prepared.measured[:, 0], prepared.moving_seconds)


def vector_size(model: KinematicModel) -> int:
    """Length of the vectors."""
    return model.size * (1 + model.both_sides)


def clip_vectors(
    model: KinematicModel, encoder: FeatureEncoder, prepared: Prepared, at_rest: NDArray[np.bool_] | None
) -> Array:
    """(N, d) vectors of prepared clips, not normalised; `at_rest`: as for `KinematicModel.features`."""
    measures, positions = measured(prepared), prepared.positions
    rows = model.features(measures, encoder.features(positions, prepared.present), at_rest)
    if not model.both_sides:
        return rows
    # Preparation turns every body to face the viewer, and so does the same to a clip and to its mirror image.
    image = positions[..., prepared.layout.mirror, :]
    image[..., 0] *= -1
    seen = model.features(mirrored(measures), encoder.features(image, prepared.present), at_rest)
    return np.concatenate([unit_rows(rows), unit_rows(seen)], axis=1, dtype=np.float32)


def sentence_vectors(
    model: KinematicModel,
    sentences: Sequence[str],
    encode: Callable[[Sequence[str]], Array],
    settings: TextSettings,
) -> Array:
    """(K, d) vectors of sentences.

    Args:
        model: which is compared.
        sentences: K texts.
        encode: texts -> (texts, e) unit vectors of the sentence encoder.
        settings: which encoder.
    """
    images = [mirror_sentence(sentence) for sentence in sentences] if model.both_sides else []
    texts = list(dict.fromkeys([*sentences, *images]))
    encoded = encode(texts)
    words = sentence_words(texts, encoded, settings) if model.implied else word_vectors(texts)
    profiles = None if model.profile is None else sentence_profiles(encoded, settings)
    vectors, row = model.sentences(encoded, words, profiles), {text: i for i, text in enumerate(texts)}
    sides = [np.array([row[text] for text in of_side], dtype=np.intp) for of_side in (sentences, images)]
    return np.concatenate([vectors[side] for side in sides], axis=1) if images else vectors[sides[0]]
