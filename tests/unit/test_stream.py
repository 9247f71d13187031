"""A stream of clips: bounded memory, immediate predictions, and finally the prototypes of the batch."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pgfa.adapt import Stream, align, cosines, entropy
from pgfa.config import AdaptSettings

Cut = list[int]


def drawn(seed: int = 0, clips: int = 90) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.normal(size=(clips, 8)).astype(np.float32), random.normal(size=(4, 8)).astype(np.float32)


def flow(stream: Stream, features: np.ndarray, size: int) -> np.ndarray:
    return np.concatenate([stream.add(features[i : i + size]) for i in range(0, len(features), size)])


@pytest.mark.parametrize("size", [1, 2, 7, 90])
@pytest.mark.parametrize("alpha", [0.1, 0.4, 0.9, 1.0])
def test_ends_where_the_batch_ends(alpha: float, size: int) -> None:
    features, anchors = drawn()
    stream = Stream(anchors, AdaptSettings(alpha=alpha, memory=90))
    flow(stream, features, size)
    batch = align(features, anchors, alpha)
    assert (stream.prototypes == batch.prototypes).all()  # to the last bit
    assert (stream.counts == np.bincount(batch.labels, minlength=4)).all()
    assert (cosines(features, stream.prototypes) == batch.scores).all()


@pytest.mark.parametrize("memory", [1, 3, 10])
@pytest.mark.parametrize("size", [1, 13])
def test_short_memory_keeps_the_most_confident(memory: int, size: int) -> None:
    features, anchors = drawn(1)
    stream = Stream(anchors, AdaptSettings(alpha=0.5, memory=memory))
    for i in range(0, len(features), size):
        stream.add(features[i : i + size])
        assert len(stream) <= 4 * memory
    scores = cosines(features, anchors)
    labels, entropies = scores.argmax(axis=1), entropy(scores)
    for c in range(4):
        members = sorted((i for i in range(len(features)) if labels[i] == c), key=lambda i: entropies[i])
        chosen = members[: min(memory, math.floor(0.5 * len(members)))]
        assert chosen
        expected = np.mean([features[i] / np.linalg.norm(features[i]) for i in chosen], axis=0)
        assert np.allclose(stream.prototypes[c], expected, atol=1e-6)


def test_predicts_with_what_it_has() -> None:
    features, anchors = drawn(2, 40)
    stream, predictions = Stream(anchors, AdaptSettings(alpha=0.6)), []
    for n in range(1, 41):
        predictions.append(int(stream.add(features[n - 1 : n])[0]))
        assert predictions[-1] == align(features[:n], anchors, 0.6).predictions[n - 1]
    first = Stream(anchors, AdaptSettings(alpha=0.6))
    assert first.add(features[:1])[0] == cosines(features[:1], anchors).argmax()
    assert (first.prototypes == anchors).all()


def test_order_of_clips_does_not_count_in_the_end() -> None:
    features, anchors = drawn(3)
    one, other = (Stream(anchors, AdaptSettings(memory=5)) for _ in range(2))
    flow(one, features, 4)
    flow(other, features[::-1], 9)
    assert np.allclose(one.prototypes, other.prototypes, atol=1e-6)


def test_edges_are_defined() -> None:
    features, anchors = drawn(4)
    stream = Stream(anchors, AdaptSettings(alpha=1.0))
    assert stream.add(features[:0]).shape == (0,)
    assert len(stream) == 0
    stream.add(np.zeros((3, 8), dtype=np.float32))
    stream.add(np.tile(features[:1], (50, 1)))
    assert np.isfinite(stream.prototypes).all()
    alone = Stream(anchors[:1], AdaptSettings())
    assert (flow(alone, features, 8) == 0).all()
    with pytest.raises(ValueError, match="at least one"):
        Stream(anchors[:0], AdaptSettings())
    copy = anchors.copy()
    anchors[:] = 0
    assert (stream.anchors == copy).all()
