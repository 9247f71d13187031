"""The table of the whole campaign: sums over its tables, and each kind of failure shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from guides import CHECKOUT
from pgfa.research.evidence.campaign_table import campaign_table

MEASURED = CHECKOUT / "results" / "measured"
FAILURES = {
    "kill-writes": ("failed", "2", 2),
    "signal-commands": ("failed", "1", 1),
    "kill-processes": ("failed", "1", 1),
    "hinder-commands": ("failed", "3", 3),
    "kill-saves": ("neither", "4", 4),
    "flip-bits": ("silent", "5", 5),
    "large-recordings": ("seconds", "5.1", 1),
    "fuzz-readers": ("failed", "1,234", 1234),
    "hostile-commands": ("failed", "7", 7),
    "symmetries": ("above 0.05", "9 of 2130", 9),
}
"""Table -> column of its first row, a value with failures, and how many they are."""


def lines(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def texts(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(folder / f"{name}-1.csv", infer_schema=False)


@pytest.mark.parametrize("name", FAILURES)
def test_failures_of_every_part_are_counted(name: str, tmp_path: Path) -> None:
    for file in MEASURED.glob("*-1.csv"):
        shutil.copy(file, tmp_path)
    column, value, failures = FAILURES[name]
    rows = texts(tmp_path, name)
    (index,) = [i for i, column_ in enumerate(rows.columns) if column_ == column]
    before = [0 if rows[0, index] is None else rows[0, index]]
    rows[0, index] = value
    rows.write_csv(tmp_path / f"{name}-1.csv")
    script = f"`{name.replace('-', '_')}.py`"
    sound, damaged = (
        [int(line[2].replace(",", "")) for line in lines(campaign_table(folder)) if line[4] == script]
        for folder in (MEASURED, tmp_path)
    )
    was = 0 if name == "large-recordings" else int(str(before[0]).split(" of ")[0].replace(",", ""))
    assert sum(damaged) - sum(sound) == failures - was


def test_numbers_are_those_of_the_tables() -> None:
    """By a way of its own: polars on the files."""
    shown = {line[4]: line for line in lines(campaign_table(MEASURED))}
    flips = texts(MEASURED, "flip-bits").filter(pl.col("kind") == "all")
    assert shown["`flip_bits.py`"][1] == f"{int(flips['flips'][0]):,}"
    stops = texts(MEASURED, "kill-writes").drop("command", "failed").unpivot()["value"]
    tried = stops.str.extract(r"^(\d+)").cast(pl.Int64).sum()
    assert shown["`kill_writes.py`"][1] == f"{tried:,}"
    signals = (
        texts(MEASURED, "signal-commands").select("interrupted", "terminated", "twice").unpivot()["value"]
    )
    assert shown["`signal_commands.py`"][1] == f"{signals.cast(pl.Int64).sum():,}"
    damaged = texts(MEASURED, "fuzz-readers")
    assert shown["`fuzz_readers.py`"][1] == f"{10_000 * len(damaged):,}"
    slowest = max(float(cell.removesuffix(" s")) for cell in damaged["most time"])
    assert shown["`fuzz_readers.py`"][3].startswith(f"{slowest:.1f} s, ")
