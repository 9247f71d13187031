"""From the output of fitted methods to rows of results: choices under each protocol, then accuracy, then H."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgfa.adapt import Option
from pgfa.evaluate.gzsl import GzslScores, choose_penalty, harmonic_mean, sweep
from pgfa.files import parquet_bytes, write_atomic
from pgfa.research.benchmark.fit import FitJob, MethodOutput, error_of, error_path, load_output
from pgfa.research.benchmark.plan import SplitJob
from pgfa.research.benchmark.spec import VALIDATED, BenchmarkSettings
from pgfa.research.selection import GRIDS, apply, best_of
from pgfa.train.run import test_log_path

VERSION = 2
"""Increase it when rows or curves would differ for the same fits (changes of the grids are detected)."""

CHOSEN = "chosen"
"""In place of an alignment: the one that the protocol itself chooses."""

SCHEMA = pl.Schema(
    {
        "training": pl.String, "dataset": pl.String, "split": pl.String, "seed": pl.Int64, "protocol": pl.String,
        "method": pl.String, "alignment": pl.String, "epochs": pl.Int64, "choice": pl.String,
        "clips": pl.Int64, "classes": pl.Int64, "accuracy": pl.Float64, "class_mean": pl.Float64,
        "right": pl.Binary, "gzsl_seen": pl.Float64, "gzsl_unseen": pl.Float64, "gzsl_h": pl.Float64,
        "gzsl_area": pl.Float64, "penalty": pl.Float64, "fold_accuracy": pl.Float64,
        "fit_seconds": pl.Float64, "judge_seconds": pl.Float64, "error": pl.String,
    }
)  # fmt: skip
"""Columns of the results; ``right`` holds one bit per test clip (`numpy.packbits`), in the order of the corpus."""

BenchmarkRow = dict[str, Any]


class Configuration(NamedTuple):
    """Everything a protocol chooses for a method: epochs, alignment, index of its options in the grid."""

    epochs: int
    alignment: str
    grid_index: int

    @property
    def option(self) -> Option:
        """Settings of the alignment."""
        return GRIDS[self.alignment][self.grid_index]


def evaluate_split(job: SplitJob, spec: BenchmarkSettings) -> list[BenchmarkRow]:
    """Rows of a split: one per seed, protocol, method and alignment, or one with the error if a method failed.

    If it failed in some of the folds, choices are made on the others, and a row without a seed holds the error.
    """
    return [row for method in spec.methods for row in _MethodRows.of(job, spec, method).rows()]


def correct_clips(row: BenchmarkRow) -> NDArray[np.bool_]:
    """(clips,) which test clips were recognised correctly."""
    return np.unpackbits(np.frombuffer(row["right"], np.uint8), count=row["clips"]).astype(bool)


def write_rows(path: Path, rows: list[BenchmarkRow]) -> None:
    """Rows as Parquet, atomically."""
    write_atomic(path, parquet_bytes(pl.DataFrame(rows, schema=SCHEMA)))


Accuracies = dict[Configuration, list[float]]
"""Accuracy of each configuration on each of the sets that a protocol chooses by."""


@dataclass(frozen=True)
class _MethodRows:
    """One method in one split: its outputs, and how good every configuration is on the folds.

    Attributes:
        job, spec, method: what is evaluated.
        folds: (fold, epochs) -> output.
        full: (seed, epochs) -> output.
        complete: folds that have every number of epochs: choices are made on these, as a fold that failed for
            one number says nothing about the others.
        fold_accuracy: of all configurations, on the complete folds.
    """

    job: SplitJob
    spec: BenchmarkSettings
    method: str
    folds: dict[tuple[int, int], MethodOutput]
    full: dict[tuple[int, int], MethodOutput]
    complete: list[int]
    fold_accuracy: Accuracies

    @classmethod
    def of(cls, job: SplitJob, spec: BenchmarkSettings, method: str) -> _MethodRows:
        """Load the outputs, and score the configurations on the folds."""
        folds, full = _outputs(job.folds, method), _outputs(job.full, method)
        complete = [
            fold
            for fold in sorted({fold for fold, _ in job.folds})
            if all((fold, epochs) in folds for epochs in spec.epochs)
        ]
        configurations = [
            Configuration(epochs, alignment, index)
            for epochs in spec.epochs
            for alignment in spec.alignments
            for index in range(len(GRIDS[alignment]))
        ]
        example = next(iter([*full.values(), *folds.values()]), None)
        if example is not None:  # a method without a space leaves some alignments out
            configurations = [
                c for c in configurations if _aligned(example.zero_shot, c.alignment, c.option) is not None
            ]
        fold_accuracy = {
            c: [_accuracy(folds[fold, c.epochs].zero_shot, c) for fold in complete] for c in configurations
        }
        return cls(job, spec, method, folds, full, complete, fold_accuracy)

    def rows(self) -> Iterator[BenchmarkRow]:
        """All rows of the method."""
        job = self.job
        head = {"training": job.training, "dataset": job.split.partition("/")[0], "split": job.split}
        count = len({fold for fold, _ in job.folds})
        if self.complete and (failed := [unit for key, unit in job.folds.items() if key not in self.folds]):
            failures = f"{count - len(self.complete)} of {count} folds: {self._error(failed)}"
            yield head | {"method": self.method, "error": failures}
        for seed in sorted({seed for seed, _ in job.full}):
            about = head | {"seed": seed, "method": self.method}
            failed = [unit for key, unit in job.full.items() if key[0] == seed and key not in self.full]
            failed += list(job.folds.values()) if not self.complete else []
            if failed:
                yield about | {"error": self._error(failed)}
                continue
            for protocol in self.spec.protocols:
                yield from (
                    about | {"protocol": protocol, **row} for row in self._protocol_rows(seed, protocol)
                )

    def _protocol_rows(self, seed: int, protocol: str) -> Iterator[BenchmarkRow]:
        """A row per alignment, and one for the alignment that is chosen."""
        accuracies = self.fold_accuracy
        if protocol != VALIDATED:
            accuracies = {c: [_accuracy(self.full[seed, c.epochs].zero_shot, c)] for c in accuracies}
        chosen = {
            alignment: _best({c: a for c, a in accuracies.items() if c.alignment == alignment})
            for alignment in {c.alignment for c in accuracies}
        }
        chosen[CHOSEN] = _best({c: a for c, a in accuracies.items() if c in chosen.values()})
        figures: dict[Configuration, BenchmarkRow] = {}
        for alignment in (*self.spec.alignments, CHOSEN):
            if alignment in chosen:
                configuration = chosen[alignment]
                if configuration not in figures:
                    figures[configuration] = self._figures(seed, protocol, configuration)
                yield {"alignment": alignment, **figures[configuration]}

    def _figures(self, seed: int, protocol: str, configuration: Configuration) -> BenchmarkRow:
        output = self.full[seed, configuration.epochs]
        chosen_on = [output]
        if protocol == VALIDATED:
            chosen_on = [self.folds[fold, configuration.epochs] for fold in self.complete]
        row = {"fold_accuracy": float(np.mean(self.fold_accuracy[configuration]))}
        row |= _scored(output, configuration, chosen_on)
        if protocol != VALIDATED:
            row |= _best_epoch(self.job, seed, self.method, configuration.alignment, float(row["accuracy"]))
        return row

    def _error(self, failed: Sequence[FitJob]) -> str:
        recorded = (job for job in failed if error_path(job, self.method).exists())
        return error_of(next(recorded, failed[0]), self.method)


def _outputs(jobs: dict[tuple[int, int], FitJob], method: str) -> dict[tuple[int, int], MethodOutput]:
    outputs = ((key, load_output(job, method)) for key, job in jobs.items())
    return {key: output for key, output in outputs if output is not None}


def _best(accuracies: Accuracies) -> Configuration:
    configurations = list(accuracies)
    return configurations[best_of(np.array([accuracies[c] for c in configurations]).T)]


def _aligned(output: MethodOutput, alignment: str, option: Option) -> NDArray[np.float32] | None:
    return apply(alignment, option, output.scores, output.points, output.anchors)


def _scores(output: MethodOutput, configuration: Configuration) -> NDArray[np.float32]:
    scores = _aligned(output, configuration.alignment, configuration.option)
    assert scores is not None  # configurations that need a space were left out before
    return scores


def _accuracy(output: MethodOutput, configuration: Configuration) -> float:
    return float((_scores(output, configuration).argmax(axis=1) == output.labels).mean())


def _scored(
    output: MethodOutput, configuration: Configuration, chosen_on: list[MethodOutput]
) -> BenchmarkRow:
    """Figures of a configuration on one run; `chosen_on`: outputs by which the penalty is chosen."""
    started, unseen = time.perf_counter(), output.zero_shot
    right = _scores(unseen, configuration).argmax(axis=1) == unseen.labels
    size = np.bincount(unseen.labels, minlength=unseen.unseen)
    share = np.bincount(unseen.labels, right, minlength=unseen.unseen)[size > 0] / size[size > 0]
    row: BenchmarkRow = {
        "epochs": configuration.epochs,
        "choice": json.dumps({"alignment": configuration.alignment, **configuration.option}),
        "clips": len(right), "classes": unseen.unseen, "accuracy": float(right.mean()),
        "class_mean": float(share.mean()), "right": np.packbits(right).tobytes(), "fit_seconds": output.seconds,
    }  # fmt: skip
    if output.mixed and any(other.mixed for other in chosen_on):
        penalty = choose_penalty([_mixed(other, configuration) for other in chosen_on if other.mixed])
        curve = sweep(_mixed(output, configuration))
        on_seen, on_unseen = curve.accuracies(penalty)
        row |= {
            "gzsl_seen": on_seen, "gzsl_unseen": on_unseen, "gzsl_h": harmonic_mean(on_seen, on_unseen),
            "gzsl_area": curve.area, "penalty": penalty,
        }  # fmt: skip
    return row | {"judge_seconds": time.perf_counter() - started}


def _mixed(output: MethodOutput, configuration: Configuration) -> GzslScores:
    """All classes are candidates, and alignment sees all clips together, as it would in use."""
    return GzslScores(_scores(output, configuration), output.labels, output.unseen)


def _best_epoch(job: SplitJob, seed: int, method: str, alignment: str, accuracy: float) -> BenchmarkRow:
    """The best epoch on the test clips, if they were recognised after each and it exceeds `accuracy`.

    Which clips were right is not logged, nor the figures with seen classes: these columns stay empty.
    """
    column = {"none": "before", "paper": "after"}.get(alignment)
    if column is None:
        return {}
    best: BenchmarkRow = {}
    for line in _test_log(job, seed, method):
        if line[column] > accuracy + 1e-9:
            accuracy = line[column]
            choice = {"alignment": alignment, "epoch": line["epoch"]}
            choice |= {"alpha": line["alpha"]} if alignment == "paper" else {}
            empty = ("class_mean", "right", "gzsl_seen", "gzsl_unseen", "gzsl_h", "gzsl_area", "penalty")
            best = {
                "accuracy": accuracy, "epochs": line["epoch"] + 1, "choice": json.dumps(choice),
                "fold_accuracy": None, **dict.fromkeys(empty),
            }  # fmt: skip
    return best


def _test_log(job: SplitJob, seed: int, method: str) -> Iterator[dict[str, Any]]:
    """Lines of the logs of all runs of a seed; a log that is missing or damaged has none."""
    for (run_seed, _), fit_job in job.full.items():
        if run_seed == seed:
            lines: list[dict[str, Any]] = []
            with suppress(OSError, ValueError):
                text = test_log_path(fit_job.folder / method).read_text(encoding="utf-8")
                lines = [json.loads(line) for line in text.splitlines()]
            yield from lines
