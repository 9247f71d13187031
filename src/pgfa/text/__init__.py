"""Classes in words, and words as vectors: catalogues, splits, sentence encoders, the leakage rule."""

from pgfa.text.catalogue import (
    ActionClass,
    Catalogue,
    Split,
    catalogue,
    catalogue_from_labels,
    find_split,
    known_catalogues,
    sentence_of,
    sentences_of,
)
from pgfa.text.encode import class_vectors, encode

__all__ = [
    "ActionClass",
    "Catalogue",
    "Split",
    "catalogue",
    "catalogue_from_labels",
    "class_vectors",
    "encode",
    "find_split",
    "known_catalogues",
    "sentence_of",
    "sentences_of",
]
