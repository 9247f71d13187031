"""The readers on the real recordings: how many there are, who does what, and what is wrong with them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.read import FORMATS, FileRef, read
from pgfa.skeleton import HDM05, Clip

pytestmark = pytest.mark.real

FOLDERS = {
    "utd-mhad": "utd-mhad", "kinder-gator": "kinder-gator", "msr-action3d": "msr-action3d",
    "nw-ucla": "nw-ucla-sample", "hdm05": "hdm05",
}  # fmt: skip
COUNTS = {"utd-mhad": 861, "kinder-gator": 1159, "msr-action3d": 567, "nw-ucla": 3, "hdm05": 288}
SUBJECTS = {"utd-mhad": 8, "kinder-gator": 20, "msr-action3d": 10, "nw-ucla": 3, "hdm05": 5}
CLASSES = {"utd-mhad": 27, "kinder-gator": 43, "msr-action3d": 20, "nw-ucla": 3, "hdm05": 11}


def _files(shared_data: Path, name: str) -> list[FileRef]:
    return FORMATS[name].find(shared_data / FOLDERS[name])


@pytest.mark.parametrize("name", FOLDERS)
def test_every_file_is_found(name: str, shared_data: Path) -> None:
    files = _files(shared_data, name)
    assert len(files) == COUNTS[name]
    assert len({file.stem for file in files}) == COUNTS[name]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_sample_is_read_and_plausible(name: str, shared_data: Path) -> None:
    files = _files(shared_data, name)
    # A stride prime to the numbering, so that the sample meets every class of the larger sets.
    for file in files[:: max(1, len(files) // 40)]:
        clip = read(file)
        assert clip.source.dataset == name
        assert clip.source.action
        assert clip.source.subject
        assert "number" not in " ".join(clip.problems)
        bones = clip.positions[..., clip.layout.bone_indices[:, 0], :]
        bones = bones - clip.positions[..., clip.layout.bone_indices[:, 1], :]
        assert 0.05 < np.nanmedian(np.linalg.norm(bones, axis=-1)) < 0.5
        trunk = clip.positions[:, 0, clip.layout.index("chest")] - clip.positions[:, 0, 0]
        assert 0.15 < np.nanmedian(np.linalg.norm(trunk, axis=-1)) < 0.8


@pytest.mark.parametrize("name", ["utd-mhad", "msr-action3d"])
def test_a_whole_set(name: str, shared_data: Path) -> None:
    clips, wrong = [], []
    for file in _files(shared_data, name):
        try:
            clips.append(read(file))
        except BadFile as error:
            wrong.append((file.stem, error.found))
    assert len({clip.source.action for clip in clips}) == CLASSES[name]
    assert len({clip.source.subject for clip in clips}) == SUBJECTS[name]
    problems = Counter(problem.lstrip("0123456789 ") for clip in clips for problem in clip.problems)
    if name == "utd-mhad":
        assert not wrong
        assert not problems
        assert np.median([clip.frames for clip in clips]) == 67
    else:
        assert wrong == [("a13_s09_e02_skeleton3D", "no person in 38 frames")]
        assert problems.keys() <= {"empty frame", "empty frames"}
        assert problems.total() == 18


def test_kinder_gator_names_all_known(shared_data: Path) -> None:
    from pgfa.read.datasets.kinder_gator import MERGED

    names = Counter(file.name.split("-", 2)[2].rsplit("-", 1)[0].replace("-", " ").strip() for file in
                    _files(shared_data, "kinder-gator"))  # fmt: skip
    assert names.keys() == MERGED.keys()
    assert names.pop("Jump as high as you can") == 19
    assert set(names.values()) == {20}
    first = read(
        next((shared_data / "kinder-gator" / "Children").glob("POSE-p103_*Wave-your-other-hand*.csv"))
    )
    assert (first.source.action, first.source.setup) == ("wave-hand", "child")
    assert first.source.variant == "Wave your other hand"
    assert 28 < first.rate < 34


def test_spot_values(shared_data: Path) -> None:
    adult = shared_data / "kinder-gator" / "Adults" / "POSE-p565_01-Raise-your-hand-1469182402284.csv"
    np.testing.assert_allclose(read(adult).positions[0, 0, 0], [0.01861399, 0.1514646, 3.326527], rtol=1e-6)
    wave = read(shared_data / "msr-action3d" / "Real3D_567" / "a01_s01_e01_skeleton3D.txt")
    np.testing.assert_allclose(wave.positions[0, 0, 4], [-0.371736, 0.371031, 2.674849], rtol=1e-6)
    ucla = read(shared_data / "nw-ucla-sample" / "a09_s07_e00_v03.json")
    assert (ucla.source.action, ucla.source.subject, ucla.source.camera) == ("doffing", "7", "3")
    np.testing.assert_allclose(ucla.positions[0, 0, 0], [-0.099339, 0.383121, 2.56334], rtol=1e-6)


@pytest.fixture(scope="module")
def hdm(shared_data: Path) -> list[Clip]:
    return [read(file) for file in _files(shared_data, "hdm05")[::12]]


def test_hdm05_bones_keep_their_length(hdm: list[Clip]) -> None:
    child, parent = HDM05.bone_indices.T
    for clip in hdm:
        lengths = np.linalg.norm(clip.positions[:, 0, child] - clip.positions[:, 0, parent], axis=-1)
        assert np.ptp(lengths, axis=0).max() < 1e-5
        assert lengths.min() > 0.03
        assert lengths.max() < 0.55


def test_hdm05_stands_on_the_floor_at_a_persons_height(hdm: list[Clip]) -> None:
    feet = [HDM05.index(f"{part}_{side}") for part in ("foot", "toe") for side in ("left", "right")]
    for clip in hdm:
        height = clip.positions[:, 0, :, 1]
        floor = height[:, feet].min(axis=1)
        assert -0.1 < floor.min() < 0.1
        # The layout's head is the top of the neck chain, some 5 cm below the crown; a hop adds to it.
        assert 1.5 < height[:, HDM05.index("head")].max() - floor.min() < 2.1


def test_hdm05_feet_do_not_slide(hdm: list[Clip]) -> None:
    """Wrong kinematics would let the standing foot wander; the slower foot rests most of the time."""
    feet = [HDM05.index("foot_left"), HDM05.index("foot_right")]
    still = [clip for clip in hdm if clip.source.action in ("squat", "grab-high", "sneak", "kick-left-front")]
    assert len(still) >= 4
    for clip in still:
        speed = np.linalg.norm(np.diff(clip.positions[:, 0, feet], axis=0), axis=-1) * clip.rate
        assert np.median(speed.min(axis=1)) < 0.25


def test_hdm05_loose_and_zipped_agree(shared_data: Path, tmp_path: Path) -> None:
    file = _files(shared_data, "hdm05")[0]
    for one in (file, file.sibling("HDM_mm.asf")):
        (tmp_path / one.name).write_bytes(one.read())
    loose = read(tmp_path / file.name)
    np.testing.assert_array_equal(loose.positions, read(file).positions)
    assert loose.source == read(file).source


def test_utd_mhad_as_scipy_reads_it(shared_data: Path) -> None:
    from scipy.io import loadmat

    order = [3, 2, 1, 0, *range(4, 20)]
    for file in _files(shared_data, "utd-mhad")[::60]:
        expected = loadmat(file.path)["d_skel"].transpose(2, 0, 1)[:, order]
        np.testing.assert_array_equal(read(file).positions[:, 0], expected.astype(np.float32))
