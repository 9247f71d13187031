"""What a mirrored clip shows, in words: left and right swap, and with them the way something turns."""

from __future__ import annotations

import re

from pgfa.text.catalogue import NO_MIRROR, ActionClass, Catalogue, Parts

# "right angle" and "right away" are no sides; "left angle" stays too, so mirroring twice changes nothing.
_SIDE = r"(?P<side>left|right)(?P<tail>wards?|most|ies|y|ers|er|s)?(?![- ](?:angle|away|now\b))"
_TURN = r"(?P<counter>(?:counter|anti)[- ]?)?clockwise"
# Only the usual cases are words to swap: "lEFT" could not be given back.
_CASES = (str.lower, str.upper, str.capitalize)
_WORD = re.compile(rf"\b(?:{_SIDE}|{_TURN})\b", re.IGNORECASE)


def mirror_sentence(text: str) -> str:
    """Swap left and right, clockwise and counter-clockwise, as whole words and in their case.

    Mirroring twice gives the text back, but for other spellings of counter-clockwise (anticlockwise).
    """
    return _WORD.sub(_swap, text)


def mirrored(action: ActionClass, catalogue: Catalogue) -> ActionClass | None:
    """The class that a mirrored clip of `action` shows, told with the swapped words of `action` itself.

    Name, id, label and concepts are those of `action.mirror` where the catalogue names one, else those of
    `action`: a swipe of the right arm to the left is in the mirror a swipe of the *left* arm to the right, so
    of class ``swipe-right`` but not in the words of that class. None where the mirrored clip shows no class
    of the data set (`mirror = "none"`: a letter K). A caller must not train on a result of an unseen class.
    """
    if action.mirror == NO_MIRROR:
        return None
    shown = catalogue[action.mirror] if action.mirror else action
    parts = {part: mirror_sentence(words) for part, words in action.parts.model_dump().items()}
    return shown.model_copy(
        update={
            "label": shown.label if action.mirror else mirror_sentence(action.label),
            "plain": mirror_sentence(action.plain),
            "skeleton": mirror_sentence(action.skeleton),
            "parts": Parts(**parts),
        }
    )


def _swap(match: re.Match[str]) -> str:
    word = match.group()
    case = next((case for case in _CASES if case(word) == word), None)
    if case is None:
        return word
    if side := match["side"]:
        swapped = {"left": "right", "right": "left"}[side.lower()] + (match["tail"] or "").lower()
    else:
        swapped = "clockwise" if match["counter"] else "counter-clockwise"
    return str(case(swapped))
