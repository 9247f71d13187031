"""`pgfa-frozen`: the paradigm the paper argues against; PGFA's loss, but on an encoder that is already frozen.

Cross-entropy trains the encoder, which is then frozen; only a linear projection learns by the contrastive loss of
method.md section 3. The difference to `pgfa` is the gain of end-to-end training.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pgfa.model.contrastive import contrastive_loss
from pgfa.research.baselines.base import Baseline
from pgfa.research.baselines.encoded import (
    Encoded,
    FeatureBatch,
    Mapped,
    Standard,
    on_encoder,
    train_on_features,
)


def fit(encoded: Encoded) -> Mapped:
    """Train the projection, resume, or load it."""
    train = encoded.settings.train
    torch.manual_seed(train.seed)
    project = nn.Sequential(
        Standard(encoded.train), nn.Linear(encoded.train.shape[1], encoded.anchors.shape[1])
    )
    project = project.to(encoded.device)
    anchors, same = encoded.tensor(encoded.anchors), encoded.tensor(encoded.same)

    def loss(project: nn.Module, batch: FeatureBatch) -> Tensor:
        label = batch.labels
        return contrastive_loss(
            project(batch.features), anchors[label], same[label][:, label], train.logit_scale
        )

    train_on_features(project, "pgfa-frozen", loss, encoded, {"learning_rate"})
    return Mapped(encoded, project)


BASELINE = Baseline(
    on_encoder(fit),
    title="frozen encoder, then the projection alone by the paper's contrastive loss: the paradigm it argues against",
    assumes="features that distinguish seen classes also distinguish unseen ones",
    source="the same",
)
