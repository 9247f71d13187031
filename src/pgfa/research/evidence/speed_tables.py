"""Rates of the motion encoders: the files that scripts/speed_encoders.py and scripts/speed_gpu.py write."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pgfa.research.evidence.markdown import table
from pgfa.research.evidence.merge import read_rows, write_rows
from pgfa.research.evidence.record import Computation, Record, load_record, save_record

FOLDER, KIND = "speed", "speed of the encoders"
KEYS = ("model", "work", "precision", "clips")
COLUMNS = (
    *KEYS, "seconds", "clips_per_second", "ratio", "gflop_per_clip", "utilisation", "peak_mb",
)  # fmt: skip
"""Of every file; it may have more."""
SHOWN = (*KEYS, "clips_per_second", "ratio", "utilisation")
"""Those that the page shows."""


def load_average() -> str:
    """How many processes of the machine ran in the last minute; empty where the system does not say it."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""


def save_speed(
    file: Path, rows: Sequence[Mapping[str, str]], settings: Mapping[str, object], seconds: float
) -> None:
    """Write rows with their record.

    Args:
        file: CSV; its folder is made.
        rows: all with the same columns, `COLUMNS` among them.
        settings: device, numbers of clips and repeats, load.
        seconds: how long the measurement took.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    write_rows(file, list(rows[0]), [dict(row) for row in rows])
    save_record(file, Record(KIND, KEYS, dict(settings), {}, computations=(Computation.now(seconds),)))


def speed_files(results: Path) -> dict[str, Path]:
    """Name of a block -> its file, of all that are stored."""
    return {f"{FOLDER} {file.stem}": file for file in sorted((results / FOLDER).glob("*.csv"))}


def speed_table(file: Path) -> str:
    """`SHOWN` of a file as Markdown. Raises BadFile if it was changed after its record was written."""
    load_record(file)
    _, rows = read_rows(file)
    return table([name.replace("_", " ") for name in SHOWN], [[row[name] for name in SHOWN] for row in rows])
