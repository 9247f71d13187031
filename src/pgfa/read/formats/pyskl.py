"""PYSKL's annotation files (.pkl): many clips per file, joints of COCO (17) or a Kinect (25). Nothing in it is run."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pgfa.errors import BadFile, LimitExceeded, PgfaError, Undecided
from pgfa.read.format import Format, first_of
from pgfa.read.formats.keypoints.habit import AGREEING, MAX_ALONE, Habit
from pgfa.read.formats.keypoints.reader import KeypointInfo, from_array
from pgfa.read.limits import allowance
from pgfa.read.parsing.safe_pickle import load_plain
from pgfa.read.sample import picture
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import COCO17, Clip, Layout, Source

MAX_CLIPS = 200_000
SMALL_CLIPS = 4_000
"""Clips in a small file."""
Habits = defaultdict[tuple[int, ...], Habit]


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
    annotations = _annotations(ref, ref.read())
    return first_of(_clip(ref, 0, annotations[0], {}, defaultdict(Habit)), len(annotations))


def read_all(ref: FileRef) -> list[Clip | BadFile]:
    """All clips of the file, in order, with an error in place of each that cannot be used.

    Clips of one number of joints and columns are of one kind: where nearly all of the first are decided alike, so are
    the others, and those that leave something open.

    Raises:
        Undecided: nothing shows how any of the first clips is to be read, and there are more.
        LimitExceeded: the first clips are of no kind, and there are more.
    """
    clips: list[Clip | BadFile] = []
    layouts: dict[tuple[int, ...], Layout] = {}
    raw = ref.read()
    left, most = len(raw), allowance(len(raw), MAX_ALONE)
    habits: Habits = defaultdict(lambda: Habit(most))
    annotations = _annotations(ref, raw)
    for number, annotation in enumerate(annotations):
        # Clips may share an array without end: each byte of the file is used once.
        left -= _array_bytes(annotation)
        if left < 0:
            raise LimitExceeded(f"{ref}: its clips repeat their arrays: more numbers than bytes in the file")
        _check_alone(ref, habits, clips, most)
        clips.append(_clip_or_error(ref, number, annotation, layouts, habits))
    for number, clip in enumerate(clips):
        if isinstance(clip, Undecided) and any(habit.settled for habit in habits.values()):
            clips[number] = _clip_or_error(ref, number, annotations[number], layouts, habits)
    return clips


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


def _clip_or_error(
    ref: FileRef,
    number: int,
    annotation: Any,
    layouts: dict[tuple[int, ...], Layout],
    habits: Habits,
) -> Clip | BadFile:
    """As `_clip`, with the error in place of a clip that cannot be used."""
    try:
        return _clip(ref, number, annotation, layouts, habits)
    except BadFile as error:
        return error
    except PgfaError as error:
        return BadFile(str(ref), where=f"annotation {number + 1}", expected="a clip", found=str(error))


def _annotations(ref: FileRef, raw: bytes) -> list[Any]:
    content = load_plain(str(ref), raw)
    annotations = content.get("annotations") if isinstance(content, dict) else content
    if not isinstance(annotations, list) or not annotations:
        actual = "an empty list" if annotations == [] else type(annotations).__name__
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


def _clip(
    ref: FileRef,
    number: int,
    annotation: Any,
    layouts: dict[tuple[int, ...], Layout],
    habits: Habits,
) -> Clip:
    """One annotation: keypoint (bodies, frames, joints, 2 or 3) and keypoint_score (bodies, frames, joints).

    `layouts`, `habits`: joints and columns of earlier clips of the file -> their layout, which is that of later ones
    too, and how they were read; this clip's are added.
    """
    where = f"annotation {number + 1}"
    keypoint = annotation.get("keypoint") if isinstance(annotation, dict) else None
    if not isinstance(keypoint, np.ndarray) or keypoint.ndim != 4 or keypoint.dtype.kind not in "fiu":
        actual = f"shape {keypoint.shape}" if isinstance(keypoint, np.ndarray) else type(keypoint).__name__
        expected = "keypoint: bodies x frames x joints x 2 or 3 numbers"
        raise BadFile(str(ref), where=where, expected=expected, found=actual)
    score = annotation.get("keypoint_score")
    points = keypoint.transpose(1, 0, 2, 3)
    if score is not None:
        if (
            not isinstance(score, np.ndarray)
            or score.shape != keypoint.shape[:3]
            or score.dtype.kind not in "fiu"
        ):
            actual = f"shape {score.shape}" if isinstance(score, np.ndarray) else type(score).__name__
            raise BadFile(
                str(ref), where=where, expected=f"keypoint_score {keypoint.shape[:3]}", found=actual
            )
        points = np.concatenate([points, score.transpose(1, 0, 2)[..., None]], axis=-1)
    label, name = annotation.get("label"), annotation.get("frame_dir")
    # A clip in an annotation file has no bytes of its own to digest: its keypoints are digested instead.
    source = Source(
        id=name[:200] if isinstance(name, str) and name else f"{ref.stem}_{number + 1}",
        dataset=ref.stem,
        action=_action(label),
    )
    layout = layouts.get(points.shape[2:])
    habit = habits[points.shape[2:]]
    info = KeypointInfo(layout=layout, axes="TMVC", scored=score is not None, source=source, habit=habit)
    try:
        clip = from_array(ref, np.ascontiguousarray(points).tobytes(), points, info)
    except Undecided as error:
        actual = f"in {where} {error.reason}"
        raise Undecided(str(ref), quantity=error.quantity, found=actual, options=error.options) from None
    except BadFile as error:
        where = f"{where}, {error.where}" if error.where else where
        raise BadFile(str(ref), where=where, expected=error.expected, found=error.found) from None
    layouts[points.shape[2:]] = clip.layout
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
