"""How tight the bounds of docs/theory.md are, in the exact model of its section 4 (seconds).

python scripts/theory_tightness.py
"""

from __future__ import annotations

import numpy as np

from pgfa.research.theory import (
    average_misclassification_bound,
    bound,
    direction_error,
    misclassification_bound,
    misclassification_bound_within,
    selection_shift,
    support_radius,
)

CLASSES, DRAWS = 5, 20_000


def sigma(kappa: float, d: int) -> float:
    """Sub-Gaussian constant of the model: unit features around a mean of length kappa."""
    return float(np.sqrt((1 - kappa**2) / (d - 1)))


def support_ratio(kappa: float, m: int, d: int = 6, delta: float = 0.05) -> float:
    """Theorem 1(c): the radius over the quantile of |z - E z| in simulation."""
    random = np.random.default_rng(m)
    directions = random.normal(size=(DRAWS, m, d - 1))
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    deviation = np.sqrt(1 - kappa**2) * np.linalg.norm(directions.mean(axis=1), axis=1)
    return float(support_radius(m, 1 - kappa**2, delta) / np.quantile(deviation, 1 - delta))


def shift_ratio(share: float) -> float:
    """Lemma 2: the bound over the shift of the mean of a Gaussian whose largest values are selected."""
    values = np.sort(np.random.default_rng(0).normal(size=1_000_000))
    return float(selection_shift(share, 1.0) / values[-round(share * len(values)) :].mean())


def within(kappa: float, d: int, m: int, delta: float = 0.01) -> tuple[float, float]:
    """Theorem 4(b) with Theorem 1: the average clip, and a clip of a given class; classes of equal share."""
    means = kappa * np.eye(CLASSES, d)
    error = direction_error(bound(1.0, 0.0, m, 1 - kappa**2, delta / CLASSES), kappa)
    shares = np.full(CLASSES, 1 / CLASSES)
    average = average_misclassification_bound(means, error, sigma(kappa, d), delta, shares)
    given = misclassification_bound_within(means, error, sigma(kappa, d), delta, shares)
    return float(average), float(np.max(given))


def main() -> None:
    """Print a table."""
    print("| bound | case | what is shown | value |\n|---|---|---|---|")
    for kappa in (0.1, 0.6, 0.98):
        ratios = [support_ratio(kappa, m) for m in (5, 20, 80)]
        shown = "over the true 95 % quantile"
        print(f"| 1(c) | kappa {kappa}, d 6, m 5 to 80 | {shown} | {min(ratios):.1f} to {max(ratios):.1f} |")
    for share in (0.05, 0.5, 0.9, 0.99):
        print(f"| Lemma 2 | q {share} | over the shift of a Gaussian | {shift_ratio(share):.1f} |")
    for kappa, d in ((0.8, 16), (0.5, 64), (0.3, 256), (0.3, 64), (0.5, 16)):
        means = kappa * np.eye(CLASSES, d)
        value = misclassification_bound(means, means, sigma(kappa, d)).max()
        print(f"| 4(a) | kappa {kappa}, d {d} | bound | {100 * value:.1f} % |")
    for kappa, d, m in ((0.9, 128, 100), (0.8, 128, 200), (0.8, 128, 100)):
        average, given = within(kappa, d, m)
        case = f"kappa {kappa}, d {d}, m {m}"
        print(f"| 4(b) | {case} | bound, average clip | {100 * average:.1f} % |")
        print(f"| 4(b) | {case} | bound, clip of a given class | {100 * given:.1f} % |")


if __name__ == "__main__":
    main()
