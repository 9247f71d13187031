"""When a prototype is closer to the class mean than the sentence, and a rule without labels (docs/theory.md).

Pure functions; the numbers of theorems are those of the page. Throughout, features have length 1, m_c is the mean
feature of class c (in the ball, of length kappa_c <= 1), mu_c = m_c / kappa_c its direction, and b_c = |t_c - mu_c|.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pgfa.adapt.prototype import align, cosines, means

Vector = NDArray[np.float64]


def prototype_bias(
    purity: ArrayLike,
    class_mean: ArrayLike,
    contaminant_mean: ArrayLike,
    selected_mean: ArrayLike | None = None,
) -> Vector:
    """Length of E z - m, Theorem 1(a): |(1 - p)(nu - m) + p (m_A - m)|.

    Args:
        purity: (...) share p of the supports that show the class, in [0, 1].
        class_mean: (..., d) m, over all clips of the class.
        contaminant_mean: (..., d) nu, over the supports of other classes.
        selected_mean: (..., d) m_A, over the supports that do show the class; default: the class mean, which assumes
            that the selection does not depend on where in its class a clip lies.

    Returns:
        (...) bias; (1 - p)|nu - m| where no selected_mean is given.
    """
    p = np.asarray(purity, dtype=np.float64)[..., None]
    mean, other = np.asarray(class_mean, dtype=np.float64), np.asarray(contaminant_mean, dtype=np.float64)
    selected = mean if selected_mean is None else np.asarray(selected_mean, dtype=np.float64)
    return np.asarray(np.linalg.norm((1 - p) * (other - mean) + p * (selected - mean), axis=-1))


def selection_shift(share: ArrayLike, sigma: ArrayLike) -> Vector:
    """How far selecting a share q of a class can move its mean, Lemma 2: sigma min(sqrt((1-q)/q), sqrt(2 ln 1/q)).

    Args:
        share: (...) q in (0, 1], share of the class's clips that are selected, by whatever criterion.
        sigma: (...) sub-Gaussian constant of the class, in feature units.
    """
    q = np.asarray(share, dtype=np.float64)
    if np.any((q <= 0) | (q > 1)):
        raise ValueError("share must be above 0 and at most 1")
    return np.asarray(np.asarray(sigma) * np.sqrt(np.minimum((1 - q) / q, -2 * np.log(q))))


def spread(prototype: ArrayLike, m: ArrayLike) -> Vector:
    """Unbiased estimate of v = 1 - |E z|^2 from the mean of m unit vectors, Theorem 1(b); needs m >= 2.

    Args:
        prototype: (..., d) mean of m unit features, not normalised.
        m: (...) how many.
    """
    size = np.asarray(m, dtype=np.float64)
    square = (np.asarray(prototype, dtype=np.float64) ** 2).sum(axis=-1)
    return np.asarray(np.maximum(1 - square, 0) * size / (size - 1))


def support_radius(m: ArrayLike, v: ArrayLike, delta: float) -> Vector:
    """Bound on |z - E z| for the mean of m independent unit vectors, with probability 1 - delta; Theorem 1(c).

    The smaller of the two radii proved: by bounded differences, and by Bernstein's inequality for the length.

    Args:
        m: (...) support size.
        v: (...) 1 - |E z|^2, at most 1.
        delta: chance of a larger deviation, in (0, 1).
    """
    size, variance, log = np.asarray(m, dtype=np.float64), np.asarray(v, dtype=np.float64), -np.log(delta)
    mean = np.sqrt(variance / size)
    bounded = np.sqrt(2 * log / size)
    bernstein = np.sqrt(2 * variance * log / size) + 2 * log / (3 * size)
    return np.asarray(mean + np.minimum(bounded, bernstein))


def sampling_radius(m: ArrayLike, sigma: ArrayLike, d: int, delta: float) -> Vector:
    """|mean - E| for m independent sub-Gaussian vectors, Lemma 4: sigma (sqrt d + sqrt(2 ln 1/delta)) / sqrt m.

    For supports use `support_radius`: the law of selected clips need not be sub-Gaussian with its class's constant.

    Args:
        m: (...) how many.
        sigma: (...) sub-Gaussian constant in every direction.
        delta: chance of a larger deviation, in (0, 1).
    """
    scale = np.asarray(sigma, dtype=np.float64) / np.sqrt(np.asarray(m, dtype=np.float64))
    return np.asarray(scale * (np.sqrt(d) + np.sqrt(-2 * np.log(delta))))


def bound(
    purity: ArrayLike,
    distance: ArrayLike,
    m: ArrayLike,
    v: ArrayLike,
    delta: float,
    *,
    shift: ArrayLike = 0.0,
) -> Vector:
    """|z - m_c| with chance 1 - delta, Theorem 1(d): (1-p)|nu - m_c| + p shift + radius.

    Args:
        purity: (...) p.
        distance: (...) |nu - m_c|.
        m: (...) support size.
        v: (...) 1 - |E z|^2 of the law, not an estimate; 1 where unknown.
        delta: chance of a larger error, in (0, 1).
        shift: (...) distance of the selected clips' mean from the class mean: exact, or `selection_shift`.
    """
    p = np.asarray(purity, dtype=np.float64)
    return np.asarray((1 - p) * np.asarray(distance) + p * np.asarray(shift) + support_radius(m, v, delta))


def direction_error(error: ArrayLike, length: ArrayLike) -> Vector:
    """|z/|z| - mu| at most, where |z - m_c| <= error and |m_c| = length; Lemma 3. 2 where error >= length."""
    x = np.asarray(error, dtype=np.float64) / np.asarray(length, dtype=np.float64)
    # sqrt(2 - 2 sqrt(1 - x^2)), written to be accurate for small x
    below = x * np.sqrt(2 / (1 + np.sqrt(1 - np.minimum(x, 1) ** 2)))
    return np.asarray(np.where(x < 1, below, 2.0))


def tolerance(sentence_error: ArrayLike, length: ArrayLike) -> Vector:
    """The largest |z - m_c| at which the prototype is certain to be closer to mu_c than the sentence, Theorem 2(a).

    Args:
        sentence_error: (...) b = |t - mu| of unit vectors, in [0, 2].
        length: (...) kappa = |m_c|.
    """
    b = np.minimum(np.asarray(sentence_error, dtype=np.float64), np.sqrt(2))
    return np.asarray(np.asarray(length) * b * np.sqrt(1 - b**2 / 4))


def critical_purity(
    sentence_error: ArrayLike, length: ArrayLike, contaminant_length: ArrayLike, contaminant_angle: ArrayLike
) -> Vector:
    """Purity above which the prototype of a large support beats the sentence, below which it loses; Theorem 2(b).

    Args:
        sentence_error: (...) b = |t - mu| in [0, 2].
        length: (...) |m_c|.
        contaminant_length: (...) |nu|.
        contaminant_angle: (...) between nu and m_c, radians in [0, pi].
    """
    theta = 2 * np.arcsin(np.asarray(sentence_error, dtype=np.float64) / 2)
    against = np.asarray(contaminant_length) * np.maximum(np.sin(np.asarray(contaminant_angle) - theta), 0)
    favour = np.asarray(length) * np.sin(theta)
    total = against + favour
    return np.asarray(np.divide(against, total, out=np.zeros_like(total), where=total > 0))


def mean_square_error(
    alpha: ArrayLike, n: float, v: float, distance: float, slope: float, top: float = 1.0
) -> Vector:
    """E |z - m_c|^2 where the purity of the clip at rank u falls as top - slope u; Theorem 3."""
    a = np.asarray(alpha, dtype=np.float64)
    return np.asarray((distance * (1 - top + slope * a / 2)) ** 2 + v / (a * n))


def best_alpha(n: float, v: float, distance: float, slope: float, top: float = 1.0) -> float:
    """The support factor of least mean square error, Theorem 3, between 1/n and 1.

    Args:
        n: clips pseudo-labelled as the class.
        v: 1 - |E z|^2.
        distance: |nu - m_c|.
        slope: how much purer the most confident clip is than the least confident one, >= 0.
        top: purity of the most confident clip.
    """
    lowest = min(1.0, 1.0 / n)
    if slope * distance == 0:
        return 1.0
    # the derivative is zero at the one positive root of  (slope/2) a^3 + (1-top) a^2 - v / (n slope distance^2)
    roots = np.roots([slope / 2, 1 - top, 0.0, -v / (n * slope * distance**2)])
    real = roots[np.abs(roots.imag) < 1e-9 * (1 + np.abs(roots))].real
    return float(np.clip(real.max(), lowest, 1.0))


def misclassification_bound(class_means: ArrayLike, anchors: ArrayLike, sigma: ArrayLike) -> Vector:
    """Chance that a fresh clip of each class is nearest, by cosine, to another class's anchor; Theorem 4(a), at most 1.

    Args:
        class_means: (K, d) m_c.
        anchors: (K, d) sentences or prototypes, any length but zero; computed without the clip in question.
        sigma: () or (K,) sub-Gaussian constants.
    """
    means, unit = np.asarray(class_means, dtype=np.float64), _unit(anchors)
    score = means @ unit.T
    margin = np.diag(score)[:, None] - score
    return _sum_of_tails(margin, np.linalg.norm(unit[:, None] - unit[None], axis=-1), sigma)


def misclassification_bound_within(
    class_means: ArrayLike,
    errors: ArrayLike,
    sigma: ArrayLike,
    delta: ArrayLike,
    shares: ArrayLike | None = None,
) -> Vector:
    """The same for every clip, supports too, and all anchors within `errors` of the true directions; Theorem 4(b).

    Entry c is the chance of a mistake *given that the clip shows class c*. The anchors contain the clip, so its class
    changes the chance that they lie further off: delta must be conditional too, or be divided by the class's share.

    Args:
        class_means: (K, d) m_c, none of them zero.
        errors: () or (K,) bound on |z_c/|z_c| - mu_c|, as `direction_error` gives it; fixed before the clips are seen.
        sigma: () or (K,) sub-Gaussian constants.
        delta: () or (K,) chance that some anchor lies further off. Without shares: given that the clip shows class c,
            for each c. With shares: unconditional, one number.
        shares: (K,) Pr(y = c), above 0; delta / shares[c] then bounds the conditional chance.
    """
    given_class = np.asarray(delta, dtype=np.float64)
    if shares is not None:
        given_class = given_class / _shares(shares)
    return np.asarray(np.minimum(_tails_within(class_means, errors, sigma) + given_class, 1.0))


def average_misclassification_bound(
    class_means: ArrayLike, errors: ArrayLike, sigma: ArrayLike, delta: float, shares: ArrayLike
) -> float:
    """The same for the average clip, of whatever class: delta + sum over c of Pr(y = c) tails_c; Theorem 4(b).

    Args:
        class_means: (K, d) m_c, none of them zero.
        errors: () or (K,) as for `misclassification_bound_within`.
        sigma: () or (K,) sub-Gaussian constants.
        delta: chance that some anchor lies further off, unconditional.
        shares: (K,) Pr(y = c), above 0, of sum 1.
    """
    return float(np.minimum(delta + _shares(shares) @ _tails_within(class_means, errors, sigma), 1.0))


@dataclass(frozen=True)
class Decision:
    """Whether to replace the sentences by prototypes, and on what evidence.

    Attributes:
        align: whether to use the prototypes; true exactly when move > noise.
        move: mean square, over pairs of classes, of how far alignment changes the function that decides between the
            two; functions are scaled to mean square 1 over the clips, so 0 is unchanged and 4 is reversed.
        noise: the least move that is trusted: what the sampling of clips explains.
        supports: (K,) clips behind each prototype; a class of fewer than 2 has no measured noise of its own.
        radius: (K,) estimate of the root mean square of |z_c - E z_c|; NaN below 2 supports.
    """

    align: bool
    move: float
    noise: float
    supports: NDArray[np.int64]
    radius: Vector


def should_align(
    features: NDArray[Any],
    anchors: NDArray[Any],
    alpha: float,
    *,
    confirmation: float = 0.5,
    splits: int = 16,
    seed: int = 0,
) -> Decision:
    """Decide without labels whether to align: align when the move exceeds its own noise (Theorem 6).

    On real recordings it has not been better than always aligning (docs/theory.md, measured on UTD-MHAD): there,
    align. In simulation it is better where supports are few or classes loose.

    Supports of every class are halved at random, `splits` times; how far the two sets of half prototypes lie
    apart, over 2 (1 + confirmation), is the noise that the move must exceed. The rule cannot detect
    any other bias that both halves share: see the page. For all candidates at once, since sentences and
    prototypes of different classes cannot be mixed: cosines to the two are not on one scale.

    Args:
        features: (N, d) all clips, any length.
        anchors: (K, d) sentence vectors of the candidates.
        alpha: support factor, as `align` takes it.
        confirmation: how far supports selected by the sentence pull the prototype towards it, 0 not at all, 1
            entirely. It cannot be measured without labels; noise varies with it by a factor of 2 at most.
        splits: random halvings; the cost is that of 2 x splits alignments.
        seed: of the halvings.
    """
    if splits < 1 or not 0 <= confirmation <= 1:
        raise ValueError(f"expected splits >= 1, confirmation in [0, 1]; found {splits}, {confirmation}")
    features, anchors = np.asarray(features, dtype=np.float32), np.asarray(anchors, dtype=np.float32)
    aligned = align(features, anchors, alpha)
    chosen = np.flatnonzero(aligned.support)
    size = np.bincount(aligned.labels[chosen], minlength=len(anchors))
    rng = np.random.default_rng(seed)
    apart = np.zeros(splits)
    for i in range(splits):
        left = np.zeros(len(features), dtype=bool)
        left[chosen] = _halves(aligned.labels[chosen], len(anchors), rng)
        halves = (means(features, aligned.labels, half, anchors) for half in (left, aligned.support & ~left))
        apart[i] = _mean_square_change(*(cosines(features, half) for half in halves))
    move = _mean_square_change(cosines(features, anchors), cosines(features, aligned.prototypes))
    noise = float(apart.mean() / (2 * (1 + confirmation)))
    radius = np.full(len(anchors), np.nan)
    enough = size >= 2
    radius[enough] = np.sqrt(spread(aligned.prototypes[enough], size[enough]) / size[enough])
    return Decision(move > noise, move, noise, size, radius)


def _mean_square_change(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Mean square distance of two sets of pairwise decision functions, given as (N, K) scores of the clips."""
    pairs = np.triu_indices(first.shape[1], k=1)
    if len(first) == 0 or len(pairs[0]) == 0:
        return 0.0

    def product(a: NDArray[np.float32], b: NDArray[np.float32]) -> Vector:
        # The sum over clips of (a_i - a_j)(b_i - b_j), by its parts.
        gram = a.astype(np.float64).T @ b.astype(np.float64)
        diagonal = np.diag(gram)
        return np.asarray(diagonal[:, None] + diagonal[None] - gram - gram.T)[pairs]

    both = product(first, first) * product(second, second)
    distinct = both > 1e-12  # a pair that no clip distinguishes has no direction that could change
    if not distinct.any():
        return 0.0
    return float(np.mean(2 - 2 * product(first, second)[distinct] / np.sqrt(both[distinct])))


def _halves(labels: NDArray[np.int64], classes: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """A random half of each class, (n,) bool; of an odd class the larger half at random."""
    order = np.lexsort((rng.random(len(labels)), labels))
    size = np.bincount(labels, minlength=classes)
    rank = np.arange(len(labels)) - (np.cumsum(size) - size)[labels[order]]
    half = np.zeros(len(labels), dtype=bool)
    half[order] = (rank + rng.integers(0, 2, classes)[labels[order]]) % 2 == 0
    return half


def _unit(rows: ArrayLike) -> Vector:
    array = np.asarray(rows, dtype=np.float64)
    length = np.linalg.norm(array, axis=1, keepdims=True)
    if np.any(length == 0):
        raise ValueError("a row of length zero has no direction")
    return np.asarray(array / length)


def _shares(shares: ArrayLike) -> Vector:
    array = np.asarray(shares, dtype=np.float64)
    if np.any(array <= 0) or abs(array.sum() - 1) > 1e-6:
        raise ValueError(f"expected class shares above 0 of sum 1, found {array.tolist()}")
    return array


def _tails_within(class_means: ArrayLike, errors: ArrayLike, sigma: ArrayLike) -> Vector:
    """(K,) the tails of Theorem 4(b): margins of the true directions, less the errors of the two anchors."""
    means, unit = np.asarray(class_means, dtype=np.float64), _unit(class_means)
    eta = np.broadcast_to(np.asarray(errors, dtype=np.float64), len(means))
    score = means @ unit.T
    margin = np.diag(score)[:, None] - score - eta[:, None] - eta[None]
    return _sum_of_tails(margin, np.linalg.norm(unit[:, None] - unit[None], axis=-1), sigma)


def _sum_of_tails(margin: Vector, width: Vector, sigma: ArrayLike) -> Vector:
    """(K,) min(1, sum over j of exp(-margin^2 / 2 sigma^2 width^2)), a tail of 1 where the margin is not positive."""
    scale = np.broadcast_to(np.asarray(sigma, dtype=np.float64), len(margin))[:, None] * width
    with np.errstate(divide="ignore", invalid="ignore"):
        tail = np.where(margin > 0, np.exp(-((margin / scale) ** 2) / 2), 1.0)
    np.fill_diagonal(tail, 0.0)
    return np.asarray(np.minimum(tail.sum(axis=1), 1.0))
