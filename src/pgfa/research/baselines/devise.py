"""`devise`: hinge ranking of a linear map to sentence space (Frome et al., NeurIPS 2013)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pgfa.config import CompareSettings
from pgfa.research.baselines.encoded import Encoded, Mapped, Standard, learn_on, on_encoder
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
def devise(encoded: Encoded, corpus: Corpus, options: CompareSettings) -> Mapped:
    """Fit or load."""
    torch.manual_seed(encoded.settings.train.seed)
    size = encoded.train.shape[1], encoded.sentences.shape[1]
    project = nn.Sequential(Standard(encoded.train), nn.Linear(*size, bias=False)).to(encoded.device)
    features, labels = encoded.tensor(encoded.train), encoded.tensor(encoded.labels)
    sentences, same = encoded.tensor(encoded.sentences), encoded.tensor(encoded.same)

    def loss_of(chosen: Tensor, epoch: int) -> Tensor:
        return ranking_loss(project(features[chosen]), sentences, labels[chosen], same, options.devise_margin)

    learn_on(project, "devise", loss_of, encoded, options, {"rate", "devise_margin"}, rate=options.rate)
    return Mapped(encoded, project, lambda vectors: vectors)
