"""A reader process of an import: reads one chunk after another."""

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
class _Job:
    format: Format
    source: Path
    stop: Event


_job: _Job | None = None


def context() -> SpawnContext:
    """Fresh processes on every system, without the parent's threads and open files."""
    return multiprocessing.get_context("spawn")


def start(format: Format, source: Path, stop: Event) -> None:
    """Prepare this process; `stop` is set by the parent to end it."""
    global _job
    _job = _Job(format, source, stop)
    prepare_allocator()
    end_with_parent()


def run(chunk: Chunk) -> Shard:
    """Read one chunk."""
    assert _job is not None
    return write_shard(chunk, _job.format, _job.source, _job.stop)
