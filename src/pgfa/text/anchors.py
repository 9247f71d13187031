"""Sentences -> anchors: the vectors that features of clips are compared with, one per class.

Two functions on purpose, for they answer two questions:

- `sentence_anchors`: a user gives one sentence per class, in any words (`pgfa.recognise`). Its unit vector minus
  the centre. Not scaled to length 1 again: a cosine does so anyhow, and the sum with the centre gives back the
  encoder's vector, which is what a bundle stores.
- `class_anchors`: the classes of catalogues (`pgfa.train`, `pgfa.evaluate`, `pgfa.research`). The mean of the
  vectors of a class's sentence variants (method.md section 2), minus the centre, then scaled to length 1, for
  alignment and the baselines take lengths into account.

With one variant both have the same directions. The centre is the one of the training run: zero, or the mean
vector of the seen classes (`TextSettings.centre`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pgfa.config import TextSettings
from pgfa.errors import BadConfig
from pgfa.text.catalogue import ActionClass
from pgfa.text.encode import Vectors, class_vectors, encode

NO_VECTORS: Mapping[str, Vectors] = {}


def sentence_anchors(
    sentences: Sequence[str],
    settings: TextSettings,
    centre: NDArray[np.float32],
    stored: Mapping[str, Vectors] = NO_VECTORS,
) -> Vectors:
    """Anchors of free sentences.

    Args:
        sentences: K texts.
        settings: which encoder.
        centre: (d,) subtracted from every vector.
        stored: sentence -> unit vector; the sentence encoder is loaded only for other sentences.

    Returns:
        (K, d) float32, unit vectors minus the centre.

    Raises:
        BadConfig: an empty sentence, or a sentence encoder that is not available.
    """
    vectors = {sentence: stored[sentence] for sentence in sentences if sentence in stored}
    if missing := [sentence for sentence in dict.fromkeys(sentences) if sentence not in vectors]:
        vectors |= zip(missing, encode(missing, settings), strict=True)
    return np.stack([vectors[sentence] for sentence in sentences]) - centre


def wordings_of(sentence: str) -> list[str]:
    """The wordings of one candidate, which ``|`` separates: ``"wave | greets by waving"``.

    Raises:
        BadConfig: a wording is empty.
    """
    wordings = [wording.strip() for wording in sentence.split("|")]
    if not all(wordings):
        raise BadConfig(
            where="wordings",
            expected="text before, between and after |",
            found=f"an empty one in {sentence!r:.80}",
        )
    return wordings if len(wordings) > 1 else [sentence]


def class_anchors(
    actions: Sequence[ActionClass], settings: TextSettings, centre: NDArray[np.float32]
) -> Vectors:
    """Anchors of classes: (K, d) float32, rows of length 1. Raises as `pgfa.text.encode.class_vectors`.

    Args:
        actions: K classes.
        settings: which encoder and which sentence variants.
        centre: (d,) subtracted from every mean vector.
    """
    vectors = class_vectors(actions, settings) - centre
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
