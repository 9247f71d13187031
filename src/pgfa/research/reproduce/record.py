"""The runs of a table as rows, and their record: packs, settings, machine and time (docs/evidence.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from pgfa.files import file_sha256
from pgfa.pack import open_pack
from pgfa.research.evidence.merge import write_rows
from pgfa.research.evidence.record import Computation, Record, save_record
from pgfa.research.reproduce.results import ReproductionResults, RunResult
from pgfa.research.reproduce.runs import SplitRuns

KIND = "tables of the paper"
KEYS = ("column", "split", "seed")
OF_THE_CALL = {"packs", "split"}
"""Settings of a run that say which data it has: rows of several data sets may be merged."""


def save_rows(
    out: Path,
    results: ReproductionResults,
    splits: Sequence[SplitRuns],
    packs: Mapping[str, Path],
    sentences: Mapping[str, Path],
    protocol: str,
    seconds: float,
) -> None:
    """Write the runs as CSV, a row each, and their record beside it.

    Args:
        out: the file of rows.
        splits: those the runs are of.
        packs: data set -> its pack.
        sentences: data set -> file with sentences that were used instead of the package's own.
        protocol: that was asked for.
        seconds: how long this call took; what an earlier call trained is not counted.
    """
    columns = [field.name for field in fields(RunResult)]
    write_rows(out, columns, [_row(run) for run in results.runs])
    opened = {dataset: open_pack(folder) for dataset, folder in packs.items()}
    settings: dict[str, Any] = {
        "table": results.spec.model_dump(mode="json", exclude={"title", "seeds"}),
        "protocol": protocol,
        "sentences": {dataset: file_sha256(file) for dataset, file in sentences.items() if dataset in packs},
        "run": _common(splits[0].runs[0].model_dump(mode="json")),
    }
    record = Record(
        kind=KIND,
        keys=KEYS,
        settings=settings,
        data={
            dataset: {"digest": pack.digest, "clips": len(pack), "datasets": list(pack.datasets)}
            for dataset, pack in opened.items()
        },
        training={dataset: [dataset] for dataset in opened},
        seeds=tuple(sorted({run.seed for run in results.runs})),
        computations=(Computation.now(seconds),),
    )
    save_record(out, record)


def _row(run: RunResult) -> dict[str, str]:
    """A cell per figure; empty where the protocol has none, intervals as ``low to high``."""
    cells = {}
    for name, value in asdict(run).items():
        pair = f"{value[0]!r} to {value[1]!r}" if isinstance(value, list) else str(value)
        cells[name] = "" if value is None else pair
    return cells


def _common(run: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that all columns, splits and seeds share; a file of vectors by its content, not its place."""
    common = {name: value for name, value in run.items() if name not in OF_THE_CALL}
    text = {name: value for name, value in run["text"].items() if name != "source"}
    if run["text"]["encoder"] == "file":
        text["vectors"] = file_sha256(Path(run["text"]["source"]))
    train = {name: value for name, value in run["train"].items() if name not in ("seed", "learning_rate")}
    adapt = {name: value for name, value in run["adapt"].items() if name != "alpha"}
    return {**common, "text": text, "train": train, "adapt": adapt}
