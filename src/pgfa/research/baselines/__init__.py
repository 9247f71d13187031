"""The competitors behind one small protocol (`Method`, `Fitted`, `TestTime`), one file each and a line in a table.

What each is, what it assumes and where it departs from its source: docs/methods_compared.md.
"""

from pgfa.research.baselines.base import Array, Fitted, Method, TestTime, points_of, sentence_vectors
from pgfa.research.baselines.cache import cache
from pgfa.research.baselines.devise import devise
from pgfa.research.baselines.encoded import encode
from pgfa.research.baselines.eszsl import eszsl
from pgfa.research.baselines.frozen import frozen
from pgfa.research.baselines.pgfa import pgfa
from pgfa.research.baselines.smie import smie
from pgfa.research.baselines.t3a import t3a
from pgfa.research.baselines.vae import vae

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
