"""How the chunks of an import are read: in this process, in others, or on a cluster."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from pgfa.errors import BadConfig, PgfaError
from pgfa.pack.importing import worker
from pgfa.pack.importing.shards import Chunk, Shard, write_shard
from pgfa.processes import cores, start_without_interrupts
from pgfa.progress import Progress
from pgfa.read.format import Format
from pgfa.read.parsing.fast_floats import prepare_allocator
from pgfa.tasks.cluster import Cluster
from pgfa.tasks.task import Task, TaskResult

_MEMORY = 512 * 2**20
"""Bytes that reading a chunk needs on a cluster."""


class ReaderPool:
    """Reads chunks in this process and, if that is faster, in others; or on a cluster.

    Attributes:
        format, source: what is read.
        jobs: the most processes used at once; 0 on a cluster.
    """

    def __init__(
        self, format: Format, source: Path, jobs: int | None, cluster: Cluster | None = None
    ) -> None:
        self.format, self.source, self._requested, self._cluster = format, source, jobs, cluster
        self.jobs = 1 if cluster is None else 0

    def read(self, chunks: list[Chunk], finished: Callable[[Chunk, Shard], None]) -> None:
        """Write the shards of chunks; `finished` is called for each when its shard is complete.

        Raises:
            PgfaError: a process died.
        """
        if self._cluster is not None:
            self._read_on_cluster(self._cluster, chunks, finished)
            return
        for chunk, shard in self._read(chunks):
            finished(chunk, shard)

    def _read(self, chunks: list[Chunk]) -> Iterator[tuple[Chunk, Shard]]:
        started = time.perf_counter()
        for number, chunk in enumerate(chunks):
            seconds = time.perf_counter() - started
            if self._requested != 1 and (
                self._requested or _parallel_is_faster(seconds, number, len(chunks) - number)
            ):
                yield from self._read_in_parallel(chunks[number:])
                return
            yield chunk, write_shard(chunk, self.format, self.source)

    def _read_in_parallel(self, chunks: list[Chunk]) -> Iterator[tuple[Chunk, Shard]]:
        self.jobs = min(self._requested or cores(), len(chunks))
        context = worker.context()
        stop = context.Event()
        arguments = (self.format, self.source, stop)
        pool = ProcessPoolExecutor(self.jobs, context, initializer=worker.start, initargs=arguments)
        unfinished: dict[Future[Shard], Chunk] = {}
        try:
            with start_without_interrupts():
                unfinished = {pool.submit(worker.run, chunk): chunk for chunk in chunks}
            for future in as_completed(list(unfinished)):
                shard = future.result()
                yield unfinished.pop(future), shard
        except (BrokenProcessPool, SystemExit):  # killed, or ended by SIGTERM (`end_with_parent`)
            # Chunks are read in order, so the cause is among the first unfinished ones.
            suspects = [str(chunk) for future, chunk in unfinished.items() if not _finished(future)]
            raise PgfaError(
                f"a reader process died (killed or out of memory) at {' or '.join(suspects[: self.jobs])}; "
                "run the same command again to resume, with --jobs 1 to find the file"
            ) from None
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def _read_on_cluster(
        self, cluster: Cluster, chunks: list[Chunk], finished: Callable[[Chunk, Shard], None]
    ) -> None:
        def ended(result: TaskResult) -> Sequence[Task]:
            chunk: Chunk = result.task.arguments[0]
            if result.error:
                raise PgfaError(f"{chunk}: {result.error}; run the same command again to resume")
            finished(chunk, result.value)
            return ()

        tasks = [Task(read_chunk, (chunk, self.format, self.source), _MEMORY) for chunk in chunks]
        cluster.run(tasks, ended=ended, advance=lambda task, count: None)


def read_chunk(chunk: Chunk, format: Format, source: Path, *, device: str, bar: Progress) -> Shard:
    """A task of a cluster: write the shard of a chunk.

    Raises:
        BadConfig: this machine does not see the source, whose files would all be rejected.
    """
    if not source.exists():
        raise BadConfig(f"{socket.gethostname()} does not see {source}")
    prepare_allocator()
    return write_shard(chunk, format, source)


def _parallel_is_faster(seconds: float, finished: int, remaining: int) -> bool:
    """Whether more processes are faster: starting one takes about a second, and so does a reader's first file."""
    return cores() > 1 and remaining > 1 and seconds > 1.0 and seconds / finished * remaining > 3.0


def _finished(future: Future[Shard]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
