"""Synthetic skeleton recordings computed by kinematics, for the demo and for tests."""

from pgfa.synth.actions import ACTIONS
from pgfa.synth.dataset import DATASET, DEMO_ACTIONS, DEMO_SEEN, DEMO_UNSEEN, make_clips, perform
from pgfa.synth.performers import Performer, make_performers

__all__ = [
    "ACTIONS", "DATASET", "DEMO_ACTIONS", "DEMO_SEEN", "DEMO_UNSEEN", "Performer", "make_clips",
    "make_performers", "perform",
]  # fmt: skip
