"""Processes that do the units of a benchmark: one thread each, or one GPU each; a unit that fails stops no other."""

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

from pgfa.processes import end_with_parent
from pgfa.progress import Progress

Task = tuple[Callable[..., None], tuple[Any, ...]]
"""A function of a module and its arguments; it is called with ``device`` and ``bar`` besides."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Ended:
    """How a task ended; `error` is empty where it did what it should."""

    task: Task
    error: str


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    task: Task | None = None


class Relay(Progress):
    """A worker's progress: what it counts is told to the parent."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__("worker", 0, show=False)
        self._pipe = pipe

    def set_title(self, title: str) -> None:
        """Nothing: the parent says what is being done."""

    def advance(self, count: int) -> None:
        """So many more are done."""
        self._pipe.send(("clips", count))


def work(
    tasks: Sequence[Task],
    devices: Sequence[str],
    *,
    ended: Callable[[Ended], Sequence[Task]],
    advance: Callable[[Task, int], None],
) -> None:
    """Do all tasks, and those that become possible by them; a process for each device.

    Args:
        tasks: in the order in which they are begun.
        devices: what each process works on: ``cpu`` as often as there may be processes, ``cuda:0``, ``cuda:1``.
        ended: called when a task has ended; it may give further tasks.
        advance: called with what a task counts.

    A process that dies is named as the task's error, and another takes its place.
    """
    waiting = deque(tasks)
    workers = {place: _start(device) for place, device in enumerate(devices)}
    try:
        while waiting or any(w.task for w in workers.values()):
            for place, device in enumerate(devices):
                if workers[place].task is None and waiting:
                    workers[place] = _given(workers[place], waiting.popleft(), device)
            busy = {place: w for place, w in workers.items() if w.task}
            ready = wait([w.pipe for w in busy.values()])
            for place, worker in busy.items():
                if worker.pipe not in ready:
                    continue
                assert worker.task is not None
                try:
                    kind, value = worker.pipe.recv()
                except (EOFError, OSError):
                    worker.process.join()
                    kind, value = "ended", f"its process ended with code {worker.process.exitcode}"
                    workers[place] = _start(devices[place])
                if kind == "clips":
                    advance(worker.task, int(value))
                else:
                    task, worker.task = worker.task, None
                    waiting.extendleft(reversed(ended(Ended(task, str(value)))))
    finally:
        for worker in workers.values():
            if worker.task is not None:
                worker.process.terminate()
            worker.pipe.close()
        for worker in workers.values():
            worker.process.join()


def _given(worker: _Worker, task: Task, device: str) -> _Worker:
    """The worker at work on the task, or, if it has died while it had nothing to do, another in its place."""
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
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, device), daemon=True)
    with _one_thread():
        process.start()
    there.close()
    return _Worker(process, here)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Libraries count their threads when they are loaded: the child must find this in its environment."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(pipe: Connection, device: str) -> None:
    """A worker: takes tasks until the parent closes the pipe."""
    end_with_parent()
    import torch

    if device == "cpu":
        torch.set_num_threads(1)
    while True:
        try:
            function, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        error = ""
        try:
            function(*arguments, device=device, bar=Relay(pipe))
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
        try:
            pipe.send(("ended", error))
        except OSError:
            return
