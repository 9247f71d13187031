"""The decision whether to align: each reason to decline, agreement of halves, kappa."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from pgfa.adapt import ALIGNMENTS, Evidence, align_with, collect_evidence, nearest
from pgfa.adapt.decision import cohens_kappa
from pgfa.config import AdaptSettings

GOOD = Evidence(clips=60, sentences=4, largest=0, share=0.4, agreement=0.8)
PAPER = AdaptSettings(method="paper")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"sentences": 1}, "only one sentence"),
        ({"clips": 9, "sentences": 1 + 1}, "9 clips; alignment needs at least 10"),
        ({"clips": 10, "sentences": 2}, ""),
        ({"clips": 11}, "11 clips for 4 sentences; alignment needs at least 3 per sentence"),
        ({"clips": 12}, ""),
        ({"share": 0.9}, ""),
        ({"share": 0.91}, "one sentence would get 91 % of the clips"),
        ({"agreement": 0.5}, ""),
        ({"agreement": 0.49}, "agreement of random halves 0.49, below 0.5"),
    ],
)
def test_each_reason_to_decline(change: dict[str, float], reason: str) -> None:
    got = replace(GOOD, **change).reason_to_decline()
    assert reason in got
    assert bool(reason) == bool(got)


def evidence(features: np.ndarray, anchors: np.ndarray, settings: AdaptSettings = PAPER) -> Evidence:
    aligned = align_with(features, anchors, settings)
    return collect_evidence(features, anchors, ALIGNMENTS[settings.method], settings, aligned)


def draw(spread: float, shares: tuple[float, ...], clips: int = 200) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    means = np.eye(4, 30)
    truth = random.choice(4, clips, p=shares)
    features = means[truth] + spread * random.normal(size=(clips, 30))
    anchors = means + 0.1 * random.normal(size=means.shape)
    return features.astype(np.float32), anchors.astype(np.float32)


def test_separate_classes_are_aligned() -> None:
    got = evidence(*draw(0.1, (0.25, 0.25, 0.25, 0.25)))
    assert got.agreement > 0.99
    assert got.reason_to_decline() == ""


def test_clips_without_structure_are_declined() -> None:
    got = evidence(*draw(5.0, (0.25, 0.25, 0.25, 0.25), clips=40))
    assert got.agreement < 0.5
    assert "agreement of random halves" in got.reason_to_decline()


def test_clips_of_one_class_are_declined() -> None:
    features, anchors = draw(0.1, (0.0, 1.0, 0.0, 0.0))
    got = evidence(features, anchors)
    assert (got.largest, got.share) == (1, 1.0)
    assert "one sentence would get 100 %" in got.reason_to_decline()


@pytest.mark.parametrize("method", ALIGNMENTS)
def test_evidence_is_defined_and_repeatable_for_any_number_of_clips(method: str) -> None:
    features, anchors = draw(0.5, (0.25, 0.25, 0.25, 0.25))
    features[3] = 0
    settings = AdaptSettings(method=method)
    for count in (0, 1, 2, 3, 4, 7, 200):
        got = evidence(features[:count], anchors, settings)
        assert got == evidence(features[:count], anchors, settings)
        assert got.clips == features[:count].any(axis=1).sum()
        assert 0 <= got.share <= 1
        assert -1 <= got.agreement <= 1
        if got.clips:
            labels = nearest(
                features[:count][features[:count].any(axis=1)],
                align_with(features[:count], anchors, settings).prototypes,
            )
            assert got.share == pytest.approx((labels == got.largest).mean())


def test_kappa_equals_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    for classes in (2, 5):
        one = random.integers(0, classes, 50)
        other = np.where(random.random(50) < 0.5, one, random.integers(0, classes, 50))
        assert cohens_kappa(one, other, classes) == pytest.approx(cohen_kappa_score(one, other))
    assert cohens_kappa(np.zeros(5, int), np.zeros(5, int), 3) == 1
