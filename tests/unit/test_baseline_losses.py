"""The losses and closed forms of the baselines against explicit loops and hand computation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from pgfa.config import TrainSettings
from pgfa.research.baselines.devise import ranking_loss
from pgfa.research.baselines.encoded import Standard
from pgfa.research.baselines.eszsl import bilinear
from pgfa.research.baselines.smie import (
    Critic,
    calm_frames,
    frame_motion,
    information,
    layer_normalised,
    smie_loss,
    smie_schedule,
)
from pgfa.research.baselines.vae import (
    ALIGN,
    CROSS,
    PRIOR,
    Pair,
    pair_loss,
    prior_divergence,
    wasserstein,
    weight_at,
)
from pgfa.train.classifier import class_loss

torch.set_num_threads(1)


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def draw(seed: int, *shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


# Cross-entropy


def test_class_loss_is_plain_cross_entropy_where_one_output_is_right() -> None:
    logits, labels = torch.from_numpy(draw(0, 7, 4)), torch.tensor([0, 1, 2, 3, 3, 0, 1])
    right = torch.eye(4, dtype=torch.bool)[labels]
    torch.testing.assert_close(class_loss(logits, right), torch.nn.functional.cross_entropy(logits, labels))


def test_class_loss_takes_any_of_several_right_outputs() -> None:
    logits = draw(1, 3, 5)
    right = np.array([[1, 0, 0, 1, 0], [0, 1, 0, 0, 0], [1, 1, 1, 1, 1]], dtype=bool)
    total = 0.0
    for row, good in zip(logits.astype(np.float64), right, strict=True):
        share = np.exp(row) / np.exp(row).sum()
        total -= math.log(sum(p for p, g in zip(share, good, strict=True) if g))
    result = class_loss(torch.from_numpy(logits), torch.from_numpy(right))
    assert float(result) == pytest.approx(total / 3, rel=1e-5)


# DeViSE


def test_ranking_loss_by_loops() -> None:
    mapped, sentences = draw(2, 6, 3), unit(draw(3, 4, 3))
    labels = np.array([0, 1, 2, 3, 1, 0])
    same = np.eye(4, dtype=bool)
    same[0, 2] = same[2, 0] = True  # two data sets' names of one action
    total = 0.0
    for clip, label in zip(mapped, labels, strict=True):
        for other in range(4):
            if not same[label, other]:
                total += max(0.0, 0.3 - float(clip @ sentences[label]) + float(clip @ sentences[other]))
    result = ranking_loss(*(torch.from_numpy(a) for a in (mapped, sentences, labels, same)), 0.3)
    assert float(result) == pytest.approx(total / 6, rel=1e-5)
    assert total > 0


# ESZSL


def test_bilinear_solves_the_normal_equations() -> None:
    """The same objective as one big ridge regression over all entries of V, solved by Kronecker products."""
    x, s = draw(4, 30, 5), unit(draw(5, 6, 4))
    labels = np.random.default_rng(6).integers(0, 6, 30)
    same = np.eye(6, dtype=bool)
    same[1, 4] = same[4, 1] = True
    gamma, lam = 0.3, 0.7
    result = bilinear(x, labels, s, same, gamma, lam)
    y = np.where(same[labels], 1.0, -1.0)
    wide, text = x.astype(np.float64), s.astype(np.float64)
    quadratic = (
        np.kron(text.T @ text, wide.T @ wide / 30)
        + gamma * np.kron(text.T @ text, np.eye(5))
        + lam * np.kron(np.eye(4), wide.T @ wide / 30)
        + gamma * lam * np.eye(20)
    )
    linear = (wide.T @ y @ text / 30).reshape(-1, order="F")
    np.testing.assert_allclose(result.reshape(-1, order="F"), np.linalg.solve(quadratic, linear), rtol=1e-8)


def test_bilinear_is_the_minimum_of_its_cost() -> None:
    x, s = draw(7, 20, 3), unit(draw(8, 4, 5))
    labels = np.random.default_rng(9).integers(0, 4, 20)
    same = np.eye(4, dtype=bool)
    y = np.where(same[labels], 1.0, -1.0)

    def cost(v: NDArray[np.float64]) -> float:
        fit = ((x @ v @ s.T - y) ** 2).sum() / 20
        return float(
            fit + 0.2 * ((v @ s.T) ** 2).sum() + 0.5 * ((x @ v) ** 2).sum() / 20 + 0.1 * (v**2).sum()
        )

    best = bilinear(x, labels, s, same, 0.2, 0.5)
    random = np.random.default_rng(10)
    for _ in range(20):
        assert cost(best) < cost(best + 0.01 * random.normal(size=best.shape))


# SMIE


def test_frame_motion_by_loops() -> None:
    clips = draw(11, 3, 7, 2, 4, 3)
    for n in range(3):
        for t in range(7):
            after = (clips[n, t + 1] - clips[n, t]) ** 2 if t < 6 else np.zeros((2, 4, 3))
            before = (clips[n, t] - clips[n, t - 1]) ** 2 if t > 0 else np.zeros((2, 4, 3))
            assert frame_motion(clips)[n, t] == pytest.approx((after + before).mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("frames", "dropped", "left"), [(50, 15, 20), (10, 3, 4), (3, 1, 1), (2, 1, 1), (64, 19, 26)]
)
def test_calm_frames(frames: int, dropped: int, left: int) -> None:
    clips = draw(12, 6, frames, 2, 4, 3)
    chosen = calm_frames(clips, np.random.default_rng(0))
    assert chosen.shape == (6, left)
    for n in range(6):
        frame_list = chosen[n].tolist()
        assert frame_list == sorted(set(frame_list))  # in order, none twice
        assert (
            frame_motion(clips)[n, frame_list].max() <= np.sort(frame_motion(clips)[n])[frames - dropped - 1]
        )


def test_calm_frames_are_all_drawn_sometimes_and_each_clip_by_itself() -> None:
    clips = np.repeat(draw(13, 1, 10, 1, 2, 3), 200, axis=0)
    chosen = calm_frames(clips, np.random.default_rng(1))
    calm = np.argsort(frame_motion(clips)[0], kind="stable")[:7]
    count = np.bincount(chosen.reshape(-1), minlength=10)
    assert set(np.flatnonzero(count).tolist()) == set(calm.tolist())
    # 200 draws of 4 of 7: each expected 114 times, with a standard deviation of 7.
    assert np.abs(count[calm] - 800 / 7).max() < 5 * 7


def by_hand(critic: Callable[[Tensor, Tensor], Tensor], clips: Tensor, others: Tensor, text: Tensor) -> float:
    def soft(x: float) -> float:
        return math.log1p(math.exp(-abs(x))) + max(x, 0.0)

    right = [soft(-float(critic(c[None], t[None]))) for c, t in zip(clips, text, strict=True)]
    wrong = [soft(float(critic(c[None], t[None]))) for c, t in zip(others, text, strict=True)]
    return -sum(right) / len(right) - sum(wrong) / len(wrong)


def test_information_and_loss_by_hand() -> None:
    torch.manual_seed(0)
    critic = Critic(4, 3)
    whole, part = (layer_normalised(torch.from_numpy(draw(seed, 5, 4))) for seed in (14, 15))
    text = torch.from_numpy(unit(draw(16, 5, 3)))
    others = torch.stack([whole[1], whole[2], whole[3], whole[4], whole[0]])
    with torch.no_grad():
        of_whole, of_part = by_hand(critic, whole, others, text), by_hand(critic, part, others, text)
        assert float(information(critic, whole, others, text)) == pytest.approx(of_whole, rel=1e-5)
        expected = -of_whole + 0.5 * max(0.0, 0.1 - (of_whole - of_part))
        assert float(smie_loss(critic, whole, part, text)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("gap", "penalty"), [(0.4, 0.0), (0.02, 0.04), (-0.3, 0.2)])
def test_the_temporal_term_asks_for_a_gap_of_a_tenth(gap: float, penalty: float) -> None:
    """A critic that returns one number for whole clips, marked 1, and another for parts, marked 2."""
    value = {1.0: 1.0, 2.0: -1.0}

    def soft(x: float) -> float:
        return math.log1p(math.exp(x))

    # Solve softplus(-b) = softplus(-a) + gap for b, the critic's value for the part.
    value[2.0] = -math.log(math.expm1(soft(-value[1.0]) + gap))

    def critic(clips: Tensor, text: Tensor) -> Tensor:
        return torch.tensor([value[float(c[0])] for c in clips], dtype=torch.float64)

    whole, part, text = torch.full((3, 2), 1.0), torch.full((3, 2), 2.0), torch.zeros(3, 2)
    of_whole = -soft(-1.0) - soft(1.0)
    result = float(smie_loss(critic, whole, part, text))  # type: ignore[arg-type]
    assert result == pytest.approx(-of_whole + penalty, abs=1e-6)


def test_the_critic_is_the_papers() -> None:
    sizes = [tuple(p.shape) for p in Critic(256, 768).parameters()]
    assert sizes == [(1024, 1024), (1024,), (512, 1024), (512,), (1, 512), (1,)]


def test_layer_norm_without_weights() -> None:
    row = np.array([[1.0, 2.0, 4.0, 9.0]], dtype=np.float32)
    expected = (row - 4) / math.sqrt((9 + 4 + 0 + 25) / 4 + 1e-5)
    np.testing.assert_allclose(layer_normalised(torch.from_numpy(row)).numpy(), expected, rtol=1e-6)


def test_the_rate_warms_up_for_15_epochs_and_falls_by_cosine() -> None:
    settings = TrainSettings(epochs=100, learning_rate=1e-5)
    rates = [smie_schedule(settings, epoch, 3, 9) for epoch in range(100)]
    assert rates[:3] == pytest.approx([0, 1e-5 / 15, 2e-5 / 15])
    assert rates[15] == pytest.approx(1e-5)
    assert rates[15 + 17] == pytest.approx(0.5e-5 * (1 + math.cos(math.pi * 17 / 85)))
    assert max(rates) == rates[15]
    assert smie_schedule(TrainSettings(epochs=1, learning_rate=1.0), 0, 0, 1) == 1.0


# VAE


def test_prior_divergence_and_wasserstein_by_loops() -> None:
    mean, log = draw(17, 4, 3), draw(18, 4, 3)
    other, other_log = draw(19, 4, 3), draw(20, 4, 3)
    tensors = [torch.from_numpy(a) for a in (mean, log, other, other_log)]
    gauss = torch.distributions.Normal(tensors[0], (0.5 * tensors[1]).exp())
    plain = torch.distributions.Normal(torch.zeros(4, 3), torch.ones(4, 3))
    expected = torch.distributions.kl_divergence(gauss, plain).sum(dim=1)
    torch.testing.assert_close(prior_divergence(tensors[0], tensors[1]), expected)
    for n in range(4):
        total = sum(
            (mean[n, i] - other[n, i]) ** 2 + (math.exp(log[n, i] / 2) - math.exp(other_log[n, i] / 2)) ** 2
            for i in range(3)
        )
        assert float(wasserstein(*tensors)[n]) == pytest.approx(math.sqrt(total), rel=1e-5)


def test_the_pairs_loss_by_hand() -> None:
    torch.manual_seed(1)
    features, text = torch.from_numpy(draw(21, 3, 5)), torch.from_numpy(unit(draw(22, 3, 4)))
    pair = Pair(Standard(features.numpy()), 5, 4, hidden=6, latent=2)
    noise = torch.from_numpy(draw(23, 3, 2)), torch.from_numpy(draw(24, 3, 2))
    weights = (0.25, 2.0, 8.0)
    total = 0.0
    with torch.no_grad():
        for n in range(3):
            (mm, ml), (tm, tl) = pair.motion(features[n : n + 1]), pair.text(text[n : n + 1])
            mz = mm + torch.exp(ml / 2) * noise[0][n]
            tz = tm + torch.exp(tl / 2) * noise[1][n]
            reconstruction = (pair.motion.up(mz) - features[n]).abs().sum() + (
                pair.text.up(tz) - text[n]
            ).abs().sum()
            cross = (pair.motion.up(tz) - features[n]).abs().sum() + (pair.text.up(mz) - text[n]).abs().sum()
            prior = prior_divergence(mm, ml) + prior_divergence(tm, tl)
            apart = wasserstein(mm, ml, tm, tl)
            total += float(reconstruction + weights[0] * prior + weights[1] * cross + weights[2] * apart)
        result = float(pair_loss(pair, features, text, noise, weights))
    assert result == pytest.approx(total / 3, rel=1e-5)


def test_weights_rise_as_in_the_source_for_any_number_of_epochs() -> None:
    assert [weight_at(PRIOR, e, 100) for e in (0, 93, 99)] == pytest.approx([0, 0.25, 0.25])
    assert [weight_at(CROSS, e, 100) for e in (0, 21, 48, 75)] == pytest.approx([0, 0, 2.37 / 2, 2.37])
    assert [weight_at(ALIGN, e, 100) for e in (6, 14, 22)] == pytest.approx([0, 8.13 / 2, 8.13])
    assert weight_at(CROSS, 24, 50) == pytest.approx(2.37 / 2)


def test_alignment_has_a_gradient_where_the_gaussians_are_equal() -> None:
    """The root of 0 has none; without the small constant the first equal pair would make every weight NaN."""
    mean = torch.zeros(1, 2, requires_grad=True)
    wasserstein(mean, torch.zeros(1, 2), torch.zeros(1, 2), torch.zeros(1, 2)).sum().backward()
    assert mean.grad is not None
    assert torch.isfinite(mean.grad).all()


# Standardisation


def test_standard_features() -> None:
    train = draw(25, 9, 3)
    train[:, 1] = 4.0  # never varies
    features = Standard(train)(torch.from_numpy(train)).numpy()
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(features.std(axis=0), [1, 0, 1], atol=1e-5)
