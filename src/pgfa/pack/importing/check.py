"""Look at every file of a folder before importing it: what is found in it, or why it cannot be used."""

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
from pgfa.pack.importing.folder import NOT_LISTED, absent_files, common_layout, own_files
from pgfa.pack.summary import TWO_WAYS, spelled_alike
from pgfa.read import format_of, is_collection
from pgfa.read.format import A_PERSON
from pgfa.read.parsing.units import PLAUSIBLE, torso_length, up_axis
from pgfa.read.source import EMPTY_FILE, FileRef
from pgfa.skeleton import Clip


@dataclass(frozen=True)
class Checked:
    """What was found in one file, or in one clip of it.

    Attributes:
        file: its path below the folder.
        format: the format found; "" where none.
        clip: the clip's id, where it can be used.
        action: its class; "" where not known.
        layout, frames, bodies, rate, seconds, depth: as in `pgfa.Clip`; "", 0 and False where it cannot be used.
        problems: defects that leave it usable, and what is odd about the body.
        error: why it cannot be used: what was expected, what was found, where; "" where it can.
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
        """Whether an import would take it."""
        return not self.error

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    def __str__(self) -> str:
        if self.error:
            told = f"no   {self.file}{f' ({self.format})' if self.format else ''}\n       {self.error}"
            return told + (f"\n       {self.advice}" if self.advice else "")
        people = "1 body" if self.bodies == 1 else f"{self.bodies} bodies"
        frames = "1 frame" if self.frames == 1 else f"{self.frames} frames"
        line = (
            f"yes  {self.clip}: {self.format}, {self.layout}, {frames} at {self.rate:.4g} Hz "
            f"({self.seconds:.1f} s), {people}, class {self.action or 'not known'}"
        )
        return line + "".join(f"\n       {problem}" for problem in self.problems)


def check(source: str | Path, labels: str | Path | None = None) -> Iterator[Checked]:
    """Read every file below a folder, in a zip, or one file, as ``pgfa import files`` would; one result a clip.

    A file that `labels` names and that is not there is a result too.

    Args:
        source: folder, zip, or file.
        labels: the CSV file with the columns file, action and, if known, subject.

    Raises:
        BadFile: no such place, nothing in it, or `labels` is wrong.
    """
    place = Path(source)
    if place.is_file() and not is_collection(place):
        yield from _one_file(place)
        return
    listed = Path(labels) if labels is not None else None
    format = own_files(place, listed, complete=False)
    for ref in format.find(place):
        name = ref.member or (ref.path.relative_to(place).as_posix() if ref.path != place else place.name)
        yield from _each(name, ref, format.clips)
    if listed is not None:
        for name, error in absent_files(place, listed):
            yield Checked(name, error=str(error), advice="put the file there, or mend or delete this line")


def report(source: Path, labels: Path | None = None, json: Path | None = None) -> bool:
    """Print what `check` finds: what can be used as it is found, all that cannot at the end, where it is not missed.

    Returns whether all can be used. Raises as `check`.
    """
    results = []
    for result in check(source, labels):
        results.append(result)
        if result.usable:
            print(result, flush=True)
    for result in results:
        if not result.usable:
            print(result)
    print(told(results))
    if json is not None:
        write_json(json, [result.to_dict() for result in results])
    return all(result.usable for result in results)


def told(results: list[Checked]) -> str:
    """The end of a report: how many can be used, of which classes and layouts, and what is odd about them."""
    usable = [result for result in results if result.usable]
    layouts = sorted({result.layout for result in usable})
    lines = [f"{len(usable)} clips can be used, {len(results) - len(usable)} files or clips cannot"]
    if classes := Counter(
        result.action for result in sorted(usable, key=lambda r: r.action) if result.action
    ):
        counted = ", ".join(f"{name} ({count})" for name, count in classes.items())
        lines.append(f"{len(classes)} classes: {counted}" if len(classes) > 1 else f"1 class: {counted}")
    lines += [f"{' and '.join(map(repr, alike))}: {TWO_WAYS}" for alike in spelled_alike(classes)]
    if len(layouts) > 1:
        common = common_layout(layouts)
        lines.append(f"layouts {', '.join(layouts)}: a pack holds one; import with --layout {common}")
    if any(not result.depth for result in usable):
        lines.append("some have no depth: they are recognised with less certainty (docs/formats.md)")
    if unnamed := sum(not result.action for result in usable):
        lines.append(
            f"{unnamed} of no known class: put them in a folder named after it, or list them in --labels"
        )
    return "\n".join(lines)


def _one_file(place: Path) -> Iterator[Checked]:
    from pgfa.read import read_all

    yield from _each(place.name, FileRef(place), read_all)


def _each(name: str, ref: FileRef, read_all: Any) -> Iterator[Checked]:
    format = ""
    with contextlib.suppress(PgfaError):  # told by the reading below, with all else that may be wrong
        format = format_of(ref).name
    try:
        clips: list[Clip | BadFile] = read_all(ref)
    except PgfaError as error:
        yield Checked(name, format, error=str(error), advice=_advice(error, name, format))
        return
    for clip in clips:
        if isinstance(clip, BadFile):
            yield Checked(name, format, error=str(clip), advice=_advice(clip, name, format))
            continue
        yield Checked(
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
            problems=(*clip.problems, *_odd(clip)),
        )


def _odd(clip: Clip) -> list[str]:
    """What no reader refuses and nobody stands like: another axis up, another unit, other joints."""
    odd = []
    if clip.depth and (up := up_axis(clip.positions.astype(np.float64), clip.layout)) != "y":
        odd.append(f"the trunk points along {up}, not y, which is up: turn it, unless the person lies")
    torso = torso_length(clip.positions.astype(np.float64), clip.layout)
    if not PLAUSIBLE[0] <= torso <= PLAUSIBLE[1] and np.isfinite(torso):
        odd.append(f"the torso is {torso:.3g} m long: another unit, or the joints in another order?")
    return odd


def _advice(error: PgfaError, name: str, format: str) -> str:
    """What a user can do about a file that cannot be used; its message says what is wrong."""
    if isinstance(error, LimitExceeded):
        return "cut the recording into shorter ones"
    if isinstance(error, BadFile) and error.found == EMPTY_FILE:
        return "nothing was written into it: export it again, or delete it"
    if isinstance(error, BadFile) and error.expected == NOT_LISTED:
        listed = f"to use it, add a line to the list: {name},CLASS"
        return listed if format else "it seems to be no recording: leave it, or move it out of the folder"
    if isinstance(error, BadFile) and error.expected == A_PERSON:
        return "nobody is seen in it: leave it out, or record it again"
    if not format:
        return (
            "if it is no recording, leave it or move it out; else export it as one of docs/formats.md, or as .npz "
            "(docs/own-data.md)"
        )
    return (
        "cut off, edited, or of another make: mend or export it again (docs/formats.md says what it may hold)"
    )
