"""Both sides of a body: vectors of clips and sentences that are the same in a mirror, left and right swapped.

A vector of both sides is that of a clip (sentence) and that of its mirror image one after the other. A cosine of two
such vectors is the mean of two cosines: of clip and sentence, and of their mirror images. So a clip and its mirror
image have the same answers to sentences that name no side, whatever the model has learned about left and right.

Measures of the mirror image are those of the clip, reordered. The motion encoder runs once per clip, on the clip or on
its mirror image, whichever has the more active side on the right, and is compared with what a sentence and its mirror
image have in common: the other parts distinguish sides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.words.interaction import SIZE
from pgfa.words.measures import MEASURES, mirrored
from pgfa.words.model import Array, KinematicModel, unit

_ACTIVITY = {"rel_path": 1.0, "rel_std": 1.0, "rel_foot_std": 0.5}
"""Measures from -1 (left only) to 1 (right only) of which the weighted sum tells the more active side: hands first."""
_COLUMNS = np.array([MEASURES.index(name) for name in _ACTIVITY])
_WEIGHTS = np.array(list(_ACTIVITY.values()), dtype=np.float32)

Described = tuple[Array, Array, Array | None]
"""Of K sentences, as `KinematicModel.sentences` takes it: (K, e), (K, words), (K, quantities) or None."""


def left_leads(measures: Array) -> NDArray[np.bool_]:
    """(N,) whether the left side is the more active one; unknown measures count as 0."""
    out: NDArray[np.bool_] = np.nan_to_num(measures[:, _COLUMNS]) @ _WEIGHTS < 0
    return out


def right_leading(positions: Array, mirror: NDArray[np.int64], measures: Array) -> Array:
    """Clips whose more active side is the right one: the mirror image where it is the left one.

    Args:
        positions: (N, T, bodies, V, 3) prepared clips, their right at +x. Preparation turns a body to face the viewer,
            and so does the same to a clip and to its mirror image.
        mirror: (V,) the joint of the other side.
        measures: (N, measures) of the main body.
    """
    left = left_leads(measures)
    if not left.any():
        return positions
    out = positions.copy()
    images = positions[left][..., mirror, :]
    images[..., 0] *= -1
    out[left] = images
    return out


def vector_size(model: KinematicModel) -> int:
    """Length of the vectors."""
    return model.size * (1 + model.both_sides) + SIZE * model.interacting


def with_interactions(model: KinematicModel, rows: Array, interactions: Array) -> Array:
    """(N, `vector_size`) vectors of both sides, and what is seen or said of two people after them.

    Where nothing is, cosines are those without it.

    Args:
        model: `interacting`, or the vectors are returned as they are.
        rows: (N, d) vectors of clips or sentences.
        interactions: (N, SIZE), in units of the length of a row.
    """
    if not model.interacting:
        return rows
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.concatenate([rows, interactions * length], axis=1, dtype=np.float32)


def clip_vectors(
    model: KinematicModel,
    measures: Array,
    encoded: Array | None,
    at_rest: Array | None = None,
    flat: NDArray[np.bool_] | None = None,
) -> Array:
    """(N, d) of clips, not normalised; without interactions, see `with_interactions`.

    Args:
        model: which is compared.
        measures: (N, measures).
        encoded: (N, e + words) features of the motion encoder, if there is one: with `both_sides` of `right_leading`
            clips.
        at_rest, flat: as for `KinematicModel.features`.
    """
    if not model.both_sides:
        return model.features(measures, encoded, at_rest, flat)
    # One call for both sides: a call costs more than a clip.
    twice = (None if x is None else np.concatenate([x, x]) for x in (encoded, at_rest, flat))
    rows = unit(model.features(np.concatenate([measures, mirrored(measures)]), *twice))
    return np.concatenate(np.split(rows, 2), axis=1)


def background_vectors(model: KinematicModel) -> Array | None:
    """(B, `vector_size`) of the everyday actions of a model, None without them: they are the same in a mirror."""
    if model.background is None:
        return None
    rows = np.tile(model.background, (1, 1 + model.both_sides))
    return with_interactions(model, rows, np.zeros((len(rows), SIZE), dtype=np.float32))


def sentence_vectors(model: KinematicModel, sentences: Described, images: Described | None) -> Array:
    """(K, d) of sentences, without interactions; `images`: of the mirrored sentences, not used without `both_sides`."""
    if not model.both_sides:
        return model.sentences(*sentences)
    assert images is not None
    neutral = (model.space.vectors(*sentences[:2]) + model.space.vectors(*images[:2])) * np.float32(0.5)
    return np.concatenate([model.sentences(*side, neutral) for side in (sentences, images)], axis=1)
