"""`pgfa-frozen`: the paradigm the paper argues against; PGFA's loss, but on an encoder that is already frozen.

Cross-entropy trains the encoder, which is then frozen; a linear projection alone learns by the contrastive loss of
method.md section 3. Beside `pgfa` it tells what end-to-end training is worth.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pgfa.config import BaselineSettings
from pgfa.model.contrastive import contrastive_loss
from pgfa.research.baselines.encoded import (
    Encoded,
    FeatureBatch,
    Mapped,
    Standard,
    on_encoder,
    train_on_features,
)
from pgfa.train.corpus import Corpus


@on_encoder
def frozen(encoded: Encoded, corpus: Corpus, options: BaselineSettings) -> Mapped:
    """Fit or load."""
    torch.manual_seed(encoded.settings.train.seed)
    project = nn.Sequential(
        Standard(encoded.train), nn.Linear(encoded.train.shape[1], encoded.sentences.shape[1])
    )
    project = project.to(encoded.device)
    sentences, same = encoded.tensor(encoded.sentences), encoded.tensor(encoded.same)

    def loss(project: nn.Module, batch: FeatureBatch) -> Tensor:
        label = batch.labels
        scale = encoded.settings.train.logit_scale
        return contrastive_loss(project(batch.features), sentences[label], same[label][:, label], scale)

    train_on_features(
        project, "pgfa-frozen", loss, encoded, options, {"learning_rate"},
        learning_rate=options.learning_rate,
    )  # fmt: skip
    return Mapped(encoded, project, lambda vectors: vectors)
