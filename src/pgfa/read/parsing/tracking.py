"""People detected frame by frame, without identities -> one track per person."""

from __future__ import annotations

from itertools import pairwise

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
"""Tracks that may continue: those detected last, and of these the older."""
MAX_STEP = 0.75
"""Largest distance between detections in a row of one person, as a share of the person's size."""
MIN_SIZE = 1e-9
"""That of people whose joints are at one point."""
MAX_GAP = 30
"""After so many frames without detection a track ends."""

MAX_SPARSE = 6_000_000
"""Numbers of a recording above which at least one in `SPARSE` bodies must be present."""
SPARSE = 8

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def link_tracks(
    points: Floats, frame_of: Indices, frames: int, most: int = MAX_SLOT_NUMBERS
) -> tuple[Floats, tuple[str, ...]]:
    """Give each person one body slot for the whole recording.

    Nearest first: of all pairs of an open track and a person in the frame, the nearest pair is joined, then the next,
    up to a distance of `MAX_STEP` times the person's size (the diagonal of the bounding box). Distance is the mean
    over the joints present in both.

    Args:
        points: (people, joints, 2 or 3) those of all frames, NaN where absent; at most MAX_PER_FRAME of a frame are
            considered.
        frame_of: (people,) their frames, in ascending order.
        frames: of the recording.
        most: numbers of all bodies together.

    Returns:
        (frames, bodies, joints, 2 or 3) with at most `most_bodies` bodies, the longest tracks first; and problems.

    Raises:
        LimitExceeded: (without a file) hardly anybody in very many frames.
    """
    joints, width = points.shape[1:]
    rank = np.arange(len(points)) - np.searchsorted(frame_of, frame_of)
    considered = (rank < MAX_PER_FRAME) & np.isfinite(points).any(axis=(1, 2))
    frame_of, points = frame_of[considered], points[considered]
    track_of = _tracks(points, frame_of)
    _, first, length = np.unique(track_of, return_index=True, return_counts=True)
    by_length = np.lexsort((frame_of[first], -length))
    longest = by_length[: most_bodies(frames, joints * width, most)]
    detected = int(length[longest].sum())
    cells = frames * max(len(longest), 1)
    if cells * joints * width > MAX_SPARSE and cells > SPARSE * detected:
        raise LimitExceeded(
            f"{frames:,} frames of {len(longest)} bodies, of which {detected:,} are present: cut it into pieces"
        )
    out = np.full((frames, max(len(longest), 1), joints, width), np.nan)
    for body, track in enumerate(longest.tolist()):
        out[frame_of[track_of == track], body] = points[track_of == track]
    dropped = len(by_length) - len(longest)
    problems = (counted(dropped, "body", "bodies") + " with the shortest tracks dropped",) if dropped else ()
    return out, problems


def most_bodies(frames: int, numbers: int, most: int = MAX_SLOT_NUMBERS) -> int:
    """How many bodies of that many numbers per frame are kept: at least one, at most `MAX_BODIES`."""
    return max(1, min(MAX_BODIES, most // max(1, frames * numbers)))


def _tracks(points: Floats, frame_of: Indices) -> Indices:
    """The track of each person: 0, 1, ... in the order of their first frames.

    Args:
        points: (people, joints, 2 or 3) with a coordinate each.
        frame_of: (people,) ascending.
    """
    sizes = np.maximum(_sizes(points), MIN_SIZE)
    open_tracks = _OpenTracks(*points.shape[1:])
    track_of = np.empty(len(points), dtype=np.int64)
    starts = np.flatnonzero(np.diff(frame_of, prepend=-1))
    frames = frame_of[starts].tolist()
    for frame, (start, end) in zip(frames, pairwise([*starts.tolist(), len(points)]), strict=True):
        track_of[start:end] = open_tracks.continued(frame, points[start:end], sizes[start:end])
    return track_of


class _OpenTracks:
    """The tracks that may continue, each in a row of arrays: a frame must cost little, as there are many."""

    def __init__(self, joints: int, width: int) -> None:
        most = MAX_OPEN_TRACKS + MAX_PER_FRAME
        self.points, self.sizes = np.empty((most, joints, width)), np.empty(most)
        self.frames, self.tracks = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
        self.oldest = self.open = self.count = 0

    def continued(self, frame: int, points: Floats, sizes: Floats) -> Indices:
        """The tracks of the people of the next frame that has any.

        Args:
            frame: its number.
            points: (people, joints, 2 or 3).
            sizes: (people,).
        """
        if self.open > MAX_OPEN_TRACKS or frame - self.oldest > MAX_GAP + MAX_GAP // 4:
            self._close(frame)
        rows = [-1] * len(points)
        if self.open:
            cost = _costs(self.points[: self.open], self.sizes[: self.open], points)
            if frame - self.oldest > MAX_GAP:
                cost[frame - self.frames[: self.open] > MAX_GAP] = np.inf
            while cost.flat[nearest := int(cost.argmin())] <= MAX_STEP:
                row, person = divmod(nearest, len(points))
                rows[person] = row
                cost[row], cost[:, person] = np.inf, np.inf
        for person, row in enumerate(rows):
            if row < 0:
                rows[person] = row = self.open
                self.points[row], self.sizes[row], self.tracks[row] = (
                    points[person],
                    sizes[person],
                    self.count,
                )
                self.open, self.count = self.open + 1, self.count + 1
            else:
                np.copyto(self.points[row], points[person], where=points[person] == points[person])
                self.sizes[row] = max(sizes[person], 0.9 * self.sizes[row])
            self.frames[row] = frame
        return self.tracks[rows]

    def _close(self, frame: int) -> None:
        """Keep the tracks without a long gap, at most MAX_OPEN_TRACKS: those detected last, and of these the older."""
        frames = self.frames[: self.open]
        rows = np.lexsort((self.tracks[: self.open], -frames))[:MAX_OPEN_TRACKS]
        rows = rows[frame - frames[rows] <= MAX_GAP]
        self.open = len(rows)
        for values in (self.points, self.sizes, self.frames, self.tracks):
            values[: self.open] = values[rows]
        self.oldest = int(self.frames[self.open - 1]) if self.open else frame


def _costs(last: Floats, sizes: Floats, points: Floats) -> Floats:
    """(tracks, people) how far each person is from where each track was last, as a share of its size; infinite where
    no joint is present in both.

    Args:
        last: (tracks, joints, 2 or 3).
        sizes: (tracks,).
        points: (people, joints, 2 or 3).
    """
    step = last[:, None] - points
    distance = np.sqrt(np.einsum("tpjc,tpjc->tpj", step, step))
    cost: Floats = np.add.reduce(distance, axis=-1) / (distance.shape[-1] * sizes)[:, None]
    if not cost.flat[int(cost.argmin())] < np.inf:  # NaN, if there is any, as of joints that are absent
        both = np.isfinite(distance)
        count = both.sum(axis=-1)
        cost = np.where(both, distance, 0).sum(axis=-1) / (np.maximum(count, 1) * sizes[:, None])
        cost[count == 0] = np.inf
    return cost


def _sizes(points: Floats) -> Floats:
    """(people,) the diagonal of each person's bounding box; 0 without a joint."""
    present = np.isfinite(points).all(axis=-1, keepdims=True)
    extent = np.where(present, points, -np.inf).max(axis=1) - np.where(present, points, np.inf).min(axis=1)
    sizes: Floats = np.linalg.norm(np.where(np.isfinite(extent), extent, 0), axis=-1)
    return sizes
