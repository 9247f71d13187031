"""Motion words: what a sentence plainly says about a motion, in a fixed vocabulary to compare with a skeleton.

A word is stated (+1), denied (-1) or absent; absent means that the sentence leaves it open. `lexicon.toml` is the table
of words, `lexicon_forms` brings a sentence into its normal form, `lexicon_rules` rewrites what depends on context.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pgfa.words.lexicon_forms import normal_form
from pgfa.words.lexicon_rules import NEGATION, NEGATIONS, REST_MARK, RULES

# What a negation of cannot be compared with a body: "not still" may mean anything that moves.
UNDENIABLE = frozenset({"still", "on_spot"})


class _Pattern(NamedTuple):
    word: str
    search: re.Pattern[str] | None
    """None for a single word, which the index alone finds."""


class _Table(NamedTuple):
    phrases: dict[str, tuple[str, str]]
    """Word -> phrases of the statement and of the denial."""
    implied: dict[str, tuple[str, ...]]
    """Word -> words that it states too."""
    motion: frozenset[str]
    """Words of a body that is not still."""
    patterns: dict[str, list[_Pattern]]
    """Word of a sentence -> patterns that need it."""


_SIDES = {
    "left": "right",
    "right": "left",
    "CLOCKWISE": "COUNTER_CLOCKWISE",
    "COUNTER_CLOCKWISE": "CLOCKWISE",
}
# Words that most sentences contain: a pattern is looked up by another one where it has one.
_FREQUENT = frozenset({"a", "at", "be", "from", "go", "hand", "hands", "in", "of", "on", "one", "or", "to"})
_GAPS = {"..": 3, "...": 7}


def _alternatives(element: str, groups: dict[str, str]) -> str:
    """`a|@name` with the groups written out."""
    names = element.lstrip("?^!").split("|")
    return "|".join(groups[name[1:]] if name[0] == "@" else name for name in names)


def _regular_expression(pattern: str, groups: dict[str, str]) -> tuple[list[str], str]:
    """A pattern of the table as an expression over the normal form, and the words of which it needs one.

    Raises:
        ValueError: a pattern without a word that must occur.
    """
    preceding, parts = "", ""
    needed: list[str] = []
    for element in pattern.split():
        if element in _GAPS:
            parts += rf"(?:[^ ,]+ ){{0,{_GAPS[element]}}}?"
            continue
        words = _alternatives(element, groups)
        if element[0] == "^":
            preceding += "".join(f"(?<! {word} )" for word in words.split("|"))
        elif element[0] == "!":
            parts += f"(?!(?:{words}) )"
        elif element[0] == "?":
            parts += f"(?:(?:{words}) )?"
        else:
            parts += f"(?:{words}) "
            if not needed or not _FREQUENT.isdisjoint(needed):
                needed = words.split("|")
    if not needed:
        raise ValueError(f"pattern {pattern!r} has no word that must occur")
    return needed, f" {preceding}{parts}"


def _mirrored(pattern: str) -> str:
    return re.sub(r"COUNTER_CLOCKWISE|CLOCKWISE|left|right", lambda match: _SIDES[match.group()], pattern)


def _table() -> _Table:
    """The table of words as an index from words of a sentence to the patterns that need them."""
    raw = tomllib.loads((resources.files("pgfa.words") / "lexicon.toml").read_text(encoding="utf-8"))
    phrases, implied = {}, {}
    index: dict[str, list[_Pattern]] = {}
    for word, row in raw["words"].items():
        phrases[word] = (row["phrase"], row["denial"])
        implied[word] = tuple(row.get("implies", ()))
        mirror = raw["words"][row["mirror_of"]]["patterns"] if "mirror_of" in row else []
        for pattern in row.get("patterns") or [_mirrored(other) for other in mirror]:
            needed, expression = _regular_expression(pattern, raw["groups"])
            search = None if re.fullmatch(r"\w+", pattern) else re.compile(expression)
            for start in dict.fromkeys(needed):
                index.setdefault(start, []).append(_Pattern(word, search))
    return _Table(phrases, implied, frozenset(raw["motion"]), index)


_TABLE = _table()
WORDS: tuple[str, ...] = tuple(_TABLE.phrases)
"""Names of the motion words, in the order of the columns of `word_vectors`; words are only ever added at the end."""


def words_of(sentence: str) -> dict[str, int]:
    """The motion words of a sentence in English: +1 stated, -1 denied; absent: left open.

    What is stated anywhere in the sentence is not denied by another part of it.
    """
    text = normal_form(sentence)
    present = set(text.split())
    for rule in RULES:
        if not rule.triggers.isdisjoint(present):
            text = rule.pattern.sub(rule.replacement, text)
    denied: set[str] = set()
    if not NEGATIONS.isdisjoint(present):
        scopes = " ".join(match["scope"] + "," for match in NEGATION.finditer(text))
        text = NEGATION.sub(", ", text)
        denied = _matches(f" {scopes} ") - UNDENIABLE
    stated = _matches(text)
    stated |= {implied for word in stated for implied in _TABLE.implied[word]}
    if {"left_hand", "right_hand"} <= stated:
        stated.add("both_hands")
    if "both_hands" in stated:
        stated.discard("one_hand")
    elif not stated.isdisjoint({"left_hand", "right_hand"}):
        stated.add("one_hand")
    if not stated.isdisjoint(_TABLE.motion):
        # "Standing still, someone waves": the feet are still, not the person.
        stated.discard("still")
    if "run" in stated and " walk " not in text:
        # Strides and steps of a run.
        stated.discard("walk")
    if "on_spot" in stated:
        denied |= {"travel", "travel_forward"}
        stated -= {"travel", "travel_forward"}
    denied |= _at_rest(text, stated)
    return {word: 1 if word in stated else -1 for word in WORDS if word in stated or word in denied}


def _matches(text: str) -> set[str]:
    """The words that a text in normal form, rewritten by the rules, states."""
    matched: set[str] = set()
    for token in dict.fromkeys(text.split()):
        for word, search in _TABLE.patterns.get(token, ()):
            if word not in matched and (search is None or search.search(text)):
                matched.add(word)
    return matched


def _at_rest(text: str, stated: set[str]) -> set[str]:
    """Words denied because a part is at rest. "The other hand" is the left one if only the right one is stated."""
    resting = {mark[5:] for mark in REST_MARK.findall(text)}
    if "LEGS_REST" in text:
        resting.add("legs")
    for part in ("hand", "foot"):
        if f"other_{part}" in resting and len(active := {f"left_{part}", f"right_{part}"} & stated) == 1:
            resting |= {f"left_{part}", f"right_{part}"} - active
    return resting & set(WORDS)


def word_vectors(sentences: Sequence[str]) -> NDArray[np.float32]:
    """The motion words of K sentences: (K, len(WORDS)) of 1 stated, -1 denied, 0 left open."""
    vectors = np.zeros((len(sentences), len(WORDS)), dtype=np.float32)
    for row, sentence in zip(vectors, sentences, strict=True):
        for word, value in words_of(sentence).items():
            row[_COLUMNS[word]] = value
    return vectors


_COLUMNS = {word: column for column, word in enumerate(WORDS)}


def phrase(word: str, value: int) -> str:
    """A short phrase for users: "right hand", "hand overhead" for the value 1; "does not travel" for -1.

    Raises:
        ValueError: a word that is not in WORDS, or a value other than 1 and -1.
    """
    if word not in _TABLE.phrases or value not in (1, -1):
        raise ValueError(f"expected a word of WORDS and a value of 1 or -1, found {word!r} and {value!r}")
    statement, denial = _TABLE.phrases[word]
    return statement if value == 1 else denial
