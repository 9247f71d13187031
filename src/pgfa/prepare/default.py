"""The project's preparation: the authors' with its faults mended (docs/preparation.md)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pgfa.config import PrepareSettings
from pgfa.prepare.bodies import MOST_FOLLOWED, absent_as_nan, centroid_and_spread, choose, follow
from pgfa.prepare.chunk import Chunk
from pgfa.prepare.gaps import fill, without_spikes
from pgfa.prepare.idle import without_idle
from pgfa.prepare.orient import facing_angle, origin, turn
from pgfa.prepare.size import scale_to_standard
from pgfa.prepare.time import smooth
from pgfa.skeleton.layouts import Layout


def default_recipe(
    chunk: Chunk, layout: Layout, settings: PrepareSettings
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Prepare a chunk: bodies, gaps, size, idle time, time, origin, orientation, in this order.

    Returns:
        (clips, frames, bodies, joints, 3) positions and (clips, bodies) whether a body is there at all.
    """
    clips, _, slots, joints, _ = chunk.positions.shape
    out = np.zeros((clips, settings.frames, settings.bodies, joints, 3), dtype=np.float32)
    present = np.zeros((clips, settings.bodies), dtype=np.bool_)

    positions, seen = absent_as_nan(chunk.positions)
    seen &= chunk.inside[..., None]
    somebody = np.logical_or.reduce(seen, axis=2)
    usable = np.logical_or.reduce(somebody, axis=1)
    if not usable.any():
        return out, present
    if not somebody[:, [0]].all() or not np.array_equal(somebody.sum(1), chunk.frames):
        first = somebody[usable].argmax(1)
        last = somebody.shape[1] - 1 - somebody[usable, ::-1].argmax(1)
        chunk = replace(chunk, positions=positions).take(usable).trim(first, last - first + 1)
        positions, seen = absent_as_nan(chunk.positions)
        seen &= chunk.inside[..., None]

    if slots > 1:
        positions, seen, there = _persons(positions, seen, chunk.frames, settings.bodies)
    else:
        there = np.logical_or.reduce(seen, axis=1)
    scale = scale_to_standard(positions[:, :, 0], seen[:, :, 0], layout)
    positions = fill(without_spikes(positions, scale), layout)
    if settings.trim:
        first, count = without_idle(positions, chunk.frames, chunk.rate)
        chunk = replace(chunk, positions=positions).trim(first, count)
        positions = chunk.positions
    main, inside = positions[:, :, 0], chunk.inside
    centre = origin(main, inside, layout)
    angle = facing_angle(main, inside, chunk.rate, layout)

    placed = smooth(positions, chunk.frames, settings.frames)
    placed -= centre[:, None, None, None]
    placed *= scale[:, None, None, None, None]
    placed = turn(placed, angle)
    kept = there.shape[1]
    out[usable, :, :kept] = np.where(there[:, None, :, None, None], placed, 0)
    present[usable, :kept] = there
    return out, present


def _persons(
    positions: NDArray[np.float32], seen: NDArray[np.bool_], frames: NDArray[np.int64], wanted: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    if seen.shape[2] > MOST_FOLLOWED:
        most = np.argsort(-seen.sum(1), axis=1, kind="stable")[:, None, :MOST_FOLLOWED]
        positions, seen = _by_slot(positions, seen, most)
    centre, spread = centroid_and_spread(positions)
    slots = follow(centre, spread, seen)
    positions, seen = _by_slot(positions, seen, slots)
    spread = np.take_along_axis(spread, slots, axis=2)
    order, there = choose(positions, spread, seen, frames, wanted)
    positions, seen = _by_slot(positions, seen, order[:, None])
    return positions, seen, there


def _by_slot(
    positions: NDArray[np.float32], seen: NDArray[np.bool_], slots: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Reorder bodies; slots (clips, frames or 1, bodies wanted)."""
    clips, frames, bodies, *rest = positions.shape
    slots = np.broadcast_to(slots, (clips, frames, slots.shape[2]))
    if slots.shape[2] == bodies and (slots == np.arange(bodies)).all():
        return positions, seen
    row = np.arange(clips * frames).reshape(clips, frames, 1) * bodies + slots
    flat = positions.reshape(clips * frames * bodies, -1)
    return flat[row].reshape(*row.shape, *rest), seen.reshape(-1)[row]
