"""From the results of single runs to the rows of a table of the paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pgfa.evaluate.table import NOT_GIVEN, NOT_KNOWN, Cell, Row, Table, cell_of
from pgfa.research.reproduce.spec import Column, Spec
from pgfa.research.selection import AlphaChoice

BEST, LAST = "ours, paper protocol: best epoch on the test set", "ours, paper protocol: last epoch"
HONEST = "ours, honest protocol"
ALONE = {False: "ours, sentences alone, last epoch", True: "ours, one clip alone, last epoch"}


@dataclass(frozen=True)
class Result:
    """One trained run; shares of 1.

    Attributes:
        column, split, seed: which.
        train_clips, test_clips, classes: sizes of its sets, number of unseen classes.
        before: accuracy of the last epoch without alignment.
        last, last_interval: with alignment at the paper's alpha; 95 % bootstrap interval over clips.
        best, best_epoch: the epoch that is best on the test clips; None where they were not watched.
        honest, honest_class_mean, honest_interval: last epoch, alpha chosen on pseudo-unseen classes.
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
    honest: float | None = None
    honest_class_mean: float | None = None
    honest_interval: list[float] | None = None


@dataclass(frozen=True)
class Standing:
    """All that a table is made of.

    Attributes:
        spec: what was made; `base`: as it comes with the package.
        results: of every run.
        chosen: column -> alpha of the honest protocol; empty where it was not asked for.
        notes: departures from the paper's making, gaps in the data.
    """

    spec: Spec
    base: Spec
    results: tuple[Result, ...]
    chosen: Mapping[str, AlphaChoice]
    notes: tuple[str, ...] = ()


def table_of(standing: Standing) -> Table:
    """Published figures first, then ours under each protocol; a column without data says ``not given``."""
    spec, given = standing.spec, {result.column for result in standing.results}
    one_shot = all(split == "one-shot" for column in spec.columns for split in column.splits)
    rows = [
        Row(
            p.method,
            p.where,
            tuple(
                Cell(p.values[c.name], difference=p.difference) if c.name in p.values else NOT_KNOWN
                for c in spec.columns
            ),
        )
        for p in spec.published
    ]
    ours: list[tuple[str, str, Callable[[Result], float | None]]] = [
        (BEST, "epoch chosen by the labels of the test clips", lambda r: r.best),
        (LAST, "alpha as in the paper", lambda r: r.last),
        (HONEST, "last epoch, alpha chosen on pseudo-unseen classes", lambda r: r.honest),
        (ALONE[one_shot], "no alignment", lambda r: r.before),
    ]
    for name, where, value in ours:
        if any(value(result) is not None for result in standing.results):
            cells = tuple(
                _cell(standing, column, value) if column.name in given else NOT_GIVEN
                for column in spec.columns
            )
            rows.append(Row(name, where, cells))
    return Table(
        spec.title, tuple(c.name for c in spec.columns), tuple(rows), (*_notes(standing), *standing.notes)
    )


def _cell(standing: Standing, column: Column, value: Callable[[Result], float | None]) -> Cell | str:
    of = {(r.split, r.seed): value(r) for r in standing.results if r.column == column.name}
    shares = [[of[split, seed] for split in column.splits] for seed in range(standing.spec.seeds)]
    known = [[share for share in row if share is not None] for row in shares]
    return cell_of(known) if known == shares else NOT_KNOWN


def _notes(standing: Standing) -> list[str]:
    spec = standing.spec
    spread = f"± standard deviation over {spec.seeds} seeds" if spec.seeds > 1 else "one seed, so no spread"
    notes = [f"Figures are per cent of test clips that are right; {spread}."]
    if any(r.best is not None for r in standing.results):
        notes.append(
            f"Best epoch on the test set: the best epoch of {spec.epochs} by the labels of the unseen classes. "
            "It is what the field reports, and it flatters: nobody has those labels in use."
        )
    if standing.chosen:
        told = ", ".join(f"{choice.alpha:.1f} ({name})" for name, choice in standing.chosen.items())
        notes.append(
            f"Honest protocol: alpha {told}, chosen on {spec.folds} {'set' if spec.folds == 1 else 'sets'} of "
            "pseudo-unseen classes held out of the seen ones; number of epochs and learning rate are the paper's."
        )
    return notes
