"""Some profiles of the glossary, as its file has them."""

from __future__ import annotations

from importlib import resources

from pgfa.research.evidence.markdown import table

ENTRIES = ("drink", "wave", "jogging")
QUANTITIES = (
    "hand_peak", "hand_motion", "hand_speed", "near_head", "repetition", "foot_motion", "travel", "duration",
)  # fmt: skip


def profile_table() -> str:
    """`QUANTITIES` of `ENTRIES`."""
    file = resources.files("pgfa.text.glossary") / "profiles.csv"
    head, *rows = (line.split(",") for line in file.read_text(encoding="utf-8").splitlines())
    columns = [head.index(name) for name in QUANTITIES]
    by_name = {row[0]: row for row in rows}
    return table(["entry", *QUANTITIES], [[name, *(by_name[name][n] for n in columns)] for name in ENTRIES])
