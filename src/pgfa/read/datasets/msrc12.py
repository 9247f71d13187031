"""MSRC-12 (Fothergill et al., CHI 2012): .csv of whole sessions, Kinect v1, with tags of one gesture."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.assemble import assemble, check_frames, counted
from pgfa.read.format import CLASS_UNKNOWN, Format
from pgfa.read.parsing.text_table import looks_numeric, numbered_lines, parse_lines, short
from pgfa.read.sample import coordinates, rows
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import KINECT20, Clip, Source

GESTURES = (
    "lift-outstretched-arms", "duck", "push-right", "goggles", "wind-it-up", "shoot",
    "bow", "throw", "had-enough", "change-weapon", "beat-both", "kick",
)  # fmt: skip
"""Class of each gesture number in a file name, from 1, named after the texts of the tags."""
RATE = 30.0
NAME = r"P(\d)_(\d)_(\d{1,2})(A?)_p(\d{2})\.csv"
WINDOW = (1.0, 1.0)
"""Seconds before and after a tag that `read_all` cuts out: a tag marks a single moment of the gesture."""
TICKS = 49875
"""Ticks of the tag file per millisecond; the authors' reader has us = (tick * 1000 + TICKS / 2) / TICKS."""
MAX_TAGS = 5_000


def sniff(name: str, head: bytes) -> bool:
    """Lines of 81 numbers."""
    return looks_numeric(head, 81)


def find(root: Path) -> list[FileRef]:
    """The ``P1_2_5A_p04.csv`` files under a folder or in a zip."""
    return find_files(root, NAME, "MSRC-12 recordings (P1_1_10_p19.csv)")


def read(ref: FileRef) -> Clip:
    """The whole session: (frames, 1, 20, 3) metres in the Kinect's frame. `tags` gives its tagged moments.

    Raises:
        BadFile: with the line. LimitExceeded.
    """
    return _session(ref)[0]


def tags(ref: FileRef) -> list[tuple[float, str]]:
    """The tagged moments of a recording, from the .tagstream file in the same folder: (seconds, the tag's text), by
    time.

    Seconds are clip time: number of the nearest frame over the frame rate. Where the sensor dropped frames, clip time
    is less than real time.

    Raises:
        BadFile: no tag file, or a damaged one.
    """
    clip, times = _session(ref)
    return [(int(np.abs(times - moment).argmin()) / clip.rate, text) for moment, text in _tags(ref)]


def read_all(ref: FileRef) -> list[Clip | BadFile]:
    """A clip for each tag, from one second before it to one second after it; without a tag file, the whole session.

    Raises:
        As `read` and, if there is a tag file, `tags`.
    """
    session, times = _session(ref)
    if _tag_file(ref) is None:
        return [replace(session, problems=(*session.problems, "no tag file: whole session"))]
    clips: list[Clip | BadFile] = []
    for number, (moment, text) in enumerate(_tags(ref), start=1):
        start, end = (moment - WINDOW[0] * 1e6, moment + WINDOW[1] * 1e6)
        positions = session.positions[(times >= start) & (times <= end)]
        if not np.isfinite(positions).any():
            actual = (
                f"no person detected around tag {number} ({text[:40]}) at {(moment - times[0]) / 1e6:.2f} s"
            )
            clips.append(BadFile(str(ref), expected="a person around every tag", found=actual))
            continue
        empty = int((~np.isfinite(positions)).all(axis=(1, 2, 3)).sum())
        problems = [problem for problem in session.problems if "empty frame" not in problem]
        problems += [counted(empty, "empty frame")] if empty else []
        source = replace(session.source, id=f"{session.source.id}_{number:02d}")
        clips.append(Clip(positions, session.rate, KINECT20, source, tuple(problems)))
    return clips


def _session(ref: FileRef) -> tuple[Clip, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """The whole session, and the time of each frame in microseconds."""
    raw = ref.read()
    lines = numbered_lines(ref, raw)
    check_frames(ref, len(lines))
    values = parse_lines(ref, lines, 81)
    times = values[:, 0]
    if not np.isfinite(times).all():
        where = f"line {lines[int(np.argmin(np.isfinite(times)))][0]}"
        raise BadFile(str(ref), where=where, expected="a time", found="nan or inf")
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    problems = []
    if unordered := int((np.diff(times) < 0).sum()):
        problems.append(counted(unordered, "time") + " before the previous one")
    rate = 1e6 / step if 1e3 < step < 1e6 else RATE
    if not 1e3 < step < 1e6:
        problems.append(f"frame rate missing, assumed {RATE:g} fps")
    match = re.fullmatch(NAME, ref.name, re.IGNORECASE)
    has_class = match is not None and 1 <= int(match[3]) <= len(GESTURES)
    source = Source(
        id=ref.stem,
        dataset="msrc12",
        action=GESTURES[int(match[3]) - 1] if match and has_class else "",
        variant=f"instruction {match[1]}.{match[2]}" + (" with audio or video" if match[4] else "")
        if match
        else "",
        subject=str(int(match[5])) if match else "",
    )
    if not has_class:
        problems.append(CLASS_UNKNOWN)
    positions = values[:, 1:].reshape(-1, 1, 20, 4)[..., :3]
    clip = assemble(ref, raw, positions, rate=rate, layout=KINECT20, source=source, problems=tuple(problems))
    return clip, times


def _tag_file(ref: FileRef) -> tuple[FileRef, bytes] | None:
    name = f"{ref.stem}.tagstream"
    for tag_file in (ref.sibling(name), ref.sibling(name[:1].lower() + name[1:])):
        try:
            return tag_file, tag_file.read(1024 * 1024)
        except BadFile:
            continue
    return None


def _tags(ref: FileRef) -> list[tuple[float, str]]:
    """(microseconds, text) of each tag in the tag file."""
    opened = _tag_file(ref)
    if opened is None:
        raise BadFile(
            str(ref), expected=f"a tag file in the same folder ({ref.stem}.tagstream)", found="no such file"
        )
    tag_file, raw = opened
    entries = []
    for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), start=1):
        tick, separator, text = line.partition(";")
        if number == 1 or not line.strip():
            continue
        if not separator or not tick.strip().isdecimal() or len(tick) > 18:
            raise BadFile(str(tag_file), where=f"line {number}", expected="tick;tag", found=short(line))
        entries.append(((int(tick) * 1000 + TICKS / 2) / TICKS, text.strip()))
    if not entries:
        raise BadFile(str(tag_file), expected="tags", found="none")
    if len(entries) > MAX_TAGS:
        raise LimitExceeded(f"{tag_file}: {len(entries):,} tags, more than the limit of {MAX_TAGS:,}")
    return sorted(entries)


def sample() -> dict[str, bytes]:
    """1.3 seconds of gesture 1, subject 4, with two tags."""
    joints = " ".join(f"{row} 1" for row in rows(coordinates(20, 3)))
    session = "".join(f"{1_000_000 + 33_333 * frame} {joints}\n" for frame in range(40))
    tags = b"XQPCTick;Tag\n84787500;G1  lift\n100000000;G1  lift\n"
    return {"P1_1_1_p04.csv": session.encode(), "P1_1_1_p04.tagstream": tags}


FORMAT = Format(
    "msrc12",
    "MSRC-12: .csv sessions with .tagstream, Kinect v1, 12 gestures",
    sniff,
    find,
    read,
    kind="dataset",
    read_all=read_all,
    companions=(".tagstream",),
    sample=sample,
)
