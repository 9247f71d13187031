"""What a pack, or one clip, holds: counts, lengths, problems; for people and for programs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from pgfa.skeleton import Clip

if TYPE_CHECKING:
    from pgfa.pack.pack import Pack, Rejected

_SHOWN = 12
"""How many rejected files the text names; `rejected.json` has all."""

TWO_WAYS = "one class spelled in two ways? They count as different classes"

_NAMES = 40
"""How many subjects, cameras or setups the text names."""


@dataclass(frozen=True)
class Range:
    """Least, middle and greatest of some numbers."""

    min: float
    median: float
    max: float

    def __str__(self) -> str:
        return f"{self.min:g}" if self.min == self.max else f"{self.min:g} / {self.median:g} / {self.max:g}"


@dataclass(frozen=True)
class Summary:
    """What a pack or a clip holds.

    Attributes:
        name: of the pack's folder, or the clip's id.
        layout: the layout's name.
        clips: how many.
        datasets, classes, subjects, cameras, setups: name -> clips; "" stands for not known.
        frames, seconds, rate: a clip's frames, length in seconds and frames a second, over the clips.
        total_seconds: length of all clips.
        bodies: body slots -> clips.
        problems: kind of problem (numbers in it written as N; of a single clip as they are) -> clips that have it.
        faulty: clips with any problem.
        rejected: files that could not be used.
    """

    name: str
    layout: str
    clips: int
    datasets: dict[str, int]
    classes: dict[str, int]
    subjects: dict[str, int]
    cameras: dict[str, int]
    setups: dict[str, int]
    frames: Range
    seconds: Range
    rate: Range
    total_seconds: float
    bodies: dict[int, int]
    problems: dict[str, int]
    faulty: int
    rejected: tuple[Rejected, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def summary(what: Pack | Clip) -> Summary:
    """Sum up a pack (or a selection of one), or a single clip."""
    if isinstance(what, Clip):
        source = what.source
        columns = {name: [value] for name, value in asdict(source).items()}
        columns |= {
            "frames": [what.frames],
            "bodies": [what.bodies],
            "rate": [what.rate],
            "problems": [what.problems],
        }
        return _sum_up(source.id, what.layout.name, columns, ())
    if not len(what):
        raise ValueError("no clips to sum up")
    return _sum_up(what.folder.name, what.layout.name, what.manifest.to_dict(as_series=False), what.rejected)


def kind_of(problem: str) -> str:
    """A problem without its numbers: "3 empty frames" -> "N empty frames"."""
    return re.sub(r"\d+(?:\.\d+)?", "N", problem)


def spelled_alike(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Names that differ by capitals, spaces and signs alone (``"Sit down"``, ``"sit-down"``): one class, probably."""
    groups: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        groups.setdefault("".join(filter(str.isalnum, name.casefold())) or name, []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _sum_up(
    name: str, layout: str, columns: Mapping[str, Sequence[Any]], rejected: tuple[Rejected, ...]
) -> Summary:
    frames, rates = columns["frames"], columns["rate"]
    kind = kind_of if len(frames) > 1 else str
    seconds = [count / rate for count, rate in zip(frames, rates, strict=True)]
    return Summary(
        name=name,
        layout=layout,
        clips=len(frames),
        datasets=_count(columns["dataset"]),
        classes=_count(columns["action"]),
        subjects=_count(columns["subject"]),
        cameras=_count(columns["camera"]),
        setups=_count(columns["setup"]),
        frames=_range(frames),
        seconds=_range(seconds),
        rate=_range(rates),
        total_seconds=sum(seconds),
        bodies=dict(sorted(Counter(columns["bodies"]).items())),
        problems=dict(
            Counter(
                name for line in columns["problems"] for name in sorted(set(map(kind, line)))
            ).most_common()
        ),
        faulty=sum(bool(line) for line in columns["problems"]),
        rejected=rejected,
    )


def _range(values: Sequence[float]) -> Range:
    return Range(min(values), median(values), max(values))


def _count(values: Sequence[str]) -> dict[str, int]:
    """Clips a name, in the order people expect: "2" before "10"."""

    def natural(item: tuple[str, int]) -> list[tuple[int, int | str]]:
        parts = re.split(r"(\d+)", item[0])
        return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts]

    return dict(sorted(Counter(values).items(), key=natural))


def _lines(of: Summary) -> list[str]:
    known = [name for name in of.classes if name]
    bodies = ", ".join(f"{slots} in {_plural(n, 'clip')}" for slots, n in of.bodies.items())
    lines = [
        f"{of.name}: {_plural(of.clips, 'clip')}, {_plural(len(known), 'class', 'classes')}, "
        f"{_duration(of.total_seconds)} of motion",
        f"  data set   {', '.join(name or '(not named)' for name in of.datasets)}",
        f"  layout     {of.layout}",
        f"  frames     {of.frames}"
        + ("" if of.frames.min == of.frames.max else "   (least / median / most)"),
        f"  seconds    {Range(*(round(value, 2) for value in asdict(of.seconds).values()))}",
        f"  rate       {Range(*(round(value, 2) for value in asdict(of.rate).values()))} frames a second",
        f"  bodies     {bodies}",
    ]
    for title, counts in (("subjects", of.subjects), ("cameras", of.cameras), ("setups", of.setups)):
        if names := [name for name in counts if name]:
            some = names if len(names) <= _NAMES else [*names[:_NAMES], "..."]
            lines += _wrap(f"  {title:<11}", [f"{len(names)}:", *some] if len(names) > 1 else some)
    lines += _wrap("  classes    ", [f"{name or '(not named)'} ({n})," for name, n in of.classes.items()])
    lines += [f"    {' and '.join(map(repr, alike))}: {TWO_WAYS}" for alike in spelled_alike(known)]
    lines.append(f"  problems   {_plural(of.faulty, 'clip') + ' with problems' if of.faulty else 'none'}")
    lines += [f"    {n:>6} x {kind}" if of.clips > 1 else f"    {kind}" for kind, n in of.problems.items()]
    if of.rejected:
        lines.append(f"  rejected   {_plural(len(of.rejected), 'file')} could not be used")
        lines += [f"    {_told(file)}" for file in of.rejected[:_SHOWN]]
        if len(of.rejected) > _SHOWN:
            lines.append(f"    ... and {len(of.rejected) - _SHOWN} more, all in rejected.json")
    return lines


def _told(file: Rejected) -> str:
    """A rejected file and why; most messages name it already."""
    return file.message if file.message.startswith(file.file) else f"{file.file}: {file.message}"


def _wrap(head: str, words: list[str]) -> list[str]:
    import textwrap

    # Names hold their spaces together; the last comma goes.
    text = " ".join(word.replace(" ", "\0") for word in words).removesuffix(",")
    after = " " * len(head)
    wrapped = textwrap.wrap(text, 100, initial_indent=head, subsequent_indent=after, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in wrapped]


def _plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
