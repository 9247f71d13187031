"""A `KinematicModel` from clips of several data sets: ridge regressions in closed form, seconds instead of hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.words.completion import Completion, with_one
from pgfa.words.lexicon import WORDS
from pgfa.words.measures import MEASURES, mirrored
from pgfa.words.model import (
    DENIED,
    DETECTED,
    Array,
    Detector,
    KinematicModel,
    Profile,
    Scale,
    SentenceSpace,
    Whitening,
    unit,
    with_squares,
)
from pgfa.words.profile import COLUMNS
from pgfa.words.reads import READS

DESCRIPTION_RIDGE = 200.0
DETECTOR_RIDGE = 60.0
DEPTH_RIDGE = 200.0
STATED = 1.5
"""A word counts as stated by a class from two thirds of its texts on."""
LARGE_SET = 2000
"""A set with more clips than this has no more weight than one of this size."""


@dataclass(frozen=True)
class MeasuredSet:
    """One data set, measured.

    Attributes:
        measures, mirrored: (N, measures) of its clips and of their mirror images.
        labels: (N,) class of each clip, below K.
        encoded, encoded_mirrored: (K, e) mean vector of the sentences of each class, and of the mirrored sentences.
        words, words_mirrored: (K, words) mean word vectors of the same.
        profiles: (K, quantities) mean profiles of the sentences; no quantity names a side, so those of the mirrored
            sentences are the same. None: without.
        share: factor of the weight of the set among all.
        flat: (N, measures) of its clips as cameras without depth see them, or None.
    """

    measures: Array
    mirrored: Array
    labels: NDArray[np.int64]
    encoded: Array
    encoded_mirrored: Array
    words: Array
    words_mirrored: Array
    profiles: Array | None = None
    share: float = 1.0
    flat: Array | None = None


def fit_kinematics(sets: Sequence[MeasuredSet], space: SentenceSpace | None = None) -> KinematicModel:
    """Fit on clips and their mirror images, balanced between data sets and classes (`clip_weights`).

    With a part for profiles, and estimates of depth, where all sets have what they are fitted on.

    Args:
        sets: all that is trained on.
        space: of the sentences; None: `sentence_space` of the sets.
    """
    measures = np.concatenate([s.measures for s in sets] + [s.mirrored for s in sets])
    weights = np.tile(clip_weights(sets), 2)
    space = sentence_space(sets) if space is None else space
    rows = np.concatenate([s.labels + first for s, first in zip(sets, _firsts(sets), strict=True)])
    classes = sum(len(s.words) for s in sets)
    rows = np.concatenate([rows, rows + classes])
    encoded = np.concatenate([s.encoded for s in sets] + [s.encoded_mirrored for s in sets])
    words = np.concatenate([s.words for s in sets] + [s.words_mirrored for s in sets])

    scale = Scale.of(measures)
    standardised = scale(measures)
    inputs = with_squares(standardised)
    map_ = ridge(inputs, space.vectors(encoded, words)[rows], weights, DESCRIPTION_RIDGE)
    description = Whitening.of(unit(inputs @ map_), weights)
    targets = np.clip(words * STATED, DENIED, 1)[rows]
    detectors = tuple(_detector(word, standardised, targets, weights) for word in DETECTED)
    raw = np.stack([detector(standardised) for detector in detectors], axis=1)
    mean, deviation = raw.mean(axis=0), raw.std(axis=0) + np.float32(0.02)
    return KinematicModel(
        scale, space, map_, description, detectors, mean, deviation,
        Whitening.of((raw - mean) / deviation, weights),
        profile=_profile(sets, standardised, rows % classes, weights),
        completion=Completion.of(standardised, weights, _depth(sets, scale, standardised, weights)),
    )  # fmt: skip


def _depth(sets: Sequence[MeasuredSet], scale: Scale, standardised: Array, weights: Array) -> Array | None:
    """What depth adds to the measures of clips, where all sets were seen without it as well."""
    flat = [s.flat for s in sets if s.flat is not None]
    if len(flat) < len(sets):
        return None
    seen = scale(np.concatenate([*flat, *(mirrored(of_set) for of_set in flat)]))
    return ridge(with_one(seen), standardised - seen, weights, DEPTH_RIDGE)


def _profile(
    sets: Sequence[MeasuredSet], standardised: Array, rows: NDArray[np.int64], weights: Array
) -> Profile | None:
    """Estimates of each quantity, and what they are compared with; `rows`: the class of each clip among all."""
    profiles = [s.profiles for s in sets if s.profiles is not None]
    if len(profiles) < len(sets):
        return None
    targets = np.concatenate(profiles)[rows]
    centre = np.average(targets, axis=0, weights=weights).astype(np.float32)
    estimates, detectors = [], []
    for number, columns in enumerate(COLUMNS):
        inputs = Detector.expand(standardised[:, columns])
        fitted = ridge(inputs, targets[:, number] - centre[number], weights, DETECTOR_RIDGE)
        detectors.append(Detector(columns, fitted))
        estimates.append(inputs @ fitted)
    raw = np.stack(estimates, axis=1)
    spread = raw.std(axis=0) + np.float32(0.02)
    return Profile(tuple(detectors), centre, spread, Whitening.of(raw / spread, weights))


def clip_weights(sets: Sequence[MeasuredSet]) -> Array:
    """(all clips,) mean 1. A class counts by the root of its clips; a set by the root of its clips (at most
    LARGE_SET), the fourth root of its classes and its `share`."""
    parts = []
    for s in sets:
        count = np.bincount(s.labels)
        weight = 1 / np.sqrt(count[s.labels])
        share = s.share * min(len(s.labels), LARGE_SET) ** 0.5 * len(s.words) ** 0.25
        parts.append(weight * (share / weight.sum()))
    weights = np.concatenate(parts)
    return np.asarray(weights / weights.mean(), dtype=np.float32)


def ridge(inputs: Array, targets: Array, weights: Array, penalty: float) -> Array:
    """Weights that minimise the weighted squared error plus penalty times their squares: (inputs, targets)."""
    weighted = inputs * weights[:, None]
    gram = weighted.T @ inputs
    gram[np.diag_indices(len(gram))] += np.float32(penalty)
    return np.asarray(np.linalg.solve(gram, weighted.T @ targets), dtype=np.float32)


def _detector(word: str, standardised: Array, targets: Array, weights: Array) -> Detector:
    columns = np.array([MEASURES.index(name) for name in READS[word]], dtype=np.int64)
    target = targets[:, WORDS.index(word)]
    stated = target > 0.3
    # Rare words are weighted up to half of all clips, but not without limit.
    share = max(float((weights * stated).sum() / weights.sum()), 0.01)
    balanced = weights * np.where(stated, min(0.5 / share, 8), 1).astype(np.float32)
    inputs = Detector.expand(standardised[:, columns])
    return Detector(columns, ridge(inputs, target, balanced, DETECTOR_RIDGE))


def sentence_space(sets: Sequence[MeasuredSet]) -> SentenceSpace:
    """The space of the sentences of all classes of some sets."""
    encoded = np.concatenate([s.encoded for s in sets])
    words = np.concatenate([s.words for s in sets])
    mirrored = np.concatenate([s.words_mirrored for s in sets])
    share = np.abs(words).mean(axis=0)
    rarity = np.sqrt(np.maximum(np.log(1 / (share + 0.01)), 0.1))
    centre = (words.mean(axis=0) + mirrored.mean(axis=0)) / 2
    return SentenceSpace(
        encoded.mean(axis=0).astype(np.float32), centre.astype(np.float32), rarity.astype(np.float32)
    )


def _firsts(sets: Sequence[MeasuredSet]) -> list[int]:
    return [0, *np.cumsum([len(s.words) for s in sets])[:-1].tolist()]
