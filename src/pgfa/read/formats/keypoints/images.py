"""COCO results and annotations: entries per person and image -> videos, their frames numbered by the images."""

from __future__ import annotations

import re
from typing import Any

from pgfa.errors import BadFile
from pgfa.read.formats.keypoints.entry_values import fields_of, number_of
from pgfa.read.formats.keypoints.field_names import is_recording_name
from pgfa.read.formats.keypoints.take_labels import LEAST_FRAMES, is_take_label, separates_takes
from pgfa.read.parsing.frame_names import NUMBERS, TIMES
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef

MAX_VIDEOS = 200
"""Videos in one file."""


def by_video(
    ref: FileRef, entries: list[Any], images: list[Any]
) -> list[tuple[str, list[tuple[Any, float | None]]]]:
    """Entries grouped by video, each with the number of its frame (None where images are not numbered).

    Args:
        ref: the file, for errors.
        entries: objects with `image_id`: a number, or the name of an image.
        images: of COCO annotations: id, file name, video and frame of each image.

    Raises:
        BadFile: an entry without `image_id`, or images that are not the frames of a few videos.
    """
    image_of = {str(image["id"]): image for image in images if isinstance(image, dict) and "id" in image}
    videos: dict[str, list[tuple[Any, float | None, str]]] = {}
    for position, entry in enumerate(entries, start=1):
        image_id = entry.get("image_id") if isinstance(entry, dict) else None
        if not isinstance(image_id, str | int) or isinstance(image_id, bool):
            actual = short(str(entry))
            raise BadFile(
                str(ref), where=f"entry {position}", expected="an object with image_id", found=actual
            )
        image = image_of.get(str(image_id), {})
        name = str(image.get("file_name", image_id))
        match = re.fullmatch(r"(.*?)(\d{1,15})(\D*)", name, re.DOTALL)
        prefix, number = (match[1] + match[3], float(match[2])) if match else ("", None)
        video = next((source["video_id"] for source in (entry, image) if "video_id" in source), None)
        stated = next(
            (source[key] for source in (image, entry) for key in ("frame_id", "frame") if key in source), None
        )
        number = number_of(stated) if number_of(stated) is not None else number
        videos.setdefault(prefix if video is None else str(video), []).append((entry, number, name))
    if len(videos) > min(MAX_VIDEOS, max(1, len(entries) // 2)):
        examples = ", ".join(short(name) for name in list(videos)[:3])
        expected = "images of one video, or of a few, named by their number in it"
        raise BadFile(
            str(ref), where="image_id", expected=expected, found=f"{len(videos)} names ({examples})"
        )
    out: list[tuple[str, list[tuple[Any, float | None]]]] = []
    for video, group in videos.items():
        if all(number is not None for _, number, _ in group):
            out.append((video, [(entry, number) for entry, number, _ in group]))
        else:  # in the order of the names
            order = {name: float(rank) for rank, name in enumerate(sorted({name for _, _, name in group}))}
            out.append((video, [(entry, order[name]) for entry, _, name in group]))
    return out


def by_recording(frames: list[Any]) -> list[tuple[str, list[tuple[Any, float | None]]]]:
    """Frames grouped by the fields that name their camera, video, trial or label, where these have a few values."""
    objects = [frame if isinstance(frame, dict) else {} for frame in frames]
    fields = [name for name in objects[0] if is_recording_name(name) or is_take_label(name)]
    values = {
        name: [frame.get(name) if isinstance(frame.get(name), str | int) else None for frame in objects]
        for name in fields
    }
    # What is different from frame to frame is the name of an image.
    varied = [
        name
        for name in fields
        if (
            1 < len({*values[name]}) <= len(frames) / LEAST_FRAMES
            if is_recording_name(name)
            else separates_takes(values[name], [*map(_key_of, objects)])
        )
    ]
    groups: dict[str, list[tuple[Any, float | None]]] = {}
    for index, frame in enumerate(frames):
        title = ", ".join(f"{name} {values[name][index]}" for name in varied)
        groups.setdefault(title, []).append((frame, None))
    return [*groups.items()]


def _key_of(frame: dict[str, Any]) -> float | None:
    """The number of a frame, or its time; None without them."""
    named = fields_of(frame, (*NUMBERS, *TIMES))
    return next((value for name in named if (value := number_of(frame[name])) is not None), None)
