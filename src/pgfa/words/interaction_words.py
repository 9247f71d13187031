"""What a sentence says of two people: whether it needs two, and which of `INTERACTIONS` it states or denies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.words.interaction import INTERACTIONS, SIZE
from pgfa.words.lexicon_forms import normal_form

Array = NDArray[np.float32]

COMPANY: Final = 0.3
"""How much it counts that a sentence about two people is compared with two bodies,"""
STATED: Final = 0.5
"""and what it states of them, where all else of a sentence has length 1."""
_PEOPLE: Final = re.compile(
    r"\b(people|two (persons|men|women|children|friends|players|dancers|fighters|boxers)|both persons|"
    r"(another|the other|other) (person|man|woman|child|one)|someone|somebody|(a|the) (partner|opponent|friend|couple)|"
    r"sh(ake|akes|aking) hands|handshake)\b|"
    r"\bone (person|man|woman|child|player)\b.*\b(another|the other)\b(?=\W*$|,| (with|and|on|in|at|by|from|to|who)\b)",
    re.IGNORECASE,
)
_MUTUAL: Final = re.compile(r"\b(each other|one another|together)\b", re.IGNORECASE)
_ALONE: Final = re.compile(
    r"^\W*(a|the|one) (person|man|woman|child|boy|girl|player|dancer)\b|"
    r"\b(feet|legs|hands|arms|palms|knees|elbows|fists|fingers|heels|ankles|wrists)\b",
    re.IGNORECASE,
)
_FOR_TWO: Final = re.compile(
    r"\b(hug(?! knees| a | own| one)|embrace|high five|fist bump|handshake|handshaking)\b"
)
"""In the normal form: what takes two although no partner is named, as in a bare name."""
_STATES: Final = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), stated)
    for pattern, stated in (
        (r"approach|approaching|come (?:\w+ )?(?:closer|close|near)|"
         r"(?:walk|go|run|step|come|move|rush) (?:\w+ )?(?:toward|up to)|meet", {"approach": 1.0}),
        (r"depart|departing|leave|part|separate|back off|(?:walk|go|run|step|move|turn) (?:\w+ )?(?:away|apart)",
         {"approach": -1.0}),
        (r"shake hands|handshake|handshaking|high five|fist bump|hold hands|exchange|exchanging|trade|swap",
         {"hands_meet": 1.0, "both_act": 0.3}),
        (r"give|pass|receive|hands? (?:\w+ ){0,3}(?:over|to)|take (?:\w+ ){1,3}from|clink|cheers",
         {"hands_meet": 1.0}),
        (r"hug|embrace|cuddle|kiss", {"embrace": 1.0, "hand_to_body": 0.5, "both_act": 0.3}),
        (r"push|shove|punch|slap|hit|strike|pat|tap|touch|grab|poke|massage|whisper|tickle|knock over",
         {"hand_to_body": 1.0, "both_act": -0.3}),
        (r"kick|step on (?:\w+ )?foot|trip", {"foot_to_body": 1.0, "both_act": -0.3}),
        (r"face each other", {"facing": 1.0}),
        (r"back to back", {"facing": -1.0}),
    )
)  # fmt: skip
"""Pattern in the normal form -> what it states of two people."""
_NO_CONTACT: Final = re.compile(r"\bkick (?:a|the)? ?(?:ball|football)\b|\b(?:not|never|no|without)\b[^,]*")
"""What is done to no person, or not done."""


def needs_two(sentence: str) -> bool:
    """Whether a sentence describes two people and must be compared with two bodies at once.

    "Each other" and "together" count only where they can refer to neither a single person nor parts of a body.

    >>> needs_two("two people shake hands"), needs_two("a person claps the hands together")
    (True, False)
    """
    if _PEOPLE.search(sentence):
        return True
    return _MUTUAL.search(sentence) is not None and _ALONE.search(sentence) is None


def interactions_of(sentence: str) -> dict[str, float] | None:
    """Name of `INTERACTIONS` -> -1 to 1, of what a sentence states; None where it is not about two people.

    >>> interactions_of("a person walks towards another person")
    {'approach': 1.0}
    """
    text = _NO_CONTACT.sub("", normal_form(sentence))
    if not needs_two(sentence) and not _FOR_TWO.search(text):
        return None
    stated: dict[str, float] = {}
    for pattern, values in _STATES:
        if pattern.search(text):
            stated |= {name: value for name, value in values.items() if name not in stated}
    return stated


def interaction_vectors(sentences: Sequence[str]) -> Array:
    """(K, SIZE) to compare with `pgfa.words.interaction.interaction_features` of clips.

    All about two people have the same length, whatever they state: the last number, which is 0 in clips, fills it up.
    Rows of 0 for other sentences.
    """
    out = np.zeros((len(sentences), SIZE), dtype=np.float32)
    for row, sentence in zip(out, sentences, strict=True):
        if (stated := interactions_of(sentence)) is None:
            continue
        row[0] = COMPANY
        for name, value in stated.items():
            row[1 + INTERACTIONS.index(name)] = value
        row[-1] = not stated
        row[1:] *= STATED / np.linalg.norm(row[1:])
    return out
