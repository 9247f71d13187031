"""What an unseen class starts from at test time, and the accuracy on the test clips during training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import align_with, nearest, unit_rows
from pgfa.config import RunSettings
from pgfa.model.encoder import MotionEncoder
from pgfa.text.anchors import class_anchors
from pgfa.train.accuracy import batch_mean
from pgfa.train.corpus import Corpus
from pgfa.train.features import features_of


def unseen_anchors(
    model: MotionEncoder, corpus: Corpus, settings: RunSettings, centre: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(classes, d) unit vectors of the unseen classes: their sentences, or, one-shot, their projected exemplars."""
    if corpus.exemplars is None:
        return class_anchors(corpus.unseen, settings.text, centre)
    return unit_rows(features_of(model, corpus.exemplars.positions, corpus.exemplars.present))


def evaluate_epoch(
    model: MotionEncoder, corpus: Corpus, settings: RunSettings, centre: NDArray[np.float32]
) -> dict[str, float]:
    """Accuracy on the test clips with the model as it is, before and after alignment; per clip and mean over batches.

    Choosing an epoch by these numbers is selection by the labels of unseen classes: method.md section 5.
    """
    features = features_of(model, corpus.test.positions, corpus.test.present)
    anchors = unseen_anchors(model, corpus, settings, centre)
    alignment = align_with(features, anchors, settings.adapt)
    before = nearest(features, anchors) == corpus.test.labels
    after = alignment.predictions == corpus.test.labels
    return {
        "alpha": settings.adapt.alpha,
        "before": float(before.mean()),
        "after": float(after.mean()),
        "before_batches": batch_mean(before),
        "after_batches": batch_mean(after),
    }
