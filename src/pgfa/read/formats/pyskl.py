"""PYSKL's annotation files (.pkl): many clips per file, joints of COCO (17) or a Kinect (25). Nothing in it is run."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile, LimitExceeded, PgfaError, Undecided
from pgfa.read.assemble import MAX_TOGETHER, with_doubts
from pgfa.read.encoding import printable
from pgfa.read.format import Format, first_of
from pgfa.read.formats.keypoints.ahead import Shown, shown_by
from pgfa.read.formats.keypoints.habit import AGREEING, MAX_ALONE, Habit
from pgfa.read.formats.keypoints.reader import KeypointInfo, from_array
from pgfa.read.formats.pickled_array import EXPECTED, clip_of_arrays, is_array_file
from pgfa.read.interpret.take import Take
from pgfa.read.limits import allowance
from pgfa.read.parsing.safe_pickle import load_plain
from pgfa.read.sample import picture
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import COCO17, Clip, Layout, Source

MAX_CLIPS = 200_000
SMALL_CLIPS = 4_000
"""Clips in a small file."""
AHEAD, MOST_BODIES = 500, 4
"""Clips that are looked at together, and bodies in each of them, at most."""
Habits = dict[tuple[int, ...], Habit]


def sniff(name: str, head: bytes) -> bool:
    """A Python object stream: protocol 2 to 5, or an older one by its name."""
    return (head[:1] == b"\x80" and head[1:2] in b"\2\3\4\5" and len(head) > 2) or (
        name.lower().endswith((".pkl", ".pickle")) and head[:1] in (b"(", b"}", b"]")
    )


def find(root: Path) -> list[FileRef]:
    """The .pkl files under a folder or in a zip."""
    return find_files(root, r".+\.(pkl|pickle)", "annotations of PYSKL (.pkl)")


def read(ref: FileRef) -> Clip:
    """The first clip of the file; a problem counts the others. Raises BadFile, LimitExceeded."""
    raw = ref.read()
    content = load_plain(str(ref), raw)
    if _is_of_arrays(content):
        return clip_of_arrays(ref, raw, content)
    annotations = _annotations(ref, raw, content)
    file = _Archive(ref, annotations)
    (clip,) = with_doubts([_clip(file, 0)], [file.takes[0]])
    return first_of(clip, len(annotations))


def read_all(ref: FileRef) -> list[Clip | BadFile]:
    """All clips of the file, in order, with an error in place of each that cannot be used.

    Clips of one number of joints and columns are of one kind: where nearly all of the first are decided alike, so are
    the others, and those that leave something open.

    Raises:
        Undecided: nothing shows how any of the first clips is to be read, and there are more.
        LimitExceeded: the first clips are of no kind, and there are more.
    """
    raw = ref.read()
    content = load_plain(str(ref), raw)
    if _is_of_arrays(content):
        return [clip_of_arrays(ref, raw, content)]
    annotations = _annotations(ref, raw, content)
    file = _Archive(ref, annotations, allowance(len(raw), MAX_ALONE))
    clips: list[Clip | BadFile] = []
    left = len(raw)
    for number, annotation in enumerate(annotations):
        # Clips may share an array without end: each byte of the file is used once.
        left -= _array_bytes(annotation)
        if left < 0:
            raise LimitExceeded(f"{ref}: its clips repeat their arrays: more numbers than bytes in the file")
        _check_alone(ref, file.habits, clips, file.most)
        clips.append(_clip_or_error(file, number))
    for number, clip in enumerate(clips):
        if isinstance(clip, Undecided) and any(habit.settled for habit in file.habits.values()):
            clips[number] = _clip_or_error(file, number)
    read = [(number, clip) for number, clip in enumerate(clips) if isinstance(clip, Clip)]
    noted = with_doubts([clip for _, clip in read], [file.takes[number] for number, _ in read])
    for (number, _), clip in zip(read, noted, strict=True):
        clips[number] = clip
    return clips


@dataclass
class _Archive:
    """A file of many clips, and what is known of them so far.

    Attributes:
        ref, annotations: the file, and what it holds.
        most: clips that are decided by themselves, at most.
        layouts, habits: joints and columns of the clips so far -> their layout, which is that of later ones too, and
            how they were read.
        takes: number of a clip -> the recording, whose doubts are noted at the end.
        shown: what the next clips show, as far as that was looked at.
    """

    ref: FileRef
    annotations: list[Any]
    most: int = MAX_ALONE
    layouts: dict[tuple[int, ...], Layout] = field(default_factory=dict)
    habits: Habits = field(default_factory=Habits)
    takes: dict[int, Take] = field(default_factory=dict)
    shown: dict[int, Shown] = field(default_factory=dict)

    def habit(self, joints: tuple[int, ...]) -> Habit:
        """How clips of that many joints and columns are read."""
        return self.habits.setdefault(joints, Habit(self.most))

    def shown_by(self, number: int, points: NDArray[Any]) -> Shown | None:
        """What a clip shows if it is read as the others were; None as long as these differ, and of a long one."""
        reading = self.habit(points.shape[2:]).settled
        if reading is None or not _is_short(points):
            return None
        if number not in self.shown:
            arrays, left = dict[int, NDArray[Any]](), MAX_TOGETHER
            for later in range(number, min(number + AHEAD, len(self.annotations))):
                array = _points_of(self.annotations[later])
                if isinstance(array, np.ndarray) and array.shape[2:] == points.shape[2:] and _is_short(array):
                    arrays[later], left = array, left - array.size
                if left < 0:
                    break
            self.shown |= dict(zip(arrays, shown_by(list(arrays.values()), reading), strict=True))
        return self.shown.pop(number)


def _is_short(points: NDArray[Any]) -> bool:
    """Whether a clip (frames, bodies, joints, columns) is looked at together with others."""
    return 0 < points.size <= MAX_TOGETHER // 10 and points.shape[1] <= MOST_BODIES


def _check_alone(ref: FileRef, habits: Habits, clips: Sequence[Clip | BadFile], most: int) -> None:
    """Raise an error if too many clips were decided by themselves, each of which takes long."""
    if sum(habit.alone for habit in habits.values()) < most + AGREEING:
        return
    question = next((clip for clip in clips if isinstance(clip, Undecided)), None)
    if question is not None and not any(isinstance(clip, Clip) for clip in clips):
        raise question
    raise LimitExceeded(
        f"{ref}: many of the first {len(clips):,} clips are unlike the others, and more are not decided one by one: "
        "state what they have in common (layout, up, unit, axes), or save clips of one kind in a file of their own"
    )


def _clip_or_error(file: _Archive, number: int) -> Clip | BadFile:
    """As `_clip`, with the error in place of a clip that cannot be used."""
    try:
        return _clip(file, number)
    except BadFile as error:
        return error
    except PgfaError as error:
        return BadFile(str(file.ref), where=f"annotation {number + 1}", expected="a clip", found=str(error))


def _is_of_arrays(content: Any) -> bool:
    """Whether a file has an array in place of annotations."""
    return is_array_file(content) and not (isinstance(content, dict) and "annotations" in content)


def _annotations(ref: FileRef, raw: bytes, content: Any) -> list[Any]:
    annotations = content.get("annotations") if isinstance(content, dict) else content
    if not isinstance(annotations, list) or not annotations:
        actual = "an empty list" if annotations == [] else type(annotations).__name__
        if isinstance(content, dict) and content and "annotations" not in content:
            # Any object stream comes here: it need not be one of PYSKL at all.
            fields = ", ".join(map(printable, map(str, content)))[:160]
            raise BadFile(str(ref), expected=EXPECTED, found=f"fields {fields}")
        raise BadFile(str(ref), where="annotations", expected="a list of clips", found=actual)
    if len(annotations) > (most := min(MAX_CLIPS, allowance(len(raw), SMALL_CLIPS))):
        raise LimitExceeded(f"{ref}: {len(annotations):,} clips, more than the limit of {most:,}")
    return annotations


def _array_bytes(annotation: Any) -> int:
    """Bytes of the arrays of an annotation that are used."""
    arrays = (
        [annotation.get(name) for name in ("keypoint", "keypoint_score")]
        if isinstance(annotation, dict)
        else []
    )
    return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))


def _action(label: Any) -> str:
    """The class that a label stands for: a text is its name, a whole number its number."""
    if isinstance(label, str):
        return label.strip()[:200]
    return f"class-{label}" if type(label) is int and 0 <= label < 1 << 40 else ""


def _points_of(annotation: Any) -> NDArray[Any] | tuple[str, str]:
    """(frames, bodies, joints, 2, 3 or 4) of keypoint (bodies, frames, joints, 2 or 3) and keypoint_score (bodies,
    frames, joints); or what was expected, and found.
    """
    keypoint = annotation.get("keypoint") if isinstance(annotation, dict) else None
    if not isinstance(keypoint, np.ndarray) or keypoint.ndim != 4 or keypoint.dtype.kind not in "fiu":
        actual = f"shape {keypoint.shape}" if isinstance(keypoint, np.ndarray) else type(keypoint).__name__
        return "keypoint: bodies x frames x joints x 2 or 3 numbers", actual
    score = annotation.get("keypoint_score")
    points = keypoint.transpose(1, 0, 2, 3)
    if score is None:
        return points
    if (
        not isinstance(score, np.ndarray)
        or score.shape != keypoint.shape[:3]
        or score.dtype.kind not in "fiu"
    ):
        actual = f"shape {score.shape}" if isinstance(score, np.ndarray) else type(score).__name__
        return f"keypoint_score {keypoint.shape[:3]}", actual
    return np.concatenate([points, score.transpose(1, 0, 2)[..., None]], axis=-1)


def _clip(file: _Archive, number: int) -> Clip:
    """The clip of one annotation. What it shows about later ones is added to the archive."""
    ref, annotation, where = file.ref, file.annotations[number], f"annotation {number + 1}"
    points = _points_of(annotation)
    if isinstance(points, tuple):
        expected, actual = points
        raise BadFile(str(ref), where=where, expected=expected, found=actual)
    label, name = annotation.get("label"), annotation.get("frame_dir")
    # A clip in an annotation file has no bytes of its own to digest: its keypoints are digested instead.
    source = Source(
        id=name[:200] if isinstance(name, str) and name else f"{ref.stem}_{number + 1}",
        dataset=ref.stem,
        action=_action(label),
    )
    joints, takes = points.shape[2:], list[Take]()
    info = KeypointInfo(
        layout=file.layouts.get(joints),
        axes="TMVC",
        scored=annotation.get("keypoint_score") is not None,
        source=source,
        habit=file.habit(joints),
        shown=file.shown_by(number, points),
        takes=takes,
    )
    try:
        clip = from_array(ref, np.ascontiguousarray(points).tobytes(), points, info)
    except Undecided as error:
        actual = f"in {where} {error.reason}"
        raise Undecided(str(ref), quantity=error.quantity, found=actual, options=error.options) from None
    except BadFile as error:
        where = f"{where}, {error.where}" if error.where else where
        raise BadFile(str(ref), where=where, expected=error.expected, found=error.found) from None
    file.layouts[joints] = clip.layout
    file.takes[number] = takes[-1]
    return clip


def sample() -> dict[str, bytes]:
    """One annotation of four frames, as Python's own writer stores it (protocol 2)."""

    def text(value: str) -> bytes:
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    keypoint = picture(COCO17)[None].astype("<f4")
    shape = b"(" + b"".join(b"K" + bytes([length]) for length in keypoint.shape) + b"t"
    content = keypoint.tobytes()
    dtype = (
        b"cnumpy\ndtype\n("
        + text("f4")
        + b"K\0K\1tR(K\3"
        + text("<")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    )
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85C\1btR"
        + b"(K\1" + shape + dtype + b"\x89B" + struct.pack("<I", len(content)) + content + b"tb"
    )  # fmt: skip
    fields = text("frame_dir") + text("a") + text("label") + b"K\3" + text("keypoint") + array
    return {"annotations.pkl": b"\x80\2}" + text("annotations") + b"]}(" + fields + b"uas."}


FORMAT = Format(
    "pyskl",
    "PYSKL: annotation .pkl, COCO or NTU joints",
    sniff,
    find,
    read,
    read_all=read_all,
    sample=sample,
)
