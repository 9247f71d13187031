"""PYSKL's annotation files (.pkl): many clips in one, keypoints of COCO (17) or a Kinect (25). Nothing in it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pgfa.errors import BadFile, LimitExceeded, PgfaError
from pgfa.read.format import FileRef, Format, first_of
from pgfa.read.formats.keypoints.reader import Facts, from_array
from pgfa.read.parsing.safe_pickle import load_plain
from pgfa.read.source import find_files
from pgfa.skeleton import Clip, Source

MAX_CLIPS = 200_000


def sniff(name: str, head: bytes) -> bool:
    """A Python object stream: protocol 2 to 5, or an older one by its name."""
    return (head[:1] == b"\x80" and head[1:2] in b"\2\3\4\5" and len(head) > 2) or (
        name.lower().endswith((".pkl", ".pickle")) and head[:1] in (b"(", b"}", b"]")
    )


def find(root: Path) -> list[FileRef]:
    """The .pkl files under a folder or in a zip."""
    return find_files(root, r".+\.(pkl|pickle)", "annotations of PYSKL (.pkl)")


def read(ref: FileRef) -> Clip:
    """The first clip of the file, which says so where there are others. Raises BadFile, LimitExceeded."""
    raw = ref.read()
    listed = _annotations(ref, raw)
    return first_of(_clip(ref, raw, 0, listed[0]), len(listed))


def read_all(ref: FileRef) -> list[Clip | BadFile]:
    """All clips of the file, in its order; for one that cannot be used, why."""
    raw = ref.read()
    clips: list[Clip | BadFile] = []
    for number, annotation in enumerate(_annotations(ref, raw)):
        try:
            clips.append(_clip(ref, raw, number, annotation))
        except BadFile as error:
            clips.append(error)
        except PgfaError as error:
            clips.append(
                BadFile(str(ref), where=f"annotation {number + 1}", expected="a clip", found=str(error))
            )
    return clips


def _annotations(ref: FileRef, raw: bytes) -> list[Any]:
    content = load_plain(str(ref), raw)
    listed = content.get("annotations") if isinstance(content, dict) else content
    if not isinstance(listed, list) or not listed:
        raise BadFile(str(ref), where="annotations", expected="a list of clips", found=type(listed).__name__)
    if len(listed) > MAX_CLIPS:
        raise LimitExceeded(f"{ref}: {len(listed):,} clips, more than the limit of {MAX_CLIPS:,}")
    return listed


def _clip(ref: FileRef, raw: bytes, number: int, annotation: Any) -> Clip:
    """One annotation: keypoint (bodies, frames, joints, 2 or 3) and keypoint_score (bodies, frames, joints)."""
    where = f"annotation {number + 1}"
    keypoint = annotation.get("keypoint") if isinstance(annotation, dict) else None
    if not isinstance(keypoint, np.ndarray) or keypoint.ndim != 4 or keypoint.dtype.kind not in "fiu":
        found = f"shape {keypoint.shape}" if isinstance(keypoint, np.ndarray) else type(keypoint).__name__
        expected = "keypoint: bodies x frames x joints x 2 or 3 numbers"
        raise BadFile(str(ref), where=where, expected=expected, found=found)
    score = annotation.get("keypoint_score")
    points = keypoint.transpose(1, 0, 2, 3)
    if score is not None:
        if (
            not isinstance(score, np.ndarray)
            or score.shape != keypoint.shape[:3]
            or score.dtype.kind not in "fiu"
        ):
            found = f"shape {score.shape}" if isinstance(score, np.ndarray) else type(score).__name__
            raise BadFile(str(ref), where=where, expected=f"keypoint_score {keypoint.shape[:3]}", found=found)
        points = np.concatenate([points, score.transpose(1, 0, 2)[..., None]], axis=-1)
    label, name = annotation.get("label"), annotation.get("frame_dir")
    # An annotation file has no clips' own bytes to take a digest of; what stands for one is its keypoints.
    source = Source(
        id=name[:200] if isinstance(name, str) and name else f"{ref.stem}_{number + 1}",
        dataset=ref.stem,
        action=f"class-{label}" if type(label) is int and 0 <= label < 1 << 40 else "",
    )
    facts = Facts(scored=score is not None, source=source)
    try:
        return from_array(ref, np.ascontiguousarray(points).tobytes(), points, facts)
    except BadFile as error:
        place = f"{where}, {error.where}" if error.where else where
        raise BadFile(str(ref), where=place, expected=error.expected, found=error.found) from None


FORMAT = Format("pyskl", "PYSKL: annotation .pkl, COCO or NTU joints", sniff, find, read, read_all)
