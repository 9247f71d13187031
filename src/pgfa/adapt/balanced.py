"""Alignment by optimal transport: clips are shared out among the classes so that each class gets its part.

Assumes that the candidate classes are known, that all clips are at hand, and that the class prior is about right.
`uniform` takes every candidate to come equally often: under strong imbalance, or with candidates that never occur,
it pushes clips over to classes they do not show, prototypes follow, and accuracy falls below that of the sentences.
`given` fails in the same way as far as it is wrong. `estimated` reads the prior from the clips and shrinks it a
little towards uniform: it needs enough clips to tell a rare class from an absent one, and a temperature near the
spread of the clips; a class it takes for absent leaves its clips to others. Few clips cannot show a prior: its
weight is N / (N + K), the rest goes to the clips' own shares, so that a single clip keeps its sentences' verdict.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt.prior import occurring
from pgfa.adapt.prototype import Alignment, Array, entropy, unit_rows
from pgfa.config import AdaptSettings
from pgfa.errors import BadConfig

Doubles = NDArray[np.float64]

SENTENCE = 1.0
"""A sentence counts as this many clips in its prototype."""
CLIP_MORE = 5.0
"""Clips counted in for each class when the clips' own shares are estimated (docs/results.md says what it is worth)."""
RARE = 1e-9
"""Least prior of a class, and..."""
LEAST_LEAD = 1e-4
"""...least lead: scores stay finite where classes or clips are all alike."""


def balanced(features: Array, anchors: Array, settings: AdaptSettings) -> Alignment:
    """Share the clips out, make each prototype the mean of its shares and its sentence, and repeat.

    Every clip of length above 0 is a support, weighted by its share. Repeats until no label changes, at most
    `settings.rounds` times. `scores` are cosines to the prototypes plus each class's offset.

    Args:
        features: (N, d) clips in sentence space, any length.
        anchors: (K, d) sentence vectors of the candidate classes.
        settings: `temperature`, `prior`, `shrinkage` and `rounds` are used.

    Raises:
        BadConfig: a given prior has not as many entries as there are classes.
    """
    unit, start = unit_rows(features).astype(np.float64), unit_rows(anchors).astype(np.float64)
    seen = np.linalg.norm(unit, axis=1) > 0
    scores, share = _shared_out(unit @ start.T, seen, settings)
    predictions, done = scores.argmax(axis=1), 0
    while done < settings.rounds:
        done += 1
        labels, surprise = predictions, entropy(scores.astype(np.float32))
        prototypes = (SENTENCE * start + share.T @ unit[seen]) / (SENTENCE + share.sum(axis=0)[:, None])
        scores, share = _shared_out(unit @ unit_rows(prototypes).astype(np.float64).T, seen, settings)
        predictions = scores.argmax(axis=1)
        if (predictions == labels).all():
            break
    final = scores.astype(np.float32)
    return Alignment(anchors, labels, surprise, seen, prototypes.astype(np.float32), predictions, final, done)


def _shared_out(cosine: Doubles, seen: NDArray[np.bool_], settings: AdaptSettings) -> tuple[Doubles, Doubles]:
    """(N, K) cosines plus the offsets that give each class its part of the clips seen; these clips' shares (n, K)."""
    if not seen.any():
        return cosine, cosine[seen]
    heat = settings.temperature * lead(cosine[seen])
    logits = cosine[seen] / heat
    offset = offsets(logits, class_prior(logits, settings))
    return cosine + heat * offset, softmax(logits + offset)


def lead(cosine: Doubles) -> float:
    """How far a clip's best cosine is above its mean one, on average over clips: the scale of the temperature.

    Cosines of a narrow cone differ by hundredths, those of well-spread features by tenths; a fixed temperature
    would share the first out evenly and decide the second at once.
    """
    return max(float((cosine.max(axis=1) - cosine.mean(axis=1)).mean()), LEAST_LEAD)


def class_prior(logits: Doubles, settings: AdaptSettings) -> Doubles:
    """(K,) part of each class among N clips with (N, K) logits: the wanted prior and the clips' own shares mixed.

    Raises:
        BadConfig: a given prior has not as many entries as there are classes.
    """
    clips, classes = logits.shape
    wanted, weight = np.full(classes, 1 / classes), clips / (clips + classes)
    if settings.prior == "estimated":
        weight *= settings.shrinkage
    elif settings.prior != "uniform":
        if len(settings.prior) != classes:
            raise BadConfig(
                f"the prior has {len(settings.prior)} entries, but there are {classes} candidate classes"
            )
        wanted = np.array(settings.prior) / sum(settings.prior)
    prior = weight * wanted + (1 - weight) * own_shares(logits)
    return np.asarray((prior + RARE) / (1 + classes * RARE))


def own_shares(logits: Doubles) -> Doubles:
    """(K,) part of each class as the clips themselves tell it, by expectation-maximisation from uniform.

    The prior that explains the clips best if softmax(logits) are the posteriors of a uniform one, with `CLIP_MORE`
    clips of each class counted in, so that few clips estimate nothing. The plain mean of the softmax
    would be blurred towards uniform by its temperature.
    """
    classes = logits.shape[1]
    share = occurring(softmax(logits), np.full(classes, 1 / classes), classes * CLIP_MORE)
    return np.asarray(share.mean(axis=0))


def offsets(logits: Doubles, prior: Doubles, *, sweeps: int = 300, tolerance: float = 1e-4) -> Doubles:
    """(K,) offsets g with which the mean over clips of softmax(logits + g) is the prior: Sinkhorn's fixed point.

    softmax(logits + g) / N is then the plan of entropic optimal transport from clips, each of mass 1/N, to classes
    of mass `prior`, with cost -logits and temperature 1 (Cuturi 2013). All in logarithms: no sharpness overflows.

    Args:
        logits: (N, K), N at least 1.
        prior: (K,) above or equal 0, sum 1; a class of prior 0 gets -inf.
        sweeps: at most so many; stops when all logarithms move less than `tolerance`.
    """
    wanted = prior > 0
    logits = logits[:, wanted]
    target, found = np.log(prior[wanted]), np.zeros(int(wanted.sum()))
    for _ in range(sweeps):
        step = target - _log_mean(_log_softmax(logits + found))
        found += step
        if np.abs(step).max() < tolerance:
            break
    g = np.full(len(prior), -np.inf)
    g[wanted] = found - found.mean()
    return g


def softmax(logits: Doubles) -> Doubles:
    """Softmax of each row."""
    return np.exp(_log_softmax(logits))


def _log_softmax(logits: Doubles) -> Doubles:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _log_mean(logs: Doubles) -> Doubles:
    """(K,) logarithm of the mean over rows of exp(logs)."""
    highest = logs.max(axis=0)
    return np.asarray(highest + np.log(np.exp(logs - highest).mean(axis=0)))
