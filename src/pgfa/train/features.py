"""Features of prepared clips: computed once, in batches, on the device."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from pgfa.model.encoder import MotionEncoder

BATCH = 256


def features_of(
    model: MotionEncoder,
    positions: NDArray[np.float32],
    present: NDArray[np.bool_],
    *,
    batch: int = BATCH,
    projected: bool = True,
    precision: torch.dtype = torch.float32,
) -> NDArray[np.float32]:
    """Clips in sentence space, not normalised.

    Args:
        model: trained; used in evaluation mode.
        positions: (N, T, M, V, 3) prepared.
        present: (N, M).
        batch: clips computed at a time.
        projected: False for the features of the encoder alone, before the projection.
        precision: float32, or bfloat16 for an encoder with a folded form on the CPU: faster (docs/speed.md), with
            features that differ in the third digit.

    Returns:
        (N, d) float32.
    """
    model.eval()
    device = next(model.parameters()).device
    size = model.projection.out_features if projected else model.projection.in_features
    forward = model if projected else model.encode
    out = np.zeros((len(positions), size), dtype=np.float32)
    with torch.inference_mode(), model.folded(precision):
        for first in range(0, len(positions), batch):
            part = slice(first, first + batch)
            x = torch.from_numpy(np.ascontiguousarray(positions[part])).to(device)
            out[part] = forward(x, torch.from_numpy(present[part]).to(device)).cpu().numpy()
    return out
