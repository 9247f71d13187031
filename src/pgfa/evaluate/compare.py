"""Two runs on the same test clips: which is better, by how much, and whether more than by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import nearest
from pgfa.errors import BadConfig
from pgfa.evaluate.evaluation import Evaluation
from pgfa.evaluate.paired import StageComparison
from pgfa.evaluate.provenance import provenance
from pgfa.evaluate.report.content import AFTER, BEFORE
from pgfa.evaluate.report.tables import FOLDER, HIGH, LOW, to_csv, with_intervals_in_cells
from pgfa.evaluate.table import Row, Table
from pgfa.files import with_checksum, write_atomic, write_json

COMPARISON = "comparison.json"
DIFFERENCE = "difference"
NOTE = (
    "Difference: second minus first run, with the 95 % bootstrap interval over clips (the same clips for both), in "
    "percentage points. p: McNemar's exact test of the clips that only one of them gets right, not corrected for the "
    "number of rows. Both describe these two trained models: another seed gives others."
)


@dataclass(frozen=True)
class Comparison:
    """Two runs on the same clips.

    Attributes:
        names: folders of the runs.
        classes: names of the classes.
        true: (clips,) class numbers.
        stages: before and after alignment.
        provenance: what both were evaluated with.
        command: the command line of the comparison.
    """

    names: tuple[str, str]
    classes: tuple[str, ...]
    true: NDArray[np.int64]
    stages: dict[str, StageComparison]
    provenance: Mapping[str, str]
    command: str = ""

    def table(self) -> Table:
        """A row per stage and, after alignment, per class."""
        rows = [_row(name, stage) for name, stage in self.stages.items()]
        last = self.stages[AFTER]
        for label, name in enumerate(self.classes):
            clips = self.true == label
            if clips.any():
                rows.append(_row(name, last.of(clips)))
        change = (DIFFERENCE, f"{DIFFERENCE}{LOW}", f"{DIFFERENCE}{HIGH}")
        columns = ("clips", "first", "second", *change, "only first", "only second", "p")
        title = f"{self.names[0]} (first) and {self.names[1]} (second), accuracy in per cent; classes {AFTER}"
        return Table(title, columns, tuple(rows), (NOTE,))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        last, clips = self.stages[AFTER], {n: self.true == label for label, n in enumerate(self.classes)}
        return {
            "format": 1,
            "runs": list(self.names),
            "clips": len(self.true),
            "stages": {name: stage.to_dict() for name, stage in self.stages.items()},
            "classes": {name: last.of(own).to_dict() for name, own in clips.items() if own.any()},
            "command": self.command,
            "provenance": dict(self.provenance),
        }

    def save(self, folder: Path) -> Path:
        """Write ``comparison.json``, and the table as .csv and .tex in the folder of tables. Raises NotWritten."""
        table = self.table()
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        write_json(folder / COMPARISON, with_checksum(self.to_dict()))
        write_atomic(folder / FOLDER / "comparison.csv", to_csv(table))
        write_atomic(folder / FOLDER / "comparison.tex", with_intervals_in_cells(table).to_latex())
        return folder / COMPARISON


def compare(first: Evaluation, second: Evaluation, *, command: str = "") -> Comparison:
    """Compare two evaluations clip by clip.

    Args:
        command: the command line that does so, for the files.

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
    classes = tuple(action.label for action in first.corpus.unseen)
    return Comparison(names, classes, true, stages, provenance(second.corpus.packs), command)


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
    accuracies = [f"{100 * share:.1f}" for share in (stage.first.mean(), stage.second.mean())]
    # Adding zero makes +0.0 of -0.0.
    changes = [f"{round(100 * share, 1) + 0.0:+.1f}" for share in (stage.difference, low, high)]
    p = f"{stage.p:.3f}" if stage.p >= 0.0005 else "<0.001"
    return Row(name, "", (str(len(stage.first)), *accuracies, *changes, *map(str, stage.only), p))
