"""Each reader on a tiny file of known positions, written here in the format's own form."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile, LimitExceeded
from pgfa.read import FORMATS, FileRef, as_ref, read
from pgfa.read.assemble import MAX_FRAMES
from pgfa.read.datasets import hdm05, kinder_gator
from pgfa.read.formats import npz
from pgfa.read.parsing.mat5 import load_array
from pgfa.skeleton import HDM05, KINECT20, NTU25, Clip, Source

FRAMES = 4
POSITIONS = np.random.default_rng(0).uniform(-1, 3, (FRAMES, 20, 3)).round(4)


def write_utd(path: Path, positions: np.ndarray) -> None:
    from scipy.io import savemat

    file_order = [KINECT20.index(j) for j in ("head", "chest", "spine", "pelvis", *KINECT20.joints[4:])]
    savemat(path, {"d_skel": positions[:, file_order].transpose(1, 2, 0)}, do_compression=True)


def write_msr(path: Path, positions: np.ndarray) -> None:
    arms_and_legs = [
        "shoulder", "chest spine", "hip", "pelvis", "elbow", "wrist", "hand", "knee", "ankle", "foot", "head"
    ]  # fmt: skip
    joints: list[str] = []
    for name in arms_and_legs:
        middle = name in ("chest spine", "pelvis", "head")
        joints += name.split() if middle else [f"{name}_left", f"{name}_right"]
    rows = positions[:, [KINECT20.index(joint) for joint in joints]].reshape(-1, 3)
    path.write_text("".join(f"{x:.6f} {y:.6f} {z:.6f} 1.000000\n" for x, y, z in rows))


def write_ucla(path: Path, positions: np.ndarray) -> None:
    path.write_text(json.dumps({"file_name": path.stem, "skeletons": positions.tolist(), "label": 9}))


def write_gator(path: Path, positions: np.ndarray, step: float = 40.0) -> None:
    lines = [",".join([*kinder_gator.COLUMNS, "User-ID", "Action", ""])]
    for frame, joints in enumerate(positions):
        numbers = [1e7 + step * frame, *joints.reshape(-1)]
        lines.append(",".join([*map(str, numbers), "103", "Throw-a-ball-", ""]))
    path.write_text("\n".join(lines) + "\n")


CASES = {
    "utd-mhad": ("a27_s3_t2_skeleton.mat", write_utd, "squat", "3", 30.0),
    "msr-action3d": ("a07_s04_e01_skeleton3D.txt", write_msr, "draw-x", "4", 15.0),
    "nw-ucla": ("a11_s05_e00_v03.json", write_ucla, "throw", "5", 30.0),
    "kinder-gator": ("POSE-p103_52-Throw-a-ball--1455.csv", write_gator, "throw-ball", "103", 25.0),
}


@pytest.mark.parametrize("name", CASES)
def test_round_trip(name: str, tmp_path: Path) -> None:
    file, write, action, subject, rate = CASES[name]
    path = tmp_path / file
    write(path, POSITIONS)
    clip = read(path)
    np.testing.assert_allclose(clip.positions[:, 0], POSITIONS, atol=1e-6)
    assert clip.positions.shape == (FRAMES, 1, 20, 3)
    assert (clip.layout, clip.rate, clip.problems) == (KINECT20, pytest.approx(rate), ())
    source = clip.source
    assert (source.id, source.dataset, source.action, source.subject) == (path.stem, name, action, subject)
    assert source.digest == hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    assert FORMATS[name].find(tmp_path) == [FileRef(path)]


@pytest.mark.parametrize("name", CASES)
def test_defects_leave_a_clip_and_are_listed(name: str, tmp_path: Path) -> None:
    file, write, *_ = CASES[name]
    positions = POSITIONS.copy()
    positions[1] = 0
    positions[2, 5] = 0
    positions[3, 7, 1] = np.nan
    write(tmp_path / file, positions)
    clip = read(tmp_path / file)
    assert clip.problems == ("1 number not finite", "1 joint at the position of the sensor", "1 empty frame")
    absent = np.isnan(clip.positions[:, 0]).all(axis=-1)
    expected = np.zeros((FRAMES, 20), dtype=bool)
    expected[1] = expected[2, 5] = expected[3, 7] = True
    np.testing.assert_array_equal(absent, expected)


@pytest.mark.parametrize("name", CASES)
def test_one_frame_is_a_clip_but_frames_without_a_person_are_not(name: str, tmp_path: Path) -> None:
    file, write, *_ = CASES[name]
    write(tmp_path / file, POSITIONS[:1])
    clip = read(tmp_path / file)
    assert clip.frames == 1
    assert "1 frame only" in clip.problems
    write(tmp_path / file, np.zeros((3, 20, 3)))
    with pytest.raises(
        BadFile, match=r"expected a person in at least one frame, found no person in 3 frames"
    ):
        read(tmp_path / file)


def test_kinder_gator_names(tmp_path: Path) -> None:
    folder = tmp_path / "Children"
    folder.mkdir()
    write_gator(folder / "POSE-p103_52-Throw-a-ball--1455.csv", POSITIONS)
    clip = read(folder / "POSE-p103_52-Throw-a-ball--1455.csv")
    assert (clip.source.variant, clip.source.setup) == ("Throw a ball", "child")
    # Renamed, the class comes from the column, and nothing says who is a child.
    write_gator(tmp_path / "mine.csv", POSITIONS)
    source = read(tmp_path / "mine.csv").source
    assert (source.action, source.subject, source.setup) == ("throw-ball", "103", "")
    assert len(kinder_gator.MERGED) == 58
    assert len(set(kinder_gator.MERGED.values())) == 43


def test_kinder_gator_times(tmp_path: Path) -> None:
    write_gator(tmp_path / "a.csv", POSITIONS, step=-33.0)
    clip = read(tmp_path / "a.csv")
    assert clip.rate == 30.0
    assert clip.problems == (
        "3 times not after the previous one",
        "frame rate missing, assumed 30 fps",
    )


def write_hdm(folder: Path, name: str = "HDM_bd_squat1Reps_001_120.amc") -> Path:
    """Every bone hangs at the root, bone number n ending n units along x: the place tells the bone."""
    bones = list(hdm05.SEGMENTS)
    blocks = "".join(
        f"begin\nname {bone}\ndirection 1 0 0\nlength {n}\naxis 0 0 0 XYZ\nend\n"
        for n, bone in enumerate(bones, 1)
    )
    head = ":units\nlength 0.0254\n:root\norder TX TY TZ RX RY RZ\naxis XYZ\n"
    tree = f"begin\nroot {' '.join(bones)}\nend\n"
    (folder / "HDM_bd.asf").write_text(f"{head}:bonedata\n{blocks}:hierarchy\n{tree}")
    path = folder / name
    path.write_text(
        "#!OML\n:FULLY-SPECIFIED\n:DEGREES\n" + "".join(f"{n}\nroot 0 {n} 0 0 0 0\n" for n in (1, 2))
    )
    return path


def test_hdm05_segments_are_the_joints_of_the_layout(tmp_path: Path) -> None:
    clip = read(write_hdm(tmp_path))
    assert (clip.layout, clip.rate, clip.frames) == (HDM05, 120.0, 2)
    assert (clip.source.action, clip.source.subject, clip.source.variant) == ("squat", "bd", "squat1Reps")
    assert clip.positions[1, 0, HDM05.index("pelvis")].tolist() == [0, 2, 0]
    numbers = {bone: n for n, bone in enumerate(hdm05.SEGMENTS, 1)}
    for bone, joint in {"lfemur": "knee_left", "lclavicle": "shoulder_left", "rwrist": "wrist_right"}.items():
        assert clip.positions[0, 0, HDM05.index(joint)].tolist() == [numbers[bone], 1, 0]
    # Carried to Kinect v2, shared names are shared places and the spine lies between the two lower segments.
    kinect = clip.to(NTU25).positions[0, 0, :, 0]
    assert kinect[NTU25.index("spine")] == (numbers["lowerback"] + numbers["upperback"]) / 2
    assert kinect[NTU25.index("shoulder_right")] == numbers["rclavicle"]
    assert kinect[NTU25.index("neck")] == numbers["lowerneck"]


def test_members_of_a_zip_are_read_in_place(tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    path = write_hdm(loose)
    archive = tmp_path / "zipped" / "set.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for one in loose.iterdir():
            file.write(one, f"train/1/{one.name}")
    ref = FileRef(archive, f"train/1/{path.name}")
    assert FORMATS["hdm05"].find(archive) == FORMATS["hdm05"].find(archive.parent) == [ref]
    assert as_ref(str(ref)) == ref
    np.testing.assert_array_equal(read(str(ref)).positions, read(path).positions)
    np.testing.assert_array_equal(read(archive).positions, read(path).positions)  # the only recording in it
    with zipfile.ZipFile(archive, "a") as file:
        file.write(path, f"test/1/{path.name}")
    with pytest.raises(BadFile, match=r"a zip archive of 3 files: name one as set.zip!train/1/HDM"):
        read(archive)
    with pytest.raises(BadFile, match="expected a file, found no such file"):
        read(f"{archive}!train/2/{path.name}")
    with pytest.raises(BadFile, match="with the frames of one recording, found a folder of"):
        read(archive.parent)


def test_npz_round_trip_with_two_bodies(tmp_path: Path) -> None:
    positions = np.random.default_rng(1).normal(size=(5, 2, 25, 3)).astype(np.float32)
    positions[2, 1] = np.nan
    positions[0, 0, 0] = 0  # a pelvis at the origin is a place here
    source = Source("clip-1", "my-set", "wave", "Wave fast", "p1", "c2", "s3")
    clip = Clip(positions, 29.97, NTU25, source, ("2 ghosts",))
    npz.save_clip(tmp_path / "deep" / "clip.npz", clip)
    back = read(tmp_path / "deep" / "clip.npz")
    np.testing.assert_array_equal(back.positions, positions)
    assert (back.rate, back.layout, back.problems) == (29.97, NTU25, ("2 ghosts",))
    assert back.source.digest
    assert (back.source.id, back.source.setup) == ("clip-1", "s3")


@pytest.mark.parametrize("before", ["", "pgfa.read; ", "import pgfa.read; ", "pgfa.Recogniser; "])
def test_pgfa_read_is_callable_whatever_was_imported_before(before: str, tmp_path: Path) -> None:
    """The name is a room's too, and that stands in its place once the room is entered."""
    npz.save_clip(
        tmp_path / "clip.npz", Clip(POSITIONS[:, None].astype(np.float32), 30.0, KINECT20, Source("a"))
    )
    code = f"import pgfa, sys; {before}print(pgfa.read(sys.argv[1]).frames, pgfa.read(sys.argv[1]).frames)"
    completed = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "clip.npz"], capture_output=True, text=True, check=True
    )
    assert completed.stdout.split() == ["4", "4"]


def test_npz_with_required_fields_only(tmp_path: Path) -> None:
    np.savez(tmp_path / "least.npz", positions=POSITIONS, rate=20, layout="kinect20")
    clip = read(tmp_path / "least.npz")
    np.testing.assert_allclose(clip.positions[:, 0], POSITIONS, atol=1e-6)
    assert (clip.source.id, clip.rate) == ("least", 20.0)


def test_too_many_frames_are_refused(tmp_path: Path) -> None:
    many = np.zeros((MAX_FRAMES + 1, 1, 20, 3), dtype=np.uint8)
    np.savez_compressed(tmp_path / "long.npz", positions=many, rate=30.0, layout="kinect20")
    with pytest.raises(LimitExceeded, match=r"100,001 frames"):
        read(tmp_path / "long.npz")


def test_find_names_what_it_expects(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"expected MSR-Action3D recordings .*, found none"):
        FORMATS["msr-action3d"].find(tmp_path)
    with pytest.raises(BadFile, match="no such file or folder"):
        FORMATS["npz"].find(tmp_path / "nowhere")


def test_format_names() -> None:
    assert all(name == known.name for name, known in FORMATS.items())
    assert {*CASES, "hdm05", "ntu", "npz"} <= FORMATS.keys()


def test_importing_the_readers_leaves_heavy_libraries_alone() -> None:
    heavy = ("scipy", "torch", "polars", "matplotlib")
    code = f"import sys, pgfa.read; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int16", "uint8"])
def test_mat_arrays_as_scipy_reads_them(compressed: bool, dtype: str, tmp_path: Path) -> None:
    from scipy.io import loadmat, savemat

    arrays = {"a": np.arange(7), "x": POSITIONS.astype(dtype), "long_name": POSITIONS[:, :, 0]}
    savemat(tmp_path / "x.mat", arrays, do_compression=compressed)
    raw = (tmp_path / "x.mat").read_bytes()
    for name, expected in loadmat(tmp_path / "x.mat", variable_names=list(arrays)).items():
        if name in arrays:
            array = load_array("x.mat", raw, name, limit=10**6)
            assert array.dtype == expected.dtype
            np.testing.assert_array_equal(array, expected)


def test_a_file_name_that_is_too_long() -> None:
    with pytest.raises(BadFile, match="File name too long"):
        read("a" * 5000)
