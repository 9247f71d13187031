"""What inputs of commands and of the server cost, and what became of them (`hostile_commands.py`)."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from fuzz_readers import MEGABYTES, SECONDS
from soak import Server

from machine_speed import slowness


@dataclass(frozen=True)
class Cost:
    """Processor seconds, and MB of memory."""

    seconds: float
    megabytes: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(max(0.0, self.seconds - other.seconds), max(0.0, self.megabytes - other.megabytes))


@dataclass
class Row:
    """What became of the inputs of one way.

    Attributes:
        inputs, accepted, refused: counts; of a folder, all of it is accepted with exit status 0, and refused with 1.
        seconds, megabytes: the most that one input took beyond a sound one.
        failed: what happened, for each input that failed.
    """

    way: str
    inputs: int = 0
    accepted: int = 0
    refused: int = 0
    seconds: float = 0.0
    megabytes: float = 0.0
    failed: list[str] = field(default_factory=list)

    def add(
        self, name: str, cost: Cost, problem: str, *, accepted: int, refused: int, timed: bool = True
    ) -> None:
        """Count one input, or a folder of them."""
        self.inputs += accepted + refused
        self.accepted, self.refused = self.accepted + accepted, self.refused + refused
        self.megabytes = max(self.megabytes, cost.megabytes)
        if timed:
            self.seconds = max(self.seconds, cost.seconds)
        slow = timed and cost.seconds > SECONDS and cost.seconds > SECONDS * slowness()
        if not problem and (cost.megabytes > MEGABYTES or slow):
            problem = f"{cost.seconds:.1f} s, {cost.megabytes:.0f} MB"
        if problem:
            self.failed.append(name)
            print(f"{self.way}, {name}: {problem}", file=sys.stderr, flush=True)

    def __str__(self) -> str:
        counts = f"{self.inputs:,} | {self.accepted:,} | {self.refused:,} | {len(self.failed)}"
        return f"| {self.way} | {counts} | {self.seconds:.1f} s | {self.megabytes:.0f} MB |"


class Watch:
    """Processor time and memory of a server and the processes that it has started."""

    def __init__(self, server: Server) -> None:
        self.server, self._seconds = server, 0.0
        self._memory: dict[int, float] = {}

    def start(self) -> None:
        """Begin to count."""
        for pid in self.server.processes():
            with contextlib.suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
        self._memory = {pid: _peak(pid) for pid in self.server.processes()}
        self._seconds = self._processor_seconds()

    def cost(self) -> Cost:
        """Since `start`."""
        taken = (_peak(pid) - before for pid, before in self._memory.items())
        return Cost(self._processor_seconds() - self._seconds, sum(max(0.0, more) for more in taken))

    def _processor_seconds(self) -> float:
        """Of the server, of processes that it has waited for, and of those that run."""
        ticks = 0
        for pid in self.server.processes():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(map(int, fields[11 : 15 if pid == self.server.process.pid else 13]))
        return ticks / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> float:
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    return 0.0
