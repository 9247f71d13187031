"""Bodies: which slots hold a person, which person is in which slot over time, and in which order."""

from __future__ import annotations

from itertools import permutations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pgfa.prepare.lengths import squared_length
from pgfa.prepare.robust import median_over_frames

Floats: TypeAlias = NDArray[np.float32]
Flags: TypeAlias = NDArray[np.bool_]
Indices: TypeAlias = NDArray[np.int64]

MAX_COORDINATE = 1e6
"""A coordinate beyond this (metres) is not a measurement. Small enough that its square is finite."""

MAX_LINKED = 4
"""Body slots linked over time. All assignments are tried, and 4 slots have 24."""

MIN_PRESENCE = 0.1
"""Another body visible in fewer frames than this share of the main body's is a ghost."""

MIN_SPREAD = 0.4
"""Another body smaller than this share of the main one, or larger than its inverse, is a ghost."""

DUPLICATE_DISTANCE = 0.25
"""Two bodies whose joints are closer than this share of a body's spread are one body tracked twice."""

MIN_MOTION = 0.1
"""Another body visible half the time or less and moving less than this share of the main one is a ghost."""


def absent_as_nan(positions: Floats) -> tuple[Floats, Flags]:
    """Mark every form of absence by NaN.

    Args:
        positions: (clips, frames, bodies, joints, 3); absent means NaN, infinite, implausibly far, or a body of zeros
            only.

    Returns:
        Positions with NaN for absent joints, all three coordinates of them (the same array if nothing changed), and
        (clips, frames, bodies) whether any joint of the body is visible.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.abs(positions).sum((-1, -2))
    plausible = (total > 0) & (total < MAX_COORDINATE)  # False for NaN
    if plausible.all():
        return positions, plausible
    with np.errstate(invalid="ignore"):
        joint = (np.abs(positions) < MAX_COORDINATE).all(-1)
    joint &= (total != 0)[..., None]
    return np.where(joint[..., None], positions, np.float32(np.nan)), joint.any(-1)


def centroid_and_spread(positions: Floats) -> tuple[Floats, Floats]:
    """Centre and size of a body.

    Args:
        positions: (..., joints, 3), NaN where absent.

    Returns:
        The mean of the visible joints (..., 3) and their root mean square distance from it (...), NaN if none is
        visible.
    """
    joints = positions.shape[-2]
    # A product with 1/joints is several times faster than a mean over a middle axis.
    mean = np.tile(np.eye(3, dtype=np.float32), (joints, 1)) / joints
    centroid: Floats = positions.reshape(*positions.shape[:-2], joints * 3) @ mean
    # Tiled, the subtraction runs over long rows: twice as fast as broadcasting over the joints.
    offset = positions.reshape(*positions.shape[:-2], joints * 3) - np.tile(centroid, joints)
    square = np.einsum("...k,...k->...", offset, offset) / joints
    incomplete = np.isnan(square)
    if incomplete.any():
        bodies = positions[incomplete]
        joint = np.isfinite(bodies[..., :1])
        count = np.where(joint.any(-2), joint.sum(-2), np.nan)
        mean_position = np.where(joint, bodies, 0).sum(-2) / count
        offset = np.where(joint, bodies - mean_position[..., None, :], 0)
        centroid[incomplete] = mean_position
        square[incomplete] = (offset**2).sum((-1, -2)) / count[..., 0]
    return centroid, np.sqrt(square)


def link_bodies(centre: Floats, spread: Floats, visible: Flags) -> Indices:
    """Undo swaps of persons between body slots.

    From frame to frame the assignment of slots to persons stays the same, unless another one moves the persons, in
    total, less than half as far from where each was last visible. Distances are between centroids and capped at twice
    the body's spread, so that a single outlier has little weight.

    Args:
        centre: (clips, frames, bodies, 3) centroids, NaN where absent; at most MAX_LINKED bodies.
        spread: (clips, frames, bodies) of each body around its centroid.
        visible: (clips, frames, bodies).

    Returns:
        (clips, frames, bodies) the slot of each person in each frame.
    """
    clips, _, bodies = visible.shape
    cap = 2 * np.nan_to_num(
        median_over_frames(spread.reshape(clips, -1), visible.reshape(clips, -1)), nan=0.0
    )
    slots = np.broadcast_to(np.arange(bodies), visible.shape).copy()
    # In most clips no person changes slots. Those are recognised from all frames at once; only the others need a loop.
    last = _last_positions(centre, visible)
    cost = _costs(last[:, :-1], centre[:, 1:], visible[:, 1:], cap[:, None])
    swapped = (cost.min(-1) < 0.5 * cost[..., 0]).any(1)
    if swapped.any():
        slots[swapped] = _link_frame_by_frame(centre[swapped], visible[swapped], cap[swapped])
    return slots


def _last_positions(centre: Floats, visible: Flags) -> Floats:
    """(clips, frames, slots, 3) where each slot's body was last visible; NaN before the first time."""
    if visible.all():
        return centre
    frame = np.arange(visible.shape[1])[:, None]
    frame_index = np.maximum.accumulate(np.where(visible, frame, 0), axis=1)
    return np.take_along_axis(centre, frame_index[..., None], axis=1)


def _costs(last: Floats, centre: Floats, visible: Flags, cap: Floats) -> Floats:
    """Distance that each assignment moves all persons: (..., persons, 3), (..., slots, 3) -> (..., assignments)."""
    bodies = visible.shape[-1]
    gap = last[..., :, None, :] - centre[..., None, :, :]
    distance = np.sqrt(squared_length(gap))
    distance = np.fmin(distance, cap[..., None, None]) * visible[..., None, :]
    cost: Floats = distance[..., np.arange(bodies), _assignments(bodies)].sum(-1)
    return cost


def _assignments(bodies: int) -> Indices:
    """(assignments, persons) every assignment: the slot of each person. The first one changes nothing."""
    return np.array(list(permutations(range(bodies))))


def _link_frame_by_frame(centre: Floats, visible: Flags, cap: Floats) -> Indices:
    clips, frames, bodies = visible.shape
    assignments, clip = _assignments(bodies), np.arange(clips)
    slots = np.empty(visible.shape, dtype=np.int64)
    current = np.zeros(clips, dtype=np.int64)
    last = np.full((clips, bodies, 3), np.nan, dtype=np.float32)
    for frame in range(frames):
        cost = _costs(last, centre[:, frame], visible[:, frame], cap)
        best = cost.argmin(1)
        current = np.where(cost[clip, best] < 0.5 * cost[clip, current], best, current)
        slots[:, frame] = assignments[current]
        centres = np.take_along_axis(centre[:, frame], assignments[current][..., None], axis=1)
        is_visible = np.take_along_axis(visible[:, frame], assignments[current], axis=1)
        last = np.where(is_visible[..., None], centres, last)
    return slots


def select_bodies(
    positions: Floats, spread: Floats, visible: Flags, frames: Indices, count: int
) -> tuple[Indices, Flags]:
    """Order bodies, main one first, and drop ghosts.

    The main body is the one with the most presence times motion. Another body is a ghost if it is hardly visible, has
    an impossible size, hardly moves in its short presence, or duplicates a body before it.

    Args:
        positions: (clips, frames, bodies, joints, 3) ordered by `link_bodies`, NaN where absent.
        spread: (clips, frames, bodies) of each person around its centroid.
        visible: (clips, frames, bodies), False on padding.
        frames: (clips,) lengths without padding.
        count: number of bodies to return, at most.

    Returns:
        (clips, min(count, bodies)) slots in order, and the same shape, whether the slot holds a person.
    """
    clips, _, bodies = visible.shape
    size = np.nan_to_num(median_over_frames(spread, visible), nan=0.0)  # (clips, bodies)
    presence = visible.sum(1) / frames[:, None]
    motion = _deviation(positions, visible)
    score = presence * (motion + 1e-3 * size + 1e-9)
    order = np.argsort(-score, axis=1, kind="stable")

    presence, size, motion = (np.take_along_axis(x, order, axis=1) for x in (presence, size, motion))
    person = presence > 0
    person[:, 1:] &= presence[:, 1:] >= MIN_PRESENCE * presence[:, :1]
    person[:, 1:] &= (size[:, 1:] > MIN_SPREAD * size[:, :1]) & (MIN_SPREAD * size[:, 1:] < size[:, :1])
    idle = (motion[:, 1:] < MIN_MOTION * motion[:, :1]) & (presence[:, 1:] <= 0.5)
    person[:, 1:] &= ~idle
    clip = np.arange(clips)
    for later in range(1, bodies):
        for earlier in range(later):
            gap = positions[clip, :, order[:, later]] - positions[clip, :, order[:, earlier]]
            distance = np.sqrt(squared_length(gap)).mean(-1)
            both = visible[clip, :, order[:, later]] & visible[clip, :, order[:, earlier]]
            median_distance = median_over_frames(distance.astype(np.float32), both)
            with np.errstate(invalid="ignore"):
                duplicate = (median_distance < DUPLICATE_DISTANCE * size[:, earlier]) & person[:, earlier]
            person[:, later] &= ~duplicate
    # Persons before ghosts, otherwise in the same order.
    persons_first = np.argsort(~person, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(order, persons_first, axis=1), np.take_along_axis(person, persons_first, axis=1)


def _deviation(positions: Floats, visible: Flags) -> Floats:
    """(clips, bodies) root mean square distance of the visible joints from their mean positions over time."""
    valid = np.isfinite(positions[..., 0]) & visible[..., None]
    first = np.take_along_axis(positions, visible.argmax(1)[:, None, :, None, None], axis=1)
    # Relative to the first visible frame, for small numbers lose fewer digits in float32.
    offset = np.where(valid[..., None], positions - np.nan_to_num(first), 0)
    count = valid.sum(1)
    mean = offset.sum(1) / np.maximum(count, 1)[..., None]
    square = np.einsum("cfbjk,cfbjk->cb", offset, offset) - np.einsum("cbj,cbjk,cbjk->cb", count, mean, mean)
    deviation: Floats = np.sqrt(np.maximum(square, 0) / np.maximum(count.sum(-1), 1))
    return deviation
