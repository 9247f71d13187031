"""Fitting probabilities on classes that the encoder never saw, and measuring how reliable they are.

The clips are turned into questions: a clip and some candidates, with or without the correct one. Held-out classes
represent the classes that a user will describe; the classes of the final model are all seen, and it is overconfident
on those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import cosines, unit_rows
from pgfa.evaluate.bootstrap import RESAMPLES
from pgfa.recognise.calibration.model import Calibration

Floats = NDArray[np.float64]

CANDIDATES = (2, 3, 5, 8, 12, 20)
SHOTS = (1, 2, 5, 10, 20)
BINS = 10


@dataclass(frozen=True)
class HeldOutClips:
    """Clips of classes held out of one training run.

    Attributes:
        features: (N, d) of the run's encoder.
        labels: (N,) row of `anchors` that each clip shows.
        anchors: (C, d) sentence vectors of the held-out classes, as the run compares them.
        excess: (N,) what everyday actions take from the cosines of sentences (`Background.excess`); None: nothing.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    anchors: NDArray[np.float32]
    excess: NDArray[np.float32] | None = None

    def of(self, rows: slice) -> HeldOutClips:
        """Some of the clips."""
        excess = None if self.excess is None else self.excess[rows]
        return HeldOutClips(self.features[rows], self.labels[rows], self.anchors, excess)

    def to_sentences(self) -> NDArray[np.float32]:
        """(N, C) cosines to the sentences, as candidates are compared."""
        similarity = cosines(self.features, self.anchors)
        return similarity if self.excess is None else similarity - self.excess[:, None]


@dataclass(frozen=True)
class Questions:
    """Clips compared with candidates.

    Attributes:
        cosines: (Q, max size) to the candidates, -inf beyond `sizes`.
        prototype: (Q, max size) whether the candidate's vector is a prototype.
        sizes: (Q,) K, the number of candidates.
        truth: (Q,) the correct candidate, or -1 where there is none.
        clip: (Q,) index of the clip; questions about one clip are not independent measurements.
    """

    cosines: NDArray[np.float32]
    prototype: NDArray[np.bool_]
    sizes: NDArray[np.int64]
    truth: NDArray[np.int64]
    clip: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.truth)


def draw_questions(
    runs: Sequence[HeldOutClips],
    *,
    none_share: float = 0.5,
    sizes: Sequence[int] = CANDIDATES,
    shots: Sequence[int] = SHOTS,
    per_clip: int = 6,
    seed: int = 0,
) -> Questions:
    """Draw `per_clip` questions about every clip.

    Half of them have only sentences as candidates; in the others every candidate is a prototype with probability
    1/2, the mean of a few other clips of its class. Sizes for which a run has too few classes are left out.

    Args:
        runs: the clips held out of each run.
        none_share: share of the questions whose correct class is not among the candidates.
        sizes: numbers of candidates.
        shots: numbers of clips averaged into a prototype; empty: no prototypes.
        per_clip: questions per clip.
        seed: of the random draws.

    Raises:
        ValueError: a run with fewer than 3 held-out classes, or without clips.
    """
    random = np.random.default_rng(seed)
    cosine_rows, prototype_rows, size, truth, clip, offset = [], [], [], [], [], 0
    for run in runs:
        classes = len(run.anchors)
        possible = [k for k in sizes if k < classes]
        if not possible or not len(run.features):
            raise ValueError(f"expected at least 3 held-out classes and one clip, found {classes} classes")
        unit = unit_rows(run.features)
        to_sentences = run.to_sentences()
        members = [np.flatnonzero(run.labels == c) for c in range(classes)]
        for index, label in enumerate(run.labels):
            for turn in range(per_clip):
                k = int(random.choice(possible))
                others = np.delete(np.arange(classes), label)
                candidates = random.permutation(others)[:k]
                correct = -1
                if random.random() >= none_share:
                    correct = int(random.integers(k))
                    candidates[correct] = label
                row = np.full(max(sizes), -np.inf, dtype=np.float32)
                row[:k] = to_sentences[index, candidates]
                is_prototype = np.zeros(max(sizes), dtype=bool)
                if shots and turn % 2:
                    _replace_by_prototypes(row, is_prototype, index, candidates, members, unit, shots, random)
                cosine_rows.append(row)
                prototype_rows.append(is_prototype)
                size.append(k)
                truth.append(correct)
                clip.append(offset + index)
        offset += len(run.labels)
    return Questions(
        np.array(cosine_rows), np.array(prototype_rows), np.array(size), np.array(truth), np.array(clip)
    )


def _replace_by_prototypes(
    row: NDArray[np.float32],
    is_prototype: NDArray[np.bool_],
    index: int,
    candidates: NDArray[np.int64],
    members: Sequence[NDArray[np.int64]],
    unit: NDArray[np.float32],
    shots: Sequence[int],
    random: np.random.Generator,
) -> None:
    """Replace, in place and with probability 1/2 each, cosines of clip `index` to candidates by those to prototypes."""
    for column, c in enumerate(candidates):
        others = members[c][members[c] != index]
        if len(others) and random.random() < 0.5:
            mean = unit[random.permutation(others)[: int(random.choice(shots))]].mean(axis=0)
            row[column] = unit[index] @ mean / max(float(np.linalg.norm(mean)), 1e-12)
            is_prototype[column] = True


def fit(questions: Questions) -> Calibration:
    """The calibration of least mean negative log likelihood; the problem is convex, so there is one solution.

    Parameters that the questions do not determine keep their defaults: without prototypes their line is that of the
    sentences, and with a single number of candidates `none_log` is 0.
    """
    from scipy.optimize import minimize

    has_prototypes = bool(questions.prototype.any())
    several_sizes = len(np.unique(questions.sizes)) > 1
    free = np.array([True, has_prototypes, has_prototypes, True, several_sizes])
    start = np.array([10.0, 10.0, 0.0, 1.0, 0.0])

    def loss(point: Floats) -> tuple[float, Floats]:
        full = start.copy()
        full[free] = point
        value, gradient = negative_log_likelihood(full, questions)
        return value, gradient[free]

    bounds = [b for b, f in zip([(1e-3, None), (1e-3, None), *[(None, None)] * 3], free, strict=True) if f]
    result = minimize(loss, start[free], jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
    full = start.copy()
    full[free] = result.x
    if not has_prototypes:
        full[1], full[2] = full[0], 0.0
    slope, prototype_slope, offset, none, none_log = (float(x) for x in full)
    calibration = Calibration(slope, prototype_slope, offset, none, none_log, fitted=True)
    return replace(calibration, about=reliability_report(calibration, questions))


def negative_log_likelihood(point: Floats, questions: Questions) -> tuple[float, Floats]:
    """Mean over questions and its gradient; `point` is slope, prototype slope and offset, none, none_log."""
    logits = _logits(point, questions)
    top = logits.max(axis=1, keepdims=True)
    weight = np.exp(logits - top)
    total = weight.sum(axis=1, keepdims=True)
    truth, row = questions.truth, np.arange(len(questions))  # -1 is the last column: none
    value = float((np.log(total[:, 0]) + top[:, 0] - logits[row, truth]).mean())
    residual = weight / total
    residual[row, truth] -= 1
    cosine = np.where(np.isfinite(questions.cosines), questions.cosines, 0).astype(np.float64)
    of_candidates = residual[:, :-1]
    gradient = np.array(
        [
            (of_candidates * cosine * ~questions.prototype).sum(),
            (of_candidates * cosine * questions.prototype).sum(),
            (of_candidates * questions.prototype).sum(),
            residual[:, -1].sum(),
            (residual[:, -1] * np.log(questions.sizes)).sum(),
        ]
    )
    return value, gradient / len(questions)


def _logits(point: Floats, questions: Questions) -> Floats:
    slope, prototype_slope, offset, none, none_log = point
    logits = np.empty((len(questions), questions.cosines.shape[1] + 1))
    logits[:, :-1] = np.where(
        questions.prototype, prototype_slope * questions.cosines + offset, slope * questions.cosines
    )
    logits[:, -1] = none + none_log * np.log(questions.sizes)
    return logits


def answer_questions(
    calibration: Calibration, questions: Questions
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(Q,) probability of the most probable answer, including "none of these", and (Q,) whether it is correct."""
    point = np.array(
        [calibration.slope, calibration.prototype_slope, calibration.prototype_offset,
         -np.inf if calibration.none is None else calibration.none, calibration.none_log]
    )  # fmt: skip
    logits = _logits(point, questions)
    weight = np.exp(logits - logits.max(axis=1, keepdims=True))
    probability = weight / weight.sum(axis=1, keepdims=True)
    best = probability.argmax(axis=1)
    best[best == probability.shape[1] - 1] = -1
    return probability.max(axis=1).astype(np.float32), best == questions.truth


def reliability_report(
    calibration: Calibration, questions: Questions
) -> dict[str, float | int | list[float]]:
    """How reliable a calibration is on some questions, as plain data."""
    confidence, correct = answer_questions(calibration, questions)
    low, high = ece_interval(confidence, correct, questions.clip)
    return {
        "questions": len(questions),
        "clips": len(np.unique(questions.clip)),
        "none_share": round(float((questions.truth < 0).mean()), 4),
        "accuracy": round(float(correct.mean()), 4),
        "confidence": round(float(confidence.mean()), 4),
        "ece": round(expected_calibration_error(confidence, correct), 4),
        "ece_interval": [round(low, 4), round(high, 4)],
    }


def reliability(
    confidence: NDArray[np.float32], correct: NDArray[np.bool_], bins: int = BINS
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Mean confidence, accuracy and number of answers in each of `bins` equal bins over 0 to 1; NaN if empty."""
    index = _bin_index(confidence, bins)
    count = np.bincount(index, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean_confidence = np.bincount(index, weights=confidence, minlength=bins) / count
        accuracy = np.bincount(index, weights=correct, minlength=bins) / count
    return mean_confidence, accuracy, count


def _bin_index(confidence: NDArray[np.float32], bins: int) -> NDArray[np.int64]:
    return np.clip((confidence * bins).astype(np.int64), 0, bins - 1)


def expected_calibration_error(
    confidence: NDArray[np.float32], correct: NDArray[np.bool_], bins: int = BINS
) -> float:
    """Mean over answers of |mean confidence - accuracy| of their bin (Naeini et al., 2015)."""
    mean_confidence, accuracy, count = reliability(confidence, correct, bins)
    return float((count * np.nan_to_num(np.abs(mean_confidence - accuracy))).sum() / max(count.sum(), 1))


def ece_interval(
    confidence: NDArray[np.float32],
    correct: NDArray[np.bool_],
    clip: NDArray[np.int64],
    *,
    bins: int = BINS,
    seed: int = 0,
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the error; clips are resampled, with all their questions."""
    random = np.random.default_rng(seed)
    _, clip = np.unique(clip, return_inverse=True)
    clips = int(clip.max()) + 1
    # The error of a resample needs only each clip's sums in each bin.
    gap, count = np.zeros((clips, bins)), np.zeros(clips)
    np.add.at(gap, (clip, _bin_index(confidence, bins)), confidence.astype(np.float64) - correct)
    np.add.at(count, clip, 1)
    times = random.multinomial(clips, np.full(clips, 1 / clips), RESAMPLES)
    errors = np.abs(times @ gap).sum(axis=1) / (times @ count)
    return float(np.quantile(errors, 0.025)), float(np.quantile(errors, 0.975))


def rejection_curve(
    confidence: NDArray[np.float32], correct: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Answering only the most confident share of the questions: (Q,) shares, rising to 1, and (Q,) their accuracy.

    Equally confident answers come together: within a tie the accuracy is that of the whole tie.
    """
    order = np.argsort(-confidence, kind="stable")
    answered = np.arange(1, len(confidence) + 1)
    total = np.cumsum(correct[order])
    last = np.searchsorted(-confidence[order], -confidence[order], side="right") - 1
    return answered / len(confidence), (total / answered)[last]
