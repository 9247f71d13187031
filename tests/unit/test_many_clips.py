"""Files of many clips: sums for many at once, clips that are read as the others of a file, and their limits."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile, LimitExceeded, Undecided
from pgfa.read import read_all
from pgfa.read.formats.keypoints.habit import AGREEING, MAX_ALONE
from pgfa.read.interpret.arrays import jump_of_each, jumps
from pgfa.read.interpret.body import fit_of, fits_of
from pgfa.read.interpret.complete import are_complete
from pgfa.read.interpret.decision import Decision
from pgfa.read.interpret.doubts import doubts_of, doubts_of_each
from pgfa.read.interpret.facing import chirality, chirality_of_each
from pgfa.read.interpret.missing import absent_joints
from pgfa.read.interpret.take import Take
from pgfa.read.interpret.vectors import all_of, any_of, are_finite, dots, known_median_of, median_of, norms
from pgfa.read.sample import person
from pgfa.skeleton import KINECT20, NTU25, Clip

DECLARED = tuple(
    Decision(*item, "declared") for item in (("up", "y"), ("axes", "right-handed"), ("unit", "m"))
)


def body(frames: int, layout=NTU25, seed: int = 0) -> np.ndarray:
    """(frames, joints, 3) somebody whose joints move a little."""
    rng = np.random.default_rng(seed)
    pose = person(layout, 1)[0]
    return pose + 0.02 * np.sin(np.arange(frames)[:, None, None] / 5 + rng.uniform(0, 6, pose.shape))


@pytest.mark.parametrize("columns", [2, 3, 4])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_sums_of_columns_are_those_of_numpy_to_the_last_bit(columns: int, kind: type) -> None:
    rng = np.random.default_rng(columns)
    for frames in (1, 2, 7, 100, 1000):
        points = (rng.normal(size=(frames, 2, 17, columns)) * 10.0 ** rng.integers(-3, 4)).astype(kind)
        points[rng.random(points.shape[:3]) < 0.1] = np.nan
        marks = points > 0.3
        assert norms(points).tobytes() == np.linalg.norm(points, axis=-1).tobytes()
        assert dots(points, points[::-1]).tobytes() == (points * points[::-1]).sum(axis=-1).tobytes()
        assert np.array_equal(are_finite(points), np.isfinite(points).all(axis=-1))
        assert np.array_equal(all_of(marks), marks.all(axis=-1))
        assert np.array_equal(any_of(marks), marks.any(axis=-1))
        known = np.nan_to_num(points)
        assert median_of(known) == np.median(known)
        seen = np.where(np.arange(17)[:, None] == 3, 1, points)
        for axis in range(3):
            assert np.array_equal(median_of(known, axis), np.median(known, axis=axis))
            if axis:
                usual = known_median_of(seen, axis)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", RuntimeWarning)  # of what is never known
                    assert np.array_equal(usual, np.nanmedian(seen, axis=axis), equal_nan=True)


CHANGES = {
    "as it is": lambda points: points,
    "mirrored": lambda points: points * [-1, 1, 1],
    "upside down": lambda points: points * [1, -1, -1],
    "lying": lambda points: points[..., [0, 2, 1]] * [1, 1, -1],
    "too large": lambda points: points * 2.6,
    "too small": lambda points: points * 0.3,
    "elsewhere": lambda points: points + np.where(np.arange(len(points)) < 9, 0.0, 1.5)[:, None, None],
    "frozen": lambda points: points[np.arange(len(points)) // 2],
    "still": lambda points: points[:1].repeat(len(points), axis=0),
    "few frames": lambda points: points[:2],
    "gaps": lambda points: np.where(np.arange(len(points))[:, None, None] % 3 == 1, np.nan, points),
}


def test_doubts_of_many_are_those_of_each() -> None:
    every = [
        Take(change(body(30, seed=seed))[:, None].astype(np.float32), NTU25, DECLARED, False, published)
        for seed in range(5)
        for published in (True, False)
        for change in CHANGES.values()
    ]
    doubts = doubts_of_each(every)
    assert doubts == [doubts_of(replace(take, _looks=[], _fits={})) for take in every]
    names = list(CHANGES) * 10
    assert {name for name, doubt in zip(names, doubts, strict=True) if not doubt} == {
        "as it is",
        "few frames",
        "gaps",
    }


def test_doubts_of_many_take_numbers_of_each_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may have 20,000 clips that all look mirrored."""
    calls = []
    monkeypatch.setattr(
        "pgfa.read.interpret.take.fits_of", lambda *args: calls.append(args) or fits_of(*args)
    )
    mirrored = (body(30) * [-1, 1, 1])[:, None].astype(np.float32)
    takes = [Take(mirrored + n / 99, NTU25, DECLARED, False, published=True) for n in range(50)]
    assert all("looks mirrored" in "".join(doubts) for doubts in doubts_of_each(takes))
    assert len(calls) == 1


@pytest.mark.parametrize("columns", [2, 3])
def test_measures_of_many_are_those_of_each(columns: int) -> None:
    rng = np.random.default_rng(columns)
    clips = np.stack([body(12, seed=seed)[..., :columns] for seed in range(12)])
    clips[1, :, 5] = np.nan
    clips[2, rng.random(clips[2].shape[:2]) < 0.4] = np.nan
    clips[3, :, NTU25.index("elbow_left")] += 2
    clips[4, :, NTU25.index("hip_left")] = np.nan
    clips[5, :, NTU25.index("head")] -= 3
    clips[6] = 0
    clips[7] = np.nan
    clips[8, :, :, 0] *= -1
    fits = fits_of(clips, NTU25)
    assert fits == [fit_of(clip, NTU25) for clip in clips]
    assert fits[4].cost == fits[6].cost == fits[7].cost == np.inf
    assert (columns == 2) == (fits[3].is_possible and fits[5].is_possible)
    assert jump_of_each(clips[:, :, None], NTU25) == [jumps(clip[:, None], NTU25) for clip in clips]
    if columns == 3:
        senses = chirality_of_each(clips, NTU25)
        assert list(zip(*map(list, senses), strict=True)) == [chirality(clip, NTU25) for clip in clips]
        assert senses[0][0] > 0 > senses[0][8]


def test_clips_in_which_nothing_is_absent_are_found_at_once() -> None:
    clips = np.stack([body(30, seed=seed) for seed in range(10)])[:, :, None]
    scores = np.full(clips.shape[:-1], 0.5)
    clips[1, 3, 0, 4] = np.nan
    clips[2, 3, 0, 4] = 0
    clips[3, ::3, 0, 4] = 40, 0.1, 7
    clips[4, 3, 0, 4] = clips[4, 3, 0, 5]
    clips[5, 3, 0, 4] = 1e12
    clips[6, ::4, 0, 4] += 1.5
    scores[7, 3, 0, 4] = 0.01
    scores[8, 3, 0, 4] = 90
    complete = are_complete(clips, scores)
    assert complete.tolist() == [number in (0, 9) for number in range(10)]
    for number in np.flatnonzero(complete):
        absent, notes = absent_joints(clips[number], NTU25, scores[number])
        assert not absent.any()
        assert not notes


def test_doubts_about_clips_of_a_set_are_those_of_each(tmp_path: Path) -> None:
    every = [change(body(30, KINECT20)).astype(np.float32) for change in CHANGES.values()]
    offsets = np.cumsum([0, *map(len, every)])
    file = tmp_path / "set.npz"
    fps = np.full(len(every), 30.0)
    np.savez(file, positions=np.concatenate(every), offsets=offsets, joints=list(KINECT20.joints), fps=fps)
    clips = read_all(file)
    for clip, positions in zip(clips, every, strict=True):
        assert isinstance(clip, Clip)
        expected = doubts_of(Take(positions[:, None], KINECT20, DECLARED, False, published=True))
        assert [
            problem for problem in clip.problems if "frame" not in problem or problem in expected
        ] == expected


def archive(folder: Path, clips: list[np.ndarray]) -> Path:
    """An archive of PYSKL with (frames, joints, 3) of each clip."""
    file = folder / "set.pkl"
    every = [{"frame_dir": str(n), "label": 1, "keypoint": clip[None]} for n, clip in enumerate(clips)]
    file.write_bytes(pickle.dumps(every, protocol=4))
    return file


def test_one_odd_clip_among_the_first_does_not_leave_the_others_open(tmp_path: Path) -> None:
    """Of MSR-Action3D, one clip is misread as mirrored, and five show no handedness."""
    clips = [body(30, seed=seed) for seed in range(40)]
    clips[3] = clips[3] * [-1, 1, 1]
    # Straight limbs, and feet that are below the ankles, show no front.
    shapeless = clips[20] * [1, 1, 0.01]
    read = read_all(archive(tmp_path, [*clips, shapeless]))
    assert all(isinstance(clip, Clip) for clip in read)
    assert (
        sum("as in other clips of the file" in clip.reading for clip in read if isinstance(clip, Clip)) >= 20
    )


def test_a_clip_of_another_unit_is_decided_by_itself(tmp_path: Path) -> None:
    clips = [body(20, seed=seed) for seed in range(30)]
    clips[25] = clips[25] * 1000
    read = read_all(archive(tmp_path, clips))
    assert isinstance(read[25], Clip)
    assert "unit mm" in read[25].reading
    assert np.allclose(read[25].positions, read_all(archive(tmp_path, [clips[25]]))[0].positions)  # type: ignore[union-attr]


def test_clips_of_no_kind_are_not_decided_one_by_one_without_end(tmp_path: Path) -> None:
    clips = [body(4, seed=seed % 5) * (1, 100)[seed % 2] for seed in range(MAX_ALONE + AGREEING + 20)]
    read = read_all(archive(tmp_path, clips[:MAX_ALONE]))
    assert not any(isinstance(clip, BadFile) for clip in read)
    with pytest.raises(LimitExceeded, match="unlike the others"):
        read_all(archive(tmp_path, clips))
    stated = read_all(archive(tmp_path, clips), unit="m", up="y", mirrored=False)
    assert not any(isinstance(clip, LimitExceeded) for clip in stated)


def test_the_question_about_the_first_clips_is_asked_once(tmp_path: Path) -> None:
    lying = [body(4, seed=seed % 5)[..., [0, 2, 1]] * [1, -1, 1] for seed in range(MAX_ALONE + AGREEING + 20)]
    with pytest.raises(Undecided, match="annotation 1 "):
        read_all(archive(tmp_path, lying))
    assert isinstance(read_all(archive(tmp_path, lying), up="z")[-1], Clip)


def test_clips_of_a_file_are_read_alone_as_with_the_others(tmp_path: Path) -> None:
    """The next clips are looked at together; what becomes of each is the same as if it came last."""
    clips = [body(20 + seed % 3, seed=seed) for seed in range(40)]
    clips[30][4, 7] = np.nan
    clips[31][::3, 7] = 40, 0.1, 7
    clips[32] = clips[32] * [-1, 1, 1]
    clips[33][1::2] += 3.0
    clips[34][:, NTU25.index("elbow_left")] += 2
    clips[35] = clips[35] * 100
    together = read_all(archive(tmp_path, clips))
    for number in range(28, 40):
        alone = read_all(archive(tmp_path, [*clips[:28], clips[number]]))[-1]
        clip = together[number]
        if isinstance(clip, Clip):
            assert isinstance(alone, Clip)
            assert clip.positions.tobytes() == alone.positions.tobytes()
            assert (clip.problems, clip.reading) == (alone.problems, alone.reading)
        else:
            assert str(clip).replace(f"annotation {number + 1}", "") == str(alone).replace(
                "annotation 29", ""
            )
