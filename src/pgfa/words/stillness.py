"""Bodies that do not move, and sentences that do not fit them.

Everything else in a kinematic model compares how clips differ from one another. A body that stands still differs from
the training clips as well, and would be called whatever moves least among the candidates.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.words.lexicon import WORDS
from pgfa.words.measures import MEASURES

Array = NDArray[np.float32]

LIMITS: Final = {
    "max_std": 0.03,
    "max_foot_std": 0.03,
    "travel_radius": 0.06,
    "pelvis_h_range": 0.03,
    "trunk_inc_range": 0.08,
    "turn_range": 0.25,
}
"""Measure -> what a still body stays below, in metres of a body of 1.7 m and in radians: above a Kinect's noise."""
STILL, MOVES = 0.6, 1.4
"""Shares of the limits up to which a body is still, and from which it moves; in between it is still in part, so that a
hair's breadth of motion does not change an answer."""
MOVING: Final = (
    "walk", "run", "jump", "travel", "travel_forward", "travel_back", "travel_side", "turn", "spin", "sit_down",
    "stand_up", "fall", "get_up", "crawl", "roll", "climb", "lunge", "wave", "back_forth", "circle", "draw", "punch",
    "chop", "stab", "throw", "catch", "push", "pull", "swipe", "lift", "swing", "kick", "step", "stamp", "knock",
    "wash", "dance", "dribble", "nod", "shrug", "alternate", "repeat", "pick_up",
)  # fmt: skip
"""Words that no still body shows. Postures are not among them: they can be held."""
_LIMITED = [MEASURES.index(name) for name in LIMITS]
_MOVING = [WORDS.index(name) for name in MOVING]


def still(measures: Array) -> Array:
    """(N,) how still bodies stay, from 0 to 1, from (N, measures). One with unknown measures is not called still."""
    most = (measures[:, _LIMITED] / np.array(list(LIMITS.values()), dtype=np.float32)).max(axis=1)
    return np.asarray(np.nan_to_num(np.clip((MOVES - most) / np.float32(MOVES - STILL), 0, 1)))


def states_motion(words: Array) -> NDArray[np.bool_]:
    """(K,) whether sentences state a word that no still body shows, from (K, words); implied words do not count."""
    return np.asarray((words[:, _MOVING] >= 1).any(axis=1))
