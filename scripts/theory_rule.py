"""How often the label-free rule "align or keep the sentence" is right in the model of docs/theory.md, section 4.

    python scripts/theory_rule.py [--draws 60]      # half a minute; prints Markdown

Five classes in 64 dimensions; clips are unit vectors around the mean `kappa` times the direction of their class, and
a sentence is that direction with a random vector of length `error` added. Draws in which both are equally good are
left out of the last column.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import align, unit_rows
from pgfa.research.theory import should_align

CLASSES, SIZE, ALPHA = 5, 64, 0.9
CASES = (
    (0.3, 0.0, 8),
    (0.3, 0.0, 30),
    (0.3, 0.4, 30),
    (0.4, 0.8, 15),
    (0.3, 0.8, 30),
    (0.3, 0.8, 60),
    (0.55, 1.6, 60),
)
"""kappa, error of a sentence, clips of a class."""
HEAD = (
    "kappa", "sentence error", "clips per class", "by sentence", "aligned", "aligning is better", "rule aligns",
    "rule is right",
)  # fmt: skip


def directions(random: np.random.Generator) -> NDArray[np.float64]:
    """(K, d) random unit vectors."""
    return np.asarray(unit_rows(random.normal(size=(CLASSES, SIZE))), dtype=float)


def draw(
    seed: int, kappa: float, error: float, clips: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Unit features (N, d) whose mean is `kappa` times their class's direction, anchors (K, d), labels (N,)."""
    random = np.random.default_rng(seed)
    true = directions(random)
    anchors = unit_rows(true + error * directions(random))
    labels = np.repeat(np.arange(CLASSES), clips)
    axis = true[labels]
    noise = random.normal(size=axis.shape)
    noise -= (noise * axis).sum(axis=1, keepdims=True) * axis
    features = kappa * axis + np.sqrt(1 - kappa**2) * unit_rows(noise)
    return features.astype(np.float32), anchors.astype(np.float32), labels


def row(case: tuple[float, float, int], draws: int) -> list[str]:
    """A line of the table."""
    by_sentence, by_prototype, aligns = [], [], []
    for seed in range(draws):
        features, anchors, labels = draw(seed, *case)
        aligned = align(features, anchors, ALPHA)
        by_sentence.append((aligned.labels == labels).mean())
        by_prototype.append((aligned.predictions == labels).mean())
        aligns.append(should_align(features, anchors, ALPHA).align)
    gain, chosen = np.array(by_prototype) - np.array(by_sentence), np.array(aligns)
    differs = gain != 0
    right = (chosen == (gain > 0))[differs]
    shares = [100 * np.mean(by_sentence), 100 * np.mean(by_prototype)]
    rates = [100 * (gain > 0)[differs].mean(), 100 * chosen.mean(), 100 * right.mean()]
    return [*map(str, case), *(f"{s:.1f} %" for s in shares), *(f"{r:.0f} %" for r in rates)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=60)
    args = parser.parse_args()
    print(f"| {' | '.join(HEAD)} |\n{'|---' * len(HEAD)}|")
    for case in CASES:
        print(f"| {' | '.join(row(case, args.draws))} |", flush=True)


if __name__ == "__main__":
    main()
