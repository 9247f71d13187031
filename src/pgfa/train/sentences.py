"""The sentence vectors that a run is trained against, and the sentences of mirrored clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.config import RunSettings
from pgfa.text.encode import class_vectors
from pgfa.text.mirror import mirrored
from pgfa.text.overlap import same_meaning
from pgfa.train.corpus import Corpus


@dataclass(frozen=True)
class ClassSentences:
    """Sentence vectors of the seen classes, and of their mirror images.

    Attributes:
        vectors: (rows, d) float32; the first rows are the classes in order, then mirrored sentences.
        mirror: (classes,) row of the mirrored class's sentence; the class's own where its words name no side;
            -1 where a mirrored clip may not be used (it would show an unseen class, or none).
        same: (rows, rows) bool: rows that mean the same are no negatives of each other.
        centre: (d,) subtracted from every sentence vector; zero unless `settings.text.centre`.
    """

    vectors: NDArray[np.float32]
    mirror: NDArray[np.int64]
    same: NDArray[np.bool_]
    centre: NDArray[np.float32]


def class_sentences(corpus: Corpus, settings: RunSettings) -> ClassSentences:
    """Encode the seen classes of a corpus and their mirror images.

    Classes of different data sets that mean the same count as the same in the loss, except in the recipe `paper`.
    """
    seen = corpus.seen
    rows = list(seen)
    shown = list(range(len(seen)))  # the class that each row shows
    number = {action.key: i for i, action in enumerate(seen)}
    forbidden = {action.key for action in corpus.unseen}
    mirror = np.arange(len(seen))
    for i, action in enumerate(seen):
        image = mirrored(action, corpus.catalogues[action.dataset])
        if image is None or image.key in forbidden:
            mirror[i] = -1  # a mirrored clip would show no known class, or be a recording of an unseen one
        elif image != action:
            mirror[i] = len(rows)  # the sentence with sides swapped; perhaps another class of the data set
            rows.append(image)
            shown.append(number.get(image.key, len(seen) + i))
    vectors = class_vectors(rows, settings.text)
    centre = np.zeros(vectors.shape[1], dtype=np.float32)
    if settings.text.centre:
        centre = vectors[: len(seen)].mean(axis=0)
    same = np.equal.outer(shown, shown)
    if settings.train.recipe != "paper":
        same |= np.array([[a.dataset != b.dataset and same_meaning(a, b) for b in rows] for a in rows])
    return ClassSentences(vectors, mirror, same, centre)
