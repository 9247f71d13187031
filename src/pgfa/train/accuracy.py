"""Accuracy as the authors' code computes it: a mean over batches (method.md section 5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TEST_BATCH = 64
"""Clips per batch in the authors' test."""


def batch_mean(correct: NDArray[np.bool_]) -> float:
    """Mean over batches of `TEST_BATCH` consecutive clips of the accuracy of each, as a fraction of 1.

    The last batch may be smaller; its clips then weigh more. The result depends on the order of the clips.

    Args:
        correct: (N,) which clips are recognised correctly, in the order of the files; N >= 1.
    """
    starts = np.arange(0, len(correct), TEST_BATCH)
    sizes = np.diff(np.append(starts, len(correct)))
    return float((np.add.reduceat(correct.astype(np.float64), starts) / sizes).mean())
