"""The sentence vectors a run learns against, and what mirroring a clip does to its sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.config import TextSettings
from pgfa.text.catalogue import ActionClass, Catalogue
from pgfa.text.encode import class_vectors
from pgfa.text.mirror import mirrored
from pgfa.text.overlap import same_meaning


@dataclass(frozen=True)
class Sentences:
    """Vectors of the seen classes, and of what they become in a mirror.

    Attributes:
        vectors: (rows, d) float32; the first rows are the classes in order, then mirrored sentences.
        mirror: (classes,) row of the mirrored class's sentence; the class's own where its words name no side;
            -1 where a mirrored clip may not be used (it would show an unseen class, or none).
        same: (rows, rows) bool: rows that mean the same are no negatives of each other.
        centre: (d,) what is subtracted from every sentence vector, zero unless asked for.
    """

    vectors: NDArray[np.float32]
    mirror: NDArray[np.int64]
    same: NDArray[np.bool_]
    centre: NDArray[np.float32]


def seen_sentences(
    seen: Sequence[ActionClass],
    unseen: Sequence[ActionClass],
    books: Mapping[str, Catalogue],
    settings: TextSettings,
    *,
    merge: bool,
) -> Sentences:
    """Encode the seen classes and their mirror images.

    Args:
        books: the catalogue of each data set.
        merge: whether classes of different data sets that mean the same count as the same in the loss.
    """
    rows = list(seen)
    shows = list(range(len(seen)))  # the class each row stands for
    place = {action.key: i for i, action in enumerate(seen)}
    forbidden = {action.key for action in unseen}
    mirror = np.arange(len(seen))
    for i, action in enumerate(seen):
        image = mirrored(action, books[action.dataset])
        if image is None or image.key in forbidden:
            mirror[i] = -1  # a mirrored clip would show nothing known, or be a recording of an unseen class
        elif image != action:
            mirror[i] = len(rows)  # told with the other side; maybe as another class of the data set
            rows.append(image)
            shows.append(place.get(image.key, len(seen) + i))
    vectors = class_vectors(rows, settings)
    centre = np.zeros(vectors.shape[1], dtype=np.float32)
    if settings.centre:
        centre = vectors[: len(seen)].mean(axis=0)
    same = np.equal.outer(shows, shows)
    if merge:
        alike = np.array([[a.dataset != b.dataset and same_meaning(a, b) for b in rows] for a in rows])
        same |= alike
    return Sentences(vectors, mirror, same, centre)


def candidate_vectors(
    actions: Sequence[ActionClass], settings: TextSettings, centre: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Unit vectors of candidate classes: (classes, d) float32."""
    vectors = class_vectors(actions, settings) - centre
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
