"""How the classes of NTU RGB+D and PKU-MMD are performed in a stand-in: by one or two synthetic actions each.

A stand-in tests software, not recognition: the actions are similar in meaning where possible, and every class has a
choreography of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True)
class Choreography:
    """A class as synthetic `actions`, one after another, with the action of a `partner` at the same time."""

    actions: tuple[str, ...]
    partner: str = ""


@lru_cache
def choreographies() -> dict[str, Choreography]:
    """Class name -> choreography."""
    text = files("pgfa.synth").joinpath("choreography.txt").read_text(encoding="ascii")
    table = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, played = line.partition(": ")
            actions, _, partner = played.partition(" with ")
            table[name] = Choreography(tuple(actions.split()), partner)
    return table
