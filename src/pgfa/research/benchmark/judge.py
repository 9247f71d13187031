"""From what fitted methods said to rows of results: choices made under each protocol, then accuracy, then H."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgfa.adapt import Option
from pgfa.evaluate.gzsl import GzslScores, choose_penalty, harmonic_mean, sweep
from pgfa.research.benchmark.fit import Told, error_of, load
from pgfa.research.benchmark.plan import Job
from pgfa.research.benchmark.spec import HONEST, BenchmarkSettings
from pgfa.research.selection import GRIDS, apply, best_of
from pgfa.train.run import test_log_path

VERSION = 2
"""To be raised when rows or curves would come out otherwise from the same fits, grids apart."""

CHOSEN = "chosen"
"""In place of an alignment: the one that the protocol itself would choose."""

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
"""Columns of the results; ``right`` holds a bit a test clip (`numpy.packbits`), in the order of the corpus."""

Row = dict[str, Any]
Way = tuple[int, str, int]
"""Epochs, alignment, place of its settings in the grid."""


def judge(job: Job, spec: BenchmarkSettings) -> list[Row]:
    """Rows of a job: one for each seed, protocol, method and alignment; one with the error where a method failed.

    Where it failed in some of the folds, choices are made on the others, and a row without a seed tells the error.
    """
    return [row for method in spec.methods for row in _judge_method(job, spec, method)]


def right_of(row: Row) -> NDArray[np.bool_]:
    """(clips,) which test clips were right."""
    return np.unpackbits(np.frombuffer(row["right"], np.uint8), count=row["clips"]).astype(bool)


def _judge_method(job: Job, spec: BenchmarkSettings, method: str) -> Iterator[Row]:
    folds = {at: told for at, unit in job.folds.items() if (told := load(unit, method)) is not None}
    full = {at: told for at, unit in job.full.items() if (told := load(unit, method)) is not None}
    numbers = sorted({fold for fold, _ in job.folds})
    # Choices are made on folds that have every length: a fold that failed for one says nothing about the others.
    whole = [f for f in numbers if all((f, e) in folds for e in spec.epochs)]
    ways = [(e, a, o) for e in spec.epochs for a in spec.alignments for o in range(len(GRIDS[a]))]
    first = next(iter([*full.values(), *folds.values()]), None)
    if first is not None:
        ways = [way for way in ways if _aligned(first.zero_shot, way[1], GRIDS[way[1]][way[2]]) is not None]
    on_folds = {way: [_accuracy(folds[f, way[0]].zero_shot, way) for f in whole] for way in ways}
    head = {"training": job.training, "dataset": job.split.partition("/")[0], "split": job.split}
    if whole and (lost := [unit for at, unit in job.folds.items() if at not in folds]):
        words = (
            f"{len(numbers) - len(whole)} of {len(numbers)} folds: {error_of(_failed(lost, method), method)}"
        )
        yield head | {"method": method, "error": words}
    for seed in sorted({seed for seed, _ in job.full}):
        about = head | {"seed": seed}
        missing = [unit for (s, e), unit in job.full.items() if s == seed and (s, e) not in full]
        missing += list(job.folds.values()) if not whole else []
        if missing:
            yield about | {"method": method, "error": error_of(_failed(missing, method), method)}
            continue
        for protocol in spec.protocols:
            if protocol == HONEST:
                judged = on_folds
            else:
                judged = {way: [_accuracy(full[seed, way[0]].zero_shot, way)] for way in ways}
            chosen = {
                a: _choose({w: v for w, v in judged.items() if w[1] == a}) for a in {w[1] for w in ways}
            }
            chosen[CHOSEN] = _choose({w: judged[w] for w in judged if w in chosen.values()})
            rows: dict[Way, Row] = {}
            for name in (*spec.alignments, CHOSEN):
                if name not in chosen:
                    continue
                way = chosen[name]
                if way not in rows:
                    learnt = [folds[f, way[0]] for f in whole] if protocol == HONEST else [full[seed, way[0]]]
                    rows[way] = {"fold_accuracy": float(np.mean(on_folds[way]))}
                    rows[way] |= _row(full[seed, way[0]], way, learnt)
                    if protocol != HONEST:
                        rows[way] |= _watched(job, seed, method, way[1], float(rows[way]["accuracy"]))
                yield about | {"protocol": protocol, "method": method, "alignment": name} | rows[way]


def _failed(units: list[Any], method: str) -> Any:
    return next((u for u in units if (u.folder / f"{method}.error.json").exists()), units[0])


def _choose(judged: dict[Way, list[float]]) -> Way:
    ways = list(judged)
    return ways[best_of(np.array([judged[way] for way in ways]).T)]


def _aligned(told: Told, name: str, option: Option) -> NDArray[np.float32] | None:
    return apply(name, option, told.scores, told.points, told.anchors)


def _scores(told: Told, way: Way) -> NDArray[np.float32]:
    found = _aligned(told, way[1], GRIDS[way[1]][way[2]])
    assert found is not None  # ways that a method has no space for are left out before
    return found


def _accuracy(told: Told, way: Way) -> float:
    return float((_scores(told, way).argmax(axis=1) == told.labels).mean())


def _row(told: Told, way: Way, learnt: list[Told]) -> Row:
    """Figures of one way on one run; `learnt`: where its penalty is chosen."""
    began, own = time.perf_counter(), told.zero_shot
    right = _scores(own, way).argmax(axis=1) == own.labels
    size = np.bincount(own.labels, minlength=own.unseen)
    share = np.bincount(own.labels, right, minlength=own.unseen)[size > 0] / size[size > 0]
    row: Row = {
        "epochs": way[0], "choice": json.dumps({"alignment": way[1], **GRIDS[way[1]][way[2]]}),
        "clips": len(right), "classes": own.unseen, "accuracy": float(right.mean()),
        "class_mean": float(share.mean()), "right": np.packbits(right).tobytes(), "fit_seconds": told.seconds,
    }  # fmt: skip
    if told.mixed and any(other.mixed for other in learnt):
        penalty = choose_penalty([_mixed(other, way) for other in learnt if other.mixed])
        found = sweep(_mixed(told, way))
        seen, unseen = found.accuracies(penalty)
        row |= {
            "gzsl_seen": seen, "gzsl_unseen": unseen, "gzsl_h": harmonic_mean(seen, unseen),
            "gzsl_area": found.area, "penalty": penalty,
        }  # fmt: skip
    return row | {"judge_seconds": time.perf_counter() - began}


def _mixed(told: Told, way: Way) -> GzslScores:
    """All classes are candidates, and alignment sees all clips together, as it would in use."""
    return GzslScores(_scores(told, way), told.labels, told.unseen)


def _watched(job: Job, seed: int, method: str, alignment: str, accuracy: float) -> Row:
    """The best epoch on the test clips, where they were watched in training and it beats what stands there.

    Its single clips are not known, nor its figures with seen classes: they are left empty.
    """
    column = {"none": "before", "paper": "after"}.get(alignment)
    best: Row = {}
    for (s, _), unit in job.full.items():
        lines: list[dict[str, Any]] = []
        if s == seed and column is not None:
            with suppress(OSError, ValueError):
                text = test_log_path(unit.folder / method).read_text(encoding="utf-8")
                lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            if line[str(column)] > accuracy + 1e-9:
                accuracy = line[str(column)]
                choice = {"alignment": alignment, "epoch": line["epoch"]}
                choice |= {"alpha": line["alpha"]} if alignment == "paper" else {}
                empty = ("class_mean", "right", "gzsl_seen", "gzsl_unseen", "gzsl_h", "gzsl_area", "penalty")
                best = {
                    "accuracy": accuracy, "epochs": line["epoch"] + 1, "choice": json.dumps(choice),
                    "fold_accuracy": None, **dict.fromkeys(empty),
                }  # fmt: skip
    return best


def write_rows(path: Path, rows: list[Row]) -> None:
    """Rows as Parquet, whole or not at all."""
    from pgfa.files import write_atomic

    write_atomic(path, pl.DataFrame(rows, schema=SCHEMA).write_parquet)
