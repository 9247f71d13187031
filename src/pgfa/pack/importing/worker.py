"""A process of an import: reads the chunks it is handed."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import Event
from pathlib import Path

from pgfa.pack.importing.shards import Chunk, Shard, write_shard
from pgfa.processes import end_with_parent
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
    end_with_parent()


def run(chunk: Chunk) -> Shard:
    """Read one chunk."""
    assert _task is not None
    return write_shard(chunk, _task.format, _task.source, _task.stop)
