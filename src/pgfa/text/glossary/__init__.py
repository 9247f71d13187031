"""What a body visibly does in everyday actions: motion words for sentences that name an action and state none.

"checks the time" says nothing about a hand in front of the chest. The glossary does: each entry has the names by which
people know an action, and a plain description of its motion, both written for this project (``*.toml``). A sentence
takes the motion words of the entries whose names are nearest to it by the sentence encoder, with less weight than words
that it states itself. docs/motion-words.md reports what that is worth.
"""

from __future__ import annotations

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

Array = NDArray[np.float32]

IMPLIED: Final = 0.5
"""Value of a word that an entry of the glossary states, where 1 is a word that the sentence states."""
FROM, FULL = 0.4, 0.7
"""Cosine of a sentence with a name below which an entry does not count, and from which it counts in full."""
NEAREST: Final = 3
"""Entries that are averaged, weighted by exp(cosine / TEMPERATURE)."""
TEMPERATURE: Final = 0.05

VECTORS = Path(__file__).parent / "minilm.safetensors"
"""Vectors of the names by the encoder `minilm`, float16; `scripts/encode_glossary.py` writes it."""


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


def names_digest() -> str:
    """Identity of `all_names`."""
    return digest(all_names())


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
    vectors, owner = _names(settings.model_copy(update={"variants": ("plain",), "centre": False}))
    by_name = encoded @ vectors.T
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    similarity = np.maximum.reduceat(by_name, first, axis=1)
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :NEAREST]
    values = np.take_along_axis(similarity, nearest, axis=1)
    weights = np.exp((values - values[:, :1]) / TEMPERATURE)
    weights /= weights.sum(axis=1, keepdims=True)
    counts = np.clip((values[:, :1] - FROM) / (FULL - FROM), 0, 1) * IMPLIED
    # Only the descriptions of entries that occur are searched for words.
    used, positions = np.unique(nearest, return_inverse=True)
    words = word_vectors([entries()[i].motion for i in used])[positions.reshape(nearest.shape)]
    return np.asarray((words * (weights * counts)[:, :, None]).sum(axis=1), dtype=np.float32)


@cache
def _names(settings: TextSettings) -> tuple[Array, NDArray[np.int64]]:
    """(n, e) unit vectors of all names, and (n,) the entry of each."""
    owner = np.repeat(np.arange(len(entries())), [len(entry.names) for entry in entries()])
    stored = _stored() if settings.encoder == "minilm" else None
    return (encode(all_names(), settings) if stored is None else stored), owner


def _stored() -> Array | None:
    """The vectors that come with the package; None if they are of other names."""
    from safetensors import safe_open

    if not VECTORS.is_file():
        return None
    with safe_open(VECTORS, framework="numpy") as file:
        if (file.metadata() or {}).get("names") != names_digest():
            return None
        vectors = np.asarray(file.get_tensor("vectors"), dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
