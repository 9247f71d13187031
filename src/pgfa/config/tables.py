"""What settings may choose from. One line per entry adds it: choices, help, docs and generated tests follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

ENCODERS: Final = {
    "stgcn": "ST-GCN: graph mixing over joints, convolution over time",
    "shiftgcn": "Shift-GCN: joints and frames exchange channels by shifts",
}
"""Motion encoders: name -> summary. `pgfa.model` has a module of each name, with its `SPEC`."""

OBJECTIVES: Final = {
    "contrastive": "the paper's loss between clips and the sentence vectors of their classes",
}
"""Training objectives: name -> summary. `pgfa.model` has a module of each name, with its function `loss`."""

ALIGNMENTS: Final = {
    "none": "sentence vectors as they are",
    "paper": "one pass as in the paper, docs/method.md section 4",
    "iterated": "`paper` repeated until no pseudo-label changes",
    "balanced": "optimal transport: clips are assigned to classes under a class prior",
    "neighbours": "`paper` with cosines corrected for hubness",
    "smoothed": "recentred, standardised scores smoothed over a graph of similar clips",
    "discriminant": "as smoothed, with the distances of linear discriminant analysis",
}
"""Test-time alignments: name -> summary. `pgfa.adapt` has a module of each name, with its `METHOD`."""

if TYPE_CHECKING:
    EncoderName: TypeAlias = str
    ObjectiveName: TypeAlias = str
    AlignmentName: TypeAlias = str
else:  # the choices on the command line, and what is refused, follow from the tables
    EncoderName, ObjectiveName = Literal[tuple(ENCODERS)], Literal[tuple(OBJECTIVES)]
    AlignmentName = Literal[tuple(ALIGNMENTS)]
