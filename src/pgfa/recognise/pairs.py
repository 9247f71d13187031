"""Which sentences tell of two people: told by their words."""

from __future__ import annotations

import re

_TWO = re.compile(
    r"\b(two (people|persons|men|women|children|friends|players|dancers|fighters|boxers)|both (people|persons)|"
    r"each other|one another|together|another (person|man|woman|child|one)|other (person|man|woman|people)|"
    r"someone|somebody|(a|the) (partner|opponent|friend|couple|pair of people)|people|"
    r"others?'s?)\b",
    re.IGNORECASE,
)
_ONE = re.compile(
    r"\b(feet|legs|hands|arms|palms|knees|elbows|fists|fingers|heels|ankles|wrists|both \w+)"
    r"( \w+)?( \w+)? (together|each other|one another)\b|"
    r"\btogether (the |their |his |her |both |two )?(feet|legs|hands|arms|palms|knees|elbows|fists|fingers)\b",
    re.IGNORECASE,
)


def needs_two(sentence: str) -> bool:
    """Whether a sentence tells of two people and must be held against two bodies at once.

    >>> needs_two("two people shake hands"), needs_two("a person claps the hands together")
    (True, False)
    """
    return _TWO.search(_ONE.sub(" ", sentence)) is not None
