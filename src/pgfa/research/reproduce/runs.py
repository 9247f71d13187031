"""The training runs of a table of the paper: what is trained, the choice of alpha, the result of each run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from pgfa.research.selection import AlphaChoice, alpha_fold, choose_alpha
from pgfa.train.clip_selection import ClipSelection
from pgfa.train.corpus import Corpus, prepare_selection
from pgfa.train.run import METRICS, open_run, read_log, test_log_path
from pgfa.train.schedule import sample_order
from pgfa.train.train import train

VERSION = 1
"""Increase it when results would change: older ones are then computed again from the trained runs."""

ALPHA, RESULT = "alpha.json", "result.json"
"""The choice of alpha of a column, and the result of a run, in their folders."""

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
    if stored := stored_alpha(splits, spec):
        return stored
    first, options = splits[0], _alpha_options(splits, spec)
    corpus = prepare_selection(first.selection, first.runs[0])
    choice = choose_alpha(first.runs[0], corpus, first.alpha_folder, **options, device=device, bar=bar)
    write_json(first.alpha_folder / ALPHA, with_checksum({"key": _alpha_key(splits, spec), **asdict(choice)}))
    return choice


def stored_alpha(splits: Sequence[SplitRuns], spec: TableSpec) -> AlphaChoice | None:
    """The choice that `choose_column_alpha` has stored; None if it has not."""
    saved = _saved(splits[0].alpha_folder / ALPHA, _alpha_key(splits, spec))
    return saved_alpha(saved) if saved else None


def train_column_fold(
    splits: Sequence[SplitRuns], spec: TableSpec, fold: int, device: str, bar: Progress
) -> None:
    """Train one of the runs on which the alpha of a column is chosen; `choose_column_alpha` then finds it."""
    first, options = splits[0], _alpha_options(splits, spec)
    corpus = prepare_selection(first.selection, first.runs[0])
    alpha_fold(first.runs[0], corpus, first.alpha_folder, fold, **options, device=device, bar=bar)


def _alpha_options(splits: Sequence[SplitRuns], spec: TableSpec) -> dict[str, Any]:
    never = tuple(a.key for split in splits[1:] for a in split.selection.unseen)
    return {"count": len(splits[0].selection.unseen), "folds": spec.folds, "never": never}


def _alpha_key(splits: Sequence[SplitRuns], spec: TableSpec) -> str:
    options = _alpha_options(splits, spec)
    return _key(splits[0], splits[0].runs[0], options["never"], options["count"], options["folds"])


def run_results(
    split: SplitRuns,
    alpha: AlphaChoice | None,
    device: str,
    bar: Progress,
    seeds: Collection[int] | None = None,
) -> list[RunResult]:
    """Train and evaluate seeds of a split, by default all, or read the results that are stored."""
    seeds = range(len(split.runs)) if seeds is None else seeds
    results = {seed: result for seed in seeds if (result := stored_result(split, seed, alpha))}
    if len(results) < len(seeds):
        bar.set_title(f"{split.column.dataset}/{split.split}: prepare")
        corpus = prepare_selection(split.selection, split.runs[0])
    for seed in seeds:
        if seed not in results:
            bar.set_title(f"{split.column.dataset}/{split.split}, seed {seed}")
            train(split.runs[seed], corpus, split.folders[seed], device=device, bar=bar)
            results[seed] = _evaluate(split, seed, corpus, alpha, device)
            stored = {"key": _result_key(split, seed, alpha), "result": asdict(results[seed])}
            write_json(split.folders[seed] / RESULT, with_checksum(stored))
    return [results[seed] for seed in sorted(results)]


def stored_result(split: SplitRuns, seed: int, alpha: AlphaChoice | None) -> RunResult | None:
    """The result that `run_results` has stored; None if it has not."""
    saved = _saved(split.folders[seed] / RESULT, _result_key(split, seed, alpha))
    result = saved_result(saved["result"]) if saved else None
    # Earlier versions did not store the mean over batches: evaluated again.
    return None if result is None or result.last_batches is None else result


def train_seed(split: SplitRuns, seed: int, device: str, bar: Progress) -> None:
    """Train a seed of a split; `run_results` then finds it."""
    corpus = prepare_selection(split.selection, split.runs[seed])
    train(split.runs[seed], corpus, split.folders[seed], device=device, bar=bar)


def _result_key(split: SplitRuns, seed: int, alpha: AlphaChoice | None) -> str:
    return _key(split, split.runs[seed], alpha.alpha if alpha else None)


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
