"""One input with its truth, and what became of it: right, asked, refused, misread or a crash."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from pgfa.errors import BadFile, PgfaError, Undecided
from pgfa.read import read_all
from pgfa.skeleton import NO_DEPTH, Clip
from reading_motions import LIMBS, Body, Floats

SECONDS = 20
"""A reader that takes longer hangs."""
BENIGN = re.compile(
    rf"{re.escape(NO_DEPTH)}|frame rate missing|class missing|1 frame only|body proportions assumed|no tag file"
    r"|clips? in the file|image size missing|unit inferred|nothing moves|a small child"
)
"""Notes that do not tell that left and right, people, frames or joints are wrong."""
OUTCOMES = ("right", "asked", "refused", "unclear", "noted", "silent", "crash")

Files = Mapping[str, bytes | str]


@dataclass(frozen=True)
class Truth:
    """What a reader has to give.

    Attributes:
        takes: clips -> bodies -> joint -> (frames, 3), metres, y up, NaN where absent.
        rate: frames per second; None if the file does not say.
        flat: whether the file has no depth.
        within: metres by which a joint may differ (marker sets only approximate joints).
        sized: whether the unit is to be right within 15 %.
    """

    takes: tuple[tuple[Body, ...], ...]
    rate: float | None = None
    flat: bool = False
    within: float = 0.05
    sized: bool = True


@dataclass(frozen=True)
class Case:
    """One input.

    Attributes:
        format: its entry of `FORMATS`.
        program: which program writes such a file.
        defect: what is special.
        files: name -> content, made when needed.
        truth: None if it must be refused.
        recording: the file or folder ("") to be read; by default the first file.
        states: what a user who is asked would state.
        given: what the user states without being asked.
        note: a pattern that a problem has to match although the clip is right.
    """

    format: str
    program: str
    defect: str
    files: Callable[[], Files]
    truth: Truth | None = None
    recording: str | None = None
    states: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def name(self) -> str:
        """Unique."""
        return f"{self.format}: {self.program}: {self.defect}"


@dataclass(frozen=True)
class Outcome:
    """What became of a case: one of OUTCOMES, and why."""

    verdict: str
    why: str
    reading: str = ""


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def lay_out(case: Case, folder: Path) -> Path:
    """Write the files of a case; the path to read."""
    files = case.files()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    recording = next(iter(files)) if case.recording is None else case.recording
    return folder / recording if recording else folder


def tried(case: Case, folder: Path) -> Outcome:
    """Read a case in an empty folder, and judge."""
    path = lay_out(case, folder)
    stated: dict[str, Any] = dict(case.given)
    asked: list[str] = []
    for _ in range(6):
        try:
            with _limited(SECONDS):
                clips = read_all(path, **stated)
        except Undecided as error:
            asked.append(error.quantity)
            if error.quantity in stated or error.quantity not in case.states:
                settled = case.truth is None
                return Outcome("asked" if settled else "unclear", str(error))
            stated[error.quantity] = case.states[error.quantity]
            continue
        except PgfaError as error:
            return _refusal(case, str(error))
        except Exception as error:
            return Outcome("crash", f"{type(error).__name__}: {error}")
        errors = [str(clip) for clip in clips if isinstance(clip, BadFile)]
        sound = [clip for clip in clips if isinstance(clip, Clip)]
        if not sound:
            return _refusal(case, errors[0] if errors else "no clip")
        outcome = judged(case, sound, errors)
        if asked and outcome.verdict == "right":
            return Outcome("asked", f"{', '.join(asked)}; right when stated", outcome.reading)
        return outcome
    return Outcome("unclear", f"asked again and again: {asked}")


def _refusal(case: Case, message: str) -> Outcome:
    if "please report it" in message:
        return Outcome("crash", message)
    clear = re.search(r"expected .+, found |Supported formats|more than the limit|state it|needs ", message)
    return Outcome("refused" if clear else "unclear", message)


def judged(case: Case, clips: list[Clip], errors: list[str]) -> Outcome:
    """Compare clips with the truth."""
    reading = clips[0].reading
    notes = [note for clip in clips for note in clip.problems if not BENIGN.search(note)] + errors
    noted = "noted" if notes else "silent"
    every = "; ".join(note for clip in clips for note in clip.problems)
    if case.truth is None:
        why = f"read as {clips[0].layout.name}, {clips[0].frames} frames, {clips[0].bodies} bodies [{every}]"
        return Outcome(noted, f"not refused: {why}", reading)
    if len(clips) != len(case.truth.takes):
        return Outcome(noted, f"{len(clips)} clips for {len(case.truth.takes)} [{every}]", reading)
    for clip, bodies in zip(clips, case.truth.takes, strict=True):
        if why := difference(clip, bodies, case.truth):
            return Outcome(noted, f"{why} [{every}]", reading)
        if case.truth.rate is not None and abs(clip.rate / case.truth.rate - 1) > 0.02:
            assumed = "rate" in every
            if not assumed:
                return Outcome("silent", f"rate {clip.rate:g} for {case.truth.rate:g} [{every}]", reading)
        if case.truth.rate is None and "rate" not in every:
            return Outcome("silent", f"rate {clip.rate:g} invented [{every}]", reading)
    if case.note and not re.search(case.note, every):
        return Outcome("silent", f"no note {case.note!r} [{every}]", reading)
    return Outcome("right", every, reading)


def difference(clip: Clip, bodies: tuple[Body, ...], truth: Truth) -> str:
    """How a clip differs from its truth; "" if it does not."""
    frames = len(bodies[0]["hip_left"])
    if clip.frames != frames:
        return f"{clip.frames} frames for {frames}"
    if clip.bodies != len(bodies):
        return f"{clip.bodies} bodies for {len(bodies)}"
    if clip.depth == truth.flat:
        return "depth lost" if not truth.flat else "depth invented"
    names = [name for name in (*LIMBS, "pelvis") if name in clip.layout.joints and name in bodies[0]]
    expected = np.stack([np.stack([body[name] for name in names], 1) for body in bodies], 1)
    rows = [clip.layout.index(name) for name in names]
    best = ""
    for order in permutations(range(len(bodies))):
        actual = clip.positions[:, list(order)][:, :, rows].astype(float)
        why = _compared(actual, expected, names, truth)
        if not why:
            return ""
        best = best or why
    return best


def _compared(actual: Floats, expected: Floats, names: list[str], truth: Truth) -> str:
    """actual, expected: (frames, bodies, joints, 3)."""
    seen, known = np.isfinite(actual).all(-1), np.isfinite(expected).all(-1)
    if truth.within < 0.2 and (wrong := (seen != known).mean()) > 0.01:
        joint = names[int((seen != known).mean((0, 1)).argmax())]
        kind = "absent" if (known & ~seen).sum() > (seen & ~known).sum() else "present though absent"
        return f"{wrong:.0%} of the joints {kind}, most of all {joint}"
    both = seen & known
    a, b = actual[both], expected[both]
    if truth.flat:
        a, b = a[:, :2], b[:, :2]
    a, b = a - a.mean(0), b - b.mean(0)
    size = float(np.linalg.norm(a) / np.linalg.norm(b))
    if not truth.flat and truth.sized and not 0.85 < size < 1.15:
        return f"{size:.3g} times as large"
    a = a / size
    if not truth.flat:
        cross = a[:, [0, 2]].T @ b[:, [0, 2]]
        angle = np.arctan2(cross[1, 0] - cross[0, 1], cross[0, 0] + cross[1, 1])
        cos, sin = np.cos(angle), np.sin(angle)
        a = np.stack([cos * a[:, 0] + sin * a[:, 2], a[:, 1], -sin * a[:, 0] + cos * a[:, 2]], -1)
    error = np.linalg.norm(a - b, axis=-1)
    if (largest := float(np.percentile(error, 97))) > truth.within:
        joint = names[int(np.argwhere(both)[error.argmax()][2])]
        return f"joints {largest:.2g} m away, {joint} most"
    return ""
