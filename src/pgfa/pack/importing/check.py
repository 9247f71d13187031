"""Check every file of a folder before importing it: its format and content, or why it cannot be used."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pgfa.errors import BadFile, LimitExceeded, PgfaError
from pgfa.files import write_json
from pgfa.pack.importing.folder import NOT_LISTED, common_layout, files_format, missing_files
from pgfa.pack.summary import TWO_SPELLINGS, similar_spellings
from pgfa.read import FORMATS, find_recordings, format_of
from pgfa.read.assemble import counted
from pgfa.read.encoding import printable
from pgfa.read.format import A_PERSON
from pgfa.read.limits import MEMORY, memory_cap
from pgfa.read.parsing.units import PLAUSIBLE, torso_length, up_axis
from pgfa.read.source import EMPTY_FILE, FileRef
from pgfa.skeleton import Clip


@dataclass(frozen=True)
class CheckResult:
    """The result for one file, or for one clip of a file.

    Attributes:
        file: path below the folder.
        format: name of the format; "" if unknown.
        clip: id of the clip, if it can be used.
        action: its class; "" if unknown.
        layout, frames, bodies, rate, seconds, depth: as in `pgfa.Clip`; "", 0 and False if it cannot be used.
        problems: problems of a usable clip, with doubts about axes and units.
        error: why it cannot be used: expected, found, where; "" if it can.
        advice: what to do about it.
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
    problems: tuple[str, ...] = ()
    error: str = ""
    advice: str = ""

    @property
    def usable(self) -> bool:
        """Whether an import would use it."""
        return not self.error

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        if self.error:
            text = f"FAIL {self.file}{f' ({self.format})' if self.format else ''}\n       {self.error}"
            return text + (f"\n       {self.advice}" if self.advice else "")
        bodies = "1 body" if self.bodies == 1 else f"{self.bodies} bodies"
        frames = "1 frame" if self.frames == 1 else f"{self.frames} frames"
        line = (
            f"OK   {self.clip}: {self.format}, {self.layout}, {frames} at {self.rate:.4g} Hz "
            f"({self.seconds:.1f} s), {bodies}, class {self.action or 'unknown'}"
        )
        return line + "".join(f"\n       {problem}" for problem in self.problems)


def check(source: str | Path, labels: str | Path | None = None) -> Iterator[CheckResult]:
    """Read one file, or all files of a folder or zip, as ``pgfa import files`` does; one result per clip.

    A missing file that `labels` lists is a result too.

    Args:
        source: folder, zip, or file.
        labels: a CSV file with the columns file, action and, optionally, subject.

    Raises:
        BadFile: `source` does not exist or is empty, or `labels` is wrong.
    """
    path = Path(source)
    if path.is_file() and find_recordings(path) == [FileRef(path)]:
        yield from _one_file(path)
        return
    list_file = Path(labels) if labels is not None else None
    format = files_format(path, list_file, complete=False)
    for ref in format.find(path):
        name = printable(
            ref.member or (ref.path.relative_to(path).as_posix() if ref.path != path else path.name)
        )
        yield from _results(name, ref, format.clips)
    if list_file is not None:
        for name, error in missing_files(path, list_file):
            yield CheckResult(name, error=str(error), advice="add the file, or correct or delete this line")


def print_check(source: Path, labels: Path | None = None, json: Path | None = None) -> bool:
    """Print the results of `check`: usable clips while they are read, then all failures, then an overview.

    Returns whether all files can be used. Raises as `check`.
    """
    results = []
    for result in check(source, labels):
        results.append(result)
        if result.usable:
            print(result, flush=True)
    for result in results:
        if not result.usable:
            print(result)
    print(overview(results))
    if json is not None:
        write_json(json, [result.to_dict() for result in results])
    return all(result.usable for result in results)


def overview(results: list[CheckResult]) -> str:
    """The end of the printed results: counts of usable clips by class, layouts, and hints."""
    usable = [result for result in results if result.usable]
    layouts = sorted({result.layout for result in usable})
    unusable = len(results) - len(usable)
    lines = [
        f"{counted(len(usable), 'clip')} can be used, {counted(unusable, 'file or clip', 'files or clips')} cannot"
    ]
    if classes := Counter(
        result.action for result in sorted(usable, key=lambda r: r.action) if result.action
    ):
        names = ", ".join(f"{name} ({count})" for name, count in classes.items())
        lines.append(f"{counted(len(classes), 'class', 'classes')}: {names}")
    lines += [f"{' and '.join(map(repr, pair))}: {TWO_SPELLINGS}" for pair in similar_spellings(classes)]
    if len(layouts) > 1:
        common = common_layout(layouts)
        lines.append(f"several layouts ({', '.join(layouts)}): import with --layout {common}")
    if flat := sum(not result.depth for result in usable):
        lines.append(f"{counted(flat, 'clip')} without depth: recognition is less certain (docs/formats.md)")
    if unnamed := sum(not result.action for result in usable):
        lines.append(
            f"{counted(unnamed, 'clip')} without a class: "
            "put each file in a folder named after its class, or list it in --labels"
        )
    return "\n".join(lines)


def _one_file(path: Path) -> Iterator[CheckResult]:
    from pgfa.read import read_all

    yield from _results(printable(path.name), FileRef(path), read_all)


def _results(name: str, ref: FileRef, read_all: Any) -> Iterator[CheckResult]:
    format = ""
    with contextlib.suppress(PgfaError):  # reading it raises the same error again, below
        format = format_of(ref).name
    try:
        with memory_cap(ref, ref.size(), FORMATS[format].memory if format else MEMORY):
            clips: list[Clip | BadFile] = read_all(ref)
    except PgfaError as error:
        yield CheckResult(name, format, error=str(error), advice=_advice(error, name, format))
        return
    for clip in clips:
        if isinstance(clip, BadFile):
            yield CheckResult(name, format, error=str(clip), advice=_advice(clip, name, format))
            continue
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
            problems=(*clip.problems, *_doubts(clip)),
        )


def _doubts(clip: Clip) -> list[str]:
    """Signs of another vertical axis, unit or joint order; a reader cannot detect these with certainty."""
    doubts = []
    if clip.depth and (up := up_axis(clip.positions.astype(np.float64), clip.layout)) != "y":
        doubts.append(f"the trunk points along {up} instead of y (up): rotate it, unless the person is lying")
    torso = torso_length(clip.positions.astype(np.float64), clip.layout)
    if not PLAUSIBLE[0] <= torso <= PLAUSIBLE[1] and np.isfinite(torso):
        doubts.append(f"the torso is {torso:.3g} m long: another unit, or another order of joints?")
    return doubts


def _advice(error: PgfaError, name: str, format: str) -> str:
    """What to do about a file that cannot be used; its message says what is wrong."""
    if isinstance(error, LimitExceeded):
        return "cut the recording into shorter ones"
    if isinstance(error, BadFile) and error.found == EMPTY_FILE:
        return "export it again, or delete it"
    if isinstance(error, BadFile) and error.expected == NOT_LISTED:
        hint = f"to use it, add this line to the list: {name},CLASS"
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
