"""What an evaluation calls "from sentences" uses each clip alone, whatever the alignment."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pgfa.adapt import ALIGNMENTS, align_with, cosines, nearest
from pgfa.adapt.prototype import Array
from pgfa.config import AdaptSettings, RunSettings
from pgfa.evaluate import evaluate as module

METHODS = tuple(ALIGNMENTS)


def a_hub() -> tuple[Array, Array]:
    """Clips (40, 5) and anchors (3, 5), of which the first is close to everything."""
    random = np.random.default_rng(1)
    features = random.normal((2, 1, 1, 0, 0), size=(40, 5))
    return features.astype(np.float32), np.eye(3, 5, dtype=np.float32)


def test_the_nearest_anchor_by_a_loop() -> None:
    random = np.random.default_rng(0)
    features, anchors = random.normal(size=(9, 4)).astype("f"), random.normal(size=(3, 4)).astype("f")
    for clip, label in zip(features, nearest(features, anchors), strict=True):
        best = [clip @ a / np.linalg.norm(clip) / np.linalg.norm(a) for a in anchors]
        assert label == int(np.argmax(best))


@pytest.mark.parametrize("method", METHODS)
def test_from_sentences_looks_at_no_other_clip(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    features, anchors = a_hub()
    truth = np.random.default_rng(2).integers(0, 3, len(features))
    monkeypatch.setattr(module, "features_of", lambda *given: features)
    monkeypatch.setattr(module, "unseen_anchors", lambda *given: anchors)
    adapt = AdaptSettings(method=method)
    run = SimpleNamespace(settings=RunSettings(adapt=adapt), model=None, centre=None)
    test = SimpleNamespace(positions=None, present=None, labels=truth)
    evaluation = module.judge(run, SimpleNamespace(test=test, unseen=(1, 2, 3)))
    alone = cosines(features, anchors).argmax(axis=1)
    assert evaluation.sentences.accuracy == pytest.approx((alone == truth).mean())
    aligned = align_with(features, anchors, adapt)
    assert evaluation.aligned.accuracy == pytest.approx((aligned.predictions == truth).mean())


def test_the_corrected_pseudo_labels_are_others() -> None:
    """The case above is one in which the two differ."""
    features, anchors = a_hub()
    alignment = align_with(features, anchors, AdaptSettings(method="neighbours"))
    assert not np.array_equal(alignment.labels, nearest(features, anchors))
