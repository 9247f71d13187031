"""How far probabilities of answers about sets that were left out can be relied on, from ``reliability.csv``."""

from __future__ import annotations

from pathlib import Path

from pgfa.research.evidence.markdown import percent, table
from pgfa.research.evidence.merge import read_rows

RELIABILITY = "reliability.csv"
STYLES = ("plain", "typed 1", "averaged")
COLUMNS = {
    "confidence": "mean confidence", "accuracy": "right", "pooled": "error over all sets",
    "mean": "mean of the errors of the sets",
}  # fmt: skip


def foreign_reliability(file: Path) -> str:
    """A row per number of candidates and style of sentence."""
    _, rows = read_rows(file)
    lines = [
        [row["candidates"], row["style"], row["sets"], *(percent(float(row[name])) for name in COLUMNS)]
        for row in sorted(rows, key=lambda row: int(row["candidates"]))
        if row["style"] in STYLES
    ]
    return table(["candidates", "style", "sets", *COLUMNS.values()], lines)
