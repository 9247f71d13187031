"""A task and its result: what an executor runs, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables of the environment from which libraries read their number of threads; 1 where a task runs."""


@dataclass(frozen=True)
class Task:
    """A function of a module and its arguments; it is called with ``device`` and ``bar`` too.

    A task writes its result to files, atomically, and continues where an earlier call of it was stopped.

    Attributes:
        function, arguments: what is called.
        memory: bytes that it needs, estimated; a cluster starts it on a machine that has them.
        folder: what it writes to over a longer time; no second process of a cluster runs the task meanwhile.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    memory: int = 0
    folder: Path | None = None


@dataclass(frozen=True)
class TaskResult:
    """How a task ended; `error` is empty if it succeeded, and `value` is then what its function returned."""

    task: Task
    error: str
    value: Any = None


class Executor(Protocol):
    """Runs tasks, and those that follow from them."""

    def run(
        self,
        tasks: Sequence[Task],
        *,
        ended: Callable[[TaskResult], Sequence[Task]],
        advance: Callable[[Task, int], None],
    ) -> None:
        """Run all tasks.

        Args:
            tasks: in the order in which they are started.
            ended: called in this process when a task has ended; returns the tasks that follow.
            advance: called in this process with the counts of a task's progress, while it runs.
        """
        ...


def call(task: Task, **options: Any) -> tuple[str, Any]:
    """The error of a task, empty if it succeeded, and what its function returned."""
    try:
        return "", task.function(*task.arguments, **options)
    except Exception as error:
        return f"{type(error).__name__}: {error}", None
