"""Bodies: which slots hold a person, who is who over time, and who comes first."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from pgfa.prepare.robust import median_over_frames

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


def absent_as_nan(positions: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Give every form of absence one form.

    Args:
        positions: (clips, frames, bodies, joints, 3); absent is NaN, infinite, absurdly far, or a body all of zeros.

    Returns:
        positions with NaN where absent (the same array where nothing had to change; a joint lacks all or no
        coordinates), and (clips, frames, bodies) whether any joint of the body is seen.
    """
    total = np.abs(positions).sum((-1, -2))
    good = (total > 0) & (total < FARTHEST)  # False for NaN
    if good.all():
        return positions, good
    with np.errstate(invalid="ignore"):
        joint = (np.abs(positions) < FARTHEST).all(-1)
    joint &= (total != 0)[..., None]
    return np.where(joint[..., None], positions, np.float32(np.nan)), joint.any(-1)


def centroid_and_spread(
    positions: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean of a body's joints (..., 3) and root mean square distance of the joints from it (...); NaN where unseen."""
    joint = np.isfinite(positions[..., :1])
    count = joint.sum(-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        if joint.all():
            centroid = positions.mean(-2)
            offset = positions - centroid[..., None, :]
        else:
            centroid = np.where(joint, positions, 0).sum(-2) / count
            offset = np.where(joint, positions - centroid[..., None, :], 0)
        square = np.einsum("...jk,...jk->...", offset, offset)
        spread = np.sqrt(square / count[..., 0])
    return centroid.astype(np.float32), spread.astype(np.float32)


def follow(positions: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Mend identities that swap between body slots.

    Frame by frame, the assignment of slots to persons stays as it was unless another one brings the bodies less than
    half as far from where each person was last seen. Distances are between centroids and count at most twice the
    body's spread, so that one outlier decides nothing.

    Args:
        positions: (clips, frames, bodies, joints, 3), NaN where absent; at most MOST_FOLLOWED bodies.
        seen: (clips, frames, bodies).

    Returns:
        (clips, frames, bodies) for each frame and person the slot that holds that person.
    """
    clips, frames, bodies = seen.shape
    centre, spread = centroid_and_spread(positions)
    cap = 2 * np.nan_to_num(median_over_frames(spread.reshape(clips, -1), seen.reshape(clips, -1)), nan=0.0)
    ways = np.array(list(permutations(range(bodies))))  # (ways, persons): slot of each person
    slots = np.empty((clips, frames, bodies), dtype=np.int64)
    way = np.zeros(clips, dtype=np.int64)
    last = np.full((clips, bodies, 3), np.nan, dtype=np.float32)
    each = np.arange(clips)
    for frame in range(frames):
        here = centre[:, frame]  # (clips, slots, 3)
        gap = last[:, :, None] - here[:, None]  # (clips, persons, slots, 3)
        distance = np.sqrt(np.einsum("cpsk,cpsk->cps", gap, gap))
        distance = np.where(np.isnan(distance), np.inf, distance)
        distance = np.minimum(distance, cap[:, None, None])
        distance *= seen[:, frame, None, :]
        cost = distance[:, np.arange(bodies), ways].sum(-1)  # (clips, ways)
        best = cost.argmin(1)
        way = np.where(cost[each, best] < 0.5 * cost[each, way], best, way)
        slots[:, frame] = ways[way]
        mine = np.take_along_axis(here, slots[:, frame, :, None], axis=1)
        last = np.where(np.isfinite(mine), mine, last)
    return slots


def choose(
    positions: NDArray[np.float32], seen: NDArray[np.bool_], frames: NDArray[np.int64], wanted: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Order bodies, main one first, and leave out ghosts.

    The main body is the one with the most presence times motion. A further body is a ghost where it is hardly seen,
    has an impossible size, hardly moves in its short presence, or doubles a body before it.

    Args:
        positions: (clips, frames, bodies, joints, 3) persons as `follow` found them, NaN where absent.
        seen: (clips, frames, bodies), False on padding.
        frames: (clips,) true lengths.
        wanted: bodies to keep at most.

    Returns:
        (clips, kept) slots in order, kept = min(wanted, bodies), and (clips, kept) whether a person is there.
    """
    clips, _, bodies = seen.shape
    _, spread = centroid_and_spread(positions)
    size = np.nan_to_num(median_over_frames(spread, seen), nan=0.0)  # (clips, bodies)
    presence = seen.sum(1) / frames[:, None]
    motion = _motion(positions, seen)
    score = presence * (motion + 1e-3 * size) * (size > 0)
    order = np.argsort(-score, axis=1, kind="stable")

    def sorted_(values: NDArray[np.floating]) -> NDArray[np.floating]:
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


def _motion(positions: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.floating]:
    """(clips, bodies) root mean square, over joints and frames seen, of the way from the joint's mean place."""
    known = np.isfinite(positions[..., :1]) & seen[..., None, None]
    count = np.maximum(known.sum(1), 1)
    mean = np.where(known, positions, 0).sum(1) / count
    offset = np.where(known, positions - mean[:, None], 0)
    square = np.einsum("cfbjk,cfbjk->cb", offset, offset)
    return np.sqrt(square / np.maximum(known.sum((1, 3, 4)), 1))
