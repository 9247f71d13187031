"""A process of an import: reads the chunks it is handed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import Event
from pathlib import Path

from pgfa.pack.importing.shards import Chunk, Shard, write_shard
from pgfa.read.format import Format
from pgfa.read.parsing.fast_floats import prepare_allocator


@dataclass
class _Task:
    format: Format
    source: Path
    stop: Event


_task: _Task | None = None


def context() -> SpawnContext:
    """Fresh processes on every system: nothing of the parent's threads or open files is carried along."""
    return multiprocessing.get_context("spawn")


def start(format: Format, source: Path, stop: Event) -> None:
    """Make this process ready."""
    global _task
    _task = _Task(format, source, stop)
    prepare_allocator()
    # Ctrl-C reaches the whole group of processes; the parent decides, and tells by `stop`.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A parent that is killed cannot tell anything: without this its children would wait for ever.
    threading.Thread(target=_end_with_parent, daemon=True).start()


def run(chunk: Chunk) -> Shard:
    """Read one chunk."""
    assert _task is not None
    return write_shard(chunk, _task.format, _task.source, _task.stop)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
