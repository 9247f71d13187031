"""Scores before alignment look at each clip on its own, whatever the alignment."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pgfa.adapt import ALIGNMENTS, align_with, cosines, nearest
from pgfa.adapt.prototype import Array
from pgfa.config import AdaptSettings, RunSettings
from pgfa.evaluate import evaluate as evaluate_module

METHODS = tuple(ALIGNMENTS)


def hub() -> tuple[Array, Array]:
    """Clips (40, 5) and anchors (3, 5), the first of which is a hub: close to all clips."""
    random = np.random.default_rng(1)
    features = random.normal((2, 1, 1, 0, 0), size=(40, 5))
    return features.astype(np.float32), np.eye(3, 5, dtype=np.float32)


def test_the_nearest_anchor_by_a_loop() -> None:
    random = np.random.default_rng(0)
    features, anchors = random.normal(size=(9, 4)).astype("f"), random.normal(size=(3, 4)).astype("f")
    for clip, label in zip(features, nearest(features, anchors), strict=True):
        cosine = [clip @ a / np.linalg.norm(clip) / np.linalg.norm(a) for a in anchors]
        assert label == int(np.argmax(cosine))


@pytest.mark.parametrize("method", METHODS)
def test_before_alignment_no_other_clip_counts(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    features, anchors = hub()
    truth = np.random.default_rng(2).integers(0, 3, len(features))
    monkeypatch.setattr(evaluate_module, "features_of", lambda *args: features)
    monkeypatch.setattr(evaluate_module, "unseen_anchors", lambda *args: anchors)
    adapt = AdaptSettings(method=method)
    run = SimpleNamespace(settings=RunSettings(adapt=adapt), model=None, centre=None)
    test = SimpleNamespace(positions=None, present=None, labels=truth)
    evaluation = evaluate_module.evaluate_run(run, SimpleNamespace(test=test, unseen=(1, 2, 3)))
    nearest_anchor = cosines(features, anchors).argmax(axis=1)
    assert evaluation.before.accuracy == pytest.approx((nearest_anchor == truth).mean())
    aligned = align_with(features, anchors, adapt)
    assert evaluation.after.accuracy == pytest.approx((aligned.predictions == truth).mean())


def test_hubness_correction_changes_pseudo_labels() -> None:
    """In the case above the two differ."""
    features, anchors = hub()
    alignment = align_with(features, anchors, AdaptSettings(method="neighbours"))
    assert not np.array_equal(alignment.labels, nearest(features, anchors))
