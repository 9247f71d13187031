"""`pgfa-frozen`: the paradigm the paper argues against; PGFA's loss, but on an encoder that is already frozen.

Cross-entropy trains the encoder, which is then frozen; a linear projection alone learns by the contrastive loss of
method.md section 3. Beside `pgfa` it tells what end-to-end training is worth.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pgfa.config import CompareSettings
from pgfa.model.loss import contrastive_loss
from pgfa.research.baselines.encoded import Encoded, Mapped, Standard, learn_on, on_encoder
from pgfa.train.corpus import Corpus


@on_encoder
def frozen(encoded: Encoded, corpus: Corpus, options: CompareSettings) -> Mapped:
    """Fit or load."""
    torch.manual_seed(encoded.settings.train.seed)
    project = nn.Sequential(
        Standard(encoded.train), nn.Linear(encoded.train.shape[1], encoded.sentences.shape[1])
    )
    project = project.to(encoded.device)
    features, labels = encoded.tensor(encoded.train), encoded.tensor(encoded.labels)
    sentences, same = encoded.tensor(encoded.sentences), encoded.tensor(encoded.same)

    def loss_of(chosen: Tensor, epoch: int) -> Tensor:
        label = labels[chosen]
        alike = same[label][:, label]
        return contrastive_loss(
            project(features[chosen]), sentences[label], alike, encoded.settings.train.scale
        )

    learn_on(project, "pgfa-frozen", loss_of, encoded, options, {"rate"}, rate=options.rate)
    return Mapped(encoded, project, lambda vectors: vectors)
