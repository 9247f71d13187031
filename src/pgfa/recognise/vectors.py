"""Vectors of prepared clips and of texts in the space of a recogniser with a kinematic model (`pgfa.words.sides`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pgfa.config import TextSettings
from pgfa.prepare import Prepared
from pgfa.recognise.encoders import FeatureEncoder
from pgfa.text.glossary import sentence_profiles, sentence_words
from pgfa.text.mirror import mirror_sentence
from pgfa.words import sides
from pgfa.words.lexicon import word_vectors
from pgfa.words.measures import measure
from pgfa.words.model import KinematicModel

Array = NDArray[np.float32]


def measured(prepared: Prepared) -> Array:
    """(N, measures) of the main body of each prepared clip, for a kinematic model; see `pgfa.words.measures`."""
    return measure(prepared.positions[:, :, 0], prepared.measured[:, 0], prepared.moving_seconds)


def clip_vectors(
    model: KinematicModel, encoder: FeatureEncoder, prepared: Prepared, at_rest: NDArray[np.bool_] | None
) -> Array:
    """(N, d) vectors of prepared clips, not normalised; `at_rest`: as for `KinematicModel.features`."""
    measures, positions = measured(prepared), prepared.positions
    if model.both_sides:
        positions = sides.right_leading(positions, prepared.layout.mirror, measures)
    return sides.clip_vectors(model, measures, encoder.features(positions, prepared.present), at_rest)


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
    number = {text: row for row, text in enumerate(texts)}

    def described(side: Sequence[str]) -> sides.Described:
        rows = np.array([number[text] for text in side], dtype=np.intp)
        return encoded[rows], words[rows], None if profiles is None else profiles[rows]

    return sides.sentence_vectors(model, described(sentences), described(images) if images else None)
