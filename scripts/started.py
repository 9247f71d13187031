"""Processes that a command started, in whatever way: recognised by a variable of their environment (Linux)."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

Mark = tuple[str, Path]
"""A variable, and a folder: of the processes in whose environment it is a path in this folder."""


def processes(mark: Mark) -> list[int]:
    """Ids of the processes of a mark; none where the system does not show the environment of processes."""
    numbers = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if has_mark(file.read_bytes(), mark):
                numbers.append(int(file.parent.name))
    return sorted(numbers)


def has_mark(environment: bytes, mark: Mark) -> bool:
    """Whether an environment, as in /proc/PID/environ, has the variable of a mark with a path in its folder."""
    start = f"{mark[0]}={mark[1]}/".encode()
    return any((part + b"/").startswith(start) for part in environment.split(b"\0"))


def left(mark: Mark, seconds: float) -> list[int]:
    """Processes that are still there after so many seconds in which they may end."""
    deadline = time.monotonic() + seconds
    while (numbers := processes(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return numbers


def end(mark: Mark) -> int:
    """Kill the processes of a mark; how many they were."""
    numbers = processes(mark)
    for number in numbers:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    return len(numbers)
