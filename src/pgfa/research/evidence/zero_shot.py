"""Which cells are zero-shot, from the training sets: a class is unseen where no class trained on means the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadConfig
from pgfa.text.catalogue import ActionClass, catalogue, find_split
from pgfa.text.overlap import label_vectors, matching_rule, removed_classes

Vectors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Exposure:
    """What a model trained on other classes has seen of the classes it is tested on.

    Attributes:
        dataset: that is tested on.
        unseen: names of the classes for which no class trained on means the same.
        seen: name of each other class -> key of a class trained on that means the same.
        trained_on: whether the data set itself has classes in training.
    """

    dataset: str
    unseen: tuple[str, ...]
    seen: dict[str, str]
    trained_on: bool

    @property
    def zero_shot(self) -> bool:
        """Whether all classes tested on are unseen."""
        return not self.seen

    @property
    def label(self) -> str:
        """The mark of a cell: zero-shot, foreign recordings (of actions in part trained on), or trained on."""
        if self.zero_shot:
            return "zero-shot"
        return "trained on" if self.trained_on else "foreign recordings"


def exposure(
    tested: Sequence[ActionClass], trained: Iterable[ActionClass], vectors: Vectors | None = None
) -> Exposure:
    """Compare the classes tested on, all of one data set, with those trained on by the leakage rule.

    Inside a data set only a class itself counts, as its split decides there (`pgfa.text.overlap.removed_classes`).

    Args:
        tested: at least one class.
        trained: classes trained on, of any data sets.
        vectors: label -> unit vector, for the third rule; None: the first two only.
    """
    dataset, trained = tested[0].dataset, list(trained)
    seen = {}
    for action in tested:
        for other in trained:
            if other.dataset == dataset and other.key != action.key:
                continue
            if matching_rule(action, other, vectors):
                seen[action.name] = other.key
                break
    unseen = tuple(action.name for action in tested if action.name not in seen)
    return Exposure(dataset, unseen, seen, any(other.dataset == dataset for other in trained))


def exposure_without(datasets: Collection[str]) -> dict[str, Exposure]:
    """Of every data set, tested on all its classes by a model trained on all classes of the others.

    Raises:
        BadConfig: a data set without a catalogue, or the sentence encoder of the third rule is not installed.
    """
    actions = {name: catalogue(name).actions for name in datasets}
    vectors = label_vectors([action for of in actions.values() for action in of])
    return {
        name: exposure(of, [a for other in datasets if other != name for a in actions[other]], vectors)
        for name, of in actions.items()
    }


def exposure_of_split(split: str, datasets: Sequence[str]) -> Exposure:
    """Of the unseen classes of a published split, where training uses `datasets` less what the leakage rule removes.

    The result is checked, not assumed: classes are removed as in training and then compared again.

    Raises:
        BadConfig: no such split, or it tests on a data set that is not among `datasets`.
    """
    of_split = find_split(split)
    if of_split.dataset not in datasets:
        raise BadConfig(
            f"split {split} tests on {of_split.dataset}, but the training set has {', '.join(datasets)}"
        )
    own = catalogue(of_split.dataset)
    unseen = [own[name] for name in of_split.unseen]
    others = [action for name in datasets for action in catalogue(name).actions]
    foreign = [action for action in others if action.dataset != of_split.dataset]
    vectors = label_vectors([*unseen, *foreign]) if foreign else None
    removed = {f"{r.dataset}/{r.name}" for r in removed_classes(unseen, others, vectors=vectors)}
    return exposure(unseen, [action for action in others if action.key not in removed], vectors)
