"""Two runs on the same test clips: which is better, by how much, and whether more than by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import nearest
from pgfa.errors import BadConfig
from pgfa.evaluate.bootstrap import bootstrap_interval
from pgfa.evaluate.evaluation import Evaluation
from pgfa.evaluate.report.content import AFTER, BEFORE
from pgfa.evaluate.report.tables import FOLDER, to_csv
from pgfa.evaluate.table import Row, Table
from pgfa.files import with_checksum, write_atomic, write_json

COMPARISON = "comparison.json"
NOTE = (
    "Difference: second minus first run, with the 95 % bootstrap interval over clips (the same clips for both), in "
    "percentage points. p: McNemar's exact test of the clips that only one of them gets right. Both describe these two "
    "trained models: another seed gives others."
)


@dataclass(frozen=True)
class StageComparison:
    """The clips that each of two sets of predictions gets right.

    Attributes:
        first, second: (clips,) whether the prediction is correct.
    """

    first: NDArray[np.bool_]
    second: NDArray[np.bool_]

    @property
    def difference(self) -> float:
        """Accuracy of the second minus that of the first."""
        return float(self.second.mean()) - float(self.first.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % bootstrap interval of the difference over clips."""
        return bootstrap_interval(self.second.astype(np.float64) - self.first)

    @property
    def only(self) -> tuple[int, int]:
        """Clips that only the first and only the second gets right."""
        return int((self.first & ~self.second).sum()), int((self.second & ~self.first).sum())

    @property
    def p(self) -> float:
        """Two-sided p-value of McNemar's exact test: each clip that only one gets right falls to either by half."""
        fewer, total = min(self.only), sum(self.only)
        tail = sum(math.comb(total, k) for k in range(fewer + 1))
        return min(1.0, float(2 * tail / 2**total))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        low, high = self.interval
        return {
            "first": float(self.first.mean()),
            "second": float(self.second.mean()),
            "difference": self.difference,
            "low": low,
            "high": high,
            "only_first": self.only[0],
            "only_second": self.only[1],
            "p": self.p,
        }


@dataclass(frozen=True)
class Comparison:
    """Two runs on the same clips.

    Attributes:
        names: folders of the runs.
        classes: names of the classes.
        true: (clips,) class numbers.
        stages: before and after alignment.
    """

    names: tuple[str, str]
    classes: tuple[str, ...]
    true: NDArray[np.int64]
    stages: dict[str, StageComparison]

    def table(self) -> Table:
        """A row per stage and, after alignment, per class."""
        rows = [_row(name, stage) for name, stage in self.stages.items()]
        last = self.stages[AFTER]
        for label, name in enumerate(self.classes):
            clips = self.true == label
            if clips.any():
                rows.append(_row(name, StageComparison(last.first[clips], last.second[clips])))
        columns = ("clips", "first", "second", "difference", "low", "high", "only first", "only second", "p")
        title = f"{self.names[0]} (first) and {self.names[1]} (second), accuracy in per cent; classes {AFTER}"
        return Table(title, columns, tuple(rows), (NOTE,))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "format": 1,
            "runs": list(self.names),
            "clips": len(self.true),
            "stages": {name: stage.to_dict() for name, stage in self.stages.items()},
        }

    def save(self, folder: Path) -> Path:
        """Write ``comparison.json``, and the table as .csv and .tex in the folder of tables. Raises NotWritten."""
        table = self.table()
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        write_json(folder / COMPARISON, with_checksum(self.to_dict()))
        write_atomic(folder / FOLDER / "comparison.csv", to_csv(table))
        write_atomic(folder / FOLDER / "comparison.tex", table.to_latex())
        return folder / COMPARISON


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Compare two evaluations clip by clip.

    Raises:
        BadConfig: they are not of the same test clips and classes.
    """
    if _questions(first) != _questions(second):
        described = " and ".join(
            f"{len(e.corpus.test):,} clips of {e.run.settings.split}, protocol {e.run.settings.protocol} "
            f"({e.run.folder})"
            for e in (first, second)
        )
        raise BadConfig(f"expected two runs with the same test clips and classes, found {described}")
    true = first.corpus.test.labels
    stages = {
        BEFORE[first.start]: StageComparison(*(_nearest(e) == true for e in (first, second))),
        AFTER: StageComparison(*(e.alignment.predictions == true for e in (first, second))),
    }
    names = (str(first.run.folder), str(second.run.folder))
    return Comparison(names, tuple(c.label for c in first.corpus.unseen), true, stages)


def _questions(evaluation: Evaluation) -> tuple[list[str], list[tuple[str, int]], str]:
    """The classes, each clip with its true class, and what represents a class before alignment."""
    corpus = evaluation.corpus
    clips = [
        (str(corpus.packs[pack].manifest["id"][clip]), int(label))
        for (pack, clip), label in zip(corpus.test.origin.tolist(), corpus.test.labels, strict=True)
    ]
    return [action.key for action in corpus.unseen], clips, evaluation.start


def _nearest(evaluation: Evaluation) -> NDArray[np.int64]:
    return nearest(evaluation.features, evaluation.alignment.anchors)


def _row(name: str, stage: StageComparison) -> Row:
    low, high = stage.interval
    shares = [stage.first.mean(), stage.second.mean(), stage.difference, low, high]
    cells = [f"{100 * share:.1f}" for share in shares]
    cells[2:] = [f"{100 * share:+.1f}" for share in shares[2:]]
    return Row(name, "", (str(len(stage.first)), *cells, *map(str, stage.only), f"{stage.p:.3f}"))
