"""Rows of a `.skeleton` file -> body slots: bodies followed by tracking id, at most so many kept.

A slot is one person. A person whom the sensor loses and finds again gets a new tracking id; where the new
track begins near the place the old one ended, it goes on in the old slot. Slots stand in the order in which
the file lists their bodies within a frame, so that `pgfa.skeleton.bodies.close_up` gives back the file's own
order: what the `paper` preparation takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgfa.read.datasets.ntu.text import Bodies
from pgfa.skeleton.bodies import ghosts, motion

NEAR = 0.5
"""A new track is the old person where its pelvis begins within this of where the old one ended (metres)."""
MAX_TRACKS = 16
"""Tracks looked at, the longest; the sensor's worst clips hold fewer."""


@dataclass(frozen=True)
class Slots:
    """Bodies over time: positions (frames, slots, 25, 3) float32 with NaN where absent, and what was odd."""

    positions: NDArray[np.float32]
    problems: tuple[str, ...]


def follow(bodies: Bodies, keep: int | None) -> Slots:
    """Give every tracked body a slot of its own.

    Args:
        bodies: what the file says.
        keep: how many bodies to keep, those of plausible spread and most motion; None for all (at most 16).

    Returns:
        At least one slot, empty where the file shows no body; problems name bodies left out and ghosts kept.
    """
    problems: list[str] = []
    here = ~(bodies.joints == 0).all(axis=(1, 2))
    if not here.all():
        problems.append(f"{(~here).sum()} bodies of zeros taken as absent")
    frame, joints = bodies.frame[here], bodies.joints[here]
    track = _tracks(frame, [name for name, kept in zip(bodies.ids, here, strict=True) if kept])
    tracks = int(track.max()) + 1 if len(track) else 0
    if tracks <= 1:
        positions = _dense(bodies.frames, 1, frame, track, joints)
        return Slots(positions, tuple(problems + _ghost_problems(positions)))

    if tracks > MAX_TRACKS:
        problems.append(f"{tracks} tracks, the {MAX_TRACKS} longest looked at")
        longest = np.sort(np.argsort(-np.bincount(track), kind="stable")[:MAX_TRACKS])
        known = np.isin(track, longest)
        frame, joints, track = frame[known], joints[known], np.searchsorted(longest, track[known])
    slot = _join(frame, track, joints[:, 0])
    joined = int(track.max() - slot.max())
    if joined:
        problems.append(f"{joined} tracks lost and found again")
    slot = _file_order(frame, slot)
    positions = _dense(bodies.frames, int(slot.max()) + 1, frame, slot, joints)
    if keep is not None and positions.shape[1] > keep:
        problems.append(f"{positions.shape[1]} bodies, kept {keep}")
        ghost = ghosts(positions)
        weight = motion(positions) * np.bincount(slot)
        best = np.lexsort((-weight, ghost))[:keep]
        positions = np.ascontiguousarray(positions[:, np.sort(best)])
    return Slots(positions, tuple(problems + _ghost_problems(positions)))


def _ghost_problems(positions: NDArray[np.float32]) -> list[str]:
    return [f"body {slot + 1} looks like a ghost" for slot in np.flatnonzero(ghosts(positions))]


def _tracks(frame: NDArray[np.int64], ids: list[bytes]) -> NDArray[np.int64]:
    """(rows,) track of each row, numbered by first appearance; an id twice in a frame makes two tracks."""
    if len(set(ids)) <= 1 and (np.diff(frame) > 0).all():
        return np.zeros(len(ids), dtype=np.int64)
    seen: dict[tuple[bytes, int], int] = {}
    times: dict[bytes, int] = {}
    out = np.empty(len(ids), dtype=np.int64)
    last = -1
    for row, (at, name) in enumerate(zip(frame.tolist(), ids, strict=True)):
        if at != last:
            times, last = {}, at
        nth = times[name] = times.get(name, -1) + 1
        out[row] = seen.setdefault((name, nth), len(seen))
    return out


def _join(
    frame: NDArray[np.int64], track: NDArray[np.int64], pelvis: NDArray[np.float32]
) -> NDArray[np.int64]:
    """(rows,) slot of each row: a track that begins near where an earlier one ended goes on in its slot."""
    slot_of: list[int] = []
    ends: list[tuple[int, NDArray[np.float32]]] = []
    for number in range(int(track.max()) + 1):
        rows = np.flatnonzero(track == number)
        first, begin = frame[rows[0]], pelvis[rows[0]]
        far = [
            float(np.linalg.norm(begin - place)) if end < first else np.inf for end, place in ends
        ]  # fmt: skip
        nearest = int(np.argmin(far)) if far else -1
        if far and far[nearest] < NEAR:
            slot_of.append(nearest)
        else:
            nearest = len(ends)
            slot_of.append(nearest)
            ends.append((0, begin))
        ends[nearest] = (int(frame[rows[-1]]), pelvis[rows[-1]])
    return np.array(slot_of)[track]


def _file_order(frame: NDArray[np.int64], slot: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number slots anew so that within a frame the file lists lower slots first (by majority where frames
    differ)."""
    slots = int(slot.max()) + 1
    before = np.zeros((slots, slots), dtype=np.int64)
    for apart in range(1, slots):
        same = frame[apart:] == frame[:-apart]
        np.add.at(before, (slot[:-apart][same], slot[apart:][same]), 1)
    order: list[int] = []
    for new in range(slots):
        place = next((i for i, old in enumerate(order) if before[new, old] > before[old, new]), len(order))
        order.insert(place, new)
    number = np.empty(slots, dtype=np.int64)
    number[order] = np.arange(slots)
    return number[slot]


def _dense(
    frames: int, slots: int, frame: NDArray[np.int64], slot: NDArray[np.int64], joints: NDArray[np.float32]
) -> NDArray[np.float32]:
    positions = np.full((frames, slots, *joints.shape[1:]), np.nan, dtype=np.float32)
    positions[frame, slot] = joints
    return positions
