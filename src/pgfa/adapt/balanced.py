"""Alignment by optimal transport: clips are assigned to the classes so that each class gets its share of them.

Assumes that the candidate classes are known, that all clips are available, and that the class prior is about right.
`uniform` assumes that every candidate comes equally often: under strong imbalance, or with candidates that never
occur, it assigns clips to classes they do not show, the prototypes move accordingly, and accuracy falls below that of
the sentences alone. A prior given as numbers fails in the same way as far as it is wrong. `estimated` estimates the
prior from the clips
and shrinks it a little towards uniform: it needs enough clips to distinguish a rare class from an absent one, and a
temperature near the spread of the clips; clips of a class estimated as absent go to other classes. Few clips carry
little evidence about a prior: its weight is N / (N + K), the rest goes to the clips' own estimate, so that a single
clip keeps the label of its nearest sentence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt.method import AlignmentMethod
from pgfa.adapt.prior import mean_by_prior, mean_reweighted
from pgfa.adapt.prototype import BLOCK, Alignment, Array, entropy, in_blocks, unit_rows
from pgfa.config import AdaptSettings
from pgfa.errors import BadConfig

Doubles = NDArray[np.float64]

SENTENCE_WEIGHT = 1.0
"""A sentence counts as this many clips in its prototype."""
PSEUDO_COUNT = 5.0
"""Clips per class added when the prior is estimated from the clips (docs/former-figures.md reports the effect)."""
MIN_PRIOR = 1e-9
"""Minimum prior of a class: scores stay finite where all classes score equally."""
SMALLEST = 1e-200
"""Minimum mean of exponentials; below, sweeps are computed in logarithms."""
MIN_MARGIN = 1e-4
"""Minimum margin: scores stay finite where all clips are equal."""


def balanced(features: Array, anchors: Array, settings: AdaptSettings) -> Alignment:
    """Assign the clips, set each prototype to the weighted mean of its clips and its sentence, and repeat.

    Every clip of length above 0 is a support, weighted by its assignment. Repeats until no label changes, at most
    `settings.rounds` times. `scores` are cosines to the prototypes plus each class's offset.

    Args:
        features: (N, d) clips in sentence space, any length.
        anchors: (K, d) sentence vectors of the candidate classes.
        settings: `temperature`, `prior`, `shrinkage` and `rounds` are used.

    Raises:
        BadConfig: the prior has another number of entries than there are classes.
    """
    unit, sentences = unit_rows(features), unit_rows(anchors).astype(np.float64)
    present: NDArray[np.bool_] = np.asarray(unit.any(axis=1))
    scores, assignment = _assign(_cosines(unit, sentences), present, settings)
    predictions = scores.argmax(axis=1)
    rounds = 0
    while rounds < settings.rounds:
        rounds += 1
        labels, entropies = predictions, entropy(scores.astype(np.float32))
        total = SENTENCE_WEIGHT + assignment.sum(axis=0)[:, None]
        prototypes = (SENTENCE_WEIGHT * sentences + _weighted_sums(assignment, unit, present)) / total
        del scores, assignment  # at a million clips each is half as large as the features
        scores, assignment = _assign(_cosines(unit, unit_rows(prototypes)), present, settings)
        predictions = scores.argmax(axis=1)
        if (predictions == labels).all():
            break
    centres, final = prototypes.astype(np.float32), scores.astype(np.float32)
    return Alignment(anchors, labels, entropies, present, centres, predictions, final, rounds)


def _cosines(unit: Array, centres: Array | Doubles) -> Doubles:
    """(N, K) between (N, d) and (K, d) of length 1, in double precision, a block of clips at a time."""
    out = np.empty((len(unit), len(centres)))
    by_axis = centres.astype(np.float64).T
    for start in range(0, len(unit), BLOCK):
        out[start : start + BLOCK] = unit[start : start + BLOCK].astype(np.float64) @ by_axis
    return out


def _weighted_sums(assignment: Doubles, unit: Array, present: NDArray[np.bool_]) -> Doubles:
    """(K, d) sums over the n clips that are present, weighted by their (n, K) assignment."""
    clips = np.flatnonzero(present)
    total = np.zeros((assignment.shape[1], unit.shape[1]))
    for start in range(0, len(clips), BLOCK):
        block = unit[clips[start : start + BLOCK]].astype(np.float64)
        total += assignment[start : start + BLOCK].T @ block
    return total


def _assign(cosine: Doubles, present: NDArray[np.bool_], settings: AdaptSettings) -> tuple[Doubles, Doubles]:
    """Optimal transport of the n clips that are present to the classes.

    Returns:
        (N, K) cosines plus the offsets that give each class its share of the clips; (n, K) the assignment, rows
        adding to 1.
    """
    if not present.any():
        return cosine, cosine[present]
    of_present = cosine if present.all() else cosine[present]
    temperature = settings.temperature * mean_margin(of_present)
    logits = of_present / temperature
    offset = offsets(logits, class_prior(logits, settings))
    logits += offset
    cosine += temperature * offset
    return cosine, softmax(logits)


def mean_margin(cosine: Doubles) -> float:
    """Mean over clips of best cosine minus mean cosine: the unit of the temperature.

    Cosines of a narrow cone differ by hundredths, those of well-spread features by tenths; a fixed temperature
    would assign the former evenly and the latter by argmax.
    """
    return max(float((cosine.max(axis=1) - cosine.mean(axis=1)).mean()), MIN_MARGIN)


def class_prior(logits: Doubles, settings: AdaptSettings) -> Doubles:
    """(K,) share of each class among N clips with (N, K) logits: the prior of the settings mixed with the estimate.

    Raises:
        BadConfig: the prior has another number of entries than there are classes.
    """
    clips, classes = logits.shape
    target, weight = np.full(classes, 1 / classes), clips / (clips + classes)
    if settings.prior == "estimated":
        weight *= settings.shrinkage
    elif settings.prior != "uniform":
        if len(settings.prior) != classes:
            raise BadConfig(
                f"the prior has {len(settings.prior)} entries, but there are {classes} candidate classes"
            )
        target = np.array(settings.prior) / sum(settings.prior)
    prior = weight * target + (1 - weight) * estimate_prior(logits)
    return np.asarray((prior + MIN_PRIOR) / (1 + classes * MIN_PRIOR))


def estimate_prior(logits: Doubles) -> Doubles:
    """(K,) share of each class estimated from the clips, by expectation-maximisation from uniform.

    The prior that explains the clips best if softmax(logits) are the posteriors under a uniform one, with
    `PSEUDO_COUNT` clips added per class, so that few clips change little. The plain mean of the softmax would be
    blurred towards uniform by its temperature.
    """
    classes = logits.shape[1]
    return mean_by_prior(_weights(logits), np.full(classes, 1 / classes), classes * PSEUDO_COUNT)


def offsets(logits: Doubles, prior: Doubles, *, sweeps: int = 300, tolerance: float = 1e-4) -> Doubles:
    """(K,) offsets g with which the mean over clips of softmax(logits + g) is the prior: Sinkhorn's fixed point.

    softmax(logits + g) / N is then the plan of entropic optimal transport from clips, each of mass 1/N, to classes
    of mass `prior`, with cost -logits and temperature 1 (Cuturi 2013). Computed from exponentials of the logits minus
    the highest of each clip, by two products with a vector per sweep; in logarithms once these are not in range, so
    that sharp logits do not overflow.

    Args:
        logits: (N, K), N at least 1.
        prior: (K,) above or equal 0, sum 1; a class of prior 0 gets -inf.
        sweeps: maximum number of sweeps.
        tolerance: stops when every logarithm changes by less.
    """
    possible = prior > 0
    if not possible.all():
        logits = logits[:, possible]
    target, g = np.log(prior[possible]), np.zeros(int(possible.sum()))
    weights = _weights(logits)
    for _ in range(sweeps):
        with np.errstate(all="ignore"):
            mean = mean_reweighted(weights, np.exp(g - g.max()))
        in_range = mean.min() > SMALLEST and np.isfinite(mean).all()
        step = target - (np.log(mean) if in_range else _log_mean(_log_softmax(logits + g)))
        g += step
        if np.abs(step).max() < tolerance:
            break
    out = np.full(len(prior), -np.inf)
    out[possible] = g - g.mean()
    return out


def softmax(logits: Doubles) -> Doubles:
    """Softmax of each row."""
    weights = _weights(logits)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _weights(logits: Doubles) -> Doubles:
    """(N, K) exponentials of the logits minus the highest of each row: from 0 to 1."""
    out = np.empty(logits.shape)

    def compute(rows: slice) -> None:
        np.subtract(logits[rows], logits[rows].max(axis=1, keepdims=True), out=out[rows])
        np.exp(out[rows], out=out[rows])

    in_blocks(compute, len(logits))
    return out


def _log_softmax(logits: Doubles) -> Doubles:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _log_mean(logs: Doubles) -> Doubles:
    """(K,) logarithm of the mean over rows of exp(logs)."""
    highest = logs.max(axis=0)
    return np.asarray(highest + np.log(np.exp(logs - highest).mean(axis=0)))


def _describe(settings: AdaptSettings) -> str:
    return f"balanced, prior {settings.prior if isinstance(settings.prior, str) else 'given'}"


METHOD = AlignmentMethod(
    balanced,
    grid=tuple({"temperature": temperature} for temperature in (0.25, 0.1)),
    describe=_describe,
    variants={"uniform": {"prior": "uniform"}},
)
