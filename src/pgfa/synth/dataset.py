"""The synthetic data set: every performer does every action several times before a simulated Kinect."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from pgfa.errors import BadConfig
from pgfa.skeleton import Clip, Layout, Source, get_layout
from pgfa.synth.actions import ACTIONS
from pgfa.synth.body import Array
from pgfa.synth.motions import RATE, play
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
"""The 24 actions of the demo: 18 to train on, 6 told by their sentences alone (split ``synthetic/18-6``)."""


def make_clips(
    seed: int = 0,
    performers: int = 12,
    repeats: int = 4,
    actions: Sequence[str] | None = None,
    layout: Literal["kinect20", "ntu25"] = "kinect20",
) -> list[Clip]:
    """Make synthetic recordings of everyday actions, gestures and exercises.

    A clip depends on seed, performers, its action, performer and repeat alone: asking for fewer actions or
    repeats gives the same clips, only fewer. Clip.source says dataset ``"synthetic"``, the action as in the
    catalogue, the subject (``"p01"``), camera (the angle the person is turned by, ``"+23"`` degrees) and
    setup (``"right-handed"`` or ``"left-handed"``).

    Args:
        seed: of all that is drawn at random, 0 or above.
        performers: number of people, 1.10 m to 1.95 m tall.
        repeats: how often each does each action.
        actions: names from ACTIONS; all where None.
        layout: of the clips.

    Returns:
        Clips at 30 frames a second, performer by performer, then action by action.

    Raises:
        BadConfig: an unknown action or layout, or a number below 1 (seed: below 0).
    """
    names = tuple(ACTIONS) if actions is None else tuple(actions)
    if unknown := [name for name in names if name not in ACTIONS]:
        raise BadConfig(f"no synthetic action {unknown[0]!r}; known: {', '.join(ACTIONS)}")
    if seed < 0 or performers < 1 or repeats < 1 or not names:
        raise BadConfig(
            "a synthetic data set needs a seed of 0 or above and at least one performer, repeat and action, "
            f"found seed {seed}, {performers} performers, {repeats} repeats, {len(names)} actions"
        )
    if layout not in ("kinect20", "ntu25"):
        raise BadConfig(f"synthetic clips come in layout kinect20 or ntu25, found {layout!r}")
    joints = get_layout(layout)
    return [
        _record(seed, number, performer, name, repeat, joints)
        for number, performer in enumerate(make_performers(seed, performers))
        for name in names
        for repeat in range(repeats)
    ]


def perform(
    name: str, performer: Performer, layout: Layout, habit: np.random.Generator, chance: np.random.Generator
) -> Array:
    """The true movement of a performer, on the floor's axes (see synth.body), without camera or noise.

    A left-hander does what the mirror image of a right-hander shows; an action that names a direction is
    mirrored
    from the action of the other direction, so that its name stays true.

    Returns:
        (frames, joints, 3) metres at RATE. A way walked is centred on the origin.

    Raises:
        KeyError: for an unknown action.
    """
    action = ACTIONS[name]
    if performer.left_handed and action.mirrored:
        action = ACTIONS[action.mirrored]
    moved: Array = performer.body.joints(play(action, performer, habit, chance), layout)
    root = moved[:, layout.index(layout.root)]
    moved = moved - [0, 0, (root[:, 2].min() + root[:, 2].max()) / 2]
    if performer.left_handed:
        moved = moved[:, layout.mirror] * [-1, 1, 1]
    return moved


def _record(seed: int, number: int, performer: Performer, name: str, repeat: int, layout: Layout) -> Clip:
    # Streams are named by what they are for, so that no clip depends on which others are made.
    action = zlib.crc32(name.encode())
    habit = np.random.default_rng([seed, 2, number, action])
    chance = np.random.default_rng([seed, 3, number, action, repeat])
    view = draw_view(chance)
    moved = perform(name, performer, layout, habit, chance)
    source = Source(
        id=f"{name}_{performer.name}_r{repeat + 1:02d}", dataset=DATASET, action=name, subject=performer.name,
        camera=f"{view.angle:+.0f}", setup="left-handed" if performer.left_handed else "right-handed",
    )  # fmt: skip
    return Clip(observe(moved, layout, view, chance)[:, None], RATE, layout, source)
