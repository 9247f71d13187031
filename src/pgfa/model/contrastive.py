"""The cross-modal contrastive loss (method.md section 3)."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import log_softmax, normalize

from pgfa.model.batch import Batch
from pgfa.model.encoder import MotionEncoder

TARGET_SHARPNESS = 10.0  # Q = row-softmax(10 Y): the authors' soft target


def loss(model: MotionEncoder, batch: Batch) -> Tensor:
    """The objective `contrastive`: encoder and projection are pulled to the clips' sentence vectors."""
    features = model(batch.positions, batch.present)
    return contrastive_loss(features, batch.vectors, batch.same, model.log_scale.exp())


def contrastive_loss(features: Tensor, sentences: Tensor, same: Tensor, scale: Tensor | float) -> Tensor:
    """1/2 KL(Q || softmax_row(S)) + 1/2 KL(Q || softmax_row(S^T)), S = scale * cosine, one row of S per clip.

    Args:
        features: (B, d) projected clips, any length.
        sentences: (B, d) vector of each clip's class (rows repeat when classes do).
        same: (B, B) bool, whether two clips show the same (Y of the paper: their classes are equal).
        scale: s, 1/0.07 in the paper.

    Returns:
        Scalar: the KL summed over a row, averaged over rows.
    """
    logits = scale * normalize(features, dim=1) @ normalize(sentences, dim=1).T
    log_target = log_softmax(TARGET_SHARPNESS * same.to(logits.dtype), dim=1)
    target = log_target.exp()

    def divergence(scores: Tensor) -> Tensor:
        return (target * (log_target - log_softmax(scores, dim=1))).sum(dim=1).mean()

    return 0.5 * (divergence(logits) + divergence(logits.T))
