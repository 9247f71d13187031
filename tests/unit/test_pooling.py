"""Long recordings: windows of which one vector is made."""

from __future__ import annotations

import numpy as np
import pytest

from pgfa.adapt import unit_rows
from pgfa.prepare import prepare
from pgfa.recognise import Recogniser, pooling
from pgfa.recognise.pooling import (
    FROM_S,
    FULL_S,
    MOST,
    WINDOW_S,
    clip_features,
    cut_into_windows,
    movement,
    pooled,
)
from pgfa.recognise.vectors import measured
from pgfa.skeleton import KINECT20, Clip, Ragged
from pgfa.words.measures import MEASURES
from recogniser_builders import kinematic_recogniser, swaying_clip

RATE = 30.0


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return kinematic_recogniser()


@pytest.fixture(scope="module")
def waving() -> Clip:
    return swaying_clip(frames=40)


def clip(seconds: float, bodies: int = 1, seed: int = 0) -> Clip:
    random = np.random.default_rng(seed)
    frames = round(seconds * RATE)
    return Clip(random.normal(size=(frames, bodies, 20, 3)).astype(np.float32), RATE, KINECT20)


def test_windows_cover_a_recording_from_start_to_end() -> None:
    clips = [clip(2), clip(FROM_S), clip(20.3, bodies=2), clip(FROM_S - 0.1)]
    windows = cut_into_windows(Ragged.from_clips(clips))
    assert windows.owner.tolist() == [0, 1, 1, *[2] * 13, 3]
    for number, of in enumerate(clips):
        rows = [windows.clips.rows(int(w)) for w in np.flatnonzero(windows.owner == number)]
        if len(rows) == 1:
            np.testing.assert_array_equal(rows[0], of.positions)
            continue
        assert {len(row) for row in rows} == {round(WINDOW_S * RATE)}
        np.testing.assert_array_equal(rows[0], of.positions[: len(rows[0])])
        np.testing.assert_array_equal(rows[-1], of.positions[-len(rows[0]) :])


def test_windows_by_an_explicit_loop() -> None:
    for seconds in np.random.default_rng(1).uniform(FROM_S, 30, 20).tolist():
        of = clip(seconds)
        windows = cut_into_windows(Ragged.from_clips([of])).clips
        count, length = len(windows), round(WINDOW_S * RATE)
        for number in range(count):
            first = min(round(number * pooling.HOP_S * RATE), of.frames - length)
            np.testing.assert_array_equal(windows.rows(number), of.positions[first : first + length])
        starts = np.diff(windows.start) / RATE
        assert starts.max() <= pooling.HOP_S + 1 / RATE


def test_the_last_window_counts_by_what_it_adds() -> None:
    """The sum of the weights grows with the recording without a jump; the others count in full."""
    for seconds in (FROM_S, 5.9, 6.0, 6.1, 7.49, 7.5, 7.6, 29.0):
        of = clip(seconds)
        weight = cut_into_windows(Ragged.from_clips([clip(2), of])).weight[1:]
        assert (weight[:-1] == 1).all()
        assert 0 < weight[-1] <= 1
        np.testing.assert_allclose(weight.sum(), 1 + (of.seconds - WINDOW_S) / pooling.HOP_S, rtol=1e-5)


def test_a_window_more_is_no_jump(recogniser: Recogniser, waving: Clip) -> None:
    """A moving part a frame longer than six seconds has a fourth window, of which all but a frame is in the third."""
    moving = np.concatenate([waving.positions, waving.positions[::-1]] * 8)
    frames = round(FULL_S * waving.rate)
    clips = Ragged.from_clips([waving.with_positions(moving[: frames + more]) for more in (-1, 0, 1, 2)])
    windows = cut_into_windows(clips)
    assert np.bincount(windows.owner).tolist() == [3, 3, 4, 4]
    rows = unit_rows(clip_features(recogniser.bundle, clips))
    assert (rows[1] @ rows[2]) > 0.995


def test_idle_time_at_the_ends_is_left_out(waving: Clip) -> None:
    """Three seconds of rest before and after a motion of five seconds: windows of the motion alone."""
    times = int(np.ceil(5 / waving.seconds))
    moving = np.concatenate([waving.positions, waving.positions[::-1]] * times)[: round(5 * waving.rate)]
    rest = [np.repeat(moving[[end]], round(3 * waving.rate), axis=0) for end in (0, -1)]
    windows = cut_into_windows(
        Ragged.from_clips([waving.with_positions(np.concatenate([rest[0], moving, rest[1]]))])
    )
    first, last = windows.clips.start[0], windows.clips.start[-1] + windows.clips.frames[-1]
    assert abs(first / waving.rate - 3) < 0.5
    assert abs(last / waving.rate - 8) < 0.5
    short = waving.with_positions(np.concatenate([rest[0], moving[: round(2 * waving.rate)], rest[0]]))
    windows = cut_into_windows(Ragged.from_clips([short]))
    assert windows.owner.tolist() == [0]
    assert windows.clips.frames.tolist() == [short.frames]


def test_a_very_long_recording_has_a_bounded_number_of_windows() -> None:
    hour = Clip(np.zeros((3600 * 5, 1, 20, 3), dtype=np.float32), 5.0, KINECT20)
    windows = cut_into_windows(Ragged.from_clips([hour]))
    assert len(windows.owner) == MOST
    assert windows.clips.start[0] == 0
    assert windows.clips.start[-1] + windows.clips.frames[-1] == hour.frames


@pytest.mark.parametrize(("rate", "count"), [(0.1, 1), (2.4, 1), (3.0, 13)])
def test_a_recording_of_a_low_rate_keeps_enough_frames_in_a_window(rate: float, count: int) -> None:
    slow = Clip(np.zeros((round(21 * max(rate, 1)), 1, 20, 3), dtype=np.float32), rate, KINECT20)
    windows = cut_into_windows(Ragged.from_clips([slow]))
    assert len(windows.owner) == count
    assert windows.clips.frames.min() >= pooling.FEWEST_FRAMES


def test_pooled_by_an_explicit_loop() -> None:
    random = np.random.default_rng(0)
    owner = np.repeat([0, 3, 4, 7], [1, 4, 2, 3])
    vectors = random.normal(size=(len(owner), 6)).astype(np.float32)
    vectors[[2, 5, 6]] = 0  # nobody is seen: in one window, in all windows of a clip
    weights = random.uniform(0.1, 2, len(owner)).astype(np.float32)
    result = pooled(vectors, owner, weights)
    for row, number in enumerate([0, 3, 4, 7]):
        mine = np.flatnonzero((owner == number) & vectors.any(axis=1))
        if number == 0:
            np.testing.assert_array_equal(result[row], vectors[0])
        elif not len(mine):
            assert not result[row].any()
        else:
            lengths = np.linalg.norm(vectors[mine], axis=1)
            mean = sum(w * v / n for w, v, n in zip(weights[mine], vectors[mine], lengths, strict=True))
            expected = mean / np.linalg.norm(mean) * np.average(lengths, weights=weights[mine])
            np.testing.assert_allclose(result[row], expected, rtol=1e-5)


def test_movement_is_that_of_hands_and_body() -> None:
    measures = np.zeros((2, len(MEASURES)), dtype=np.float32)
    measures[0, MEASURES.index("R_path")] = 1.5
    measures[0, MEASURES.index("travel_path")] = 1
    measures[1, MEASURES.index("L_path")] = np.nan  # hands are not seen
    np.testing.assert_allclose(movement(measures), [1.85, 0.05], atol=1e-6)


def test_a_long_recording_is_answered_by_its_windows(recogniser: Recogniser, waving: Clip) -> None:
    seconds = FROM_S * 2
    times = int(np.ceil(seconds / waving.seconds))
    long = waving.with_positions(np.concatenate([waving.positions] * times)[: round(seconds * waving.rate)])
    both = Ragged.from_clips([waving, long])
    features = clip_features(recogniser.bundle, both)
    np.testing.assert_allclose(features[0], recogniser.encode(Ragged.from_clips([waving]))[0], atol=1e-3)
    windows = cut_into_windows(Ragged.from_clips([long])).clips
    rows = np.concatenate([recogniser.encode(windows.of(slice(n, n + 1))) for n in range(len(windows))])
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    # A positive combination of the windows: no farther from any of them than they are from each other.
    direction = features[1] / np.linalg.norm(features[1])
    assert (unit @ direction).min() >= (unit @ unit.T).min() - 1e-6
    shares, *_ = np.linalg.lstsq(unit.T, features[1], rcond=None)
    np.testing.assert_allclose(unit.T @ shares, features[1], atol=1e-4)
    assert shares.min() > 0


def test_between_whole_and_windows_there_is_no_jump(recogniser: Recogniser, waving: Clip) -> None:
    """A moving part of 4.5 to 6 seconds is compared by both, the windows counting more the longer it is."""
    moving = np.concatenate([waving.positions, waving.positions[::-1]] * 6)
    for seconds, share in ((FROM_S, 0.0), ((FROM_S + FULL_S) / 2, 0.5), (FULL_S, 1.0)):
        clips = Ragged.from_clips([waving.with_positions(moving[: round(seconds * waving.rate)])])
        windows = cut_into_windows(clips)
        assert len(windows.owner) > 1
        np.testing.assert_allclose(windows.share, [share], atol=0.03)
        whole = pooling.whole_features(recogniser.bundle, clips)[0]
        rows = pooling.whole_features(recogniser.bundle, windows.clips)
        weights = movement(measured(prepare(windows.clips, recogniser.bundle.settings.prepare)))
        (parts,) = pooled(rows, windows.owner, weights * windows.weight)
        share, lengths = float(windows.share[0]), [np.linalg.norm(whole), np.linalg.norm(parts)]
        mixed = (1 - share) * whole / lengths[0] + share * parts / lengths[1]
        expected = mixed / np.linalg.norm(mixed) * ((1 - share) * lengths[0] + share * lengths[1])
        np.testing.assert_allclose(clip_features(recogniser.bundle, clips)[0], expected, atol=1e-3)


def test_someone_who_is_seen_in_a_part_only(recogniser: Recogniser, waving: Clip) -> None:
    absent = np.full((round(FROM_S * waving.rate), *waving.positions.shape[1:]), np.nan, dtype=np.float32)
    joined = waving.with_positions(np.concatenate([waving.positions, absent]))
    never = waving.with_positions(absent)
    features = clip_features(recogniser.bundle, Ragged.from_clips([joined, never]))
    assert features[0].any()
    assert np.isfinite(features).all()
    assert not features[1].any()
