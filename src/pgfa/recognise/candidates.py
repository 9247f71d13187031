"""What a recording is compared with: sentences and taught classes, one vector each, and how they are ranked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import Recentring, cosines
from pgfa.errors import BadConfig
from pgfa.recognise.answers import NONE, Answer, Answers
from pgfa.recognise.background import Background
from pgfa.recognise.calibration.model import Calibration
from pgfa.skeleton import Clip, Ragged
from pgfa.text.encode import check_sentences

Array = NDArray[np.float32]

Encode = Callable[[Ragged], Array]
"""Clips of one layout -> (clips, d) features in sentence space, not normalised; 0 where no person is detected."""


MAX_CANDIDATES = 1_000
"""Sentences of one question."""

NONE_SHARE_OVER_TIME = 0.5
"""Share of the windows of a long recording that show none of the sentences, before the recording is seen. Chosen on
untrimmed recordings of data sets left out (docs/untrimmed.md)."""

SAME_FROM = 0.97
"""Cosine to a prototype from which a recording counts as (nearly) one of its examples."""
SAME_LEAD = 4.0
"""At cosine 1 the logit of a prototype is at least this above that of a sentence of cosine 1."""


@dataclass(frozen=True)
class Adjustment:
    """How a person's corrections change cosines (`pgfa.recognise.corrections`).

    Attributes:
        closeness: (N, d) features -> (N, M) closeness to each corrected window, 0 to 1.
        weights: (M, K) change of the cosine of each candidate at closeness 1.
    """

    closeness: Callable[[Array], Array]
    weights: Array


@dataclass(frozen=True)
class Candidates:
    """The possible answers to one question.

    Attributes:
        names: K sentences and taught classes.
        vectors: (K, d) sentence vectors or prototypes, recentred, in the space of the features.
        is_prototype: (K,) whether the vector is a prototype, averaged from clips.
        needs_two: (K,) whether the sentence describes two people and is compared with pairs of bodies.
        calibration: cosines -> probabilities.
        recentring: of the features before they are compared; None: they are compared as they are.
        whitened: whether a cosine near 1 means the same recording, as in the space of a kinematic model; features of
            an encoder alone lie in a narrow cone, where cosines of different clips are near 1 too.
        adjustment: by a person's corrections; cosines may then exceed 1.
        recogniser: whose candidates they are, as `Bundle.name`.
        aligned: whether it was adapted on unlabelled clips.
        background: everyday actions, whose closeness is subtracted from the cosines of sentences, or None.
    """

    names: tuple[str, ...]
    vectors: Array
    is_prototype: NDArray[np.bool_]
    needs_two: NDArray[np.bool_]
    calibration: Calibration
    recentring: Recentring | None = None
    whitened: bool = False
    adjustment: Adjustment | None = None
    recogniser: str = ""
    aligned: bool = False
    background: Background | None = None

    def __len__(self) -> int:
        return len(self.names)

    def cosines(self, features: Array, columns: NDArray[np.bool_] | slice = slice(None)) -> Array:
        """(N, K) cosines between (N, d) features and the candidates, or those of `columns`.

        Standardised where the recogniser was adapted; those of sentences less what everyday actions take from them.
        """
        if self.recentring is None:
            similarity = cosines(features, self.vectors[columns])
        else:
            similarity = cosines(self.recentring.shift_features(features), self.vectors[columns])
            similarity = self.recentring.standardise(
                similarity, [str(n) for n in np.array(self.names)[columns]]
            )
        if self.background is not None:
            sentences = (~self.is_prototype | self._standardised)[columns]
            similarity = similarity - np.where(
                sentences, self.background.excess(features)[:, None], np.float32(0)
            )
        if self.adjustment is not None:
            similarity = (
                similarity + self.adjustment.closeness(features) @ self.adjustment.weights[:, columns]
            )
        return similarity

    def over_time(self, none_share: float = NONE_SHARE_OVER_TIME) -> Candidates:
        """For windows of a long recording, of which more show none of the sentences, or only part of an action."""
        return replace(self, calibration=self.calibration.with_none_share(none_share))

    def probabilities(self, cosines: Array) -> Array:
        """(N, K + 1) float32 rows adding to 1, the last column "none of these".

        Args:
            cosines: (N, K); -inf where a candidate is not possible.
        """
        prototype = self.is_prototype & ~self._standardised
        # The calibration is fitted on other clips of a class. A recording that all but equals its examples is certain.
        c = self.calibration
        lead = max(c.slope + SAME_LEAD - c.prototype_slope - c.prototype_offset, 0)
        closeness = np.clip((cosines - SAME_FROM) / (1 - SAME_FROM), 0, 1)
        raised = cosines + np.float32(lead / c.prototype_slope) * closeness
        return c.probabilities(np.where(prototype & self.whitened, raised, cosines), prototype)

    @property
    def _standardised(self) -> NDArray[np.bool_]:
        """(K,) candidates whose cosines are standardised: those of prototypes are then no larger than of sentences."""
        scores = {} if self.recentring is None else self.recentring.scores
        return np.array([name in scores for name in self.names], dtype=bool)

    def answers(self, features: Array, clips: Sequence[Clip]) -> list[Answers]:
        """Answers for (N, d) features of N clips."""
        similarity = self.cosines(features)
        # Without a person no sentence is possible.
        possible = np.where(features.any(axis=1, keepdims=True), similarity, -np.inf)
        rows = zip(clips, self.probabilities(possible), similarity, strict=True)
        return [self.rank(p, cosine, clip) for clip, p, cosine in rows]

    def rank(self, probabilities: Array, cosines: Array, clip: Clip | None = None) -> Answers:
        """The candidates, most probable first; of equal probabilities the higher cosine first.

        Args:
            probabilities: (K + 1,) a row of `probabilities`.
            cosines: (K,).
            clip: the recording, if it is one.
        """
        order = np.lexsort((-cosines, -probabilities[:-1])).tolist()
        shares, similarity, prototype = probabilities.tolist(), cosines.tolist(), self.is_prototype.tolist()
        answers = tuple(Answer(self.names[i], shares[i], similarity[i], prototype[i]) for i in order)
        return Answers(
            answers,
            shares[-1],
            self.calibration.fitted,
            source="" if clip is None else clip.source.id,
            problems=() if clip is None else clip.problems,
            reading="" if clip is None else clip.reading,
            recogniser=self.recogniser,
            aligned=self.aligned,
        )


def some_sentences(sentences: Sequence[str]) -> list[str]:
    """The sentences of a question without taught classes. Raises BadConfig, LimitExceeded."""
    names = check_sentences(sentences, MAX_CANDIDATES, distinct=True)
    check_candidates(names)
    return names


def check_candidates(names: Sequence[str]) -> None:
    """Raises BadConfig where there is no candidate, or one has the name of the answer where none fits."""
    if not names:
        raise BadConfig(where="sentences", expected="at least one sentence", found="none")
    if any(name.strip().lower() == NONE for name in names):
        raise BadConfig(
            where="sentences",
            expected="sentences that describe a movement",
            found=repr(NONE),
            advice="it is the answer where no sentence fits, and is always asked for",
        )
