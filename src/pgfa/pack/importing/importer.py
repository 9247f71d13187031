"""Import a data set: every file is read once, on all cores, into one pack; an interrupted import can be resumed.

Files are read in chunks; the clips of a chunk are stored as a shard in the folder ``OUT.partial``. When all shards are
complete, they are streamed into the pack in the order of the files, so the pack is the same, byte for byte, for any
number of processes and interruptions. During that step the disk holds shards and pack, about twice the pack's size.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pgfa.errors import BadConfig, BadFile, NotWritten, did_you_mean
from pgfa.files import digest, file_sha256, read_json, write_json
from pgfa.files.folders import recover_folder, replace_folder, take_over
from pgfa.files.leftovers import clear_leftovers, remove
from pgfa.files.lock import LOCK, folder_lock
from pgfa.pack.importing import folder
from pgfa.pack.importing.reading import ReaderPool
from pgfa.pack.importing.shards import Chunk, Shard, check_shard, read_shard, split
from pgfa.pack.pack import SETTINGS, VERSION, Rejected, open_pack
from pgfa.pack.protocol import ACCOUNT, DIVISIONS
from pgfa.pack.summary import Summary, summary
from pgfa.pack.write import NAMES, check_free, write_pack
from pgfa.progress import Progress
from pgfa.read.format import Account, Format
from pgfa.read.settings_file import with_settings
from pgfa.read.source import FileRef
from pgfa.read.stated import NOTHING, Stated
from pgfa.skeleton import Clip, get_layout
from pgfa.skeleton.layouts import map_weights
from pgfa.tasks.cluster import TOKEN, Cluster

PACKAGE = "pgfa"
_PACK = "pack"
"""The pack while it is written, in the folder of shards."""
_FINISHED = "finished.json"
"""Marker in the folder of shards: the pack, or the error that no file is usable, is final."""
_SHARD = re.compile(r"[0-9a-f]{16}\.npz")


@dataclass(frozen=True)
class ImportReport:
    """The result of an import.

    Attributes:
        pack: the pack's folder.
        files: files of the data set.
        read_before: of these, files that an interrupted import had already read.
        seconds: duration of this import.
        reading_seconds: of these, time spent on reading files.
        jobs: processes that read, at most; 0 for a cluster.
        summary: of the pack, with its rejected files.
        account: for a data set with an official list, what of it was found; also in the pack, as account.json.
    """

    pack: Path
    files: int
    read_before: int
    seconds: float
    reading_seconds: float
    jobs: int
    summary: Summary
    account: Account | None = None

    @property
    def files_per_second(self) -> float:
        """Files read per second over the whole import; 0 if no file had to be read."""
        return (self.files - self.read_before) / max(self.seconds, 1e-9)

    def __str__(self) -> str:
        jobs = f"{self.jobs} {'job' if self.jobs == 1 else 'jobs'}" if self.jobs else "on a cluster"
        speed = f"{self.files_per_second:,.0f} files/s, {jobs}"
        resumed = f", {self.read_before:,} of them read before" if self.read_before else ""
        account = f"\nofficial list: {self.account}" if self.account else ""
        return f"{self.files:,} files in {self.seconds:.1f} s ({speed}){resumed}\n{self.summary}{account}"


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
    stated: Stated = NOTHING,
    ray: str | None = None,
) -> ImportReport:
    """Read every file of a data set into a pack.

    A file that cannot be used is listed in ``rejected.json`` and in the summary; problems of usable clips are in the
    manifest's column ``problems``. After an interruption, the same call resumes the import.

    Args:
        format: a format, its name in `pgfa.read.FORMATS`, or ``"files"`` for your own folder.
        source: the data set's folder or zip.
        out: folder to create.
        jobs: processes that read; None: one per core, if that is faster. With more than one, a script must call this
            below ``if __name__ == "__main__"``.
        labels: only with ``"files"``: a CSV file with the columns file, action and, optionally, subject.
        layout: convert every clip to this layout.
        limit: read only this many files.
        progress: report progress on stderr.
        overwrite: replace a pack at `out`.
        stated: what the files do not say; it counts before what their settings files state.
        ray: address of a Ray cluster that reads the files (`Cluster`), instead of processes of this machine.

    Raises:
        BadConfig: `out` exists or is inside `source`, an unknown format, or several layouts and no `layout`.
        BadFile: the source has no file of the format or none that can be used, or `labels` is wrong.
        LayoutMismatch: there is no map from a clip's layout to `layout`.
        PgfaError: a reader process died.
        FolderInUse: another import to `out` is running.
        NotWritten: disk full or read-only, no permission, or a file in the way; files already read are not read again.
    """
    started = time.perf_counter()
    source, out = Path(os.path.abspath(source)), Path(os.path.abspath(out))
    _check_arguments(source, out, jobs=jobs, layout=layout, limit=limit)
    if ray is not None and jobs is not None:
        raise BadConfig(f"--jobs {jobs} with --ray: a cluster reads with as many processes as it has cores")
    format = _format_of(format, source, labels)
    files = [with_settings(ref.with_stated(stated)) for ref in sorted(format.find(source), key=str)[:limit]]
    settings = _digest_of(format, source, labels, files)
    pool = ReaderPool(format, source, jobs, None if ray is None else Cluster(ray, _partial(out), "cpu"))
    read_before, reading_seconds = _fill(pool, files, out, settings, layout, overwrite, progress)
    seconds = time.perf_counter() - started
    account = format.account(source) if format.account else None
    return ImportReport(
        out, len(files), read_before, seconds, reading_seconds, pool.jobs, summary(open_pack(out)), account
    )


def _digest_of(format: Format, source: Path, labels: Path | None, files: list[FileRef]) -> str:
    """Of all that decides what the shards of an import contain, but for the files themselves."""
    stated = [ref.stated.to_dict() for ref in files if ref.stated != NOTHING]
    labels_digest = labels and file_sha256(labels)
    return digest(PACKAGE, version(PACKAGE), VERSION, format.name, str(source), labels_digest, stated)


def _fill(
    pool: ReaderPool,
    files: list[FileRef],
    out: Path,
    settings: str,
    layout: str | None,
    overwrite: bool,
    progress: bool,
) -> tuple[int, float]:
    """Make the pack, unless it is complete; the number of files read by an earlier import, and seconds of reading."""
    with _shard_folder(out) as partial:
        chunks = split(files, pool.source, partial, settings)
        content = digest([chunk.shard.name for chunk in chunks], layout)
        read_before, reading_started = len(files), time.perf_counter()
        if not _was_finished(partial, out, content):
            check_free(out, overwrite)
            read_before = _read(pool, chunks, partial, layout, progress)
        reading_seconds = time.perf_counter() - reading_started
        if not (partial / _FINISHED).is_file():
            _write(partial / _PACK, chunks, pool.format, pool.source, layout, progress)
            check_free(out, overwrite)
            _switch(partial, out, content)
    return read_before, reading_seconds


def _switch(partial: Path, out: Path, content: str) -> None:
    """Give the finished pack its name; the marker, written before, tells a later import that the shards are done."""
    pack = partial / _PACK
    write_json(partial / _FINISHED, {"pack": file_sha256(pack / SETTINGS), "import": content})
    try:
        recover_folder(out)
        if out.exists():
            take_over(out, pack, NAMES)
        replace_folder(pack, out)
    except OSError as error:
        (partial / _FINISHED).unlink()
        raise NotWritten.of(out, error) from error


def _check_arguments(
    source: Path, out: Path, *, jobs: int | None, layout: str | None, limit: int | None
) -> None:
    if layout is not None:
        get_layout(layout)
    if out.is_relative_to(source):
        raise BadConfig(f"the pack {out} would be inside its own source {source}; choose another folder")
    if limit is not None and limit < 1:
        raise BadConfig(f"limit must be at least 1, found {limit}")
    if jobs is not None and jobs < 1:
        raise BadConfig(f"jobs must be at least 1, found {jobs}")


def _read(pool: ReaderPool, chunks: list[Chunk], partial: Path, layout: str | None, progress: bool) -> int:
    """Complete the shards of all chunks; returns the number of files whose shards existed before."""
    shards = {chunk: shard for chunk in chunks if (shard := check_shard(chunk.shard))}
    open_chunks = [chunk for chunk in chunks if chunk not in shards]
    files = sum(len(chunk.files) for chunk in chunks)
    read_before = files - sum(len(chunk.files) for chunk in open_chunks)
    with Progress(f"import {pool.format.name}", files, read_before, show=progress) as bar:

        def finish(chunk: Chunk, shard: Shard) -> None:
            shards[chunk] = shard
            bar.advance(len(chunk.files))
            _check_layouts(shards.values(), layout)

        pool.read(open_chunks, finish)
    _check_layouts(shards.values(), layout)
    if not any(shard.clips for shard in shards.values()):
        first = next(file for chunk in chunks for file in read_shard(chunk.shard)[1])
        actual = f"{files} files, none usable; the first, {first.file}: {first.message}"
        write_json(partial / _FINISHED, {})
        raise BadFile(pool.source, expected=f"clips of format {pool.format.name}", found=actual)
    return read_before


def _write(
    pack: Path, chunks: list[Chunk], format: Format, source: Path, layout: str | None, progress: bool
) -> None:
    """Write the pack from its shards."""
    rejected: list[Rejected] = []
    shutil.rmtree(pack, ignore_errors=True)
    account = format.account(source) if format.account else None
    documents: dict[str, Any] = {ACCOUNT: asdict(account)} if account else {}
    if format.divisions and (divisions := format.divisions(source)):
        documents[DIVISIONS] = {name: list(map(list, lists)) for name, lists in divisions.items()}
    with Progress("write pack", sum(len(chunk.files) for chunk in chunks), show=progress) as bar:
        clips = _in_order(chunks, rejected, bar)
        write_pack(clips, pack, layout=layout, rejected=rejected, documents=documents)


def _format_of(format: Format | str, source: Path, labels: Path | None) -> Format:
    name = format if isinstance(format, str) else format.name
    if name == folder.NAME:
        return folder.files_format(source, labels)
    if labels is not None:
        raise BadConfig(
            f"labels can be given with the format {folder.NAME!r} only; {name} has its own classes"
        )
    if isinstance(format, Format):
        return format
    from pgfa.read import FORMATS

    if name not in FORMATS:
        names = sorted([*FORMATS, folder.NAME])
        raise BadConfig(f"unknown format {name!r};{did_you_mean(name, names)} available: {', '.join(names)}")
    return FORMATS[name]


def _in_order(chunks: list[Chunk], rejected: list[Rejected], bar: Progress) -> Iterator[Clip]:
    """The clips of all shards, one shard in memory at a time; adds the rejected files to `rejected`."""
    first: dict[tuple[str, str], str] = {}
    for chunk in chunks:
        clips, unusable = read_shard(chunk.shard)
        rejected += unusable
        for file, clip in clips:
            key = clip.source.dataset, clip.source.id
            if first.setdefault(key, file) == file:
                yield clip
            else:
                # Otherwise one recording could be both trained on and tested.
                message = f"expected a unique clip id, found {clip.source.id!r}, also the id of {first[key]}"
                rejected.append(Rejected(file, message))
        bar.advance(len(chunk.files))


def _check_layouts(shards: Iterable[Shard], layout: str | None) -> None:
    names = sorted({name for shard in shards for name in shard.layouts})
    if layout is not None:
        for name in names:
            map_weights(name, layout)
    elif len(names) > 1:
        common = folder.common_layout(names)
        raise BadConfig(
            f"expected clips of one layout, found {' and '.join(names)}: "
            f"give the layout to convert all to (--to-layout {common}, in Python layout={common!r})"
        )


def _partial(out: Path) -> Path:
    return out.with_name(out.name + ".partial")


@contextmanager
def _shard_folder(out: Path) -> Iterator[Path]:
    """The folder of shards beside `out`, locked against a second import; deleted once it is of no more use."""
    partial = _partial(out)
    finished = False
    try:
        with folder_lock(partial):
            clear_leftovers(partial)
            try:
                yield partial
            finally:
                if finished := (partial / _FINISHED).is_file() or not any(
                    _SHARD.fullmatch(path.name) for path in partial.iterdir()
                ):
                    _empty(partial)
    finally:
        if finished:
            with suppress(OSError):  # not while it is locked: some systems keep an open file
                (partial / LOCK).unlink(missing_ok=True)
                partial.rmdir()


def _empty(partial: Path) -> None:
    """Delete what imports write but for the lock, the marker last, so that a later import can resume even this.

    Anything else stays: the folder may have been the user's before.
    """
    for path in sorted(partial.iterdir(), key=lambda path: path.name == _FINISHED):
        if (
            path.name in (_PACK, _FINISHED, TOKEN)
            or path.name.endswith(".part")
            or _SHARD.fullmatch(path.name)
        ):
            remove(path)


def _was_finished(partial: Path, out: Path, content: str) -> bool:
    """Whether this very import was killed after the pack was complete, before the shards were deleted.

    The shards of a finished import of other files are deleted; a marker without its pack is, too.
    """
    marker = partial / _FINISHED
    if not marker.is_file():
        return False
    with suppress(OSError, BadFile):
        saved = read_json(marker)
        if isinstance(saved, dict) and saved.get("pack") == file_sha256(out / SETTINGS):
            if saved.get("import") == content:
                return True
            _empty(partial)
    marker.unlink(missing_ok=True)
    return False
