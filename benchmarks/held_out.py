"""A recipe judged without UTD-MHAD: classes of Kinder-Gator and MSR-Action3D held out together, fold by fold.

    python benchmarks/held_out.py packs [RECIPE.toml] [--folds 3] [--out out/held-out]

RECIPE.toml holds settings as a run.toml does (`[train] scale = 5.0`); without it the default recipe is judged. Each
fold trains once, without 8 classes of the one set and 4 of the other and all that mean the same, and is tested on
both. Prints accuracy in per cent from sentences and after each alignment. Recipes are compared on the same folds.
"""

from __future__ import annotations

import argparse
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np

from pgfa.adapt import align_with
from pgfa.config import AdaptSettings, RunSettings
from pgfa.files import digest
from pgfa.learn.corpus import ClipSet, Corpus, assemble
from pgfa.learn.features import features_of
from pgfa.learn.sentences import candidate_vectors, seen_sentences
from pgfa.learn.train import train
from pgfa.pack import open_pack
from pgfa.text import catalogue

HELD = {"kinder-gator": 8, "msr-action3d": 4}
ALIGNMENTS = {
    "none": ("none", AdaptSettings()),
    "paper": ("paper", AdaptSettings()),
    "iterated": ("iterated", AdaptSettings()),
    "balanced, estimated": ("balanced", AdaptSettings()),
    "balanced, uniform": ("balanced", AdaptSettings(prior="uniform")),
    "neighbours": ("neighbours", AdaptSettings()),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packs", type=Path)
    parser.add_argument("recipe", type=Path, nargs="?")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("out/held-out"))
    args = parser.parse_args()
    recipe = tomllib.loads(args.recipe.read_text(encoding="utf-8")) if args.recipe else {}
    found: dict[str, list[np.ndarray]] = {dataset: [] for dataset in HELD}
    for fold in range(args.folds):
        for dataset, row in judge_fold(args.packs, recipe, fold, args.out).items():
            found[dataset].append(row)
            print(f"fold {fold}, {dataset}: " + "  ".join(f"{a:.1f}" for a in row), flush=True)
    print("| classes of | " + " | ".join(ALIGNMENTS) + " |\n|---|" + "---|" * len(ALIGNMENTS))
    for dataset, rows in found.items():
        print(f"| {dataset} | " + " | ".join(f"{a:.1f}" for a in np.mean(rows, axis=0)) + " |")


def judge_fold(packs: Path, recipe: dict, fold: int, out: Path) -> dict[str, np.ndarray]:
    """Data set -> accuracy in per cent for each of `ALIGNMENTS`, of one run trained without the fold's classes."""
    made = {dataset: corpus_of(packs, recipe, dataset, fold) for dataset in HELD}
    settings = made["kinder-gator"][0]
    corpora = [corpus for _, corpus in made.values()]
    both = common(*corpora)
    folder = out / digest(recipe, fold)
    model = train(settings, both, folder, device="cpu", show=True)
    made_of = seen_sentences(both.seen, both.unseen, both.books, settings.text, merge=True)
    rows = {}
    for dataset, (_, corpus) in made.items():
        features = features_of(model, corpus.test.positions, corpus.test.present)
        anchors = candidate_vectors(corpus.unseen, settings.text, made_of.centre)
        right = [
            (align_with(name, features, anchors, how).predictions == corpus.test.labels).mean()
            for name, how in ALIGNMENTS.values()
        ]
        rows[dataset] = 100 * np.array(right)
    return rows


def corpus_of(packs: Path, recipe: dict, dataset: str, fold: int) -> tuple[RunSettings, Corpus]:
    """The run that holds a fold of one data set out."""
    recorded = set(open_pack(packs / dataset).actions.tolist())
    names = [a.name for a in catalogue(dataset).actions if a.name in recorded]
    order = np.random.default_rng(7).permutation(len(names))
    held = [names[i] for i in order[fold * HELD[dataset] : (fold + 1) * HELD[dataset]]]
    split = f"{dataset}/unseen:{','.join(held)}"
    settings = RunSettings(packs=tuple(str(packs / name) for name in HELD), split=split, **recipe)
    return settings, assemble(settings)


def common(first: Corpus, second: Corpus) -> Corpus:
    """The classes that both corpora may train on."""
    allowed = {a.key for a in second.seen}
    seen = tuple(a for a in first.seen if a.key in allowed)
    number = {a.key: i for i, a in enumerate(seen)}
    labels = np.array([number.get(a.key, -1) for a in first.seen])[first.train.labels]
    at = np.flatnonzero(labels >= 0)
    clips = first.train
    left = ClipSet(clips.positions[at], clips.present[at], labels[at], clips.origin[at])
    return replace(first, seen=seen, train=left, unseen=first.unseen + second.unseen)


if __name__ == "__main__":
    main()
