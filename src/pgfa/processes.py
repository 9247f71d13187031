"""Processes: how many cores there are, how the main process is stopped, and a worker ends when its parent does.

Imports of data sets run on `concurrent.futures.ProcessPoolExecutor`. The benchmark and stand-ins cannot
(`pgfa.tasks.pool`): running tasks must show their progress, or end at once with the command, and a worker that dies
must be replaced and cost only its own task, whereas an executor fails all remaining tasks.

The command line imports this module before it catches stops, so it imports little itself.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

M_ARENA_MAX = -8
"""Parameter of `mallopt`: the most heaps, in glibc's malloc.h."""


SETTLE_SECONDS = 0.5
"""After a stop another one is ignored for so long: somebody pressed the keys twice, and the process is ending."""


REPEAT_SECONDS = 0.05
"""After which a stop comes once more that fell where exceptions are ignored."""


LAUNCHER = "PGFA_LAUNCHER"
"""Variable of the environment of processes that one command starts to do its work: the id of its process."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C. Not KeyboardInterrupt itself: raised in a string that is executed, as by `namedtuple`, it would replace
    the exit status of the process (CPython)."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end (SIGTERM), as by Ctrl-C."""


class _Stops:
    """The latest stop of this process, until when another one is ignored, and whether it waits (and one does)."""

    latest: KeyboardInterrupt | None = None
    settled = 0.0
    wait = waiting = False


_stops = _Stops()


def _interrupt(number: int, frame: FrameType | None) -> None:
    if time.monotonic() < _stops.settled:
        return
    settle()
    _stops.latest = Terminated() if number == signal.SIGTERM else Interrupted()
    if _stops.wait:
        _stops.waiting = True
        return
    raise _stops.latest


def settle() -> None:
    """The process is about to end: stops are ignored for SETTLE_SECONDS."""
    _stops.settled = time.monotonic() + SETTLE_SECONDS


def ignore_stops() -> None:
    """From now on stops are ignored. For the last moment of a process, in which Python would end by the signal."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def catch_stops() -> dict[int, Any]:
    """From now on Ctrl-C raises Interrupted, SIGTERM Terminated; returns the handlers before. In the main thread."""
    _stops.latest, _stops.settled, _stops.waiting = None, 0.0, False
    _repeat_ignored_stops()
    before: dict[int, Any] = {signal.SIGTERM: signal.signal(signal.SIGTERM, _interrupt)}
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        before[signal.SIGINT] = signal.signal(signal.SIGINT, _interrupt)
    return before


def _repeat_ignored_stops() -> None:
    """A stop that falls where Python only prints exceptions, as in a callback of a weak reference, comes once more."""
    if sys.unraisablehook is not sys.__unraisablehook__:
        return

    def hook(unraisable: Any) -> None:
        if not isinstance(unraisable.exc_value, KeyboardInterrupt | SystemExit):
            sys.__unraisablehook__(unraisable)
            return
        number = signal.SIGINT if isinstance(unraisable.exc_value, Interrupted) else signal.SIGTERM
        _stops.settled = 0.0
        threading.Timer(REPEAT_SECONDS, os.kill, (os.getpid(), number)).start()

    sys.unraisablehook = hook


@contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """Within it, stops are exceptions (`catch_stops`), so that temporary files are deleted. Only in the main thread.

    A library that is interrupted while it is imported may raise an error of its own; that counts as the interrupt.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {} if signal.getsignal(signal.SIGTERM) is _interrupt else catch_stops()
    try:
        yield
    except Exception as error:
        if _stops.latest is None:
            raise
        raise _stops.latest from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if before:
            _stops.latest = None


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Within it, no search for cycles of objects that nothing refers to."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def cores() -> int:
    """CPU cores this process may use, at least 1; fewer than the machine has where the process is pinned."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share_one_heap() -> bool:
    """All threads of this process allocate from one heap; to be called before they start. Whether the system can.

    The C library of Linux (glibc) gives every thread a heap of its own, and keeps what is free in each: a server whose
    threads take turns would hold the largest arrays of all of them (docs/page.md).
    """
    import ctypes

    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(M_ARENA_MAX, 1))


@contextmanager
def start_without_interrupts() -> Iterator[None]:
    """Processes that are started within it never get Ctrl-C, not even while they import; here stops wait until the end.

    Ctrl-C reaches the whole group of processes. What is blocked stays so in a new process (not on Windows). SIGTERM
    must not be blocked there, as it ends workers; here it would end the start of a process in the middle, and that
    process with a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # its start would unblock Ctrl-C
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    _stops.wait = True
    try:
        yield
    finally:
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        finally:
            _stops.wait = False
    if _stops.waiting and _stops.latest is not None:
        _stops.waiting = False
        raise _stops.latest


def is_launched() -> bool:
    """Whether a command started this process to do its work, and reports how that ends."""
    own = str(os.getpid())
    return os.environ.get(LAUNCHER, own) != own


def end_with_parent() -> None:
    """Called by a worker as it starts: it ignores Ctrl-C and ends as soon as its parent process has ended.

    Ctrl-C reaches the whole group of processes; the parent decides what to stop. A parent that was killed
    cannot stop its workers: without this they would wait forever. Does nothing in the main process.
    """
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is None:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # As an exception, so that temporary files are deleted.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    _repeat_ignored_stops()

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
