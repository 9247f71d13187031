"""The competitors behind one small protocol (`Method`, `Fitted`, `TestTime`), one file each and a line in a table.

What each is, what it assumes and where it departs from its source: docs/methods_compared.md.
"""

from pgfa.compare.base import Array, Fitted, Method, TestTime, points_of, sentence_vectors
from pgfa.compare.pgfa import pgfa

__all__ = [
    "METHODS",
    "TEST_TIME",
    "Array",
    "Fitted",
    "Method",
    "TestTime",
    "points_of",
    "sentence_vectors",
]

METHODS: dict[str, Method] = {
    "pgfa": pgfa,
}

TEST_TIME: dict[str, TestTime] = {
    "none": lambda scores, points, anchors, options: scores,
}
