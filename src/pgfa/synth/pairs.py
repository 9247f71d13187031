"""Synthetic recordings of two people who do something to each other, before a simulated Kinect.

Both perform motions in the notation of `pgfa.synth.notation`, one in front of the other. Contacts are only as exact as
the distance between them: hands meet within a decimetre or two, as they do in recordings of a depth camera.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np

from pgfa.skeleton import Clip, Source, get_layout
from pgfa.synth.body import Array
from pgfa.synth.imagined import glossary_motions, perform_motion
from pgfa.synth.motions import RATE, Motion
from pgfa.synth.notation import parse_motion
from pgfa.synth.performers import Performer, make_performers
from pgfa.synth.sensor import draw_view, observe
from pgfa.synth.staging import resample

DATASET: Final = "pairs"
GAP_SPREAD: Final = 0.06
"""Standard deviation of distances between the two, as a share."""
_STANDS: Final = ".5 lean=1 | 1.2 lean=-1 | .5 lean=0"
_STEPS_BACK: Final = ".7 lean=1 | .35 bend=-8 lf=0/.05/-.2 st=-.25 | .5 bend=0 lf=0"
_WALKS: Final = "walk7 | .3 bf=0"


@dataclass(frozen=True)
class Interaction:
    """What two people do.

    Attributes:
        first, second: their motions: a line of the notation, or the key of an entry of the glossary.
        gap: metres between their pelvises at the start; where the first walks up, at the end.
        sentence: a plain description.
        way: of the first: ``faces`` the second, walks ``up`` to or ``away`` from them.
    """

    first: str
    second: str
    gap: float
    sentence: str
    way: str = "faces"


PAIRS: Final = {
    "approach": Interaction(
        _WALKS, _STANDS, 0.8, "One person walks up to another person who stands still.", "up"
    ),
    "depart": Interaction(_WALKS, _STANDS, 0.8, "One person walks away from another person.", "away"),
    "kick": Interaction("kick-person", _STEPS_BACK, 0.95, "One person kicks another person."),
    "push": Interaction(
        "push-person", _STEPS_BACK, 0.75, "One person pushes another person with both hands."
    ),
    "punch": Interaction("punch-person", _STEPS_BACK, 0.8, "One person punches another person."),
    "exchange": Interaction(
        "hand-over", "hand-over", 1.05, "Two people exchange an object from hand to hand."
    ),
    "hug": Interaction("hug", "hug", 0.95, "Two people hug each other."),
    "shake-hands": Interaction("shake-hands", "shake-hands", 1.1, "Two people shake hands."),
    "high-five": Interaction("high-five", "high-five", 1.0, "Two people give each other a high five."),
    "pat": Interaction("pat-back", _STANDS, 0.7, "One person pats another person on the shoulder."),
    "bow": Interaction("bow", "bow", 1.4, "Two people bow to each other."),
    "talk": Interaction("talk-together", "talk-together", 1.1, "Two people stand and talk to each other."),
    "point": Interaction("point-at-person", _STANDS, 1.3, "One person points at another person."),
}
"""Name -> interaction."""


def make_pairs(pairs: int, *, seed: int) -> list[Clip]:
    """A recording of every interaction by each pair of people; in each of them, others than in the one before.

    Args:
        pairs: how many pairs of people.
        seed: random seed; a clip depends on it, on the number of pairs, and on its own name and pair.

    Returns:
        Clips of two bodies, layout kinect20, at 30 frames per second; `Clip.source` has the name as action.
    """
    performers = make_performers(seed, pairs + 1)
    layout, clips = get_layout("kinect20"), []
    for number in range(pairs):
        for name, interaction in PAIRS.items():
            random = np.random.default_rng([seed, number, zlib.crc32(name.encode())])
            bodies = _perform(interaction, performers[number], performers[number + 1], random)
            view = draw_view(random)
            observed = [observe(body, layout, view, random) for body in bodies]
            source = Source(id=f"{name}_{number}", dataset=DATASET, action=name, subject=str(number))
            clips.append(Clip(np.stack(observed, axis=1), RATE, layout, source))
    return clips


def _perform(
    interaction: Interaction, one: Performer, other: Performer, random: np.random.Generator
) -> tuple[Array, Array]:
    """(frames, joints, 3) of both; the first faces -z, unless they walk away."""
    layout = get_layout("kinect20")
    pelvis = layout.index("pelvis")
    first = perform_motion(_motion(interaction.first), one, layout, random)
    second = perform_motion(_motion(interaction.second), other, layout, random) * [-1, 1, -1]
    second = resample(second, len(first))
    if interaction.way == "away":
        first = first * [-1, 1, -1]
    first = first - first[0, pelvis] * [1, 0, 1]
    second = second - second[0, pelvis] * [1, 0, 1]
    reached = first[-1, pelvis, 2] if interaction.way == "up" else 0.0
    gap = interaction.gap * random.normal(1, GAP_SPREAD)
    beside = np.array([0.05 * random.normal(), 0, reached - gap])
    return first, second + beside


def _motion(text: str) -> Motion:
    return glossary_motions().get(text) or parse_motion(text)
