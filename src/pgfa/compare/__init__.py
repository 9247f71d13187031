"""The competitors behind one small protocol (`Method`, `Fitted`, `TestTime`), one file each and a line in a table.

What each is, what it assumes and where it departs from its source: docs/methods_compared.md.
"""

from pgfa.compare.base import Array, Fitted, Method, TestTime, points_of, sentence_vectors
from pgfa.compare.cache import cache
from pgfa.compare.devise import devise
from pgfa.compare.encoded import encode
from pgfa.compare.eszsl import eszsl
from pgfa.compare.frozen import frozen
from pgfa.compare.pgfa import pgfa
from pgfa.compare.smie import smie
from pgfa.compare.t3a import t3a
from pgfa.compare.vae import vae

__all__ = [
    "METHODS",
    "TEST_TIME",
    "Array",
    "Fitted",
    "Method",
    "TestTime",
    "encode",
    "points_of",
    "sentence_vectors",
]

METHODS: dict[str, Method] = {
    "pgfa": pgfa,
    "pgfa-frozen": frozen,
    "smie": smie,
    "devise": devise,
    "eszsl": eszsl,
    "vae": vae,
}
"""All but `pgfa` start from the encoder that `encode` trains; two processes may share a folder once it lies there."""

TEST_TIME: dict[str, TestTime] = {
    "none": lambda scores, points, anchors, options: scores,
    "t3a": t3a,
    "cache": cache,
}
