"""OpenPose's folders of frames: people followed, gaps kept, one recording a folder."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile, LimitExceeded
from pgfa.pack import import_dataset, open_pack
from pgfa.read import FORMATS, read
from pgfa.read.formats import openpose
from pgfa.skeleton import NTU25, OPENPOSE18, OPENPOSE25

BODY = np.column_stack([np.random.default_rng(0).uniform(100, 300, (25, 2)), np.full(25, 0.8)])


def frames(folder: Path, count: int = 6, joints: int = 25, name: str = "video", swap: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    for number in range(count):
        two = [BODY[:joints] + np.array(way) for way in ([2 * number, 0, 0], [700, 3 * number, 0])]
        if swap and random.random() < 0.5:
            two.reverse()
        people = [{"person_id": [-1], "pose_keypoints_2d": person.reshape(-1).tolist()} for person in two]
        content = json.dumps({"version": 1.3, "people": people})
        (folder / f"{name}_{number:012d}_keypoints.json").write_text(content)
    return folder


@pytest.mark.parametrize(("joints", "layout"), [(25, OPENPOSE25), (18, OPENPOSE18)])
def test_two_people_keep_their_slots(joints: int, layout: object, tmp_path: Path) -> None:
    clip = read(frames(tmp_path / "a", joints=joints))
    assert (clip.layout, clip.frames, clip.bodies, clip.depth) == (layout, 6, 2, False)
    still = read(frames(tmp_path / "b", joints=joints, swap=False))
    # Who is first in the first frame has the first slot.
    first = (
        still.positions if np.allclose(clip.positions[0], still.positions[0]) else still.positions[:, ::-1]
    )
    np.testing.assert_allclose(clip.positions, first, atol=1e-6)
    assert np.isfinite(clip.to(NTU25).positions).all()


def test_a_number_without_a_file_is_a_frame_without_people(tmp_path: Path) -> None:
    folder = frames(tmp_path / "a")
    (folder / "video_000000000002_keypoints.json").unlink()
    clip = read(folder)
    assert clip.frames == 6
    assert np.isnan(clip.positions[2]).all()
    assert "1 frame without a file" in clip.problems
    assert "1 empty frame" in clip.problems


def test_folder_zip_and_folder_in_a_zip_agree(tmp_path: Path) -> None:
    folder = frames(tmp_path / "walk")
    for name, below in (("flat.zip", ""), ("deep.zip", "x/walk/")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, below + file.name)
    loose = read(folder)
    for path in ("flat.zip", "deep.zip", "deep.zip!x/walk"):
        np.testing.assert_array_equal(read(str(tmp_path / path)).positions, loose.positions)
    clip = read(folder / "video_000000000000_keypoints.json")
    assert (clip.frames, clip.bodies, clip.source.id) == (1, 2, "video")


def test_each_folder_is_a_clip_of_an_import(tmp_path: Path) -> None:
    for name in ("wave/one", "wave/two", "bow/one"):
        frames(tmp_path / "data" / name)
    assert [ref.path.name for ref in FORMATS["openpose"].find(tmp_path / "data")] == ["one", "one", "two"]
    import_dataset("files", tmp_path / "data", tmp_path / "pack", jobs=1, progress=False)
    pack = open_pack(tmp_path / "pack")
    assert sorted(pack.column("id").tolist()) == ["bow/one", "wave/one", "wave/two"]
    assert pack.classes == ("bow", "wave")
    assert not pack.clip(0).depth


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("video_000000000001_keypoints.json", "{", r"expected JSON"),
        (
            "video_000000000001_keypoints.json",
            "[]",
            r"_keypoints.json: expected an object with people, found '\[\]'",
        ),
        (
            "video_000000000001_keypoints.json",
            '{"people": [{}]}',
            r"expected pose_keypoints_2d of 18 or 25 joints",
        ),
        (
            "video_000000000001_keypoints.json",
            '{"people": [{"pose_keypoints_2d": [1, 2]}]}',
            r"found '\[1, 2\]'",
        ),
        (
            "video_000000000001_keypoints.json",
            '{"people": [',
            r"a, video_000000000001_keypoints\.json: expected JSON",
        ),
        (
            "other_000000000001_keypoints.json",
            '{"people": []}',
            r"the frames of one recording, found 2 \(other, video\)",
        ),
    ],
)
def test_errors_name_the_cause(name: str, content: str, message: str, tmp_path: Path) -> None:
    folder = frames(tmp_path / "a")
    (folder / name).write_text(content)
    with pytest.raises(BadFile, match=message):
        read(folder)


def test_18_and_25_joints_in_one_recording(tmp_path: Path) -> None:
    folder = frames(tmp_path / "a")
    frames(folder, count=1, joints=18)
    with pytest.raises(BadFile, match="18 or 25 joints in all frames, found both"):
        read(folder)


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = frames(tmp_path / "a", count=2)
    (folder / "video_000000900000_keypoints.json").write_text('{"people": []}')
    with pytest.raises(LimitExceeded, match="900,001 frames"):
        read(folder)
    monkeypatch.setattr(openpose, "MAX_FRAME_BYTES", 100)
    with pytest.raises(LimitExceeded, match="more than the limits"):
        read(folder)


def test_no_folder_of_frames(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="folders of OpenPose frames"):
        FORMATS["openpose"].find(tmp_path)
    with pytest.raises(BadFile, match="expected a file"):
        read(tmp_path)
