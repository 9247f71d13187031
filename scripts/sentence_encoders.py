"""What sentence encoder and precision are worth: `paper` and `default`, published splits of UTD-MHAD.

    python scripts/sentence_encoders.py packs/utd-mhad packs/kinder-gator packs/msr-action3d packs/hdm05 \
        --out out/sentence-encoders --workers 2
    python scripts/sentence_encoders.py packs/utd-mhad --recipes default --out out/sentence-encoders    # a quarter hour
    python scripts/sentence_encoders.py packs/utd-mhad --encoders mpnet --precision float32 bfloat16 --out out/precision

The first pack is UTD-MHAD; runs are trained on it alone and with the other packs. Each run is a folder of --out, as
`pgfa train` writes it, and evaluated once with the weights of the last epoch. Resumable: finished runs are not
repeated. Writes --out/rows.csv (a row per run) and prints means over seeds in Markdown.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import math
import multiprocessing
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from pgfa.config import RunSettings
from pgfa.evaluate.evaluate import evaluate_run
from pgfa.evaluate.student import half_width
from pgfa.files import read_json, write_atomic, write_json
from pgfa.train.corpus import build_corpus
from pgfa.train.run import open_run
from pgfa.train.train import train

RECIPES, ENCODERS, SPLITS = ("paper", "default"), ("minilm", "mpnet"), ("22-5", "18-9", "14-13")
# As in docs/former-figures.md: one body, since UTD-MHAD shows one person, and fewer epochs for fewer clips.
PAPER: dict[str, Any] = {
    "train": {"epochs": 36, "drops": (30,), "batch_size": 64},
    "prepare": {"bodies": 1},
}
ROW = "row.json"


@dataclass(frozen=True)
class Job:
    """One run.

    Attributes:
        recipe, encoder, split, seed: of the run.
        packs: trained on; UTD-MHAD first.
        out: folder of the run.
        device: as for `pgfa.train.train.train`.
        precision: of training, as `train.precision`.
    """

    recipe: str
    encoder: str
    split: str
    seed: int
    packs: tuple[str, ...]
    out: Path
    device: str
    precision: str

    def settings(self) -> RunSettings:
        """Of the run."""
        changes = PAPER if self.recipe == "paper" else {}
        stages = {
            "prepare": changes.get("prepare", {}),
            "text": {"encoder": self.encoder},
            "train": {**changes.get("train", {}), "seed": self.seed, "precision": self.precision},
        }
        return RunSettings(recipe=self.recipe, packs=self.packs, split=f"utd-mhad/{self.split}", **stages)


def main() -> None:
    """Train, evaluate, write and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", help="UTD-MHAD first")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=RECIPES)
    parser.add_argument("--workers", type=int, default=1, help="runs at a time; default: %(default)s")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--encoders", nargs="+", choices=ENCODERS, default=ENCODERS, help="of sentences")
    parser.add_argument(
        "--precision", nargs="+", choices=("float32", "bfloat16"), default=["float32"], help="of training"
    )
    args = parser.parse_args()
    started, rows = time.monotonic(), []
    jobs = jobs_of(
        tuple(args.packs), args.out, args.seeds, args.device, args.precision, args.recipes, args.encoders
    )
    with multiprocessing.get_context("spawn").Pool(args.workers, torch.set_num_threads, (1,)) as pool:
        for row in pool.imap_unordered(run, jobs):
            rows.append(row)
            print(f"{len(rows)} of {len(jobs)} runs, {time.monotonic() - started:.0f} s: {row}", flush=True)
            write_rows(args.out / "rows.csv", rows)
    print(markdown(rows))
    if len(args.precision) == 2:
        print(f"\n{differences(rows, args.precision)}")


def jobs_of(
    packs: tuple[str, ...],
    out: Path,
    seeds: int,
    device: str,
    precisions: Sequence[str] = ("float32",),
    recipes: Sequence[str] = RECIPES,
    encoders: Sequence[str] = ENCODERS,
) -> list[Job]:
    """All runs, seed by seed, so that a run that is stopped has whole seeds."""
    trained_on = [packs[:1], packs] if len(packs) > 1 else [packs]
    jobs = []
    for seed, used, precision, recipe, encoder, split in itertools.product(
        range(seeds), trained_on, precisions, recipes, encoders, SPLITS
    ):
        name = f"{recipe}-{encoder}-{split}-{len(used)}-{seed}"
        folder = out / (f"{name}-{precision}" if len(precisions) > 1 else name)
        jobs.append(Job(recipe, encoder, split, seed, used, folder, device, precision))
    return jobs


def run(job: Job) -> dict[str, Any]:
    """The row of a run, which is trained and evaluated unless it has been."""
    stored = job.out / ROW
    if not stored.is_file():
        settings = job.settings()
        corpus = build_corpus(settings)
        started = time.monotonic()
        train(settings, corpus, job.out, device=job.device)
        seconds = time.monotonic() - started
        evaluation = evaluate_run(open_run(job.out, device=job.device), corpus)
        facts = asdict(job) | {"packs": " ".join(Path(p).name for p in job.packs)}
        del facts["out"]
        write_json(
            stored,
            facts | {
                "train_clips": len(corpus.train), "test_clips": len(corpus.test), "seconds": round(seconds, 1),
                "sentences": round(evaluation.before.accuracy, 4), "aligned": round(evaluation.after.accuracy, 4),
            },
        )  # fmt: skip
        for checkpoint in job.out.glob("checkpoint*"):
            checkpoint.unlink()  # the weights stay
    row: dict[str, Any] = read_json(stored)
    return row


def write_rows(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    """As CSV, in the order of `Job`'s attributes."""
    ordered = sorted(rows, key=lambda row: tuple(str(value) for value in row.values()))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(ordered[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(ordered)
    write_atomic(file, text.getvalue().encode())


def markdown(rows: list[dict[str, Any]]) -> str:
    """Mean over seeds (lowest to highest), from sentences / aligned, in per cent; by precision if there are several."""
    columns = {"packs": "trained on", "recipe": "recipe", "encoder": "encoder", "precision": "precision"}
    if len({row["precision"] for row in rows}) == 1:
        del columns["precision"]
    lines = [
        "| " + " | ".join([*columns.values(), *SPLITS]) + " |",
        "|---" * (len(columns) + len(SPLITS)) + "|",
    ]
    for group in sorted({tuple(row[name] for name in columns) for row in rows}):
        of_group = [row for row in rows if tuple(row[name] for name in columns) == group]
        cells = []
        for split in SPLITS:
            chosen = [row for row in of_group if row["split"] == split]
            cells.append(
                " / ".join(_mean([100 * row[name] for row in chosen]) for name in ("sentences", "aligned"))
            )
        lines.append("| " + " | ".join([*group, *cells]) + " |")
    return "\n".join(lines)


def differences(rows: list[dict[str, Any]], precisions: Sequence[str]) -> str:
    """How much the second precision adds to the first: mean over pairs of runs with one split and seed, in points."""
    first, second = precisions
    lines = ["| recipe | pairs | from sentences (95 %) | aligned (95 %) |", "|---|---|---|---|"]
    for recipe in sorted({row["recipe"] for row in rows}):
        pairs: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
        for row in rows:
            if row["recipe"] == recipe:
                key = tuple(row[name] for name in ("packs", "encoder", "split", "seed"))
                pairs.setdefault(key, {})[row["precision"]] = row
        cells = []
        for name in ("sentences", "aligned"):
            gained = [100 * (pair[second][name] - pair[first][name]) for pair in pairs.values()]
            mean, half = sum(gained) / len(gained), half_width(gained) or math.nan
            cells.append(f"{mean:.1f} ({mean - half:.1f} to {mean + half:.1f})")
        lines.append(f"| {recipe} | {len(pairs)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _mean(values: list[float]) -> str:
    return f"{sum(values) / len(values):.1f} ({min(values):.1f} to {max(values):.1f})" if values else "-"


if __name__ == "__main__":
    main()
