"""The synthetic data set: every performer performs every action several times in front of a simulated Kinect."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from pgfa.errors import BadConfig
from pgfa.skeleton import Clip, Layout, Source, get_layout
from pgfa.synth.actions import ACTIONS
from pgfa.synth.body import Array
from pgfa.synth.motions import RATE, animate
from pgfa.synth.performers import Performer, make_performers
from pgfa.synth.sensor import draw_view, observe

DATASET: Final = "synthetic"

DEMO_UNSEEN: Final = ("push-forward", "draw-x", "salute", "touch-toes", "jumping-jacks", "jog-in-place")
DEMO_SEEN: Final = (
    "wave", "raise-both-arms", "clap", "punch", "throw-overhand", "kick-forward", "squat", "bow", "pick-up",
    "jump", "march-in-place", "sit-down", "arm-circles", "draw-circle", "swipe-left", "swipe-right",
    "phone-call", "scratch-head",
)  # fmt: skip
DEMO_ACTIONS: Final = DEMO_SEEN + DEMO_UNSEEN
"""The 24 actions of the demo: 18 seen, 6 unseen (split ``synthetic/18-6``)."""


def make_clips(
    seed: int = 0,
    performers: int = 12,
    repeats: int = 4,
    actions: Sequence[str] | None = None,
    layout: Literal["kinect20", "ntu25"] = "kinect20",
) -> list[Clip]:
    """Make synthetic recordings of everyday actions, gestures and exercises.

    A clip depends only on the seed, the number of performers, and its action, performer and repeat: fewer actions or
    repeats give a subset of the same clips. Clip.source has the dataset ``"synthetic"``, the action as in the
    catalogue, the subject (``"p01"``), the camera (the angle by which the person is turned, ``"+23"`` degrees) and
    the setup (``"right-handed"`` or ``"left-handed"``).

    Args:
        seed: random seed, 0 or above.
        performers: number of people, 1.10 m to 1.95 m tall.
        repeats: number of times each performs each action.
        actions: names from ACTIONS; None: all.
        layout: of the clips.

    Returns:
        Clips at 30 frames per second, performer by performer, then action by action.

    Raises:
        BadConfig: an unknown action or layout, or a number below 1 (seed: below 0).
    """
    names = tuple(ACTIONS) if actions is None else tuple(actions)
    if unknown := [name for name in names if name not in ACTIONS]:
        raise BadConfig(f"unknown synthetic action {unknown[0]!r}; available: {', '.join(ACTIONS)}")
    if seed < 0 or performers < 1 or repeats < 1 or not names:
        raise BadConfig(
            "expected a seed of 0 or above and at least one performer, repeat and action, "
            f"found seed {seed}, {performers} performers, {repeats} repeats, {len(names)} actions"
        )
    if layout not in ("kinect20", "ntu25"):
        raise BadConfig(f"expected layout kinect20 or ntu25, found {layout!r}")
    clip_layout = get_layout(layout)
    return [
        _record(seed, number, performer, name, repeat, clip_layout)
        for number, performer in enumerate(make_performers(seed, performers))
        for name in names
        for repeat in range(repeats)
    ]


def perform(
    name: str, performer: Performer, layout: Layout, habit: np.random.Generator, random: np.random.Generator
) -> Array:
    """The exact movement of a performer, in the axes of the floor (see `pgfa.synth.body`), without camera and noise.

    A left-hander performs the mirror image of a right-hander. An action with a direction in its name is the mirror
    image of the action with the other direction, so that its name is right.

    Args:
        habit: random numbers for what is the same in all repeats of this performer.
        random: random numbers for what differs between repeats.

    Returns:
        (frames, joints, 3) metres at RATE, centred on the middle of the path.

    Raises:
        KeyError: for an unknown action.
    """
    action = ACTIONS[name]
    if performer.left_handed and action.mirrored:
        action = ACTIONS[action.mirrored]
    positions: Array = performer.body.joints(animate(action.motion, performer, habit, random), layout)
    root = positions[:, layout.index(layout.root)]
    positions = positions - [0, 0, (root[:, 2].min() + root[:, 2].max()) / 2]
    if performer.left_handed:
        positions = positions[:, layout.mirror] * [-1, 1, 1]
    return positions


def _record(seed: int, number: int, performer: Performer, name: str, repeat: int, layout: Layout) -> Clip:
    # One random stream per purpose, so that no clip depends on which others are made.
    action = zlib.crc32(name.encode())
    habit = np.random.default_rng([seed, 2, number, action])
    random = np.random.default_rng([seed, 3, number, action, repeat])
    view = draw_view(random)
    positions = perform(name, performer, layout, habit, random)
    source = Source(
        id=f"{name}_{performer.name}_r{repeat + 1:02d}", dataset=DATASET, action=name, subject=performer.name,
        camera=f"{view.angle:+.0f}", setup="left-handed" if performer.left_handed else "right-handed",
    )  # fmt: skip
    return Clip(observe(positions, layout, view, random)[:, None], RATE, layout, source)
