"""Bodies: which slots hold a person, who is who over time, and who comes first."""

from __future__ import annotations

from itertools import permutations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pgfa.prepare.robust import median_over_frames

Floats: TypeAlias = NDArray[np.float32]
Flags: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.int64]

FARTHEST = 1e6
"""A coordinate beyond this (metres) is no measurement; kept small enough that its square is finite."""

MOST_FOLLOWED = 4
"""Body slots followed at once: every assignment is tried, and 4 have 24."""

LEAST_PRESENCE = 0.1
"""A further body seen in fewer frames than this share of the main body's is a ghost."""

LEAST_SPREAD = 0.4
"""A further body smaller than this share of the main one, or larger than its inverse, is a ghost."""

NEAR_DUPLICATE = 0.25
"""Two bodies whose joints lie within this share of a body's spread of one another are one body seen twice."""

LEAST_MOTION = 0.1
"""A further body seen half the time or less and moving less than this share of the main one is a ghost."""


def absent_as_nan(positions: Floats) -> tuple[Floats, Flags]:
    """Give every form of absence one form.

    Args:
        positions: (clips, frames, bodies, joints, 3); absent is NaN, infinite, absurdly far, or a body all of
            zeros.

    Returns:
        positions with NaN where absent (the same array where nothing had to change; a joint lacks all or no
        coordinates), and (clips, frames, bodies) whether any joint of the body is seen.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.abs(positions).sum((-1, -2))
    good = (total > 0) & (total < FARTHEST)  # False for NaN
    if good.all():
        return positions, good
    with np.errstate(invalid="ignore"):
        joint = (np.abs(positions) < FARTHEST).all(-1)
    joint &= (total != 0)[..., None]
    return np.where(joint[..., None], positions, np.float32(np.nan)), joint.any(-1)


def centroid_and_spread(positions: Floats) -> tuple[Floats, Floats]:
    """Where a body is and how large it looks.

    Args:
        positions: (..., joints, 3), NaN where absent.

    Returns:
        the mean of the joints seen (..., 3) and the root mean square distance of these joints from it (...),
        NaN where none is seen.
    """
    joints = positions.shape[-2]
    # A product with 1/joints is several times faster than a mean over a middle axis.
    mean = np.tile(np.eye(3, dtype=np.float32), (joints, 1)) / joints
    centroid: Floats = positions.reshape(*positions.shape[:-2], joints * 3) @ mean
    # Tiled, the subtraction runs over long rows: twice as fast as broadcasting over the joints.
    offset = positions.reshape(*positions.shape[:-2], joints * 3) - np.tile(centroid, joints)
    square = np.einsum("...k,...k->...", offset, offset) / joints
    partly = np.isnan(square)
    if partly.any():
        some = positions[partly]
        joint = np.isfinite(some[..., :1])
        count = np.where(joint.any(-2), joint.sum(-2), np.nan)
        middle = np.where(joint, some, 0).sum(-2) / count
        offset = np.where(joint, some - middle[..., None, :], 0)
        centroid[partly] = middle
        square[partly] = (offset**2).sum((-1, -2)) / count[..., 0]
    return centroid, np.sqrt(square)


def follow(centre: Floats, spread: Floats, seen: Flags) -> Places:
    """Mend identities that swap between body slots.

    Frame by frame, the assignment of slots to persons stays as it was unless another one brings the bodies
    less than half as far from where each person was last seen. Distances are between centroids and count at
    most twice the body's spread, so that one outlier decides nothing.

    Args:
        centre: (clips, frames, bodies, 3) centroids, NaN where absent; at most MOST_FOLLOWED bodies.
        spread: (clips, frames, bodies) of each body round its centroid.
        seen: (clips, frames, bodies).

    Returns:
        (clips, frames, bodies) for each frame and person the slot that holds that person.
    """
    clips, _, bodies = seen.shape
    cap = 2 * np.nan_to_num(median_over_frames(spread.reshape(clips, -1), seen.reshape(clips, -1)), nan=0.0)
    slots = np.broadcast_to(np.arange(bodies), seen.shape).copy()
    # Most clips keep their slots: they are found all frames at once, and only the others are walked through.
    last = _last_seen(centre, seen)
    cost = _costs(last[:, :-1], centre[:, 1:], seen[:, 1:], cap[:, None])
    doubtful = (cost.min(-1) < 0.5 * cost[..., 0]).any(1)
    if doubtful.any():
        slots[doubtful] = _walk(centre[doubtful], seen[doubtful], cap[doubtful])
    return slots


def _last_seen(centre: Floats, seen: Flags) -> Floats:
    """(clips, frames, slots, 3) where each slot's body was last seen; before the first time, NaN."""
    if seen.all():
        return centre
    frame = np.arange(seen.shape[1])[:, None]
    at = np.maximum.accumulate(np.where(seen, frame, 0), axis=1)
    return np.take_along_axis(centre, at[..., None], axis=1)


def _costs(last: Floats, here: Floats, seen: Flags, cap: Floats) -> Floats:
    """How far each assignment moves the persons in all: (..., persons, 3), (..., slots, 3) -> (..., ways)."""
    bodies = seen.shape[-1]
    gap = last[..., :, None, :] - here[..., None, :, :]
    distance = np.sqrt(np.einsum("...k,...k->...", gap, gap))
    distance = np.fmin(distance, cap[..., None, None]) * seen[..., None, :]
    cost: Floats = distance[..., np.arange(bodies), _ways(bodies)].sum(-1)
    return cost


def _ways(bodies: int) -> Places:
    """(ways, persons) every assignment: the slot of each person; the first leaves all as they are."""
    return np.array(list(permutations(range(bodies))))


def _walk(centre: Floats, seen: Flags, cap: Floats) -> Places:
    clips, frames, bodies = seen.shape
    ways, each = _ways(bodies), np.arange(clips)
    slots = np.empty(seen.shape, dtype=np.int64)
    way = np.zeros(clips, dtype=np.int64)
    last = np.full((clips, bodies, 3), np.nan, dtype=np.float32)
    for frame in range(frames):
        cost = _costs(last, centre[:, frame], seen[:, frame], cap)
        best = cost.argmin(1)
        way = np.where(cost[each, best] < 0.5 * cost[each, way], best, way)
        slots[:, frame] = ways[way]
        mine = np.take_along_axis(centre[:, frame], ways[way][..., None], axis=1)
        there = np.take_along_axis(seen[:, frame], ways[way], axis=1)
        last = np.where(there[..., None], mine, last)
    return slots


def choose(
    positions: Floats, spread: Floats, seen: Flags, frames: Places, wanted: int
) -> tuple[Places, Flags]:
    """Order bodies, main one first, and leave out ghosts.

    The main body is the one with the most presence times motion. A further body is a ghost where it is hardly
    seen, has an impossible size, hardly moves in its short presence, or doubles a body before it.

    Args:
        positions: (clips, frames, bodies, joints, 3) persons as `follow` found them, NaN where absent.
        spread: (clips, frames, bodies) of each person round its centroid.
        seen: (clips, frames, bodies), False on padding.
        frames: (clips,) true lengths.
        wanted: bodies to keep at most.

    Returns:
        (clips, kept) slots in order, kept = min(wanted, bodies), and (clips, kept) whether a person is there.
    """
    clips, _, bodies = seen.shape
    size = np.nan_to_num(median_over_frames(spread, seen), nan=0.0)  # (clips, bodies)
    presence = seen.sum(1) / frames[:, None]
    motion = _motion(positions, seen)
    score = presence * (motion + 1e-3 * size + 1e-9)
    order = np.argsort(-score, axis=1, kind="stable")

    def sorted_(values: Floats) -> Floats:
        return np.take_along_axis(values, order, axis=1)

    presence, size, motion = sorted_(presence), sorted_(size), sorted_(motion)
    person = presence > 0
    person[:, 1:] &= presence[:, 1:] >= LEAST_PRESENCE * presence[:, :1]
    person[:, 1:] &= (size[:, 1:] > LEAST_SPREAD * size[:, :1]) & (LEAST_SPREAD * size[:, 1:] < size[:, :1])
    still = (motion[:, 1:] < LEAST_MOTION * motion[:, :1]) & (presence[:, 1:] <= 0.5)
    person[:, 1:] &= ~still
    each = np.arange(clips)
    for later in range(1, bodies):
        for earlier in range(later):
            gap = positions[each, :, order[:, later]] - positions[each, :, order[:, earlier]]
            apart = np.sqrt(np.einsum("cfjk,cfjk->cfj", gap, gap) + 0.0).mean(-1)
            both = seen[each, :, order[:, later]] & seen[each, :, order[:, earlier]]
            typical = median_over_frames(apart.astype(np.float32), both)
            with np.errstate(invalid="ignore"):
                double = (typical < NEAR_DUPLICATE * size[:, earlier]) & person[:, earlier]
            person[:, later] &= ~double
    # Persons before ghosts, each in the order found.
    again = np.argsort(~person, axis=1, kind="stable")[:, :wanted]
    return np.take_along_axis(order, again, axis=1), np.take_along_axis(person, again, axis=1)


def _motion(positions: Floats, seen: Flags) -> Floats:
    """(clips, bodies) root mean square, over joints and frames seen, of the way from a joint's mean place."""
    known = np.isfinite(positions[..., 0]) & seen[..., None]
    first = np.take_along_axis(positions, seen.argmax(1)[:, None, :, None, None], axis=1)
    way = np.where(known[..., None], positions - np.nan_to_num(first), 0)  # small numbers keep their digits
    count = known.sum(1)
    mean = way.sum(1) / np.maximum(count, 1)[..., None]
    square = np.einsum("cfbjk,cfbjk->cb", way, way) - np.einsum("cbj,cbjk,cbjk->cb", count, mean, mean)
    motion: Floats = np.sqrt(np.maximum(square, 0) / np.maximum(count.sum(-1), 1))
    return motion
