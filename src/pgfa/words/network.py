"""A small network from measures to the space of sentences: what the linear description cannot express.

Only its evaluation is here, in numpy; `pgfa.research.foreign.network` trains it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Network:
    """Layers of weights and biases with max(x, 0) between them.

    Attributes:
        layers: of each, (inputs, outputs) weights and (outputs,) biases.
    """

    layers: tuple[tuple[Array, Array], ...]

    def __call__(self, standardised: Array) -> Array:
        """(N, measures) standardised measures -> (N, e + words), not of length 1."""
        *hidden, (weights, bias) = self.layers
        rows = standardised
        for inner, shift in hidden:
            rows = np.maximum(rows @ inner + shift, 0)
        return np.asarray(rows @ weights + bias, dtype=np.float32)
