"""How the classes of NTU RGB+D and PKU-MMD are played in a stand-in: one or two synthetic actions each.

The stand-in tests machinery, not recognition: actions near in meaning are taken where there are some, and
each class has a score of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True)
class Score:
    """What is played: `actions` one after the other; `partner`, at the same time, by a second person."""

    actions: tuple[str, ...]
    partner: str = ""


@lru_cache
def scores() -> dict[str, Score]:
    """Class name -> score."""
    text = files("pgfa.synth").joinpath("scores.txt").read_text(encoding="ascii")
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, played = line.partition(": ")
            alone, _, partner = played.partition(" with ")
            found[name] = Score(tuple(alone.split()), partner)
    return found
