"""What makes the vector of a sentence worthless, and what makes two sentences one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence


def doubts_about(sentences: Sequence[str]) -> tuple[str, ...]:
    """One note for every sentence with signs unknown to an encoder of English, and for every repeated sentence.

    Args:
        sentences: texts in the order of the candidates or classes; letter case, spaces and the signs between words do
            not make them different.
    """
    notes = []
    first: dict[str, str] = {}
    for sentence in sentences:
        unknown = list(dict.fromkeys(sign for sign in sentence if _is_unknown(sign)))
        if unknown:
            signs = "".join(unknown[:8])
            notes.append(
                f"sentence {sentence!r}: the sentence encoder knows English only, not {signs}; its answer means little"
            )
        words = " ".join(re.findall(r"[^\W_]+", sentence.casefold())) or sentence
        if words in first:
            notes.append(
                f"sentences {first[words]!r} and {sentence!r} are the same: they cannot be told apart"
            )
        else:
            first[words] = sentence
    return tuple(notes)


def _is_unknown(sign: str) -> bool:
    """Whether it is a letter of another script than Latin, or a picture (emoji)."""
    if sign < "\u0370":  # Latin with its accents; signs such as degrees
        return False
    category = unicodedata.category(sign)
    if category.startswith("L"):
        return not unicodedata.name(sign, "").startswith(("LATIN", "MODIFIER"))
    return category in ("So", "Co", "Cn")
