"""The printed results of `check`: one line per clip or file, and below them what several have in common, once."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pgfa.draw.frame import draw_frame, safe_name
from pgfa.errors import PgfaError, Undecided, ways_to_state
from pgfa.files import write_json
from pgfa.pack.importing.check import NOT_A_RECORDING, CheckResult, check
from pgfa.pack.importing.folder import common_layout
from pgfa.pack.summary import TWO_SPELLINGS, similar_spellings
from pgfa.read import FORMATS, find_recordings, read
from pgfa.read.assemble import counted
from pgfa.read.encoding import without_control
from pgfa.read.interpret.decision import values_of
from pgfa.read.limits import MEMORY, memory_cap
from pgfa.read.source import FileRef
from pgfa.read.stated import NOTHING, Stated, stated_from
from pgfa.skeleton import Clip

MANY, MOST_WAYS = 6, 12
"""Clips from which the overview counts how they are read, and the most lines it takes for that."""
MOST_SKIPPED = 8
"""Names of files that are no recordings, at most."""


class Notes:
    """What is noted of clips and files, numbered: the same note is printed once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.texts: dict[int, set[str]] = {}
        self.counts: Counter[int] = Counter()

    def add(self, text: str, common: str = "") -> int:
        """The number of a note. `common`: the part of it that other notes of that number have in common."""
        number = self.numbers.setdefault(common or text, len(self.numbers) + 1)
        self.texts.setdefault(number, set()).add(text)
        self.counts[number] += 1
        return number

    def lines(self) -> list[str]:
        """All notes, those that differ in details without these."""
        lines = []
        for common, number in self.numbers.items():
            texts = self.texts[number]
            count = f" ({self.counts[number]} times)" if self.counts[number] > 1 else ""
            lines.append(f"[{number}] {common if len(texts) > 1 else next(iter(texts))}{count}")
        return lines


def line_of(result: CheckResult, notes: Notes) -> str:
    """A result in one line, with the numbers of its notes. What counts something in it (`3 empty frames`) is in it."""
    if result.error:
        line = f"{result.title}: {result.message or result.error}"
        return f"{line} [{notes.add(result.advice)}]" if result.advice else line
    own = [problem for problem in result.problems if problem[:1].isdigit()]
    reading = [notes.add(result.reading, _without_reasons(result.reading))] if result.reading else []
    numbers = [*reading, *(notes.add(problem) for problem in result.problems if problem not in own)]
    return "; ".join([result.title, *own]) + (f" [{', '.join(map(str, numbers))}]" if numbers else "")


def print_check(
    source: Path,
    labels: Path | None = None,
    json: Path | None = None,
    *,
    pictures: Path | None = None,
    stated: Stated = NOTHING,
) -> bool:
    """Print the results of `check`: usable clips while they are read, then all others, then notes and an overview.

    Returns whether there are clips, and all files can be used but for those that are no recordings. Raises as `check`.
    """
    drawn: list[Path] = []

    def draw(clip: Clip) -> None:
        if pictures is not None:
            drawn.append(pictures / f"{safe_name(clip.source.id)}-{len(drawn) + 1}.svg")
            draw_frame(clip, drawn[-1])

    notes = Notes()
    is_one = source.is_file() and find_recordings(source) == [FileRef(source)]

    def show(result: CheckResult) -> None:
        print(_printable(str(result) if is_one else line_of(result, notes)), flush=True)

    results = []
    for result in check(source, labels, stated=stated, seen=draw):
        results.append(result)
        if result.usable:
            show(result)
    for verdict in ("ASK", "FAIL"):
        for result in results:
            if result.verdict == verdict:
                show(result)
            if result.verdict == verdict == "ASK" and pictures is not None:
                choices = draw_choices(result, pictures)
                drawn += choices.drawn
                print(_printable("".join(f"       {line}\n" for line in choices.lines)), end="")
    for line in notes.lines():
        print(without_control(line))
    print(_printable(overview(results)))
    if drawn:
        print(f"{counted(len(drawn), 'picture')} in {pictures}")
    if json is not None:
        write_json(json, [result.to_dict() for result in results])
    return any(result.usable for result in results) and all(r.usable or r.skipped for r in results)


@dataclass(frozen=True)
class Choices:
    """What is drawn of a file that asks, and a line for each value among which to choose."""

    drawn: list[Path]
    lines: list[str]


def draw_choices(result: CheckResult, folder: Path) -> Choices:
    """Draw a file that asks in each reading that it offers, so that a person sees which is right.

    Args:
        result: with `asks`, `options` and `source`.
        folder: for the pictures.
    """
    drawn: list[Path] = []
    lines: list[str] = []
    for value in (True, False) if result.asks == "mirrored" else result.options:
        shown = (
            f"--{result.asks}={value}" if result.asks != "mirrored" else f"--{'' if value else 'no-'}mirrored"
        )
        reference = result.source
        if reference is None:
            lines.append(f"{shown}: not drawn, as it is one clip of several in the file")
            continue
        try:
            with memory_cap(reference, reference.size(), MEMORY):
                clip = read(reference.with_stated(stated_from({result.asks: value}, result.asks)))
        except PgfaError as error:
            reason = f"{error.quantity} has to be stated too" if isinstance(error, Undecided) else str(error)
            lines.append(f"{shown}: not drawn: {reason}")
            continue
        path = folder / f"{safe_name(clip.source.id)}-ASK-{safe_name(f'{result.asks}={value}')}.svg"
        draw_frame(clip, path)
        drawn.append(path)
        lines.append(f"{shown}: {path.name}")
    return Choices(drawn, lines)


def overview(results: list[CheckResult]) -> str:
    """The end of the printed results: counts of usable clips by class, layouts, and hints."""
    usable = [result for result in results if result.usable]
    layouts = sorted({result.layout for result in usable})
    skipped = [result for result in results if result.skipped]
    unusable = len(results) - len(usable) - len(skipped)
    lines = [
        f"{counted(len(usable), 'clip')} can be used, {counted(unusable, 'file or clip', 'files or clips')} cannot"
    ]
    if unusable:
        asks = sum(result.verdict == "ASK" for result in results)
        lines[0] += f": {asks} ASK (state how to read them), {unusable - asks} FAIL"
    if skipped:
        kinds = [result.message.removeprefix(NOT_A_RECORDING).strip(" ()") for result in skipped]
        named = [f"{r.file} ({kind})" for r, kind in zip(skipped, kinds, strict=True)][:MOST_SKIPPED]
        more = ["..."] if len(skipped) > MOST_SKIPPED else []
        are = counted(len(skipped), "file is no recording", "files are no recordings")
        lines.append(f"SKIP: {are}: {', '.join(named + more)}")
    lines += _readings(usable)
    if any(result.verdict == "FAIL" and NOT_A_RECORDING in result.error for result in results):
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


def _without_reasons(text: str) -> str:
    """A reading without what is in brackets."""
    return re.sub(r" \([^()]*\)", "", text)


def _printable(text: str) -> str:
    """Text without control characters: names of files are printed, and must not control the terminal."""
    return without_control(text, allowed="\n\t")
