"""Clips of a set as cameras without depth see them, from drawn directions: what pose estimators make of a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.skeleton import Clip, Ragged
from pgfa.words.measures import measure

Array = NDArray[np.float32]

WIDEST_VIEW = np.radians(60)
"""Cameras see a body from the front or the back, turned by up to this."""
FIRST = 5
"""The direction of a body is that of its hips in the first of this many equal parts of a clip."""


@dataclass(frozen=True)
class FlatClips:
    """Clips without depth.

    Attributes:
        positions, present: as in `pgfa.prepare.Prepared`.
        measures: (N, measures).
    """

    positions: Array
    present: NDArray[np.bool_]
    measures: Array


def flattened(clips: Sequence[Clip], settings: PrepareSettings, seed: int = 0) -> FlatClips:
    """Clips as cameras without depth see them, prepared and measured.

    Args:
        clips: with depth, of one layout.
        settings: of the preparation.
        seed: of the directions, drawn evenly up to `WIDEST_VIEW`.
    """
    views = np.random.default_rng(seed).uniform(-WIDEST_VIEW, WIDEST_VIEW, len(clips))
    seen = [clip.without_depth(_frontal(clip) + view) for clip, view in zip(clips, views, strict=True)]
    prepared = prepare(Ragged.from_clips(seen), settings)
    positions = np.asarray(prepared.positions)
    measures = measure(positions[:, :, 0], prepared.measured[:, 0], prepared.moving_seconds)
    return FlatClips(positions, prepared.present, measures)


def _frontal(clip: Clip) -> float:
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
