"""Choosing without a look at unseen classes: on pseudo-unseen classes, held out of the seen ones.

Each fold holds other seen classes out, trains anew without them, and recognises their training clips; what has the
best mean over the folds is taken. No test clip and no label of an unseen class plays a part. It costs a training run
a fold, shared by all choices. The runs whose figures are reported are then trained on all seen classes.

`choose_alpha` chooses one number for `pgfa reproduce`; `GRIDS`, `apply` and `best_of` choose everything for
`pgfa benchmark`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import ALIGNMENTS, ALPHAS, Option, align, align_with
from pgfa.config import AdaptSettings, BaselineSettings, RunSettings
from pgfa.errors import BadConfig
from pgfa.progress import Progress
from pgfa.research.baselines import TEST_TIME
from pgfa.text.overlap import removed_classes
from pgfa.train.anchors import unseen_anchors
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus
from pgfa.train.features import features_of
from pgfa.train.sentences import class_sentences
from pgfa.train.train import train

VARIANTS: dict[str, Option] = {
    variant: {"method": name, **options}
    for name, method in ALIGNMENTS.items()
    for variant, options in {name: {}, **method.variants}.items()
}
"""Every alignment that a benchmark can run -> its settings: the methods of `pgfa.adapt` and their named variants."""

GRIDS: dict[str, tuple[Option, ...]] = {
    **{variant: ALIGNMENTS[options["method"]].grid for variant, options in VARIANTS.items()},
    "t3a": tuple({"t3a_supports": n} for n in (20, 5, 100)),
    "cache": tuple({"cache_weight": w} for w in (2.0, 0.5, 8.0)),
}
"""What is done at test time -> the settings to choose from; of equally good ones the first is taken."""


def apply(
    name: str,
    option: Option,
    scores: NDArray[np.float32],
    points: NDArray[np.float32],
    anchors: NDArray[np.float32] | None,
) -> NDArray[np.float32] | None:
    """(N, K) scores after alignment; None where the method has no space that the alignment could work in.

    Args:
        name: of `GRIDS`: one of `VARIANTS`, or a baseline of
            `pgfa.research.baselines.TEST_TIME`.
        option: settings that differ from their defaults.
        scores: (N, K) of the method.
        points, anchors: (N, e) and (K, e), clips and classes in one space, as from `points_of`.
    """
    if name == "none":
        return scores
    if name in TEST_TIME:
        return TEST_TIME[name](scores, points, anchors, BaselineSettings(**option))
    if anchors is None:
        return None
    return align_with(points, anchors, AdaptSettings(**{**VARIANTS[name], **option})).scores


def best_of(accuracy: NDArray[np.float64]) -> int:
    """The column of (folds, options) with the highest mean; of equals (to rounding) the first."""
    mean = accuracy.mean(axis=0)
    return int(np.flatnonzero(mean >= mean.max() - 1e-9)[0])


def fold_size(seen: int, unseen: int, folds: int) -> int:
    """Pseudo-unseen classes a fold: as many as there are unseen ones, but a third of the seen ones at most.

    Raises BadConfig where too few classes are seen.
    """
    size = min(unseen, seen // max(folds, 3))
    if size < 1:
        raise BadConfig(f"{folds} sets of pseudo-unseen classes need more than {seen} seen classes")
    return size


@dataclass(frozen=True)
class AlphaChoice:
    """What was chosen, and on what grounds.

    Attributes:
        alpha: the best mean over folds; of equal ones the largest, which averages most clips.
        held: the pseudo-unseen classes of each fold, by key.
        accuracy: (folds, len(ALPHAS)) shares of the held clips that are right after alignment.
    """

    alpha: float
    held: tuple[tuple[str, ...], ...]
    accuracy: tuple[tuple[float, ...], ...]


def draw_folds(keys: Sequence[str], count: int, folds: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """`folds` disjoint sets of `count` classes each. Raises BadConfig where too few are left to train on."""
    if folds * count > len(keys) or count >= len(keys):
        raise BadConfig(
            f"{folds} folds of {count} pseudo-unseen classes need more than {len(keys)} seen ones"
        )
    order = np.random.default_rng([seed, folds, count]).permutation(len(keys))
    return tuple(tuple(keys[i] for i in sorted(order[f * count : (f + 1) * count])) for f in range(folds))


def hold_out(corpus: Corpus, held: Collection[str], dropped: Collection[str] = ()) -> Corpus:
    """A corpus made of the training clips alone: classes `held` are unseen in it, classes `dropped` not in it.

    In a one-shot corpus the first clip of each held class is its exemplar.

    Raises:
        BadConfig: no clip is left to train on or to test.
    """
    unseen = tuple(a for a in corpus.seen if a.key in set(held))
    others = [a for a in corpus.seen if a.key not in {*held, *dropped}]
    removals = removed_classes(unseen, [a for a in others if a.dataset != unseen[0].dataset])
    alike = {f"{r.dataset}/{r.name}" for r in removals}
    seen = tuple(a for a in others if a.key not in alike)
    test, exemplars = _of_classes(corpus, [a.key for a in unseen]), None
    if corpus.exemplars is not None:
        present, first = np.unique(test.labels, return_index=True)
        if len(present) < len(unseen):
            raise BadConfig("a pseudo-novel class has no clip that could be its exemplar")
        known = np.zeros(len(test), dtype=bool)
        known[first] = True
        exemplars, test = _part(test, first), _part(test, np.flatnonzero(~known))
    left = _of_classes(corpus, [a.key for a in seen])
    if not len(left) or not len(test):
        raise BadConfig(f"too few clips to hold {', '.join(sorted(held))} out of the seen classes")
    return replace(
        corpus,
        seen=seen,
        unseen=unseen,
        train=left,
        test=test,
        exemplars=exemplars,
        removals=(*corpus.removals, *removals),
    )


def choose_alpha(
    settings: RunSettings,
    corpus: Corpus,
    out: Path,
    *,
    count: int,
    folds: int,
    never: Collection[str] = (),
    device: str = "auto",
    bar: Progress | None = None,
) -> AlphaChoice:
    """Choose alpha on pseudo-unseen classes; stopped and started again, it goes on.

    Args:
        settings: of the run that alpha is for; its seed draws the classes.
        corpus: of that run; its test clips are not looked at.
        out: folder for the runs of the folds.
        count: pseudo-unseen classes a fold.
        folds: how many sets of classes.
        never: classes that may not be used at all: unseen ones of other splits that share the choice.

    Raises:
        BadConfig: too few seen classes; else as `train`.
    """
    dataset = settings.split.partition("/")[0]
    keys = [a.key for a in corpus.seen if a.dataset == dataset and a.key not in never]
    held = draw_folds(keys, count, folds, settings.train.seed)
    rows = []
    for fold, classes in enumerate(held):
        if bar is not None:
            bar.set_title(f"{dataset}: alpha, fold {fold + 1} of {folds}")
        inner = hold_out(corpus, classes, never)
        names = ",".join(key.partition("/")[2] for key in classes)
        own = settings.model_copy(
            update={
                "split": f"{dataset}/unseen:{names}",
                "train": settings.train.model_copy(update={"test_each_epoch": False}),
            }
        )
        model = train(own, inner, out / f"fold-{fold}", device=device, bar=bar)
        centre = class_sentences(inner, own).centre
        features = features_of(model, inner.test.positions, inner.test.present)
        anchors, truth = unseen_anchors(model, inner, own, centre), inner.test.labels
        rows.append(tuple(float((align(features, anchors, a).predictions == truth).mean()) for a in ALPHAS))
    mean = np.mean(rows, axis=0)
    best = max(range(len(ALPHAS)), key=lambda i: (round(float(mean[i]), 9), ALPHAS[i]))
    return AlphaChoice(ALPHAS[best], held, tuple(rows))


def _of_classes(corpus: Corpus, keys: Sequence[str]) -> ClipSet:
    number = {key: i for i, key in enumerate(keys)}
    label = np.array([number.get(a.key, -1) for a in corpus.seen], dtype=np.int64)[corpus.train.labels]
    return replace(_part(corpus.train, np.flatnonzero(label >= 0)), labels=label[label >= 0])


def _part(clips: ClipSet, at: NDArray[np.intp]) -> ClipSet:
    return clips.take(at)
