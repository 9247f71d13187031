"""Notes about sentences whose vectors mean little, and about sentences that are the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence


def doubts_about(sentences: Sequence[str]) -> tuple[str, ...]:
    """One note for every sentence with characters unknown to an encoder of English, and for every repeated sentence.

    Args:
        sentences: texts in the order of the candidates or classes; letter case, spaces and punctuation do not
            make them different.
    """
    notes = []
    first: dict[str, str] = {}
    for sentence in sentences:
        unknown = list(dict.fromkeys(c for c in sentence if _is_unknown(c)))
        if unknown:
            characters = "".join(unknown[:8])
            notes.append(
                f"sentence {sentence!r}: the sentence encoder knows English only, not {characters}; "
                "its answer means little"
            )
        words = " ".join(re.findall(r"[^\W_]+", sentence.casefold())) or sentence
        if words in first:
            notes.append(
                f"sentences {first[words]!r} and {sentence!r} are the same: they cannot be told apart"
            )
        else:
            first[words] = sentence
    return tuple(notes)


def _is_unknown(character: str) -> bool:
    """Whether it is a letter of another script than Latin, or a picture (emoji)."""
    if character < "\u0370":  # Latin with its accents; symbols such as degrees
        return False
    category = unicodedata.category(character)
    if category.startswith("L"):
        return not unicodedata.name(character, "").startswith(("LATIN", "MODIFIER"))
    return category in ("So", "Co", "Cn")
