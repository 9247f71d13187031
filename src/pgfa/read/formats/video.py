"""Video through a pose estimator (extra `video`: rtmlib on onnxruntime). Weights come from a path; no network.

An estimator is any function from an image to keypoints and scores, so that rtmlib can be replaced; `rtmlib_estimator`
makes one from weights on disk.
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
from pgfa.read.format import Format
from pgfa.read.formats.keypoints.reader import KeypointInfo, from_people
from pgfa.read.limits import MAX_MEMORY
from pgfa.read.source import FileRef, find_files
from pgfa.skeleton import COCO17, Clip, Source

Image: TypeAlias = NDArray[np.uint8]
Estimator: TypeAlias = Callable[[Image], tuple[NDArray[Any], NDArray[Any]]]
"""(height, width, 3) BGR -> (people, 17, 2) pixels and (people, 17) scores."""

MAX_PIXELS = 4096 * 2304
WEIGHTS = "PGFA_POSE"
"""Environment variable: path of the pose weights (.onnx); with a colon after it, that of a person detector."""
INSTALL = "pip install 'pgfa[video]'"


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
    """One clip of all people, by the estimator whose weights `PGFA_POSE` names.

    Raises:
        BadFile: the video cannot be decoded. BadConfig: the extra is missing, or no weights are named. LimitExceeded.
    """
    weights = os.environ.get(WEIGHTS, "")
    if not weights:
        raise BadConfig(
            f"{ref} is a video: expected a pose estimator, found no weights. Install one ({INSTALL}) and set "
            f"{WEIGHTS}=pose.onnx (a one-stage RTMO) or {WEIGHTS}=pose.onnx:detector.onnx (RTMPose)"
        )
    pose, _, detector = weights.partition(":")
    return read_video(ref, rtmlib_estimator(Path(pose), Path(detector) if detector else None))


def read_video(
    ref: FileRef, estimate: Estimator, *, frames: Iterable[Image] | None = None, rate: float = 0
) -> Clip:
    """One clip, coco17 without depth; people are tracked over time.

    Args:
        ref: the video, on disk (not in a zip).
        estimate: the pose estimator.
        frames: the images, if the caller has decoded them.
        rate: their frames per second; 0 if unknown.

    Raises:
        BadFile, BadConfig, LimitExceeded.
    """
    if frames is None:
        frames, rate = _decoded(ref)
    people: list[list[NDArray[np.float64]]] = []
    for image in frames:
        if len(people) >= MAX_FRAMES:
            raise LimitExceeded(f"{ref}: more than the limit of {MAX_FRAMES:,} frames")
        points, scores = (np.asarray(array, dtype=np.float64) for array in estimate(image))
        if points.shape[1:] != (17, 2) or scores.shape != points.shape[:2]:
            raise BadConfig(
                "expected keypoints of people x 17 x 2 and scores of people x 17 (COCO joints) from the estimator, "
                f"found {points.shape} and {scores.shape}"
            )
        people.append(list(np.concatenate([points, scores[..., None]], axis=-1)))
    info = KeypointInfo(
        layout=COCO17, rate=rate if 1 <= rate <= 1000 else None, scored=True, source=Source(id=ref.stem)
    )
    return from_people(ref, ref.read(1 << 40) if ref.path.is_file() else b"", people, info)


def rtmlib_estimator(
    pose: Path, detector: Path | None = None, *, size: tuple[int, int] | None = None
) -> Estimator:
    """An estimator of rtmlib, from weights on disk.

    Args:
        pose: an .onnx of RTMO (one stage) or, with a detector, of RTMPose.
        detector: an .onnx of YOLOX that finds people.
        size: width and height of the pose model's input; default 640 x 640 (RTMO) or 192 x 256 (RTMPose).

    Raises:
        BadConfig: the extra is not installed. BadFile: the weights are missing or cannot be loaded.
    """
    try:
        import rtmlib
    except ImportError:
        raise BadConfig(f"reading a video needs the extra `video`: {INSTALL}") from None
    for path in (pose, detector):
        # rtmlib treats a path that does not exist as an address to download from.
        if path is not None and not path.is_file():
            raise BadFile(path, expected="weights of a pose estimator (.onnx)", found="no such file")
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if detector is None:
                return _one_stage(
                    rtmlib.RTMO(str(pose), model_input_size=size or (640, 640), backend="onnxruntime")
                )
            find_people = rtmlib.YOLOX(str(detector), model_input_size=(640, 640), backend="onnxruntime")
            estimate = rtmlib.RTMPose(str(pose), model_input_size=size or (192, 256), backend="onnxruntime")
    except Exception as error:  # onnxruntime has its own classes for each way a file can be wrong
        raise BadFile(pose, expected="weights that onnxruntime can load", found=str(error)[:200]) from None
    return lambda image: (
        _no_people() if not len(boxes := find_people(image)) else estimate(image, bboxes=boxes)
    )


def _one_stage(model: Any) -> Estimator:
    def estimate(image: Image) -> tuple[NDArray[Any], NDArray[Any]]:
        points, scores = model(image)
        return (points, scores) if len(points) else _no_people()

    return estimate


def _no_people() -> tuple[NDArray[Any], NDArray[Any]]:
    return np.empty((0, 17, 2)), np.empty((0, 17))


def _decoded(ref: FileRef) -> tuple[Iterator[Image], float]:
    try:
        import cv2
    except ImportError:
        raise BadConfig(f"reading a video needs the extra `video`: {INSTALL}") from None
    if ref.member is not None:
        raise BadFile(str(ref), expected="a video on disk", found="one in a zip; unpack it first")
    capture = cv2.VideoCapture(str(ref.path))
    size = capture.get(cv2.CAP_PROP_FRAME_WIDTH) * capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if not capture.isOpened() or not size > 0:
        raise BadFile(str(ref), expected="a video that can be decoded", found="no image")
    if size > MAX_PIXELS:
        raise LimitExceeded(f"{ref}: images of {size:,.0f} pixels, more than the limit of {MAX_PIXELS:,}")

    def images() -> Iterator[Image]:
        try:
            while True:
                decoded, image = capture.read()
                if not decoded:
                    return
                yield image
        finally:
            capture.release()

    return images(), float(capture.get(cv2.CAP_PROP_FPS))


# No sample: reading one needs the weights of a pose estimator.
FORMAT = Format(
    "video",
    "video (.mp4, .m4v, .mov, .avi, .mkv, .webm), by a pose estimator",
    sniff,
    find,
    read,
    extra="video",
    memory=MAX_MEMORY,
)
