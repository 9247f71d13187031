"""People whose trunk points along the floor or downwards, and frames in no order of time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from pgfa.skeleton import NTU25
from pgfa.synth.imagined import glossary_motions, perform_motion
from pgfa.synth.performers import make_performers
from reading_bodies import RATES, WRITERS
from reading_cases import Case, Truth
from reading_defects import UPS, relative
from reading_motions import Body, changed, completed, motion, turned

ON_THE_GROUND = ("plank", "push-up", "bear-walk", "mountain-climber")
UPSIDE_DOWN = ("handstand", "handstand-walk")
ARRAYS = ("ntu25", "coco17")


@cache
def performed(action: str) -> dict[str, np.ndarray]:
    """A hundred frames of an action of the glossary, y up, on a floor at 0."""
    body = perform_motion(
        glossary_motions()[action], make_performers(5, 12)[6], NTU25, np.random.default_rng(1)
    )
    return completed(body[:100])


def mixed(body: Body) -> dict[str, np.ndarray]:
    """The same frames in another order."""
    order = np.random.default_rng(3).permutation(len(body["pelvis"]))
    return {joint: places[order] for joint, places in body.items()}


def postures() -> Iterator[Case]:
    """With z up, head along y and -y, and with y up on the hands; relative to the hips, and off the floor."""
    cases = [(action, "z", degrees) for action in ON_THE_GROUND for degrees in (0, 160)]
    cases += [("army-crawl", "z", 0), *((action, "y", 0) for action in UPSIDE_DOWN)]
    for action, up, degrees in cases:
        for place in ("relative to the hips", "above the floor"):
            if action == "army-crawl" and place.startswith("relative"):
                continue  # the numbers of somebody who stands
            body = turned(performed(action), degrees)
            body = (
                relative(body) if place.startswith("relative") else changed(body, np.eye(3), (0.3, -1.0, 0.2))
            )
            for program in ARRAYS:
                format, file, write, within = WRITERS[program]
                yield Case(
                    format,
                    program,
                    f"{action}, {up} up, turned by {degrees}, {place}",
                    lambda b=body, w=write, u=up, f=file: {f: w(changed(b, UPS[u]))},
                    Truth(((body,),), within=within),
                    states={"up": up, "mirrored": False},
                )


def frames_in_no_order() -> Iterator[Case]:
    """Of every program, with and without a rate."""
    for program, (format, file, write, _) in WRITERS.items():
        for action in ("wave", "kick-forward", "squat"):
            body = mixed(motion(action))
            defect = f"frames in no order{', with a rate' if program in RATES else ''}, {action}"
            yield Case(format, program, defect, lambda b=body, w=write, f=file: {f: w(b)})


def cases() -> Iterator[Case]:
    """All of them."""
    for part in (postures, frames_in_no_order):
        yield from part()
