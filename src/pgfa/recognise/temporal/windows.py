"""Windows of a long recording, of each body and of each pair of bodies, compared with sentences in few batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pgfa.recognise.candidates import Candidates, Encode
from pgfa.skeleton import Layout, Ragged
from pgfa.skeleton.bodies import presence

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]
Pair = tuple[int, int, Indices]
"""Two bodies and the windows in which both are present."""

BLOCK = 64
"""Windows prepared at once: as fast as thousands at once, in 2 MB of prepared positions, and an answer can be
interrupted after each block."""

Progress = Callable[[float], None]
"""Called after each block with the share that is done, above 0 and at most 1; what it raises ends the work."""

PAIR_ROWS = 200_000
"""Bodies times frames copied at once for pairs: 60 MB. The few bodies of a live stream take one batch."""

MAX_GAP_S = 0.5
"""Seconds for which a body may be lost and still be on the same track."""

MIN_PRESENCE_S = 0.3
"""Seconds of a body that a window must contain to be classified."""


def tracks(positions: Floats, rate: float) -> Flags:
    """(frames, bodies) where a body is on a track: present, or lost for at most MAX_GAP_S between two detections.

    Args:
        positions: (frames, bodies, joints, 3), NaN where absent.
        rate: frames per second.
    """
    present = presence(positions)
    frame = np.arange(len(present))[:, None]
    last = np.maximum.accumulate(np.where(present, frame, -(10**9)), axis=0)
    following = np.minimum.accumulate(np.where(present, frame, 10**9)[::-1], axis=0)[::-1]
    return np.asarray(present | (following - last <= MAX_GAP_S * rate + 1), dtype=np.bool_)


def window_cosines(
    encode: Encode,
    candidates: Candidates,
    positions: Floats,
    rate: float,
    layout: Layout,
    windows: tuple[Indices, Indices],
    progress: Progress | None = None,
) -> tuple[Floats, Indices]:
    """Cosine between each body in each window and each candidate.

    A sentence that describes two people is compared with pairs of bodies, each pair as one clip of two; a body gets
    the best of its pairs.

    Args:
        encode: clips -> features.
        candidates: K sentences or taught classes.
        positions: (frames, bodies, joints, 3), NaN where absent.
        rate: frames per second.
        layout: of the joints.
        windows: (W,) first and (W,) last frames, last excluded, within the recording; last above first.
        progress: called as the work is done.

    Returns:
        (W, bodies, K) cosines, NaN where the body is absent, -inf where a pair is needed and there is none; and
        (W, bodies) the partner in the best pair over all sentences for two, or -1.
    """
    frames, bodies = positions.shape[:2]
    enough = present_enough(positions, rate, windows)
    cosine = np.full((*enough.shape, len(candidates)), np.nan, dtype=np.float32)
    partner = np.full(enough.shape, -1, dtype=np.int64)
    pairs: list[Pair] = []
    if candidates.needs_two.any():
        pairs = [
            (a, b, np.flatnonzero(enough[:, a] & enough[:, b])) for a, b in combinations(range(bodies), 2)
        ]
    done = _Done(int(enough.sum()) + sum(len(common) for _, _, common in pairs), progress)
    if enough.any():
        clips = body_clips(positions, rate, layout, windows, enough)
        cosine[enough] = _cosines(encode, clips, candidates, slice(None), done)
        cosine[..., candidates.needs_two] = np.where(enough[..., None], -np.inf, np.nan)
    size = max(1, PAIR_ROWS // max(1, 2 * frames))
    for start in range(0, len(pairs), size):
        batch = pairs[start : start + size]
        clips = pair_clips(positions, rate, layout, windows, batch)
        rows = _cosines(encode, clips, candidates, candidates.needs_two, done)
        _take_best(cosine, partner, batch, rows, candidates.needs_two)
    return cosine, partner


def present_enough(positions: Floats, rate: float, windows: tuple[Indices, Indices]) -> Flags:
    """(W, bodies) whether a window has enough frames of a body to be classified; arguments as `window_cosines`."""
    first, last = windows
    present = presence(positions)
    total = np.concatenate([np.zeros((1, present.shape[1]), dtype=np.int64), present.cumsum(axis=0)])
    fewest = np.minimum(max(MIN_PRESENCE_S * rate, 2), len(positions))
    return np.asarray(total[last] - total[first] >= fewest)


def body_clips(
    positions: Floats, rate: float, layout: Layout, windows: tuple[Indices, Indices], enough: Flags
) -> Ragged:
    """Each body in each of its windows, those of `enough` (W, bodies) in that order, as a clip of one."""
    first, last = windows
    frames, _, joints = positions.shape[:3]
    window, body = np.nonzero(enough)
    return Ragged(
        np.ascontiguousarray(positions.swapaxes(0, 1)).reshape(-1, joints, 3),
        start=body * frames + first[window],
        frames=(last - first)[window],
        bodies=np.ones(len(window), dtype=np.int64),
        rate=np.full(len(window), rate),
        layout=layout,
    )


def pair_clips(
    positions: Floats, rate: float, layout: Layout, windows: tuple[Indices, Indices], pairs: Sequence[Pair]
) -> Ragged:
    """Each pair of bodies in each of its windows as a clip of two."""
    first, last = windows
    frames, _, joints = positions.shape[:3]
    window = np.concatenate([window for _, _, window in pairs])
    offset = np.repeat(np.arange(len(pairs)) * 2 * frames, [len(window) for _, _, window in pairs])
    return Ragged(
        np.stack([positions[:, [a, b]] for a, b, _ in pairs]).reshape(-1, joints, 3),
        start=offset + 2 * first[window],
        frames=(last - first)[window],
        bodies=np.full(len(window), 2),
        rate=np.full(len(window), rate),
        layout=layout,
    )


class _Done:
    """Counts the clips that are done, and reports their share."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.total, self.progress, self.count = total, progress, 0

    def add(self, count: int) -> None:
        self.count += count
        if self.progress is not None:
            self.progress(self.count / self.total)


def _take_best(cosine: Floats, partner: Indices, pairs: Sequence[Pair], rows: Floats, two: Flags) -> None:
    """Update the columns `two` of `cosine`, and `partner`, in place with the (clips, two) cosines of some pairs."""
    ends = np.cumsum([len(window) for _, _, window in pairs])
    for (a, b, window), scores in zip(pairs, np.split(rows, ends[:-1]), strict=True):
        for body, other in ((a, b), (b, a)):
            all_columns = cosine[window, body]
            old = all_columns[:, two]
            better = scores.max(axis=1) > old.max(axis=1)
            partner[window[better], body] = other
            all_columns[:, two] = np.maximum(old, scores)
            cosine[window, body] = all_columns


def _cosines(
    encode: Encode, clips: Ragged, candidates: Candidates, columns: Flags | slice, done: _Done
) -> Floats:
    """(clips, candidates of `columns`) cosines, in blocks of clips."""
    blocks = [np.empty((0, len(candidates.vectors[columns])), dtype=np.float32)]
    for start in range(0, len(clips), BLOCK):
        block = clips.of(slice(start, start + BLOCK))
        blocks.append(candidates.cosines(encode(block), columns))
        done.add(len(block))
    return np.concatenate(blocks)
