"""The leakage rule: classes of other data sets that mean the same as an unseen class may not be trained on.

A class is not unseen when another data set of the training set shows it under another name. There are three
rules; a class is removed if any of them applies, so doubtful cases are removed:

1. concepts: the hand-made `means` lists of the catalogues share a concept (docs/catalogue.md);
2. words: all words of one label are in the other ("throw", "throw a ball"), after light stemming and without
   sides and small words;
3. vectors (only if vectors of the labels are given): their cosine is at least `SAME_COSINE`.

What counts is the meaning: motions that only look similar (putting down, picking up) are not the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.text.catalogue import ActionClass

SAME_COSINE = 0.8
"""Labels whose MiniLM vectors have at least this cosine mean the same; how it was chosen: docs/catalogue.md."""

_SMALL = frozenset({
    "a", "an", "and", "as", "at", "body", "both", "by", "do", "does", "for", "from", "her", "his",
    "imaginary", "in", "into", "is", "it", "letter", "of", "on", "one", "onto", "other", "out", "over",
    "person", "place", "some", "someone", "something", "the", "their", "then", "to", "two", "with", "your",
})  # fmt: skip
_SIDES = frozenset({
    "left", "right", "clockwise", "counter", "anti", "anticlockwise", "side", "sideways", "forward",
})  # fmt: skip


@dataclass(frozen=True)
class Removal:
    """A class that must not be trained on.

    Attributes:
        dataset, name: the class.
        because_of: key of the unseen class, e.g. ``"utd-mhad/throw"``.
        rule: the rule by which they mean the same, in words.
    """

    dataset: str
    name: str
    because_of: str
    rule: str

    def __str__(self) -> str:
        return f"{self.dataset}/{self.name}: same as unseen {self.because_of} ({self.rule})"


def same_meaning(
    a: ActionClass,
    b: ActionClass,
    vectors: Mapping[str, NDArray[np.float32]] | None = None,
    threshold: float = SAME_COSINE,
) -> bool:
    """Whether two classes mean the same by any of the rules; `vectors` maps labels to unit vectors (rule 3)."""
    return matching_rule(a, b, vectors, threshold) is not None


def matching_rule(
    a: ActionClass,
    b: ActionClass,
    vectors: Mapping[str, NDArray[np.float32]] | None = None,
    threshold: float = SAME_COSINE,
) -> str | None:
    """The first rule by which two classes mean the same, in words; None if no rule applies. Symmetric."""
    if a.key == b.key:
        return "the same class"
    if shared := sorted(set(a.means) & set(b.means)):
        return "concept " + ", ".join(shared)
    words_a, words_b = label_words(a.label), label_words(b.label)
    if words_a and words_b and (words_a <= words_b or words_b <= words_a):
        return "label words " + " ".join(sorted(words_a & words_b))
    if vectors is not None and a.label in vectors and b.label in vectors:
        cosine = float(vectors[a.label] @ vectors[b.label])
        if cosine >= threshold:
            return f"label vectors, cosine {cosine:.2f}"
    return None


def removed_classes(
    unseen: Iterable[ActionClass],
    others: Iterable[ActionClass],
    *,
    within: bool = False,
    vectors: Mapping[str, NDArray[np.float32]] | None = None,
    threshold: float = SAME_COSINE,
) -> list[Removal]:
    """The classes among `others` that may not be trained on, in order, each with the first rule that applies.

    Args:
        unseen: the unseen classes of a split.
        others: classes of the packs to train on; those of the split's own data set may be among them.
        within: apply the rules inside a data set too. By default its published split decides there, and only
            the unseen classes themselves are removed.
        vectors: label -> unit vector, for rule 3; see `label_vectors`.
        threshold: least cosine of rule 3.
    """
    unseen = list(unseen)
    removals = []
    for other in others:
        for action in unseen:
            if other.dataset == action.dataset and not within and other.key != action.key:
                continue
            if rule := matching_rule(action, other, vectors, threshold):
                removals.append(Removal(other.dataset, other.name, action.key, rule))
                break
    return removals


def label_vectors(
    actions: Iterable[ActionClass], cache: Path | None = None
) -> dict[str, NDArray[np.float32]]:
    """Label -> unit MiniLM vector, for rule 3. Raises as `pgfa.text.encode.encode` does."""
    from pgfa.config import TextSettings
    from pgfa.text.encode import encode

    labels = list(dict.fromkeys(action.label for action in actions))
    return dict(zip(labels, encode(labels, TextSettings(), cache), strict=True))


def label_words(label: str) -> frozenset[str]:
    """The stems of a label's words, without sides and small words."""
    # A single capital "A" is a letter of the alphabet ("draw the letter A"), not a small word.
    words = (w if w == "A" else w.lower() for w in re.findall(r"\w+", label))
    return frozenset(_stem(w).lower() for w in words if w not in _SMALL and w not in _SIDES)


def _stem(word: str) -> str:
    """Removes plural, -ing, -ed and a final e, and undoes a doubled consonant: enough for labels."""
    for ending in ("ing", "ed", "es", "s"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 3 and not word.endswith("ss"):
            word = stem
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word
