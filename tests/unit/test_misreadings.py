"""What looks like a body and is another: joints in another program's order, axes or frames with scales of their own,
takes that were joined, a clock that is set back, scores in per cent.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optical_motion import PLUG_IN_GAIT, markers, trc
from pgfa.cli.recordings import recordings_of
from pgfa.errors import BadConfig, BadFile, Undecided
from pgfa.read import FORMATS, read, read_all
from pgfa.read.interpret.decision import values_of
from pgfa.read.interpret.other_orders import better_orders, is_crossed
from pgfa.read.interpret.scales import own_scales
from pgfa.read.stated import Stated
from pgfa.recognise.recordings import recordings_in
from pgfa.serve.upload_worker import UploadLimits, read_upload
from pgfa.skeleton import COCO17, H36M17, LCRNET13, MPI15, NTU25, OPENPOSE18, Clip, Layout
from reading_motions import Body, in_layout, motion, pixels
from reading_schemas import camel, sided, table

MOTIONS = ("walk", "wave", "kick-forward", "squat")
LEFT_LEG_FIRST = [0, 4, 5, 6, 1, 2, 3, *range(7, 17)]
OPENNI = (
    "head", "chest", "spine_middle", "shoulder_left", "elbow_left", "shoulder_right", "elbow_right", "hip_left",
    "knee_left", "hip_right", "knee_right", "wrist_left", "wrist_right", "ankle_left", "ankle_right",
)  # fmt: skip
HEADER = [f"{camel(joint)}_{axis}" for joint in NTU25.joints for axis in "xyz"]


def saved(folder: Path, array: np.ndarray, name: str = "a.npy") -> Path:
    np.save(folder / name, array)
    return folder / name


def openni(body: Body) -> np.ndarray:
    return np.stack([body[joint] for joint in OPENNI], axis=1)


def left_leg_first(body: Body) -> np.ndarray:
    return in_layout(body, H36M17)[:, LEFT_LEG_FIRST]


def penn_action(body: Body) -> np.ndarray:
    limbs = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    joints = ["head", *(f"{joint}_{side}" for joint in limbs for side in ("left", "right"))]
    return np.stack([body[joint] for joint in joints], axis=1)


def legs_before_arms(body: Body) -> np.ndarray:
    return in_layout(body, COCO17)[:, [0, 1, 2, 3, 4, *range(11, 17), *range(5, 11)]]


@pytest.mark.parametrize("flat", [True, False], ids=["picture", "space"])
@pytest.mark.parametrize("order", [openni, left_leg_first, penn_action, legs_before_arms])
@pytest.mark.parametrize("name", MOTIONS)
def test_another_order_of_joints_is_not_read(
    name: str, order: Callable[[Body], np.ndarray], flat: bool, tmp_path: Path
) -> None:
    points = order(motion(name))
    with pytest.raises(Undecided) as caught:
        read(saved(tmp_path, pixels(points) if flat else points))
    assert caught.value.quantity == "layout"
    if order is openni:
        assert "the order of joints of CAD-60" in str(caught.value)
    assert "--layout" in str(caught.value)


@pytest.mark.parametrize(
    "layout", [H36M17, COCO17, MPI15, OPENPOSE18, LCRNET13], ids=lambda layout: layout.name
)
@pytest.mark.parametrize("name", MOTIONS)
def test_joints_in_the_order_of_a_layout_fit_no_other_better(name: str, layout: Layout) -> None:
    points = in_layout(motion(name), layout)
    for bodies in (points, points[..., :2], points[..., 2:0:-1]):
        assert not is_crossed(bodies, layout)
        assert better_orders(bodies, 0.5) == []


def test_a_stated_layout_of_crossed_sides_is_noted(tmp_path: Path) -> None:
    path = saved(tmp_path, pixels(left_leg_first(motion("wave"))))
    clip = read(path, layout="h36m17")
    assert any("the left hip is beside the right shoulder" in note for note in clip.problems)


def each_axis(points: np.ndarray) -> np.ndarray:
    return (points - points.min((0, 1))) / np.ptp(points, axis=(0, 1))


def each_spread(points: np.ndarray) -> np.ndarray:
    return (points - points.mean((0, 1))) / points.std((0, 1))


def each_frame(points: np.ndarray) -> np.ndarray:
    return (points - points.min(1, keepdims=True)) / np.ptp(points, axis=1, keepdims=True)


def each_box(points: np.ndarray) -> np.ndarray:
    extent = np.ptp(points, axis=1, keepdims=True).max(-1, keepdims=True)
    return (points - points.min(1, keepdims=True)) / extent


@pytest.mark.parametrize("scale", [each_axis, each_spread, each_frame, each_box])
@pytest.mark.parametrize("flat", [True, False], ids=["picture", "space"])
def test_axes_and_frames_with_scales_of_their_own(
    scale: Callable[[np.ndarray], np.ndarray], flat: bool, tmp_path: Path
) -> None:
    points = in_layout(motion("kick-forward"), COCO17 if flat else NTU25)
    array = scale(pixels(points) if flat else points)
    assert own_scales(array[:, None], COCO17 if flat else NTU25)
    with pytest.raises(BadFile):
        read(saved(tmp_path, array))
    with pytest.raises(BadFile, match="one scale on all axes and in all frames"):
        read(saved(tmp_path, array), layout="coco17" if flat else "ntu25", mirrored=False)


def test_coordinates_that_end_at_the_edge_of_a_picture_have_one_scale() -> None:
    shares = pixels(in_layout(motion("kick-forward"), COCO17)) / 720
    cut = np.clip((shares - 0.2) * 2.2, 0, 1)
    assert not own_scales(cut[:, None], COCO17)


@pytest.mark.parametrize("flat", [True, False], ids=["picture", "space"])
def test_takes_in_one_place_that_were_joined_are_noted(flat: bool, tmp_path: Path) -> None:
    layout = COCO17 if flat else NTU25
    parts = [in_layout(motion(name), layout) for name in ("wave", "squat")]
    joined = np.concatenate([parts[0], parts[1][20:] - parts[1][20].mean(0) + parts[0][-1].mean(0)])
    points = pixels(joined) if flat else joined
    clip = read(saved(tmp_path, points))
    assert any("after frame 48: perhaps takes that were joined" in note for note in clip.problems)
    alone = read(saved(tmp_path, points[:48]))
    assert not any("joined" in note for note in alone.problems)


def timed(folder: Path, times: list[float], points: np.ndarray, kind: str) -> list[Any]:
    """The clips of a table or of JSON with these times."""
    if kind == "csv":
        rows = [[time, *frame.reshape(-1).tolist()] for time, frame in zip(times, points, strict=True)]
        (folder / "a.csv").write_text(table(["timestamp", *HEADER], rows))
        return read_all(folder / "a.csv")
    frames = [{"timestamp": t, "keypoints": f.tolist()} for t, f in zip(times, points, strict=True)]
    (folder / "a.json").write_text(json.dumps({"frames": frames}))
    return read_all(folder / "a.json")


@pytest.mark.parametrize("kind", ["csv", "json"])
@pytest.mark.parametrize("back", [0.5, 0.513, 3600.0])
def test_a_clock_that_is_set_back(back: float, kind: str, tmp_path: Path) -> None:
    points = in_layout(motion("walk"), NTU25)
    times = [10_000 + n / 30 - (back if n >= 30 else 0) for n in range(len(points))]
    (clip,) = timed(tmp_path, times, points, kind)
    steady = read(saved(tmp_path, points))
    np.testing.assert_allclose(clip.positions, steady.positions, atol=1e-5)
    assert clip.rate == pytest.approx(30, rel=1e-3)
    assert any(
        note.startswith(f"the clock is set back by {back:.4g} after entry 30") for note in clip.problems
    )


def test_times_that_start_again_are_takes(tmp_path: Path) -> None:
    walk, wave = (in_layout(motion(name), NTU25) for name in ("walk", "wave"))
    starts = [n / 30 for n in range(48)]
    two = timed(tmp_path, starts + starts, np.concatenate([walk, walk]), "csv")
    assert [clip.frames for clip in two] == [48, 48]
    back = [5 + time for time in starts] + [4 + time for time in starts]
    other = timed(tmp_path, back, np.concatenate([walk, wave + np.array([2, 0, 0])]), "csv")
    assert [clip.frames for clip in other] == [48, 48]
    assert all("times go back after entry 48: read as recordings of their own" in c.problems for c in other)


def scored(folder: Path, scores: np.ndarray) -> Clip:
    points = pixels(in_layout(motion("wave"), COCO17))
    header = ["frame", *(f"{sided(joint)}_{axis}" for joint in COCO17.joints for axis in ("x", "y", "score"))]
    rows = np.concatenate([points, scores[..., None]], -1)
    (folder / "a.csv").write_text(table(header, [[n, *r.reshape(-1).tolist()] for n, r in enumerate(rows)]))
    return read(folder / "a.csv")


def test_scores_of_other_scales(tmp_path: Path) -> None:
    low = np.zeros((48, 17), bool)
    low[::3, 9] = True
    for whole, name in ((1.0, ""), (100.0, "scores in per cent"), (255.0, "scores in bytes")):
        clip = scored(tmp_path, np.where(low, 0.05, 0.9) * whole)
        assert np.array_equal(~np.isfinite(clip.positions[:, 0, :, 0]), low)
        assert name in clip.reading
    heat = scored(tmp_path, np.where(low, 0.5, 9.0))
    assert np.isfinite(heat.positions).all()
    assert "scores from 0.5 to 9, of no known scale: not used" in heat.problems


@pytest.mark.parametrize("plain", [False, True])
def test_people_by_their_ids(plain: bool, tmp_path: Path) -> None:
    one, two = (
        pixels(in_layout(motion("wave", person), COCO17)) + np.array([300 * person, 0]) for person in (0, 2)
    )

    def person_of(points: np.ndarray) -> Any:
        return points.tolist() if plain else {"keypoints": points.tolist()}

    frames = [{"people": {"7": person_of(a), "9": person_of(b)}} for a, b in zip(one, two, strict=True)]
    (tmp_path / "a.json").write_text(json.dumps({"fps": 30, "frames": frames}))
    assert read(tmp_path / "a.json").bodies == 2


def test_numbers_behind_markers_are_people(tmp_path: Path) -> None:
    points = markers(motion("walk"), PLUG_IN_GAIT)
    far = {f"{name}2": place + np.array([1.5, 0, 0]) for name, place in points.items()}
    near = {f"{name}2": place + np.array([0.02, 0, 0]) for name, place in points.items()}
    (tmp_path / "a.trc").write_text(trc({**points, **far}))
    clip = read(tmp_path / "a.trc")
    assert clip.bodies == 2
    assert "numbers behind the names of markers read as people: 2" in clip.problems
    (tmp_path / "b.trc").write_text(trc({**points, **near}))
    assert read(tmp_path / "b.trc").bodies == 1
    (tmp_path / "c.trc").write_text(trc({**{f"{name}_1": p for name, p in points.items()}, **far}))
    assert read(tmp_path / "c.trc").bodies == 2


def test_the_rate_of_a_trc_whose_times_contradict_it(tmp_path: Path) -> None:
    text = trc(markers(motion("walk"), PLUG_IN_GAIT))
    (tmp_path / "a.trc").write_text(text.replace("60\t60\t48", "120\t120\t48"))
    clip = read(tmp_path / "a.trc")
    assert clip.rate == pytest.approx(60, rel=1e-3)
    assert "times give 60 fps, the file states 120" in clip.problems
    assert read(tmp_path / "a.trc", rate=120).rate == 120


def test_the_size_of_a_picture_is_stated(tmp_path: Path) -> None:
    points = pixels(in_layout(motion("wave"), COCO17))
    exact = read(saved(tmp_path, points))
    path = saved(tmp_path, points / [1280, 720], "b.npy")
    assert any("--image-size" in note for note in read(path).problems)
    clip = read(path, image_size="1280x720")
    np.testing.assert_allclose(clip.positions, exact.positions, atol=1e-4)
    assert "stated: picture 1280x720" in clip.reading
    assert any("not used" in note for note in read(tmp_path / "a.npy", image_size="1280x720").problems)
    with pytest.raises(BadConfig, match="image_size: expected width and height"):
        Stated(image_size="wide")


def test_statements_that_contradict_the_body_are_noted(tmp_path: Path) -> None:
    path = saved(tmp_path, in_layout(motion("wave"), NTU25))
    with pytest.raises(
        Undecided, match=r"a torso of 0.000\d+ m in the unit mm, as stated; state it with --unit m "
    ):
        read(path, unit="mm")
    assert any(
        note.startswith("the trunk points along z instead of y") for note in read(path, up="-z").problems
    )
    assert not any("torso" in note or "trunk" in note for note in read(path, unit="m", up="y").problems)


@pytest.mark.parametrize("stretch", [(1, 1, 1), (1, 0.6, 1), (1, 1, 2), (1, 0.5, 1)])
def test_an_axis_that_was_stretched_is_noted(stretch: tuple[float, ...], tmp_path: Path) -> None:
    points = in_layout(motion("squat"), NTU25) * stretch
    clip = read(saved(tmp_path, points), unit="m", mirrored=False, layout="ntu25", up="y")
    noted = any("perhaps scaled axis by axis" in note for note in clip.problems)
    assert noted == (stretch != (1, 1, 1))


def test_times_of_day_over_midnight(tmp_path: Path) -> None:
    points = in_layout(motion("walk"), NTU25)
    times = [(86_399 + n / 30) % 86_400 for n in range(len(points))]
    clocks = [f"{int(t // 3600):02}:{int(t // 60 % 60):02}:{t % 60:06.3f}" for t in times]
    rows = [[time, *frame.reshape(-1).tolist()] for time, frame in zip(clocks, points, strict=True)]
    (tmp_path / "a.csv").write_text(table(["time", *HEADER], rows))
    (clip,) = read_all(tmp_path / "a.csv")
    assert (clip.frames, clip.rate) == (48, pytest.approx(30, rel=1e-2))


def test_numbers_that_are_no_positions_are_refused(tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25)
    angles = np.cumsum(np.random.default_rng(0).normal(0, 1.5, points.shape), axis=0)
    for numbers in (angles, np.diff(points, axis=0), points - np.roll(points, 1, axis=1)):
        rows = [[n / 30, *frame.reshape(-1).tolist()] for n, frame in enumerate(numbers)]
        (tmp_path / "a.csv").write_text(table(["time", *HEADER], rows))
        with pytest.raises(BadFile, match="angles, velocities, or positions relative to other joints"):
            read(tmp_path / "a.csv")


def test_cells_of_spreadsheets(tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25)
    rows = [[n, *frame.reshape(-1).tolist()] for n, frame in enumerate(points)]
    (tmp_path / "a.csv").write_text(table(["frame", *HEADER], rows))
    plain = read(tmp_path / "a.csv")
    commas = [[str(cell).replace(".", ",") for cell in row] for row in rows]
    (tmp_path / "b.csv").write_text(table(["frame", *HEADER], commas, "\t"))
    assert np.array_equal(read(tmp_path / "b.csv").positions, plain.positions)
    holed = [[*row[:19], *(("NA",) * 3 if row[0] % 5 == 0 else row[19:22]), *row[22:]] for row in rows]
    (tmp_path / "c.csv").write_text(table(["frame", *HEADER], holed))
    clip = read(tmp_path / "c.csv")
    assert "30 cells with NA: no number, the joint is absent" in clip.problems
    absent = np.isnan(clip.positions[:, 0, :, 0])
    assert np.argwhere(absent).tolist() == [[n, 6] for n in range(0, 48, 5)]


def test_names_of_openpose_and_of_numbered_keypoints_in_tables(tmp_path: Path) -> None:
    names = [
        "Nose", "LEye", "REye", "LEar", "REar", "LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist", "RWrist",
        "LHip", "RHip", "LKnee", "RKnee", "LAnkle", "RAnkle",
    ]  # fmt: skip
    points = pixels(in_layout(motion("wave"), COCO17))
    rows = [[n, *frame.reshape(-1).tolist()] for n, frame in enumerate(points)]
    exact = read(saved(tmp_path, points))
    for titles in (names, [f"kpt_{n}" for n in range(17)], [f"keypoints_{n}" for n in range(17)]):
        (tmp_path / "a.csv").write_text(table(["frame", *(f"{n}_{a}" for n in titles for a in "xy")], rows))
        np.testing.assert_allclose(read(tmp_path / "a.csv").positions, exact.positions, atol=1e-5)


def test_results_that_were_stacked_and_frames_by_ids(tmp_path: Path) -> None:
    points = pixels(in_layout(motion("wave"), COCO17))
    exact = read(saved(tmp_path, points))
    stacked = read(saved(tmp_path, points[:, None, None], "b.npy"))
    np.testing.assert_array_equal(stacked.positions, exact.positions)
    frames = [{"0": frame} for frame in points.tolist()]
    (tmp_path / "a.json").write_text(json.dumps({"keypoints": [*frames, {}], "skeleton": {"0": "nose"}}))
    clip = read(tmp_path / "a.json")
    np.testing.assert_allclose(clip.positions[:48], exact.positions, atol=1e-5)
    assert "1 empty frame" in clip.problems


def test_a_zip_of_one_recording_with_a_text_and_settings(tmp_path: Path) -> None:
    z_up = in_layout(motion("wave"), NTU25)[..., [0, 2, 1]] * [1, -1, 1]
    path = saved(tmp_path, z_up)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, "day/a b %.npy")
        archive.writestr("day/README.txt", "of that day")
        archive.writestr("day/pgfa-recordings.toml", 'up = "z"\nrate = 50\n["*.csv"]\nrate = 20\n')
    clip = read(tmp_path / "a.zip")
    assert (clip.rate, values_of(clip.reading)["up"]) == (50, "z")
    assert read(tmp_path / "a.zip", rate=25).rate == 25
    upload = (tmp_path / "a.zip").read_bytes()
    limits = UploadLimits(10**8, 10, 10**8, 10**5, 10, 10**5)
    (tmp_path / "pgfa-recordings.toml").write_text("rate = 99")
    (tmp_path / "up").mkdir()
    clips, _ = read_upload(tmp_path / "up", "a.zip", upload, limits)
    assert [clip.rate for clip in clips] == [50]
    with pytest.raises(BadFile, match=r"b.txt: Not a skeleton recording \(plain text\)"):
        read_upload(tmp_path / "up", "b.txt", b"hello", limits)


def test_statements_that_contradict_the_file_are_noted(tmp_path: Path) -> None:
    points = in_layout(motion("wave"), NTU25)
    solid, flat = saved(tmp_path, points), saved(tmp_path, pixels(in_layout(motion("wave"), COCO17)), "b.npy")
    rows = [[n / 30, *frame.reshape(-1).tolist()] for n, frame in enumerate(points)]
    (tmp_path / "a.csv").write_text(table(["time", *HEADER], rows))
    bvh = next(iter(FORMATS["bvh"].sample().values()))
    (tmp_path / "a.bvh").write_bytes(bvh)
    noted: list[tuple[Path, dict[str, Any], str]] = [
        (solid, {"mirrored": True}, "looks mirrored"),
        (flat, {"up": "x"}, "the trunk points along"),
        (flat, {"up": "z"}, "up stated as z, but a picture has no z: not used"),
        (tmp_path / "a.csv", {"rate": 5}, "rate stated as 5 fps, the file has 30"),
        (tmp_path / "a.bvh", {"rate": 500}, "rate stated as 500 fps, the file has"),
        (tmp_path / "a.csv", {"axes": "CTV"}, "axes stated as CTV, but this format gives them: not used"),
    ]
    for path, stated, note in noted:
        assert any(problem.startswith(note) for problem in read(path, **stated).problems), (stated, note)
    assert not any("rate" in problem for problem in read(solid, rate=5).problems)
    with pytest.raises(BadFile, match=r"expected the columns x y, as stated, found 3 columns"):
        read(solid, axes="xy")
    with pytest.raises(BadFile, match=r"expected the axes CTV, as stated: C of 2, 3 or 4, V of 13 or"):
        read(solid, axes="CTV")


def test_a_folder_is_decided_once_by_every_way_to_read_it(tmp_path: Path) -> None:
    """For the commands and the recogniser, and of a zip that is uploaded."""
    points = in_layout(motion("wave"), NTU25)
    (tmp_path / "in").mkdir()
    paths = [saved(tmp_path / "in", points + 0.1 * take, f"{take}.npy") for take in range(4)]
    paths.append(saved(tmp_path / "in", points[..., [0, 2, 1]] * [1, -1, 1], "lying.npy"))
    with pytest.raises(Undecided):
        read(paths[-1])
    note = "up and handedness as in 4 other files of the folder"
    assert [note in clip.problems for clip in recordings_in(tmp_path / "in")] == [False] * 4 + [True]
    files = recordings_of([str(tmp_path / "in")], Stated())
    assert sum(note in clip.problems for ref in files.refs for _, clip in files.read(ref)) == 1
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in paths:
            archive.write(path, path.name)
    (tmp_path / "up").mkdir()
    limits = UploadLimits(10**8, 10, 10**8, 10**5, 10, 10**5)
    clips, failed = read_upload(tmp_path / "up", "a.zip", (tmp_path / "a.zip").read_bytes(), limits)
    assert (len(clips), failed) == (5, [])


def test_files_per_frame_with_the_size_of_the_image_in_their_names(tmp_path: Path) -> None:
    points = pixels(in_layout(motion("wave"), COCO17))
    for number, frame in enumerate(points):
        if number not in (7, 8):
            (tmp_path / f"f_{number:03}_1280x720.json").write_text(
                json.dumps([{"keypoints": frame.tolist()}])
            )
    clip = read(tmp_path)
    assert np.flatnonzero(np.isnan(clip.positions).all(axis=(1, 2, 3))).tolist() == [7, 8]
    (tmp_path / "g_001_1280x720.json").write_text(json.dumps([{"keypoints": points[0].tolist()}]))
    with pytest.raises(BadFile, match="expected the frames of one recording"):
        read(tmp_path)


def test_frames_that_repeat_are_noted(tmp_path: Path) -> None:
    points = in_layout(motion("walk"), NTU25)[:40]
    frozen = np.concatenate([points, np.repeat(points[-1:], 20, axis=0)])
    for array, count in ((np.repeat(points, 2, axis=0), 40), (frozen, 20)):
        note = f"each of {count} frames is exactly the one before: frozen, or polled faster than recorded"
        assert note in read(saved(tmp_path, array)).problems
    assert not any("exactly" in note for note in read(saved(tmp_path, points)).problems)
