"""Look at every file of a folder before importing it: what is found in it, or why it cannot be used."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pgfa.errors import BadFile, PgfaError
from pgfa.files import write_json
from pgfa.pack.folder import own_files
from pgfa.read import format_of
from pgfa.read.base import FileRef
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
        problems: defects that leave it usable.
        error: why it cannot be used: what was expected, what was found, where; "" where it can.
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

    @property
    def usable(self) -> bool:
        """Whether an import would take it."""
        return not self.error

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    def __str__(self) -> str:
        if self.error:
            return f"no   {self.file}{f' ({self.format})' if self.format else ''}\n       {self.error}"
        people = "1 body" if self.bodies == 1 else f"{self.bodies} bodies"
        line = (
            f"yes  {self.clip}: {self.format}, {self.layout}, {self.frames} frames at {self.rate:.4g} Hz "
            f"({self.seconds:.1f} s), {people}, class {self.action or 'not known'}"
        )
        return line + "".join(f"\n       {problem}" for problem in self.problems)


def check(source: str | Path, labels: str | Path | None = None) -> Iterator[Checked]:
    """Read every file below a folder, in a zip, or one file, as ``pgfa import files`` would; one result a clip.

    Args:
        source: folder, zip, or file.
        labels: the CSV file with the columns file, action and, if known, subject.

    Raises:
        BadFile: no such place, nothing in it, or `labels` is wrong.
    """
    place = Path(source)
    if place.is_file() and not _is_archive(place):
        yield from _one_file(place)
        return
    format = own_files(place, Path(labels) if labels is not None else None)
    for ref in format.find(place):
        name = ref.member or (ref.path.relative_to(place).as_posix() if ref.path != place else place.name)
        yield from _each(name, ref, format.read_all)


def report(source: Path, labels: Path | None = None, json: Path | None = None) -> bool:
    """Print what `check` finds, as it finds it; True where all can be used. Raises as `check`."""
    results = []
    for result in check(source, labels):
        results.append(result)
        print(result, flush=True)
    print(told(results))
    if json is not None:
        write_json(json, [result.to_dict() for result in results])
    return all(result.usable for result in results)


def told(results: list[Checked]) -> str:
    """The last line of a report: how many can be used, and the layouts to choose among."""
    usable = [result for result in results if result.usable]
    layouts = sorted({result.layout for result in usable})
    lines = [f"{len(usable)} clips can be used, {len(results) - len(usable)} files or clips cannot"]
    if len(layouts) > 1:
        common = "kinect20" if "kinect20" in layouts else "ntu25"
        lines.append(f"layouts {', '.join(layouts)}: a pack holds one; import with --layout {common}")
    if any(not result.depth for result in usable):
        lines.append("some have no depth: they are recognised with less certainty (docs/formats.md)")
    if unnamed := sum(not result.action for result in usable):
        lines.append(
            f"{unnamed} of no known class: put them in a folder named after it, or list them in --labels"
        )
    return "\n".join(lines)


def _is_archive(place: Path) -> bool:
    from pgfa.read import openpose, own

    with place.open("rb") as file:
        head = file.read(4096)
    return head.startswith(b"PK") and not own.sniff(place.name, head) and not openpose.sniff(place.name, head)


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
        yield Checked(name, format, error=str(error))
        return
    for clip in clips:
        if isinstance(clip, BadFile):
            yield Checked(name, format, error=str(clip))
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
            problems=clip.problems,
        )
