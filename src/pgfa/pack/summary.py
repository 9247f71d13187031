"""Summary of a pack or of one clip: counts, lengths, problems, as text and as data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from pgfa.pack.manifest import to_lists
from pgfa.skeleton import Clip
from pgfa.skeleton.ragged import BY_PRESENCE

if TYPE_CHECKING:
    from pgfa.pack.pack import Pack, Rejected

_DROPPED = re.compile(r"\d+ bodies, kept \d+")
"""The problem of a clip with more bodies than body slots (`pgfa.read.datasets.ntu.tracks`)."""

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w)")

_MAX_REJECTED = 12
"""Rejected files named in the text; `rejected.json` has all of them."""

TWO_SPELLINGS = "possibly two spellings of one class; they count as different classes"

_MAX_READINGS = 6
"""Readings in the text, the most frequent first."""

_MAX_NAMES = 40
"""Subjects, cameras or setups named in the text."""


@dataclass(frozen=True)
class Range:
    """Minimum, median and maximum of some numbers."""

    min: float
    median: float
    max: float

    def __str__(self) -> str:
        return f"{self.min:g}" if self.min == self.max else f"{self.min:g} / {self.median:g} / {self.max:g}"


@dataclass(frozen=True)
class Summary:
    """Counts over the clips of a pack, or of a single clip.

    Attributes:
        name: of the pack's folder, or the clip's id.
        layout: the layout's name.
        clips: number of clips.
        datasets, classes, subjects, cameras, setups: name -> clips; "" if unknown.
        frames, seconds, rate: frames, length in seconds and frames per second, over the clips.
        total_seconds: length of all clips.
        bodies: body slots -> clips.
        listed: clips that hold the bodies as the file lists them as well (`pgfa.Clip.listed`).
        problems: kind of problem -> clips that have it; see `kinds_of`.
        with_problems: clips with any problem.
        rejected: files that could not be used.
        notes: what a new import would correct (`listing_note`).
        readings: how the clips were read, and why -> clips; numbers are written as N, except for a single clip.
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
    listed: int
    problems: dict[str, int]
    with_problems: int
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()
    readings: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def summary(clips: Pack | Clip) -> Summary:
    """Summary of a pack, of a selection of one, or of a single clip. Raises ValueError for an empty selection."""
    if isinstance(clips, Clip):
        columns = {name: [value] for name, value in asdict(clips.source).items()}
        columns |= {
            "frames": [clips.frames],
            "bodies": [clips.bodies],
            "listed": [0 if clips.listed is None else clips.listed.shape[1]],
            "rate": [clips.rate],
            "problems": [clips.problems],
            "reading": [clips.reading],
        }
        return _summarise(clips.source.id, clips.layout.name, columns, (), ())
    if not len(clips):
        raise ValueError("no clips to summarise")
    columns = to_lists(clips.manifest)
    note = listing_note(clips)
    return _summarise(clips.folder.name, clips.layout.name, columns, clips.rejected, (note,) if note else ())


def listing_note(pack: Pack) -> str:
    """What the recipe `paper` does not do as the authors do with a pack of version 1; "" for any other pack.

    Such a pack has two people of each clip, but not the bodies as the file lists them.
    """
    old = pack.manifest["listed"] == BY_PRESENCE
    if not old.any():
        return ""
    dropped = sum(
        any(_DROPPED.fullmatch(problem) for problem in problems)
        for problems in pack.manifest["problems"][old]
    )
    return (
        f"{pack.folder}: imported before the order of bodies in the file was stored; with the recipe paper, clips "
        f"with three or more bodies in the file ({dropped:,} of {len(pack):,}) or without a body at times can differ "
        "from the authors'; import again to correct this"
    )


def kinds_of(of_clips: Iterable[Iterable[str]]) -> dict[str, int]:
    """Sentences about clips, those that differ in numbers only as one -> number of clips, most first.

    Numbers that differ are a range: "2 to 40 empty frames". Names keep theirs: h36m17, walk_02.json.
    """
    clips: Counter[tuple[str, ...]] = Counter()
    numbers: dict[tuple[str, ...], list[list[str]]] = {}
    for sentences in of_clips:
        of_kind = {tuple(_NUMBER.split(sentence)): _NUMBER.findall(sentence) for sentence in sentences}
        clips.update(of_kind.keys())
        for kind, written in of_kind.items():
            numbers.setdefault(kind, []).append(written)

    def text(kind: tuple[str, ...]) -> str:
        places = (sorted(set(of_place), key=float) for of_place in zip(*numbers[kind], strict=True))
        ranges = (values[0] if len(values) == 1 else f"{values[0]} to {values[-1]}" for values in places)
        return kind[0] + "".join(number + part for number, part in zip(ranges, kind[1:], strict=True))

    return {text(kind): count for kind, count in clips.most_common()}


def similar_spellings(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Names that differ only in case, spaces and punctuation (``"Sit down"``, ``"sit-down"``): probably one class."""
    groups: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        groups.setdefault("".join(filter(str.isalnum, name.casefold())) or name, []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _summarise(
    name: str,
    layout: str,
    columns: Mapping[str, Sequence[Any]],
    rejected: tuple[Rejected, ...],
    notes: tuple[str, ...],
) -> Summary:
    frames, rates = columns["frames"], columns["rate"]
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
        listed=sum(count > 0 for count in columns["listed"]),
        problems=kinds_of(columns["problems"]),
        with_problems=sum(bool(line) for line in columns["problems"]),
        rejected=rejected,
        notes=notes,
        readings=kinds_of([[line] if line else [] for line in columns["reading"]]),
    )


def _range(values: Sequence[float]) -> Range:
    return Range(min(values), median(values), max(values))


def _count(values: Sequence[str]) -> dict[str, int]:
    """Clips per name, in natural order: "2" before "10"."""

    def natural(item: tuple[str, int]) -> list[tuple[int, int | str]]:
        parts = re.split(r"(\d+)", item[0])
        return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts]

    return dict(sorted(Counter(values).items(), key=natural))


def _lines(summary: Summary) -> list[str]:
    names = [name for name in summary.classes if name]
    bodies = ", ".join(f"{slots} in {_plural(n, 'clip')}" for slots, n in summary.bodies.items())
    if summary.listed:
        bodies += f"; the file lists others, or in another order, in {_plural(summary.listed, 'clip')}"
    frames, several = summary.frames, summary.clips > 1
    lines = [
        f"{summary.name}: {_plural(summary.clips, 'clip')}, {_plural(len(names), 'class', 'classes')}, "
        f"{_duration(summary.total_seconds)} of motion",
        f"  data set   {', '.join(name or '(unnamed)' for name in summary.datasets)}",
        f"  layout     {summary.layout}",
        f"  frames     {frames}" + ("" if frames.min == frames.max else "   (min / median / max)"),
        f"  seconds    {_rounded(summary.seconds)}",
        f"  rate       {_rounded(summary.rate)} frames per second",
        f"  bodies     {bodies}",
    ]
    for title, counts in (
        ("subjects", summary.subjects),
        ("cameras", summary.cameras),
        ("setups", summary.setups),
    ):
        if groups := [name for name in counts if name]:
            listed = groups if len(groups) <= _MAX_NAMES else [*groups[:_MAX_NAMES], "..."]
            lines += _wrap(f"  {title:<11}", [f"{len(groups)}:", *listed] if len(groups) > 1 else listed)
    lines += _wrap("  classes    ", [f"{name or '(unnamed)'} ({n})," for name, n in summary.classes.items()])
    lines += [
        f"    {' and '.join(map(repr, spellings))}: {TWO_SPELLINGS}" for spellings in similar_spellings(names)
    ]
    readings = list(summary.readings.items())
    lines += [
        f"  {'reading' if not row else '':<11}{f'{n} x ' if several else ''}{line}"
        for row, (line, n) in enumerate(readings[:_MAX_READINGS])
    ]
    affected = _plural(summary.with_problems, "clip")
    lines.append(f"  problems   {affected + ' with problems' if summary.with_problems else 'none'}")
    lines += [f"    {n:>6} x {kind}" if several else f"    {kind}" for kind, n in summary.problems.items()]
    if summary.rejected:
        lines.append(f"  rejected   {_plural(len(summary.rejected), 'file')} could not be used")
        lines += [f"    {_reason(file)}" for file in summary.rejected[:_MAX_REJECTED]]
        if len(summary.rejected) > _MAX_REJECTED:
            lines.append(f"    ... and {len(summary.rejected) - _MAX_REJECTED} more in rejected.json")
    return lines + [f"  note       {note}" for note in summary.notes]


def _rounded(values: Range) -> Range:
    return Range(round(values.min, 2), round(values.median, 2), round(values.max, 2))


def _reason(file: Rejected) -> str:
    """A rejected file and its message; most messages already name the file."""
    return file.message if file.message.startswith(file.file) else f"{file.file}: {file.message}"


def _wrap(head: str, words: list[str]) -> list[str]:
    import textwrap

    # Lines break between names, not within; the last comma is dropped.
    text = " ".join(word.replace(" ", "\0") for word in words).removesuffix(",")
    indent = " " * len(head)
    wrapped = textwrap.wrap(text, 100, initial_indent=head, subsequent_indent=indent, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in wrapped]


def _plural(count: int, singular: str, plural: str = "") -> str:
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
