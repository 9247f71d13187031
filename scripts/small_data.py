"""Training on few recordings: accuracy and cost by number of epochs and batch size.

    python scripts/small_data.py packs/utd-mhad packs/kinder-gator packs/msr-action3d --out out/small/table.csv

Draws small data sets from packs: CLASSES seen classes with CLIPS clips each, and UNSEEN others to recognise, on all of
their clips. Every draw is trained once for each of SCHEDULES, in one thread. Writes a row per draw and
schedule, with its record (docs/evidence.md); rows that the file has are not computed again.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from pgfa.config import RunSettings
from pgfa.pack import open_pack
from pgfa.research.evidence.record import Computation, Record, save_record
from pgfa.text.catalogue import catalogue
from pgfa.train.anchors import evaluate_epoch
from pgfa.train.corpus import Corpus, build_corpus
from pgfa.train.schedule import for_few_clips
from pgfa.train.sentences import class_sentences
from pgfa.train.train import train

SIZES = {"small": (8, 8), "medium": (12, 20)}
"""Name -> seen classes, clips of each."""
UNSEEN = 3
SCHEDULES = ((20, 64), None)
"""Epochs and batch sizes that are compared; None: those that `pgfa train` takes for this number of clips."""
COLUMNS = (
    "size",
    "set",
    "draw",
    "schedule",
    "epochs",
    "batch",
    "clips",
    "test_clips",
    "alone",
    "aligned",
    "cpu_seconds",
)


def draw(pack: Path, size: str, number: int) -> tuple[RunSettings, Corpus]:
    """A small data set: the settings of its split, and its clips."""
    classes, clips = SIZES[size]
    (dataset,) = open_pack(pack).datasets
    random = np.random.default_rng([number, classes])
    names = random.permutation([action.name for action in catalogue(dataset).actions])
    settings = RunSettings(packs=(str(pack),), split=f"{dataset}/unseen:{','.join(names[:UNSEEN])}")
    corpus = build_corpus(settings)
    by_name = {action.name: label for label, action in enumerate(corpus.seen)}
    chosen = [name for name in names[UNSEEN:] if (corpus.train.labels == by_name[name]).sum() >= clips][
        :classes
    ]
    index = np.concatenate(
        [random.permutation(np.flatnonzero(corpus.train.labels == by_name[name]))[:clips] for name in chosen]
    )
    number_of = np.full(len(corpus.seen), -1)
    number_of[[by_name[name] for name in chosen]] = np.arange(len(chosen))
    seen = tuple(corpus.seen[by_name[name]] for name in chosen)
    return settings, replace(
        corpus, seen=seen, train=corpus.train.take(index, number_of[corpus.train.labels])
    )


def rows(packs: list[Path], size: str, draws: range, known: set[tuple[str, ...]]) -> Iterator[list[str]]:
    """One row per draw and schedule, those of `known` left out."""
    for number in draws:
        for pack in packs:
            drawn = None
            for schedule in SCHEDULES:
                name = "by size" if schedule is None else "{} of {}".format(*schedule)
                if (size, pack.name, str(number), name) in known:
                    continue
                drawn = drawn or draw(pack, size, number)
                yield [size, pack.name, str(number), name, *measured(*drawn, schedule)]


def measured(settings: RunSettings, corpus: Corpus, schedule: tuple[int, int] | None) -> list[str]:
    """Epochs, batch size, clips, accuracies and CPU seconds of one training."""
    if schedule is None:
        stage = for_few_clips(settings.train, len(corpus.train))
    else:
        stage = settings.train.model_copy(update=dict(zip(("epochs", "batch_size"), schedule, strict=True)))
    settings = settings.model_copy(update={"train": stage})
    with tempfile.TemporaryDirectory() as folder:
        before = time.process_time()
        model = train(settings, corpus, Path(folder) / "run", device="cpu")
        seconds = time.process_time() - before
    figures = evaluate_epoch(model, corpus, settings, class_sentences(corpus, settings).centre)
    accuracy = [f"{figures[name]:.4f}" for name in ("before", "after")]
    counts = (stage.epochs, stage.batch_size, len(corpus.train), len(corpus.test))
    return [*map(str, counts), *accuracy, f"{seconds:.1f}"]


def main() -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--sizes", nargs="+", choices=tuple(SIZES), default=["small"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    started = time.monotonic()
    stored = list(csv.reader(args.out.open(encoding="utf-8"))) if args.out.exists() else []
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with args.out.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if not stored:
            writer.writerow(COLUMNS)
        known = {tuple(row[:4]) for row in stored}
        for size in args.sizes:
            for row in rows(args.packs, size, range(args.draws), known):
                writer.writerow(row)
                file.flush()
                print(*row)
    computed = list(csv.DictReader(args.out.open(encoding="utf-8")))
    seconds = max(time.monotonic() - started, sum(float(row["cpu_seconds"]) for row in computed))
    packs = {pack.name: open_pack(pack) for pack in args.packs}
    record = Record(
        kind="training on few recordings",
        keys=COLUMNS[:4],
        settings={
            "sizes": {name: SIZES[name] for name in args.sizes},
            "unseen": UNSEEN,
            "run": RunSettings().model_dump(mode="json"),
        },
        data={
            name: {"digest": pack.digest, "clips": len(pack), "datasets": list(pack.datasets)}
            for name, pack in packs.items()
        },
        training={name: [name] for name in packs},
        seeds=(0,),
        computations=(Computation.now(seconds),),  # also of earlier calls
    )
    save_record(args.out, record)


if __name__ == "__main__":
    main()
