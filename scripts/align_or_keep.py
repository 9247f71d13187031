"""How often the label-free rule "align or keep the sentence" is right (docs/theory.md, Theorem 6).

    python scripts/align_or_keep.py runs/* --alpha 0.9 --draws 100

For each run, random subsets of at least three candidate classes are drawn, and a quarter, a half or all of their
clips; labels are used only for scoring. Prints Markdown; "better aligned" is the hit rate of always aligning, the
number to beat.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pgfa.adapt import align
from pgfa.research.theory import should_align
from pgfa.text.anchors import class_anchors
from pgfa.train.corpus import build_corpus
from pgfa.train.features import features_of
from pgfa.train.run import open_run

CONFIRMATION = (0.0, 0.5, 1.0)
SHARES = (0.25, 0.5, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--alpha", type=float, default=0.9)
    parser.add_argument("--draws", type=int, default=100, help="random subsets per run")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    scores = []
    for folder in args.runs:
        rng = np.random.default_rng(args.seed)
        run = load(folder)
        whole = evaluate(*run, args.alpha)
        print(f"{folder.name}, all {len(run[1])} classes: {summary(whole)}")
        scores.append(np.array([evaluate(*subset, args.alpha) for subset in subsets(*run, args.draws, rng)]))
    print("\nRandom subsets of classes and clips:\n")
    heads = "run|draws|accuracy changed|better aligned|rule right|of the better aligned, aligned|of the worse, aligned"
    heads += "|sentence|aligned|by the rule|best of both"
    print(f"|{heads}|\n|{'---|' * (heads.count('|') + 1)}")
    for folder, score in zip(args.runs, scores, strict=True):
        print(row(folder.name, score))
    for index, confirmation in enumerate(CONFIRMATION):
        print(row(f"all, confirmation {confirmation:g}", np.concatenate(scores), index))


def load(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (N, d) of a run's unseen clips, anchors (K, d) of the candidates, labels (N,) in 0..K-1."""
    run = open_run(folder, device="cpu")
    corpus = build_corpus(run.settings)
    anchors = class_anchors(corpus.unseen, run.settings.text, run.centre)
    return features_of(run.model, corpus.test.positions, corpus.test.present), anchors, corpus.test.labels


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


def evaluate(
    features: np.ndarray, anchors: np.ndarray, labels: np.ndarray, alpha: float
) -> tuple[float, ...]:
    """Accuracy by sentence and by prototype, and the rule's verdict under each confirmation."""
    aligned = align(features, anchors, alpha)
    decision = should_align(features, anchors, alpha, confirmation=0)
    verdicts = [decision.move > decision.noise / (1 + c) for c in CONFIRMATION]
    sentence, prototype = (float((p == labels).mean()) for p in (aligned.labels, aligned.predictions))
    return (sentence, prototype, *map(float, verdicts))


def summary(score: tuple[float, ...]) -> str:
    verdict = "align" if score[2 + CONFIRMATION.index(0.5)] else "keep"
    return f"sentence {100 * score[0]:.1f} %, aligned {100 * score[1]:.1f} %, rule says {verdict}"


def row(name: str, score: np.ndarray, index: int = CONFIRMATION.index(0.5)) -> str:
    """One line of the table; cases in which alignment does not change the accuracy have no right answer."""
    sentence, prototype, verdict = score[:, 0], score[:, 1], score[:, 2 + index] > 0
    differ = prototype != sentence
    better = prototype > sentence
    hit, right = (verdict == better)[differ], better[differ]
    shares = [right, hit, hit[right], ~hit[~right]]
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
