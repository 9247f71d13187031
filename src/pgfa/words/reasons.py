"""Why a sentence fits a clip or does not: each motion word of the sentence against what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pgfa.words.facts import GENERAL, OF_WORD, Fact, Values
from pgfa.words.lexicon import phrase, words_of
from pgfa.words.measures import MEASURES
from pgfa.words.model import DETECTED, Array

CLEAR: Final = 0.5
"""Standard deviations of evidence above which a motion speaks for a word, and below minus which against it."""
FEWEST, MOST = 3, 5
"""Facts about a clip."""
TELLING: Final = 0.5
"""Weight from which more than the fewest facts are stated."""


@dataclass(frozen=True)
class Reason:
    """One motion word of a sentence.

    Attributes:
        word: of `pgfa.words.lexicon.WORDS`.
        phrase: what the sentence says: "right hand"; "does not travel" for a word that it denies.
        stated: whether the sentence states the word; False: it denies it.
        evidence: for the phrase, in standard deviations over the training clips; below 0 against it.
        measured: a measured fact in units, "" where there is none.
    """

    word: str
    phrase: str
    stated: bool
    evidence: float
    measured: str

    @property
    def verdict(self) -> str:
        """`for`, `against` or `open`: what the motion says about the phrase."""
        if abs(self.evidence) <= CLEAR:
            return "open"
        return "for" if self.evidence > 0 else "against"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "word": self.word,
            "phrase": self.phrase,
            "stated": self.stated,
            "verdict": self.verdict,
            "evidence": round(self.evidence, 3),
            "measured": self.measured,
        }


def reasons(measures: Array, evidence: Array, sentence: str) -> tuple[Reason, ...]:
    """The words of a sentence that have a detector, the clearest first.

    Args:
        measures: (len(MEASURES),) of a clip, see `pgfa.words.measures.measure`; NaN where not known.
        evidence: (len(DETECTED),) of the clip, see `pgfa.words.model.KinematicModel.evidence`.
        sentence: in English.
    """
    values = _values(measures)
    out = []
    for word, value in words_of(sentence).items():
        if word not in DETECTED:
            continue
        fact = OF_WORD[word](values) if word in OF_WORD else None
        strength = value * float(evidence[DETECTED.index(word)])
        out.append(Reason(word, phrase(word, value), value > 0, strength, "" if fact is None else fact.text))
    return tuple(sorted(out, key=lambda reason: -abs(reason.evidence)))


def facts(measures: Array) -> tuple[str, ...]:
    """The three to five most telling facts about a clip, the most telling first; fewer where fewer are known.

    Args:
        measures: (len(MEASURES),), NaN where not known.
    """
    values = _values(measures)
    known: list[Fact] = [fact for describe in GENERAL if (fact := describe(values)) is not None]
    ranked = sorted(known, key=lambda fact: -fact.weight)  # stable
    number = sum(fact.weight >= TELLING for fact in ranked)
    return tuple(fact.text for fact in ranked[: min(max(number, FEWEST), MOST)])


def _values(measures: Array) -> Values:
    return dict(zip(MEASURES, measures.tolist(), strict=True))
