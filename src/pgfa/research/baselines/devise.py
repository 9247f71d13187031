"""`devise`: hinge ranking of a linear map to sentence space (Frome et al., NeurIPS 2013)."""

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


def ranking_loss(mapped: Tensor, anchors: Tensor, labels: Tensor, same: Tensor, margin: float) -> Tensor:
    """Sum over wrong classes j of max(0, margin - t_y . f + t_j . f), averaged over clips.

    Args:
        mapped: (B, d) clips in sentence space, any length.
        anchors: (C, d) unit vectors of the seen classes.
        labels: (B,) their classes y.
        same: (C, C) bool, classes that mean the same: neither is wrong for the other.
        margin: by how much the score of the right class should exceed that of a wrong one.
    """
    scores = mapped @ anchors.T
    difference = scores.gather(1, labels[:, None]) - scores
    return (margin - difference).clamp(min=0).masked_fill(same[labels], 0).sum(dim=1).mean()


def fit(encoded: Encoded) -> Mapped:
    """Train the map, resume, or load it."""
    torch.manual_seed(encoded.settings.train.seed)
    size = encoded.train.shape[1], encoded.anchors.shape[1]
    project = nn.Sequential(Standard(encoded.train), nn.Linear(*size, bias=False)).to(encoded.device)
    anchors, same = encoded.tensor(encoded.anchors), encoded.tensor(encoded.same)
    margin = encoded.options.devise_margin

    def loss(project: nn.Module, batch: FeatureBatch) -> Tensor:
        return ranking_loss(project(batch.features), anchors, batch.labels, same, margin)

    train_on_features(project, "devise", loss, encoded, {"learning_rate", "devise_margin"})
    return Mapped(encoded, project)


BASELINE = Baseline(
    on_encoder(fit),
    title="frozen encoder, then a linear map, hinge ranking of the right sentence above all wrong ones",
    assumes="as above; one linear map serves all classes",
    source="Frome et al., NeurIPS 2013",
)
