"""The sentence of a mirrored clip: left and right swap, and so do clockwise and counter-clockwise."""

from __future__ import annotations

import re

from pgfa.text.catalogue import NO_MIRROR, ActionClass, Catalogue, Parts

# "right angle" and "right away" name no side; "left angle" is left alone too, so that mirroring twice changes nothing.
_SIDE = r"(?P<side>left|right)(?P<tail>wards?|most|ies|y|ers|er|s)?(?![- ](?:angle|away|now\b))"
_TURN = r"(?P<counter>(?:counter|anti)[- ]?)?clockwise"
# Words in other cases are left alone: "lEFT" could not be restored.
_CASES = (str.lower, str.upper, str.capitalize)
_WORD = re.compile(rf"\b(?:{_SIDE}|{_TURN})\b", re.IGNORECASE)


def mirror_sentence(text: str) -> str:
    """Swap left and right, clockwise and counter-clockwise, as whole words and in their case.

    Mirroring twice gives the original text, except for other spellings of counter-clockwise (anticlockwise).
    """
    return _WORD.sub(_swap, text)


def mirrored(action: ActionClass, catalogue: Catalogue) -> ActionClass | None:
    """The class that a mirrored clip of `action` shows, with the sentences of `action`, left and right swapped.

    Name, id, label and concepts are those of `action.mirror` if the catalogue names one, else those of `action`:
    a swipe of the right arm to the left becomes in the mirror a swipe of the *left* arm to the right, which
    belongs to class ``swipe-right`` but is not described by that class's sentence.

    Returns:
        None if the mirrored clip shows no class of the data set (`mirror = "none"`: a letter K). The result may be
        an unseen class: a caller must not train on it.
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
