"""`eszsl`: a bilinear map in closed form (Romera-Paredes and Torr, ICML 2015). Nothing is trained or stored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.research.baselines.base import Array, Baseline
from pgfa.research.baselines.encoded import Encoded, Mapped, Standard, on_encoder


def bilinear(
    features: Array,
    labels: NDArray[np.int64],
    anchors: Array,
    same: NDArray[np.bool_],
    gamma: float,
    lam: float,
) -> NDArray[np.float64]:
    """(D, d) V such that features V anchors^T is close to 1 for the right class and -1 for others.

    V = (X^T X / N + gamma I)^-1 (X^T Y S / N) (S^T S + lam I)^-1, the minimum of
    |X V S^T - Y|^2 / N + gamma |V S^T|^2 + lam |X V|^2 / N + gamma lam |V|^2.
    The source's X is this one's transpose and its gamma is this one times N, so that one value serves any N.

    Args:
        features: (N, D), X.
        labels: (N,) classes.
        anchors: (C, d), S.
        same: (C, C) bool; Y is 1 where the clip's class means the same, else -1.
        gamma, lam: regularisation on the side of the features, of the sentences; above 0.
    """
    x, s = features.astype(np.float64), anchors.astype(np.float64)
    y = np.where(same[labels], 1.0, -1.0)
    count = max(len(x), 1)
    left = x.T @ x / count + gamma * np.eye(x.shape[1])
    right = s.T @ s + lam * np.eye(s.shape[1])
    middle = x.T @ y @ s / count
    # Both are symmetric: A^-1 B C^-1 by two solves.
    v: NDArray[np.float64] = np.linalg.solve(right, np.linalg.solve(left, middle).T).T
    return v


def fit(encoded: Encoded) -> Mapped:
    """Solve. The score is the bilinear one divided by the clip's length in sentence space, which ranks the same."""
    options = encoded.options
    standard = Standard(encoded.train).to(encoded.device)
    x = standard(encoded.tensor(encoded.train)).cpu().numpy()
    v = bilinear(x, encoded.labels, encoded.anchors, encoded.same, options.eszsl_gamma, options.eszsl_lambda)
    # A cosine does not depend on the size of V, but float32 should hold it well.
    weight = encoded.tensor((v / max(float(np.abs(v).max()), 1e-300)).astype(np.float32))
    return Mapped(encoded, lambda features: standard(features) @ weight)


BASELINE = Baseline(
    on_encoder(fit),
    title="frozen encoder, then a bilinear map in closed form",
    assumes="as above; squared error to +1 and -1 is a suitable target",
    source="Romera-Paredes and Torr, ICML 2015",
)
