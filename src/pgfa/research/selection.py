"""Choosing without the labels of unseen classes: on pseudo-unseen classes, held out of the seen ones.

Each fold holds other seen classes out, trains again without them, and recognises their training clips; the choice is
what has the best mean over the folds. No test clip and no label of an unseen class is used. It costs one training run
per fold, shared by all choices. The runs whose results are reported are then trained on all seen classes.

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
from pgfa.config import AdaptSettings, RunSettings
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
    **{name: baseline.grid for name, baseline in TEST_TIME.items()},
}
"""What is done at test time -> the settings to choose from; of equally good ones the first is taken."""


def apply(
    name: str,
    option: Option,
    scores: NDArray[np.float32],
    points: NDArray[np.float32],
    anchors: NDArray[np.float32] | None,
) -> NDArray[np.float32] | None:
    """(N, K) scores after alignment; None if the method has no space for the alignment to work in.

    Args:
        name: of `GRIDS`: one of `VARIANTS`, or a baseline of `pgfa.research.baselines.TEST_TIME`.
        option: settings that differ from their defaults.
        scores: (N, K) of the method.
        points, anchors: (N, e) and (K, e), clips and classes in one space, as from `points_of`.
    """
    if name in TEST_TIME:
        baseline = TEST_TIME[name]
        return baseline.rescore(scores, points, anchors, baseline.options(**option))
    if anchors is None:
        return None
    return align_with(points, anchors, AdaptSettings(**{**VARIANTS[name], **option})).scores


def best_of(accuracy: NDArray[np.float64]) -> int:
    """The column of (folds, options) with the highest mean; of equals (to rounding) the first."""
    mean = accuracy.mean(axis=0)
    return int(np.flatnonzero(mean >= mean.max() - 1e-9)[0])


def fold_size(seen: int, unseen: int, folds: int) -> int:
    """Pseudo-unseen classes per fold: as many as there are unseen ones, but at most a third of the seen ones.

    Raises BadConfig if too few classes are seen.
    """
    size = min(unseen, seen // max(folds, 3))
    if size < 1:
        raise BadConfig(f"{folds} sets of pseudo-unseen classes need more than {seen} seen classes")
    return size


@dataclass(frozen=True)
class AlphaChoice:
    """The alpha that was chosen, and why.

    Attributes:
        alpha: the best mean over folds; of equal ones the largest, which averages most clips.
        folds: the pseudo-unseen classes of each fold, by key.
        accuracy: (folds, len(ALPHAS)) shares of their clips that are recognised correctly after alignment.
    """

    alpha: float
    folds: tuple[tuple[str, ...], ...]
    accuracy: tuple[tuple[float, ...], ...]


def draw_folds(keys: Sequence[str], count: int, folds: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """`folds` disjoint sets of `count` classes each. Raises BadConfig if too few remain to train on."""
    if folds * count > len(keys) or count >= len(keys):
        raise BadConfig(
            f"{folds} folds of {count} pseudo-unseen classes need more than {len(keys)} seen ones"
        )
    order = np.random.default_rng([seed, folds, count]).permutation(len(keys))
    return tuple(tuple(keys[i] for i in sorted(order[f * count : (f + 1) * count])) for f in range(folds))


def fold_settings(settings: RunSettings, classes: Collection[str]) -> RunSettings:
    """Settings of a fold: its split is that of the pseudo-unseen classes, given by key."""
    dataset = settings.split.partition("/")[0]
    names = ",".join(key.partition("/")[2] for key in classes)
    return settings.model_copy(update={"split": f"{dataset}/unseen:{names}"})


def hold_out(corpus: Corpus, classes: Collection[str], dropped: Collection[str] = ()) -> Corpus:
    """A corpus of the training clips alone, in which some classes are unseen and others are left out.

    In a one-shot corpus the first clip of each unseen class is its exemplar.

    Args:
        corpus: whose training clips are used.
        classes: keys of the classes that become unseen.
        dropped: keys of the classes that are left out.

    Raises:
        BadConfig: no clip remains to train on or to test, or a one-shot class has no clip.
    """
    unseen = tuple(a for a in corpus.seen if a.key in set(classes))
    others = [a for a in corpus.seen if a.key not in {*classes, *dropped}]
    removals = removed_classes(unseen, [a for a in others if a.dataset != unseen[0].dataset])
    removed = {f"{removal.dataset}/{removal.name}" for removal in removals}
    seen = tuple(a for a in others if a.key not in removed)
    train = _clips_of(corpus, [a.key for a in seen])
    test, exemplars = _clips_of(corpus, [a.key for a in unseen]), None
    if corpus.exemplars is not None:
        present, first = np.unique(test.labels, return_index=True)
        if len(present) < len(unseen):
            raise BadConfig("a pseudo-novel class has no clip that could be its exemplar")
        is_exemplar = np.zeros(len(test), dtype=bool)
        is_exemplar[first] = True
        exemplars, test = test.take(first), test.take(~is_exemplar)
    if not len(train) or not len(test):
        raise BadConfig(f"too few clips to hold {', '.join(sorted(classes))} out of the seen classes")
    return replace(
        corpus,
        seen=seen,
        unseen=unseen,
        train=train,
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
    """Choose alpha on pseudo-unseen classes, or resume.

    Args:
        settings: of the run that alpha is for; its seed draws the classes.
        corpus: of that run; its test clips are not used.
        out: folder for the runs of the folds.
        count: pseudo-unseen classes per fold.
        folds: how many sets of classes.
        never: classes that may not be used at all: unseen ones of other splits that share the choice.

    Raises:
        BadConfig: too few seen classes; else as `train`.
    """
    fold_classes = _alpha_folds(settings, corpus, count, folds, never)
    accuracy = []
    for fold in range(folds):
        if bar is not None:
            bar.set_title(f"{settings.split.partition('/')[0]}: alpha, fold {fold + 1} of {folds}")
        accuracy.append(
            alpha_fold(
                settings, corpus, out, fold,
                count=count, folds=folds, never=never, device=device, bar=bar,
            )
        )  # fmt: skip
    mean = np.mean(accuracy, axis=0)
    best = max(range(len(ALPHAS)), key=lambda i: (round(float(mean[i]), 9), ALPHAS[i]))
    return AlphaChoice(ALPHAS[best], fold_classes, tuple(accuracy))


def alpha_fold(
    settings: RunSettings,
    corpus: Corpus,
    out: Path,
    fold: int,
    *,
    count: int,
    folds: int,
    never: Collection[str] = (),
    device: str = "auto",
    bar: Progress | None = None,
) -> tuple[float, ...]:
    """Accuracy of a fold with each of `ALPHAS`, by a model trained without its classes; or resume.

    Args:
        fold: its number; else as `choose_alpha`.
    """
    classes = _alpha_folds(settings, corpus, count, folds, never)[fold]
    corpus, out = hold_out(corpus, classes, never), out / f"fold-{fold}"
    settings = fold_settings(settings, classes)
    settings = settings.model_copy(
        update={"train": settings.train.model_copy(update={"test_each_epoch": False})}
    )
    model = train(settings, corpus, out, device=device, bar=bar)
    features = features_of(model, corpus.test.positions, corpus.test.present)
    anchors = unseen_anchors(model, corpus, settings, class_sentences(corpus, settings).centre)
    labels = corpus.test.labels
    return tuple(float((align(features, anchors, a).predictions == labels).mean()) for a in ALPHAS)


def _alpha_folds(
    settings: RunSettings, corpus: Corpus, count: int, folds: int, never: Collection[str]
) -> tuple[tuple[str, ...], ...]:
    dataset = settings.split.partition("/")[0]
    keys = [a.key for a in corpus.seen if a.dataset == dataset and a.key not in never]
    return draw_folds(keys, count, folds, settings.train.seed)


def _clips_of(corpus: Corpus, keys: Sequence[str]) -> ClipSet:
    """The training clips of some classes, labels counting in `keys`."""
    number = {key: i for i, key in enumerate(keys)}
    labels = np.array([number.get(a.key, -1) for a in corpus.seen], dtype=np.int64)[corpus.train.labels]
    return corpus.train.take(labels >= 0, labels)
