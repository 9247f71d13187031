"""Generalised zero-shot recognition: test clips of seen and unseen classes together, all classes candidates.

Every classifier prefers the classes it was trained on. Calibrated stacking (Chao et al., ECCV 2016) subtracts a penalty
from the scores of the seen classes; the penalty is chosen on pseudo-unseen classes (`choose_penalty`). Accuracies are
means over classes, as in that paper and in the definition of H (Xian et al., CVPR 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus

Doubles = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class GzslScores:
    """Scores of test clips of seen and unseen classes against all candidate classes.

    Attributes:
        scores: (N, K), higher is more similar; the first `unseen` columns are the unseen classes.
        labels: (N,) true class numbers, below K.
        unseen: number of unseen candidates, 1 to K - 1.
    """

    scores: NDArray[np.float32]
    labels: Labels
    unseen: int


@dataclass(frozen=True)
class Sweep:
    """Seen and unseen accuracy at every penalty that changes a prediction.

    Attributes:
        margins: (P - 1,) ascending, distinct: score of the best seen class minus that of the best unseen one.
            Between two of them no prediction changes.
        seen, unseen: (P,) accuracy on the clips of seen and of unseen classes; entry j is valid where j of the
            margins are at most the penalty. At the first every prediction is a seen class, at the last an unseen one.
    """

    margins: Doubles
    seen: Doubles
    unseen: Doubles

    def accuracies(self, penalty: float) -> tuple[float, float]:
        """Seen and unseen accuracy with a penalty."""
        j = int(np.searchsorted(self.margins, penalty, side="right"))
        return float(self.seen[j]), float(self.unseen[j])

    @property
    def area(self) -> float:
        """Area under seen accuracy over unseen accuracy, by trapezoids: clips of equal margin change together."""
        return float(np.sum(np.diff(self.unseen) * (self.seen[1:] + self.seen[:-1]) / 2))


def predict(scores: NDArray[np.float32], unseen: int, penalty: float) -> Labels:
    """(N,) classes: the best seen one if it scores more than `penalty` above the best unseen one, else the latter."""
    as_seen, as_unseen, margin = _best_of_each(scores, unseen)
    return np.where(margin > penalty, as_seen, as_unseen)


def sweep(gzsl: GzslScores) -> Sweep:
    """All penalties, exactly: one sort, no grid. Raises ValueError if clips or candidates of one kind are missing."""
    is_seen = gzsl.labels >= gzsl.unseen
    if not 0 < gzsl.unseen < gzsl.scores.shape[1] or is_seen.all() or not is_seen.any():
        raise ValueError("expected clips and candidates of both kinds, seen and unseen")
    as_seen, as_unseen, margin = _best_of_each(gzsl.scores, gzsl.unseen)
    weight = _class_weights(gzsl.labels, gzsl.unseen)
    margins, step = np.unique(margin, return_inverse=True)
    # What changes at each margin: correct predictions of seen classes are lost, of unseen classes gained.
    lost = np.bincount(step, weight * (is_seen & (as_seen == gzsl.labels)), minlength=len(margins))
    gained = np.bincount(step, weight * (~is_seen & (as_unseen == gzsl.labels)), minlength=len(margins))
    seen = np.concatenate([np.cumsum(lost[::-1])[::-1], [0.0]])  # summed from the end: exactly 0 there
    return Sweep(margins, seen, np.concatenate([[0.0], np.cumsum(gained)]))


def harmonic_mean(seen: float, unseen: float) -> float:
    """H, the harmonic mean of the two accuracies; 0 if either is 0."""
    return 2 * seen * unseen / (seen + unseen) if seen > 0 and unseen > 0 else 0.0


def choose_penalty(folds: Sequence[GzslScores]) -> float:
    """The penalty of the highest mean H over folds of pseudo-unseen classes, exactly; of equal ones the smallest |p|.

    Between neighbouring margins of all folds no prediction changes, so their midpoints are all that is tried.
    """
    sweeps = [sweep(fold) for fold in folds]
    edges = np.unique(np.concatenate([s.margins for s in sweeps]))
    penalties = np.concatenate([[edges[0] - 1], (edges[1:] + edges[:-1]) / 2, [edges[-1] + 1]])
    mean = np.zeros(len(penalties))
    for s in sweeps:
        j = np.searchsorted(s.margins, penalties, side="right")
        both = s.seen[j] * s.unseen[j]
        mean += 2 * both / np.where(both > 0, s.seen[j] + s.unseen[j], 1) / len(sweeps)
    best = np.flatnonzero(mean >= mean.max() - 1e-12)
    return float(penalties[best[np.abs(penalties[best]).argmin()]])


def set_aside(
    corpus: Corpus, subjects: NDArray[np.str_], share: float, seed: int
) -> tuple[Corpus, ClipSet | None]:
    """Move training clips of seen classes to a test set: all clips of some subjects, who are then not trained on.

    Subjects are drawn until they have at least `share` of the clips of the tested data set; at least one always
    remains. With fewer than two known subjects, that share of the clips of each class is drawn. A class that would
    lose all its clips keeps them.

    Args:
        subjects: (clips,) subject of each training clip; "" where unknown.
        share: fraction of the training clips of the tested data set; 0 takes none.
        seed: of the draw.

    Returns:
        The corpus without these clips, and the clips, their labels indices into ``corpus.seen``; None if there are
        none.
    """
    dataset, labels = corpus.unseen[0].dataset, corpus.train.labels
    of_dataset = np.array([a.dataset == dataset for a in corpus.seen])[labels]
    if share <= 0 or not of_dataset.any():
        return corpus, None
    random = np.random.default_rng([seed, 4])
    people = np.unique(subjects[of_dataset])
    is_moved = np.zeros(len(labels), dtype=bool)
    if len(people) > 1 and "" not in people:
        for subject in random.permutation(people)[:-1]:
            is_moved |= of_dataset & (subjects == subject)
            if is_moved.sum() >= share * of_dataset.sum():
                break
    else:
        for label in np.unique(labels[of_dataset]):
            clips = random.permutation(np.flatnonzero(labels == label))
            is_moved[clips[: round(share * len(clips))]] = True
    remaining = np.bincount(labels[~is_moved], minlength=len(corpus.seen))
    is_moved &= remaining[labels] > 0
    if not is_moved.any():
        return corpus, None
    return replace(corpus, train=corpus.train.take(~is_moved)), corpus.train.take(is_moved)


def _best_of_each(scores: NDArray[np.float32], unseen: int) -> tuple[Labels, Labels, Doubles]:
    """The best seen and the best unseen class of each clip, and the score of the first minus that of the second."""
    exact = scores.astype(np.float64)
    as_seen, as_unseen = exact[:, unseen:].argmax(axis=1) + unseen, exact[:, :unseen].argmax(axis=1)
    rows = np.arange(len(exact))
    return as_seen, as_unseen, exact[rows, as_seen] - exact[rows, as_unseen]


def _class_weights(labels: Labels, unseen: int) -> Doubles:
    """(N,) weights that make a sum over correct clips the mean over classes, of seen and of unseen ones."""
    size = np.bincount(labels)
    classes = np.array([np.count_nonzero(size[:unseen]), np.count_nonzero(size[unseen:])])
    return np.asarray(1 / (size[labels] * classes[(labels >= unseen).astype(int)]))
