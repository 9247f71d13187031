"""Several recordings in one JSON file, by their names -> clips."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pgfa.read.formats.keypoints.csv import LAYOUT_OF_COUNT
from pgfa.read.formats.keypoints.frame_lists import with_frames
from pgfa.read.formats.keypoints.info import KeypointInfo
from pgfa.read.formats.keypoints.joint_arrays import clip_of_joints
from pgfa.read.formats.keypoints.joint_takes import JointTake
from pgfa.read.formats.keypoints.json_fields import info_of
from pgfa.read.formats.keypoints.json_nested import Nested
from pgfa.read.formats.keypoints.reader import from_array
from pgfa.read.parsing.frame_names import NUMBERS
from pgfa.read.parsing.text_table import short
from pgfa.read.source import FileRef
from pgfa.skeleton import Clip, Source


def clips_of_nested(ref: FileRef, nested: Sequence[Nested], header: Mapping[str, Any]) -> list[Clip]:
    """The clips of arrays. Raises BadFile, Undecided, LimitExceeded: as `from_array`."""
    clips = []
    for count, recording in enumerate(nested, start=1):
        info = _info(ref, header, recording, count if len(nested) > 1 else 0)
        info = replace(info, axes="TVC")
        if info.layout is None:
            info = replace(info, layout=LAYOUT_OF_COUNT.get(recording.points.shape[1]))
        # A clip in a file of many is digested by its own numbers.
        raw = recording.points.tobytes()
        points, info = with_frames(ref, recording.points, {NUMBERS[0]: recording.numbers}, info)
        clips.append(from_array(ref, raw, points, info))
    return clips


def clips_of_takes(ref: FileRef, takes: Sequence[JointTake], header: Mapping[str, Any]) -> list[Clip]:
    """The clips of named joints. Raises BadFile, Undecided, LimitExceeded: as `clip_of_joints`."""
    clips = []
    for count, take in enumerate(takes, start=1):
        info = _info(ref, header, take, count if len(takes) > 1 else 0)
        raw = json.dumps(take.series.joints).encode()
        clips.append(clip_of_joints(ref, raw, take.series, take.fields, info))
    return clips


def _info(ref: FileRef, header: Mapping[str, Any], recording: Nested | JointTake, count: int) -> KeypointInfo:
    """What the file says of a recording, with its names as a problem, as no protocol knows them.

    Args:
        ref: the file.
        header: what describes it.
        recording: with its names.
        count: its number; 0 for the only one.
    """
    beside = {field: value for field, value in header.items() if not isinstance(value, dict | list)}
    info = info_of(ref, beside | recording.fields)
    source = info.source or Source(id=ref.stem)
    if not count:
        return replace(info, source=replace(source, id=ref.stem))
    name = short(" / ".join(recording.names))
    source = replace(source, id=f"{ref.stem}-{count}")
    return replace(info, source=source, problems=(*info.problems, f"recording {name}"))
