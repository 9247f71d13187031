"""Imagined recordings: how the actions of the glossary would look, performed by synthetic people.

Recordings exist of a few hundred different actions, but how an action is done can be written down: ``glossary.txt``
does so for 714, in the notation of `pgfa.synth.notation`. Measures of these clips beside sentences teach a recogniser
what actions look like that no data set of its training has (docs/motion-words.md).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

import numpy as np

from pgfa.skeleton import Clip, Layout, Source, get_layout
from pgfa.synth.body import Array
from pgfa.synth.motions import RATE, Motion, animate
from pgfa.synth.notation import parse_motion
from pgfa.synth.performers import Performer, make_performers
from pgfa.synth.sensor import draw_view, observe

DATASET: Final = "imagined"


@cache
def glossary_motions() -> Mapping[str, Motion]:
    """Key of an entry of the glossary -> its motion, in the order of the file.

    Raises:
        ValueError: a line that is not in the notation; names the entry.
    """
    text = (resources.files("pgfa.synth") / "glossary.txt").read_text(encoding="ascii")
    motions: dict[str, Motion] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        key, _, notation = line.partition(": ")
        try:
            motions[key] = motions[notation[2:]] if notation.startswith("= ") else parse_motion(notation)
        except (ValueError, KeyError) as error:
            raise ValueError(f"glossary.txt, {key}: {error}") from None
    return motions


def imagine(motions: Mapping[str, Motion], performers: int, *, seed: int) -> list[Clip]:
    """A recording of every motion by every performer, before a simulated Kinect; left-handers mirror it.

    Args:
        motions: name -> motion of a right-hander, without a side in its name.
        performers: number of people, see `make_performers`.
        seed: random seed; a clip depends on it, on the number of performers and on its own name and performer.

    Returns:
        Clips of layout kinect20 at 30 frames per second; `Clip.source` has the name as action.
    """
    layout, clips = get_layout("kinect20"), []
    for number, performer in enumerate(make_performers(seed, performers)):
        for name, motion in motions.items():
            random = np.random.default_rng([seed, number, zlib.crc32(name.encode())])
            joints = perform_motion(motion, performer, layout, random)
            observed = observe(joints, layout, draw_view(random), random)
            source = Source(
                id=f"{name}_{performer.name}", dataset=DATASET, action=name, subject=performer.name
            )
            clips.append(Clip(observed[:, None], RATE, layout, source))
    return clips


def perform_motion(
    motion: Motion, performer: Performer, layout: Layout, random: np.random.Generator
) -> Array:
    """(frames, joints, 3) the exact movement, metres at RATE in the axes of `pgfa.synth.body`, its path centred."""
    joints: Array = performer.body.joints(animate(motion, performer, random, random), layout)
    path = joints[:, layout.index(layout.root)] * [1, 0, 1]
    joints -= (path.min(axis=0) + path.max(axis=0)) / 2
    if performer.left_handed:
        joints = joints[:, layout.mirror] * [-1.0, 1.0, 1.0]
    return joints
