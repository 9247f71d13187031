"""Measures that a recording does not show, estimated from those that it shows.

Cameras see half a body, markers are lost, videos have no depth. What is not seen is not unknown: somebody whose arms
swing walks, with the legs behind a table too, and a hand at the height of the shoulder whose forearm gets short is in
front of the body. Measures of joints never seen are their mean given the others, as of a normal distribution. Measures
of recordings without depth are mapped to what they would be with depth; the linear map is fitted on recordings with
depth, and on the same recordings as cameras without depth would see them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

RAISED: Final = 0.02
"""Added to the variance of every standardised measure: the training clips are not all there is."""


@dataclass(frozen=True)
class Completion:
    """The normal distribution of the standardised measures of human motion, and what depth adds.

    Attributes:
        mean: (measures,).
        precision: (measures, measures) inverse of the covariance.
        depth: (measures + 1, measures) from measures without depth, and 1, to the change of each by depth; None where
            the training clips were not seen without depth.
    """

    mean: Array
    precision: Array
    depth: Array | None = None

    @classmethod
    def of(cls, standardised: Array, weights: Array, depth: Array | None = None) -> Completion:
        """From (N, measures) of training clips and (N,) their weights."""
        share = (weights / weights.sum()).astype(np.float64)[:, None]
        mean = (standardised * share).sum(axis=0)
        centred = standardised - mean
        covariance = (centred * share).T @ centred + RAISED * np.eye(len(mean))
        precision = np.linalg.inv(covariance)
        both = (precision + precision.T) / 2
        return cls(mean.astype(np.float32), both.astype(np.float32), depth)

    def __call__(self, standardised: Array, unknown: Flags, flat: Flags | None = None) -> Array:
        """(N, measures) with what is unknown estimated.

        Args:
            standardised: (N, measures); values of unknown ones are not used.
            unknown: (N, measures).
            flat: (N,) clips without depth.
        """
        rows = self._conditional(standardised, unknown)
        if self.depth is None or flat is None or not flat.any():
            return rows
        out = rows.copy()
        out[flat] += with_one(rows[flat]) @ self.depth
        return out

    def _conditional(self, rows: Array, unknown: Flags) -> Array:
        """The mean of unknown measures given the others; clips that lack the same measures at once."""
        lacking = np.flatnonzero(unknown.any(axis=1))
        if not len(lacking):
            return rows
        out = rows.copy()
        patterns, group = np.unique(unknown[lacking], axis=0, return_inverse=True)
        for number, missing in enumerate(patterns):
            members = lacking[group.ravel() == number]
            known = (rows[members] - self.mean)[:, ~missing]
            pull = self.precision[np.ix_(missing, ~missing)] @ known.T
            change = np.linalg.solve(self.precision[np.ix_(missing, missing)], pull).T
            out[np.ix_(members, missing)] = self.mean[missing] - change
        return out


def with_one(rows: Array) -> Array:
    """(N, n + 1): the columns, and 1."""
    return np.concatenate([rows, np.ones((len(rows), 1), dtype=np.float32)], axis=1)
