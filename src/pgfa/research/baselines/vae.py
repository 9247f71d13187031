"""`vae`: two aligned variational autoencoders, of features and of sentences (CADA-VAE, Schönfeld et al., CVPR 2019).

SynSE brought the kind to skeletons. Each autoencoder also decodes the other's latent (cross-reconstruction), and the
latent Gaussians of a clip and of its sentence are drawn together (distribution alignment, 2-Wasserstein distance). A
clip is given to the sentence whose latent mean is nearest by angle: the source trains a linear classifier on latent
samples of the sentences instead, which learns the same halves of space from what are their means and noise.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pgfa.config import BaselineSettings
from pgfa.research.baselines.encoded import (
    Encoded,
    FeatureBatch,
    Mapped,
    Standard,
    on_encoder,
    train_on_features,
)
from pgfa.train.corpus import Corpus

# (weight, first and last epoch of its linear rise, of 100), as the source found them.
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
    """The two autoencoders, and what brings features to the scale they are learnt at."""

    def __init__(self, standard: Standard, features: int, sentence: int, hidden: int, latent: int) -> None:
        super().__init__()
        self.standard = standard
        self.motion = Autoencoder(features, hidden, latent)
        self.text = Autoencoder(sentence, hidden, latent)


def weight_at(rise: tuple[float, int, int], epoch: int, epochs: int) -> float:
    """Weight of a term in an epoch of so many: 0, then a linear rise, then constant."""
    weight, first, last = rise
    done = (100 * epoch / epochs - first) / (last - first)
    return weight * min(max(done, 0.0), 1.0)


def prior_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """(B,) KL(N(mean, variance) || N(0, 1)), summed over the latent."""
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)


def wasserstein(mean: Tensor, log_variance: Tensor, other_mean: Tensor, other_log_variance: Tensor) -> Tensor:
    """(B,) 2-Wasserstein distance between Gaussians of diagonal covariance."""
    apart = (mean - other_mean) ** 2 + ((0.5 * log_variance).exp() - (0.5 * other_log_variance).exp()) ** 2
    return (apart.sum(dim=1) + 1e-12).sqrt()


def pair_loss(
    pair: Pair,
    features: Tensor,
    sentences: Tensor,
    noise: tuple[Tensor, Tensor],
    weights: tuple[float, float, float],
) -> Tensor:
    """Reconstruction + beta prior + gamma cross-reconstruction + delta alignment, each a mean over clips.

    Args:
        pair: the autoencoders.
        features: (B, D) standardised.
        sentences: (B, d) unit vectors of the clips' classes.
        noise: (B, latent) each, standard normal, for the latent of the clip and of the sentence.
        weights: beta, gamma, delta.
    """
    beta, gamma, delta = weights
    m_mean, m_log = pair.motion(features)
    t_mean, t_log = pair.text(sentences)
    m_latent = m_mean + (0.5 * m_log).exp() * noise[0]
    t_latent = t_mean + (0.5 * t_log).exp() * noise[1]

    def missed(made: Tensor, wanted: Tensor) -> Tensor:
        return (made - wanted).abs().sum(dim=1)

    own = missed(pair.motion.up(m_latent), features) + missed(pair.text.up(t_latent), sentences)
    cross = missed(pair.motion.up(t_latent), features) + missed(pair.text.up(m_latent), sentences)
    prior = prior_divergence(m_mean, m_log) + prior_divergence(t_mean, t_log)
    apart = wasserstein(m_mean, m_log, t_mean, t_log)
    return (own + beta * prior + gamma * cross + delta * apart).mean()


@on_encoder
def vae(encoded: Encoded, corpus: Corpus, options: BaselineSettings) -> Mapped:
    """Fit or load."""
    torch.manual_seed(encoded.settings.train.seed)
    size, text = encoded.train.shape[1], encoded.sentences.shape[1]
    pair = Pair(Standard(encoded.train), size, text, options.vae_hidden, options.vae_latent).to(
        encoded.device
    )
    features = pair.standard(encoded.tensor(encoded.train))
    sentences = encoded.tensor(encoded.sentences)

    def loss(pair: Pair, batch: FeatureBatch) -> Tensor:
        beta, gamma, delta = (weight_at(rise, batch.epoch, options.epochs) for rise in (PRIOR, CROSS, ALIGN))
        noise = torch.randn(2, len(batch.index), options.vae_latent, device=batch.index.device)
        text = sentences[batch.labels]
        return pair_loss(pair, batch.features, text, (noise[0], noise[1]), (beta, gamma, delta))

    train_on_features(
        pair, "vae", loss, encoded, options, {"learning_rate", "vae_hidden", "vae_latent"},
        learning_rate=options.learning_rate, features=features,
    )  # fmt: skip
    return Mapped(encoded, lambda x: pair.motion(pair.standard(x))[0], lambda t: pair.text(t)[0])
