"""What the frames of a file say about the recording: rate, layout, up, unit, handedness. The same in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.formats.keypoints.axis_fields import axes_of, is_axis_name
from pgfa.read.formats.keypoints.info import KeypointInfo
from pgfa.read.formats.keypoints.json_fields import HEADERS
from pgfa.read.parsing.rates import MAX_RATE, MIN_RATE, TOLERANCE, BadRate, is_rate_name, stated_rate
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef
from pgfa.skeleton import LAYOUTS

MAX_NAME = 60
"""Letters of the name of a field that may state something."""
MOST_VALUES = 1000
"""Different values of a field that are kept."""


@dataclass
class FrameStatements:
    """Collects what frames say.

    Attributes:
        rates: name of the field -> frames per second -> frames that say so.
        texts: name of the field -> its different texts.
        notes: of a rate of 0.
    """

    rates: dict[str, Counter[float]] = field(default_factory=dict)
    texts: dict[str, dict[str, None]] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def add(self, frame: Mapping[str, Any]) -> None:
        """What one frame says, in itself or in its header."""
        for part in (frame, *(frame[name] for name in HEADERS if isinstance(frame.get(name), dict))):
            for name, value in part.items():
                if len(name) <= MAX_NAME and (kind := _kind(name)):
                    self._note(kind, name, value)

    def _note(self, kind: str, name: str, value: Any) -> None:
        if kind == "rate":
            try:
                rate, notes = stated_rate({name: value})
            except BadRate:
                return  # of one frame: another quantity of that name
            self.notes |= dict.fromkeys(notes)
            if rate is not None and len(counts := self.rates.setdefault(name, Counter())) < MOST_VALUES:
                counts[rate] += 1
        elif isinstance(value, str | bool) and (kind == "axes" or value in LAYOUTS):
            texts = self.texts.setdefault(name, {})
            texts |= {str(value): None} if len(texts) < MOST_VALUES else {}

    def applied(self, ref: FileRef, info: KeypointInfo, *, timed: bool) -> KeypointInfo:
        """What a file holds, with what its frames say where its header does not.

        Args:
            ref: the file.
            info: by the header.
            timed: whether the frames have times, which count before rates that differ.

        Raises:
            BadFile: frames that contradict one another, or the header.
        """
        for name, texts in self.texts.items():
            if len(texts) > 1 and not _is_settled(ref, name):
                actual = " and ".join(short(text) for text in list(texts)[:3])
                raise BadFile(
                    str(ref), where=f"field {name}", expected="one value in all frames", found=actual
                )
        named = {name: next(iter(texts)) for name, texts in self.texts.items()}
        axes = axes_of(named)
        rate, notes = info.rate, tuple(self.notes)
        for name, rates in self.rates.items():
            every = [*rates.elements(), *([] if info.rate is None else [info.rate])]
            rate, more = one_rate(ref, f"field {name}", every, timed=timed)
            notes += more
        return replace(
            info,
            layout=info.layout or LAYOUTS.get(named.get("layout", "")),
            rate=rate if info.rate is None else info.rate,
            up=info.up or axes.up,
            scale=info.scale or axes.scale,
            mirrored=(axes.turned or axes.mirrored) if info.mirrored is None else info.mirrored,
            turned=axes.turned if info.turned is None else info.turned,
            flipped=info.flipped or axes.flipped,
            problems=(*info.problems, *notes, *axes.notes),
        )


def one_rate(
    ref: FileRef, where: str, rates: Sequence[float], *, timed: bool
) -> tuple[float | None, tuple[str, ...]]:
    """The rate that all frames state, or the median of rates that are nearly the same; and a note.

    Args:
        ref: the file; a rate that the user states settles what its frames contradict.
        where: the field or column, for the error.
        rates: frames per second, of each frame.
        timed: whether there are times, which count before rates that differ.

    Raises:
        BadFile: rates that differ by more than `TOLERANCE`, and nothing else gives the rate.
    """
    middle = float(np.median(rates))
    if all(MIN_RATE <= rate <= MAX_RATE and abs(rate / middle - 1) <= TOLERANCE for rate in rates):
        return middle, ()
    actual = f"{min(rates):g} to {max(rates):g}"
    if timed or ref.stated.rate is not None:
        return None, (f"{where} not read: {actual} fps",)
    expected = "one rate in all frames, or --rate (rate=... in Python and in pgfa-recordings.toml)"
    raise BadFile(str(ref), where=where, expected=expected, found=f"{actual} fps")


def is_statement(frame: Mapping[str, Any]) -> bool:
    """Whether an object says something about a recording."""
    return any(isinstance(name, str) and len(name) <= MAX_NAME and _kind(name) for name in frame)


def _is_settled(ref: FileRef, name: str) -> bool:
    """Whether the user states what a field says."""
    axes = axes_of({name: "y"}), axes_of({name: "mm"})
    if name == "layout":
        return ref.stated.layout is not None
    if axes[0].up:
        return ref.stated.up is not None
    return (ref.stated.unit if axes[1].scale else ref.stated.mirrored) is not None


@lru_cache(maxsize=4096)
def _kind(name: str) -> str:
    """What a field states: a rate, axes, the layout; "" for any other."""
    if is_rate_name(name):
        return "rate"
    return "axes" if is_axis_name(name) else name if name == "layout" else ""
