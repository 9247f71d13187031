"""Many recordings at once: files, folders and zips to clips, one line on standard error for each that fails."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pgfa.config import RecogniseSettings
from pgfa.errors import BadFile, LayoutMismatch, PgfaError
from pgfa.pack.importing.peers import read_with_peers
from pgfa.pack.summary import kinds_of
from pgfa.progress import Progress
from pgfa.read import (
    NotARecording,
    Stated,
    as_ref,
    container_format,
    find_recordings,
    is_collection,
    read_all,
)
from pgfa.read.assemble import counted
from pgfa.read.interpret.decision import is_declared
from pgfa.recognise import Recogniser
from pgfa.recognise.recogniser import is_long
from pgfa.recognise.rows import Row

if TYPE_CHECKING:
    from pgfa.read import FileRef
    from pgfa.skeleton import Clip

BATCH = 512
"""Recordings that are recognised at a time, in as many threads as they are enough for."""
TOGETHER = 30
"""From this many recordings on, adapting on them usually helps (docs/alignment.md)."""


@dataclass
class Recordings:
    """What files, folders and zips hold.

    Attributes:
        refs: the files, in order, each once.
        given: files named one by one; in folders and zips, files of other kinds are skipped.
        failed: number of files and clips that could not be used.
        skipped: files of no known format in folders and zips.
        notes: what was assumed or is missing, of each recording.
        long: number of recordings that would be answered over time if each were the only one.
        clips: number of clips that were read.
        sources: the files, folders and zips as they were named.
    """

    refs: list[FileRef]
    given: frozenset[FileRef]
    sources: Sequence[str] = ()
    failed: int = 0
    skipped: int = 0
    notes: list[list[str]] = field(default_factory=list)
    long: int = 0
    clips: int = 0

    def report(self, *, alone: bool = False) -> None:
        """Print what was assumed, missing and skipped. Raises PgfaError with the count where a recording failed.

        Args:
            alone: each was answered by itself; of many, the way to use them together is named.
        """
        for note, count in kinds_of(self.notes).items():
            print(f"note: {note} ({count:,} of {counted(self.clips, 'recording')})", file=sys.stderr)
        if alone and self.clips >= TOGETHER:
            print(
                f"note: {self.clips:,} recordings, each answered by itself; if they show what the sentences describe, "
                "--adapt with a folder of them uses all together, which is usually right more often",
                file=sys.stderr,
            )
        if self.long:
            print(
                f"note: {counted(self.long, 'recording')} of {RecogniseSettings().long_from:g} seconds or longer, "
                "answered as a whole; a recording that is named alone is answered over time",
                file=sys.stderr,
            )
        if self.skipped:
            print(f"note: {counted(self.skipped, 'file')} skipped: not in a known format", file=sys.stderr)
        if self.failed:
            raise PgfaError(f"{counted(self.failed, 'recording')} could not be used: see above")
        if not self.clips:
            raise PgfaError(
                f"{', '.join(self.sources)}: expected recordings, found none in a known format; "
                "`pgfa formats` lists what is read"
            )

    def fail(self, error: PgfaError) -> None:
        """Count a recording that could not be used and print why, on one line."""
        self.failed += 1
        print(f"pgfa: {' '.join(str(error).split())}", file=sys.stderr)

    def read(self, ref: FileRef) -> list[tuple[str, Clip]]:
        """The clips of a file with their names; its errors are counted and printed."""
        try:
            clips = read_all(ref) if ref in self.given else read_with_peers(ref)
        except NotARecording as error:
            if ref in self.given:
                self.fail(error)
            else:
                self.skipped += 1
            return []
        except PgfaError as error:
            self.fail(error)
            return []
        named = []
        for clip in clips:
            if isinstance(clip, BadFile):
                self.fail(clip)
                continue
            self.notes.append([*clip.problems, *([] if is_declared(clip.reading) else [clip.reading])])
            self.long += is_long(clip)
            self.clips += 1
            named.append((str(ref) if len(clips) == 1 else f"{ref}: {clip.source.id}", clip))
        return named


def is_single(files: Sequence[str]) -> bool:
    """Whether the arguments name one recording, which is answered in full: not several, no folder, no zip of many."""
    if len(files) != 1:
        return False
    ref = as_ref(files[0])
    if ref.member is not None or not ref.path.exists() or container_format(ref) is not None:
        return True
    if ref.path.is_dir():
        return False
    return not is_collection(ref.path) or len(find_recordings(ref.path)) == 1


def recordings_of(files: Sequence[str], stated: Stated) -> Recordings:
    """The recordings of files, folders and zips; what is stated counts for all of them.

    Of a folder or zip that cannot be listed the error is counted and printed.
    """
    refs: dict[FileRef, None] = {}
    given = set()
    out = Recordings([], frozenset(), tuple(files))
    for file in files:
        ref = as_ref(file)
        try:
            if is_single([file]):
                given.add(ref.with_stated(stated))
                refs[ref.with_stated(stated)] = None
            else:
                refs.update((inside.with_stated(stated), None) for inside in find_recordings(Path(file)))
        except PgfaError as error:
            out.fail(error)
    out.refs, out.given = list(refs), frozenset(given)
    return out


def rows_of(
    recordings: Recordings, recogniser: Recogniser, sentences: Sequence[str], *, why: bool, quiet: bool
) -> list[Row]:
    """Every recording as a whole, in batches, with progress on standard error."""
    rows: list[Row] = []
    batch: list[tuple[str, Clip]] = []
    with Progress("recognise", len(recordings.refs), unit="recordings", show=not quiet) as progress:

        def finish(least: int) -> None:
            while len(batch) >= least:
                rows.extend(_answered(recordings, recogniser, batch[:BATCH], sentences, why))
                progress.advance(len(batch[:BATCH]))
                del batch[:BATCH]

        for ref in recordings.refs:
            clips = recordings.read(ref)
            progress.grow(len(clips) - 1)
            batch += clips
            finish(BATCH)
        finish(1)
    return rows


def _answered(
    recordings: Recordings,
    recogniser: Recogniser,
    batch: Sequence[tuple[str, Clip]],
    sentences: Sequence[str],
    why: bool,
) -> list[Row]:
    """Rows of a batch; a recording that the recogniser cannot use is counted and printed."""
    try:
        answers = recogniser.recognise([clip for _, clip in batch], sentences)
    except LayoutMismatch as error:
        if len(batch) > 1:  # which of them cannot be used?
            half = len(batch) // 2
            return [
                row
                for part in (batch[:half], batch[half:])
                for row in _answered(recordings, recogniser, part, sentences, why)
            ]
        recordings.fail(LayoutMismatch(f"{batch[0][0]}: {error}"))
        return []
    return [
        Row(name, ranked, recogniser.explain(clip, [a.sentence for a in ranked]) if why else None)
        for (name, clip), ranked in zip(batch, answers, strict=True)
    ]
