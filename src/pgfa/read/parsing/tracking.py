"""People detected frame by frame, without identities -> one track per person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pgfa.errors import LimitExceeded
from pgfa.read.assemble import counted

MAX_BODIES = 16
"""Bodies kept per recording: those present longest."""
MAX_SLOT_NUMBERS = 8_000_000
"""Numbers of all bodies of a recording in a small file, above which fewer are kept than `MAX_BODIES`."""
MAX_PER_FRAME = 32
"""People considered in one frame."""
MAX_OPEN_TRACKS = 64
"""Tracks that may continue: those detected last."""
MAX_STEP = 0.75
"""Largest distance between detections in a row of one person, as a share of the person's size."""
MAX_GAP = 30
"""After so many frames without detection a track ends."""

MAX_SPARSE = 6_000_000
"""Numbers of a recording above which at least one in `SPARSE` bodies must be present."""
SPARSE = 8

Floats = NDArray[np.float64]


@dataclass
class _Track:
    last: Floats
    size: float
    frames: list[int] = field(default_factory=list)
    points: list[Floats] = field(default_factory=list)


def link_tracks(
    people: Sequence[Sequence[Floats]], joints: int, most: int = MAX_SLOT_NUMBERS
) -> tuple[Floats, tuple[str, ...]]:
    """Give each person one body slot for the whole recording.

    Nearest first: of all pairs of an open track and a person in the frame, the nearest pair is joined, then the next,
    up to a distance of `MAX_STEP` times the person's size (the diagonal of the bounding box). Distance is the mean
    over the joints present in both.

    Args:
        people: frames -> people of the frame -> (joints, 2 or 3), NaN where absent; at most MAX_PER_FRAME per frame
            are considered.
        joints: number of joints.
        most: numbers of all bodies together.

    Returns:
        (frames, bodies, joints, 2 or 3) with at most `most_bodies` bodies, the longest tracks first; and problems.

    Raises:
        LimitExceeded: (without a file) hardly anybody in very many frames.
    """
    tracks: list[_Track] = []
    ended: list[_Track] = []
    for frame, detections in enumerate(people):
        detections = [points for points in detections[:MAX_PER_FRAME] if np.isfinite(points).any()]
        tracks.sort(key=lambda track: -track.frames[-1])
        open_tracks = sum(frame - track.frames[-1] <= MAX_GAP for track in tracks[:MAX_OPEN_TRACKS])
        ended, tracks = ended + tracks[open_tracks:], tracks[:open_tracks]
        matches = _match(tracks, detections)
        for index, (points, size) in enumerate(zip(detections, _sizes(detections), strict=True)):
            track = matches.get(index)
            if track is None:
                track = _Track(points, size)
                tracks.append(track)
            track.last = np.where(np.isfinite(points), points, track.last)
            track.size = max(size, 0.9 * track.size)
            track.frames.append(frame)
            track.points.append(points)
    by_length = sorted(ended + tracks, key=lambda track: (-len(track.frames), track.frames[0]))
    width = next((points.shape[-1] for frame in people for points in frame), 2)
    longest = by_length[: most_bodies(len(people), joints * width, most)]
    detected = sum(len(track.frames) for track in longest)
    cells = len(people) * max(len(longest), 1)
    if cells * joints * width > MAX_SPARSE and cells > SPARSE * detected:
        raise LimitExceeded(
            f"{len(people):,} frames of {len(longest)} bodies, of which {detected:,} are present: cut it into pieces"
        )
    out = np.full((len(people), max(len(longest), 1), joints, width), np.nan)
    for body, track in enumerate(longest):
        out[track.frames, body] = np.stack(track.points)
    dropped = len(by_length) - len(longest)
    problems = (counted(dropped, "body", "bodies") + " with the shortest tracks dropped",) if dropped else ()
    return out, problems


def most_bodies(frames: int, numbers: int, most: int = MAX_SLOT_NUMBERS) -> int:
    """How many bodies of that many numbers per frame are kept: at least one, at most `MAX_BODIES`."""
    return max(1, min(MAX_BODIES, most // max(1, frames * numbers)))


def _match(tracks: list[_Track], detections: list[Floats]) -> dict[int, _Track]:
    """Detection -> its track, for those that continue one."""
    if not tracks or not detections:
        return {}
    last = np.stack([track.last for track in tracks])[:, None]
    distance = np.linalg.norm(last - np.stack(detections)[None], axis=-1)
    both = np.isfinite(distance)
    mean = np.where(both, distance, 0).sum(-1) / np.maximum(both.sum(-1), 1)
    size = np.array([track.size for track in tracks])[:, None]
    cost = np.where(both.any(-1), mean / np.maximum(size, 1e-9), np.inf)
    matches: dict[int, _Track] = {}
    while np.isfinite(least := cost.min()) and least <= MAX_STEP:
        row, detection = divmod(int(cost.argmin()), cost.shape[1])
        matches[detection] = tracks[row]
        cost[row], cost[:, detection] = np.inf, np.inf
    return matches


def _sizes(detections: list[Floats]) -> list[float]:
    """The diagonal of each person's bounding box; 0 without a joint."""
    if not detections:
        return []
    points = np.stack(detections)
    present = np.isfinite(points).all(axis=-1, keepdims=True)
    extent = np.where(present, points, -np.inf).max(axis=1) - np.where(present, points, np.inf).min(axis=1)
    return np.linalg.norm(np.where(np.isfinite(extent), extent, 0), axis=-1).tolist()  # type: ignore[no-any-return]
