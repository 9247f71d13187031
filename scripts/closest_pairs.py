"""Which classes of a data set have sentences that are close together in text space.

    python scripts/closest_pairs.py ntu60 ntu120 pku-mmd
    python scripts/closest_pairs.py ntu60 --lines other_sentences.txt     (to compare: one line per class)

Prints, as Markdown, the closest pairs and two means: of each class's nearest neighbour, and of all pairs. With
--lines also how similar the two sentences of a class are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from pgfa.config import TextSettings
from pgfa.text import catalogue, encode, sentences_of
from pgfa.text.sentence_file import read_sentences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", nargs="+", help="catalogue name or path")
    parser.add_argument("--variant", default="plain", choices=["label", "plain", "skeleton", "parts"])
    parser.add_argument("--lines", type=Path, help="sentences from this file in place of the catalogue's")
    parser.add_argument("--centre", action="store_true", help="subtract the mean vector first")
    parser.add_argument("--pairs", type=int, default=10)
    args = parser.parse_args()
    for dataset in args.dataset:
        classes = catalogue(dataset)
        sentences = sentences_of(classes.actions, args.variant)
        if args.lines:
            sentences = list(read_sentences(args.lines, classes).values())
        vectors = encode(sentences, TextSettings(encoder="minilm"))
        if args.centre:
            vectors = vectors - vectors.mean(axis=0)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        report(dataset, [action.name for action in classes.actions], vectors @ vectors.T, args.pairs)
        if args.lines:
            own = encode(sentences_of(classes.actions, args.variant), TextSettings(encoder="minilm"))
            compare(encode(sentences, TextSettings(encoder="minilm")) @ own.T)


def report(dataset: str, names: list[str], cosine: np.ndarray, pairs: int) -> None:
    first, second = np.triu_indices(len(names), k=1)
    between = cosine[first, second]
    nearest = (cosine - 2 * np.eye(len(names))).max(axis=1)
    print(f"\n### {dataset}: {len(names)} classes\n")
    print(
        f"Nearest neighbour, mean over classes {nearest.mean():.3f}; all pairs, mean {between.mean():.3f}.\n"
    )
    print("| cosine | classes |\n|---|---|")
    for pair in np.argsort(-between)[:pairs]:
        print(f"| {between[pair]:.3f} | {names[first[pair]]}, {names[second[pair]]} |")


def compare(cosine: np.ndarray) -> None:
    """(classes, classes) cosines of the file's sentences, by row, with the catalogue's."""
    same = cosine.diagonal()
    others = (cosine.sum() - same.sum()) / (cosine.size - len(same))
    nearest = (cosine.argmax(axis=1) == np.arange(len(cosine))).mean()
    print(
        f"\nWith the catalogue's sentences: cosine of the same class {same.mean():.2f}, of others {others:.2f}; "
        f"{100 * nearest:.0f} % of classes are nearest to their own."
    )


if __name__ == "__main__":
    main()
