"""MSRC-12 (Fothergill et al., CHI 2012): csv of whole sessions, Kinect v1, with the tagged moments of one gesture."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.assemble import assemble, check_frames, counted
from pgfa.read.format import CLASS_NOT_TOLD, FileRef, Format
from pgfa.read.parsing.text_table import looks_numeric, parse_rows, short
from pgfa.read.source import find_files
from pgfa.skeleton import KINECT20, Clip, Source

GESTURES = (
    "lift-outstretched-arms", "duck", "push-right", "goggles", "wind-it-up", "shoot",
    "bow", "throw", "had-enough", "change-weapon", "beat-both", "kick",
)  # fmt: skip
"""Class of each gesture number in a file's name, from 1, after the texts of the tags."""
RATE = 30.0
NAME = r"P(\d)_(\d)_(\d{1,2})(A?)_p(\d{2})\.csv"
WINDOW = (1.0, 1.0)
"""Seconds before and after a tag that `read_all` cuts out: a tag marks one moment of the gesture only."""
TICKS = 49875
"""Ticks of the tag file in a millisecond; the authors' reader has us = (tick * 1000 + TICKS / 2) / TICKS."""


def sniff(name: str, head: bytes) -> bool:
    """Lines of 81 numbers."""
    return looks_numeric(head, 81)


def find(root: Path) -> list[FileRef]:
    """The ``P1_2_5A_p04.csv`` files under a folder or in a zip."""
    return find_files(root, NAME, "MSRC-12 recordings (P1_1_10_p19.csv)")


def read(ref: FileRef) -> Clip:
    """The whole session: (frames, 1, 20, 3) metres in the Kinect's frame. `tags` gives its moments.

    Raises:
        BadFile: with the line. LimitExceeded.
    """
    return _read(ref)[0]


def tags(ref: FileRef) -> list[tuple[float, str]]:
    """The tagged moments of a recording: (seconds, the tag's text), in order of time.

    Seconds are the clip's own, the number of the nearest frame over its rate: where the sensor dropped frames, the
    clip's clock runs ahead of the wall's.

    They stand in the .tagstream file of the same name beside it (in any case of letters).

    Raises:
        BadFile: no such file, or it is wrong.
    """
    clip, times = _read(ref)
    return [(int(np.abs(times - moment).argmin()) / clip.rate, text) for moment, text in _tags(ref)]


def read_all(ref: FileRef) -> list[Clip | BadFile]:
    """A clip for each tag, from one second before it to one second after; the session where there are no tags.

    Raises:
        As `read` and, where there is a tag file, `tags`.
    """
    whole, times = _read(ref)
    if _tag_file(ref) is None:
        return [replace(whole, problems=(*whole.problems, "no tags: the whole session"))]
    clips: list[Clip | BadFile] = []
    for number, (moment, text) in enumerate(_tags(ref), start=1):
        before, after = (moment - WINDOW[0] * 1e6, moment + WINDOW[1] * 1e6)
        inside = (times >= before) & (times <= after)
        positions = whole.positions[inside]
        if not np.isfinite(positions).any():
            found = f"tag {number} ({text[:40]}) at {(moment - times[0]) / 1e6:.2f} s, where nobody is seen"
            clips.append(BadFile(str(ref), expected="a body about every tag", found=found))
            continue
        empty = int((~np.isfinite(positions)).all(axis=(1, 2, 3)).sum())
        problems = [problem for problem in whole.problems if "empty frame" not in problem]
        problems += [counted(empty, "empty frame")] if empty else []
        source = replace(whole.source, id=f"{whole.source.id}_{number:02d}")
        clips.append(Clip(positions, whole.rate, KINECT20, source, tuple(problems)))
    return clips


def _read(ref: FileRef) -> tuple[Clip, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """The session and each frame's microseconds."""
    raw = ref.read()
    lines = [
        (n, row.split())
        for n, row in enumerate(raw.decode("utf-8", "replace").splitlines(), 1)
        if row.strip()
    ]
    check_frames(ref, len(lines))
    values = parse_rows(ref, [row for _, row in lines], 81, lines=[number for number, _ in lines])
    times = values[:, 0]
    if not np.isfinite(times).all():
        where = f"line {lines[int(np.argmin(np.isfinite(times)))][0]}"
        raise BadFile(str(ref), where=where, expected="a time", found="nan or inf")
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    problems = []
    if back := int((np.diff(times) < 0).sum()):
        problems.append(counted(back, "step") + " back in time")
    rate = 1e6 / step if 1e3 < step < 1e6 else RATE
    if not 1e3 < step < 1e6:
        problems.append(f"frames a second not told by the times: {RATE:g} taken")
    match = re.fullmatch(NAME, ref.name, re.IGNORECASE)
    known = match is not None and 1 <= int(match[3]) <= len(GESTURES)
    source = Source(
        id=ref.stem,
        dataset="msrc12",
        action=GESTURES[int(match[3]) - 1] if match and known else "",
        variant=f"instruction {match[1]}.{match[2]}" + (" with audio or video" if match[4] else "")
        if match
        else "",
        subject=str(int(match[5])) if match else "",
    )
    if not known:
        problems.append(CLASS_NOT_TOLD)
    positions = values[:, 1:].reshape(-1, 1, 20, 4)[..., :3]
    clip = assemble(
        ref,
        raw,
        positions,
        rate=rate,
        layout=KINECT20,
        source=source,
        problems=tuple(problems),
        absent="zero",
    )
    return clip, times


def _tag_file(ref: FileRef) -> tuple[FileRef, bytes] | None:
    name = f"{ref.stem}.tagstream"
    for beside in (ref.sibling(name), ref.sibling(name[:1].lower() + name[1:])):
        try:
            return beside, beside.read(1024 * 1024)
        except BadFile:
            continue
    return None


def _tags(ref: FileRef) -> list[tuple[float, str]]:
    """(microseconds, text) of the tag file."""
    file = _tag_file(ref)
    if file is None:
        raise BadFile(str(ref), expected=f"its tags beside it ({ref.stem}.tagstream)", found="no such file")
    beside, raw = file
    found = []
    for number, line in enumerate(raw.decode("utf-8-sig", "replace").splitlines(), start=1):
        tick, mark, text = line.partition(";")
        if number == 1 or not line.strip():
            continue
        if not mark or not tick.strip().isdecimal() or len(tick) > 18:
            raise BadFile(str(beside), where=f"line {number}", expected="tick;tag", found=short(line))
        found.append(((int(tick) * 1000 + TICKS / 2) / TICKS, text.strip()))
    if not found:
        raise BadFile(str(beside), expected="tags", found="none")
    return sorted(found)


FORMAT = Format(
    "msrc12", "MSRC-12: .csv sessions with .tagstream, Kinect v1, 12 gestures", sniff, find, read, read_all
)
