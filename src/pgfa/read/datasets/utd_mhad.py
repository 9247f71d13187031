"""UTD-MHAD (Chen, Jafari, Kehtarnavaz, ICIP 2015): one .mat per clip, Kinect v1, 27 classes, 8 subjects."""

from __future__ import annotations

import re
from pathlib import Path

from pgfa.errors import BadFile
from pgfa.read.assemble import assemble
from pgfa.read.format import CLASS_UNKNOWN, Format, Rule
from pgfa.read.parsing.mat5 import array_bytes, load_array
from pgfa.read.sample import coordinates
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import KINECT20, Clip, Source

ACTIONS = (
    "swipe-left", "swipe-right", "wave", "clap", "throw", "arm-cross", "basketball-shoot", "draw-x",
    "draw-circle-clockwise", "draw-circle-counter-clockwise", "draw-triangle", "bowling", "boxing",
    "baseball-swing", "tennis-swing", "arm-curl", "tennis-serve", "push", "knock", "catch",
    "pickup-and-throw", "jog", "walk", "sit-to-stand", "stand-to-sit", "lunge", "squat",
)  # fmt: skip
RATE = 30.0
NAME = r"a(\d{1,18})_s(\d{1,18})_t(\d{1,18})_skeleton\.mat"
MAX_BYTES = 64 * 1024 * 1024
"""Of the file, and of its numbers: 100,000 frames take 48 MB."""

# The file counts the trunk from the head down; everything else is in Kinect v1 order.
_ORDER = [3, 2, 1, 0, *range(4, 20)]


def sniff(name: str, head: bytes) -> bool:
    """A MATLAB v5 file."""
    return head.startswith(b"MATLAB 5.0 MAT-file")


def find(root: Path) -> list[FileRef]:
    """The ``aN_sN_tN_skeleton.mat`` files under a folder or in a zip."""
    return find_files(root, NAME, "UTD-MHAD recordings (a1_s1_t1_skeleton.mat)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, 1, 20, 3) metres in the Kinect's frame, 30 Hz. Raises BadFile, LimitExceeded."""
    raw = ref.read(MAX_BYTES)
    skeleton = load_array(str(ref), raw, "d_skel", MAX_BYTES)
    if skeleton.ndim == 2 and skeleton.shape == (20, 3):
        skeleton = skeleton[:, :, None]  # MATLAB drops a last axis of length 1
    if skeleton.ndim != 3 or skeleton.shape[:2] != (20, 3):
        actual = f"{skeleton.dtype} of shape {' x '.join(map(str, skeleton.shape))}"
        raise BadFile(
            str(ref), where="field d_skel", expected="numbers of shape 20 x 3 x frames", found=actual
        )
    positions = skeleton.transpose(2, 0, 1)[:, None, _ORDER]
    match = re.fullmatch(NAME, ref.name, re.IGNORECASE)
    has_class = match is not None and 1 <= int(match[1]) <= len(ACTIONS)
    source = Source(
        id=ref.stem,
        dataset="utd-mhad",
        action=ACTIONS[int(match[1]) - 1] if match and has_class else "",
        subject=match[2] if match else "",
    )
    problems = () if has_class else (CLASS_UNKNOWN,)
    return assemble(ref, raw, positions, rate=RATE, layout=KINECT20, source=source, problems=problems)


def sample() -> dict[str, bytes]:
    """Two frames of class 1, subject 1."""
    return {"a1_s1_t1_skeleton.mat": array_bytes("d_skel", coordinates(20, 3, 2))}


FORMAT = Format(
    "utd-mhad",
    "UTD-MHAD: .mat, Kinect v1, 27 classes",
    sniff,
    find,
    read,
    kind="dataset",
    rules={"cross-subject": Rule("subject", frozenset({1, 3, 5, 7}))},
    sample=sample,
)
