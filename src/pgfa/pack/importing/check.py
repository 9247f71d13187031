"""Check every file of a folder before importing it: its format and content, or why it cannot be used."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pgfa.draw.frame import draw_frame, safe_name
from pgfa.errors import BadFile, LimitExceeded, PgfaError, Undecided, ways_to_state
from pgfa.files import write_json
from pgfa.pack.importing.folder import NOT_LISTED, common_layout, files_format, missing_files
from pgfa.pack.summary import TWO_SPELLINGS, similar_spellings
from pgfa.read import FORMATS, find_recordings, format_of, read_all
from pgfa.read.assemble import counted
from pgfa.read.contents import NotARecording
from pgfa.read.encoding import printable
from pgfa.read.format import A_PERSON
from pgfa.read.interpret.decision import values_of
from pgfa.read.limits import MEMORY, memory_cap
from pgfa.read.parsing.units import PLAUSIBLE, torso_length, up_axis
from pgfa.read.source import EMPTY_FILE, FileRef
from pgfa.read.stated import NOTHING, Stated
from pgfa.skeleton import Clip

MANY, MOST_WAYS = 6, 12
"""Clips from which the overview counts how they are read, and the most lines it takes for that."""
NOT_A_RECORDING = "Not a skeleton recording"


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

    @property
    def usable(self) -> bool:
        """Whether an import would use it."""
        return not self.error

    @property
    def verdict(self) -> str:
        """OK, ASK (the user has to state how it is to be read) or FAIL."""
        return "OK" if self.usable else "ASK" if self.asks else "FAIL"

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {"verdict": self.verdict, **asdict(self)}

    def __str__(self) -> str:
        if self.error:
            title = f"{self.verdict:4} {self.file}{f' ({self.format})' if self.format else ''}"
            return "\n       ".join(
                [title, self.message or self.error, *([self.advice] if self.advice else [])]
            )
        bodies = "1 body" if self.bodies == 1 else f"{self.bodies} bodies"
        frames = "1 frame" if self.frames == 1 else f"{self.frames} frames"
        line = (
            f"OK   {self.clip}: {self.format}, {self.layout}, {frames} at {self.rate:.4g} Hz "
            f"({self.seconds:.1f} s), {bodies}, class {self.action or 'unknown'}"
        )
        notes = (self.reading, *self.problems) if self.reading else self.problems
        return line + "".join(f"\n       {note}" for note in notes)


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
        yield from _results(name, ref.with_stated(stated), format.clips, seen)
    if list_file is not None:
        for name, error in missing_files(path, list_file):
            yield CheckResult(name, error=str(error), advice="add the file, or correct or delete this line")


def print_check(
    source: Path,
    labels: Path | None = None,
    json: Path | None = None,
    *,
    pictures: Path | None = None,
    stated: Stated = NOTHING,
) -> bool:
    """Print the results of `check`: usable clips while they are read, then all others, then an overview.

    Returns whether all files can be used. Raises as `check`.
    """
    drawn: list[Path] = []

    def draw(clip: Clip) -> None:
        if pictures is not None:
            drawn.append(pictures / f"{safe_name(clip.source.id)}-{len(drawn) + 1}.svg")
            draw_frame(clip, drawn[-1])

    results = []
    for result in check(source, labels, stated=stated, seen=draw):
        results.append(result)
        if result.usable:
            print(_printable(str(result)), flush=True)
    for verdict in ("ASK", "FAIL"):
        for result in results:
            if result.verdict == verdict:
                print(_printable(str(result)))
    print(_printable(overview(results)))
    if drawn:
        print(f"{counted(len(drawn), 'picture')} in {pictures}")
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
    if unusable:
        asks = sum(result.verdict == "ASK" for result in results)
        lines[0] += f": {asks} ASK (state how to read them), {unusable - asks} FAIL"
    lines += _readings(usable)
    if any(NOT_A_RECORDING in result.error for result in results):
        lines.append(f"Supported formats: {', '.join(FORMATS)} (docs/formats.md)")
    questions = Counter((result.asks, result.options) for result in results if result.asks)
    for (quantity, options), count in questions.items():
        lines.append(
            f"ASK: {counted(count, 'file')} can be used once {quantity} is given: {ways_to_state(quantity, options)}"
        )
    if classes := Counter(
        result.action for result in sorted(usable, key=lambda r: r.action) if result.action
    ):
        names = ", ".join(f"{name} ({count})" for name, count in classes.items())
        lines.append(f"{counted(len(classes), 'class', 'classes')}: {names}")
    lines += [f"{' and '.join(map(repr, pair))}: {TWO_SPELLINGS}" for pair in similar_spellings(classes)]
    if len(layouts) > 1:
        common = common_layout(layouts)
        lines.append(f"several layouts ({', '.join(layouts)}): import with --to-layout {common}")
    if flat := sum(not result.depth for result in usable):
        lines.append(f"{counted(flat, 'clip')} without depth: recognition is less certain (docs/formats.md)")
    if unnamed := sum(not result.action for result in usable):
        lines.append(
            f"{counted(unnamed, 'clip')} without a class: "
            "put each file in a folder named after its class, or list it in --labels"
        )
    return "\n".join(lines)


def _readings(usable: list[CheckResult]) -> list[str]:
    """How many clips are read in which way, the most common first; nothing for a few clips."""
    if len(usable) < MANY:
        return []
    ways: Counter[str] = Counter()
    for result in usable:
        values = values_of(result.reading)
        named = [f"{quantity} {values[quantity]}" for quantity in ("up", "unit") if quantity in values]
        axes = [values["axes"]] if "axes" in values else []
        ways[", ".join([result.format, result.layout, *named, *axes])] += 1
    lines = [f"{counted(count, 'clip')} read as {way}" for way, count in ways.most_common(MOST_WAYS)]
    rest = ways.total() - sum(count for _, count in ways.most_common(MOST_WAYS))
    return lines + ([f"{counted(rest, 'clip')} in other ways"] if rest else [])


def _results(
    name: str, ref: FileRef, read_clips: Any, seen: Callable[[Clip], None] | None
) -> Iterator[CheckResult]:
    format = ""
    with contextlib.suppress(PgfaError):  # reading it raises the same error again, below
        format = format_of(ref).name
    try:
        with memory_cap(ref, ref.size(), FORMATS[format].memory if format else MEMORY):
            clips: list[Clip | BadFile] = read_clips(ref)
    except PgfaError as error:
        yield _failure(name, format, error)
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
            problems=(*clip.problems, *_doubts(clip)),
        )


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
    if isinstance(error, BadFile):
        return str(error).removeprefix(error.file).removeprefix(":").removeprefix(",").lstrip()
    return str(error)


def _doubts(clip: Clip) -> list[str]:
    """Signs of another vertical axis, unit or joint order; a reader cannot detect these with certainty."""
    doubts = []
    if clip.depth and (up := up_axis(clip.positions.astype(np.float64), clip.layout)) != "y":
        doubts.append(
            f"the trunk points along {up} instead of y (up): state --up, unless the person is lying"
        )
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


def _printable(text: str) -> str:
    """Text without control characters: names of files are printed, and must not control the terminal."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape", "replace").decode() for c in text
    )
