"""Which sentences describe two people, judged by their words."""

from __future__ import annotations

import re

_PEOPLE = re.compile(
    r"\b(people|two (persons|men|women|children|friends|players|dancers|fighters|boxers)|both persons|"
    r"(another|the other|other) (person|man|woman|child|one)|someone|somebody|(a|the) (partner|opponent|friend|couple)|"
    r"sh(ake|akes|aking) hands|handshake)\b",
    re.IGNORECASE,
)
_MUTUAL = re.compile(r"\b(each other|one another|together)\b", re.IGNORECASE)
_ALONE = re.compile(
    r"^\W*(a|the|one) (person|man|woman|child|boy|girl|player|dancer)\b|"
    r"\b(feet|legs|hands|arms|palms|knees|elbows|fists|fingers|heels|ankles|wrists)\b",
    re.IGNORECASE,
)


def needs_two(sentence: str) -> bool:
    """Whether a sentence describes two people and must be compared with two bodies at once.

    "Each other" and "together" count only where they can refer to neither a single person nor parts of a body.

    >>> needs_two("two people shake hands"), needs_two("a person claps the hands together")
    (True, False)
    """
    if _PEOPLE.search(sentence):
        return True
    return _MUTUAL.search(sentence) is not None and _ALONE.search(sentence) is None
