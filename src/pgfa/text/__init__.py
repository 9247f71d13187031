"""Classes as sentences and sentences as vectors: catalogues, splits, sentence encoders, the leakage rule."""

from pgfa.text.catalogue import (
    ActionClass,
    Catalogue,
    Split,
    catalogue,
    catalogue_from_labels,
    catalogue_names,
    find_split,
    sentence_of,
    sentences_of,
)
from pgfa.text.encode import class_vectors, encode
from pgfa.text.mirror import mirror_sentence, mirrored
from pgfa.text.overlap import Removal, label_vectors, removed_classes, same_meaning

__all__ = [
    "ActionClass",
    "Catalogue",
    "Removal",
    "Split",
    "catalogue",
    "catalogue_from_labels",
    "catalogue_names",
    "class_vectors",
    "encode",
    "find_split",
    "label_vectors",
    "mirror_sentence",
    "mirrored",
    "removed_classes",
    "same_meaning",
    "sentence_of",
    "sentences_of",
]
