"""Write the example clips of the page: synthetic motion (`pgfa.synth`), stored, so that the page needs no scipy.

python scripts/make_examples.py
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from safetensors.numpy import save

from pgfa.files import write_atomic
from pgfa.serve.examples import CLIPS, EXAMPLES
from pgfa.skeleton import Clip
from pgfa.synth import make_clips

SEQUENCE = ("wave", "squat", "throw-overhand", "clap", "kick-forward")
UNLABELLED_ACTIONS = ("wave", "clap", "squat", "kick-forward", "bow", "throw-overhand")
SEED = 11
PAUSE_SECONDS = 0.4


def main() -> None:
    """Make all clips and write their positions."""
    clips = {name: example(name) for name in EXAMPLES}
    clips |= {f"unlabelled-{number:02d}": clip for number, clip in enumerate(unlabelled(), 1)}
    positions = {name: np.ascontiguousarray(clip.positions) for name, clip in clips.items()}
    first = next(iter(clips.values()))
    about = {"rate": str(first.rate), "layout": first.layout.name}
    write_atomic(CLIPS, save(positions, metadata=about))
    print(f"{CLIPS}: {len(positions)} clips, {CLIPS.stat().st_size / 1e6:.1f} MB")


def example(name: str) -> Clip:
    """A clip of `EXAMPLES`."""
    if name == "several":
        return _concatenate(_perform(SEQUENCE))
    if name == "two":
        return _side_by_side(*_perform(("wave", "kick-forward")))
    (clip,) = _perform((name,))
    return clip


def unlabelled() -> list[Clip]:
    """Clips of several performers in a random order."""
    clips = make_clips(seed=SEED, performers=4, repeats=1, actions=UNLABELLED_ACTIONS)
    return [clips[index] for index in np.random.default_rng(SEED).permutation(len(clips))]


def _perform(actions: Sequence[str]) -> list[Clip]:
    return make_clips(seed=SEED, performers=1, repeats=1, actions=actions)


def _concatenate(clips: Sequence[Clip]) -> Clip:
    """One after another in the same place, facing the same way, with a short smooth transition between them."""
    parts: list[np.ndarray] = []
    for clip in clips:
        positions = _normalise(clip)
        if parts:
            steps = np.linspace(0, 1, round(PAUSE_SECONDS * clip.rate) + 2, dtype=np.float32)
            steps = steps[1:-1, None, None, None]
            weight = steps * steps * (3 - 2 * steps)
            parts.append(parts[-1][-1] * (1 - weight) + positions[0] * weight)
        parts.append(positions)
    return clips[0].with_positions(np.concatenate(parts).astype(np.float32))


def _normalise(clip: Clip) -> np.ndarray:
    """Positions about the first frame's centre, facing along z, feet on the floor, gaps filled by the frame before."""
    positions = clip.positions.copy()
    for frame in range(1, len(positions)):
        positions[frame] = np.where(np.isnan(positions[frame]), positions[frame - 1], positions[frame])
    layout = clip.layout
    left, right = (positions[0, 0, layout.index(f"shoulder_{side}")] for side in ("left", "right"))
    angle = np.arctan2(left[2] - right[2], left[0] - right[0])
    origin = np.nanmean(positions[0, 0], axis=0) * [1, 0, 1]
    origin[1] = np.nanmin(positions[..., 1])
    x, y, z = np.moveaxis(positions - origin, -1, 0)
    rotated = [np.cos(angle) * x + np.sin(angle) * z, y, np.cos(angle) * z - np.sin(angle) * x]
    return np.stack(rotated, axis=-1).astype(np.float32)


def _side_by_side(first: Clip, second: Clip) -> Clip:
    frames = max(first.frames, second.frames)
    bodies = []
    for clip, offset in ((first, 0.8), (second, -0.8)):
        positions = _normalise(clip) + np.array([offset, 0, 0], dtype=np.float32)
        bodies.append(positions[np.arange(frames) % len(positions), 0])
    return first.with_positions(np.stack(bodies, axis=1).astype(np.float32))


if __name__ == "__main__":
    main()
