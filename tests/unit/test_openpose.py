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
from pgfa.read.parsing import frame_files
from pgfa.read.sample import picture
from pgfa.read.source import FileRef
from pgfa.skeleton import NTU25, OPENPOSE18, OPENPOSE25

BODY = np.column_stack([picture(OPENPOSE25, 1)[0], np.full(25, 0.8)])
BODIES = {18: np.column_stack([picture(OPENPOSE18, 1)[0], np.full(18, 0.8)]), 25: BODY}


def frames(folder: Path, count: int = 6, joints: int = 25, name: str = "video", swap: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    for number in range(count):
        two = [BODIES[joints] + np.array(way) for way in ([2 * number, 0, 0], [700, 3 * number, 0])]
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
            r"expected pose_keypoints_2d of 15, 18 or 25 joints",
        ),
        (
            "video_000000000001_keypoints.json",
            '{"people": [{"pose_keypoints_2d": [1, 2]}]}',
            r"found '\[1, 2\]'",
        ),
        (
            "video_000000000001_keypoints.json",
            '{"people": [',
            r"video_000000000001_keypoints\.json: expected JSON",
        ),
    ],
)
def test_a_frame_that_cannot_be_read_is_named_and_left_empty(
    name: str, content: str, message: str, tmp_path: Path
) -> None:
    folder = frames(tmp_path / "a")
    (folder / name).write_text(content)
    clip = read(folder)
    assert np.isnan(clip.positions[1]).all()
    assert np.isfinite(clip.positions[[0, 2, 3, 4, 5]]).all()
    assert f"1 unreadable frame left empty: {name}" in clip.problems
    alone = tmp_path / name
    alone.write_text(content)
    with pytest.raises(BadFile, match=message):
        FORMATS["openpose"].read(FileRef(alone))


def test_frames_of_two_videos_in_one_folder_are_refused(tmp_path: Path) -> None:
    folder = frames(tmp_path / "a")
    frames(folder, name="other", count=1)
    with pytest.raises(BadFile, match=r"the frames of one recording, found 2 \(other, video\)"):
        read(folder)


def test_what_macos_adds_and_people_without_a_body_are_left_out(tmp_path: Path) -> None:
    folder = frames(tmp_path / "a")
    expected = read(folder)
    (folder / "._video_000000000001_keypoints.json").write_bytes(b"\0\5\x16\7")
    (folder / ".DS_Store").write_bytes(b"\0")
    path = folder / "video_000000000003_keypoints.json"
    content = json.loads(path.read_text())
    content["people"].append({"pose_keypoints_2d": [], "hand_left_keypoints_2d": [1, 2, 0.5] * 21})
    path.write_text(json.dumps(content))
    clip = read(folder)
    np.testing.assert_array_equal(clip.positions, expected.positions)
    assert clip.problems == expected.problems


def test_ids_of_openposes_tracking_are_kept(tmp_path: Path) -> None:
    folder = frames(tmp_path / "a", swap=False)
    tracked = read(folder).positions
    for path in sorted(folder.iterdir()):
        content = json.loads(path.read_text())
        for id, person in zip((7, 3), content["people"], strict=True):
            person["person_id"] = [id]
        content["people"].reverse()
        path.write_text(json.dumps(content))
    np.testing.assert_allclose(read(folder).positions, tracked[:, ::-1], atol=1e-6)


def test_18_and_25_joints_in_one_recording(tmp_path: Path) -> None:
    folder = frames(tmp_path / "a")
    frames(folder, count=1, joints=18)
    with pytest.raises(BadFile, match="15, 18 or 25 joints in all frames, found 18 and 25"):
        read(folder)


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = frames(tmp_path / "a", count=2)
    (folder / "video_000000900000_keypoints.json").write_text('{"people": []}')
    with pytest.raises(LimitExceeded, match="900,001 frames"):
        read(folder)
    monkeypatch.setattr(frame_files, "MAX_FRAME_BYTES", 100)
    with pytest.raises(LimitExceeded, match="more than the limits"):
        read(folder)


def test_no_folder_of_frames(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="folders of OpenPose frames"):
        FORMATS["openpose"].find(tmp_path)
    with pytest.raises(BadFile, match="expected a file"):
        read(tmp_path)
