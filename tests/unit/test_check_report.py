"""What `pgfa check` prints for a folder: a line per file, what they have in common once, files beside them apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgfa.pack.importing.check import check
from pgfa.pack.importing.check_report import print_check
from pgfa.read.sample import person
from pgfa.skeleton import COCO17, NTU25


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten arrays of one kind, one with empty frames, a damaged one, and what lies beside recordings."""
    for number in range(10):
        points = person(NTU25, 9)[:, :, :] * (1 + number / 100)
        points[: number % 2] = 0
        np.save(tmp_path / f"{number}.npy", points)
    (tmp_path / "damaged.npy").write_text("<html>not found</html>")
    (tmp_path / "other.npz").write_bytes(b"")
    np.savez(tmp_path / "other.npz", weights=np.ones((2, 3)))
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "skeleton.fbx").write_bytes(b"Kaydara FBX Binary  \0")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    return tmp_path


def test_a_line_per_file_and_each_note_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not print_check(folder)
    lines = capsys.readouterr().out.splitlines()
    files = [line for line in lines if line[:5] in ("OK   ", "ASK  ", "FAIL ")]
    assert len(files) == 13
    assert (
        files[0]
        == "OK   0.npy: keypoints-npy, ntu25, 9 frames at 30 Hz (0.3 s), 1 body, class unknown [1, 2]"
    )
    assert "class unknown; 1 empty frame [" in files[1]
    readings = [line for line in lines if "] established by the body: layout ntu25" in line]
    assert sum(int(line.rpartition("(")[2].removesuffix(" times)")) for line in readings) == 10
    reading = readings[0]
    assert "stature" not in reading  # which differs
    assert "[2] frame rate missing, assumed 30 fps (10 times)" in lines


def test_what_is_no_recording_is_skipped_unless_it_should_be_one(folder: Path) -> None:
    verdicts = {result.file: result.verdict for result in check(folder) if not result.usable}
    assert verdicts == {
        "damaged.npy": "FAIL", "other.npz": "FAIL", "run.sh": "SKIP", "skeleton.fbx": "FAIL", "photo.png": "SKIP",
    }  # fmt: skip
    (alone,) = check(folder / "run.sh")
    assert alone.verdict == "FAIL"
    labels = folder / "labels.txt"
    labels.write_text("file,action\nrun.sh,wave\n")
    listed = {result.file: result.verdict for result in check(folder, labels) if not result.usable}
    assert listed["run.sh"] == "FAIL"
    assert listed["photo.png"] == "SKIP"


def test_files_that_are_skipped_do_not_fail_the_check(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("damaged.npy", "other.npz", "skeleton.fbx"):
        (folder / name).unlink()
    assert print_check(folder)
    printed = capsys.readouterr().out
    assert "SKIP: 2 files are no recordings: photo.png (a PNG image), run.sh (plain text)" in printed
    assert "Supported formats" not in printed
    for file in folder.glob("*.npy"):
        file.unlink()
    assert not print_check(folder)


def test_a_file_of_another_program_is_not_called_damaged(folder: Path) -> None:
    np.save(folder / "objects.npy", np.array([{"S1": 1}, None], dtype=object))
    results = {result.file: result for result in check(folder)}
    assert "an .npz file of another kind, with the fields 'weights (2 x 3)'" in results["other.npz"].error
    assert "found type object" in results["objects.npy"].error
    for name in ("other.npz", "objects.npy"):
        assert results[name].advice.startswith("another program wrote it")


def test_pictures_of_a_file_that_asks_show_each_reading(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lying = person(NTU25, 30)[..., [0, 2, 1]] * [1, -1, 1]
    np.save(tmp_path / "lying.npy", lying + np.array([0, 0.4 - lying[..., 1].min(), 2]))
    rng = np.random.default_rng(0)
    picture = person(COCO17, 30)[..., :2] * [200, -200] + 400
    np.save(tmp_path / "logits.npy", np.concatenate([picture, rng.normal(1, 2, (30, 17, 1))], -1))
    pictures = tmp_path / "pictures"
    assert not print_check(tmp_path, pictures=pictures)
    printed = capsys.readouterr().out
    names = {path.name for path in pictures.iterdir()}
    assert names == {
        "lying-ASK-up_z.svg", "lying-ASK-up_y.svg", "logits-ASK-axes_xys.svg", "logits-ASK-axes_xyz.svg",
        "logits-ASK-axes_xy-.svg",
    }  # fmt: skip
    upright, flat = ((pictures / f"lying-ASK-up_{up}.svg").read_text() for up in "zy")
    assert upright != flat
    assert "--up=z: lying-ASK-up_z.svg" in printed
    assert "--axes=xyz: logits-ASK-axes_xyz.svg" in printed
    assert "5 pictures in" in printed


@pytest.mark.parametrize("content", ['unit = "furlong"', "x = [", '["*.npy"]\nup = 3', "colour = 1"])
def test_a_fault_in_the_settings_is_not_one_of_the_recordings(content: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", person(NTU25, 30))
    (tmp_path / "pgfa-recordings.toml").write_text(content)
    (result,) = check(tmp_path)
    assert result.verdict == "FAIL"
    assert "pgfa-recordings.toml" in result.message
    assert result.advice.startswith("correct pgfa-recordings.toml")
