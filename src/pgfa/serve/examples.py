"""Clips to try the page on. All are synthetic (`pgfa.synth`): made by kinematics, performed by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from pgfa.skeleton import Clip, Source
from pgfa.synth import make_clips

SENTENCES = (
    "a person waves one hand",
    "a person claps both hands",
    "a person squats down and stands up again",
    "a person kicks forward with one leg",
    "a person bows",
    "a person throws something overhand",
)
"""What the page starts with."""

EXAMPLES = {
    "wave": "Waving",
    "squat": "A squat",
    "several": "Several actions in a row",
    "two": "Two people",
}
SET = "unlabelled"
_ROW = ("wave", "squat", "throw-overhand", "clap", "kick-forward")
_SET = ("wave", "clap", "squat", "kick-forward", "bow", "throw-overhand")
_SEED = 11
_PAUSE = 0.4


@lru_cache(maxsize=len(EXAMPLES))
def example(name: str) -> Clip:
    """A clip of EXAMPLES. Raises KeyError for another name."""
    title = EXAMPLES[name]
    if name == "several":
        clip = _in_a_row(_perform(_ROW))
    elif name == "two":
        clip = _side_by_side(*_perform(("wave", "kick-forward")))
    else:
        (clip,) = _perform((name,))
    return replace(clip, source=Source(id=f"example-{name}", dataset="synthetic", variant=title))


@lru_cache(maxsize=1)
def unlabelled() -> tuple[Clip, ...]:
    """Clips of several performers, without a word on what they show: to align on."""
    clips = make_clips(seed=_SEED, performers=4, repeats=1, actions=_SET)
    order = np.random.default_rng(_SEED).permutation(len(clips))
    return tuple(
        replace(clips[at], source=Source(id=f"unlabelled-{number + 1:02d}", dataset="synthetic"))
        for number, at in enumerate(order)
    )


def _perform(actions: Sequence[str]) -> list[Clip]:
    return make_clips(seed=_SEED, performers=1, repeats=1, actions=actions)


def _in_a_row(clips: Sequence[Clip]) -> Clip:
    """One after another, turned the same way, standing where the one before stood; short glides in between."""
    parts: list[np.ndarray] = []
    for clip in clips:
        now = _straight(clip)
        if parts:
            steps = np.linspace(0, 1, round(_PAUSE * clip.rate) + 2, dtype=np.float32)[1:-1, None, None, None]
            share = steps * steps * (3 - 2 * steps)
            parts.append(parts[-1][-1] * (1 - share) + now[0] * share)
        parts.append(now)
    return replace(clips[0], positions=np.concatenate(parts).astype(np.float32))


def _straight(clip: Clip) -> np.ndarray:
    """Positions about the first frame's middle, facing along z, feet on the floor, gaps filled by the frame before."""
    positions = clip.positions.copy()
    for frame in range(1, len(positions)):
        positions[frame] = np.where(np.isnan(positions[frame]), positions[frame - 1], positions[frame])
    layout = clip.layout
    left, right = (positions[0, 0, layout.index(f"shoulder_{side}")] for side in ("left", "right"))
    turn = np.arctan2(left[2] - right[2], left[0] - right[0])
    middle = np.nanmean(positions[0, 0], axis=0) * [1, 0, 1]
    middle[1] = np.nanmin(positions[..., 1])
    x, y, z = np.moveaxis(positions - middle, -1, 0)
    return np.stack(
        [np.cos(turn) * x + np.sin(turn) * z, y, np.cos(turn) * z - np.sin(turn) * x], axis=-1
    ).astype(np.float32)


def _side_by_side(one: Clip, other: Clip) -> Clip:
    frames = max(one.frames, other.frames)
    bodies = []
    for clip, aside in ((one, 0.8), (other, -0.8)):
        positions = _straight(clip) + np.array([aside, 0, 0], dtype=np.float32)
        bodies.append(positions[np.arange(frames) % len(positions), 0])
    return replace(one, positions=np.stack(bodies, axis=1).astype(np.float32))
