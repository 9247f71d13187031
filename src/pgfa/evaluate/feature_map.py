"""Clips, sentence vectors and prototypes projected to a plane, for the report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class FeatureMap:
    """Points on a plane; the axes have no unit and the same scale.

    Attributes:
        clips: (clips, 2) the test clips. Alignment does not move them.
        before: (classes, 2) anchors before alignment: sentence vectors, in a one-shot split exemplars.
        after: (classes, 2) prototypes (the anchor again for a class without support).
        variance_share: fraction of the variance along the two axes, 0 to 1.
    """

    clips: NDArray[np.float64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    variance_share: float


def feature_map(features: Floats, anchors_before: Floats, anchors_after: Floats) -> FeatureMap:
    """Project clips, anchors and prototypes together to two dimensions.

    Principal components of all unit vectors taken together: linear, so that an arrow from an anchor to its prototype
    shows a real displacement, and the same on every machine (each axis points to where its largest loading is
    positive). Labels are not used. Distances along the other dimensions are lost; `variance_share` is the share that
    remains.

    Args:
        features: (clips, d) features of the test clips; need not be of unit length.
        anchors_before: (classes, d) anchors before alignment.
        anchors_after: (classes, d) prototypes z_c (method.md section 4).

    Raises:
        ValueError: the arrays are not of rank two with one width, or hold a number that is not finite.
    """
    parts = [np.asarray(part, dtype=np.float64) for part in (features, anchors_before, anchors_after)]
    if any(part.ndim != 2 for part in parts) or len({part.shape[1] for part in parts}) != 1:
        raise ValueError(f"expected three arrays (rows, d) of one d, found {[part.shape for part in parts]}")
    rows = np.concatenate(parts)
    if not np.isfinite(rows).all():
        raise ValueError("features and anchors must be finite")
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    rows = rows - (rows.mean(axis=0) if len(rows) else 0)
    variance, axes = np.linalg.eigh(rows.T @ rows)
    axes = axes[:, ::-1][:, :2]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0)
    points = np.zeros((len(rows), 2))
    points[:, : axes.shape[1]] = rows @ (axes * np.where(largest < 0, -1.0, 1.0))
    total = float(variance.sum())
    first, second = len(parts[0]), len(parts[0]) + len(parts[1])
    return FeatureMap(
        clips=points[:first],
        before=points[first:second],
        after=points[second:],
        variance_share=float(variance[-2:].sum()) / total if total > 0 else 1.0,
    )
