"""Generalised zero-shot recognition: test clips of seen and unseen classes together, all classes candidates.

Every classifier prefers the classes it has learnt. Calibrated stacking (Chao et al., ECCV 2016) takes a penalty off
the scores of the seen classes; which one is chosen on pseudo-unseen classes (`choose_penalty`). Accuracies are means
over classes, as there and as H is defined (Xian et al., CVPR 2017).
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
class Mixed:
    """Scores of test clips of both kinds against all candidate classes.

    Attributes:
        scores: (N, K), higher is nearer; the first `unseen` columns are the unseen classes.
        labels: (N,) true class numbers, below K.
        unseen: how many of the candidates are unseen; 1 to K - 1.
    """

    scores: NDArray[np.float32]
    labels: Labels
    unseen: int


@dataclass(frozen=True)
class Sweep:
    """Both accuracies at every penalty that changes a prediction.

    Attributes:
        margins: (P - 1,) ascending, distinct: how far the best seen class is above the best unseen one.
            Between two of them nothing changes.
        seen, unseen: (P,) accuracy of the clips of seen and of unseen classes; entry j holds where j of the
            margins are at most the penalty. The first is all seen, the last all unseen.
    """

    margins: Doubles
    seen: Doubles
    unseen: Doubles

    def at(self, penalty: float) -> tuple[float, float]:
        """Seen and unseen accuracy with a penalty."""
        j = int(np.searchsorted(self.margins, penalty, side="right"))
        return float(self.seen[j]), float(self.unseen[j])

    @property
    def area(self) -> float:
        """Area under seen accuracy over unseen accuracy, by trapezoids: clips of equal margin turn together."""
        return float(np.sum(np.diff(self.unseen) * (self.seen[1:] + self.seen[:-1]) / 2))


def predict(scores: NDArray[np.float32], unseen: int, penalty: float) -> Labels:
    """(N,) classes: the best seen one where it is more than `penalty` above the best unseen one, else that one."""
    best, margin = _sides(scores, unseen)
    return np.where(margin > penalty, best[0], best[1])


def sweep(mixed: Mixed) -> Sweep:
    """Exact: one sort, no grid. Raises ValueError where clips or candidates of one kind are missing."""
    kinds = mixed.labels >= mixed.unseen
    if not 0 < mixed.unseen < mixed.scores.shape[1] or kinds.all() or not kinds.any():
        raise ValueError("clips and candidates of both kinds are needed, seen and unseen")
    (as_seen, as_unseen), margin = _sides(mixed.scores, mixed.unseen)
    weight = _class_weights(mixed.labels, mixed.unseen)
    margins, place = np.unique(margin, return_inverse=True)
    # What turns at each margin: right answers for seen classes are lost, those for unseen ones are won.
    lost = np.bincount(place, weight * (kinds & (as_seen == mixed.labels)), minlength=len(margins))
    won = np.bincount(place, weight * (~kinds & (as_unseen == mixed.labels)), minlength=len(margins))
    seen = np.concatenate([np.cumsum(lost[::-1])[::-1], [0.0]])  # summed from the end: exactly 0 there
    return Sweep(margins, seen, np.concatenate([[0.0], np.cumsum(won)]))


def harmonic(seen: float, unseen: float) -> float:
    """H, the harmonic mean; 0 where either is."""
    return 2 * seen * unseen / (seen + unseen) if seen > 0 and unseen > 0 else 0.0


def choose_penalty(folds: Sequence[Mixed]) -> float:
    """The penalty of the highest mean H over sets of pseudo-unseen classes, found exactly; of equals the least |p|.

    Between neighbouring margins of all folds nothing changes; their midpoints stand for all penalties there.
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
    """Take test clips of seen classes out of the training clips: those of some people, who then train nothing.

    People are drawn until they hold at least `share` of the clips of the tested data set, one of them always left.
    Where fewer than two people are known, that share of each class is drawn. A class that would lose all its
    clips keeps them.

    Args:
        subjects: (clips,) who performs each training clip; "" where it is not known.
        share: of the training clips of the tested data set; 0 takes none.
        seed: of the draw.

    Returns:
        The corpus without them, and the clips, labels counting in ``corpus.seen``; None where there are none.
    """
    dataset, labels = corpus.unseen[0].dataset, corpus.train.labels
    mine = np.array([a.dataset == dataset for a in corpus.seen])[labels]
    if share <= 0 or not mine.any():
        return corpus, None
    random = np.random.default_rng([seed, 4])
    people = np.unique(subjects[mine])
    taken = np.zeros(len(labels), dtype=bool)
    if len(people) > 1 and "" not in people:
        for person in random.permutation(people)[:-1]:
            taken |= mine & (subjects == person)
            if taken.sum() >= share * mine.sum():
                break
    else:
        for label in np.unique(labels[mine]):
            at = random.permutation(np.flatnonzero(labels == label))
            taken[at[: round(share * len(at))]] = True
    left = np.bincount(labels[~taken], minlength=len(corpus.seen))
    taken &= left[labels] > 0
    if not taken.any():
        return corpus, None
    return replace(corpus, train=part(corpus.train, ~taken)), part(corpus.train, taken)


def part(clips: ClipSet, which: NDArray[np.bool_]) -> ClipSet:
    """The clips of a mask."""
    return ClipSet(clips.positions[which], clips.present[which], clips.labels[which], clips.origin[which])


def _sides(scores: NDArray[np.float32], unseen: int) -> tuple[tuple[Labels, Labels], Doubles]:
    """The best seen and the best unseen class of each clip, and how far the first is above the second."""
    exact = scores.astype(np.float64)
    as_seen, as_unseen = exact[:, unseen:].argmax(axis=1) + unseen, exact[:, :unseen].argmax(axis=1)
    rows = np.arange(len(exact))
    return (as_seen, as_unseen), exact[rows, as_seen] - exact[rows, as_unseen]


def _class_weights(labels: Labels, unseen: int) -> Doubles:
    """(N,) weights with which a sum over right clips is the mean over classes, for each kind of class."""
    size = np.bincount(labels)
    classes = np.array([np.count_nonzero(size[:unseen]), np.count_nonzero(size[unseen:])])
    return np.asarray(1 / (size[labels] * classes[(labels >= unseen).astype(int)]))
