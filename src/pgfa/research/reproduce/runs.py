"""The training runs of a table of the paper: what is trained, the choice of alpha, the result of each run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pgfa.adapt import align
from pgfa.config import RunSettings
from pgfa.errors import BadFile
from pgfa.evaluate.evaluate import evaluate_run
from pgfa.evaluate.score import score
from pgfa.files import digest, read_json, verify_checksum, with_checksum, write_json
from pgfa.progress import Progress
from pgfa.research.reproduce.results import RunResult, saved_alpha, saved_result
from pgfa.research.reproduce.spec import DatasetColumn, TableSpec
from pgfa.research.selection import AlphaChoice, choose_alpha
from pgfa.train.clip_selection import ClipSelection
from pgfa.train.corpus import Corpus, prepare_selection
from pgfa.train.run import METRICS, open_run, read_log, test_log_path
from pgfa.train.schedule import sample_order
from pgfa.train.train import train

VERSION = 1
"""Increase it when results would change: older ones are then computed again from the trained runs."""

Protocol = Literal["test-selected", "validated", "both"]


@dataclass(frozen=True)
class SplitRuns:
    """All runs of one split of one column.

    Attributes:
        column, split: of the runs.
        selection: their clips.
        runs: settings, one per seed.
        folders: of the runs.
        alpha_folder: of the choice of alpha, if this split is the column's first.
    """

    column: DatasetColumn
    split: str
    selection: ClipSelection
    runs: tuple[RunSettings, ...]
    folders: tuple[Path, ...]
    alpha_folder: Path

    @property
    def clips_per_epoch(self) -> int:
        """Clips of an epoch."""
        return sample_order(self.runs[0].train, self.selection.train.labels, 0).size


def count_clips(splits: Sequence[SplitRuns], spec: TableSpec, protocol: Protocol) -> tuple[int, int]:
    """Clips to train on over all runs, and those that earlier calls have trained on."""
    total = trained = 0
    for split in splits:
        total += spec.epochs * split.clips_per_epoch * len(split.runs)
        trained += sum(min(_epochs(f), spec.epochs) * split.clips_per_epoch for f in split.folders)
        if protocol != "test-selected" and split.split == split.column.splits[0]:
            # Held-out classes have about their share of the clips.
            selection = split.selection
            share = 1 - len(selection.unseen) * len(split.column.splits) / len(selection.seen)
            clips = int(split.clips_per_epoch * max(share, 0))
            total += spec.epochs * clips * spec.folds
            folders = (split.alpha_folder / f"fold-{fold}" for fold in range(spec.folds))
            trained += sum(min(_epochs(f), spec.epochs) * clips for f in folders)
    return total, trained


def choose_column_alpha(
    splits: Sequence[SplitRuns], spec: TableSpec, device: str, bar: Progress
) -> AlphaChoice:
    """Alpha of a column: chosen once, on classes that are unseen in no split of the column."""
    first = splits[0]
    never = tuple(a.key for split in splits[1:] for a in split.selection.unseen)
    count = len(first.selection.unseen)
    path = first.alpha_folder / "alpha.json"
    key = _key(first, first.runs[0], never, count, spec.folds)
    if saved := _saved(path, key):
        return saved_alpha(saved)
    corpus = prepare_selection(first.selection, first.runs[0])
    choice = choose_alpha(
        first.runs[0], corpus, first.alpha_folder,
        count=count, folds=spec.folds, never=never, device=device, bar=bar,
    )  # fmt: skip
    write_json(path, with_checksum({"key": key, **asdict(choice)}))
    return choice


def run_results(split: SplitRuns, alpha: AlphaChoice | None, device: str, bar: Progress) -> list[RunResult]:
    """Train and evaluate every seed of a split, or read the results that are stored."""
    results: dict[int, RunResult] = {}
    keys = [_key(split, run, alpha.alpha if alpha else None) for run in split.runs]
    for seed, folder in enumerate(split.folders):
        if saved := _saved(folder / "result.json", keys[seed]):
            result = saved_result(saved["result"])
            if result.last_batches is not None:  # earlier versions did not store it: evaluated again below
                results[seed] = result
    if len(results) < len(split.runs):
        bar.set_title(f"{split.column.dataset}/{split.split}: prepare")
        corpus = prepare_selection(split.selection, split.runs[0])
    for seed, (run, folder) in enumerate(zip(split.runs, split.folders, strict=True)):
        if seed not in results:
            bar.set_title(f"{split.column.dataset}/{split.split}, seed {seed}")
            train(run, corpus, folder, device=device, bar=bar)
            results[seed] = _evaluate(split, seed, corpus, alpha, device)
            stored = {"key": keys[seed], "result": asdict(results[seed])}
            write_json(folder / "result.json", with_checksum(stored))
    return [results[seed] for seed in sorted(results)]


def _evaluate(
    split: SplitRuns, seed: int, corpus: Corpus, alpha: AlphaChoice | None, device: str
) -> RunResult:
    settings, folder = split.runs[seed], split.folders[seed]
    evaluation = evaluate_run(replace(open_run(folder, device=device), settings=settings), corpus)
    classes = len(corpus.unseen)
    epoch, accuracy, batches = best_epoch(folder) if settings.train.test_each_epoch else (None, None, None)
    validated = None
    if alpha:
        aligned = align(evaluation.features, evaluation.alignment.anchors, alpha.alpha)
        validated = score(corpus.test.labels, aligned.predictions, classes, seed=seed)
    return RunResult(
        column=split.column.name,
        split=split.split,
        seed=seed,
        train_clips=len(corpus.train),
        test_clips=len(corpus.test),
        classes=classes,
        before=evaluation.before.accuracy,
        last=evaluation.after.accuracy,
        last_interval=[evaluation.after.low, evaluation.after.high],
        best=accuracy,
        best_epoch=epoch,
        validated=validated.accuracy if validated else None,
        validated_class_mean=validated.class_mean if validated else None,
        validated_interval=[validated.low, validated.high] if validated else None,
        before_batches=evaluation.before.batch_mean,
        last_batches=evaluation.after.batch_mean,
        best_batches=batches,
        validated_batches=validated.batch_mean if validated else None,
    )


def best_epoch(folder: Path) -> tuple[int, float, float | None]:
    """The epoch that is best on the test clips after alignment (the first of equal ones), and its accuracy there.

    Last the highest mean over batches of any epoch; None if an earlier version wrote a line of the log without it.
    """
    path = test_log_path(folder)
    try:
        lines = list(read_log(path))
        best = max(lines, key=lambda line: (line["after"], -line["epoch"]))
        batches: list[Any] = [line.get("after_batches") for line in lines]
        return int(best["epoch"]), float(best["after"]), None if None in batches else float(max(batches))
    except (OSError, ValueError, KeyError, TypeError) as error:
        expected = "one line of accuracies per epoch"
        raise BadFile(path, expected=expected, found=str(error) or "none") from None


def _saved(path: Path, key: str) -> dict[str, Any] | None:
    """A stored result; None where there is none, where it is of something else, or damaged: it is computed again."""
    with suppress(BadFile):
        saved = read_json(path)
        if isinstance(saved, dict) and saved.get("key") == key:
            verify_checksum(path, saved)
            return saved
    return None


def _epochs(folder: Path) -> int:
    """Epochs a run has finished."""
    with suppress(OSError):
        return len((folder / METRICS).read_bytes().splitlines())
    return 0


def _key(split: SplitRuns, run: RunSettings, *more: Any) -> str:
    """Digest of everything that decides a result; the same for results of format 1."""
    decisive = run.canonical(exclude={"packs"}, omit_since=2)
    return digest(
        VERSION,
        decisive,
        [pack.digest for pack in split.selection.packs],
        [a.model_dump(mode="json") for a in (*split.selection.seen, *split.selection.unseen)],
        list(more),
    )
