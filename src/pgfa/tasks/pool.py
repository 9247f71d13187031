"""Tasks in processes of this machine: one thread each, or one GPU each; a task that fails stops no other."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from pgfa.processes import end_with_parent, start_without_interrupts
from pgfa.progress import Progress
from pgfa.tasks.task import THREADS, Task, TaskResult, call


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    task: Task | None = None


class Relay(Progress):
    """The progress of a worker: its counts are sent to the parent."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__("worker", 0, show=False)
        self._pipe = pipe

    def set_title(self, title: str) -> None:
        """Nothing: the parent process shows the title."""

    def advance(self, count: int) -> None:
        """Report `count` more as finished."""
        self._pipe.send(("clips", count))


@dataclass(frozen=True)
class Pool:
    """Processes of this machine, an `Executor`.

    If a process dies, that is its task's error, and another process takes its place.

    Attributes:
        devices: one per process: ``cpu`` as often as there may be processes, ``cuda:0``, ``cuda:1``.
    """

    devices: Sequence[str]

    def run(
        self,
        tasks: Sequence[Task],
        *,
        ended: Callable[[TaskResult], Sequence[Task]],
        advance: Callable[[Task, int], None],
    ) -> None:
        """Run all tasks, as `Executor.run`."""
        queue = deque(tasks)
        devices = self.devices[: max(1, len(tasks))]
        workers = [_start(device) for device in devices]
        try:
            while queue or any(worker.task for worker in workers):
                for number, device in enumerate(devices):
                    if workers[number].task is None and queue:
                        workers[number] = _assign(workers[number], queue.popleft(), device)
                busy = [number for number, worker in enumerate(workers) if worker.task]
                ready = wait([workers[number].pipe for number in busy])
                for number in busy:
                    worker = workers[number]
                    if worker.pipe not in ready:
                        continue
                    assert worker.task is not None
                    kind, value = _receive(worker)
                    if kind == "clips":
                        advance(worker.task, int(value))
                        continue
                    task, worker.task = worker.task, None
                    if kind == "died":
                        workers[number] = _start(devices[number])
                    error, returned = (str(value), None) if kind == "died" else value
                    queue.extendleft(reversed(ended(TaskResult(task, error, returned))))
        finally:
            for worker in workers:
                if worker.task is not None:
                    worker.process.terminate()
                worker.pipe.close()
            for worker in workers:
                worker.process.join()


def _receive(worker: _Worker) -> tuple[str, Any]:
    """A message of a worker: a count of clips, the end of its task with its error and value, or its own death."""
    try:
        kind, value = worker.pipe.recv()
    except (EOFError, OSError):
        worker.pipe.close()
        worker.process.join()
        return "died", f"its process ended with code {worker.process.exitcode}"
    return kind, value


def _assign(worker: _Worker, task: Task, device: str) -> _Worker:
    """Give a worker a task; one that has died while idle is replaced by the worker that is returned."""
    try:
        worker.pipe.send(task)
    except OSError:
        worker.pipe.close()
        worker.process.join()
        worker = _start(device)
        worker.pipe.send(task)
    worker.task = task
    return worker


def _start(device: str) -> _Worker:
    context = multiprocessing.get_context("spawn")
    parent_end, worker_end = context.Pipe()
    process = context.Process(target=_serve, args=(worker_end, device), daemon=True)
    with _one_thread(), start_without_interrupts():
        process.start()
    worker_end.close()
    return _Worker(process, parent_end)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Libraries read their number of threads as they are loaded, so the child's environment must hold it."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(pipe: Connection, device: str) -> None:
    """A worker: runs tasks until the parent closes the pipe."""
    end_with_parent()
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        result = call(task, device=device, bar=Relay(pipe))
        try:
            pipe.send(("ended", result))
        except OSError:
            return
