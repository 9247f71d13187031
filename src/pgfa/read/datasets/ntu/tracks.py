"""Rows of a `.skeleton` file -> body slots: tracks by tracking id, joined where a person was lost and detected again.

A slot is one person. A person who is lost and detected again gets a new tracking id; a new track that starts
close to the end of an earlier one continues in the slot of that one. Slots are in the order in which the file lists
their bodies within a frame. The bodies as the file lists them are returned too, for the `paper` preparation: they
differ if a body is dropped, or absent while a later one is present, or if the order changes within the clip.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from pgfa.read.assemble import counted
from pgfa.read.datasets.ntu.text import BodyRows
from pgfa.skeleton.bodies import ghosts, motion_variance

MAX_JUMP = 0.5
"""A new track is the same person if its pelvis starts within this distance of the old track's end (metres)."""
MAX_TRACKS = 16
"""Tracks considered, the longest; real clips hold fewer."""
MAX_SLOTS = 200_000
"""Frames times tracks, above which fewer tracks are considered, but two."""


@dataclass(frozen=True)
class Slots:
    """Bodies over time.

    Attributes:
        positions: (frames, slots, 25, 3) float32, NaN where absent; a slot is one person.
        listed: the same bodies as the file lists them (`pgfa.skeleton.Clip.listed`); None where that is `positions`.
        problems: dropped bodies, remaining ghosts and others.
    """

    positions: NDArray[np.float32]
    listed: NDArray[np.float32] | None
    problems: tuple[str, ...]


def assign_slots(rows: BodyRows, limit: int | None) -> Slots:
    """Give every tracked person one body slot.

    Args:
        rows: the bodies in the file.
        limit: maximum number of bodies: those of plausible spread and most motion are kept; None: all (at most 16).

    Returns:
        At least one slot, empty if the file shows no body; problems name dropped bodies and remaining ghosts.
    """
    problems: list[str] = []
    present = ~(rows.joints == 0).all(axis=(1, 2))
    if not present.all():
        problems.append(counted(int((~present).sum()), "body", "bodies") + " of zeros, treated as absent")
    frame, joints = rows.frame[present], rows.joints[present]
    track = _tracks(frame, list(compress(rows.ids, present)))
    tracks = int(track.max()) + 1 if len(track) else 0
    if tracks <= 1:
        positions = _dense(rows.frames, 1, frame, track, joints)
        listed = _listed(rows, present, positions)
        return Slots(positions, listed, tuple(problems + _ghost_problems(positions)))

    most = max(2, min(MAX_TRACKS, MAX_SLOTS // rows.frames))
    if tracks > most:
        problems.append(f"{tracks} tracks, only the {most} longest considered")
        longest = np.sort(np.argsort(-np.bincount(track), kind="stable")[:most])
        considered = np.isin(track, longest)
        frame, joints = frame[considered], joints[considered]
        track = np.searchsorted(longest, track[considered])
    slot = _join_tracks(frame, track, joints[:, 0])
    if joined := int(track.max() - slot.max()):
        problems.append(counted(joined, "track") + " lost and found again")
    slot = _file_order(frame, slot)
    positions = _dense(rows.frames, int(slot.max()) + 1, frame, slot, joints)
    if limit is not None and positions.shape[1] > limit:
        problems.append(f"{positions.shape[1]} bodies, kept {limit}")
        ghost = ghosts(positions)
        weight = motion_variance(positions) * np.bincount(slot)
        best = np.lexsort((-weight, ghost))[:limit]
        positions = np.ascontiguousarray(positions[:, np.sort(best)])
    listed = _listed(rows, present, positions)
    return Slots(positions, listed, tuple(problems + _ghost_problems(positions)))


def _listed(
    rows: BodyRows, present: NDArray[np.bool_], positions: NDArray[np.float32]
) -> NDArray[np.float32] | None:
    """(frames, bodies, 25, 3) the bodies in the order of the file; a body of zeros is absent, but counts. None where
    that is `positions`."""
    number = np.arange(len(rows.frame)) - np.searchsorted(rows.frame, rows.frame)
    if positions.shape[1] == 1 and not number.any():
        return None
    listed = _dense(
        rows.frames, int(number.max()) + 1, rows.frame[present], number[present], rows.joints[present]
    )
    both = min(listed.shape[1], positions.shape[1])
    same = (
        np.array_equal(listed[:, :both], positions[:, :both], equal_nan=True)
        and np.isnan(listed[:, both:]).all()
        and np.isnan(positions[:, both:]).all()
    )
    return None if same else listed


def _ghost_problems(positions: NDArray[np.float32]) -> list[str]:
    return [f"body {slot + 1} looks like a ghost" for slot in np.flatnonzero(ghosts(positions))]


def _tracks(frame: NDArray[np.int64], ids: list[bytes]) -> NDArray[np.int64]:
    """(rows,) track of each row, numbered by first appearance; an id twice in a frame makes two tracks."""
    if len(set(ids)) <= 1 and (np.diff(frame) > 0).all():
        return np.zeros(len(ids), dtype=np.int64)
    numbers: dict[tuple[bytes, int], int] = {}
    occurrences: dict[bytes, int] = {}
    out = np.empty(len(ids), dtype=np.int64)
    previous = -1
    for row, (index, name) in enumerate(zip(frame.tolist(), ids, strict=True)):
        if index != previous:
            occurrences, previous = {}, index
        nth = occurrences[name] = occurrences.get(name, -1) + 1
        out[row] = numbers.setdefault((name, nth), len(numbers))
    return out


def _join_tracks(
    frame: NDArray[np.int64], track: NDArray[np.int64], pelvis: NDArray[np.float32]
) -> NDArray[np.int64]:
    """(rows,) slot of each row: a track that starts close to the end of an earlier one continues in its slot."""
    slot_of: list[int] = []
    ends: list[tuple[int, NDArray[np.float32]]] = []
    for number in range(int(track.max()) + 1):
        rows = np.flatnonzero(track == number)
        first, start = frame[rows[0]], pelvis[rows[0]]
        distances = [
            float(np.linalg.norm(start - end)) if last < first else np.inf for last, end in ends
        ]  # fmt: skip
        slot = int(np.argmin(distances)) if distances else -1
        if not (distances and distances[slot] < MAX_JUMP):
            slot = len(ends)
            ends.append((0, start))
        slot_of.append(slot)
        ends[slot] = (int(frame[rows[-1]]), pelvis[rows[-1]])
    return np.array(slot_of)[track]


def _file_order(frame: NDArray[np.int64], slot: NDArray[np.int64]) -> NDArray[np.int64]:
    """Renumber slots so that within a frame the file lists lower slots first (by majority if frames differ)."""
    slots = int(slot.max()) + 1
    before = np.zeros((slots, slots), dtype=np.int64)
    for apart in range(1, slots):
        same = frame[apart:] == frame[:-apart]
        np.add.at(before, (slot[:-apart][same], slot[apart:][same]), 1)
    order: list[int] = []
    for new in range(slots):
        later = (index for index, old in enumerate(order) if before[new, old] > before[old, new])
        order.insert(next(later, len(order)), new)
    number = np.empty(slots, dtype=np.int64)
    number[order] = np.arange(slots)
    return number[slot]


def _dense(
    frames: int, slots: int, frame: NDArray[np.int64], slot: NDArray[np.int64], joints: NDArray[np.float32]
) -> NDArray[np.float32]:
    positions = np.full((frames, slots, *joints.shape[1:]), np.nan, dtype=np.float32)
    positions[frame, slot] = joints
    return positions
