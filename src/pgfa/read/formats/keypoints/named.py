"""Keypoints with names of the user's choice (DeepLabCut, SLEAP) -> clips: joints by their names, as of markers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import LimitExceeded
from pgfa.read.assemble import check_frames
from pgfa.read.formats.keypoints.reader import MIN_SCORE, KeypointInfo, from_array, from_people
from pgfa.read.parsing.markers import STANDARD, Markers, bodies_of, markers_from
from pgfa.read.source import FileRef
from pgfa.skeleton import NTU25, Clip, Source

MAX_CELLS = 16_000_000
"""Numbers in one recording: names times frames times columns."""

Floats = NDArray[np.float64]


def check_size(ref: FileRef, frames: int, columns: int) -> None:
    """Raise LimitExceeded, or BadFile for no frame, before an array of that size is made."""
    check_frames(ref, frames)
    if frames * columns > MAX_CELLS:
        raise LimitExceeded(
            f"{ref}: {frames:,} frames of {columns:,} numbers, more than the limit of {MAX_CELLS:,}"
        )


def masked(points: Floats, scores: Floats | None) -> Floats:
    """Points as NaN where the score is below `MIN_SCORE`, or missing."""
    if scores is None:
        return points
    with np.errstate(invalid="ignore"):
        return np.where((scores >= MIN_SCORE)[..., None], points, np.nan)


def named_clip(
    ref: FileRef,
    raw: bytes,
    labels: Sequence[str],
    points: Floats,
    *,
    identities: bool = True,
    problems: tuple[str, ...] = (),
    markers: Markers = STANDARD,
) -> Clip:
    """One clip in ntu25.

    Args:
        ref: the file.
        raw: its bytes, for the digest.
        labels: names, with the individual or track before a colon (``"track_0:left_wrist"``).
        points: (frames, labels, 2 or 3), NaN where absent.
        identities: whether an individual is one person in all frames; otherwise people are tracked.
        problems: defects the reader noticed.
        markers: how names become landmarks.

    Raises:
        BadFile: no individual has all joints of a body; names what is missing. LimitExceeded.
    """
    markers = markers_from(ref.stated.markers, markers)
    bodies, notes = bodies_of(str(ref), labels, points, markers)
    info = KeypointInfo(layout=NTU25, scored=False, source=Source(id=ref.stem), problems=(*problems, *notes))
    if identities or bodies.shape[1] == 1:
        return from_array(ref, raw, bodies, replace(info, axes="TMVC"))
    people = [[body for body in frame if np.isfinite(body).any()] for frame in bodies]
    return from_people(ref, raw, people, info)
