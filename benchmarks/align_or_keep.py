"""How often the label-free rule "align or keep the sentence" is right (docs/theory.md, Theorem 6).

    python benchmarks/align_or_keep.py features/*.npz --alpha 0.9 --draws 100

Each file is one trained run, of one split and seed: `features` (N, d) of the unseen clips, `anchors` (K, d) sentence
vectors of the candidate classes, `labels` (N,) in 0..K-1. From each are drawn random subsets of at least three
candidate classes, and of their clips a quarter, a half or all; the labels serve to score alone. Prints Markdown;
"better aligned" is the hit rate of always aligning, the number to beat.
"""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pgfa.adapt import align
from pgfa.adapt.theory import should_align
from pgfa.errors import BadFile

CONFIRMATION = (0.0, 0.5, 1.0)
SHARES = (0.25, 0.5, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--alpha", type=float, default=0.9)
    parser.add_argument("--draws", type=int, default=100, help="subsets drawn of each file")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    scores = []
    for file in args.files:
        rng = np.random.default_rng(args.seed)
        run = load(file)
        whole = judge(*run, args.alpha)
        print(f"{file.stem}, all {len(run[1])} classes: {said(whole)}")
        scores.append(np.array([judge(*some, args.alpha) for some in subsets(*run, args.draws, rng)]))
    print("\nRandom subsets of classes and clips:\n")
    heads = "run|draws|accuracy changed|better aligned|rule right|of the better aligned, aligned|of the worse, aligned"
    heads += "|sentence|aligned|by the rule|best of both"
    print(f"|{heads}|\n|{'---|' * (heads.count('|') + 1)}")
    for file, score in zip(args.files, scores, strict=True):
        print(row(file.stem, score))
    for which, confirmation in enumerate(CONFIRMATION):
        print(row(f"all, confirmation {confirmation:g}", np.concatenate(scores), which))


def load(file: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, anchors and labels of a run.

    Raises:
        BadFile: not an .npz of the three arrays, or their shapes do not fit.
    """
    try:
        with np.load(file, allow_pickle=False) as stored:
            features, anchors, labels = (stored[name] for name in ("features", "anchors", "labels"))
    except (OSError, KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        expected = "an .npz with features, anchors and labels"
        raise BadFile(file, expected=expected, found=str(error)) from None
    fits = features.ndim == anchors.ndim == 2 and features.shape[1] == anchors.shape[1] and len(anchors) >= 3
    if not fits or labels.shape != features.shape[:1] or set(np.unique(labels)) - set(range(len(anchors))):
        found = f"{features.shape}, {anchors.shape}, {labels.shape}"
        expected = "(N, d), (K, d) with K >= 3, and labels (N,) in 0..K-1"
        raise BadFile(file, expected=expected, found=found)
    return features, anchors, labels


def subsets(
    features: np.ndarray, anchors: np.ndarray, labels: np.ndarray, draws: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Random candidate classes, and a random share of their clips."""
    for _ in range(draws):
        size = rng.integers(3, len(anchors) + 1)
        classes = np.sort(rng.choice(len(anchors), size, replace=False))
        clips = np.flatnonzero(np.isin(labels, classes))
        clips = rng.choice(clips, max(1, int(rng.choice(SHARES) * len(clips))), replace=False)
        yield features[clips], anchors[classes], np.searchsorted(classes, labels[clips])


def judge(features: np.ndarray, anchors: np.ndarray, labels: np.ndarray, alpha: float) -> tuple[float, ...]:
    """Accuracy by sentence and by prototype, and the rule's verdict under each confirmation."""
    aligned = align(features, anchors, alpha)
    seen = should_align(features, anchors, alpha, confirmation=0)
    verdicts = [seen.move > seen.noise / (1 + c) for c in CONFIRMATION]
    sentence, prototype = (float((p == labels).mean()) for p in (aligned.labels, aligned.predictions))
    return (sentence, prototype, *map(float, verdicts))


def said(score: tuple[float, ...]) -> str:
    verdict = "align" if score[2 + CONFIRMATION.index(0.5)] else "keep"
    return f"sentence {100 * score[0]:.1f} %, aligned {100 * score[1]:.1f} %, rule says {verdict}"


def row(name: str, score: np.ndarray, which: int = CONFIRMATION.index(0.5)) -> str:
    """One line of the table; cases where alignment leaves the accuracy as it was have no right answer."""
    sentence, prototype, verdict = score[:, 0], score[:, 1], score[:, 2 + which] > 0
    differ = prototype != sentence
    better = prototype > sentence
    hit, right = (verdict == better)[differ], better[differ]
    of = [hit[right], hit[~right]]
    shares = [right, hit, of[0], ~of[1]]
    cells = [f"{100 * part.mean():.1f} %" if len(part) else "-" for part in shares]
    cells += [
        f"{100 * part.mean():.1f}"
        for part in (
            sentence,
            prototype,
            np.where(verdict, prototype, sentence),
            np.maximum(sentence, prototype),
        )
    ]
    return f"| {name} | {len(score)} | {differ.sum()} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
