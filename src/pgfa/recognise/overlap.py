"""Taught classes and sentences that mean the same: asked about together, they share the probability of one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pgfa.adapt import cosines
from pgfa.errors import BadConfig
from pgfa.recognise.bundle import Bundle
from pgfa.recognise.candidates import Candidates
from pgfa.recognise.prototypes import Prototype

ALIKE = 0.85
"""Cosine of the centred vectors of a sentence and of the name of a class from which both name the same action."""
LIKELY = 0.5
"""Probability of a sentence, for the mean of a class's examples, from which it counts as their answer."""


@dataclass(frozen=True)
class Overlap:
    """A taught class and a sentence that mean the same.

    Attributes:
        taught: name of the class.
        sentence: of the question.
        reason: "wording", where the name says what the sentence says, or "examples", where the sentence is the answer
            to them.
    """

    taught: str
    sentence: str
    reason: str

    def __str__(self) -> str:
        how = "its examples are answered with it" if self.reason == "examples" else "they say the same"
        return (
            f"the taught class {self.taught!r} and the sentence {self.sentence!r} mean the same ({how}): "
            "they share one probability, so ask about one of them"
        )


def find_overlaps(
    bundle: Bundle, taught: dict[str, Prototype], sentences: Sequence[str], candidates: Candidates
) -> tuple[Overlap, ...]:
    """The sentence that means the same as each taught class, where there is one.

    Args:
        bundle: its sentence vectors compare names with sentences.
        taught: name -> prototype.
        sentences: of the question, without the taught names.
        candidates: the sentences alone; they answer the mean of the examples if they are calibrated.
    """
    if not taught or not sentences:
        return ()
    names = list(taught)
    vectors = np.stack([prototype.vector for prototype in taught.values()])
    answers = candidates.probabilities(candidates.cosines(vectors))[:, :-1]
    try:
        wording = cosines(bundle.anchors(names), bundle.anchors(sentences))
    except BadConfig:  # without a sentence encoder names have no vectors; classes can be taught all the same
        wording = np.full_like(answers, -1)
    overlaps = []
    for row, name in enumerate(names):
        nearest, likeliest = int(wording[row].argmax()), int(answers[row].argmax())
        if wording[row, nearest] >= ALIKE:
            overlaps.append(Overlap(name, sentences[nearest], "wording"))
        elif candidates.calibration.fitted and answers[row, likeliest] >= LIKELY:
            overlaps.append(Overlap(name, sentences[likeliest], "examples"))
    return tuple(overlaps)
