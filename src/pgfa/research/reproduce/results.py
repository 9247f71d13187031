"""From the results of single runs to the rows of a table of the paper, and the files in which both are stored.

Format of ``result.json`` and ``alpha.json`` in the folders of runs. The rule for changes: a name that changes gets a
line in `_RENAMED`, so that results of older versions are read and nothing is trained again; a name is never given
another meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from pgfa.evaluate.table import NOT_GIVEN, NOT_KNOWN, Cell, Row, Table, cell_of
from pgfa.research.reproduce.spec import DatasetColumn, TableSpec
from pgfa.research.selection import AlphaChoice
from pgfa.train.accuracy import TEST_BATCH

BEST = "ours, test-selected: best epoch on the test set"
LAST = "ours, test-selected: last epoch, alpha of the paper"
VALIDATED = "ours, validated: last epoch, alpha by validation"
BATCHES = "the same, mean over batches as in the authors' code"
ALONE = {False: "ours, sentences alone, last epoch", True: "ours, one clip alone, last epoch"}

_RENAMED: Final = {
    "honest": "validated",
    "honest_class_mean": "validated_class_mean",
    "honest_interval": "validated_interval",
    "held": "folds",
}
"""Names of format 1 -> today's."""


@dataclass(frozen=True)
class RunResult:
    """One trained run; accuracies are shares of 1.

    Attributes:
        column, split, seed: of the run.
        train_clips, test_clips, classes: sizes of its sets, number of unseen classes.
        before: accuracy of the last epoch without alignment.
        last, last_interval: with alignment at the paper's alpha; 95 % bootstrap interval over clips.
        best, best_epoch: the best epoch on the test clips; None if they were not tested after each.
        validated, validated_class_mean, validated_interval: last epoch, alpha chosen on pseudo-unseen classes.
        before_batches, last_batches, best_batches, validated_batches: means over batches of the accuracy
            (`pgfa.train.accuracy`), as the authors' code computes it; the epoch of `best_batches` is chosen by it.
            None in files of earlier versions.
    """

    column: str
    split: str
    seed: int
    train_clips: int
    test_clips: int
    classes: int
    before: float
    last: float
    last_interval: list[float]
    best: float | None = None
    best_epoch: int | None = None
    validated: float | None = None
    validated_class_mean: float | None = None
    validated_interval: list[float] | None = None
    before_batches: float | None = None
    last_batches: float | None = None
    best_batches: float | None = None
    validated_batches: float | None = None


@dataclass(frozen=True)
class ReproductionResults:
    """Everything a table is made from.

    Attributes:
        spec: of the table that was made.
        base: as it comes with the package.
        runs: results of all runs.
        alphas: column -> alpha of the protocol `validated`; empty if it was not asked for.
        notes: departures from the paper's settings, gaps in the data.
    """

    spec: TableSpec
    base: TableSpec
    runs: tuple[RunResult, ...]
    alphas: Mapping[str, AlphaChoice]
    notes: tuple[str, ...] = ()


def saved_result(values: Mapping[str, Any]) -> RunResult:
    """A run's result from a file of any format. Raises TypeError if names are missing or unknown."""
    return RunResult(**{_RENAMED.get(name, name): value for name, value in values.items()})


def saved_alpha(values: Mapping[str, Any]) -> AlphaChoice:
    """A choice of alpha from a file of any format. Raises KeyError if a name is missing."""
    choice = {_RENAMED.get(name, name): value for name, value in values.items()}
    return AlphaChoice(choice["alpha"], choice["folds"], choice["accuracy"])


def table_of(results: ReproductionResults) -> Table:
    """Published figures first, then ours under each protocol; a column without data says ``not given``."""
    spec, columns = results.spec, {run.column for run in results.runs}
    one_shot = all(split == "one-shot" for column in spec.columns for split in column.splits)
    rows = [
        Row(
            published.method,
            published.source,
            tuple(
                Cell(published.values[column.name], difference=published.difference)
                if column.name in published.values
                else NOT_KNOWN
                for column in spec.columns
            ),
        )
        for published in spec.published
    ]
    ours: list[tuple[str, str, str]] = [
        (BEST, "epoch chosen by the labels of the test clips", "best"),
        (LAST, "alpha as in the paper", "last"),
        (VALIDATED, "last epoch, alpha chosen on pseudo-unseen classes", "validated"),
        (ALONE[one_shot], "no alignment", "before"),
    ]
    for name, source, figure in ours:
        for suffix, head, about in (("", name, source), ("_batches", f"{name}; {BATCHES}", "")):
            value = attrgetter(figure + suffix)
            if any(value(run) is not None for run in results.runs):
                cells = tuple(
                    _cell(results, column, value) if column.name in columns else NOT_GIVEN
                    for column in spec.columns
                )
                rows.append(Row(head, about, cells))
    heads = tuple(column.name for column in spec.columns)
    return Table(spec.title, heads, tuple(rows), (*_notes(results), *results.notes))


def _cell(
    results: ReproductionResults, column: DatasetColumn, value: Callable[[RunResult], float | None]
) -> Cell | str:
    """Mean over splits, then mean and deviation over seeds; unknown if a run has no value."""
    values = {(run.split, run.seed): value(run) for run in results.runs if run.column == column.name}
    seeds = []
    for seed in range(results.spec.seeds):
        shares = [values[split, seed] for split in column.splits]
        present = [share for share in shares if share is not None]
        if len(present) < len(shares):
            return NOT_KNOWN
        seeds.append(present)
    return cell_of(seeds)


def _notes(results: ReproductionResults) -> list[str]:
    spec = results.spec
    spread = f"± standard deviation over {spec.seeds} seeds" if spec.seeds > 1 else "one seed, so no spread"
    notes = [f"Figures are per cent of test clips recognised correctly; {spread}."]
    if any(run.last_batches is not None for run in results.runs):
        notes.append(
            f"Mean over batches: of the accuracies of batches of {TEST_BATCH} test clips, in the order of the files. "
            "Published figures of PGFA are of this kind; clips of a smaller last batch weigh more."
        )
    if any(run.best is not None for run in results.runs):
        notes.append(
            f"Best epoch on the test set: the best of {spec.epochs} epochs by the labels of the unseen classes, as is "
            "common in the field. It is too high: in practice these labels are not available."
        )
    if results.alphas:
        alphas = ", ".join(f"{choice.alpha:.1f} ({name})" for name, choice in results.alphas.items())
        notes.append(
            f"Validated: alpha {alphas}, chosen on {spec.folds} {'set' if spec.folds == 1 else 'sets'} of "
            "pseudo-unseen classes held out of the seen ones; number of epochs and learning rate are the paper's."
        )
    return notes
