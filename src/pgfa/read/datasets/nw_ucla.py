"""Northwestern-UCLA Multiview (Wang et al., CVPR 2014) in its usual JSON form: 10 classes, 3 views."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.assemble import assemble, check_frames
from pgfa.read.format import Format, Rule
from pgfa.read.parsing.json_text import parse_json
from pgfa.read.parsing.text_table import short
from pgfa.read.sample import coordinates
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import KINECT20, Clip, Source

ACTIONS = (
    "pick-up-with-one-hand", "pick-up-with-two-hands", "drop-trash", "walk-around", "sit-down", "stand-up",
    "donning", "doffing", "throw", "carry",
)  # fmt: skip
RATE = 30.0  # of the sensor; the files do not hold it
NAME = r"a(\d{1,18})_s(\d{1,18})_e(\d{1,18})_v(\d{1,18})\.json"
MAX_BYTES = 64 * 1024 * 1024  # parsed JSON takes about ten times its bytes


def sniff(name: str, head: bytes) -> bool:
    """A JSON object with skeletons."""
    return head.lstrip().startswith(b"{") and b'"skeletons"' in head


def find(root: Path) -> list[FileRef]:
    """The ``aNN_sNN_eNN_vNN.json`` files under a folder or in a zip."""
    return find_files(root, NAME, "NW-UCLA recordings (a01_s01_e00_v01.json)")


def read(ref: FileRef) -> Clip:
    """One clip: (frames, 1, 20, 3) metres in the Kinect's frame. Raises BadFile, LimitExceeded.

    The class is the label (1 to 10) in the file: the number in the name is not the label from a08 on.
    """
    raw = ref.read(MAX_BYTES)
    content = parse_json(ref, raw)
    if not isinstance(content, dict) or not isinstance(content.get("skeletons"), list):
        raise BadFile(str(ref), where="field skeletons", expected="a list of frames", found="none")
    check_frames(ref, len(content["skeletons"]))
    positions = _positions(ref, content["skeletons"])
    label = content.get("label")
    if label is not None and (type(label) is not int or not 1 <= label <= len(ACTIONS)):
        raise BadFile(str(ref), where="field label", expected="1 to 10", found=short(str(label)))
    match = re.fullmatch(NAME, ref.name, re.IGNORECASE)
    source = Source(
        id=ref.stem,
        dataset="nw-ucla",
        action="" if label is None else ACTIONS[label - 1],
        subject=str(int(match[2])) if match else "",
        camera=str(int(match[4])) if match else "",
    )
    problems = ("class missing from the file",) if label is None else ()
    return assemble(
        ref, raw, positions[:, None], rate=RATE, layout=KINECT20, source=source, problems=problems
    )


def _positions(ref: FileRef, frames: list[object]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    expected = "20 joints of 3 numbers"
    try:
        positions = np.array(frames, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        for number, frame in enumerate(frames, start=1):
            try:
                if np.array(frame, dtype=np.float64).shape == (20, 3):
                    continue
                actual = f"shape {np.array(frame, dtype=np.float64).shape}"
            except (ValueError, TypeError, OverflowError) as error:
                actual = str(error)
            raise BadFile(str(ref), where=f"frame {number}", expected=expected, found=actual) from None
        raise
    if positions.shape[1:] != (20, 3):
        shape = " x ".join(map(str, positions.shape[1:])) or "a bare number"
        raise BadFile(str(ref), where="frame 1", expected=expected, found=shape)
    return positions


def sample() -> dict[str, bytes]:
    """Two frames of class 1, subject 1, camera 1."""
    content = {"skeletons": coordinates(2, 20, 3).tolist(), "label": 1}
    return {"a01_s01_e00_v01.json": json.dumps(content).encode()}


FORMAT = Format(
    "nw-ucla",
    "NW-UCLA: .json, Kinect v1, 10 classes",
    sniff,
    find,
    read,
    kind="dataset",
    rules={"cross-view": Rule("camera", frozenset({1, 2}))},
    sample=sample,
)
