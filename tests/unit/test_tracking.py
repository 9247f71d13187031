"""People detected frame by frame -> tracks: explicit loops against the arrays of `pgfa.read.parsing.tracking`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pgfa.errors import LimitExceeded
from pgfa.read.parsing.tracking import (
    MAX_BODIES,
    MAX_GAP,
    MAX_OPEN_TRACKS,
    MAX_PER_FRAME,
    MAX_STEP,
    link_tracks,
)
from pgfa.read.sample import picture
from pgfa.skeleton import COCO17

Floats = NDArray[np.float64]
Frames = Sequence[Sequence[Floats]]
BODY = picture(COCO17, 1)[0]


def linked(frames: Frames) -> tuple[Floats, tuple[str, ...]]:
    people = [person for frame in frames for person in frame]
    frame_of = np.repeat(np.arange(len(frames)), [len(frame) for frame in frames])
    return link_tracks(np.stack(people), frame_of, len(frames))


@dataclass
class Track:
    number: int
    last: Floats
    size: float
    frames: list[int] = field(default_factory=list)
    points: list[Floats] = field(default_factory=list)


def size_of(points: Floats) -> float:
    points = points[np.isfinite(points).all(axis=-1)]
    return float(np.linalg.norm(np.ptp(points, axis=0))) if len(points) else 0.0


def linked_by_loops(frames: Frames) -> list[Track]:
    """All tracks, the longest first, by the rules that `link_tracks` states."""
    every: list[Track] = []
    going: list[Track] = []
    for number, frame in enumerate(frames):
        people = [person for person in frame[:MAX_PER_FRAME] if np.isfinite(person).any()]
        going.sort(key=lambda track: (-track.frames[-1], track.number))
        going = [track for track in going[:MAX_OPEN_TRACKS] if number - track.frames[-1] <= MAX_GAP]
        costs = {}
        for row, track in enumerate(going):
            for index, person in enumerate(people):
                distances = np.linalg.norm(track.last - person, axis=-1)
                distances = distances[np.isfinite(distances)]
                if len(distances):
                    costs[row, index] = distances.mean() / max(track.size, 1e-9)
        owner: dict[int, Track] = {}
        while costs:
            row, index = min(costs, key=lambda pair: costs[pair])
            if costs[row, index] > MAX_STEP:
                break
            owner[index] = going[row]
            costs = {pair: cost for pair, cost in costs.items() if pair[0] != row and pair[1] != index}
        for index, person in enumerate(people):
            track = owner.get(index) or Track(len(every), person, size_of(person))
            if not track.frames:
                going.append(track)
                every.append(track)
            track.last = np.where(np.isfinite(person), person, track.last)
            track.size = max(size_of(person), 0.9 * track.size)
            track.frames.append(number)
            track.points.append(person)
    return sorted(every, key=lambda track: (-len(track.frames), track.frames[0]))


@settings(max_examples=60, deadline=None)
@example(seed=810, people=14, frames=27, seen=0.7, pace=200.0, absent=0.3)  # more than MAX_OPEN_TRACKS
@given(
    seed=st.integers(0, 10**6),
    people=st.integers(1, 40),
    frames=st.integers(1, 70),
    seen=st.sampled_from([0.1, 0.7, 1.0]),
    pace=st.sampled_from([0.0, 20.0, 200.0]),
    absent=st.sampled_from([0.0, 0.3, 0.95]),
)
def test_tracks_are_those_of_explicit_loops(
    seed: int, people: int, frames: int, seen: float, pace: float, absent: float
) -> None:
    rng = np.random.default_rng(seed)
    where = rng.uniform(0, 4000, (people, 1, 2))
    recording = []
    for _ in range(frames):
        where = where + rng.normal(0, pace + 1e-3, where.shape)
        bodies = BODY + where + rng.normal(0, 3, (people, *BODY.shape))
        bodies[rng.random((people, len(BODY))) < absent] = np.nan
        present = rng.permutation(people)[rng.random(people) < seen]
        recording.append([bodies[person] for person in present])
    if not any(recording):
        recording[0] = [BODY]
    expected = linked_by_loops(recording)
    out, problems = linked(recording)
    assert out.shape[1] == max(1, min(MAX_BODIES, len(expected)))
    for body, track in enumerate(expected[:MAX_BODIES]):
        slot = np.full((frames, *BODY.shape), np.nan)
        slot[track.frames] = np.stack(track.points)
        np.testing.assert_array_equal(out[:, body], slot)
    assert bool(problems) == (len(expected) > MAX_BODIES)


def walker(start: float, frames: int, pace: float = 3.0) -> list[Floats]:
    return [BODY + np.array([start + pace * n, 0]) for n in range(frames)]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), people=st.integers(1, 5))
def test_people_far_apart_keep_their_tracks(seed: int, people: int) -> None:
    random = np.random.default_rng(seed)
    paths = [walker(600 * who, 12, pace=random.uniform(-8, 8)) for who in range(people)]
    frames = [[paths[who][n] for who in random.permutation(people)] for n in range(12)]
    out, problems = linked(frames)
    assert out.shape == (12, people, 17, 2)
    assert not problems
    starts = sorted(float(out[0, slot, 0, 0]) for slot in range(people))
    np.testing.assert_allclose(starts, sorted(path[0][0, 0] for path in paths))
    for slot in range(people):
        path = paths[int(np.argmin([abs(out[0, slot, 0, 0] - p[0][0, 0]) for p in paths]))]
        np.testing.assert_array_equal(out[:, slot], np.stack(path))


def test_a_person_who_returns_within_the_gap_keeps_the_track() -> None:
    walk = walker(0, MAX_GAP + 40, 0)
    soon = [[p] if not 3 <= n < 3 + MAX_GAP // 2 else [] for n, p in enumerate(walk)]
    assert linked(soon)[0].shape[1] == 1
    late = [[p] if not 3 <= n < 4 + MAX_GAP else [] for n, p in enumerate(walk)]
    assert linked(late)[0].shape[1] == 2


def test_tracks_do_not_jump_and_the_longest_are_kept() -> None:
    far = MAX_STEP * 2 * np.linalg.norm(np.ptp(BODY, axis=0))
    out, _ = linked([[BODY], [BODY + far]])
    assert out.shape[1] == 2
    crowd = [[BODY + 5000 * who for who in range(MAX_BODIES + 3)], [BODY + 5000 * 2]]
    out, problems = linked(crowd)
    assert out.shape[1] == MAX_BODIES
    assert problems == ("3 bodies with the shortest tracks dropped",)
    np.testing.assert_array_equal(out[:, 0], np.stack([crowd[0][2], crowd[1][0]]))


def test_hardly_anybody_in_very_many_frames_is_refused() -> None:
    frames: list[list[Floats]] = [[] for _ in range(60_000)]
    for number in (0, 30_000, 59_999):
        frames[number] = [BODY]
    with pytest.raises(LimitExceeded, match="of which 3 are present"):
        linked(frames)
