"""Import a data set: every file read once, on all cores, into one pack; what is stopped can go on.

Files are read in chunks; what came of a chunk is kept as a shard in the folder ``OUT.partial``. When all are
there they are streamed into the pack in the order of the files, so the pack is the same, byte for byte,
however many processes read and however often it was stopped. While it is written the disk holds shards and
pack, about twice the pack's size.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from pgfa.errors import BadConfig, BadFile, PgfaError
from pgfa.files import digest, file_sha256, replace_folder, write_json
from pgfa.pack.importing import folder, worker
from pgfa.pack.importing.shards import Chunk, Shard, check_shard, read_shard, split, write_shard
from pgfa.pack.pack import Rejected, open_pack
from pgfa.pack.protocol import DIVISIONS
from pgfa.pack.summary import Summary, summary
from pgfa.pack.write import check_free, write_pack
from pgfa.processes import cores
from pgfa.progress import Progress
from pgfa.read.format import Account, Format
from pgfa.skeleton import Clip, get_layout
from pgfa.skeleton.layouts import map_weights

PACKAGE = "pgfa"


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    Attributes:
        pack: the pack's folder.
        files: files found.
        kept: of these, files that an earlier, stopped import had read.
        seconds: time of this import.
        reading_seconds: of these, time spent on reading files.
        jobs: processes that read.
        summary: what the pack holds, rejected files with it.
        account: for a data set with an official list, what of it was found; also in the pack, as
            account.json.
    """

    pack: Path
    files: int
    kept: int
    seconds: float
    reading_seconds: float
    jobs: int
    summary: Summary
    account: Account | None = None

    @property
    def files_per_second(self) -> float:
        """Files read a second, start and end of the import counted in; 0 where none had to be read."""
        return (self.files - self.kept) / max(self.seconds, 1e-9)

    def __str__(self) -> str:
        speed = f"{self.files_per_second:,.0f} files/s, {self.jobs} {'job' if self.jobs == 1 else 'jobs'}"
        kept = f", {self.kept:,} of them read before" if self.kept else ""
        held = f"\nofficial list: {self.account}" if self.account else ""
        return f"{self.files:,} files in {self.seconds:.1f} s ({speed}){kept}\n{self.summary}{held}"


def import_dataset(
    format: Format | str,
    source: Path,
    out: Path,
    *,
    jobs: int | None = None,
    labels: Path | None = None,
    layout: str | None = None,
    limit: int | None = None,
    progress: bool = True,
    overwrite: bool = False,
) -> ImportReport:
    """Read every file of a data set into a pack.

    A file that cannot be used is named in the pack's ``rejected.json`` and in the summary; a defect that
    leaves a usable clip stands in the manifest's ``problems``. Started again after it was stopped or killed,
    it goes on.

    Args:
        format: a format, its name in `pgfa.read.FORMATS`, or ``"files"`` for one's own folder.
        source: the data set's folder or zip.
        out: the folder to make.
        jobs: processes that read; None for as many as there are cores, where that pays. With more than one, a
            script must call this below ``if __name__ == "__main__"``.
        labels: only with ``"files"``: a CSV file with the columns file, action and perhaps subject.
        layout: where given, every clip is carried to it.
        limit: read only the first so many files.
        progress: say on stderr how far it is.
        overwrite: replace a pack that is at `out`.

    Raises:
        BadConfig: `out` is taken or inside `source`, no such format, several layouts and no `layout` given.
        BadFile: the source holds no file of the format, or none that can be used; `labels` is wrong.
        LayoutMismatch: clips have no meaningful map to `layout`.
        PgfaError: a process that read died; another import is at work on the same `out`.
        KeyboardInterrupt: stopped by the user; said on stderr how to go on.
    """
    began = time.perf_counter()
    source, out = Path(os.path.abspath(source)), Path(os.path.abspath(out))
    if layout is not None:
        get_layout(layout)
    check_free(out, overwrite)
    if out.is_relative_to(source):
        raise BadConfig(f"the pack {out} would lie inside the data it is made of, {source}; put it elsewhere")
    if limit is not None and limit < 1:
        raise BadConfig(f"limit must be at least 1, found {limit}")
    if jobs is not None and jobs < 1:
        raise BadConfig(f"jobs must be at least 1, found {jobs}")
    chosen = _choose(format, source, labels)
    files = sorted(chosen.find(source), key=str)[:limit]
    settings = digest(PACKAGE, version(PACKAGE), chosen.name, str(source), labels and file_sha256(labels))
    with _partial(out) as beside:
        chunks = split(files, source, beside, settings)
        shards = {chunk: shard for chunk in chunks if (shard := check_shard(chunk.shard))}
        todo = [chunk for chunk in chunks if chunk not in shards]
        kept = len(files) - sum(len(chunk.files) for chunk in todo)
        readers = _Readers(chosen, source, jobs)
        reading = time.perf_counter()
        with (
            Progress(f"import {chosen.name}", len(files), kept, show=progress) as bar,
            _way_on(beside, progress),
        ):
            for chunk, shard in readers.read(todo):
                shards[chunk] = shard
                bar.advance(len(chunk.files))
                _check_layouts(shards.values(), layout)
        reading = time.perf_counter() - reading
        _check_layouts(shards.values(), layout)
        if not any(shard.clips for shard in shards.values()):
            first = next(file for chunk in chunks for file in read_shard(chunk.shard)[1])
            shutil.rmtree(beside)
            said = f"{len(files)} files, none usable; the first, {first.file}: {first.message}"
            raise BadFile(source, expected=f"clips of format {chosen.name}", found=said)
        rejected: list[Rejected] = []
        made = beside / "pack"
        shutil.rmtree(made, ignore_errors=True)
        with Progress("write pack", len(files), show=progress) as bar:
            write_pack(_in_order(chunks, rejected, bar), made, layout=layout, rejected=rejected)
        account = chosen.account(source) if chosen.account else None
        if account:
            write_json(made / "account.json", asdict(account))
        if chosen.divisions and (found := chosen.divisions(source)):
            write_json(made / DIVISIONS, {name: list(map(list, lists)) for name, lists in found.items()})
        check_free(out, overwrite)
        replace_folder(made, out)
        shutil.rmtree(beside)
    seconds = time.perf_counter() - began
    return ImportReport(
        out, len(files), kept, seconds, reading, readers.jobs, summary(open_pack(out)), account
    )


def _choose(format: Format | str, source: Path, labels: Path | None) -> Format:
    name = format if isinstance(format, str) else format.name
    if name == folder.NAME:
        return folder.own_files(source, labels)
    if labels is not None:
        raise BadConfig(f"labels are taken with the format {folder.NAME!r} only; {name} has its own classes")
    if isinstance(format, Format):
        return format
    from pgfa.read import FORMATS

    if name not in FORMATS:
        raise BadConfig(f"no format {name!r}; known: {', '.join(sorted([*FORMATS, folder.NAME]))}")
    return FORMATS[name]


class _Readers:
    """This process and others reading chunks; `jobs` afterwards says how many were at it at most."""

    def __init__(self, format: Format, source: Path, jobs: int | None) -> None:
        self.format, self.source, self.asked, self.jobs = format, source, jobs, 1

    def read(self, chunks: list[Chunk]) -> Iterator[tuple[Chunk, Shard]]:
        """Write the shards of chunks; gives each chunk as it gets done.

        Raises:
            PgfaError: a process died.
        """
        began = time.perf_counter()
        for done, chunk in enumerate(chunks):
            spent = time.perf_counter() - began
            if self.asked != 1 and (self.asked or _pays(spent, done, len(chunks) - done)):
                yield from self._read_beside(chunks[done:])
                return
            yield chunk, write_shard(chunk, self.format, self.source)

    def _read_beside(self, chunks: list[Chunk]) -> Iterator[tuple[Chunk, Shard]]:
        self.jobs = min(self.asked or cores(), len(chunks))
        context = worker.context()
        stop = context.Event()
        about = (self.format, self.source, stop)
        pool = ProcessPoolExecutor(self.jobs, context, initializer=worker.start, initargs=about)
        left: dict[Future[Shard], Chunk] = {}
        try:
            left = {pool.submit(worker.run, chunk): chunk for chunk in chunks}
            for future in as_completed(list(left)):
                shard = future.result()
                yield left.pop(future), shard
        except BrokenProcessPool:
            # Chunks are taken in order, so the one that did it is among the first that are not done.
            at_work = [str(chunk) for future, chunk in left.items() if not _finished(future)][: self.jobs]
            raise PgfaError(
                f"a process that read files died (killed, or out of memory) at {' or '.join(at_work)}; "
                "what was read is kept: start again to go on, with 1 job to see it happen"
            ) from None
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


def _pays(spent: float, done: int, left: int) -> bool:
    """Whether it pays to start processes: each takes about a second, and so does a reader's first file."""
    return cores() > 1 and left > 1 and spent > 1.0 and spent / done * left > 3.0


def _finished(future: Future[Shard]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _in_order(chunks: list[Chunk], rejected: list[Rejected], bar: Progress) -> Iterator[Clip]:
    """The clips of all shards, one shard in memory at a time; adds to `rejected` on the way."""
    first: dict[tuple[str, str], str] = {}
    for chunk in chunks:
        clips, bad = read_shard(chunk.shard)
        rejected += bad
        for file, clip in clips:
            key = clip.source.dataset, clip.source.id
            if first.setdefault(key, file) == file:
                yield clip
            else:
                # Taken twice, a recording could train and test at once.
                why = f"has the clip id {clip.source.id!r}, as {first[key]} had before"
                rejected.append(Rejected(file, why))
        bar.advance(len(chunk.files))


def _check_layouts(shards: Iterable[Shard], layout: str | None) -> None:
    names = sorted({name for shard in shards for name in shard.layouts})
    if layout is not None:
        for name in names:
            map_weights(name, layout)
    elif len(names) > 1:
        common = folder.common_layout(names)
        raise BadConfig(
            f"the files have clips of the layouts {' and '.join(names)}; a pack holds one: "
            f"name the layout to carry all to (layout={common!r}, or --layout {common})"
        )


@contextmanager
def _partial(out: Path) -> Iterator[Path]:
    """The folder of shards beside `out`, locked against a second import at once."""
    beside = out.with_name(out.name + ".partial")
    beside.mkdir(parents=True, exist_ok=True)
    with (beside / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise PgfaError(f"another import is at work in {beside}") from None
        yield beside


@contextmanager
def _way_on(beside: Path, say: bool) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        if say:
            print(
                f"stopped. What was read is kept in {beside}: give the same command again to go on, "
                "or delete that folder to give up.",
                file=sys.stderr,
            )
        raise
