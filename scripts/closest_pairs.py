"""Which classes of a data set have sentences that are close together in text space.

    python scripts/closest_pairs.py ntu60 ntu120 pku-mmd
    python scripts/closest_pairs.py ntu60 --lines other_sentences.txt     (to compare: one line per class)

Prints, as Markdown, the closest pair and two means: of each class's nearest neighbour, and of all pairs; then the
--pairs closest pairs. With --lines, one file per data set, also how similar the two sentences of a class are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from pgfa.config import TextSettings
from pgfa.research.evidence.markdown import table
from pgfa.text import catalogue, encode, sentences_of
from pgfa.text.sentence_file import read_sentences


def main() -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", nargs="+", help="catalogue name or path")
    parser.add_argument("--variant", default="plain", choices=["label", "plain", "skeleton", "parts"])
    parser.add_argument(
        "--lines", type=Path, nargs="+", help="sentences from these files in place of the catalogues'"
    )
    parser.add_argument("--centre", action="store_true", help="subtract the mean vector first")
    parser.add_argument("--pairs", type=int, default=0, help="closest pairs to list")
    args = parser.parse_args()
    summaries, pairs, compared = [], [], []
    for number, dataset in enumerate(args.dataset):
        classes = catalogue(dataset)
        own = encode(sentences_of(classes.actions, args.variant), TextSettings(encoder="minilm"))
        vectors = own
        if args.lines:
            sentences = list(read_sentences(args.lines[number], classes).values())
            vectors = encode(sentences, TextSettings(encoder="minilm"))
            compared += [] if args.centre else [comparison(dataset, vectors @ own.T)]
        if args.centre:
            vectors = vectors - vectors.mean(axis=0)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        names = [action.name for action in classes.actions]
        summaries.append(summary(dataset, names, vectors @ vectors.T))
        pairs += closest(dataset, names, vectors @ vectors.T, args.pairs)
    heads = [
        "set",
        "classes",
        "most similar pair",
        "its cosine",
        "mean of nearest neighbours",
        "mean of all pairs",
    ]
    print(table(heads, summaries))
    if pairs:
        print("\n" + table(["set", "cosine", "classes"], pairs))
    if compared:
        heads = [
            "set",
            "cosine of the two sentences of a class",
            "of different classes",
            "nearest to their own",
        ]
        print("\n" + table(heads, compared))


def summary(dataset: str, names: list[str], cosine: np.ndarray) -> list[str]:
    """A row: the closest pair, and the means."""
    first, second = np.triu_indices(len(names), k=1)
    between = cosine[first, second]
    nearest = (cosine - 2 * np.eye(len(names))).max(axis=1)
    pair = between.argmax()
    closest_pair = f"{names[first[pair]]}, {names[second[pair]]}"
    values = (between[pair], nearest.mean(), between.mean())
    return [dataset, str(len(names)), closest_pair, *(f"{value:.3f}" for value in values)]


def closest(dataset: str, names: list[str], cosine: np.ndarray, pairs: int) -> list[list[str]]:
    """A row per pair."""
    first, second = np.triu_indices(len(names), k=1)
    between = cosine[first, second]
    order = np.argsort(-between)[:pairs]
    return [[dataset, f"{between[i]:.3f}", f"{names[first[i]]}, {names[second[i]]}"] for i in order]


def comparison(dataset: str, cosine: np.ndarray) -> list[str]:
    """A row about (classes, classes) cosines of the file's sentences, by row, with the catalogue's."""
    same = cosine.diagonal()
    others = (cosine.sum() - same.sum()) / (cosine.size - len(same))
    nearest = (cosine.argmax(axis=1) == np.arange(len(cosine))).mean()
    return [dataset, f"{same.mean():.2f}", f"{others:.2f}", f"{100 * nearest:.0f} %"]


if __name__ == "__main__":
    main()
