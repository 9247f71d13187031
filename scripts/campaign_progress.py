"""Units of the campaign that run (`campaign.py`): their processes, and how much of all is done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
import started

if TYPE_CHECKING:
    from campaign import Unit

EVERY_SECONDS, END_SECONDS = 30.0, 10.0
"""Between two lines of progress; for a unit to end after it was asked to."""


def end_processes(temporary: Path) -> int:
    """Kill the processes whose temporary files are below a folder, wherever they come from; how many they were.

    They are those of a campaign that was killed itself, or were started by a unit in sessions of their own.
    """
    return started.end(("TMPDIR", temporary))


@dataclass(frozen=True)
class Running:
    """The process of a unit, when it was started, the file that has its output, its folder of temporary files."""

    child: subprocess.Popen[bytes]
    started: float
    output: Path
    temporary: Path

    def stop(self) -> None:
        """End the process and those that it started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self.child.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self.child.wait(END_SECONDS)
        end_processes(self.temporary)


@dataclass
class Progress:
    """How much is done, and how long the rest will take.

    Attributes:
        total, waiting: units: all, and those not finished.
        expected: seconds of one core that these were expected to take.
        jobs: processes at once.
    """

    total: int
    waiting: int
    expected: float
    jobs: int

    def __post_init__(self) -> None:
        self._shown = time.monotonic()
        self._expected = self._taken = 0.0
        self._left = self.expected

    def ended(self, unit: Unit, seconds: float) -> None:
        """Count a unit."""
        self.waiting -= 1
        self._expected += unit.seconds
        self._taken += seconds
        self._left -= unit.seconds

    def show(self, running: Mapping[Unit, Running]) -> None:
        """A line now and then."""
        if time.monotonic() - self._shown > EVERY_SECONDS:
            report(f"{self.line(running)}; running: {', '.join(unit.name for unit in running)}")

    def line(self, running: Mapping[Unit, Running]) -> str:
        """Units, and minutes left: those expected, at the speed so far."""
        self._shown = time.monotonic()
        begun = sum(min(unit.seconds, self._shown - process.started) for unit, process in running.items())
        speed = self._taken / self._expected if self._expected else 1.0
        minutes = speed * max(0.0, self._left - begun) / self.jobs / 60
        return f"{self.total - self.waiting} of {self.total} units, about {minutes:.0f} min left"

    def __str__(self) -> str:
        return self.line({})


def report(line: str) -> None:
    """A line of progress."""
    print(f"campaign: {line}", file=sys.stderr, flush=True)
