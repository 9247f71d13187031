"""The recipes as a whole, what they write to disk, and the cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgfa.config import PrepareSettings
from pgfa.errors import BadFile, LayoutMismatch
from pgfa.prepare import Prepared, prepare, prepare_cached
from pgfa.prepare.chunk import chunks
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


def test_every_clip_comes_in_one_chunk() -> None:
    clips = ragged(*(noise(1 + 17 * i % 300, 1 + i % 2, seed=i) for i in range(200)))
    found = list(chunks(clips, NTU25))
    assert len(found) > 3
    assert sorted(np.concatenate([chunk.which for chunk in found])) == list(range(200))
    for chunk in found:
        for i, which in enumerate(chunk.which):
            np.testing.assert_array_equal(chunk.positions[i, : chunk.frames[i]], clips.rows(which))


@pytest.mark.parametrize("recipe", RECIPES)
def test_nobody_is_zero_and_absent(recipe: str) -> None:
    nan = np.full((20, 2, 25, 3), np.nan, dtype=np.float32)
    made = prepare(
        ragged(nan, nan * 0 if recipe == "paper" else np.zeros_like(nan), noise(20)),
        PrepareSettings(recipe=recipe, layout="ntu25"),
    )
    assert made.present.tolist() == [[False, False], [False, False], [True, False]]
    assert (made.positions[:2] == 0).all()
    assert (made.positions[2, :, 1] == 0).all()
    assert made.positions[2, :, 0].any()


def test_frames_without_a_body_at_the_ends_are_cut_off() -> None:
    clip = noise(30)
    padded = np.full((50, 1, 25, 3), np.nan, dtype=np.float32)
    padded[11:41] = clip
    made = prepare(ragged(padded, clip), PrepareSettings(layout="ntu25"))
    np.testing.assert_allclose(made.positions[0], made.positions[1], atol=1e-6)
    assert made.seconds.tolist() == pytest.approx([50 / 30, 1])


def test_a_second_body_keeps_its_distance() -> None:
    one = noise(40) * np.float32(0.3)
    other = one * np.float32(0.9) + np.float32([1.2, 0, 0])
    made = prepare(ragged(np.concatenate([one, other], axis=1)), PrepareSettings(layout="ntu25"))
    gap = (made.positions[0, :, 1] - made.positions[0, :, 0]).mean((0, 1))
    scale = np.linalg.norm(gap) / 1.2
    own = np.abs(made.positions[0, :, 0]).max() / np.abs(one - np.median(one[:, :, 0], axis=0)).max()
    assert scale == pytest.approx(own, rel=0.4)
    assert np.linalg.norm(gap) > 0.5


def test_paper_closes_up_bodies_to_the_order_of_the_file() -> None:
    true = noise(30, 2)
    slots = true.copy()
    slots[10:20, 0] = np.nan
    file_order = true.copy()
    file_order[10:20, 0], file_order[10:20, 1] = true[10:20, 1], np.nan
    made = prepare(ragged(slots, file_order), PrepareSettings(recipe="paper", layout="ntu25"))
    np.testing.assert_array_equal(made.positions[0], made.positions[1])


@pytest.mark.parametrize("bodies", [1, 2, 5])
@pytest.mark.parametrize("recipe", RECIPES)
def test_shape_follows_the_settings(recipe: str, bodies: int) -> None:
    settings = PrepareSettings(recipe=recipe, frames=17, bodies=bodies, layout="kinect20")
    made = prepare(ragged(noise(40, 6, KINECT20), layout=KINECT20), settings)
    assert made.positions.shape == (1, 17, bodies, 20, 3)
    assert made.layout is KINECT20


def test_a_layout_without_a_map_is_refused() -> None:
    with pytest.raises(LayoutMismatch, match="kinect20 to hdm05"):
        prepare(ragged(noise(5, 1, KINECT20), layout=KINECT20), PrepareSettings(layout="hdm05"))
    hdm = ragged(noise(5, 1, HDM05), layout=HDM05)
    assert prepare(hdm, PrepareSettings(layout="hdm05")).present.tolist() == [[True, False]]
    assert prepare(hdm, PrepareSettings(layout="ntu25")).positions.shape[3] == 25


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    prepare(
        ragged(noise(30), noise(90)),
        PrepareSettings(layout="ntu25"),
        lambda done, of: told.append((done, of)),
    )
    assert told == [(1, 2), (2, 2)]


def test_saved_and_loaded(tmp_path: Path) -> None:
    made = prepare(ragged(noise(30), noise(60, 2)), PrepareSettings(layout="ntu25"))
    made.save(tmp_path / "p")
    for mapped in (False, True):
        back = Prepared.load(tmp_path / "p", mapped=mapped)
        assert isinstance(back.positions, np.memmap) is mapped
        for name in ("positions", "present", "seconds"):
            np.testing.assert_array_equal(getattr(back, name), getattr(made, name))
        assert back.layout is NTU25
        assert len(back) == 2


def test_damage_on_disk_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no file"):
        Prepared.load(tmp_path)
    made = prepare(ragged(noise(30)), PrepareSettings(layout="ntu25"))
    made.save(tmp_path)
    np.save(tmp_path / "present.npy", np.ones((3, 2), dtype=bool))
    with pytest.raises(BadFile, match="agree"):
        Prepared.load(tmp_path)
    made.save(tmp_path)
    np.save(tmp_path / "positions.npy", made.positions.astype(np.float64))
    with pytest.raises(BadFile, match=r"positions.npy.*float32.*float64"):
        Prepared.load(tmp_path)
    (tmp_path / "seconds.npy").write_bytes(b"\x93NUMPY")
    made.save(tmp_path)
    (tmp_path / "seconds.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(BadFile, match=r"seconds.npy"):
        Prepared.load(tmp_path)
    made.save(tmp_path)
    (tmp_path / "prepared.json").write_text('{"layout": "centaur", "shape": [1]}')
    with pytest.raises(BadFile, match="centaur"):
        Prepared.load(tmp_path)


def test_the_cache_is_used_and_knows_settings_and_pack(tmp_path: Path) -> None:
    clips, others = ragged(noise(30)), ragged(noise(30, seed=1))
    first = prepare_cached(clips, "a", PrepareSettings(layout="ntu25"), tmp_path)
    # The same name of a pack: what was made before comes back, though these clips are others.
    np.testing.assert_array_equal(
        prepare_cached(others, "a", PrepareSettings(layout="ntu25"), tmp_path).positions, first.positions
    )
    assert not np.array_equal(
        prepare_cached(others, "b", PrepareSettings(layout="ntu25"), tmp_path).positions, first.positions
    )
    paper = prepare_cached(clips, "a", PrepareSettings(recipe="paper", layout="ntu25"), tmp_path)
    assert not np.array_equal(paper.positions, first.positions)
    assert len(list(tmp_path.iterdir())) == 3
    for file in tmp_path.glob("*/positions.npy"):
        file.write_bytes(b"damage")
    np.testing.assert_array_equal(
        prepare_cached(clips, "a", PrepareSettings(layout="ntu25"), tmp_path).positions, first.positions
    )


def test_what_the_cache_has_is_not_checked_again(tmp_path: Path) -> None:
    clips, settings, checked = ragged(noise(30)), PrepareSettings(layout="ntu25"), []
    for _ in range(2):
        prepare_cached(clips, "a", settings, tmp_path, check=lambda: checked.append(1))
    assert checked == [1]

    def changed() -> None:
        raise BadFile("pack", expected="one digest", found="another")

    with pytest.raises(BadFile, match="expected one digest"):
        prepare_cached(clips, "b", settings, tmp_path, check=changed)
    assert len(list(tmp_path.iterdir())) == 1, "nothing is kept of a pack that was refused"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, where the cache would be a folder")
    clips, settings = ragged(noise(30)), PrepareSettings(layout="ntu25")
    with pytest.warns(UserWarning, match="cannot be cached"):
        made = prepare_cached(clips, "a", settings, tmp_path / "taken")
    np.testing.assert_array_equal(made.positions, prepare(clips, settings).positions)
