"""What every method is to the benchmark: fitted on seen clips, it scores clips against sentences of any classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pgfa.config import BaselineSettings, RunSettings
from pgfa.progress import Progress
from pgfa.text.anchors import class_anchors
from pgfa.text.catalogue import ActionClass
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
from pgfa.train.sentences import class_sentences

Array = NDArray[np.float32]


class Fitted(Protocol):
    """A method that has learnt from the seen classes of a corpus. Everything it says is deterministic."""

    def features(self, clips: ClipSet) -> Array:
        """(N, D) of prepared clips, by the method's encoder; computed once, reused for everything below."""

    def scores(self, features: Array, sentences: Array) -> Array:
        """(N, K), higher is nearer; a clip's score for a class does not depend on the other clips or classes.

        Args:
            features: (N, D) as `features` gives them, N from 0 up.
            sentences: (K, d) unit vectors of any candidate classes, seen or not, as `sentence_vectors` gives them.
        """

    def space(self, features: Array, sentences: Array) -> tuple[Array, Array] | None:
        """Clips (N, e) and anchors (K, e) as points of one space, in which the cosine ranks classes as `scores` does.

        It is where the alignments of `pgfa.adapt` work. None where the method has no such space.
        """


class Method(Protocol):
    """Fit on ``corpus.train`` alone; neither clips nor labels of ``corpus.test`` are looked at."""

    def __call__(
        self,
        settings: RunSettings,
        corpus: Corpus,
        folder: Path,
        *,
        options: BaselineSettings | None = None,
        device: str = "auto",
        bar: Progress | None = None,
    ) -> Fitted:
        """Fit, or load what an earlier call has kept.

        Args:
            settings: of the run: preparation, text, encoder, training and its seed; `settings.adapt` is not read.
            corpus: built with these settings.
            folder: of this corpus and these settings, the same one for every method: each keeps what it trains in a
                part of its own, and those that start from the cross-entropy encoder find it there. Two processes
                may share it once the encoder lies there (`pgfa.train.classifier.train_classifier`).
            options: of the methods; their defaults where None.
            device: as `pgfa.train.train.train`.
            bar: that of a longer job; only encoders advance it, by clips.

        Raises:
            BadConfig: `folder` holds an encoder of other settings or other clips; training has diverged.
            BadCheckpoint: `folder` holds a damaged encoder.
        """


TestTime = Callable[[Array, Array, Array | None, BaselineSettings], Array]
"""Scores made better by the unlabelled clips they were made for: (scores, points, anchors, options) -> scores.

A pure function, all clips at once. Scores (N, K) come from any method, points (N, e) and anchors (K, e) from
`points_of`; anchors are None where the method has no space for them. What comes back is (N, K), higher is nearer.
"""


def points_of(fitted: Fitted, features: Array, sentences: Array) -> tuple[Array, Array | None]:
    """Clips (N, e) and, where the method has a space for both, anchors (K, e): what a `TestTime` starts from."""
    found = fitted.space(features, sentences)
    return (features, None) if found is None else found


def sentence_vectors(actions: Sequence[ActionClass], settings: RunSettings, corpus: Corpus) -> Array:
    """(K, d) unit vectors of candidate classes, the same for every method fitted on the corpus.

    The mean of the seen classes' vectors is subtracted first where ``settings.text.centre`` says so.
    """
    return class_anchors(actions, settings.text, class_sentences(corpus, settings).centre)
