"""Clips as others would record them who see less: no depth, as pose estimators make of a video; no legs, one arm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.skeleton import Clip, Ragged
from pgfa.words.measures import measure

Array = NDArray[np.float32]

WIDEST_VIEW = np.radians(60)
"""Cameras without depth see a body from the front or the back, turned by up to this."""
FIRST = 5
"""The direction of a body is that of its hips in the first of this many equal parts of a clip."""
LEGS = ("knee", "ankle", "foot", "toe")
LEFT_ARM = ("elbow_left", "wrist_left", "hand_left", "handtip_left", "thumb_left", "forearm_left")

Change: TypeAlias = Callable[[Sequence[Clip]], list[Clip]]


def without_depth(clips: Sequence[Clip], seed: int = 0) -> list[Clip]:
    """Clips as cameras without depth see them, without perspective, from directions drawn evenly (`WIDEST_VIEW`)."""
    views = np.random.default_rng(seed).uniform(-WIDEST_VIEW, WIDEST_VIEW, len(clips))
    return [clip.without_depth(frontal_view(clip) + v) for clip, v in zip(clips, views.tolist(), strict=True)]


def without_joints(clips: Sequence[Clip], beginnings: tuple[str, ...]) -> list[Clip]:
    """Clips in which joints whose names begin so are never seen."""
    return [
        clip.with_positions(
            np.where(
                np.array([joint.startswith(beginnings) for joint in clip.layout.joints])[:, None],
                np.float32(np.nan),
                clip.positions,
            )
        )
        for clip in clips
    ]


CHANGES: Mapping[str, tuple[Change, bool]] = {
    "no depth": (without_depth, True),
    "no legs": (partial(without_joints, beginnings=LEGS), False),
    "no left arm": (partial(without_joints, beginnings=LEFT_ARM), False),
    "no depth, no legs": (lambda clips: without_joints(without_depth(clips), LEGS), True),
}
"""Name -> how clips are changed, and whether they are without depth then."""


def measured_clips(
    clips: Sequence[Clip], settings: PrepareSettings
) -> tuple[Array, NDArray[np.bool_], Array]:
    """`measured_rows` of clips of one layout."""
    return measured_rows(Ragged.from_clips(clips), settings)


def measured_rows(clips: Ragged, settings: PrepareSettings) -> tuple[Array, NDArray[np.bool_], Array]:
    """Positions and presence as in `pgfa.prepare.Prepared`, and (N, measures)."""
    prepared = prepare(clips, settings)
    positions = np.asarray(prepared.positions)
    measures = measure(positions[:, :, 0], prepared.measured[:, 0], prepared.moving_seconds)
    return positions, prepared.present, measures


def frontal_view(clip: Clip) -> float:
    """The view of `Clip.without_depth` from the front of the main body or from its back, whichever is nearer."""
    left, right = (clip.layout.joints.index(f"hip_{side}") for side in ("left", "right"))
    beginning = clip.positions[: max(1, clip.frames // FIRST), 0]
    lines = beginning[:, left] - beginning[:, right]
    lines = lines[np.isfinite(lines).all(axis=1)]
    if not len(lines):
        return 0.0
    x, _, z = lines.mean(axis=0).tolist()
    angle = float(np.arctan2(z, x))
    return angle - np.pi * round(angle / np.pi)
