"""Student's interval of a mean and of a mean paired difference, and Holm's correction for several differences.

The independent units are the splits, each the mean of its seeds, or the seeds of a single split: clips are shared by
both methods and by all seeds, and resampling few units gives intervals that are too narrow (docs/benchmark.md,
"Intervals"; scripts/interval_coverage.py measures both).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

LEVEL = 0.05
"""Rate of intervals that miss the mean, and of false stars in a family of comparisons."""

LEAST_UNITS = 3
"""Units that an interval needs: with two, Student's factor is 12.7, and the interval often wider than the scale."""

_EQUAL = 1e-9  # units that differ by less differ by rounding alone


@dataclass(frozen=True)
class Difference:
    """A mean paired difference in accuracy, as a fraction of 1.

    Attributes:
        mean: over the units.
        low, high: Student's 95 % interval, not corrected for other comparisons; None with fewer than LEAST_UNITS, or if
            all units are equal: there is then no spread to estimate an error from.
        p: two-sided p-value of "no difference"; None with fewer than two units. If all units are equal it is 1.
        adjusted: p after `holm`.
    """

    mean: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    adjusted: float | None = None

    @property
    def clear(self) -> bool:
        """Whether the difference is unlikely by chance, after correction for the other comparisons of its family."""
        return self.adjusted is not None and self.adjusted < LEVEL


def half_width(values: Sequence[float]) -> float | None:
    """Half the width of Student's 95 % interval of the mean of n independent values; None below LEAST_UNITS."""
    if len(values) < LEAST_UNITS:
        return None
    from scipy.special import stdtrit

    return float(stdtrit(len(values) - 1, 1 - LEVEL / 2) * _standard_error(values))


def paired_difference(units: Sequence[float]) -> Difference:
    """The mean of the paired differences of n independent units, with Student's interval and test.

    Raises:
        ValueError: no unit.
    """
    if not len(units):
        raise ValueError("expected at least one difference")
    mean = float(np.mean(units))
    if len(units) < 2:
        return Difference(mean)
    if np.ptp(units) < _EQUAL:
        return Difference(mean, p=1.0)
    from scipy.special import stdtr

    p = 2 * stdtr(len(units) - 1, -abs(mean) / _standard_error(units))
    half = half_width(units)
    if half is None:
        return Difference(mean, p=float(p))
    return Difference(mean, mean - half, mean + half, float(p))


def holm(differences: Sequence[Difference]) -> list[Difference]:
    """The same differences with p-values corrected for each other: in the whole family, whatever is true, the
    probability of a single false one below 5 % is at most 5 % (Holm, Scandinavian Journal of Statistics 6, 1979).

    Differences without a p-value are no tests and do not count.
    """
    tests = sorted((d.p, index) for index, d in enumerate(differences) if d.p is not None)
    corrected, largest = list(differences), 0.0
    for rank, (p, index) in enumerate(tests):
        largest = max(largest, min(1.0, (len(tests) - rank) * p))
        corrected[index] = replace(differences[index], adjusted=largest)
    return corrected


def _standard_error(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))
