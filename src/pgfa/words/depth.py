"""Measures of recordings without depth, such as keypoints of a video, as they would be with depth.

Without depth, reaching forward is no motion and a raised thigh is short. But what is seen tells much of what is not: a
hand at the height of the shoulder, with a forearm that gets short, is in front of the body. A linear map estimates
from all measures what each would be. It is fitted on recordings with depth, and on the same recordings as cameras
without depth would see them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class DepthEstimate:
    """A linear map of standardised measures.

    Attributes:
        weights: (measures + 1, measures) from the measures without depth, and 1, to the change of each by depth.
    """

    weights: Array

    def __call__(self, standardised: Array) -> Array:
        """(N, measures) of clips without depth -> (N, measures) estimated, in the same units."""
        return np.asarray(standardised + with_one(standardised) @ self.weights, dtype=np.float32)


def with_one(rows: Array) -> Array:
    """(N, n + 1): the columns, and 1."""
    return np.concatenate([rows, np.ones((len(rows), 1), dtype=np.float32)], axis=1)
