"""What a baseline is to the benchmark: fitted on seen clips, it scores clips against sentences of any classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pgfa.config import BaselineSettings, RunSettings, Settings
from pgfa.progress import Progress
from pgfa.text.anchors import class_anchors
from pgfa.text.catalogue import ActionClass
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
from pgfa.train.sentences import class_sentences

Array = NDArray[np.float32]


@dataclass(frozen=True)
class FitContext:
    """Everything a baseline is fitted with.

    Attributes:
        settings: of the run: preparation, text, encoder, training and its seed; `settings.adapt` is not read.
        corpus: built with these settings. Only ``corpus.train`` may be used: neither clips nor labels of
            ``corpus.test``.
        folder: one per corpus and settings, the same for every baseline. Each stores what it trains in a folder of
            its own below; those that start from the cross-entropy encoder find it there. Once that encoder is
            stored, two processes may share the folder.
        options: of the baselines.
        device: as for `pgfa.train.train.train`.
        bar: the progress of a longer job; only encoders advance it, by clips.
    """

    settings: RunSettings
    corpus: Corpus
    folder: Path
    options: BaselineSettings = field(default_factory=BaselineSettings)
    device: str = "auto"
    bar: Progress | None = None


class Fitted(Protocol):
    """A baseline fitted on the seen classes of a corpus. All its results are deterministic."""

    def features(self, clips: ClipSet) -> Array:
        """(N, D) features of prepared clips; computed once, used for everything below."""

    def scores(self, features: Array, anchors: Array) -> Array:
        """(N, K) scores, higher is more similar. A clip's score for a class depends on no other clip and no other
        class.

        Args:
            features: (N, D) from `features`, N from 0 up.
            anchors: (K, d) unit sentence vectors of any candidate classes, seen or not (`candidate_anchors`).
        """

    def space(self, features: Array, anchors: Array) -> tuple[Array, Array] | None:
        """Clips (N, e) and classes (K, e) as points of one space, whose cosines rank classes as `scores` does.

        The alignments of `pgfa.adapt` work in it. None if the baseline has no such space.
        """


@dataclass(frozen=True)
class Baseline:
    """A method of the benchmark; tables, pages and docs show these texts.

    Attributes:
        fit: fits, resumes or loads. Raises BadConfig if the folder holds an encoder of other settings or other
            clips or if training diverges, BadCheckpoint if it holds a damaged encoder.
        title: what it is, in one phrase.
        assumes: what must hold for it to work.
        source: where it was published.
        trains_encoder: it trains an encoder of its own; all others share the cross-entropy encoder.
    """

    fit: Callable[[FitContext], Fitted]
    title: str
    assumes: str
    source: str
    trains_encoder: bool = False


Scoring = Callable[[Array, Array, Array | None, Any], Array]
"""(scores, points, anchors, options) -> scores: improved by the unlabelled clips themselves, all of them at once.

A pure function. Scores (N, K) come from any baseline, points (N, e) and anchors (K, e) from `points_of`; anchors are
None if the baseline has no space for them. The result is (N, K), higher is more similar.
"""


@dataclass(frozen=True)
class TestTimeBaseline:
    """Something done at test time with the scores of any baseline.

    Attributes:
        rescore: the function.
        title, assumes, source: as in `Baseline`.
        options: class of its options, an instance of which `rescore` is given.
        grid: options that differ from their defaults, to choose from; of equally good ones the first is taken.
    """

    __test__ = False  # not a test class, whatever pytest makes of its name

    rescore: Scoring
    title: str
    assumes: str
    source: str = ""
    options: type[Settings] = BaselineSettings
    grid: tuple[Mapping[str, Any], ...] = ({},)


def points_of(fitted: Fitted, features: Array, anchors: Array) -> tuple[Array, Array | None]:
    """Clips (N, e) and classes (K, e) in one space, or features and None: the input of a `TestTimeBaseline`."""
    points = fitted.space(features, anchors)
    return (features, None) if points is None else points


def candidate_anchors(actions: Sequence[ActionClass], settings: RunSettings, corpus: Corpus) -> Array:
    """(K, d) unit sentence vectors of candidate classes, the same for every baseline fitted on the corpus.

    With ``settings.text.centre`` the mean of the seen classes' vectors is subtracted first.
    """
    return class_anchors(actions, settings.text, class_sentences(corpus, settings).centre)
