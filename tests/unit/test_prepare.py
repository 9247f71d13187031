"""The recipes as a whole, prepared clips on disk, and the cache."""

from __future__ import annotations

import json
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from builders import write_verified
from pgfa.config import PrepareSettings
from pgfa.errors import BadFile, LayoutMismatch
from pgfa.prepare import Prepared, prepare, prepare_cached
from pgfa.prepare.padded import padded_chunks
from pgfa.skeleton import Clip
from pgfa.skeleton.layouts import HDM05, KINECT20, NTU25
from pgfa.skeleton.ragged import Ragged

RECIPES = ("paper", "default")


def noise(frames: int, bodies: int = 1, layout=NTU25, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(size=(frames, bodies, len(layout.joints), 3)).astype(np.float32)


def ragged(*clips: np.ndarray, layout=NTU25, rate: float = 30.0) -> Ragged:
    return Ragged.from_clips([Clip(positions, rate, layout) for positions in clips])


@pytest.mark.parametrize("recipe", RECIPES)
def test_clips_do_not_depend_on_their_neighbours(recipe: str) -> None:
    clips = [noise(7 + 13 * i % 90, 1 + i % 3, seed=i) for i in range(30)]
    settings = PrepareSettings(recipe=recipe, layout="ntu25")
    together = prepare(ragged(*clips), settings)
    assert together.positions.shape == (30, 50, 2, 25, 3)
    assert together.positions.dtype == np.float32
    for i, clip in enumerate(clips):
        alone = prepare(ragged(clip), settings)
        np.testing.assert_allclose(together.positions[i], alone.positions[0], atol=2e-5)
        np.testing.assert_array_equal(together.present[i], alone.present[0])


def test_every_clip_is_in_exactly_one_chunk() -> None:
    clips = ragged(*(noise(1 + 17 * i % 300, 1 + i % 2, seed=i) for i in range(200)))
    groups = list(padded_chunks(clips, NTU25))
    assert len(groups) > 3
    assert sorted(np.concatenate([padded.index for padded in groups])) == list(range(200))
    for padded in groups:
        for i, index in enumerate(padded.index):
            np.testing.assert_array_equal(padded.positions[i, : padded.frames[i]], clips.rows(index))


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_clip_without_a_person_is_zero_and_absent(recipe: str) -> None:
    nan = np.full((20, 2, 25, 3), np.nan, dtype=np.float32)
    prepared = prepare(
        ragged(nan, nan * 0 if recipe == "paper" else np.zeros_like(nan), noise(20)),
        PrepareSettings(recipe=recipe, layout="ntu25"),
    )
    assert prepared.present.tolist() == [[False, False], [False, False], [True, False]]
    assert (prepared.positions[:2] == 0).all()
    assert (prepared.positions[2, :, 1] == 0).all()
    assert prepared.positions[2, :, 0].any()


def test_frames_without_a_body_at_the_ends_are_removed() -> None:
    clip = noise(30)
    padded = np.full((50, 1, 25, 3), np.nan, dtype=np.float32)
    padded[11:41] = clip
    prepared = prepare(ragged(padded, clip), PrepareSettings(layout="ntu25"))
    np.testing.assert_allclose(prepared.positions[0], prepared.positions[1], atol=1e-6)
    assert prepared.seconds.tolist() == pytest.approx([50 / 30, 1])


@pytest.mark.parametrize("recipe", RECIPES)
def test_joints_that_no_frame_shows_are_not_measured(recipe: str) -> None:
    first, second = noise(30, layout=KINECT20), noise(30, layout=KINECT20, seed=1) + np.float32([9, 0, 0])
    first[:, :, [7, 11]] = np.nan
    first[1:, :, 3] = np.nan  # seen in one frame
    second[:, :, 15] = np.nan
    second[:, :, 3, 1] = np.nan  # two coordinates are no measurement
    bodies = np.concatenate([first, second], axis=1)
    settings = PrepareSettings(recipe=recipe, layout="kinect20")
    prepared = prepare(ragged(bodies, first, first * np.nan, layout=KINECT20), settings)
    assert prepared.measured.dtype == np.bool_
    absent = [[sorted(np.flatnonzero(~body)) for body in clip] for clip in prepared.measured]
    everything = list(range(20))
    # `default` puts the body that moves most first.
    assert sorted(absent[0]) == [[3, 15], [7, 11]]
    assert absent[1:] == [[[7, 11], everything], [everything, everything]]
    if recipe == "default":
        moved = prepare(ragged(bodies[:, ::-1], layout=KINECT20), settings)
        np.testing.assert_array_equal(moved.measured[0], prepared.measured[0])


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_measured_joints_of_a_clip_do_not_depend_on_its_neighbours(recipe: str) -> None:
    clips = [noise(9 + i, 1 + i % 2, seed=i) for i in range(12)]
    for i, clip in enumerate(clips):
        clip[:, :, i] = np.nan
    settings = PrepareSettings(recipe=recipe, layout="ntu25")
    together = prepare(ragged(*clips), settings)
    for i, clip in enumerate(clips):
        alone = prepare(ragged(clip), settings)
        np.testing.assert_array_equal(together.measured[i], alone.measured[0])
        assert not together.measured[i, 0, i]
        assert together.moving_seconds[i] == alone.moving_seconds[0]


def test_moving_seconds_are_what_is_left_after_idle_time() -> None:
    rate, body = 50.0, noise(1, layout=KINECT20)
    still, phase = np.zeros(100), np.arange(150) / 150
    raised = np.concatenate([still, np.sin(np.pi * phase), still])
    clip = np.repeat(body, len(raised), axis=0)
    clip[:, 0, 7, 1] += raised  # a hand moves from 2 s to 5 s
    clips = ragged(clip, np.full_like(clip, np.nan), layout=KINECT20, rate=rate)
    prepared = prepare(clips, PrepareSettings(layout="kinect20"))
    assert prepared.seconds.tolist() == [7, 7]
    assert prepared.moving_seconds == pytest.approx([3, 0], abs=0.3)
    whole = prepare(clips, PrepareSettings(layout="kinect20", trim=False))
    assert whole.moving_seconds.tolist() == [7, 0]


@pytest.mark.parametrize("recipe", RECIPES)
def test_frames_without_a_person_at_the_end_are_no_moving_seconds(recipe: str) -> None:
    clip = noise(45, layout=KINECT20)
    clip[30:] = np.nan
    settings = PrepareSettings(recipe=recipe, layout="kinect20", trim=False)
    prepared = prepare(ragged(clip, layout=KINECT20), settings)
    assert (prepared.seconds[0], prepared.moving_seconds[0]) == (1.5, 1)


def test_a_second_body_keeps_its_distance() -> None:
    first = np.repeat(noise(4), 10, axis=0) * np.float32(0.3)
    second = first * np.float32(0.9) + np.float32([1.2, 0, 0])
    prepared = prepare(ragged(np.concatenate([first, second], axis=1)), PrepareSettings(layout="ntu25"))
    gap = (prepared.positions[0, :, 1] - prepared.positions[0, :, 0]).mean((0, 1))
    scale = np.linalg.norm(gap) / 1.2
    extent = (
        np.abs(prepared.positions[0, :, 0]).max() / np.abs(first - np.median(first[:, :, 0], axis=0)).max()
    )
    assert scale == pytest.approx(extent, rel=0.4)
    assert np.linalg.norm(gap) > 0.5


def test_only_paper_takes_bodies_as_listed() -> None:
    people, listed = noise(30, 2), noise(30, 3, seed=1)
    clip = Clip(people, 30.0, NTU25, listed=listed)
    clips = Ragged.from_clips([clip, Clip(people, 30.0, NTU25), Clip(listed, 30.0, NTU25)])
    paper = prepare(clips, PrepareSettings(recipe="paper", layout="ntu25")).positions
    default = prepare(clips, PrepareSettings(layout="ntu25")).positions
    np.testing.assert_array_equal(paper[0], paper[2])
    np.testing.assert_array_equal(default[0], default[1])
    assert not np.array_equal(paper[0], paper[1])
    assert not np.array_equal(default[0], default[2])


@pytest.mark.parametrize("bodies", [1, 2, 5])
@pytest.mark.parametrize("recipe", RECIPES)
def test_shape_follows_the_settings(recipe: str, bodies: int) -> None:
    settings = PrepareSettings(recipe=recipe, frames=17, bodies=bodies, layout="kinect20")
    prepared = prepare(ragged(noise(40, 6, KINECT20), layout=KINECT20), settings)
    assert prepared.positions.shape == (1, 17, bodies, 20, 3)
    assert prepared.layout is KINECT20


def test_a_layout_without_a_map_is_refused() -> None:
    with pytest.raises(LayoutMismatch, match="kinect20 to hdm05"):
        prepare(ragged(noise(5, 1, KINECT20), layout=KINECT20), PrepareSettings(layout="hdm05"))
    hdm = ragged(noise(5, 1, HDM05), layout=HDM05)
    assert prepare(hdm, PrepareSettings(layout="hdm05")).present.tolist() == [[True, False]]
    assert prepare(hdm, PrepareSettings(layout="ntu25")).positions.shape[3] == 25


def test_progress_is_reported() -> None:
    calls: list[tuple[int, int]] = []
    prepare(
        ragged(noise(30), noise(90)),
        PrepareSettings(layout="ntu25"),
        lambda done, of: calls.append((done, of)),
    )
    assert calls == [(1, 2), (2, 2)]


def test_saved_and_loaded(tmp_path: Path) -> None:
    prepared = prepare(ragged(noise(30), noise(60, 2)), PrepareSettings(layout="ntu25"))
    prepared.save(tmp_path / "p")
    for mapped in (False, True):
        loaded = Prepared.load(tmp_path / "p", mapped=mapped)
        assert isinstance(loaded.positions, np.memmap) is mapped
        for name in ("positions", "present", "seconds", "moving_seconds", "measured"):
            np.testing.assert_array_equal(getattr(loaded, name), getattr(prepared, name))
        assert loaded.layout is NTU25
        assert len(loaded) == 2


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no file"):
        Prepared.load(tmp_path)
    prepared = prepare(ragged(noise(30)), PrepareSettings(layout="ntu25"))
    prepared.save(tmp_path)
    table = json.loads((tmp_path / "prepared.json").read_text())
    np.save(tmp_path / "present.npy", np.ones((3, 2), dtype=bool))
    with pytest.raises(BadFile, match=r"present.npy: expected SHA-256"):
        Prepared.load(tmp_path)
    write_verified(tmp_path / "prepared.json", table)
    with pytest.raises(BadFile, match="agree"):
        Prepared.load(tmp_path)
    prepared.save(tmp_path)
    np.save(tmp_path / "measured.npy", np.ones((1, 2, 20), dtype=bool))
    with pytest.raises(BadFile, match=r"measured.npy: expected SHA-256"):
        Prepared.load(tmp_path)
    prepared.save(tmp_path)
    (tmp_path / "moving_seconds.npy").unlink()  # as older versions wrote it
    with pytest.raises(BadFile, match=r"moving_seconds.npy"):
        Prepared.load(tmp_path)
    prepared.save(tmp_path)
    np.save(tmp_path / "positions.npy", prepared.positions.astype(np.float64))
    with pytest.raises(BadFile, match=r"positions.npy: expected SHA-256"):
        Prepared.load(tmp_path)
    (tmp_path / "seconds.npy").write_bytes(b"\x93NUMPY")
    prepared.save(tmp_path)
    (tmp_path / "seconds.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(BadFile, match=r"seconds.npy"):
        Prepared.load(tmp_path)
    prepared.save(tmp_path)
    (tmp_path / "prepared.json").write_text('{"layout": "ntu25", "shape": [1]}')
    with pytest.raises(BadFile, match="expected digests of the arrays"):  # as older versions wrote it
        Prepared.load(tmp_path)
    write_verified(tmp_path / "prepared.json", table | {"layout": "centaur"})
    with pytest.raises(BadFile, match="centaur"):
        Prepared.load(tmp_path)


def test_the_cache_is_by_settings_and_pack(tmp_path: Path) -> None:
    clips, others = ragged(noise(30)), ragged(noise(30, seed=1))
    first = prepare_cached(clips, "a", PrepareSettings(layout="ntu25"), tmp_path)
    # The same pack digest: the cached result is returned, although these clips are different.
    np.testing.assert_array_equal(
        prepare_cached(others, "a", PrepareSettings(layout="ntu25"), tmp_path).positions, first.positions
    )
    assert not np.array_equal(
        prepare_cached(others, "b", PrepareSettings(layout="ntu25"), tmp_path).positions, first.positions
    )
    paper = prepare_cached(clips, "a", PrepareSettings(recipe="paper", layout="ntu25"), tmp_path)
    assert not np.array_equal(paper.positions, first.positions)
    assert len(list(tmp_path.glob("[!.]*"))) == 3
    before = np.array(first.positions)
    del first, paper  # they map the files
    for file in tmp_path.glob("*/positions.npy"):
        file.write_bytes(b"damage")
    np.testing.assert_array_equal(
        prepare_cached(clips, "a", PrepareSettings(layout="ntu25"), tmp_path).positions, before
    )


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_is_cached_is_mapped_from_the_first_call_on_and_never_whole_in_memory(
    tmp_path: Path, recipe: str
) -> None:
    clips = ragged(*(noise(20 + 7 * i % 90, 1 + i % 3, seed=i) for i in range(1000)))
    settings = PrepareSettings(recipe=recipe, layout="ntu25")
    results, peaks = [], []
    for call in (partial(prepare_cached, clips, "a", settings, tmp_path), partial(prepare, clips, settings)):
        tracemalloc.start()
        results.append(call())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    prepared, whole = results
    assert isinstance(prepared.positions, np.memmap)
    assert peaks[1] - peaks[0] > 0.9 * prepared.positions.nbytes
    whole.save(tmp_path / "whole")
    (cached,) = (path for path in tmp_path.glob("[!.]*") if path.name != "whole")
    for path in (tmp_path / "whole").iterdir():
        assert (cached / path.name).read_bytes() == path.read_bytes()


def test_of_several_that_need_the_same_clips_one_prepares_them(tmp_path: Path) -> None:
    clips, settings = ragged(*(noise(30, seed=i) for i in range(50))), PrepareSettings(layout="ntu25")
    checks: list[int] = []

    def check() -> None:
        checks.append(1)
        time.sleep(0.3)  # the others arrive meanwhile

    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(prepare_cached, clips, "a", settings, tmp_path, check=check) for _ in range(4)]
        results = [call.result() for call in calls]
    assert checks == [1]
    for result in results:
        np.testing.assert_array_equal(result.positions, results[0].positions)


def test_a_cached_pack_is_not_checked_again(tmp_path: Path) -> None:
    clips, settings, checked = ragged(noise(30)), PrepareSettings(layout="ntu25"), []
    for _ in range(2):
        prepare_cached(clips, "a", settings, tmp_path, check=lambda: checked.append(1))
    assert checked == [1]

    def changed() -> None:
        raise BadFile("pack", expected="one digest", found="another")

    with pytest.raises(BadFile, match="expected one digest"):
        prepare_cached(clips, "b", settings, tmp_path, check=changed)
    assert len(list(tmp_path.glob("[!.]*"))) == 1, "a pack that was refused is not cached"


def test_a_cache_that_cannot_be_written_gives_a_warning(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file in place of the cache folder")
    clips, settings = ragged(noise(30)), PrepareSettings(layout="ntu25")
    with pytest.warns(UserWarning, match="cannot be cached"):
        prepared = prepare_cached(clips, "a", settings, tmp_path / "taken")
    np.testing.assert_array_equal(prepared.positions, prepare(clips, settings).positions)


def test_a_short_clip_has_no_more_detail_than_a_long_one() -> None:
    """Trembling of 7 Hz counts as little in one second as in four: half of the frames would not show it."""
    body = noise(1)

    def left(seconds: float) -> float:
        seconds_ = np.arange(round(30 * seconds)) / 30
        shaken = body + np.float32(0.1) * np.sin(2 * np.pi * 7 * seconds_)[:, None, None, None].astype(
            np.float32
        )
        settings = PrepareSettings(layout="ntu25")
        return float(prepare(ragged(shaken), settings).positions[0, 5:-5, 0].std(axis=0).mean())

    assert left(1) == pytest.approx(left(4), rel=0.5)
    assert left(1) < 0.5 * 0.07
