"""`devise`: hinge ranking of a linear map to sentence space (Frome et al., NeurIPS 2013)."""

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


def ranking_loss(mapped: Tensor, sentences: Tensor, labels: Tensor, same: Tensor, margin: float) -> Tensor:
    """Sum over wrong classes j of max(0, margin - t_y . f + t_j . f), averaged over clips.

    Args:
        mapped: (B, d) clips in sentence space, any length.
        sentences: (C, d) unit vectors of the seen classes.
        labels: (B,) their classes y.
        same: (C, C) bool, classes that mean the same: none of them is wrong for the other.
        margin: by how much a right class should lead.
    """
    scores = mapped @ sentences.T
    lead = scores.gather(1, labels[:, None]) - scores
    return (margin - lead).clamp(min=0).masked_fill(same[labels], 0).sum(dim=1).mean()


@on_encoder
def devise(encoded: Encoded, corpus: Corpus, options: BaselineSettings) -> Mapped:
    """Fit or load."""
    torch.manual_seed(encoded.settings.train.seed)
    size = encoded.train.shape[1], encoded.sentences.shape[1]
    project = nn.Sequential(Standard(encoded.train), nn.Linear(*size, bias=False)).to(encoded.device)
    sentences, same = encoded.tensor(encoded.sentences), encoded.tensor(encoded.same)

    def loss(project: nn.Module, batch: FeatureBatch) -> Tensor:
        return ranking_loss(project(batch.features), sentences, batch.labels, same, options.devise_margin)

    train_on_features(
        project, "devise", loss, encoded, options, {"learning_rate", "devise_margin"},
        learning_rate=options.learning_rate,
    )  # fmt: skip
    return Mapped(encoded, project, lambda vectors: vectors)
