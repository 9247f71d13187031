"""Models that have not seen a data set, and what they make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import Recentring, cosines
from pgfa.config import AdaptSettings, TextSettings
from pgfa.recognise.adapting import DEFAULT, adapt_features, recentre_features
from pgfa.recognise.background import Background, everyday_actions
from pgfa.recognise.calibration.fit import HeldOutClips
from pgfa.research.foreign.network import add_network
from pgfa.research.foreign.sets import STYLES, ForeignSet, vectors_of
from pgfa.words.fit import MeasuredSet, fit_kinematics, sentence_space
from pgfa.words.model import KinematicModel
from pgfa.words.sides import background_vectors, clip_vectors, sentence_vectors

Array = NDArray[np.float32]

CALIBRATED = ("plain", "typed 1", "typed 2", "typed 3")
"""Styles of sentences that calibrations are fitted on: users type names, sentences and descriptions."""


@dataclass(frozen=True)
class LeftOut:
    """A data set seen by a model that was not trained on it.

    Attributes:
        name: of the data set.
        features: (N, d) of its clips.
        labels: (N,) below K.
        anchors: style of `STYLES` -> (K, d) vectors of its classes' sentences. `averaged`: of one sentence and the
            three typed wordings.
        background: (B, d) vectors of everyday actions, or None.
        columns: of the parts of the model in the vectors of one side, as `KinematicModel.columns`.
    """

    name: str
    features: Array
    labels: NDArray[np.int64]
    anchors: dict[str, Array]
    background: Array | None = None
    columns: tuple[slice, ...] = ()

    def held_out(self, style: str) -> HeldOutClips:
        """Its clips and the sentences of one style, for calibrations."""
        return HeldOutClips(self.features, self.labels, self.anchors[style], self._excess(None))

    def in_all_styles(self) -> list[HeldOutClips]:
        """Its clips in turn with the sentences of each style of `CALIBRATED` that it has."""
        styles = [style for style in CALIBRATED if style in self.anchors]
        clips = self.held_out(styles[0])
        turns = [slice(first, None, len(styles)) for first in range(len(styles))]
        groups = [
            replace(clips.of(turn), anchors=self.anchors[s]) for s, turn in zip(styles, turns, strict=True)
        ]
        return [group for group in groups if len(group.labels)]

    def relative(self, cosines: Array, recentring: Recentring | None) -> Array:
        """(N, K) cosines less what everyday actions take from them."""
        return cosines - self._excess(recentring)[:, None]

    def _excess(self, recentring: Recentring | None) -> Array:
        if (background := Background.of(self.background, recentring)) is None:
            return np.zeros(len(self.features), dtype=np.float32)
        return background.excess(self.features)


def train_without(
    sets: Sequence[ForeignSet], left_out: Sequence[str], imagined: MeasuredSet | None
) -> KinematicModel:
    """A kinematic model of all sets but some.

    Args:
        sets: all of them.
        left_out: names of the sets to leave out.
        imagined: see `fit_all`.
    """
    return fit_all([s.measured for s in sets if s.name not in left_out], imagined)


def fit_all(sets: Sequence[MeasuredSet], imagined: MeasuredSet | None) -> KinematicModel:
    """A kinematic model with its network, without a motion encoder.

    Args:
        sets: recordings.
        imagined: `pgfa.research.foreign.imagined` recordings beside them, or None. The space of the sentences is that
            of the recordings, in which motion encoders are trained.
    """
    trained = [*sets] if imagined is None else [*sets, imagined]
    return add_network(fit_kinematics(trained, sentence_space(sets)), trained)


def with_background(model: KinematicModel, text: TextSettings) -> KinematicModel:
    """A model with everyday actions, after all its parts were added.

    Args:
        model: with or without a motion encoder.
        text: which sentence encoder.
    """
    vectors = model.sentences(*vectors_of(everyday_actions(), text))
    return replace(model, background=vectors)


def look_at(
    model: KinematicModel, data: ForeignSet, encoded: Array | None, text: TextSettings, *, flat: bool = False
) -> LeftOut:
    """What a model makes of a set.

    Args:
        model: not trained on it.
        data: the set.
        encoded: (N + W, e + words) features of its `right_leading` clips and windows by the motion encoder of the
            model, if it has one.
        text: which sentence encoder.
        flat: whether the clips have no depth.
    """
    pairs = [data.asked(style, text) for style in range(len(STYLES))]
    anchors = {name: sentence_vectors(model, *pair) for name, pair in zip(STYLES, pairs, strict=True)}
    averaged = [i for i, name in enumerate(STYLES) if name != "label"]
    anchors["averaged"] = np.mean([anchors[STYLES[i]] for i in averaged], axis=0)
    measures = np.concatenate([data.measured.measures, data.windows.measures])
    features = data.windows.pool(clip_vectors(model, measures, encoded, flat=np.full(len(measures), flat)))
    background = background_vectors(with_background(model, text))
    return LeftOut(data.name, features, data.labels, anchors, background, model.columns)


def scores(part: LeftOut, style: str) -> Array:
    """(N, K) cosines less what everyday actions take from them: each clip alone."""
    return part.relative(cosines(part.features, part.anchors[style]), None)


def adapted_scores(
    part: LeftOut, style: str, settings: AdaptSettings = DEFAULT, *, align: bool = True
) -> tuple[Array, str]:
    """(N, K) standardised cosines, less what everyday actions take, after `Recogniser.adapt` on all clips.

    And why alignment was declined, or "".

    Args:
        part: a set.
        style: of its sentences.
        settings: of the alignment.
        align: False for recentring and standardising alone.
    """
    anchors = part.anchors[style]
    names = [str(number) for number in range(len(anchors))]
    if align:
        adapted = adapt_features(part.features, anchors, names, settings)
    else:
        adapted = recentre_features(part.features, anchors, names)
    similarity = adapted.scores(part.features, anchors, names)
    return part.relative(similarity, adapted.recentring), adapted.declined
