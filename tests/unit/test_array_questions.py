"""Arrays of two people in any form, and third columns beside pixels: read, or asked about with the right question."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile, Undecided
from pgfa.read import read
from pgfa.read.sample import person
from pgfa.skeleton import COCO17, KINECT20, NTU25, Layout

FRAMES = 30


def saved(folder: Path, array: np.ndarray) -> Path:
    np.save(folder / "a.npy", array)
    return folder / "a.npy"


def couple(layout: Layout, apart: float = 1.5) -> np.ndarray:
    """(2, FRAMES, joints, 3): two people beside one another."""
    one = person(layout, FRAMES)
    return np.stack([one, one[::-1] + np.array([apart, 0, 0])])


@pytest.mark.parametrize("layout", [NTU25, KINECT20], ids=lambda layout: layout.name)
@pytest.mark.parametrize("people", [1, 2])
def test_two_people_in_a_row(layout: Layout, people: int, tmp_path: Path) -> None:
    """As NTU RGB+D is stored: the second person follows the first, and is zeros where there is none."""
    both = couple(layout)
    both[people:] = 0
    expected = read(saved(tmp_path, both), axes="MTVC")
    frames = both.transpose(1, 0, 2, 3)
    for array in (frames.reshape(FRAMES, -1), frames.reshape(FRAMES, -1, 3)):
        clip = read(saved(tmp_path, array))
        np.testing.assert_allclose(clip.positions, expected.positions, atol=1e-6)
        assert (clip.layout, clip.bodies, clip.frames) == (layout, people, FRAMES)
        assert any(note.startswith("numbers of a frame read as those of") for note in clip.problems)


def test_numbers_of_other_widths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="found 30 x 149"):
        read(saved(tmp_path, np.zeros((FRAMES, 149))))
    with pytest.raises(BadFile, match="joints jump from frame to frame in every reading"):
        read(saved(tmp_path, np.random.default_rng(1).normal(size=(FRAMES, 150))))


@pytest.mark.parametrize("frames", [FRAMES, 70])
def test_a_first_axis_of_two_in_one_place_is_two_clips_or_two_people(frames: int, tmp_path: Path) -> None:
    one = person(NTU25, frames)
    both = np.stack([one - one[:, :1], (one - one[:, :1])[::-1]])
    with pytest.raises(Undecided, match=r"2 bodies in one place .*clips \(save each .*--axes MTVC") as caught:
        read(saved(tmp_path, both))
    assert (caught.value.quantity, caught.value.options) == ("axes", ("MTVC",))
    clip = read(tmp_path / "a.npy", axes="MTVC")
    assert (clip.frames, clip.bodies) == (frames, 2)


@pytest.mark.parametrize(("mean", "spread"), [(1.2, 2.0), (-4.0, 2.0), (-0.4, 0.2), (7.0, 0.0)])
def test_a_column_beside_pixels_that_hardly_varies_may_be_scores(
    mean: float, spread: float, tmp_path: Path
) -> None:
    """Logits, logarithms of probabilities, a constant: also where handedness is stated."""
    picture = person(COCO17, FRAMES)[..., :2] * [200, -200] + 400
    scores = np.random.default_rng(3).normal(mean, spread, (FRAMES, 17, 1))
    path = saved(tmp_path, np.concatenate([picture, scores], -1))
    for stated in ({}, {"mirrored": False}):
        with pytest.raises(Undecided, match=r"--axes xys or --axes xyz"):
            read(path, **stated)
    assert not read(path, axes="xy-").depth


def test_millimetres_of_a_body_are_no_scores(tmp_path: Path) -> None:
    assert read(saved(tmp_path, person(NTU25, FRAMES) * 1000)).depth
    assert read(tmp_path / "a.npy").reading.endswith("assumed: frames of one take, rate 30 Hz")


@pytest.mark.parametrize("order", ["NCTVM", "NTVC", "NTVMC", "NCTV", "TVNMC", "VCTNM", "TVMCN", "NMTVC"])
def test_an_axis_of_one_clip_may_be_stated_anywhere(order: str, tmp_path: Path) -> None:
    both = couple(NTU25)[: 2 if "M" in order else 1]
    expected = read(saved(tmp_path, both.transpose(1, 0, 2, 3)), axes="TMVC")
    array = both if "M" in order else both[0]
    here = "MTVC" if "M" in order else "TVC"
    array = array.transpose([here.index(axis) for axis in order.replace("N", "")])
    clip = read(saved(tmp_path, np.expand_dims(array, order.index("N"))), axes=order)
    np.testing.assert_allclose(clip.positions, expected.positions, atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "order", "message"),
    [
        ((30, 25, 3), "NTVC", r"NTVC, as stated: 4 axes, found 3 \(30 x 25 x 3\): state TVC"),
        ((30, 25, 3), "CTVM", r"CTVM, as stated: 4 axes, found 3 \(30 x 25 x 3\)$"),
        ((4, 30, 25, 3), "NTVC", r"one clip, N of 1, found N of 4 .*: save each clip as a file of its own"),
        ((1, 30, 25, 3), "NVTC", r"C of 2, 3 or 4, V of 13 or .*, found C of 3, V of 30"),
    ],
)
def test_stated_axes_that_do_not_fit_say_why(
    shape: tuple[int, ...], order: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(BadFile, match=message):
        read(saved(tmp_path, np.ones(shape)), axes=order)
