"""Test-time alignment against a loop written from method.md section 4, and properties for any
clips."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgfa.adapt import align, cosines, entropy, most_confident, unit_rows

Array = np.ndarray


def by_loops(
    features: Array, anchors: Array, alpha: float
) -> tuple[list[int], list[float], Array, list[int]]:
    """Pseudo-labels, entropies, prototypes and predictions, one clip and one class at a time, in doubles."""

    def unit(row: Array) -> Array:
        length = math.sqrt(sum(float(x) ** 2 for x in row))
        return np.asarray(row, dtype=np.float64) / length if length > 1e-12 else np.zeros(len(row))

    def nearest(clip: Array, prototypes: Array) -> tuple[int, list[float]]:
        scores = [float(unit(clip) @ unit(prototype)) for prototype in prototypes]
        return scores.index(max(scores)), scores

    labels, entropies = [], []
    for clip in features:
        label, scores = nearest(clip, anchors)
        shares = [math.exp(s) / sum(math.exp(z) for z in scores) for s in scores]
        labels.append(label)
        entropies.append(-sum(p * math.log(p) for p in shares))
    prototypes = np.array(anchors, dtype=np.float64)
    for c in range(len(anchors)):
        members = [i for i, label in enumerate(labels) if label == c]
        m = math.floor(alpha * len(members))
        if m >= 1:
            chosen = sorted(members, key=lambda i: entropies[i])[:m]
            prototypes[c] = sum(unit(features[i]) for i in chosen) / m
    return labels, entropies, prototypes, [nearest(clip, prototypes)[0] for clip in features]


def drawn(seed: int, clips: int, classes: int, size: int) -> tuple[Array, Array]:
    """Clips about their classes, so that pseudo-labels, supports and predictions all differ from one
    another."""
    random = np.random.default_rng(seed)
    anchors = random.normal(size=(classes, size)).astype(np.float32)
    truth = anchors + random.normal(scale=0.7, size=anchors.shape)
    features = truth[random.integers(0, classes, clips)] + random.normal(size=(clips, size))
    return (features * random.uniform(0.1, 9, (clips, 1))).astype(np.float32), anchors


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    clips=st.integers(0, 40),
    classes=st.integers(1, 6),
    size=st.integers(2, 8),
    alpha=st.sampled_from([0.05, 0.25, 0.4, 0.5, 0.75, 0.9, 1.0]),
)
def test_equals_loops(seed: int, clips: int, classes: int, size: int, alpha: float) -> None:
    features, anchors = drawn(seed, clips, classes, size)
    got = align(features, anchors, alpha)
    labels, entropies, prototypes, predictions = by_loops(features, anchors, alpha)
    assert got.labels.tolist() == labels
    np.testing.assert_allclose(got.entropy, entropies, atol=2e-6)
    if len(set(np.round(entropies, 6))) == len(entropies):  # no two clips equally confident to within float32
        np.testing.assert_allclose(got.prototypes, prototypes, atol=1e-5)
        assert got.predictions.tolist() == predictions
    sizes = np.bincount(labels, minlength=classes) if labels else np.zeros(classes, dtype=int)
    supports = np.bincount(got.labels[got.support], minlength=classes)
    assert supports.tolist() == [math.floor(alpha * n) for n in sizes]


def test_a_class_with_too_few_clips_keeps_its_sentence() -> None:
    anchors = np.eye(3, 4, dtype=np.float32) * 5
    features = np.array([[1, 0.1, 0, 0.3], [1, 0, 0.1, 0.2], [0, 1, 0.2, 0.1]], dtype=np.float32)
    got = align(features, anchors, alpha=0.5)
    assert got.labels.tolist() == [0, 0, 1]
    assert got.support.sum() == 1  # floor(0.5 * 2), floor(0.5 * 1), none
    np.testing.assert_array_equal(got.prototypes[1:], anchors[1:])  # m < 1 and no clip: the anchor as it came
    support = features[got.support][0]
    np.testing.assert_allclose(got.prototypes[0], support / np.linalg.norm(support), atol=1e-6)


def test_the_most_confident_are_taken_first() -> None:
    labels = np.array([1, 0, 1, 1, 0, 1])
    entropies = np.array([0.9, 0.5, 0.1, 0.4, 0.2, 0.3], dtype=np.float32)
    assert most_confident(labels, entropies, 3, 0.5).tolist() == [False, False, True, False, True, True]
    assert most_confident(labels, entropies, 3, 1.0).all()
    assert not most_confident(labels, entropies, 3, 0.2).any()
    tied = np.zeros(6, dtype=np.float32)
    assert most_confident(labels, tied, 2, 0.5).tolist() == [True, True, True, False, False, False]


def test_alignment_moves_a_misplaced_sentence_to_its_clips() -> None:
    """The purpose of the method: displaced sentences, clips in tight groups, and alignment corrects the
    boundary."""
    random = np.random.default_rng(0)
    means = np.array([[1.0, 0.0], [0.0, 1.0]])
    truth = np.repeat([0, 1], 100)
    features = (means[truth] + random.normal(scale=0.25, size=(200, 2))).astype(np.float32)
    anchors = np.array(
        [[1.0, -0.6], [0.9, 0.6]], dtype=np.float32
    )  # both turned the same way from their classes
    got = align(features, anchors, 0.8)
    before, after = (got.labels == truth).mean(), (got.predictions == truth).mean()
    assert before < 0.8
    assert after > 0.95


def test_one_shot_exemplars_replace_the_sentences() -> None:
    """Projected exemplars as anchors: of any length, unchanged where a class has no supports."""
    features, sentences = drawn(3, 30, 4, 6)
    exemplars = features[[2, 9, 11, 20]] * 3
    got = align(features, exemplars, 0.4)
    np.testing.assert_array_equal(got.anchors, exemplars)
    assert got.labels[[2, 9, 11, 20]].tolist() == [0, 1, 2, 3]  # each exemplar is nearest to itself
    assert (got.labels != align(features, sentences, 0.4).labels).any()
    far = np.vstack([exemplars, -100 * exemplars.sum(axis=0)]).astype(np.float32)
    alone = align(exemplars, far, 0.4)
    np.testing.assert_array_equal(alone.prototypes, far)  # floor(0.4 * 1) = 0: the exemplars themselves


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), alpha=st.sampled_from([0.3, 0.6, 1.0]))
def test_order_of_clips_and_classes_does_not_count(seed: int, alpha: float) -> None:
    features, anchors = drawn(seed, 25, 4, 6)
    random = np.random.default_rng(seed)
    clips, classes = random.permutation(25), random.permutation(4)
    one, other = align(features, anchors, alpha), align(features[clips], anchors[classes], alpha)
    np.testing.assert_array_equal(classes[other.labels], one.labels[clips])
    np.testing.assert_allclose(other.entropy, one.entropy[clips], atol=1e-6)
    if len(set(np.round(one.entropy, 6))) == 25:
        np.testing.assert_array_equal(other.support, one.support[clips])
        np.testing.assert_allclose(other.prototypes, one.prototypes[classes], atol=1e-5)


def test_length_of_clips_and_sentences_does_not_count() -> None:
    features, anchors = drawn(5, 30, 4, 6)
    one = align(features, anchors, 0.5)
    other = align(features * 1000, anchors * 0.01, 0.5)
    np.testing.assert_array_equal(one.predictions, other.predictions)
    np.testing.assert_array_equal(one.support, other.support)


EDGES = {
    "no clip": (np.zeros((0, 3)), np.eye(3)),
    "one clip": (np.array([[0.2, 1, 0]]), np.eye(3)),
    "one class": (np.random.default_rng(0).normal(size=(9, 3)), np.eye(3)[:1]),
    "one clip, one class": (np.array([[0.0, 1, 0]]), np.array([[0.0, -1, 0]])),
    "all clips alike": (np.ones((8, 3)), np.eye(3)),
    "sentences alike": (np.random.default_rng(1).normal(size=(9, 3)), np.ones((3, 3))),
    "clips of length 0": (np.zeros((4, 3)), np.eye(3)),
    "supports that cancel": (np.array([[1.0, 5, 0], [1.0, -5, 0]]), np.array([[1.0, 0, 0], [-1, 0, 0]])),
    "very long and very short": (np.array([[1e18, 0, 0], [0, 1e-9, 0]]), np.eye(3)),
}


@pytest.mark.parametrize("alpha", [0.05, 0.5, 1.0])
@pytest.mark.parametrize("case", EDGES)
def test_edges_are_defined(case: str, alpha: float) -> None:
    features, anchors = (np.asarray(x, dtype=np.float32) for x in EDGES[case])
    got = align(features, anchors, alpha)
    for values in (got.entropy, got.prototypes):
        assert np.isfinite(values).all()
    assert got.labels.shape == got.predictions.shape == got.support.shape == (len(features),)
    assert got.prototypes.shape == anchors.shape
    assert all(0 <= c < len(anchors) for c in (*got.labels.tolist(), *got.predictions.tolist()))


def test_duplicated_sentences_share_the_clips_by_order() -> None:
    """Two classes with the same sentence: the first gets the clips, the second keeps its sentence."""
    features, anchors = drawn(2, 20, 3, 5)
    twice = np.vstack([anchors, anchors[:1]])
    one, got = align(features, anchors, 0.5), align(features, twice, 0.5)
    np.testing.assert_array_equal(got.labels, one.labels)
    np.testing.assert_array_equal(got.prototypes[3], anchors[0])
    np.testing.assert_allclose(got.prototypes[:3], one.prototypes, atol=1e-6)


def test_entropies_in_closed_form() -> None:
    assert entropy(np.zeros((1, 7), dtype=np.float32))[0] == pytest.approx(math.log(7), abs=1e-6)
    assert entropy(np.full((1, 1), 3, dtype=np.float32))[0] == pytest.approx(0, abs=1e-7)
    # Two classes: with p = sigmoid(difference), -p log p - (1-p) log(1-p).
    for difference in (0.1, 1.0, 2.0):
        p = 1 / (1 + math.exp(-difference))
        value = entropy(np.array([[difference, 0]], dtype=np.float32))[0]
        assert value == pytest.approx(-p * math.log(p) - (1 - p) * math.log(1 - p), abs=1e-6)
    shifted = entropy(np.array([[1000.0, 999], [-1000, -1001]], dtype=np.float32))  # no overflow
    np.testing.assert_allclose(shifted, entropy(np.array([[1.0, 0], [1, 0]], dtype=np.float32)), atol=1e-6)


def test_cosines_lie_between_minus_one_and_one() -> None:
    features, anchors = drawn(1, 30, 5, 4)
    assert np.abs(cosines(features, anchors)).max() <= 1 + 1e-6
    np.testing.assert_allclose(np.diag(cosines(features, features)), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(unit_rows(features), axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, -0.1, 1.01, float("nan")])
def test_alpha_outside_its_range_is_refused(alpha: float) -> None:
    features, anchors = drawn(0, 5, 2, 3)
    with pytest.raises(ValueError, match="alpha"):
        align(features, anchors, alpha)
