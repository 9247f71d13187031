"""How far a long job is: a bar with speed and time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

_EVERY_SECONDS = 10.0


class Progress:
    """Counts things done, on stderr. Use as a context; `advance` as they get done.

    Args:
        what: the job, in a word or two.
        total: how many things there are.
        done: how many were done before.
        unit: what they are called.
        show: False for silence.
    """

    def __init__(self, what: str, total: int, done: int = 0, unit: str = "files", show: bool = True) -> None:
        self.what, self.total, self.before, self.done, self.unit, self.show = (
            what,
            total,
            done,
            done,
            unit,
            show,
        )
        self._began = self._said = time.monotonic()

    def __enter__(self) -> Self:
        self._bar = None
        if self.show and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            speed = TextColumn("{task.fields[speed]}")
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                speed,
                TimeRemainingColumn(),
            )
            self._bar = Bar(*columns, console=Console(stderr=True), speed_estimate_period=60)
            self._task = self._bar.add_task(self.what, total=self.total, completed=self.done, speed="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    @property
    def speed(self) -> float:
        """Things a second since the start, those done before left out."""
        return (self.done - self.before) / max(time.monotonic() - self._began, 1e-9)

    def now(self, what: str) -> None:
        """Say what is being done now; the count goes on."""
        self.what = what
        if self._bar is not None:
            self._bar.update(self._task, description=what)
        elif self.show:
            self._say()

    def advance(self, count: int) -> None:
        """So many more are done."""
        self.done += count
        if self._bar is not None:
            self._bar.update(self._task, advance=count, speed=f"{self.speed:,.0f} {self.unit}/s")
        elif self.show and time.monotonic() - self._said >= _EVERY_SECONDS:
            self._say()

    def _say(self) -> None:
        self._said = time.monotonic()
        told = f"{self.what}: {self.done:,} of {self.total:,} {self.unit}"
        if self.done > self.before:
            left = (self.total - self.done) / max(self.speed, 1e-9)
            clock = f"{left:,.0f} s" if left < 600 else f"{left // 3600:,.0f} h {left % 3600 // 60:02.0f} min"
            told += f", {self.speed:,.0f} {self.unit}/s, {clock} left"
        print(told, file=sys.stderr, flush=True)
