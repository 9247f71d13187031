"""Recordings longer than the clips that recognisers learn from, as windows: one vector, the mean of theirs.

In a long recording an action is repeated, or comes between others or rests. Measured as a whole it has more turns,
larger ranges and more places than any single action, and looks like a dance. Windows as long as a clip do not. Their
vectors are averaged by how much is done in each, so that rests count little (docs/untrimmed.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import unit_rows
from pgfa.prepare import Prepared, prepare
from pgfa.prepare.moving import moving_part
from pgfa.recognise.bundle import Bundle
from pgfa.recognise.screening import screen
from pgfa.recognise.vectors import measured
from pgfa.skeleton import Ragged
from pgfa.words.measures import MEASURES

Array = NDArray[np.float32]
Indices = NDArray[np.int64]

WINDOW_S: Final = 3.0
HOP_S: Final = 1.5
"""Seconds of a window, and between the starts of two: at most, as windows are spread evenly from start to end."""
FROM_S: Final = WINDOW_S + HOP_S
"""Seconds from which on a recording is cut into windows, without idle time at its ends."""
FULL_S: Final = 6.0
"""Seconds from which on a recording is compared by its windows alone; from `FROM_S` on they count more and more beside
the whole, so that an answer does not jump where a few frames more or fewer are seen."""
MOST: Final = 200
"""Windows of a recording: of longer ones than five minutes a part is looked at, evenly spread."""
FEWEST_FRAMES: Final = 8
"""Frames of a window, at least: clips of so low a rate that it would have fewer are not cut."""
BLOCK: Final = 128
"""Windows that are prepared and encoded at a time."""
LEAST_MOVEMENT: Final = 0.05
"""Metres added to the movement of every window: without any movement, all windows count the same."""
TRAVEL: Final = 0.3
"""A metre that the body travels counts as much as this of a hand: walking swings the arms as well."""
_HANDS: Final = [MEASURES.index(name) for name in ("R_path", "L_path")]
_TRAVEL: Final = MEASURES.index("travel_path")


@dataclass(frozen=True)
class WindowedClips:
    """Windows of clips.

    Attributes:
        clips: (W,) windows, those of a clip one after the other; a clip that moves for less than `FROM_S` is one
            window, as it is.
        owner: (W,) number of the clip that a window is of, ascending.
        weight: (W,) above 0 up to 1, of a window beside the others of its clip, whatever it shows.
        share: (clips,) of the windows in the vector of a clip, 0 to 1; the rest is that of the whole clip.
    """

    clips: Ragged
    owner: Indices
    share: Array
    weight: Array


def cut_into_windows(clips: Ragged) -> WindowedClips:
    """Cut clips into windows of the part without idle time at the ends, without copying frames.

    Windows begin every `HOP_S` from its start on, and one ends with it. The last one counts by how far it reaches
    beyond the one before, so that an answer does not jump where a little more motion takes one more window.
    """
    seconds = clips.frames / clips.rate
    length = np.round(WINDOW_S * clips.rate).astype(np.int64)
    start = np.zeros(len(clips))
    long = np.flatnonzero((seconds >= FROM_S) & (length >= FEWEST_FRAMES))
    if len(long):
        start[long], seconds[long] = moving_part(clips.of(long))
    several = np.isin(np.arange(len(clips)), long) & (seconds >= FROM_S)
    hops = np.where(several, (seconds - WINDOW_S) / HOP_S, 0)
    count = np.minimum(np.ceil(hops - 1e-6) + 1, MOST).astype(np.int64)
    owner = np.repeat(np.arange(len(clips)), count)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    spread = np.maximum(hops / (MOST - 1), 1)[owner]  # of very long recordings, evenly
    weight = np.minimum(hops[owner] - (number - 1) * spread, 1).astype(np.float32)
    begin = start[owner] + np.minimum(number * spread, hops[owner]) * HOP_S
    frame = np.round(begin * clips.rate[owner]).astype(np.int64)
    first: Indices = np.where(several[owner], np.clip(frame, 0, (clips.frames - length)[owner]), 0)
    listed = None if clips.listed is None else np.where(several, 0, clips.listed)[owner]
    share = np.clip((seconds - FROM_S) / (FULL_S - FROM_S), 0, 1).astype(np.float32)
    return WindowedClips(
        Ragged(
            clips.positions, clips.start[owner] + first * clips.bodies[owner],
            np.where(several, length, clips.frames)[owner],
            clips.bodies[owner], clips.rate[owner], clips.layout, listed,
        ),
        owner, np.where(several, share, np.float32(1)), weight,
    )  # fmt: skip


def movement(measures: Array) -> Array:
    """(W,) metres that hands and body move in windows, from their (W, measures) of `pgfa.words.measures`."""
    moved = np.nan_to_num(measures[:, [*_HANDS, _TRAVEL]]) * np.array([1, 1, TRAVEL], dtype=np.float32)
    return np.asarray(moved.sum(axis=1) + np.float32(LEAST_MOVEMENT), dtype=np.float32)


def pooled(vectors: Array, owner: Indices, weights: Array) -> Array:
    """(clips, d) mean directions of the windows of each clip, as long as theirs on average; 0 where all are 0.

    A clip of one window keeps its vector.

    Args:
        vectors: (W, d) of windows, 0 without a person.
        owner: (W,) number of each window's clip, ascending.
        weights: (W,) above 0.
    """
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    length = np.linalg.norm(vectors, axis=1)
    share = np.where(length > 0, weights, 0)
    directions = unit_rows(np.add.reduceat(unit_rows(vectors) * share[:, None], starts, axis=0))
    total = np.maximum(np.add.reduceat(share, starts), 1e-12)
    means = directions * (np.add.reduceat(length * share, starts) / total)[:, None]
    alone = np.diff(starts, append=len(owner)) == 1
    return np.where(alone[:, None], vectors[starts], means).astype(np.float32)


def blended(whole: Array, windows: Array, share: Array) -> Array:
    """(N, d) vectors between those of whole clips and of their windows, by the (N,) share of the windows."""
    share = share[:, None]
    directions = unit_rows((1 - share) * unit_rows(whole) + share * unit_rows(windows))
    lengths = [np.linalg.norm(rows, axis=1, keepdims=True) for rows in (whole, windows)]
    return np.asarray(directions * ((1 - share) * lengths[0] + share * lengths[1]), dtype=np.float32)


def clip_features(bundle: Bundle, clips: Ragged) -> Array:
    """(clips, d) features of clips of one layout in the space of a bundle, not normalised; 0 without a person.

    With a kinematic model those of long clips are pooled, and between `FROM_S` and `FULL_S` blended with that of the
    whole; an encoder alone gets every clip whole.
    """
    if bundle.kinematics is None:
        return whole_features(bundle, clips)
    windows = cut_into_windows(clips)
    if len(windows.owner) == len(clips):
        return whole_features(bundle, clips)
    features, weights = [], []
    for start in range(0, len(windows.owner), BLOCK):
        block = windows.clips.of(slice(start, start + BLOCK))
        prepared = prepare(block, bundle.settings.prepare)
        features.append(whole_features(bundle, block, prepared))
        weights.append(movement(measured(prepared)))
    vectors = pooled(np.concatenate(features), windows.owner, np.concatenate(weights) * windows.weight)
    if len(between := np.flatnonzero(windows.share < 1)):
        whole = whole_features(bundle, clips.of(between))
        vectors[between] = blended(whole, vectors[between], windows.share[between])
    return vectors


def whole_features(bundle: Bundle, clips: Ragged, prepared: Prepared | None = None) -> Array:
    """As `clip_features`, of clips of any length as they are; `prepared`: the same clips, if they are already."""
    if prepared is None:
        prepared = prepare(clips, bundle.settings.prepare)
    screening = screen(clips)
    person = prepared.present.any(axis=1) & ~screening.no_body
    return np.where(person[:, None], bundle.features(prepared, screening), np.float32(0))
