"""Frame numbers and times under their many names, rates that contradict each other, places that mark absent joints."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile, Undecided
from pgfa.pack.importing.check import check
from pgfa.read import read, read_all
from pgfa.read.formats import mvnx, smpl, trc
from pgfa.read.interpret.marks import marked_joints
from pgfa.read.parsing.frame_names import bare, groups_of_names, numbers_of_names
from pgfa.read.parsing.frame_times import Clock, clock_seconds
from pgfa.read.parsing.rates import stated_rate
from pgfa.read.sample import person, picture
from pgfa.skeleton import COCO17, NTU25, OPENPOSE25, Clip

FRAMES = 48
KEPT = [number for number in range(FRAMES) if not 20 <= number < 32]
BODY = np.concatenate([picture(COCO17), picture(COCO17)[::-1]] * 6)
TITLES = [f"{joint}_{axis}" for joint in COCO17.joints for axis in "xy"]


def csv_clip(folder: Path, title: str, cells: list[str]) -> Clip:
    rows = [
        ",".join([cell, *map(str, BODY[n].reshape(-1).tolist())]) for n, cell in zip(KEPT, cells, strict=True)
    ]
    (folder / "a.csv").write_text("\n".join([",".join([title, *TITLES]), *rows]) + "\n")
    return read(folder / "a.csv")


def json_clip(folder: Path, fields: list[dict[str, Any]]) -> Clip:
    frames = [
        {**field, "people": [{"keypoints": BODY[n].tolist()}]} for n, field in zip(KEPT, fields, strict=True)
    ]
    (folder / "a.json").write_text(json.dumps(frames))
    return read(folder / "a.json")


def array_clip(folder: Path, array: np.ndarray) -> Clip:
    np.save(folder / "a.npy", array)
    return read(folder / "a.npy")


@pytest.mark.parametrize(
    "title",
    [
        "filename",
        "frame_name",
        "img",
        "index",
        "",
        "Unnamed: 0",
        "Frame Nr",
        "fnum",
        "frames",
        "n_frame",
        "Frame#",
    ],
)
def test_frame_columns(title: str, tmp_path: Path) -> None:
    named = title in ("filename", "frame_name", "img")
    cells = [f"f{n:04d}_1280x720.jpg" if named else str(n) for n in KEPT]
    clip = csv_clip(tmp_path, title, cells)
    assert clip.frames == FRAMES
    assert "12 frames without an entry" in clip.problems


@pytest.mark.parametrize(
    ("title", "form"),
    [
        ("elapsed", "{0:.3f}"), ("t_sec", "{0:.3f}"), ("unix_time", "170000000{0:.3f}"), ("timestamps", "{0:.3f}"),
        ("Time_Stamp", "{0:.3f}"), ("timestamp (UTC)", "2024-05-01 10:00:0{0:.3f}"),
        ("date", "2024-05-01 10:00:0{0:.3f}"), ("timestamp", "01.05.2024 10:00:0{0:.3f}"),
        ("timestamp", "05/01/2024 10:00:0{0:.3f}"), ("timestamp", "10:00:0{0:.3f} PM"),
        ("timestamp", "2024-05-01_10-00-0{0:.3f}"), ("timestamp", "00:0{0:.3f}"),
    ],
)  # fmt: skip
def test_time_columns(title: str, form: str, tmp_path: Path) -> None:
    clip = csv_clip(tmp_path, title, [form.format(n / 10) for n in KEPT])
    assert clip.frames == FRAMES
    assert clip.rate == pytest.approx(10, rel=1e-3)


def test_a_column_that_rises_is_noted(tmp_path: Path) -> None:
    clip = csv_clip(tmp_path, "Bild", [str(n) for n in KEPT])
    assert any(note.startswith("column 'Bild' rises") for note in clip.problems)


def test_one_name_in_all_lines_is_no_frame(tmp_path: Path) -> None:
    assert csv_clip(tmp_path, "filename", ["walk_07.avi"] * len(KEPT)).frames == len(KEPT)


@pytest.mark.parametrize(("title", "factor"), [("time_ms", 0.1), ("time_s", 10_000)])
def test_a_unit_that_contradicts_the_times_gives_no_rate(title: str, factor: float, tmp_path: Path) -> None:
    clip = csv_clip(tmp_path, title, [f"{n * factor:.4f}" for n in KEPT])
    assert (clip.frames, clip.rate) == (FRAMES, 30)
    assert any("its unit contradicts its values" in note for note in clip.problems)


@pytest.mark.parametrize("step", [3000, 2])
def test_ticks_of_a_video_and_frames_are_no_times(step: int, tmp_path: Path) -> None:
    clip = csv_clip(tmp_path, "time", [str(n * step) for n in KEPT])
    assert (clip.frames, clip.rate) == (FRAMES, 30)
    assert "unit of the times unknown, frame rate not taken from them" in clip.problems


def test_units_of_100_ns_are_noted(tmp_path: Path) -> None:
    clip = csv_clip(tmp_path, "timestamp", [str(n * 500_000) for n in KEPT])
    assert "times read in units of 100 ns: frame rate of 20 fps" in clip.problems


def test_dates_in_either_order_have_to_be_one(tmp_path: Path) -> None:
    cells = [f"0{1 + (n > 30)}.05.2024 10:00:0{n / 10:.3f}" for n in KEPT]
    with pytest.raises(BadFile, match="day and month may be in either order"):
        csv_clip(tmp_path, "timestamp", cells)
    with pytest.raises(BadFile, match=r"a number or a time as in 10:00:00.033"):
        csv_clip(tmp_path, "timestamp", ["noon"] * len(KEPT))


def test_clock() -> None:
    assert clock_seconds("12:00:01.5 AM") == 1.5
    assert clock_seconds("12:00:00 pm") == 43200
    assert clock_seconds("13:00:00 PM") is None
    assert clock_seconds("2024-05-01_10-00-00.5") == clock_seconds("2024-05-01T10:00:00.5Z")
    assert Clock().seconds("01.05.2024 10:00:00") == 36000


@pytest.mark.parametrize(
    "field",
    [
        lambda n: {"frame": f"frame_{n:04d}"}, lambda n: {"image": f"img_{n:04d}.jpg"},
        lambda n: {"file_name": f"img_{n:04d}_1280x720.jpg"}, lambda n: {"frameId": n}, lambda n: {"index": n},
        lambda n: {"frame_num": n}, lambda n: {"Frame": n},
    ],
)  # fmt: skip
def test_frame_fields(field: Any, tmp_path: Path) -> None:
    clip = json_clip(tmp_path, [field(n) for n in KEPT])
    assert clip.frames == FRAMES
    assert "frame rate missing, assumed 30 fps" in clip.problems


@pytest.mark.parametrize(
    "field",
    [
        lambda t: {"timestamp": f"2024-05-01T12:00:0{t:.3f}Z"}, lambda t: {"timestamp": f"12:00:0{t:.3f}"},
        lambda t: {"t": t}, lambda t: {"time_sec": t}, lambda t: {"ts": round(t * 1000)}, lambda t: {"pts_time": t},
        lambda t: {"timestamp": {"sec": int(t), "nanosec": round(t % 1 * 1e9)}},
        lambda t: {"header": {"stamp": {"secs": int(t), "nsecs": round(t % 1 * 1e9)}}},
    ],
)  # fmt: skip
def test_time_fields(field: Any, tmp_path: Path) -> None:
    clip = json_clip(tmp_path, [field(n / 10) for n in KEPT])
    assert (clip.frames, clip.rate) == (FRAMES, pytest.approx(10, rel=1e-3))


def test_a_field_that_rises_is_noted(tmp_path: Path) -> None:
    clip = json_clip(tmp_path, [{"bild": n} for n in KEPT])
    assert any(note.startswith("'bild' rises") for note in clip.problems)


@pytest.mark.parametrize("key", ["{0:.3f}", "2024-05-01T12:00:0{0:.3f}"])
def test_frames_by_their_times(key: str, tmp_path: Path) -> None:
    content = {key.format(n / 10): [{"keypoints": BODY[n].tolist()}] for n in KEPT}
    (tmp_path / "a.json").write_text(json.dumps(content))
    (clip,) = read_all(tmp_path / "a.json")
    assert isinstance(clip, Clip)
    assert (clip.frames, clip.bodies, clip.rate) == (FRAMES, 1, pytest.approx(10, rel=1e-3))


def test_frames_by_names_with_the_size_of_the_image(tmp_path: Path) -> None:
    content = {f"frame_{n:04d}_1280x720.jpg": {"keypoints": BODY[n].tolist()} for n in KEPT}
    (tmp_path / "a.json").write_text(json.dumps(content))
    (clip,) = read_all(tmp_path / "a.json")
    assert isinstance(clip, Clip)
    assert clip.frames == FRAMES


def test_names_of_images() -> None:
    assert numbers_of_names(["a_1_1280x720.jpg", "a_3_1280x720.jpg"]) == [1, 3]
    assert numbers_of_names(["a_1.jpg", "b_1.jpg"]) is None
    assert numbers_of_names(["walk1.mp4", "walk2.mp4"]) is None
    assert groups_of_names(["c1_1.jpg", "c1_2.jpg", "c2_1.jpg"]) == [([0, 1], [1, 2]), ([2], [1])]
    assert [bare(name) for name in ("Time_Stamp (UTC)", "timestampMs", "t_sec", "Frame #")] == [
        "timestamp", "timestamp", "t", "frame",
    ]  # fmt: skip


def test_frame_numbers_beside_an_array(tmp_path: Path) -> None:
    body = person(NTU25, FRAMES)
    numbers = [*range(24), *range(84, 108)]
    (tmp_path / "a.json").write_text(
        json.dumps({"keypoints": body.tolist(), "fps": 30, "frame_ids": numbers})
    )
    np.savez(tmp_path / "a.npz", keypoints=body, fps=30, frame_ids=numbers)
    for name in ("a.json", "a.npz"):
        clip = read(tmp_path / name)
        assert clip.frames == 108
        assert np.isnan(clip.positions[24:84]).all()
        assert "60 frames without an entry" in clip.problems


def test_rates_that_contradict_each_other() -> None:
    assert stated_rate({"fps": 30, "timestamps": [0, 0.1, 0.2]}) == (
        pytest.approx(10),
        ("times give 10 fps, the file states 30",),
    )
    assert stated_rate({"fps": 30, "timestamps": [0, 0.033, 0.067, 0.1]})[0] == 30
    rate, notes = stated_rate({"fps": 30, "capture_rate": 120})
    assert rate == 30
    assert notes == ("contradicting frame rates: fps 30 is taken, the file also has capture_rate 120",)


def test_times_of_trc_and_mvnx_count_before_another_rate(tmp_path: Path) -> None:
    text = trc.sample()["walk.trc"].decode()
    (tmp_path / "a.trc").write_text(text.replace("60\t60\t3", "50\t50\t3"))
    clip = read(tmp_path / "a.trc")
    assert clip.rate == pytest.approx(60, rel=1e-3)
    assert "times give 60 fps, the file states 50" in clip.problems
    text = mvnx.sample()["walk.mvnx"].decode()
    (tmp_path / "a.mvnx").write_text(text.replace('frameRate="60"', 'frameRate="240"'))
    clip = read(tmp_path / "a.mvnx")
    assert clip.rate == pytest.approx(60, rel=0.02)
    assert any("the file states 240" in note for note in clip.problems)


def test_jumps_of_times_in_renumbered_trc(tmp_path: Path) -> None:
    lines = trc.sample()["walk.trc"].decode().split("\n")
    last = lines[-1].split("\t", 2)[2]
    lines += [f"{n}\t{(n + (4 if n > 8 else 0) - 1) / 60:.6f}\t{last}" for n in range(4, 13)]
    (tmp_path / "a.trc").write_text("\n".join(lines).replace("60\t60\t3\t", "60\t60\t12\t"))
    clip = read(tmp_path / "a.trc")
    assert (clip.frames, clip.rate) == (16, 60)
    assert "1 jump of the times: the frames between are empty" in clip.problems


def test_markers_of_another_person_are_noted(tmp_path: Path) -> None:
    lines = trc.sample()["walk.trc"].decode().split("\n")
    names = lines[3].split("\t", 2)[2]
    second = "\t".join(f"{name}2" if name else "" for name in names.split("\t"))
    lines[3] += "\t" + second
    lines[4] += "\t" + "\t".join(f"{axis}{n}" for n in range(13, 25) for axis in "XYZ")
    for n in range(6, 9):
        lines[n] += "\t" + lines[n].split("\t", 2)[2]
    (tmp_path / "a.trc").write_text("\n".join(lines))
    clip = read(tmp_path / "a.trc")
    assert clip.bodies == 1
    assert any("in the place of another body" in note for note in clip.problems)


@pytest.mark.parametrize("place", [(-1000.0,) * 3, (32767.0,) * 3, (0.0, 1000.0, -3000.0)])
def test_a_joint_at_one_place_again_and_again_is_absent(place: tuple[float, ...], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    body = 1000 * person(NTU25, FRAMES) + random.normal(0, 1, (FRAMES, 25, 3))
    wrist = NTU25.index("wrist_left")
    body[::5, wrist] = place
    clip = array_clip(tmp_path, body)
    assert np.isnan(clip.positions[::5, 0, wrist]).all()
    assert np.isfinite(clip.positions[1::5, 0, wrist]).all()
    assert any(note.startswith("wrist_left at") for note in clip.problems)


def test_a_joint_at_rest_is_present() -> None:
    random = np.random.default_rng(0)
    points = person(NTU25, FRAMES)[:, None] + random.normal(0, 1e-2, (FRAMES, 1, 25, 3))
    points[10:30, 0, 4] = points[10, 0, 4]
    marked, notes = marked_joints(points, np.zeros(points.shape[:3], dtype=bool))
    assert not marked.any()
    assert not notes


def test_openpose_of_another_order_is_asked_about(tmp_path: Path) -> None:
    shuffled = np.roll(picture(OPENPOSE25), 7, axis=1)
    folder = tmp_path / "v"
    folder.mkdir()
    for number, body in enumerate(np.concatenate([shuffled] * 3)):
        scored = np.column_stack([body, np.full(25, 0.9)]).reshape(-1).tolist()
        content = {"people": [{"pose_keypoints_2d": scored}]}
        (folder / f"v_{number:012d}_keypoints.json").write_text(json.dumps(content))
    with pytest.raises(Undecided, match="--layout openpose25"):
        read(folder)
    assert any("not human" in note for note in read(folder, layout="openpose25").problems)


def test_a_zip_of_one_recording_in_a_folder(tmp_path: Path) -> None:
    array = io.BytesIO()
    np.save(array, person(NTU25, FRAMES))
    (tmp_path / "sub").mkdir()
    with zipfile.ZipFile(tmp_path / "sub" / "one.zip", "w") as archive:
        archive.writestr("a.npy", array.getvalue())
    (result,) = check(tmp_path)
    assert not result.error
    assert result.format == "keypoints-npy"


def test_smpl_far_away_and_with_two_rates(tmp_path: Path) -> None:
    with np.load(io.BytesIO(next(iter(smpl.sample().values())))) as file:
        fields = dict(file)
    fields["trans"] = fields["trans"] + np.array([0, 0, 90.0])
    np.savez(tmp_path / "a.npz", **fields, framerate=100.0)
    clip = read(tmp_path / "a.npz")
    assert any("trans may not be in metres" in note for note in clip.problems)
    assert any(note.startswith("contradicting frame rates: mocap_framerate 120") for note in clip.problems)


def test_joints_at_the_place_of_others_away_from_the_body_are_absent(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    body = person(NTU25, FRAMES) + random.normal(0, 1e-3, (FRAMES, 25, 3)) + [0, 1, 3]
    absent = np.zeros((FRAMES, 25), dtype=bool)
    absent[::4, [NTU25.index("wrist_left"), NTU25.index("ankle_right")]] = True
    body[absent] = 0
    clip = array_clip(tmp_path, body - body[:, :1])
    np.testing.assert_array_equal(np.isnan(clip.positions[:, 0]).all(axis=-1), absent)
    assert "several joints at one place, away from the body, in 12 frames: taken as absent" in clip.problems


def test_a_joint_that_jumps_away_and_back_is_noted(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    body = person(NTU25, FRAMES) + random.normal(0, 1e-3, (FRAMES, 25, 3)) + [0, 0, -1.2]
    body[::5, NTU25.index("wrist_left")] = 0
    clip = array_clip(tmp_path, body - body[:, :1])
    assert any(note.startswith("wrist_left jumps by more than a third") for note in clip.problems)


def test_openpose_of_half_a_body_is_read(tmp_path: Path) -> None:
    legs = [
        n
        for n, joint in enumerate(OPENPOSE25.joints)
        if re.match("hip|knee|ankle|toe|small|heel|pelvis", joint)
    ]
    for number, body in enumerate(picture(OPENPOSE25)):
        scored = np.column_stack([body, np.full(25, 0.9)])
        scored[legs] = 0
        content = {"people": [{"pose_keypoints_2d": scored.reshape(-1).tolist()}]}
        (tmp_path / f"v_{number:012d}_keypoints.json").write_text(json.dumps(content))
    assert any("no trunk is visible" in note for note in read(tmp_path).problems)
