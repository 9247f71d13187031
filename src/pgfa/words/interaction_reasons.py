"""Why a sentence about two people fits: what it states of them against what was measured, and facts in units."""

from __future__ import annotations

from typing import Final

from pgfa.words.interaction import FAR, INTERACTIONS, interaction_evidence
from pgfa.words.interaction_words import interactions_of
from pgfa.words.reasons import Reason
from pgfa.words.series import Floats

PHRASES: Final = {
    "approach": ("people come closer", "people part"),
    "hands_meet": ("hands of both meet", "hands do not meet"),
    "embrace": ("chest to chest", "not chest to chest"),
    "hand_to_body": ("a hand at the other's body", "no hand at the other's body"),
    "foot_to_body": ("a foot at the other's legs", "no foot at the other's legs"),
    "facing": ("people face each other", "people do not face each other"),
    "both_act": ("both act", "one acts"),
}
"""Interaction -> what a sentence states, and what it says where it denies it."""
DEVIATIONS: Final = 2.0
"""A clear interaction in the unit of `Reason.evidence`, which is one standard deviation of motion words."""
FACT_FROM: Final = 0.5
"""Share of a clear case from which an interaction is a fact about a clip."""


def interaction_reasons(shown: Floats, sentence: str) -> tuple[Reason, ...]:
    """What a sentence says of two people, the clearest first; none for other sentences, or a person alone.

    Args:
        shown: (interactions,) of a clip, see `pgfa.words.interaction.interactions`.
        sentence: in English.
    """
    evidence = DEVIATIONS * interaction_evidence(shown)
    out = []
    for name, value in (interactions_of(sentence) or {}).items():
        number = INTERACTIONS.index(name)
        if shown[number] != shown[number]:  # NaN: a person alone
            continue
        stated = value > 0
        strength = float(evidence[number]) * (1 if stated else -1)
        phrase = PHRASES[name][0 if stated else 1]
        out.append(Reason(name, phrase, stated, strength, _measured(name, float(shown[number]))))
    return tuple(sorted(out, key=lambda reason: -abs(reason.evidence)))


def interaction_facts(shown: Floats) -> tuple[str, ...]:
    """What two people clearly do to each other, in units; none of a person alone.

    Args:
        shown: (interactions,) of a clip.
    """
    values = zip(INTERACTIONS, shown.tolist(), interaction_evidence(shown).tolist(), strict=True)
    return tuple(
        _measured(name, value)
        for name, value, clear in values
        if name not in ("facing", "both_act")
        and (clear >= FACT_FROM or (name == "approach" and -clear >= FACT_FROM))
    )


def _measured(name: str, value: float) -> str:
    """A measured fact in units."""
    if name == "approach":
        return f"people come {value:.1f} m closer" if value >= 0 else f"people part by {-value:.1f} m"
    if name == "facing":
        return f"people {'face each other' if value > 0 else 'do not face each other'}"
    if name == "both_act":
        return f"one person moves {100 * value:.0f} % as much as the other"
    if value >= FAR:
        return "no foot is lifted"
    what = {
        "hands_meet": "hands of both", "embrace": "chests of both", "hand_to_body": "a hand and the other's body",
        "foot_to_body": "a lifted foot and the other's legs",
    }[name]  # fmt: skip
    return f"{what} come within {value:.2f} m"
