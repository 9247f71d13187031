"""Progress of a long job: a bar with speed and time left on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

_EVERY_SECONDS = 10.0


class Progress:
    """Counts finished items, on stderr. Use as a context manager; `advance` as they are finished.

    Args:
        title: the job, in a word or two.
        total: number of items.
        done: number of items finished in an earlier call.
        unit: what the items are called.
        show: False for no output.
    """

    def __init__(self, title: str, total: int, done: int = 0, unit: str = "files", show: bool = True) -> None:
        self.title, self.total, self.done, self.unit, self.show = title, total, done, unit, show
        self.detail: Callable[[float], str] | None = None
        """Items per second -> text after it."""
        self._done_before = done
        self._started = self._printed = time.monotonic()

    def __enter__(self) -> Self:
        self._bar = None
        if self.show and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[speed]}"),
                TimeRemainingColumn(),
            )
            self._bar = Bar(*columns, console=Console(stderr=True), speed_estimate_period=60)
            self._task = self._bar.add_task(self.title, total=self.total, completed=self.done, speed="")
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    @property
    def speed(self) -> float:
        """Items per second since the start, without those finished earlier."""
        return (self.done - self._done_before) / max(time.monotonic() - self._started, 1e-9)

    def set_title(self, title: str) -> None:
        """Change the title; the count continues."""
        self.title = title
        if self._bar is not None:
            self._bar.update(self._task, description=title)
        elif self.show:
            self._print()

    def grow(self, count: int) -> None:
        """Expect `count` more items than before; fewer if it is negative."""
        self.total += count
        if self._bar is not None:
            self._bar.update(self._task, total=self.total)

    def advance(self, count: int) -> None:
        """Count `count` more items as finished."""
        self.done += count
        if self._bar is not None:
            self._bar.update(self._task, advance=count, speed=self._speed_text())
        elif self.show and time.monotonic() - self._printed >= _EVERY_SECONDS:
            self._print()

    def _speed_text(self) -> str:
        return f"{self.speed:,.0f} {self.unit}/s" + (self.detail(self.speed) if self.detail else "")

    def _print(self) -> None:
        self._printed = time.monotonic()
        text = f"{self.title}: {self.done:,} of {self.total:,} {self.unit}"
        if self.done > self._done_before:
            seconds = (self.total - self.done) / max(self.speed, 1e-9)
            hours, minutes = seconds // 3600, seconds % 3600 // 60
            remaining = f"{seconds:,.0f} s" if seconds < 600 else f"{hours:,.0f} h {minutes:02.0f} min"
            text += f", {self._speed_text()}, {remaining} left"
        print(text, file=sys.stderr, flush=True)
