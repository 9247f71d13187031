"""Video through a pose estimator (extra `video`: rtmlib on onnxruntime). Weights come from a path; no network.

An estimator is anything that takes a picture and gives keypoints and scores, so that another can be put in its
place; `estimator` makes that of rtmlib.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadConfig, BadFile, LimitExceeded
from pgfa.read.assemble import MAX_FRAMES
from pgfa.read.format import FileRef, Format
from pgfa.read.formats.keypoints.reader import Facts, from_people
from pgfa.read.source import find_files
from pgfa.skeleton import COCO17, Clip, Source

Picture: TypeAlias = NDArray[np.uint8]
Estimator: TypeAlias = Callable[[Picture], tuple[NDArray[Any], NDArray[Any]]]
"""(height, width, 3) BGR -> (people, 17, 2) pixels and (people, 17) scores."""

MAX_PIXELS = 4096 * 2304
WEIGHTS = "PGFA_POSE"
"""Environment variable: path of the pose weights (.onnx); with a colon after it, that of a person detector."""
HOW = "pip install 'pgfa[video]'"


def sniff(name: str, head: bytes) -> bool:
    """MP4 and QuickTime (ftyp), AVI (RIFF), Matroska and WebM (EBML)."""
    return (
        head[4:8] == b"ftyp"
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or head[:4] == b"\x1a\x45\xdf\xa3"
    )


def find(root: Path) -> list[FileRef]:
    """The videos under a folder."""
    return find_files(root, r".+\.(mp4|m4v|mov|avi|mkv|webm)", "videos")


def read(ref: FileRef) -> Clip:
    """One clip of everybody seen, with the estimator whose weights `PGFA_POSE` names.

    Raises:
        BadFile: it cannot be decoded. BadConfig: the extra is missing, or no weights are named. LimitExceeded.
    """
    named = os.environ.get(WEIGHTS, "")
    if not named:
        raise BadConfig(
            f"{ref} is a video: a pose estimator is needed. Install it ({HOW}) and name the path of its weights, "
            f"{WEIGHTS}=pose.onnx (a one-stage RTMO, or RTMPose as pose.onnx:detector.onnx)"
        )
    pose, _, detector = named.partition(":")
    return read_video(ref, estimator(Path(pose), Path(detector) if detector else None))


def read_video(
    ref: FileRef, estimate: Estimator, *, frames: Iterable[Picture] | None = None, rate: float = 0
) -> Clip:
    """One clip, coco17 without depth; people are followed over time.

    Args:
        ref: the video, on disk (not in a zip).
        estimate: what finds people in a picture.
        frames: the pictures, where the caller has them already.
        rate: frames a second of these; 0 where not known.

    Raises:
        BadFile, BadConfig, LimitExceeded.
    """
    if frames is None:
        frames, rate = _decoded(ref)
    people: list[list[NDArray[np.float64]]] = []
    for picture in frames:
        if len(people) >= MAX_FRAMES:
            raise LimitExceeded(f"{ref}: more than the limit of {MAX_FRAMES:,} frames")
        points, scores = (np.asarray(found, dtype=np.float64) for found in estimate(picture))
        if points.shape[1:] != (17, 2) or scores.shape != points.shape[:2]:
            raise BadConfig(
                f"the estimator gave keypoints {points.shape} and scores {scores.shape}; people x 17 x 2 and "
                "people x 17 are needed (COCO's joints)"
            )
        people.append(list(np.concatenate([points, scores[..., None]], axis=-1)))
    known = 1 <= rate <= 1000
    facts = Facts(layout=COCO17, rate=rate if known else None, scored=True, source=Source(id=ref.stem))
    return from_people(ref, ref.read(1 << 40) if ref.path.is_file() else b"", people, facts)


def estimator(pose: Path, detector: Path | None = None, *, size: tuple[int, int] | None = None) -> Estimator:
    """rtmlib's estimator from weights on disk.

    Args:
        pose: an .onnx of RTMO (one stage) or, with a detector, of RTMPose.
        detector: an .onnx of YOLOX that finds people.
        size: width and height of the pose model's picture; read from the model where not given.

    Raises:
        BadConfig: the extra is not installed. BadFile: no such weights, or they cannot be loaded.
    """
    try:
        import rtmlib
    except ImportError:
        raise BadConfig(f"reading a video needs the extra `video`: {HOW}") from None
    for path in (pose, detector):
        # rtmlib takes a path that is not there for an address to download from.
        if path is not None and not path.is_file():
            raise BadFile(path, expected="weights of a pose estimator (.onnx)", found="no such file")
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if detector is None:
                return _made(
                    rtmlib.RTMO(str(pose), model_input_size=size or (640, 640), backend="onnxruntime")
                )
            find_people = rtmlib.YOLOX(str(detector), model_input_size=(640, 640), backend="onnxruntime")
            estimate = rtmlib.RTMPose(str(pose), model_input_size=size or (192, 256), backend="onnxruntime")
    except Exception as error:  # onnxruntime has its own classes for each way a file can be wrong
        raise BadFile(pose, expected="weights that onnxruntime can load", found=str(error)[:200]) from None
    return lambda picture: (
        _nobody() if not len(boxes := find_people(picture)) else estimate(picture, bboxes=boxes)
    )


def _made(model: Any) -> Estimator:
    def estimate(picture: Picture) -> tuple[NDArray[Any], NDArray[Any]]:
        points, scores = model(picture)
        return (points, scores) if len(points) else _nobody()

    return estimate


def _nobody() -> tuple[NDArray[Any], NDArray[Any]]:
    return np.empty((0, 17, 2)), np.empty((0, 17))


def _decoded(ref: FileRef) -> tuple[Iterator[Picture], float]:
    try:
        import cv2
    except ImportError:
        raise BadConfig(f"reading a video needs the extra `video`: {HOW}") from None
    if ref.member is not None:
        raise BadFile(str(ref), expected="a video on disk", found="one in a zip; take it out first")
    capture = cv2.VideoCapture(str(ref.path))
    size = capture.get(cv2.CAP_PROP_FRAME_WIDTH) * capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if not capture.isOpened() or not size > 0:
        raise BadFile(str(ref), expected="a video that can be decoded", found="no picture in it")
    if size > MAX_PIXELS:
        raise LimitExceeded(f"{ref}: pictures of {size:,.0f} pixels, more than the limit of {MAX_PIXELS:,}")

    def pictures() -> Iterator[Picture]:
        try:
            while True:
                there, picture = capture.read()
                if not there:
                    return
                yield picture
        finally:
            capture.release()

    return pictures(), float(capture.get(cv2.CAP_PROP_FPS))


FORMAT = Format("video", "video through a pose estimator (extra `video`)", sniff, find, read)
