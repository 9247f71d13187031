"""Evaluate a recipe without UTD-MHAD: classes of Kinder-Gator and MSR-Action3D held out together, fold by fold.

    python scripts/held_out.py packs [RECIPE.toml] [--folds 3] [--seeds 1] [--out out/held-out]

RECIPE.toml holds settings like those of a run.toml (`[train] logit_scale = 5.0`; default: the default recipe). Each
fold trains once per seed, without 8 classes of the one set and 4 of the other and all that mean the same, and is tested
on both. Prints accuracy in per cent from sentences and after each alignment; then the same where what alignments
assume does not hold: classes as 1/rank^1.5, half of the candidates never seen, a few clips only (means of six draws).
Recipes are compared on the same folds.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from pgfa.adapt import align_with
from pgfa.config import AdaptSettings, RunSettings
from pgfa.files import digest
from pgfa.pack import open_pack
from pgfa.text import catalogue
from pgfa.text.anchors import class_anchors
from pgfa.train.corpus import Corpus, build_corpus
from pgfa.train.features import features_of
from pgfa.train.sentences import class_sentences
from pgfa.train.train import train

HELD_OUT = {"kinder-gator": 8, "msr-action3d": 4}
ALIGNMENTS = {
    "none": AdaptSettings(method="none"),
    "paper": AdaptSettings(method="paper"),
    "iterated": AdaptSettings(method="iterated"),
    "balanced, estimated": AdaptSettings(),
    "balanced, uniform": AdaptSettings(prior="uniform"),
    "neighbours": AdaptSettings(method="neighbours"),
}


DRAWS = 6
FEW = (40, 15, 5)

HeldOutFeatures = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Features (N, d) of held-out clips, sentence vectors (K, d) of the candidates, labels (N,)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packs", type=Path)
    parser.add_argument("recipe", type=Path, nargs="?")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/held-out"))
    args = parser.parse_args()
    recipe = tomllib.loads(args.recipe.read_text(encoding="utf-8")) if args.recipe else {}
    results: dict[str, list[dict[str, np.ndarray]]] = {dataset: [] for dataset in HELD_OUT}
    for seed in range(args.seeds):
        seeded = {**recipe, "train": {**recipe.get("train", {}), "seed": seed}} if seed else recipe
        for fold in range(args.folds):
            for dataset, features_of_set in evaluate_fold(args.packs, seeded, fold, args.out).items():
                results[dataset].append(evaluate(features_of_set))
                row = "  ".join(f"{a:.1f}" for a in results[dataset][-1]["all clips"])
                print(f"seed {seed}, fold {fold}, {dataset}: {row}", flush=True)
    print("| classes of | tested on | " + " | ".join(ALIGNMENTS) + " |\n|---|---|" + "---|" * len(ALIGNMENTS))
    for dataset, rows in results.items():
        for condition in rows[0]:
            means = np.mean([row[condition] for row in rows], axis=0)
            print(f"| {dataset} | {condition} | " + " | ".join(f"{a:.1f}" for a in means) + " |")


def evaluate(features_of_set: HeldOutFeatures) -> dict[str, np.ndarray]:
    """Condition -> accuracy in per cent for each of `ALIGNMENTS`, mean over its draws."""
    rows: dict[str, list[list[float]]] = {}
    for condition, (features, anchors, labels) in conditions(features_of_set):
        right = [
            float((align_with(features, anchors, settings).predictions == labels).mean())
            for settings in ALIGNMENTS.values()
        ]
        rows.setdefault(condition, []).append(right)
    return {condition: 100 * np.mean(draws, axis=0) for condition, draws in rows.items()}


def conditions(features_of_set: HeldOutFeatures) -> Iterator[tuple[str, HeldOutFeatures]]:
    """The clips as they are, and drawn so that what alignments assume does not hold."""
    features, anchors, labels = features_of_set
    yield "all clips", features_of_set
    random, count = np.random.default_rng(0), len(anchors)
    for _ in range(DRAWS):
        share = (1 / (1 + np.arange(count)) ** 1.5)[random.permutation(count)]
        clips_of = [random.permutation(np.flatnonzero(labels == c)) for c in range(count)]
        chosen = np.concatenate(
            [clips[: max(1, round(s * len(clips)))] for s, clips in zip(share, clips_of, strict=True)]
        )
        yield "classes as 1/rank^1.5", (features[chosen], anchors, labels[chosen])
        chosen = np.flatnonzero(np.isin(labels, random.permutation(count)[: count // 2]))
        yield "half of the candidates never seen", (features[chosen], anchors, labels[chosen])
        for clips in FEW:
            chosen = random.permutation(len(labels))[:clips]
            yield f"{clips} clips", (features[chosen], anchors, labels[chosen])


def evaluate_fold(packs: Path, recipe: dict, fold: int, out: Path) -> dict[str, HeldOutFeatures]:
    """Data set -> its held-out clips, as features of one run trained without the classes of the fold."""
    runs = {dataset: corpus_of(packs, recipe, dataset, fold) for dataset in HELD_OUT}
    settings = runs["kinder-gator"][0]
    corpora = [corpus for _, corpus in runs.values()]
    both = common(*corpora)
    folder = out / digest(recipe, fold)
    model = train(settings, both, folder, device="cpu", show=True)
    sentences = class_sentences(both, settings)
    features_of_set = {}
    for dataset, (_, corpus) in runs.items():
        features = features_of(model, corpus.test.positions, corpus.test.present)
        anchors = class_anchors(corpus.unseen, settings.text, sentences.centre)
        features_of_set[dataset] = features, anchors, corpus.test.labels
    return features_of_set


def corpus_of(packs: Path, recipe: dict, dataset: str, fold: int) -> tuple[RunSettings, Corpus]:
    """The run that holds a fold of one data set out."""
    recorded = set(open_pack(packs / dataset).actions.tolist())
    names = [a.name for a in catalogue(dataset).actions if a.name in recorded]
    order = np.random.default_rng(7).permutation(len(names))
    held_out = [names[i] for i in order[fold * HELD_OUT[dataset] : (fold + 1) * HELD_OUT[dataset]]]
    split = f"{dataset}/unseen:{','.join(held_out)}"
    settings = RunSettings(packs=tuple(str(packs / name) for name in HELD_OUT), split=split, **recipe)
    return settings, build_corpus(settings)


def common(first: Corpus, second: Corpus) -> Corpus:
    """The classes that both corpora may train on."""
    allowed = {a.key for a in second.seen}
    seen = tuple(a for a in first.seen if a.key in allowed)
    number = {a.key: i for i, a in enumerate(seen)}
    labels = np.array([number.get(a.key, -1) for a in first.seen])[first.train.labels]
    index = np.flatnonzero(labels >= 0)
    clips = first.train
    shared = clips.take(index, labels)
    return replace(first, seen=seen, train=shared, unseen=first.unseen + second.unseen)


if __name__ == "__main__":
    main()
