"""Fitting probabilities on classes that the encoder never saw, and measuring what they are worth.

The clips are cut into questions: a clip, some candidates, and the right one among them or not. Held-out classes stand
for the classes a user will type; the classes of the final model are all seen, and it is too sure of those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import cosines, unit_rows
from pgfa.recognise.calibration.model import Calibration

Floats = NDArray[np.float64]

CANDIDATES = (2, 3, 5, 8, 12, 20)
SHOTS = (1, 2, 5, 10, 20)
BINS = 10
RESAMPLES = 1000


@dataclass(frozen=True)
class Held:
    """Clips of classes held out of one training run.

    Attributes:
        features: (N, d) of the run's encoder.
        labels: (N,) row of `anchors` that each clip shows.
        anchors: (C, d) sentence vectors of the held-out classes, as the run compares them.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    anchors: NDArray[np.float32]


@dataclass(frozen=True)
class Questions:
    """Clips against candidates.

    Attributes:
        cosines: (Q, most) to the candidates, -inf beyond `sizes`.
        prototype: (Q, most) whether recordings stand for the candidate.
        sizes: (Q,) K, the number of candidates.
        truth: (Q,) the right candidate, or -1 where there is none.
        clip: (Q,) which clip was asked about: questions of one clip are no independent measurements.
    """

    cosines: NDArray[np.float32]
    prototype: NDArray[np.bool_]
    sizes: NDArray[np.int64]
    truth: NDArray[np.int64]
    clip: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.truth)


def calibrate(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    anchors: NDArray[np.float32],
    *,
    none_share: float = 0.5,
    shots: Sequence[int] = SHOTS,
    seed: int = 0,
) -> Calibration:
    """Fit on clips of classes held out of one training run; see `Held`, `questions` and `fit`."""
    held = Held(features, labels, anchors)
    return fit(questions([held], none_share=none_share, shots=shots, seed=seed))


def questions(
    held: Sequence[Held],
    *,
    none_share: float = 0.5,
    sizes: Sequence[int] = CANDIDATES,
    shots: Sequence[int] = SHOTS,
    each: int = 6,
    seed: int = 0,
) -> Questions:
    """Draw `each` questions about every clip.

    Half of them have sentences as candidates only; in the others every candidate is a prototype with probability
    1/2, the mean of a few other clips of its class. Sizes that a run has too few classes for are left out.

    Args:
        held: runs with the clips held out of each.
        none_share: of the questions whose right class is not among the candidates.
        sizes: numbers of candidates.
        shots: clips that make a prototype; none: no prototypes.

    Raises:
        ValueError: a run with fewer than 3 held-out classes, or no clip.
    """
    random = np.random.default_rng(seed)
    near, by_clips, size, truth, clip, offset = [], [], [], [], [], 0
    most = max(sizes)
    for run in held:
        classes = len(run.anchors)
        fits = [k for k in sizes if k < classes]
        if not fits or not len(run.features):
            raise ValueError(f"at least 3 held-out classes and a clip are needed, found {classes}")
        unit = unit_rows(run.features)
        known = cosines(run.features, run.anchors)
        members = [np.flatnonzero(run.labels == c) for c in range(classes)]
        for number, label in enumerate(run.labels):
            for turn in range(each):
                k = int(random.choice(fits))
                others = np.delete(np.arange(classes), label)
                chosen = random.permutation(others)[:k]
                right = -1
                if random.random() >= none_share:
                    right = int(random.integers(k))
                    chosen[right] = label
                row = np.full(most, -np.inf, dtype=np.float32)
                row[:k] = known[number, chosen]
                made = np.zeros(most, dtype=bool)
                if shots and turn % 2:
                    for at, c in enumerate(chosen):
                        mates = members[c][members[c] != number]
                        if len(mates) and random.random() < 0.5:
                            mean = unit[random.permutation(mates)[: int(random.choice(shots))]].mean(axis=0)
                            row[at] = unit[number] @ mean / max(float(np.linalg.norm(mean)), 1e-12)
                            made[at] = True
                near.append(row)
                by_clips.append(made)
                size.append(k)
                truth.append(right)
                clip.append(offset + number)
        offset += len(run.labels)
    return Questions(np.array(near), np.array(by_clips), np.array(size), np.array(truth), np.array(clip))


def fit(asked: Questions) -> Calibration:
    """The calibration of least mean negative log likelihood; the problem is convex, so there is one answer.

    What the questions do not tell stays at rest: without prototypes theirs is the line of the sentences, with one
    number of candidates `none_log` is 0.
    """
    from scipy.optimize import minimize

    shown, several = bool(asked.prototype.any()), len(np.unique(asked.sizes)) > 1
    free = np.array([True, shown, shown, True, several])
    start = np.array([10.0, 10.0, 0.0, 1.0, 0.0])

    def loss(point: Floats) -> tuple[float, Floats]:
        full = start.copy()
        full[free] = point
        value, gradient = negative_log_likelihood(full, asked)
        return value, gradient[free]

    limits = [b for b, f in zip([(1e-3, None), (1e-3, None), *[(None, None)] * 3], free, strict=True) if f]
    found = minimize(loss, start[free], jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 500})
    full = start.copy()
    full[free] = found.x
    if not shown:
        full[1], full[2] = full[0], 0.0
    slope, prototype_slope, offset, none, none_log = (float(x) for x in full)
    made = Calibration(slope, prototype_slope, offset, none, none_log, fitted=True)
    return replace(made, about=worth(made, asked))


def negative_log_likelihood(point: Floats, asked: Questions) -> tuple[float, Floats]:
    """Mean over questions and its gradient; `point` is slope, prototype slope and offset, none, none_log."""
    logits = _logits(point, asked)
    top = logits.max(axis=1, keepdims=True)
    weight = np.exp(logits - top)
    total = weight.sum(axis=1, keepdims=True)
    right, row = asked.truth, np.arange(len(asked))  # -1 is the last column: none
    value = float((np.log(total[:, 0]) + top[:, 0] - logits[row, right]).mean())
    residual = weight / total
    residual[row, right] -= 1
    near = np.where(np.isfinite(asked.cosines), asked.cosines, 0).astype(np.float64)
    few = residual[:, :-1]
    gradient = np.array(
        [
            (few * near * ~asked.prototype).sum(),
            (few * near * asked.prototype).sum(),
            (few * asked.prototype).sum(),
            residual[:, -1].sum(),
            (residual[:, -1] * np.log(asked.sizes)).sum(),
        ]
    )
    return value, gradient / len(asked)


def _logits(point: Floats, asked: Questions) -> Floats:
    slope, prototype_slope, offset, none, none_log = point
    logits = np.empty((len(asked), asked.cosines.shape[1] + 1))
    logits[:, :-1] = np.where(
        asked.prototype, prototype_slope * asked.cosines + offset, slope * asked.cosines
    )
    logits[:, -1] = none + none_log * np.log(asked.sizes)
    return logits


def answered(made: Calibration, asked: Questions) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(Q,) probability of the likeliest answer, "none of these" among the answers, and (Q,) whether it is right."""
    point = np.array(
        [made.slope, made.prototype_slope, made.prototype_offset,
         -np.inf if made.none is None else made.none, made.none_log]
    )  # fmt: skip
    logits = _logits(point, asked)
    weight = np.exp(logits - logits.max(axis=1, keepdims=True))
    likely = weight / weight.sum(axis=1, keepdims=True)
    best = likely.argmax(axis=1)
    best[best == likely.shape[1] - 1] = -1
    return likely.max(axis=1).astype(np.float32), best == asked.truth


def worth(made: Calibration, asked: Questions) -> dict[str, float | int | list[float]]:
    """What a calibration is worth on some questions, as plain data."""
    sure, right = answered(made, asked)
    low, high = ece_interval(sure, right, asked.clip)
    return {
        "questions": len(asked),
        "clips": len(np.unique(asked.clip)),
        "none_share": round(float((asked.truth < 0).mean()), 4),
        "accuracy": round(float(right.mean()), 4),
        "confidence": round(float(sure.mean()), 4),
        "ece": round(expected_calibration_error(sure, right), 4),
        "ece_interval": [round(low, 4), round(high, 4)],
    }


def reliability(
    sure: NDArray[np.float32], right: NDArray[np.bool_], bins: int = BINS
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Mean confidence, share right and number of answers in each of `bins` equal bins over 0 to 1; NaN if empty."""
    place = np.clip((sure * bins).astype(np.int64), 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(place, weights=sure, minlength=bins) / count
        accuracy = np.bincount(place, weights=right, minlength=bins) / count
    return confidence, accuracy, count


def expected_calibration_error(
    sure: NDArray[np.float32], right: NDArray[np.bool_], bins: int = BINS
) -> float:
    """Mean over answers of how far the confidence of their bin is from its share right (Naeini et al., 2015)."""
    confidence, accuracy, count = reliability(sure, right, bins)
    return float((count * np.nan_to_num(np.abs(confidence - accuracy))).sum() / max(count.sum(), 1))


def ece_interval(
    sure: NDArray[np.float32],
    right: NDArray[np.bool_],
    clip: NDArray[np.int64],
    *,
    bins: int = BINS,
    seed: int = 0,
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the error; clips are drawn, with all their questions."""
    random = np.random.default_rng(seed)
    _, clip = np.unique(clip, return_inverse=True)
    clips = int(clip.max()) + 1
    # The error of a draw needs only each clip's sums in each bin.
    place = np.clip((sure * bins).astype(np.int64), 0, bins - 1)
    gap, count = np.zeros((clips, bins)), np.zeros(clips)
    np.add.at(gap, (clip, place), sure.astype(np.float64) - right)
    np.add.at(count, clip, 1)
    times = random.multinomial(clips, np.full(clips, 1 / clips), RESAMPLES)
    errors = np.abs(times @ gap).sum(axis=1) / (times @ count)
    return float(np.quantile(errors, 0.025)), float(np.quantile(errors, 0.975))


def rejection_curve(
    sure: NDArray[np.float32], right: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Answering only the surest share of questions: (Q,) shares, rising to 1, and (Q,) how many of these are right.

    Equally sure answers come together: within a tie the share right is that of the whole tie.
    """
    order = np.argsort(-sure, kind="stable")
    done = np.arange(1, len(sure) + 1)
    total = np.cumsum(right[order])
    last = np.searchsorted(-sure[order], -sure[order], side="right") - 1
    return done / len(sure), (total / done)[last]
