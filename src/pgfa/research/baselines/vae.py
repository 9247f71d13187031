"""`vae`: two aligned variational autoencoders, of features and of sentences (CADA-VAE, Schönfeld et al., CVPR 2019).

SynSE brought this kind of model to skeletons. Each autoencoder also decodes the other's latent (cross-reconstruction),
and the latent Gaussians of a clip and of its sentence are pulled together (distribution alignment, 2-Wasserstein
distance). A clip goes to the sentence whose latent mean is nearest by angle; the source trains a linear classifier on
latent samples of the sentences instead, which learns the same half-spaces from the means and noise around them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pgfa.research.baselines.base import Baseline
from pgfa.research.baselines.encoded import (
    Encoded,
    FeatureBatch,
    Mapped,
    Standard,
    on_encoder,
    train_on_features,
)

# (weight, first and last epoch of its linear rise, of 100), as in the source.
PRIOR, CROSS, ALIGN = (0.25, 0, 93), (2.37, 21, 75), (8.13, 6, 22)


class Autoencoder(nn.Module):
    """One layer down to a latent Gaussian, one layer up again."""

    def __init__(self, size: int, hidden: int, latent: int) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Linear(size, hidden), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.up = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, size))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance, (B, latent) each."""
        deep = self.down(x)
        return self.mean(deep), self.log_variance(deep)


class Pair(nn.Module):
    """The two autoencoders, and the standardisation of features."""

    def __init__(self, standard: Standard, features: int, sentence: int, hidden: int, latent: int) -> None:
        super().__init__()
        self.standard = standard
        self.motion = Autoencoder(features, hidden, latent)
        self.text = Autoencoder(sentence, hidden, latent)


def weight_at(rise: tuple[float, int, int], epoch: int, epochs: int) -> float:
    """Weight of a term in one of `epochs` epochs: 0, then a linear rise, then constant."""
    weight, first, last = rise
    share = (100 * epoch / epochs - first) / (last - first)
    return weight * min(max(share, 0.0), 1.0)


def prior_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """(B,) KL(N(mean, variance) || N(0, 1)), summed over the latent."""
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)


def wasserstein(mean: Tensor, log_variance: Tensor, other_mean: Tensor, other_log_variance: Tensor) -> Tensor:
    """(B,) 2-Wasserstein distance between Gaussians of diagonal covariance."""
    squares = (mean - other_mean) ** 2 + ((0.5 * log_variance).exp() - (0.5 * other_log_variance).exp()) ** 2
    return (squares.sum(dim=1) + 1e-12).sqrt()


def pair_loss(
    pair: Pair,
    features: Tensor,
    anchors: Tensor,
    noise: tuple[Tensor, Tensor],
    weights: tuple[float, float, float],
) -> Tensor:
    """Reconstruction + beta prior + gamma cross-reconstruction + delta alignment, each a mean over clips.

    Args:
        pair: the autoencoders.
        features: (B, D) standardised.
        anchors: (B, d) unit sentence vectors of the clips' classes.
        noise: (B, latent) each, standard normal, for the latent of the clip and of the sentence.
        weights: beta, gamma, delta.
    """
    beta, gamma, delta = weights
    m_mean, m_log = pair.motion(features)
    t_mean, t_log = pair.text(anchors)
    m_latent = m_mean + (0.5 * m_log).exp() * noise[0]
    t_latent = t_mean + (0.5 * t_log).exp() * noise[1]

    def error(decoded: Tensor, target: Tensor) -> Tensor:
        return (decoded - target).abs().sum(dim=1)

    reconstruction = error(pair.motion.up(m_latent), features) + error(pair.text.up(t_latent), anchors)
    cross = error(pair.motion.up(t_latent), features) + error(pair.text.up(m_latent), anchors)
    prior = prior_divergence(m_mean, m_log) + prior_divergence(t_mean, t_log)
    distance = wasserstein(m_mean, m_log, t_mean, t_log)
    return (reconstruction + beta * prior + gamma * cross + delta * distance).mean()


def fit(encoded: Encoded) -> Mapped:
    """Train the autoencoders, resume, or load them."""
    options = encoded.options
    torch.manual_seed(encoded.settings.train.seed)
    size, text_size = encoded.train.shape[1], encoded.anchors.shape[1]
    pair = Pair(Standard(encoded.train), size, text_size, options.vae_hidden, options.vae_latent)
    pair = pair.to(encoded.device)
    features = pair.standard(encoded.tensor(encoded.train))
    anchors = encoded.tensor(encoded.anchors)

    def loss(pair: Pair, batch: FeatureBatch) -> Tensor:
        beta, gamma, delta = (weight_at(rise, batch.epoch, options.epochs) for rise in (PRIOR, CROSS, ALIGN))
        noise = torch.randn(2, len(batch.index), options.vae_latent, device=batch.index.device)
        text = anchors[batch.labels]
        return pair_loss(pair, batch.features, text, (noise[0], noise[1]), (beta, gamma, delta))

    used = {"learning_rate", "vae_hidden", "vae_latent"}
    train_on_features(pair, "vae", loss, encoded, used, features=features)
    return Mapped(encoded, lambda x: pair.motion(pair.standard(x))[0], lambda t: pair.text(t)[0])


BASELINE = Baseline(
    on_encoder(fit),
    title="frozen encoder, then two variational autoencoders, of features and of sentences, "
    "with cross-reconstruction and aligned latents",
    assumes="as above; a sentence contains enough to reconstruct a feature",
    source="CADA-VAE, Schönfeld et al., CVPR 2019; SynSE applied this kind of model to skeletons",
)
