"""What a body visibly does in everyday actions: motion words for sentences that name an action and state none.

"checks the time" says nothing about a hand in front of the chest. The glossary does: each entry has the names by which
people know an action, and a plain description of its motion, both written for this project (``*.toml``). A sentence
takes the motion words of the entries whose names are nearest to it by the sentence encoder, with less weight than words
that it states itself.

It also takes their profiles (``profiles.csv``): how high the hand gets, how much the feet move and so on, graded, see
`pgfa.words.profile`. docs/motion-words.md reports what both are worth.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.config import TextSettings
from pgfa.files import digest
from pgfa.text.encode import encode
from pgfa.words.lexicon import word_vectors
from pgfa.words.profile import QUANTITIES

Array = NDArray[np.float32]

IMPLIED: Final = 0.5
"""Value of a word that an entry of the glossary states, where 1 is a word that the sentence states."""
FROM, FULL = 0.4, 0.7
"""Cosine of a sentence with a name below which an entry does not count, and from which it counts in full."""
NEAREST: Final = 3
"""Entries that are averaged, weighted by exp(cosine / TEMPERATURE)."""
TEMPERATURE: Final = 0.05
PROFILE_FROM, PROFILE_FULL, PROFILE_NEAREST = 0.3, 0.6, 4
"""The same for profiles, which are looked up by names and descriptions."""

VECTORS = Path(__file__).parent / "minilm.safetensors"
"""Vectors of the names, then of the descriptions, by the encoder `minilm`, float16; `scripts/encode_glossary.py`
writes it."""


@dataclass(frozen=True)
class Entry:
    """One action.

    Attributes:
        key: short name.
        names: what people call it.
        motion: what a body visibly does in it.
    """

    key: str
    names: tuple[str, ...]
    motion: str


@cache
def entries() -> tuple[Entry, ...]:
    """All entries, by file and in the order of the files."""
    rows = []
    for name in ("daily", "social", "sport"):
        text = (resources.files(__package__) / f"{name}.toml").read_text(encoding="utf-8")
        rows += [Entry(key, tuple(row["names"]), row["motion"]) for key, row in tomllib.loads(text).items()]
    return tuple(rows)


def all_names() -> list[str]:
    """The names of all entries, in order."""
    return [name for entry in entries() for name in entry.names]


def all_texts() -> list[str]:
    """`all_names`, then the descriptions of all entries."""
    return [*all_names(), *(entry.motion for entry in entries())]


def texts_digest() -> str:
    """Identity of `all_texts`."""
    return digest(all_texts())


@cache
def profiles() -> Array:
    """(entries, quantities) the profile of each entry, in units of the spread over the entries, with mean 0."""
    text = (resources.files(__package__) / "profiles.csv").read_text(encoding="utf-8")
    by_key = {row["entry"]: row for row in csv.DictReader(text.splitlines())}
    values = np.array([[float(by_key[e.key][name]) for name in QUANTITIES] for e in entries()])
    return np.asarray((values - values.mean(axis=0)) / values.std(axis=0), dtype=np.float32)


def sentence_words(sentences: Sequence[str], encoded: Array, settings: TextSettings) -> Array:
    """(K, words) motion words that sentences state, and, at most `IMPLIED` in size, those that the glossary implies.

    Args:
        sentences: K texts.
        encoded: (K, e) their unit vectors by the sentence encoder of `settings`.
        settings: which encoder. Vectors of a file imply no words: it has none of the glossary.

    Raises:
        BadConfig: a sentence encoder that is not available.
    """
    stated = word_vectors(sentences)
    if settings.encoder == "file" or not len(encoded):
        return stated
    return np.where(stated != 0, stated, implied_words(encoded, settings))


def implied_words(encoded: Array, settings: TextSettings) -> Array:
    """(K, words) from -IMPLIED to IMPLIED, of the entries nearest to each of (K, e) unit vectors."""
    vectors, owner = _texts(settings.model_copy(update={"variants": ("plain",), "centre": False}))
    names = len(all_names())
    nearest, weights, best = _nearest(encoded, vectors[:names], owner[:names], NEAREST)
    counts = np.clip((best - FROM) / (FULL - FROM), 0, 1) * IMPLIED
    words = np.stack([[_words_of_entry(int(i)) for i in row] for row in nearest])
    return np.asarray((words * (weights * counts)[:, :, None]).sum(axis=1), dtype=np.float32)


@cache
def _words_of_entry(number: int) -> Array:
    """(words,) of the description of an entry. Only entries that occur are searched for words, once."""
    words: Array = word_vectors([entries()[number].motion])[0]
    return words


def sentence_profiles(encoded: Array, settings: TextSettings) -> Array:
    """(K, quantities) profiles of the entries nearest to each sentence, by their names and descriptions.

    Args:
        encoded: (K, e) unit vectors by the sentence encoder of `settings`.
        settings: which encoder. For vectors of a file nothing is known: 0.

    Raises:
        BadConfig: a sentence encoder that is not available.
    """
    if settings.encoder == "file" or not len(encoded):
        return np.zeros((len(encoded), len(QUANTITIES)), dtype=np.float32)
    vectors, owner = _texts(settings.model_copy(update={"variants": ("plain",), "centre": False}))
    nearest, weights, best = _nearest(encoded, vectors, owner, PROFILE_NEAREST)
    counts = np.clip((best - PROFILE_FROM) / (PROFILE_FULL - PROFILE_FROM), 0, 1)
    return np.asarray((profiles()[nearest] * (weights * counts)[:, :, None]).sum(axis=1), dtype=np.float32)


def _nearest(
    encoded: Array, vectors: Array, owner: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], Array, Array]:
    """The entries whose texts are nearest to sentences.

    Args:
        encoded: (K, e) unit vectors of sentences.
        vectors: (n, e) of texts.
        owner: (n,) the entry of each text.
        count: of entries.

    Returns:
        (K, count) entries, the nearest first; (K, count) their weights, adding to 1; (K, 1) cosine of the nearest.
    """
    order = np.argsort(owner, kind="stable")
    first = np.flatnonzero(np.diff(owner[order], prepend=-1))
    similarity = np.maximum.reduceat((encoded @ vectors.T)[:, order], first, axis=1)
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :count]
    values = np.take_along_axis(similarity, nearest, axis=1)
    weights = np.exp((values - values[:, :1]) / TEMPERATURE)
    return nearest, weights / weights.sum(axis=1, keepdims=True), values[:, :1]


@cache
def _texts(settings: TextSettings) -> tuple[Array, NDArray[np.int64]]:
    """(n, e) unit vectors of `all_texts`, and (n,) the entry of each."""
    count = len(entries())
    owner = np.repeat(np.arange(count), [len(entry.names) for entry in entries()])
    stored = _stored() if settings.encoder == "minilm" else None
    vectors = encode(all_texts(), settings) if stored is None else stored
    return vectors, np.concatenate([owner, np.arange(count)])


def _stored() -> Array | None:
    """The vectors that come with the package; None if they are of other texts."""
    from safetensors import safe_open

    if not VECTORS.is_file():
        return None
    with safe_open(VECTORS, framework="numpy") as file:
        if (file.metadata() or {}).get("texts") != texts_digest():
            return None
        vectors = np.asarray(file.get_tensor("vectors"), dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
