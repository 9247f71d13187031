"""Why answers are what they are: the motion words of each sentence against what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from pgfa.words.reasons import Reason

GENERAL = {
    "one_hand": {"right_hand", "left_hand"},
    "both_hands": {"hands_together"},
    "turn": {"turn_left", "turn_right", "spin"},
    "to_head": {"to_mouth", "phone"},
}
"""Word -> words that say the same and more: beside one of them it is left out of the line."""


@dataclass(frozen=True)
class Explanation:
    """One sentence.

    Attributes:
        sentence: as given.
        reasons: its motion words, the clearest first; none for a taught class, which is compared with its examples,
            and for a recording without a person.
    """

    sentence: str
    reasons: tuple[Reason, ...]

    def phrases(self, verdict: str) -> list[str]:
        """What the motion says about the sentence, as phrases: `for`, `against` or `open`."""
        chosen = [reason for reason in self.reasons if reason.verdict == verdict]
        words = {reason.word for reason in chosen}
        return [reason.phrase for reason in chosen if words.isdisjoint(GENERAL.get(reason.word, ()))]

    def __str__(self) -> str:
        parts = [
            f"{verdict}: {', '.join(phrases)}"
            for verdict in ("for", "against")
            if (phrases := self.phrases(verdict))
        ]
        return "; ".join(parts) or "no motion word speaks clearly for or against it"


@dataclass(frozen=True)
class Explanations(Sequence[Explanation]):
    """The sentences of a question, in its order, and facts about the recording.

    Attributes:
        explanations: one per sentence.
        facts: measured, in units, the most telling first; metres are those of a standard body.
    """

    explanations: tuple[Explanation, ...]
    facts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.explanations)

    def __iter__(self) -> Iterator[Explanation]:
        return iter(self.explanations)

    @overload
    def __getitem__(self, index: int) -> Explanation: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Explanation, ...]: ...
    def __getitem__(self, index: int | slice) -> Explanation | tuple[Explanation, ...]:
        return self.explanations[index]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "measured": list(self.facts),
            "sentences": [
                {"sentence": e.sentence, "reasons": [reason.to_dict() for reason in e.reasons]} for e in self
            ],
        }
