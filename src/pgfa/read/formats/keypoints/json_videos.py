"""The frames of a JSON file, in lists, or in objects by their numbers or times; those of several videos apart."""

from __future__ import annotations

import re
from collections.abc import Sized
from typing import Any

import numpy as np

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.formats.keypoints.entry_fields import NAMES
from pgfa.read.formats.keypoints.entry_values import frames_by_id, number_of
from pgfa.read.formats.keypoints.field_names import person_names
from pgfa.read.formats.keypoints.frame_statements import is_statement
from pgfa.read.formats.keypoints.images import by_recording, by_video
from pgfa.read.formats.keypoints.joint_lists import listed_joints
from pgfa.read.formats.keypoints.joint_objects import joint_fields
from pgfa.read.formats.keypoints.json_fields import headers_of
from pgfa.read.parsing.frame_names import groups_of_names
from pgfa.read.parsing.frame_times import MAX_EMPTY_SHARE, clock_seconds, time_unit
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef

MAX_ENTRIES = 500_000
"""Frames or people in one list."""
FRAMES = ("frames", "instance_info", "annotations", "results", "data")
TIMED = "by time"
"""Name of a video whose frames have times from outside instead of numbers."""
EPOCH = 9e8
"""Seconds since 1970; frame numbers are smaller."""
LARGEST = 1e18
"""Whole numbers of 64 bits are larger."""
Video = tuple[str, list[tuple[Any, float | None]]]
EXPECTED = (
    "keypoints of MediaPipe, MMPose, Ultralytics, COCO, TF.js or OpenPose, or an array (docs/formats.md)"
)


def with_header(content: Any) -> tuple[dict[str, Any], Any]:
    """What describes a file, and its content: the first of JSON lines may be no frame, but say what holds for all."""
    if isinstance(content, dict):
        return content, content
    if not isinstance(content, list) or len(content) < 2 or not isinstance(content[0], dict):
        return {}, content
    first, second = content[:2]
    described = is_statement(first) or listed_joints(headers_of(first)) is not None
    if described and not NAMES & first.keys() and (not isinstance(second, dict) or NAMES & second.keys()):
        return first, content[1:]
    return {}, content


def videos_of(ref: FileRef, content: Any) -> list[Video]:
    """The frames of each video of a file. Raises BadFile for content without frames, LimitExceeded."""
    if isinstance(content, dict):
        _check_count(ref, content)
        if (
            numbered := _timed_frames(content)
            or _numbered_frames(ref, content)
            or _inner_frames(ref, content)
        ):
            _check_people(ref, content, [frame for _, frames in numbered for frame, _ in frames])
            return numbered
        name = next((name for name in FRAMES if isinstance(content.get(name), list)), None)
        frames = content[name] if name else frames_by_id(content.get("keypoints"), NAMES) or [content]
        images = content.get("images")
    else:
        frames, images = content, None
    if not isinstance(frames, list) or not frames:
        raise BadFile(str(ref), expected=EXPECTED, found=short(str(content)))
    _check_count(ref, frames)
    if isinstance(frames[0], dict) and "image_id" in frames[0]:
        return by_video(ref, frames, images if isinstance(images, list) else [])
    _check_people(ref, content, frames)
    return by_recording(frames)


def _check_people(ref: FileRef, content: Any, frames: list[Any]) -> None:
    """Raise BadFile for other JSON; a scene without people has fields for them."""
    if all(
        isinstance(frame, dict) and not NAMES & frame.keys() and not joint_fields(frame) for frame in frames
    ):
        raise BadFile(str(ref), expected=EXPECTED, found=short(str(content)))


def _check_count(ref: FileRef, items: Sized) -> None:
    if len(items) > MAX_ENTRIES:
        raise LimitExceeded(f"{ref}: {len(items):,} frames or people, more than the limit of {MAX_ENTRIES:,}")


def _timed_frames(content: dict[str, Any]) -> list[Video]:
    """An object with one field per frame, named by its time: ``0.033``, ``2024-05-01T10:00:00.033``."""
    numbers = [number_of(name) for name in content]
    known = [number for number in numbers if number is not None]
    clocks = len(known) == len(numbers) and (any("." in name for name in content) or _are_times(known))
    times = numbers if clocks else [clock_seconds(name) if ":" in name else None for name in content]
    if len(times) < 2 or any(time is None for time in times):
        return []
    return [(TIMED, list(zip(content.values(), times, strict=True)))]


def _are_times(numbers: list[float]) -> bool:
    """Whether whole numbers are times: those of a ZED are nanoseconds since 1970, or no numbers of a video's frames."""
    times = np.unique(np.array(numbers, dtype=np.float64))
    if len(times) < 2 or time_unit("", times) is None:
        return False
    steps = np.diff(times)
    step = float(np.gcd.reduce(steps.astype(np.int64))) if steps.max() < LARGEST else 1.0
    return bool(times[0] > EPOCH or times[-1] - times[0] > step * max(1000, MAX_EMPTY_SHARE * len(times)))


def _inner_frames(ref: FileRef, content: dict[str, Any]) -> list[Video]:
    """As `_numbered_frames` and `_timed_frames`, of an object in a field: of frames, or the only one."""
    for name in (*FRAMES, *content)[: len(FRAMES) + 1]:
        inner = content.get(name)
        if isinstance(inner, dict) and (name in FRAMES or len(content) == 1):
            _check_count(ref, inner)
            if frames := _timed_frames(inner) or (_numbered_frames(ref, inner) if name in FRAMES else []):
                return frames
    return []


def _numbered_frames(ref: FileRef, content: dict[str, Any]) -> list[Video]:
    """An object with one field per frame, named by its number (``frame_12``, ``12``, ``video_12.jpg``).

    Raises:
        BadFile: names that do not number the frames of a few videos.
    """
    names = list(content)
    if not names or not all(re.fullmatch(r".*\d|.*\d.*\.[A-Za-z]\w{1,4}", name) for name in names):
        return []
    if not all(isinstance(frame, dict | list | None) for frame in content.values()):
        return []
    if person_names([names[0].rstrip("0123456789 _-")]):
        expected = "frames, each with its people, or a file for each recording"
        raise BadFile(
            str(ref), expected=expected, found=f"people, each with frames: {short(', '.join(names[:3]))}"
        )
    groups = groups_of_names(names)
    if groups is None or len(groups) > max(1, len(names) // 2):
        expected = "names of frames that differ in one number (frame_0012)"
        raise BadFile(str(ref), expected=expected, found=short(", ".join(names[:3])))
    frames = list(content.values())
    return [
        (f"video {video}", [(frames[index], number) for index, number in zip(indices, numbers, strict=True)])
        for video, (indices, numbers) in enumerate(groups)
    ]
