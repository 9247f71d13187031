"""What recentring, alignment and the decision between them gain and lose, on features of several data sets.

    python scripts/adapt_or_decline.py SETS/*.npz

Each file is one data set that the model was not trained on: `features` (N, d), `anchors` (K, d) and `labels` (N,).
All of its clips (at most 2000) are adapted on, and random subsets of classes and clips: few clips, few classes, absent
and unequal classes. Labels are used only for scoring. In the last table the thresholds of the decision, and then the
method too, are chosen on the clips and subsets of the other sets (nested); files whose names are equal after the first
"-" hold the same recordings and are left out together. Prints Markdown; accuracy in %.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pgfa.adapt import ALIGNMENTS, Evidence, Recentring, align_with, collect_evidence, nearest
from pgfa.adapt.decision import MAX_SHARE, MIN_AGREEMENT, MIN_CLIPS, MIN_PER_SENTENCE
from pgfa.config import AdaptSettings

METHODS = ("paper", "iterated", "neighbours", "balanced", "smoothed", "discriminant")
MOST = 2000
PRESENT = (MIN_CLIPS, MIN_PER_SENTENCE, MIN_AGREEMENT, MAX_SHARE)
GRID = tuple(
    itertools.product((10, 15, 20, 30), (0, 2, 3, 5, 8), (0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8), (0.6, 0.9, 1))
)
"""Least clips, clips per sentence, agreement; largest share of a sentence."""
TOLERATED = 1.0
"""Points below the sentences alone from which a loss counts as harm."""


@dataclass(frozen=True)
class Case:
    """Accuracy in % of one pool of clips by sentences alone and recentred, and of each method: accuracy, evidence."""

    alone: float
    recentred: float
    aligned: dict[str, tuple[float, Evidence]]

    def by(self, method: str, thresholds: tuple[float, ...]) -> float:
        """Accuracy by the decision under these thresholds, as in `GRID`."""
        clips, per_sentence, agreement, share = thresholds
        accuracy, e = self.aligned[method]
        meets = e.clips >= clips and e.clips >= per_sentence * e.sentences
        return accuracy if meets and e.agreement >= agreement and e.share <= share else self.recentred

    def utility(self, method: str, thresholds: tuple[float, ...]) -> float:
        """Points gained over the sentences alone; those lost beyond the tolerated ones count three times."""
        gain = self.by(method, thresholds) - self.alone
        return gain - 2 * max(0.0, -TOLERATED - gain)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--draws", type=int, default=24, help="random subsets per set")
    args = parser.parse_args()
    cases = {}
    for file in args.sets:
        with np.load(file) as arrays:
            pools = draw_pools(arrays["features"], arrays["anchors"], arrays["labels"], args.draws)
            cases[file.stem] = [measure(*pool) for pool in pools]
    print_sets(cases)
    print_methods(cases)
    print_nested(cases)


def draw_pools(
    features: np.ndarray, anchors: np.ndarray, labels: np.ndarray, draws: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """All clips, then random subsets of clips and candidate classes."""
    random = np.random.default_rng(0)
    clips = random.permutation(len(features))[:MOST]
    yield features[clips], anchors, labels[clips]
    kinds = ("few clips", "classes", "clips", "absent", "unequal", "few clips")
    for kind in (kinds[draw % len(kinds)] for draw in range(draws)):
        classes = np.arange(len(anchors))
        if kind != "clips":
            most = {"few clips": 12, "classes": len(anchors)}.get(kind, 20)
            count = min(len(anchors), int(random.integers(3, most + 1)))
            classes = np.sort(random.choice(len(anchors), count, replace=False))
        shown = (
            classes[random.permutation(len(classes))[: len(classes) // 2]] if kind == "absent" else classes
        )
        clips = random.permutation(np.flatnonzero(np.isin(labels, shown)))
        if kind == "unequal":
            share = (1.0 + random.permutation(len(classes))) ** -1.5
            clips = clips[random.random(len(clips)) < share[np.searchsorted(classes, labels[clips])]]
        limit = {"few clips": random.integers(3, 41), "clips": random.integers(20, 301)}.get(kind, 500)
        if len(clips := clips[:limit]):
            yield features[clips], anchors[classes], np.searchsorted(classes, labels[clips])


def measure(features: np.ndarray, anchors: np.ndarray, labels: np.ndarray) -> Case:
    """Accuracy of one pool; the labels by prototypes, as a recogniser answers later."""

    def accuracy(predictions: np.ndarray) -> float:
        return 100 * float((predictions == labels).mean())

    recentring = Recentring.of(features, anchors)
    points, sentences = recentring.shift_features(features), recentring.shift_sentences(anchors)
    aligned = {}
    for method in METHODS:
        settings = AdaptSettings(method=method)
        result = align_with(points, sentences, settings)
        evidence = collect_evidence(points, sentences, ALIGNMENTS[method], settings, result)
        aligned[method] = (accuracy(nearest(points, result.prototypes)), evidence)
    return Case(accuracy(nearest(features, anchors)), accuracy(nearest(points, sentences)), aligned)


def others(cases: dict[str, list[Case]], name: str) -> list[list[Case]]:
    """The cases of each set of other recordings."""
    return [c for other, c in cases.items() if other.partition("-")[2] != name.partition("-")[2]]


def best(sets: list[list[Case]], methods: tuple[str, ...]) -> tuple[str, tuple[float, ...]]:
    """Method and thresholds of the highest utility, mean over cases, then over sets; of equals the first."""
    options = itertools.product(methods, GRID)
    return max(
        options, key=lambda o: np.mean([np.mean([case.utility(*o) for case in cases]) for cases in sets])
    )


def print_sets(cases: dict[str, list[Case]]) -> None:
    """All clips of each set: alone, recentred, aligned by each method, and by the decision of the package."""
    print(
        "| set | clips / classes | alone | recentred | "
        + " | ".join(METHODS)
        + " | agreement (paper) | adapt |"
    )
    print("|---" * (len(METHODS) + 6) + "|")
    for name, (case, *_) in cases.items():
        _, evidence = case.aligned["paper"]
        cells = [case.alone, case.recentred, *(case.aligned[m][0] for m in METHODS)]
        declined = " (declined)" if evidence.reason_to_decline() else ""
        print(
            f"| {name} | {evidence.clips} / {evidence.sentences} | {' | '.join(f'{c:.1f}' for c in cells)} "
            f"| {evidence.agreement:.2f} | {case.by('paper', PRESENT):.1f}{declined} |"
        )


def print_methods(cases: dict[str, list[Case]]) -> None:
    """Subsets: gain, and how often there is harm, always aligned and by the decision of the package."""
    print(
        "\n| subsets | always: gain | harm | by the decision: gain | harm | aligned |\n|---|---|---|---|---|---|"
    )
    for method in ("recentred", *METHODS):
        always, decided, aligned = [], [], []
        for case in (case for group in cases.values() for case in group[1:]):
            always.append(case.recentred if method == "recentred" else case.aligned[method][0])
            decided.append(always[-1] if method == "recentred" else case.by(method, PRESENT))
            aligned.append(method != "recentred" and not case.aligned[method][1].reason_to_decline())
            always[-1], decided[-1] = always[-1] - case.alone, decided[-1] - case.alone
        cells = [
            f"{np.mean(g):+.1f} | {100 * np.mean(np.array(g) < -TOLERATED):.0f} %" for g in (always, decided)
        ]
        print(f"| {method} | {' | '.join(cells)} | {100 * np.mean(aligned):.0f} % |")


def print_nested(cases: dict[str, list[Case]]) -> None:
    """All clips of each set by thresholds, and by thresholds and method, chosen on the other sets."""
    print(
        "\n| set | alone | thresholds from other sets | accuracy | method also | accuracy |\n|---|---|---|---|---|---|"
    )
    for name, (case, *_) in cases.items():
        rest = others(cases, name)
        cells = []
        for methods in (("paper",), METHODS):
            method, thresholds = best(rest, methods)
            prefix = "" if len(methods) == 1 else f"{method} "
            cells += [prefix + " ".join(f"{t:g}" for t in thresholds), f"{case.by(method, thresholds):.1f}"]
        print(f"| {name} | {case.alone:.1f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
