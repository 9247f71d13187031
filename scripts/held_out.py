"""A recipe judged without UTD-MHAD: classes of Kinder-Gator and MSR-Action3D held out together, fold by fold.

    python scripts/held_out.py packs [RECIPE.toml] [--folds 3] [--seeds 1] [--out out/held-out]

RECIPE.toml holds settings as a run.toml does (`[train] scale = 5.0`); without it the default recipe is judged. Each
fold trains once a seed, without 8 classes of the one set and 4 of the other and all that mean the same, and is tested
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

HELD = {"kinder-gator": 8, "msr-action3d": 4}
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

Told = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Features (N, d) of held clips, sentence vectors (K, d) of the candidates, labels (N,)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packs", type=Path)
    parser.add_argument("recipe", type=Path, nargs="?")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/held-out"))
    args = parser.parse_args()
    recipe = tomllib.loads(args.recipe.read_text(encoding="utf-8")) if args.recipe else {}
    found: dict[str, list[dict[str, np.ndarray]]] = {dataset: [] for dataset in HELD}
    for seed in range(args.seeds):
        seeded = {**recipe, "train": {**recipe.get("train", {}), "seed": seed}} if seed else recipe
        for fold in range(args.folds):
            for dataset, told in judge_fold(args.packs, seeded, fold, args.out).items():
                found[dataset].append(judge(told))
                row = "  ".join(f"{a:.1f}" for a in found[dataset][-1]["all clips"])
                print(f"seed {seed}, fold {fold}, {dataset}: {row}", flush=True)
    print("| classes of | tested on | " + " | ".join(ALIGNMENTS) + " |\n|---|---|" + "---|" * len(ALIGNMENTS))
    for dataset, rows in found.items():
        for condition in rows[0]:
            means = np.mean([row[condition] for row in rows], axis=0)
            print(f"| {dataset} | {condition} | " + " | ".join(f"{a:.1f}" for a in means) + " |")


def judge(told: Told) -> dict[str, np.ndarray]:
    """Condition -> accuracy in per cent for each of `ALIGNMENTS`, mean over its draws."""
    rows: dict[str, list[list[float]]] = {}
    for condition, (features, anchors, labels) in conditions(told):
        right = [
            float((align_with(features, anchors, settings).predictions == labels).mean())
            for settings in ALIGNMENTS.values()
        ]
        rows.setdefault(condition, []).append(right)
    return {condition: 100 * np.mean(draws, axis=0) for condition, draws in rows.items()}


def conditions(told: Told) -> Iterator[tuple[str, Told]]:
    """The clips as they are, and drawn so that what alignments assume does not hold."""
    features, anchors, labels = told
    yield "all clips", told
    random, count = np.random.default_rng(0), len(anchors)
    for _ in range(DRAWS):
        share = (1 / (1 + np.arange(count)) ** 1.5)[random.permutation(count)]
        of = [random.permutation(np.flatnonzero(labels == c)) for c in range(count)]
        some = np.concatenate([at[: max(1, round(s * len(at)))] for s, at in zip(share, of, strict=True)])
        yield "classes as 1/rank^1.5", (features[some], anchors, labels[some])
        some = np.flatnonzero(np.isin(labels, random.permutation(count)[: count // 2]))
        yield "half of the candidates never seen", (features[some], anchors, labels[some])
        for clips in FEW:
            some = random.permutation(len(labels))[:clips]
            yield f"{clips} clips", (features[some], anchors, labels[some])


def judge_fold(packs: Path, recipe: dict, fold: int, out: Path) -> dict[str, Told]:
    """Data set -> its held clips as told by one run trained without the fold's classes."""
    made = {dataset: corpus_of(packs, recipe, dataset, fold) for dataset in HELD}
    settings = made["kinder-gator"][0]
    corpora = [corpus for _, corpus in made.values()]
    both = common(*corpora)
    folder = out / digest(recipe, fold)
    model = train(settings, both, folder, device="cpu", show=True)
    made_of = class_sentences(both, settings)
    told = {}
    for dataset, (_, corpus) in made.items():
        features = features_of(model, corpus.test.positions, corpus.test.present)
        anchors = class_anchors(corpus.unseen, settings.text, made_of.centre)
        told[dataset] = features, anchors, corpus.test.labels
    return told


def corpus_of(packs: Path, recipe: dict, dataset: str, fold: int) -> tuple[RunSettings, Corpus]:
    """The run that holds a fold of one data set out."""
    recorded = set(open_pack(packs / dataset).actions.tolist())
    names = [a.name for a in catalogue(dataset).actions if a.name in recorded]
    order = np.random.default_rng(7).permutation(len(names))
    held = [names[i] for i in order[fold * HELD[dataset] : (fold + 1) * HELD[dataset]]]
    split = f"{dataset}/unseen:{','.join(held)}"
    settings = RunSettings(packs=tuple(str(packs / name) for name in HELD), split=split, **recipe)
    return settings, build_corpus(settings)


def common(first: Corpus, second: Corpus) -> Corpus:
    """The classes that both corpora may train on."""
    allowed = {a.key for a in second.seen}
    seen = tuple(a for a in first.seen if a.key in allowed)
    number = {a.key: i for i, a in enumerate(seen)}
    labels = np.array([number.get(a.key, -1) for a in first.seen])[first.train.labels]
    at = np.flatnonzero(labels >= 0)
    clips = first.train
    left = clips.take(at, labels)
    return replace(first, seen=seen, train=left, unseen=first.unseen + second.unseen)


if __name__ == "__main__":
    main()
