"""C3D markers, MSRC-12 sessions, video, and the checker of one's own recordings."""

from __future__ import annotations

import io
import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.cli.main import main
from pgfa.errors import BadConfig, BadFile
from pgfa.pack.importing.check import check
from pgfa.pack.importing.check_report import overview
from pgfa.read import FileRef, format_of, read, read_all
from pgfa.read.datasets import msrc12
from pgfa.read.formats import video
from pgfa.read.formats.c3d import NEEDED
from pgfa.read.parsing.markers import bodies_of
from pgfa.read.sample import picture
from pgfa.skeleton import COCO17, KINECT20, NTU25, Clip

# Plug-in Gait on somebody upright, millimetres, z up, facing +y: left is -x.
MARKS = {
    "HD": (80, 1650), "CLAV": (0, 1400), "C7": (0, 1420), "STRN": (0, 1250), "T10": (0, 1250), "SHO": (180, 1430),
    "ELB": (230, 1120), "WRA": (230, 900), "WRB": (250, 900), "FIN": (240, 820), "ASI": (120, 1000), "PSI": (60, 1000),
    "KNE": (120, 500), "ANK": (110, 100), "TOE": (110, 50),
}  # fmt: skip


def marker(name: str) -> tuple[float, float, float]:
    part = name if name in MARKS else name[-2:] if name.endswith("HD") else name[1:]
    x, z = MARKS[part]
    front = {"ASI": 60, "PSI": -90, "TOE": 150, "CLAV": 60, "C7": -60, "STRN": 90, "T10": -90}.get(part, 0)
    return (-x if name[0] == "L" else x), front + (60 if name[1:2] == "F" else 0), z


def c3d_file(names: list[str], frames: int = 4, hide: int | None = None) -> bytes:
    c3d = pytest.importorskip("c3d", reason="the extra `formats` is not installed")
    writer = c3d.Writer(point_rate=100)
    for step in range(frames):
        points = np.zeros((len(names), 5), np.float32)
        points[:, :3] = [marker(name) for name in names]
        points[:, 1] += 10 * step
        if hide is not None and step == 1:
            points[hide] = [0, 0, 0, -1, -1]
        writer.add_frames([(points, np.array([[]]))])
    writer.set_point_labels([f"Anna:{name}" for name in names])
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_plug_in_gait_becomes_a_kinects_joints(tmp_path: Path) -> None:
    path = tmp_path / "walk.c3d"
    path.write_bytes(c3d_file([*NEEDED, "T10", "STRN", "LFIN", "RFIN"]))
    clip = read(path)
    assert (clip.layout, clip.frames, clip.bodies, clip.rate, clip.depth) == (NTU25, 4, 1, 100, True)
    assert clip.problems == (
        "up axis inferred: z",
        "knee (both), ankle (both), elbow (both): at the lateral marker",
    )
    joint_at = {joint: clip.positions[0, 0, row] for row, joint in enumerate(NTU25.joints)}
    # Metres, y up, the way ahead (the markers' y) now -z.
    np.testing.assert_allclose(joint_at["elbow_left"], [-0.23, 1.12, 0], atol=1e-4)
    np.testing.assert_allclose(joint_at["wrist_right"], [0.24, 0.9, 0], atol=1e-4)
    np.testing.assert_allclose(joint_at["chest"], [0, 1.41, 0], atol=1e-4)
    np.testing.assert_allclose(
        joint_at["hip_left"], 0.8 * np.array([-0.09, 1, 0.015]) + [-0.024, 0.1, 0], atol=1e-4
    )
    np.testing.assert_allclose(joint_at["foot_right"], [0.11, 0.05, -0.15], atol=1e-4)
    np.testing.assert_allclose(clip.positions[3, 0, 0] - clip.positions[0, 0, 0], [0, 0, -0.03], atol=1e-4)


def test_an_absent_marker_makes_its_joints_absent(tmp_path: Path) -> None:
    path = tmp_path / "walk.c3d"
    path.write_bytes(c3d_file(list(NEEDED), hide=NEEDED.index("LKNE")))
    gone = np.isnan(read(path).positions[:, 0, :, 0])
    assert [(int(f), NTU25.joints[j]) for f, j in np.argwhere(gone)] == [(1, "hip_left"), (1, "knee_left")]


def test_other_marker_sets_are_refused() -> None:
    expected = (
        r"x.c3d, markers: expected markers of a whole body .* no marker for shoulder_left .* names are M1, M2"
    )
    with pytest.raises(BadFile, match=expected):
        bodies_of("x.c3d", ["M1", "M2"], np.zeros((2, 2, 3)))


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "walk.c3d"
    path.write_bytes(c3d_file(list(NEEDED)))
    monkeypatch.setitem(sys.modules, "c3d", None)
    with pytest.raises(BadFile, match=r"pip install 'pgfa\[formats\]'.*not installed"):
        read(path)


POSE = np.random.default_rng(0).uniform(0.1, 2, (20, 3)).round(3)


def session(folder: Path, frames: int = 300, tags: list[float] | None = None) -> Path:
    """10 s at 30 Hz, a tag at each of some seconds."""
    start = 2_000_000_000
    rows = []
    for frame in range(frames):
        pose = POSE + np.array([frame / 1000, 0, 0]) if frame > 5 else POSE * 0
        rows.append(f"{start + frame * 33_333} " + " ".join(f"{x} {y} {z} 1" for x, y, z in pose))
    path = folder / "P2_1_7A_p12.csv"
    path.write_text("\n".join(rows) + "\n")
    if tags is not None:
        ticks = [round((start + second * 1e6) * 49.875 - 24.9375) for second in tags]
        (folder / "p2_1_7A_p12.tagstream").write_text(
            "XQPCTick;Tag\n" + "".join(f"{t};G7  Bow\n" for t in ticks)
        )
    return path


def test_a_session_and_its_tags(tmp_path: Path) -> None:
    path = session(tmp_path, tags=[3.0, 7.5])
    ref = FileRef(path)
    assert format_of(ref).name == "msrc12"
    whole = read(path)
    assert (whole.layout, whole.frames, whole.source.action, whole.source.subject) == (
        KINECT20,
        300,
        "bow",
        "12",
    )
    assert whole.rate == pytest.approx(30, rel=1e-3)
    assert whole.problems == ("6 empty frames",)
    np.testing.assert_allclose(whole.positions[10, 0], POSE + np.array([0.01, 0, 0]), atol=1e-6)
    assert msrc12.tags(ref) == [
        (pytest.approx(3.0, abs=1e-3), "G7  Bow"),
        (pytest.approx(7.5, abs=1e-3), "G7  Bow"),
    ]
    first, second = read_all(path)
    for clip, moment in ((first, 90), (second, 225)):
        np.testing.assert_array_equal(clip.positions, whole.positions[moment - 30 + 1 : moment + 30 + 1])
    assert [clip.source.id for clip in (first, second)] == ["P2_1_7A_p12_01", "P2_1_7A_p12_02"]


def test_a_session_without_tags_is_one_clip(tmp_path: Path) -> None:
    (clip,) = read_all(session(tmp_path))
    assert clip.frames == 300
    assert clip.problems[-1] == "no tag file: whole session"
    with pytest.raises(BadFile, match=r"a tag file in the same folder \(P2_1_7A_p12.tagstream\)"):
        msrc12.tags(FileRef(tmp_path / "P2_1_7A_p12.csv"))


def test_a_tag_without_a_person_is_an_error(tmp_path: Path) -> None:
    path = session(tmp_path, tags=[-2.0, 5.0])
    wrong, right = read_all(path)
    assert isinstance(wrong, BadFile)
    assert "tag 1 (G7  Bow) at -2.00 s" in str(wrong)
    assert isinstance(right, Clip)


@pytest.mark.parametrize(
    ("line", "message"), [("x;G1", "line 2: expected tick;tag"), ("", "expected tags, found none")]
)
def test_wrong_tags(line: str, message: str, tmp_path: Path) -> None:
    path = session(tmp_path, tags=[])
    (tmp_path / "p2_1_7A_p12.tagstream").write_text(f"XQPCTick;Tag\n{line}\n")
    with pytest.raises(BadFile, match=message):
        read_all(path)


@pytest.mark.real
def test_real_sessions(shared_data: Path) -> None:
    files = sorted((shared_data / "msrc12-sample").glob("*.csv"))
    clips = [clip for file in files for clip in read_all(file)]
    assert len(files) == 24
    assert sorted({clip.source.action for clip in clips}) == sorted(msrc12.GESTURES)
    assert all(isinstance(clip, Clip) and 40 < clip.frames < 70 for clip in clips)
    for file in files:
        seconds = read(file).seconds
        assert all(0 < moment < seconds for moment, _ in msrc12.tags(FileRef(file)))


BODY = np.random.default_rng(1).uniform(50, 400, (17, 2))


def estimate(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two people, in an order that changes with the picture; the second leaves."""
    step = int(picture[0, 0, 0])
    people = [BODY + step, BODY + np.array([600 - step, 0])][: 1 if step > 5 else 2]
    if step % 2:
        people.reverse()
    return np.array(people), np.full((len(people), 17), 0.8)


def test_a_video_through_an_estimator(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 20)
    assert format_of(FileRef(path)).name == "video"
    pictures = [np.full((4, 6, 3), step, np.uint8) for step in range(8)]
    clip = video.read_video(FileRef(path), estimate, frames=pictures, rate=25)
    assert (clip.layout, clip.frames, clip.bodies, clip.rate, clip.depth) == (COCO17, 8, 2, 25, False)
    assert np.isnan(clip.positions[6:, 1]).all()
    assert np.nanmax(np.abs(np.diff(clip.positions, axis=0))) < 0.1
    nobody = lambda picture: (np.empty((0, 17, 2)), np.empty((0, 17)))  # noqa: E731
    with pytest.raises(BadFile, match="no person in 8 frames"):
        video.read_video(FileRef(path), nobody, frames=pictures)
    with pytest.raises(BadConfig, match=r"people x 17 x 2 .*found \(1, 3, 2\)"):
        video.read_video(FileRef(path), lambda p: (np.ones((1, 3, 2)), np.ones((1, 3))), frames=pictures)


def test_errors_name_what_a_video_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 20)
    monkeypatch.delenv(video.WEIGHTS, raising=False)
    with pytest.raises(BadConfig, match=r"pip install 'pgfa\[video\]'.*PGFA_POSE=pose.onnx"):
        read(path)
    monkeypatch.setenv(video.WEIGHTS, str(tmp_path / "none.onnx"))
    monkeypatch.setitem(sys.modules, "rtmlib", None)
    with pytest.raises(BadConfig, match="extra `video`"):
        read(path)
    monkeypatch.setitem(sys.modules, "rtmlib", types.ModuleType("rtmlib"))
    with pytest.raises(BadFile, match=r"none\.onnx: expected weights of a pose estimator"):
        read(path)


def test_rtmlib_gets_weights_from_disk_and_never_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, dict[str, Any]]] = []

    class Model:
        def __init__(self, weights: str, **given: Any) -> None:
            calls.append((weights, given))

        def __call__(self, picture: np.ndarray, bboxes: Any = None) -> Any:
            return (BODY[None], np.ones((1, 17))) if bboxes is not None or len(calls) == 1 else [[0, 0, 1, 1]]

    stub = types.ModuleType("rtmlib")
    stub.RTMO = stub.RTMPose = stub.YOLOX = Model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rtmlib", stub)
    for name in ("pose.onnx", "people.onnx"):
        (tmp_path / name).write_bytes(b"x")
    picture = np.zeros((4, 4, 3), np.uint8)
    one_stage = video.rtmlib_estimator(tmp_path / "pose.onnx")
    assert one_stage(picture)[0].shape == (1, 17, 2)
    two = video.rtmlib_estimator(tmp_path / "pose.onnx", tmp_path / "people.onnx")
    assert two(picture)[0].shape == (1, 17, 2)
    assert all(Path(weights).is_file() and given["backend"] == "onnxruntime" for weights, given in calls)


def folder_of_files(place: Path) -> Path:
    for name in ("bow", "odd"):
        (place / name).mkdir(parents=True)
    session(place / "bow", tags=[3.0, 7.0])
    np.save(place / "bow" / "flat.npy", picture(COCO17, 9))
    (place / "odd" / "notes.txt").write_text("hello")
    (place / "odd" / "cut.bvh").write_text("HIERARCHY\nROOT Hips\n")
    (place / "odd" / ".hidden").write_text("x")
    return place


def test_the_checker_explains_each_file(tmp_path: Path) -> None:
    results = list(check(folder_of_files(tmp_path / "data")))
    assert [(r.file, r.format, r.usable) for r in results] == [
        ("bow/P2_1_7A_p12.csv", "msrc12", True), ("bow/P2_1_7A_p12.csv", "msrc12", True),
        ("bow/flat.npy", "keypoints-npy", True), ("odd/cut.bvh", "bvh", False), ("odd/notes.txt", "", False),
    ]  # fmt: skip
    flat, cut, notes = results[2:]
    assert (flat.clip, flat.layout, flat.frames, flat.bodies, flat.depth) == (
        "bow/flat.npy",
        "coco17",
        9,
        1,
        False,
    )
    assert flat.action == "bow"
    assert "expected MOTION after the hierarchy" in cut.error
    assert "Not a skeleton recording (plain text). Supported formats: " in notes.error
    end = overview(results)
    assert "3 clips can be used, 1 file or clip cannot: 0 ASK (state how to read them), 1 FAIL" in end
    assert "several layouts (coco17, kinect20): import with --to-layout kinect20" in end
    assert "1 clip without depth" in end


def test_the_checker_on_one_file_and_on_labels(tmp_path: Path) -> None:
    data = folder_of_files(tmp_path / "data")
    (one_stage,) = check(data / "bow" / "flat.npy")
    assert one_stage.usable
    labels = tmp_path / "labels.csv"
    labels.write_text("file,action\nbow/flat.npy,curtsy\n")
    results = {result.file: result for result in check(data, labels)}
    assert results["bow/flat.npy"].action == "curtsy"
    assert "expected a line for this file in the list of labels" in results["odd/notes.txt"].error
    with pytest.raises(BadFile):
        list(check(tmp_path / "nothing"))


def test_pgfa_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, out = folder_of_files(tmp_path / "data"), tmp_path / "found.json"
    monkeypatch.setattr(sys, "argv", ["pgfa", "check", str(data), "--json", str(out)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    printed = capsys.readouterr().out
    assert "OK   bow/flat.npy: keypoints-npy, coco17, 9 frames at 30 Hz (0.3 s), 1 body, class bow" in printed
    assert "FAIL odd/cut.bvh (bvh): " in printed
    assert "SKIP: 1 file is no recording: odd/notes.txt (plain text)" in printed
    assert [entry["file"] for entry in json.loads(out.read_text())][-1] == "odd/notes.txt"
