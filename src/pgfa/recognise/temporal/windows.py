"""Windows of a long recording, of each body and of each pair of bodies, against sentences: all in one go."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import cosines
from pgfa.recognise.pairs import needs_two
from pgfa.skeleton import Layout, Ragged
from pgfa.skeleton.bodies import presence

if TYPE_CHECKING:
    from pgfa.recognise.recogniser import Recogniser

Floats = NDArray[np.float32]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

BLOCK = 2_000
"""Windows prepared at once: 50 MB of prepared positions."""

PAIR_ROWS = 200_000
"""Bodies times frames laid side by side to look at pairs: 60 MB. Few bodies of a live stream go in one batch."""

BRIDGED = 0.5
"""Seconds for which a body may be lost and still be on the same track."""

LEAST = 0.3
"""Seconds of a body that a window must hold to be judged."""


def tracks(positions: Floats, rate: float) -> Flags:
    """(frames, bodies) where a body is on a track: seen, or lost for at most BRIDGED seconds between two sights.

    Args:
        positions: (frames, bodies, joints, 3), NaN where absent.
    """
    seen = presence(positions)
    frame = np.arange(len(seen))[:, None]
    last = np.maximum.accumulate(np.where(seen, frame, -(10**9)), axis=0)
    following = np.minimum.accumulate(np.where(seen, frame, 10**9)[::-1], axis=0)[::-1]
    return np.asarray(seen | (following - last <= BRIDGED * rate + 1), dtype=np.bool_)


def window_cosines(
    recogniser: Recogniser,
    positions: Floats,
    rate: float,
    layout: Layout,
    first: Places,
    last: Places,
    names: Sequence[str],
    vectors: Floats,
) -> tuple[Floats, Places]:
    """How near each body comes to each sentence in each window.

    A sentence that needs two people is held against pairs of bodies, each pair as one clip of two; a body gets
    the best of its pairs.

    Args:
        positions: (frames, bodies, joints, 3), NaN where absent.
        rate: frames a second.
        first, last: (windows,) frames, last excluded, within the recording; last above first.
        names: K sentences or taught classes.
        vectors: (K, d) that stand for them (`Recogniser.anchors`).

    Returns:
        (windows, bodies, K) cosines, NaN where the body is not there, -inf where a pair is needed and there is
        none; and (windows, bodies) the partner of the best pair over all sentences for two, or -1.
    """
    frames, bodies = positions.shape[:2]
    two = np.array([needs_two(name) and name not in recogniser.taught for name in names])
    there = _seen_in(presence(positions), first, last)
    enough = there >= np.minimum(max(LEAST * rate, 2), frames)
    near = np.full((len(first), bodies, len(names)), np.nan, dtype=np.float32)
    partner = np.full((len(first), bodies), -1, dtype=np.int64)
    joints = positions.shape[2]
    window, body = np.nonzero(enough)
    if len(window):
        by_body = np.ascontiguousarray(positions.swapaxes(0, 1)).reshape(-1, joints, 3)
        clips = Ragged(
            by_body,
            start=body * frames + first[window],
            frames=(last - first)[window],
            bodies=np.ones(len(window), dtype=np.int64),
            rate=np.full(len(window), rate),
            layout=layout,
        )
        near[window, body] = _cosines(recogniser, clips, vectors)
        near[..., two] = np.where(enough[..., None], -np.inf, np.nan)
    if two.any():
        pairs = combinations(range(bodies), 2)
        both = [(a, b, np.flatnonzero(enough[:, a] & enough[:, b])) for a, b in pairs]
        at_once = max(1, PAIR_ROWS // max(1, 2 * frames))
        for at in range(0, len(both), at_once):
            some = both[at : at + at_once]
            clips = _pairs(positions, rate, layout, first, last, some)
            found = _cosines(recogniser, clips, vectors[two]) if len(clips) else np.empty((0, two.sum()))
            ends = np.cumsum([len(window) for _, _, window in some])
            for (a, b, window), mine in zip(some, np.split(found, ends[:-1]), strict=True):
                for one, other in ((a, b), (b, a)):
                    old = near[window, one][:, two]
                    better = mine.max(axis=1) > old.max(axis=1)
                    partner[window[better], one] = other
                    rows = near[window, one]
                    rows[:, two] = np.maximum(old, mine)
                    near[window, one] = rows
    return near, partner


def _pairs(
    positions: Floats,
    rate: float,
    layout: Layout,
    first: Places,
    last: Places,
    pairs: Sequence[tuple[int, int, Places]],
) -> Ragged:
    """Each pair of bodies in each of its windows as a clip of two."""
    frames, _, joints = positions.shape[:3]
    window = np.concatenate([window for _, _, window in pairs])
    before = np.repeat(np.arange(len(pairs)) * 2 * frames, [len(window) for _, _, window in pairs])
    return Ragged(
        np.stack([positions[:, [a, b]] for a, b, _ in pairs]).reshape(-1, joints, 3),
        start=before + 2 * first[window],
        frames=(last - first)[window],
        bodies=np.full(len(window), 2),
        rate=np.full(len(window), rate),
        layout=layout,
    )


def _cosines(recogniser: Recogniser, clips: Ragged, vectors: Floats) -> Floats:
    parts = []
    for at in range(0, len(clips), BLOCK):
        part = slice(at, at + BLOCK)
        some = Ragged(
            clips.positions, clips.start[part], clips.frames[part], clips.bodies[part], clips.rate[part], clips.layout
        )  # fmt: skip
        parts.append(cosines(recogniser.encode(some), vectors))
    return np.concatenate(parts)


def _seen_in(seen: Flags, first: Places, last: Places) -> Places:
    """(windows, bodies) frames of each window in which each body is seen."""
    total = np.concatenate([np.zeros((1, seen.shape[1]), dtype=np.int64), seen.cumsum(axis=0)])
    return np.asarray(total[last] - total[first])
