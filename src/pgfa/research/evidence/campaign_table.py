"""What the reliability campaign counted, in one table: a row per bar of docs/reliability.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pgfa.research.evidence.markdown import table
from pgfa.research.evidence.merge import read_rows

HEAD = ("what must hold", "tried", "failed", "worst", "counted by")
WRITES = {
    "kill-writes": "A command that is killed, stopped or refused while it writes continues as if it had not been",
    "signal-commands": "Ctrl-C and SIGTERM at any moment: one line, nothing left over, the same command continues",
    "kill-processes": "One of several processes is killed, or all: the rest end, and the same command continues",
    "hinder-commands": "Full and read-only disk, a file in the way, a closed output: one sentence, nothing lost",
}
INPUTS = {
    "fuzz-readers": "A damaged recording is refused or sound: at most 5 s and 512 MB",
    "hostile-commands": "The same through the server and the commands, beyond what a sound file takes",
}
CHANGES = {
    "mirrored, sides swapped": "A mirrored body with its sides swapped changes no first answer, and no probability by "
    "more than 0.10",
    "turned by 37 degrees": "A turned body changes no probability by more than 0.05",
    "half the rate": "Nor does half the rate",
    "resampled to 25 frames per second": "Nor do 25 frames per second",
}
NOT_TRIALS = {"failed", "ended before"}
LIMITS = 5.0, 512.0
"""Seconds and MB that a sound recording of 20 MB may take."""


def campaign_table(folder: Path) -> str:
    """The table, from the stored tables of the campaign in a folder. Raises BadFile, as `read_rows`."""
    return table(HEAD, [row for rows in (_stops, _stored, _costs, _symmetries) for row in rows(folder)])


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    return read_rows(folder / f"{name}-1.csv")[1]


def _line(text: str, tried: int, failed: int, worst: str, script: str) -> Sequence[str]:
    return text, f"{tried:,}", f"{failed:,}", worst, f"`{script.replace('-', '_')}.py`"


def _stops(folder: Path) -> Iterator[Sequence[str]]:
    for name, text in WRITES.items():
        rows = _rows(folder, name)
        ways = [way for way in list(rows[0])[1:] if way not in NOT_TRIALS]
        tried = sum(_first(row[way]) for row in rows for way in ways)
        yield _line(text, tried, _total(rows, "failed"), "", name)
    rows = _rows(folder, "kill-saves")
    failed = _total(rows, "neither") + _total(rows, "files left")
    text = "A save over a bundle that is killed leaves the old one or the new one"
    yield _line(text, _total(rows, "kills"), failed, "", "kill-saves")


def _stored(folder: Path) -> Iterator[Sequence[str]]:
    rows = [row for row in _rows(folder, "flip-bits") if row["kind"] != "all"]
    failed = _total(rows, "silent") + _total(rows, "crash")
    text = "A flipped bit of a stored file is detected, repaired or without effect"
    yield _line(text, _total(rows, "flips"), failed, "", "flip-bits")


def _costs(folder: Path) -> Iterator[Sequence[str]]:
    name = "large-recordings"
    costs = [(float(row["seconds"]), float(row["MB of memory"])) for row in _rows(folder, name)]
    failed = sum(any(cost > limit for cost, limit in zip(both, LIMITS, strict=True)) for both in costs)
    text = "A sound recording of nearly 20 MB takes at most 5 s of processor time and 512 MB"
    yield _line(text, len(costs), failed, _worst(costs), name)
    for name, text in INPUTS.items():
        rows = _rows(folder, name)
        costs = [(_number(row["most time"]), _number(row["most memory"])) for row in rows]
        yield _line(text, _total(rows, "inputs"), _total(rows, "failed"), _worst(costs), name)


def _symmetries(folder: Path) -> Iterator[Sequence[str]]:
    rows = {row["change"]: row for row in _rows(folder, "symmetries")}
    for change, text in CHANGES.items():
        above, tried = (int(word) for word in rows[change]["above 0.05"].split(" of "))
        yield _line(text, tried, above, rows[change]["largest change of a probability"], "symmetries")


def _first(cell: str) -> int:
    """The first number of a cell: ``30 of 153`` and ``8``; an empty cell is 0."""
    return int(cell.split()[0].replace(",", "")) if cell else 0


def _total(rows: Sequence[dict[str, str]], name: str) -> int:
    return sum(_first(row[name]) for row in rows)


def _number(cell: str) -> float:
    match = re.match(r"[\d.]+", cell)
    assert match is not None, cell
    return float(match.group())


def _worst(costs: Sequence[tuple[float, float]]) -> str:
    seconds, memory = (max(values) for values in zip(*costs, strict=True))
    return f"{seconds:.1f} s, {memory:.0f} MB"
