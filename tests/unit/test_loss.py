"""The contrastive loss against loops over pairs written from method.md section 3, and against finite differences."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from pgfa.model.contrastive import contrastive_loss

SCALE = 1 / 0.07


def by_loops(features: Tensor, sentences: Tensor, labels: list[int], scale: float) -> float:
    """L = 1/2 KL(Q || softmax_row(S)) + 1/2 KL(Q || softmax_row(S^T)), one number at a time."""
    f, t, size = features.tolist(), sentences.tolist(), len(labels)

    def cosine(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))

    scores = [[scale * cosine(f[i], t[j]) for j in range(size)] for i in range(size)]

    def softmax(row: list[float]) -> list[float]:
        top = max(row)
        weights = [math.exp(x - top) for x in row]
        return [w / sum(weights) for w in weights]

    total = 0.0
    for i in range(size):
        target = softmax([10.0 * (labels[i] == labels[j]) for j in range(size)])
        by_row, by_column = softmax(scores[i]), softmax([scores[j][i] for j in range(size)])
        for j in range(size):
            total += 0.5 * target[j] * (math.log(target[j] / by_row[j]) + math.log(target[j] / by_column[j]))
    return total / size


def batch(
    labels: list[int], seed: int = 0, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor, Tensor]:
    """Features, sentence vectors (one row per clip, equal for equal classes) and which clips show the same class."""
    random = torch.Generator().manual_seed(seed)
    classes = torch.randn(max(labels) + 1, 6, generator=random, dtype=torch.float64)
    features = 3 * torch.randn(len(labels), 6, generator=random, dtype=torch.float64)
    label = torch.tensor(labels)
    return features.to(dtype), classes[label].to(dtype), label[:, None] == label


CASES = [[0, 1, 2, 3], [0, 1, 0, 2, 1, 0], [0, 0, 0], [0], [0, 1]]


@pytest.mark.parametrize("labels", CASES)
@pytest.mark.parametrize("scale", [SCALE, 1.0])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 2e-6)])
def test_equals_loops_over_pairs(
    labels: list[int], scale: float, dtype: torch.dtype, tolerance: float
) -> None:
    for seed in range(3):
        features, sentences, same = batch(labels, seed, dtype)
        loss = contrastive_loss(features, sentences, same, scale)
        assert loss.dtype == dtype
        assert loss.item() == pytest.approx(
            by_loops(features, sentences, labels, scale), rel=tolerance, abs=tolerance
        )


@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [0, 1, 0, 2], [0, 0, 0]])
def test_gradients_by_finite_differences(labels: list[int]) -> None:
    features, sentences, same = batch(labels)
    scale = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    leaves = (features.requires_grad_(), sentences.requires_grad_(), scale)
    assert torch.autograd.gradcheck(lambda f, t, s: contrastive_loss(f, t, same, s), leaves, atol=1e-8)


def test_lengths_of_vectors_do_not_matter() -> None:
    features, sentences, same = batch([0, 1, 2, 0])
    factor = torch.tensor([[0.01], [1.0], [7.0], [300.0]], dtype=torch.float64)
    loss, scaled = (
        contrastive_loss(features, sentences, same, SCALE),
        contrastive_loss(features * factor, sentences / factor, same, SCALE),
    )
    assert loss.item() == pytest.approx(scaled.item(), rel=1e-10)


def test_order_of_the_batch_does_not_matter() -> None:
    features, sentences, same = batch([0, 1, 2, 0, 3, 1])
    order = torch.tensor([4, 2, 0, 5, 1, 3])
    loss = contrastive_loss(features, sentences, same, SCALE)
    reordered = contrastive_loss(features[order], sentences[order], same[order][:, order], SCALE)
    assert loss.item() == pytest.approx(reordered.item(), rel=1e-12)
    wrong = contrastive_loss(features[order], sentences, same, SCALE)
    assert wrong.item() != pytest.approx(loss.item(), rel=1e-3)


def test_one_class_only_is_solved_by_equal_scores() -> None:
    """All clips of one class: the target is uniform, so equal scores reach it."""
    sentences = torch.ones(4, 3, dtype=torch.float64)
    same = torch.ones(4, 4, dtype=torch.bool)
    assert contrastive_loss(sentences * 2, sentences, same, SCALE).item() == pytest.approx(0, abs=1e-12)
    features, sentences, same = batch([0, 0, 0, 0])
    assert contrastive_loss(features, sentences, same, SCALE).item() > 0.01


def test_clips_at_their_sentences_lose_less_than_clips_at_others() -> None:
    _, sentences, same = batch([0, 1, 2, 3])
    right = contrastive_loss(sentences, sentences, same, SCALE)
    wrong = contrastive_loss(sentences.roll(1, 0), sentences, same, SCALE)
    assert right.item() < wrong.item()
