"""From which recording a line of a table is: by the column of the camera, video, trial or label, or by the subject."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import BadFile
from pgfa.read.formats.keypoints.csv_header import Header
from pgfa.read.formats.keypoints.field_names import is_recording_name, is_subject_name
from pgfa.read.formats.keypoints.images import MAX_VIDEOS
from pgfa.read.formats.keypoints.take_labels import separates_takes
from pgfa.read.source import FileRef

LEAST_LINES = 10
"""Lines of a recording, on average, in a file without frames or times."""

Floats = NDArray[np.float64]


def recordings_of(
    ref: FileRef, header: Header, of: list[tuple[str, ...]], people: list[str | None], values: Floats
) -> list[str]:
    """The recording of each line, in words ("video b.mp4"); of subjects whose lines follow each other, the subject.

    Raises BadFile for more than MAX_VIDEOS.
    """
    titles = [header.titles[column] for column in header.recordings]
    key = header.frame if header.frame is not None else header.time
    frames = range(len(of)) if key is None else values[:, key].tolist()
    # What is different in each frame is the name of an image.
    least = LEAST_LINES if key is None else 2
    varied = []
    for column, title in enumerate(titles):
        if not is_recording_name(title):
            labels = [names[column] for names in of]
            if separates_takes(labels, [None] * len(of) if key is None else values[:, key].tolist()):
                varied.append(column)
            continue
        lines = {(names[column], frame) for names, frame in zip(of, frames, strict=True)}
        if 1 < len({name for name, _ in lines}) <= len(lines) / least:
            varied.append(column)
    out = [", ".join(f"{titles[column]} {names[column]}" for column in varied) for names in of]
    if header.person is not None and is_subject_name(header.titles[header.person]):
        blocks = [person for person, _ in groupby(zip(out, people, strict=True))]
        if len(blocks) == len(set(blocks)) and len({person for _, person in blocks}) > 1:
            title = header.titles[header.person]
            out = [f"{name}, {title} {who}".removeprefix(", ") for name, who in zip(out, people, strict=True)]
    if (count := len(set(out))) > MAX_VIDEOS:
        actual = f"{count:,}, by the columns {', '.join(titles)}"
        raise BadFile(str(ref), expected=f"at most {MAX_VIDEOS} recordings in a file", found=actual)
    return out
