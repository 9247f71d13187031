"""The training runs of a table of the paper on a cluster: one task per fold and per seed of a split.

What the tasks store is what the runs in one process store; the table is then made from it by the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pgfa.errors import PgfaError
from pgfa.progress import Progress
from pgfa.research.reproduce.runs import Protocol as ProtocolName
from pgfa.research.reproduce.runs import (
    SplitRuns,
    choose_column_alpha,
    run_results,
    stored_alpha,
    stored_result,
    train_column_fold,
    train_seed,
)
from pgfa.research.reproduce.spec import TableSpec
from pgfa.research.selection import AlphaChoice
from pgfa.tasks.task import Executor, Task, TaskResult
from pgfa.train.memory import needed_memory


class ColumnRuns(Protocol):
    """Makes the runs of a column; called on each machine, so that no clip is sent."""

    def of_column(self, name: str) -> list[SplitRuns]:
        """All of a column."""
        ...

    def of_split(self, name: str, index: int) -> SplitRuns:
        """Those of one of its splits."""
        ...


def run_on(
    executor: Executor,
    spec: TableSpec,
    splits: Sequence[SplitRuns],
    runs_of: ColumnRuns,
    protocol: ProtocolName,
    bar: Progress,
) -> None:
    """Choose alpha, train and evaluate by the tasks of an executor; all results are then stored.

    Args:
        splits: of all columns.
        runs_of: makes those of one column again.

    Raises:
        PgfaError: a task failed.
    """
    schedule = _Schedule(spec, splits, runs_of, protocol != "test-selected")
    executor.run(schedule.first_tasks(), ended=schedule.ended, advance=lambda task, count: bar.advance(count))


@dataclass
class _Schedule:
    """Which tasks follow as others end.

    Attributes:
        spec, splits, runs_of: as in `run_on`.
        chooses_alpha: whether a run's result needs the alpha of its column.
        alphas: column -> its alpha, once it is chosen.
        open_folds: column -> how many folds are still to be trained.
        trained: `Task.folder` of the runs that are trained and wait for alpha.
    """

    spec: TableSpec
    splits: Sequence[SplitRuns]
    runs_of: ColumnRuns
    chooses_alpha: bool
    alphas: dict[str, AlphaChoice] = field(default_factory=dict)
    open_folds: dict[str, int] = field(default_factory=dict)
    trained: set[Path | None] = field(default_factory=set)

    def first_tasks(self) -> list[Task]:
        """Folds first, as results wait for them; nothing that is stored."""
        columns = {split.column.name: self._column(split.column.name) for split in self.splits}
        tasks = []
        for name, column in columns.items() if self.chooses_alpha else ():
            if alpha := stored_alpha(column, self.spec):
                self.alphas[name] = alpha
                continue
            self.open_folds[name] = self.spec.folds
            memory = needed_memory(column[0].selection, column[0].runs[0])
            tasks += [
                Task(
                    fold_task, (self.runs_of, name, self.spec, fold), memory,
                    _claim(column[0].alpha_folder / f"fold-{fold}"),
                )
                for fold in range(self.spec.folds)
            ]  # fmt: skip
        for number, split in enumerate(self.splits):
            for seed in range(len(split.runs)):
                if not self._waits(split) and stored_result(split, seed, self._alpha(split)):
                    continue
                tasks.append(self._task(seed_task if self._waits(split) else result_task, number, seed))
        return tasks

    def ended(self, result: TaskResult) -> list[Task]:
        """The tasks that can start now. Raises PgfaError if the task failed."""
        if result.error:
            raise PgfaError(f"{result.error}; run the same command again to resume")
        function, arguments = result.task.function, result.task.arguments
        if function is fold_task:
            name = arguments[1]
            self.open_folds[name] -= 1
            memory = result.task.memory
            return (
                [] if self.open_folds[name] else [Task(alpha_task, (self.runs_of, name, self.spec), memory)]
            )
        if function is alpha_task:
            self.alphas[arguments[1]] = result.value
        elif function is seed_task:
            self.trained.add(result.task.folder)
        ready = [
            (number, seed)
            for number, split in enumerate(self.splits)
            for seed, folder in enumerate(split.folders)
            if not self._waits(split) and _claim(folder) in self.trained
        ]
        tasks = [self._task(result_task, number, seed) for number, seed in ready]
        self.trained -= {task.folder for task in tasks}
        return tasks

    def _waits(self, split: SplitRuns) -> bool:
        return self.chooses_alpha and split.column.name not in self.alphas

    def _alpha(self, split: SplitRuns) -> AlphaChoice | None:
        return self.alphas.get(split.column.name)

    def _column(self, name: str) -> list[SplitRuns]:
        return [split for split in self.splits if split.column.name == name]

    def _task(self, function: Callable[..., None], number: int, seed: int) -> Task:
        split = self.splits[number]
        index = self._column(split.column.name).index(split)
        arguments = (self.runs_of, split.column.name, index, seed, self._alpha(split))
        memory = needed_memory(split.selection, split.runs[seed])
        return Task(function, arguments, memory, _claim(split.folders[seed]))


def _claim(folder: Path) -> Path:
    """The folder that a task locks; that of the run is locked by training itself."""
    return folder.parent / ".claims" / folder.name


def fold_task(
    runs_of: ColumnRuns, name: str, spec: TableSpec, fold: int, *, device: str, bar: Progress
) -> None:
    """Train a fold of a column."""
    train_column_fold(runs_of.of_column(name), spec, fold, device, bar)


def alpha_task(runs_of: ColumnRuns, name: str, spec: TableSpec, *, device: str, bar: Progress) -> AlphaChoice:
    """Choose the alpha of a column whose folds are trained."""
    return choose_column_alpha(runs_of.of_column(name), spec, device, bar)


def seed_task(
    runs_of: ColumnRuns, name: str, index: int, seed: int, alpha: None, *, device: str, bar: Progress
) -> None:
    """Train a seed of a split, before alpha is chosen."""
    train_seed(runs_of.of_split(name, index), seed, device, bar)


def result_task(
    runs_of: ColumnRuns,
    name: str,
    index: int,
    seed: int,
    alpha: AlphaChoice | None,
    *,
    device: str,
    bar: Progress,
) -> None:
    """Train a seed of a split, if it is not trained, and store its result."""
    run_results(runs_of.of_split(name, index), alpha, device, bar, seeds=(seed,))
