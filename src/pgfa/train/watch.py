"""What a class starts from at test time, and the test set watched while training: the field's custom, by its name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import align_with, nearest, unit_rows
from pgfa.config import RunSettings
from pgfa.model.encoder import MotionEncoder
from pgfa.train.corpus import Corpus
from pgfa.train.features import features_of
from pgfa.train.sentences import candidate_vectors

WATCHED = "paper_protocol.jsonl"


def anchors_of(
    model: MotionEncoder, corpus: Corpus, settings: RunSettings, centre: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(classes, d) unit vectors of the unseen classes: their sentences, or, one-shot, their projected exemplars."""
    if corpus.exemplars is None:
        return candidate_vectors(corpus.unseen, settings.text, centre)
    return unit_rows(features_of(model, corpus.exemplars.positions, corpus.exemplars.present))


def watch_test(
    model: MotionEncoder, corpus: Corpus, settings: RunSettings, centre: NDArray[np.float32]
) -> dict[str, float]:
    """Accuracy on the test clips as the model stands, before and after alignment (a line of `WATCHED`).

    Choosing an epoch by these numbers is choosing by the labels of unseen classes: method.md section 5.
    """
    features = features_of(model, corpus.test.positions, corpus.test.present)
    anchors = anchors_of(model, corpus, settings, centre)
    found = align_with(settings.adapt.method, features, anchors, settings.adapt)
    truth = corpus.test.labels
    return {
        "alpha": settings.adapt.alpha,
        "before": float((nearest(features, anchors) == truth).mean()),
        "after": float((found.predictions == truth).mean()),
    }
