"""Check every file of a folder before importing it: its format and content, or why it cannot be used."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pgfa.errors import BadConfig, BadFile, LimitExceeded, PgfaError, Undecided
from pgfa.pack.importing.folder import NOT_LISTED, files_format, missing_files
from pgfa.read import FORMATS, find_recordings, format_of, read_all, recording_of
from pgfa.read.assemble import counted
from pgfa.read.contents import NotARecording, OtherContent
from pgfa.read.encoding import printable, without_control
from pgfa.read.format import A_PERSON
from pgfa.read.limits import MEMORY, memory_cap
from pgfa.read.settings_file import SETTINGS_FILE
from pgfa.read.source import EMPTY_FILE, FileRef, unpacked_name
from pgfa.read.stated import NOTHING, Stated
from pgfa.skeleton import Clip

NOT_A_RECORDING = "Not a skeleton recording"
ENDINGS = (
    ".amc", ".bvh", ".c3d", ".csv", ".fbx", ".glb", ".gltf", ".h5", ".hdf5", ".json", ".jsonl", ".mat", ".mvnx",
    ".ndjson", ".npy", ".npz", ".pickle", ".pkl", ".skeleton", ".slp", ".trc", ".tsv", ".vrma", ".zip",
)  # fmt: skip
"""Endings of recordings: a file with one of these whose content is not a recording is damaged."""


@dataclass(frozen=True)
class CheckResult:
    """The result for one file, or for one clip of a file.

    Attributes:
        file: path below the folder.
        format: name of the format; "" if unknown.
        clip: id of the clip, if it can be used.
        action: its class; "" if unknown.
        layout, frames, bodies, rate, seconds, depth: as in `pgfa.Clip`; "", 0 and False if it cannot be used.
        reading: how it is read and why, as in `pgfa.Clip`.
        problems: problems of a usable clip, with doubts about axes and units.
        error: why it cannot be used: expected, found, where; "" if it can.
        message: the error as it is printed: without the path, and without the list of all formats.
        advice: what to do about it.
        asks: what the user has to state, so that it can be used: layout, up, unit, axes, mirrored; "" for nothing.
        options: the values among which to choose.
        source: the file, to be read with what is stated; None for one clip of several.
        skipped: whether it is a file beside recordings that is not one, by its name and content.
    """

    file: str
    format: str = ""
    clip: str = ""
    action: str = ""
    layout: str = ""
    frames: int = 0
    bodies: int = 0
    rate: float = 0.0
    seconds: float = 0.0
    depth: bool = False
    reading: str = ""
    problems: tuple[str, ...] = ()
    error: str = ""
    message: str = ""
    advice: str = ""
    asks: str = ""
    options: tuple[str, ...] = ()
    skipped: bool = False
    source: FileRef | None = None

    @property
    def usable(self) -> bool:
        """Whether an import would use it."""
        return not self.error

    @property
    def verdict(self) -> str:
        """OK, ASK (the user has to state how it is to be read), SKIP (no recording) or FAIL."""
        return "OK" if self.usable else "ASK" if self.asks else "SKIP" if self.skipped else "FAIL"

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        content = asdict(replace(self, source=None))
        del content["source"]
        return {"verdict": self.verdict, **content}

    @property
    def title(self) -> str:
        """What it is, in one line."""
        if self.error:
            file = without_control(self.file)
            return f"{self.verdict:4} {file}{f' ({self.format})' if self.format else ''}"
        clip = without_control(self.clip)
        return (
            f"OK   {clip}: {self.format}, {self.layout}, {counted(self.frames, 'frame')} at {self.rate:.4g} Hz "
            f"({self.seconds:.1f} s), {counted(self.bodies, 'body', 'bodies')}, class {self.action or 'unknown'}"
        )

    def __str__(self) -> str:
        reason = (self.message or self.error, self.advice) if self.error else (self.reading, *self.problems)
        return "\n       ".join([self.title, *filter(None, reason)])


def check(
    source: str | Path,
    labels: str | Path | None = None,
    *,
    stated: Stated = NOTHING,
    seen: Callable[[Clip], None] | None = None,
) -> Iterator[CheckResult]:
    """Read one file, or all files of a folder or zip, as ``pgfa import files`` does; one result per clip.

    A missing file that `labels` lists is a result too.

    Args:
        source: folder, zip, or file.
        labels: a CSV file with the columns file, action and, optionally, subject.
        stated: what the files do not say.
        seen: called with each usable clip, before its result.

    Raises:
        BadFile: `source` does not exist or is empty, or `labels` is wrong.
    """
    path = Path(source)
    if path.is_file() and find_recordings(path) == [FileRef(path)]:
        yield from _results(printable(path.name), FileRef(path, stated=stated), read_all, seen)
        return
    list_file = Path(labels) if labels is not None else None
    format = files_format(path, list_file, complete=False)
    for ref in format.find(path):
        name = printable(
            ref.member or (ref.path.relative_to(path).as_posix() if ref.path != path else path.name)
        )
        yield from _results(name, ref.with_stated(stated), format.clips, seen, beside=labels is None)
    if list_file is not None:
        for name, error in missing_files(path, list_file):
            yield CheckResult(name, error=str(error), advice="add the file, or correct or delete this line")


def _results(
    name: str, ref: FileRef, read_clips: Any, seen: Callable[[Clip], None] | None, *, beside: bool = False
) -> Iterator[CheckResult]:
    """One result per clip. `beside`: files that are no recordings may lie beside them."""
    format = ""
    with contextlib.suppress(PgfaError):  # reading it raises the same error again, below
        format = format_of(recording_of(ref)).name
    try:
        with memory_cap(ref, ref.size(), FORMATS[format].memory if format else MEMORY):
            clips: list[Clip | BadFile] = read_clips(ref)
    except PgfaError as error:
        failure = _failure(name, format, error)
        skipped = not format and (beside or _is_unlisted(error)) and _is_other(name, error)
        yield replace(failure, skipped=skipped, source=ref)
        return
    for clip in clips:
        if isinstance(clip, BadFile):
            yield _failure(name, format, clip)
            continue
        if seen is not None:
            seen(clip)
        yield CheckResult(
            name,
            format,
            clip=clip.source.id,
            action=clip.source.action,
            layout=clip.layout.name,
            frames=clip.frames,
            bodies=clip.bodies,
            rate=clip.rate,
            seconds=clip.seconds,
            depth=clip.depth,
            reading=clip.reading,
            problems=clip.problems,
        )


def _is_unlisted(error: PgfaError) -> bool:
    return isinstance(error, BadFile) and error.expected == NOT_LISTED


def _is_other(name: str, error: PgfaError) -> bool:
    """Whether a file of no known format is not a recording by its name and content either.

    Not so archives and FBX files, whose error says what to do with them (`kind: unpack it`).
    """
    if unpacked_name(name).lower().endswith(ENDINGS):
        return False
    return _is_unlisted(error) or (isinstance(error, NotARecording) and ": " not in error.found)


def _failure(name: str, format: str, error: PgfaError) -> CheckResult:
    """The result of a file or clip that cannot be used, or not until the user states something."""
    message = _message(error)
    if isinstance(error, Undecided):
        return CheckResult(
            name, format, error=str(error), message=message, asks=error.quantity, options=error.options
        )
    return CheckResult(name, format, error=str(error), message=message, advice=_advice(error, name, format))


def _message(error: PgfaError) -> str:
    """An error without the path of the file, which is the title of the result, and the list of all formats."""
    if isinstance(error, NotARecording):
        return f"{NOT_A_RECORDING} ({error.found})"
    if isinstance(error, BadFile) and not _is_of_settings(error):
        return str(error).removeprefix(error.file).removeprefix(":").removeprefix(",").lstrip()
    return str(error)


def _is_of_settings(error: PgfaError) -> bool:
    """Whether the fault is in the settings file beside a recording, not in the recording."""
    of_file = isinstance(error, BadFile) and error.file.endswith(SETTINGS_FILE)
    return of_file or (isinstance(error, BadConfig) and SETTINGS_FILE in str(error))


def _advice(error: PgfaError, name: str, format: str) -> str:
    """What to do about a file that cannot be used; its message says what is wrong."""
    if _is_of_settings(error):
        return (
            f"correct {SETTINGS_FILE}, which states how the recordings beside it are read (docs/formats.md)"
        )
    if isinstance(error, LimitExceeded):
        return "cut the recording into shorter ones"
    if isinstance(error, BadFile) and error.found == EMPTY_FILE:
        return "export it again, or delete it"
    if isinstance(error, OtherContent):
        return (
            "another program wrote it, for other data or in another form: save the joints as .npy, or as .npz with "
            "positions, rate and layout (docs/own-data.md)"
        )
    if isinstance(error, BadFile) and error.expected == NOT_LISTED:
        quoted = f'"{name.replace(chr(34), chr(34) * 2)}"' if re.search(r'[",\n\r]', name) else name
        hint = f"to use it, add this line to the list: {quoted},CLASS"
        return (
            hint
            if format
            else "it does not seem to be a recording: ignore this, or move it out of the folder"
        )
    if isinstance(error, BadFile) and error.expected == A_PERSON:
        return "no person was detected in it: leave it out, or record it again"
    if not format:
        return (
            "if it is not a recording, ignore this or move it out of the folder; otherwise export it in a supported "
            "format (docs/formats.md), or as .npz (docs/own-data.md)"
        )
    return (
        "truncated, edited, or of another variant: correct it or export it again (its format is described in "
        "docs/formats.md)"
    )
