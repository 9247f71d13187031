"""How much answers change when a recording is mirrored, turned, or recorded at another rate (docs/reliability.md).

    python scripts/symmetries.py packs/*

Asks the bundled recogniser ten sentences that name no side about 200 clips of each pack, and again about each clip
mirrored with sides swapped, turned by 37 degrees, at half its rate, and resampled to 25 frames per second.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from pgfa import Recogniser
from pgfa.pack import open_pack
from pgfa.skeleton import Clip

SENTENCES = (
    "A person waves one hand.", "A person sits down.", "A person stands up.", "A person walks.",
    "A person kicks with one leg.", "A person claps.", "A person throws a ball with one hand.", "A person punches.",
    "A person squats.", "A person drinks.",
)  # fmt: skip
CLIPS = 200
LIMIT = 0.05
"""Change of a probability that is counted."""


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", type=Path)
    args = parser.parse_args()
    random, clips = np.random.default_rng(0), []
    for pack in map(open_pack, args.packs):
        chosen = random.choice(len(pack), min(CLIPS, len(pack)), replace=False)
        clips += [pack.clip(int(index)) for index in chosen]
    recogniser = Recogniser.load()
    before = probabilities(recogniser, clips)
    columns = (
        f"largest change of a probability | of 99 % of the clips | mean | above {LIMIT} | top answer changed"
    )
    print(f"| change | {columns} |\n|---|---|---|---|---|---|")
    changes: dict[str, Callable[[Clip], Clip]] = {
        "mirrored, sides swapped": mirrored,
        "turned by 37 degrees": turned,
        "half the rate": halved,
        "resampled to 25 frames per second": resampled,
    }
    for name, change in changes.items():
        after = probabilities(recogniser, [change(clip) for clip in clips])
        largest = np.abs(after - before).max(axis=1)
        changed = int((after.argmax(axis=1) != before.argmax(axis=1)).sum())
        cells = f"{largest.max():.3f} | {np.quantile(largest, 0.99):.3f} | {largest.mean():.3f}"
        above = int((largest > LIMIT).sum())
        print(f"| {name} | {cells} | {above} of {len(clips)} | {changed} of {len(clips)} |", flush=True)


def probabilities(recogniser: Recogniser, clips: list[Clip]) -> np.ndarray:
    """(N, sentences + 1) probability of each sentence, and of none."""
    rows = []
    for answers in recogniser.recognise(clips, SENTENCES):
        by_sentence = {answer.sentence: answer.probability for answer in answers}
        rows.append([by_sentence[name] for name in sorted(by_sentence)])
    return np.array(rows)


def mirrored(clip: Clip) -> Clip:
    """The mirror image, with the joints of the sides swapped."""
    positions = clip.positions[..., clip.layout.mirror, :] * np.array([-1, 1, 1], dtype=np.float32)
    return replace(clip, positions=positions)


def turned(clip: Clip) -> Clip:
    """The person turned about the vertical axis."""
    angle = np.radians(37)
    matrix = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    return replace(clip, positions=clip.positions @ np.array(matrix, dtype=np.float32).T)


def halved(clip: Clip) -> Clip:
    """Every other frame."""
    return replace(clip, positions=clip.positions[::2], rate=clip.rate / 2)


def resampled(clip: Clip, rate: float = 25.0) -> Clip:
    """Linearly between frames."""
    frames = len(clip.positions)
    time = np.linspace(0, frames - 1, max(round(frames * rate / clip.rate), 4))
    first = np.minimum(time.astype(int), frames - 2)
    share = (time - first).astype(np.float32)[:, None, None, None]
    positions = clip.positions[first] * (1 - share) + clip.positions[first + 1] * share
    return replace(clip, positions=positions, rate=rate)


if __name__ == "__main__":
    main()
