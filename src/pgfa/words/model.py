"""Kinematics against sentences: measures of clips and sentence vectors in one space (docs/motion-words.md).

Up to four comparisons stand side by side in that space, and with a motion encoder a fifth:

- *description*: a linear map of all measures and their squares to sentence vectors, as a second, very small motion
  encoder that sees real speed, height and travel;
- *network*: the same by a network of three layers, trained to tell classes apart (optional);
- *words*: one detector per motion word, which reads few measures, against the words that a sentence states;
- *profile*: estimates of graded quantities, such as how high the hand gets, against the profile of the sentence in the
  glossary (optional).

All are whitened with the covariance of the training clips, so that the cosine of a clip and a sentence is, up to a
factor of the clip, how many standard deviations the pair lies above that sentence's mean over human motion.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.words.completion import Completion
from pgfa.words.lexicon import WORDS
from pgfa.words.network import Network
from pgfa.words.profile import FULL_LENGTH
from pgfa.words.reads import READS
from pgfa.words.stillness import states_motion, still

Array = NDArray[np.float32]

CLIP: Final = 3.0
"""Standardised measures are cut off here: sensors' errors have no upper limit."""
SHARES: Final = (0.35, 0.9, 1.05, 1.0, 0.35)
"""Weights of description, words, motion encoder, network and profile."""
DETECTED: Final = tuple(word for word in WORDS if word in READS)
"""The words with a detector, in the order of the lexicon."""
DENIED: Final = -0.3
"""Value of a word that a sentence denies, where 1 is a word that it states."""
HOLD: Final = 0.5
"""How far stillness lowers the cosine with a sentence of motion, see `KinematicModel.sentences`."""
PRODUCTS: Final = 10
"""Pairwise products are formed among the first measures of a detector, this many."""


def unit(rows: NDArray[np.floating]) -> Array:
    """Rows scaled to length 1; rows of 0 stay 0."""
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-6), dtype=np.float32)


@dataclass(frozen=True)
class Scale:
    """Measures in units of the training clips' spread.

    Attributes:
        median, spread: (measures,) of the training clips.
    """

    median: Array
    spread: Array

    @classmethod
    def of(cls, measures: Array) -> Scale:
        """From (N, measures) with NaN where not known."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a measure that no clip has
            low, median, high = np.nanquantile(measures, (0.25, 0.5, 0.75), axis=0)
        spread = np.nan_to_num((high - low + 1e-3) * 1.35, nan=1.0)
        return cls(np.nan_to_num(median).astype(np.float32), spread.astype(np.float32))

    def __call__(self, measures: Array) -> Array:
        """(N, measures) scaled and cut off at `CLIP`; 0, the median, where not known."""
        with np.errstate(invalid="ignore"):
            scaled = np.clip((measures - self.median) / self.spread, -CLIP, CLIP)
        return np.asarray(np.nan_to_num(scaled), dtype=np.float32)


@dataclass(frozen=True)
class Whitening:
    """A linear map under which cosines count standard deviations.

    Attributes:
        mean: (d,) of the unit features of the training clips.
        root: (d, d) symmetric square root of their covariance, the smallest variances raised.
        inverse: (d, d) its inverse.
    """

    mean: Array
    root: Array
    inverse: Array

    @classmethod
    def of(cls, features: Array, weights: Array, raised: float = 0.1) -> Whitening:
        """From (N, d) features and (N,) weights; `raised`: share of the mean variance added to every variance."""
        share = (weights / weights.sum()).astype(np.float64)[:, None]
        mean = (features * share).sum(axis=0)
        centred = features - mean
        variance, axes = np.linalg.eigh((centred * share).T @ centred)
        deviation = np.sqrt(np.maximum(variance, 0) + raised * max(float(variance.mean()), 1e-12))
        root, inverse = (axes * deviation) @ axes.T, (axes / deviation) @ axes.T
        return cls(*(np.asarray(x, dtype=np.float32) for x in (mean, root, inverse)))

    def features(self, rows: Array) -> Array:
        """(N, d) whitened features of clips."""
        return np.asarray((rows - self.mean) @ self.inverse, dtype=np.float32)

    def sentences(self, rows: Array) -> Array:
        """(K, d) the vectors of sentences to compare them with, of length 1 (0 for a row of 0)."""
        return unit(rows @ self.root)


@dataclass(frozen=True)
class SentenceSpace:
    """Vectors of a sentence encoder and motion words side by side.

    Attributes:
        centre: (e,) mean of the training classes' sentence vectors.
        word_centre: (words,) their mean word vector.
        word_weights: (words,) larger for rarer words.
    """

    centre: Array
    word_centre: Array
    word_weights: Array

    def vectors(self, encoded: Array, words: Array) -> Array:
        """(K, e + words), both parts with half of the squared length.

        Args:
            encoded: (K, e) of the sentence encoder.
            words: (K, words), see `pgfa.words.lexicon.word_vectors`.
        """
        meaning, stated = encoded - self.centre, (words - self.word_centre) * self.word_weights
        return np.concatenate([unit(meaning), unit(stated)], axis=1) * np.float32(np.sqrt(0.5))


@cache
def _pairs(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of all pairs of `count` columns; numpy takes longer to list them than to multiply the columns."""
    first, second = np.triu_indices(count, 1)
    return first, second


@dataclass(frozen=True)
class Detector:
    """One word from few measures: a quadratic form.

    Attributes:
        columns: (n,) of `MEASURES`.
        weights: of the measures, their squares, their products and 1; see `expand`.
    """

    columns: NDArray[np.int64]
    weights: Array

    @staticmethod
    def expand(standardised: Array) -> Array:
        """(N, n) measures -> (N, m) measures, squares / 3, pairwise products / 3 of the first ten, 1."""
        i, j = _pairs(min(standardised.shape[1], PRODUCTS))
        squares, products = standardised**2 / 3, standardised[:, i] * standardised[:, j] / 3
        one = np.ones((len(standardised), 1), dtype=np.float32)
        return np.concatenate([standardised, squares, products, one], axis=1, dtype=np.float32)

    @staticmethod
    def inputs(measures: int) -> int:
        """Columns that `expand` makes of a number of measures."""
        products = min(measures, PRODUCTS)
        return 2 * measures + products * (products - 1) // 2 + 1

    def __call__(self, standardised: Array) -> Array:
        """(N,) how much clips look like the word; 0 to 1 in training, but not limited to it."""
        return np.asarray(self.expand(standardised[:, self.columns]) @ self.weights, dtype=np.float32)


@dataclass(frozen=True)
class Profile:
    """Estimates of the quantities of `pgfa.words.profile` and what to compare them with.

    Attributes:
        detectors: of `QUANTITIES`, in that order.
        centre: (quantities,) mean of the training clips' profiles.
        spread: (quantities,) of the estimates for the training clips.
        whitening: of the estimates in units of their spread.
    """

    detectors: tuple[Detector, ...]
    centre: Array
    spread: Array
    whitening: Whitening

    def features(self, standardised: Array) -> Array:
        """(N, measures) standardised measures -> (N, quantities)."""
        raw = np.stack([detector(standardised) for detector in self.detectors], axis=1)
        return self.whitening.features(raw / self.spread)

    def sentences(self, profiles: Array) -> Array:
        """(K, quantities) profiles of sentences -> vectors to compare the features with, of length at most 1."""
        length = np.linalg.norm(profiles - self.centre, axis=1, keepdims=True)
        vectors = self.whitening.sentences(profiles - self.centre)
        return np.asarray(vectors * np.minimum(length / np.float32(FULL_LENGTH), 1), dtype=np.float32)


@dataclass(frozen=True)
class KinematicModel:
    """Measures of clips and sentences as vectors that can be compared by cosine.

    Attributes:
        scale: of the measures.
        space: of the sentences.
        weights: (2 measures + 1, e + words) of the description.
        description: its whitening.
        detectors: of `DETECTED`, in that order.
        word_mean, word_spread: (detected,) of their outputs on the training clips.
        words: whitening of the standardised outputs.
        encoder: whitening of the unit features of a motion encoder trained against `space`, or None without one.
        network: trained against `space`, with the whitening of its unit outputs, or None without one.
        stillness: whether the vectors end in two numbers that keep sentences of motion from bodies that are still
            (`pgfa.words.stillness`); models of earlier versions have none.
        implied: whether sentences come with the words that the glossary implies (`pgfa.text.glossary`); models of
            earlier versions were fitted without them.
        shares: weights of description, words, encoder, network and profile.
        profile: of graded quantities, or None without them.
        both_sides: whether clips and sentences are compared with their mirror images too (`pgfa.words.sides`);
            models of earlier versions are not.
        background: (B, size) vectors of everyday actions that name no side, by which "none of these" is judged
            (`pgfa.recognise.background`), or None without them.
        interacting: whether the vectors end in what two people do to each other (`pgfa.words.interaction`); models of
            earlier versions have nothing of it.
        completion: of measures that a clip does not show; models of earlier versions have none: a joint never seen
            counts as the median, and a clip without depth as it is.
    """

    scale: Scale
    space: SentenceSpace
    weights: Array
    description: Whitening
    detectors: tuple[Detector, ...]
    word_mean: Array
    word_spread: Array
    words: Whitening
    encoder: Whitening | None = None
    network: tuple[Network, Whitening] | None = None
    implied: bool = True
    stillness: bool = True
    shares: tuple[float, float, float, float, float] = SHARES
    profile: Profile | None = None
    both_sides: bool = True
    background: Array | None = None
    completion: Completion | None = None
    interacting: bool = False

    @property
    def size(self) -> int:
        """Length of the vectors of one side, without interactions."""
        return int(self.columns[-1].stop)

    @property
    def columns(self) -> tuple[slice, ...]:
        """Of the vectors of one side: description, words, encoder, network, profile, stillness; empty if missing."""
        width = int(self.weights.shape[1])
        encoder, network = width * (self.encoder is not None), width * (self.network is not None)
        graded = 0 if self.profile is None else len(self.profile.centre)
        ends = np.cumsum(
            [0, width, len(self.detectors), encoder, network, graded, 2 * self.stillness]
        ).tolist()
        return tuple(slice(first, last) for first, last in pairwise(ends))

    def with_encoder(self, features: Array, weights: Array) -> KinematicModel:
        """With a motion encoder beside it, whose features of the training clips are given.

        Args:
            features: (N, e + words) of any length.
            weights: (N,) of the clips.
        """
        return replace(self, encoder=Whitening.of(unit(features), weights))

    def with_network(self, network: Network, measures: Array, weights: Array) -> KinematicModel:
        """With a network beside the description.

        Args:
            network: trained against `space`.
            measures: (N, measures) of the training clips.
            weights: (N,) of the clips.
        """
        outputs = unit(network(self.scale(measures)))
        return replace(self, network=(network, Whitening.of(outputs, weights)))

    def standardised(self, measures: Array, flat: NDArray[np.bool_] | None = None) -> Array:
        """(N, measures) in units of their spread, what a clip does not show estimated; `flat`: (N,) without depth."""
        scaled = self.scale(measures)
        return scaled if self.completion is None else self.completion(scaled, np.isnan(measures), flat)

    def evidence(self, measures: Array, flat: NDArray[np.bool_] | None = None) -> Array:
        """(N, detected) standard deviations by which clips look more like each word than the training clips do.

        0 for a word of which most measures are unknown: what is estimated from others is no evidence of its own.
        """
        evidence, unknown = self._evidence(self.standardised(measures, flat)), np.isnan(measures)
        shares = np.stack([unknown[:, detector.columns].mean(axis=1) for detector in self.detectors], axis=1)
        return np.where(shares > 0.5, np.float32(0), evidence)

    def _evidence(self, standardised: Array) -> Array:
        raw = np.stack([detector(standardised) for detector in self.detectors], axis=1)
        return np.asarray((raw - self.word_mean) / self.word_spread, dtype=np.float32)

    def features(
        self,
        measures: Array,
        encoded: Array | None = None,
        at_rest: Array | None = None,
        flat: NDArray[np.bool_] | None = None,
    ) -> Array:
        """(N, size) vectors of clips.

        Args:
            measures: (N, measures), see `pgfa.words.measures.measure`.
            encoded: (N, e + words) features of the motion encoder, if there is one.
            at_rest: (N,) from 0 to 1, how still bodies are known to stay, beside those whose measures say so.
            flat: (N,) clips without depth.
        """
        standardised = self.standardised(measures, flat)
        described = unit(with_squares(standardised) @ self.weights)
        words = self.words.features(self._evidence(standardised))
        parts = [
            self.description.features(described) * np.float32(self.shares[0]),
            words * np.float32(self.shares[1]),
        ]
        if self.encoder is not None:
            assert encoded is not None
            parts.append(self.encoder.features(unit(encoded)) * np.float32(self.shares[2]))
        if self.network is not None:
            network, whitening = self.network
            parts.append(whitening.features(unit(network(standardised))) * np.float32(self.shares[3]))
        if self.profile is not None:
            parts.append(self.profile.features(standardised) * np.float32(self.shares[4]))
        rows = np.concatenate(parts, axis=1)
        if not self.stillness:
            return rows
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        resting = still(measures) if at_rest is None else np.maximum(still(measures), at_rest)
        resting = resting[:, None] * length
        return np.concatenate([rows, resting, np.zeros_like(resting)], axis=1, dtype=np.float32)

    def sentences(
        self, encoded: Array, words: Array, profiles: Array | None = None, neutral: Array | None = None
    ) -> Array:
        """(K, size) vectors of sentences, from vectors of the sentence encoder, of the lexicon and of the glossary.

        Args:
            encoded: (K, e) of the sentence encoder.
            words: (K, words), see `pgfa.text.glossary.sentence_words`.
            profiles: (K, quantities), see `pgfa.text.glossary.sentence_profiles`; None: nothing is known of them.
            neutral: (K, e + words) vectors of `space` that the motion encoder is compared with; None: the sentences'.

        With `stillness`, where c is the cosine without it: a body that moves has c / sqrt(1 + HOLD**2) with all
        sentences, a still one c / sqrt(2 (1 + HOLD**2)), and (c - HOLD) / sqrt(2 (1 + HOLD**2)) with those of motion.
        """
        vectors = self.space.vectors(encoded, words)
        stated = stated_words(words) * self.space.word_weights[_COLUMNS]
        # A sentence with one vague word is less sure of it than one with several.
        length = np.minimum(np.linalg.norm(stated, axis=1, keepdims=True) / 0.5, 1)
        parts = [self.description.sentences(vectors), self.words.sentences(stated) * length]
        if self.encoder is not None:
            parts.append(self.encoder.sentences(vectors if neutral is None else neutral))
        if self.network is not None:
            parts.append(self.network[1].sentences(vectors))
        if self.profile is not None:
            nothing = np.tile(self.profile.centre, (len(words), 1))
            parts.append(self.profile.sentences(nothing if profiles is None else profiles))
        rows = np.concatenate(parts, axis=1)
        if not self.stillness:
            return np.asarray(rows, dtype=np.float32)
        # All sentences get longer by the same factor, so that no cosine of a body that moves depends on it.
        length = HOLD * np.linalg.norm(rows, axis=1, keepdims=True)
        moving = states_motion(words)[:, None]
        against = np.concatenate([np.where(moving, -length, 0), np.where(moving, 0, length)], axis=1)
        return np.concatenate([rows, against], axis=1, dtype=np.float32)


_COLUMNS: Final = np.array([WORDS.index(word) for word in DETECTED])


def stated_words(words: Array) -> Array:
    """(K, detected) of the lexicon's (K, words): 1 stated, `DENIED` denied, 0 not mentioned."""
    return np.asarray(np.where(words[:, _COLUMNS] < 0, DENIED, words[:, _COLUMNS]), dtype=np.float32)


def with_squares(standardised: Array) -> Array:
    """(N, 2 n + 1): measures, their squares / 3, and 1."""
    one = np.ones((len(standardised), 1), dtype=np.float32)
    return np.concatenate([standardised, standardised**2 / 3, one], axis=1, dtype=np.float32)
