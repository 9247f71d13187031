"""Vectors of prepared clips and of texts in the space of a recogniser with a kinematic model (`pgfa.words.sides`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.config import TextSettings
from pgfa.errors import BadCheckpoint
from pgfa.prepare import Prepared
from pgfa.recognise.encoders import FeatureEncoder
from pgfa.recognise.screening import Screening
from pgfa.text.glossary import sentence_profiles, sentence_words
from pgfa.text.mirror import mirror_sentence
from pgfa.words import sides
from pgfa.words.interaction import interaction_features, interactions
from pgfa.words.interaction_words import interaction_vectors
from pgfa.words.lexicon import word_vectors
from pgfa.words.measures import measure
from pgfa.words.model import KinematicModel

Array = NDArray[np.float32]


MAX_KNOWN = 1000
"""Texts whose vectors are kept: 12 MB."""


class KnownVectors:
    """Vectors of the texts of the last questions: to compute them takes as long as a short clip."""

    def __init__(self) -> None:
        self._rows: dict[str, Array] = {}

    def of(self, texts: Sequence[str], compute: Callable[[Sequence[str]], Array]) -> Array:
        """(texts, d) vectors, of which `compute` gives those that are not known."""
        known = dict(self._rows)  # of this call: another thread may empty the shared one
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if not texts or len(missing) > MAX_KNOWN:
            return compute(texts)
        if missing:
            rows = dict(zip(missing, compute(missing), strict=True))
            if len(self._rows) + len(rows) > MAX_KNOWN:
                self._rows.clear()
            self._rows.update(rows)
            known |= rows
        return np.stack([known[text] for text in texts])


def measured(prepared: Prepared) -> Array:
    """(N, measures) of the main body of each prepared clip, for a kinematic model; see `pgfa.words.measures`."""
    return measure(prepared.positions[:, :, 0], prepared.measured[:, 0], prepared.moving_seconds)


def clip_vectors(
    model: KinematicModel, encoder: FeatureEncoder, prepared: Prepared, screening: Screening
) -> Array:
    """(N, d) vectors of prepared clips, not normalised; `screening`: of the clips."""
    measures, positions = measured(prepared), prepared.positions
    if model.both_sides:
        positions = sides.right_leading(positions, prepared.layout.mirror, measures)
    encoded = encoder.features(positions, prepared.present)
    rows = sides.clip_vectors(model, measures, encoded, screening.at_rest, screening.flat)
    shown = interactions(prepared.positions, prepared.present)
    return sides.with_interactions(model, rows, interaction_features(shown, screening.flat))


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

    rows = sides.sentence_vectors(model, described(sentences), described(images) if images else None)
    return sides.with_interactions(model, rows, interaction_vectors(sentences))


def load_sentences(file: Path, size: int) -> dict[str, NDArray[np.float32]]:
    """Stored vectors by their sentences, (size,) of length 1; none without the file. Raises BadCheckpoint."""
    if not file.is_file():
        return {}
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        table = load_file(file)
    except (SafetensorError, OSError, ValueError) as error:
        raise BadCheckpoint(f"{file}: not readable sentence vectors: {error}") from None
    for sentence, vector in table.items():
        unit = vector.shape == (size,) and abs(float(np.linalg.norm(vector)) - 1) < 1e-3
        if vector.dtype != np.float32 or not unit:
            raise BadCheckpoint(f"{file}, {sentence!r}: expected {size} float32 numbers of length 1")
    return dict(table)
