"""What view, frame rate, noise and so on cost a trained run: its unseen test clips, each degraded before preparation.

    python scripts/robustness.py runs/joint-18-9-s0 runs/joint-18-9-s1 ...

Each recording is changed before preparation, so that what preparation corrects counts as corrected. Prints Markdown:
accuracy in per cent from sentences and after the default alignment, mean over the runs; noise is drawn with seed 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pgfa.adapt import align_with, nearest
from pgfa.config import AdaptSettings
from pgfa.pack import open_pack
from pgfa.prepare import prepare
from pgfa.skeleton import Clip, Ragged
from pgfa.text.anchors import class_anchors
from pgfa.train.corpus import build_corpus
from pgfa.train.features import features_of
from pgfa.train.run import open_run

Change = Callable[[Clip, np.random.Generator], Clip]
LIMBS = ("hand", "wrist", "elbow", "foot", "ankle", "knee")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    args = parser.parse_args()
    settings = AdaptSettings()
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in CHANGES}
    for folder in args.runs:
        run = open_run(folder, device="cpu")
        corpus = build_corpus(run.settings)
        packs = [open_pack(Path(path)) for path in run.settings.packs]
        clips = [packs[p].clip(int(c)) for p, c in corpus.test.origin.tolist()]
        anchors = class_anchors(corpus.unseen, run.settings.text, run.centre)
        for name, change in CHANGES.items():
            random = np.random.default_rng(0)
            degraded = Ragged.from_clips([change(clip, random) for clip in clips])
            prepared = prepare(degraded, run.settings.prepare)
            features = features_of(run.model, prepared.positions, prepared.present)
            aligned = align_with(features, anchors, settings).predictions
            both = (nearest(features, anchors), aligned)
            results[name].append(tuple(100 * float((labels == corpus.test.labels).mean()) for labels in both))
    print("| recording | from sentences | after alignment |\n|---|---|---|")
    for name, rows in results.items():
        alone, aligned = np.mean(rows, axis=0)
        print(f"| {name} | {alone:.1f} | {aligned:.1f} |")


def rotated(axis: int, degrees: float) -> Change:
    """The camera moved: rotation about x (pitch) or y (view), in degrees."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    a, b = [i for i in range(3) if i != axis]
    matrix = np.eye(3, dtype=np.float32)
    matrix[a, a], matrix[a, b], matrix[b, a], matrix[b, b] = cos, -sin, sin, cos
    return lambda clip, random: clip.with_positions(clip.positions @ matrix)


def slower(step: int) -> Change:
    """Every `step`-th frame only."""
    return lambda clip, random: clip.with_positions(clip.positions[::step], rate=clip.rate / step)


def noisy(metres: float) -> Change:
    """Each joint of each frame displaced by noise in each direction (standard deviation)."""

    def change(clip: Clip, random: np.random.Generator) -> Clip:
        offset = random.normal(0, metres, clip.positions.shape).astype(np.float32)
        return clip.with_positions(clip.positions + offset)

    return change


def without_joints(count: int) -> Change:
    """`count` joints of the limbs never detected, different ones in each clip."""

    def change(clip: Clip, random: np.random.Generator) -> Clip:
        limbs = [i for i, name in enumerate(clip.layout.joints) if name.startswith(LIMBS)]
        positions = clip.positions.copy()
        positions[:, :, random.choice(limbs, count, replace=False)] = np.nan
        return clip.with_positions(positions)

    return change


def gaps(share: float) -> Change:
    """Each joint of each frame missing with this probability."""

    def change(clip: Clip, random: np.random.Generator) -> Clip:
        missing = random.random(clip.positions.shape[:3]) < share
        return clip.with_positions(np.where(missing[..., None], np.nan, clip.positions).astype(np.float32))

    return change


def sized(factor: float) -> Change:
    """A body of another size."""
    return lambda clip, random: clip.with_positions(clip.positions * np.float32(factor))


def cut(share: float) -> Change:
    """This share of the recording missing, half of it at either end."""

    def change(clip: Clip, random: np.random.Generator) -> Clip:
        offset = int(share / 2 * clip.frames)
        return clip.with_positions(clip.positions[offset : clip.frames - offset])

    return change


def idle(seconds: float) -> Change:
    """Standing as in the first frame for `seconds` before, and as in the last frame for as long after."""

    def change(clip: Clip, random: np.random.Generator) -> Clip:
        count = round(seconds * clip.rate)
        before = np.repeat(clip.positions[:1], count, axis=0)
        after = np.repeat(clip.positions[-1:], count, axis=0)
        return clip.with_positions(np.concatenate([before, clip.positions, after]))

    return change


def flat(clip: Clip, random: np.random.Generator) -> Clip:
    """No depth: every joint at the mean distance of the body."""
    positions = clip.positions.copy()
    positions[..., 2] = np.where(np.isnan(positions[..., 2]), np.nan, np.nanmean(positions[..., 2]))
    return clip.with_positions(positions)


CHANGES: dict[str, Change] = {
    "as recorded": lambda clip, random: clip,
    "seen from 45° to the side": rotated(1, 45),
    "seen from 90° to the side": rotated(1, 90),
    "camera tilted by 10°": rotated(0, 10),
    "camera tilted by 20°": rotated(0, 20),
    "15 frames per second": slower(2),
    "5 frames per second": slower(6),
    "noise of 2 cm": noisy(0.02),
    "noise of 5 cm": noisy(0.05),
    "one limb joint never seen": without_joints(1),
    "three limb joints never seen": without_joints(3),
    "every joint unseen in 20 % of frames": gaps(0.2),
    "body 30 % smaller": sized(0.7),
    "body 30 % larger": sized(1.3),
    "a fifth cut offset": cut(0.2),
    "half cut offset": cut(0.5),
    "one second idle before and after": idle(1),
    "no depth": flat,
}


if __name__ == "__main__":
    main()
