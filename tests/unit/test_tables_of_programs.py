"""Tables and streams that programs and scripts write around one body: the same body as the plainest file of it."""

from __future__ import annotations

import csv
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile, Undecided
from pgfa.read import read
from pgfa.skeleton import COCO17, MEDIAPIPE33, NTU25, Clip
from reading_motions import in_layout, motion, pixels
from reading_schemas import sided

LANDMARKS = in_layout(motion("wave"), MEDIAPIPE33)
SPACE = LANDMARKS - LANDMARKS[:, 23:25].mean(axis=1, keepdims=True)
WORLD = SPACE * [-1, -1, 1]
"""As MediaPipe counts: y down, from the hips."""
PICTURE = pixels(in_layout(motion("wave"), COCO17))
NAMES = [sided(joint) for joint in COCO17.joints]
KINECT = in_layout(motion("wave"), NTU25) + np.array([0.2, 0.1, 2.7])


def written(folder: Path, content: str | bytes, name: str = "a.csv", **stated: Any) -> Clip:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, **stated)


def table(titles: list[str], lines: list[list[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([titles, *lines])
    return out.getvalue()


def assert_same_body(clip: Clip, points: np.ndarray) -> None:
    """One body with these points, y up, moved as a whole."""
    assert clip.positions.shape[:2] == (len(points), 1)
    moved = clip.positions[:, 0] - points
    np.testing.assert_allclose(moved, np.broadcast_to(moved.mean(axis=(0, 1)), moved.shape), atol=2e-3)


def plain_picture(folder: Path) -> Clip:
    content = {"keypoints": PICTURE.round(2).tolist(), "layout": "coco17"}
    return written(folder, json.dumps(content), "plain.json")


def in_a_picture(clip: Clip, folder: Path) -> None:
    np.testing.assert_allclose(clip.positions, plain_picture(folder).positions, atol=2e-3)


LONG = {
    "frame,id,x,y,z": lambda frame, joint: [frame, joint],
    "frame,id,name,x,y,z": lambda frame, joint: [
        frame,
        joint,
        f"PoseLandmark.{MEDIAPIPE33.joints[joint].upper()}",
    ],
    "frame,index,x,y,z": lambda frame, joint: [frame, joint],
}


@pytest.mark.parametrize("titles", LONG)
def test_ids_that_each_joint_has_for_itself_are_those_of_joints(titles: str, tmp_path: Path) -> None:
    lines = [
        [*LONG[titles](frame, joint), *place]
        for frame, body in enumerate(WORLD)
        for joint, place in enumerate(body)
    ]
    assert_same_body(written(tmp_path, table(titles.split(","), lines)), SPACE)


def test_ids_of_people_beside_joints_keep_them_apart(tmp_path: Path) -> None:
    lines = [
        [frame, person, joint, place[0] + 1.5 * person, *place[1:]]
        for frame, body in enumerate(WORLD)
        for person in (0, 1)
        for joint, place in enumerate(body)
    ]
    clip = written(tmp_path, table(["frame", "id", "landmark_id", "x", "y", "z"], lines))
    assert clip.bodies == 2


def test_landmarks_of_the_world_count_before_those_of_the_picture(tmp_path: Path) -> None:
    picture = pixels(LANDMARKS) / [1280, 720]
    long = [
        [frame, joint, *picture[frame, joint], 0.1, *place]
        for frame, body in enumerate(WORLD)
        for joint, place in enumerate(body)
    ]
    titles = ["frame", "landmark", "x", "y", "z", "world_x", "world_y", "world_z"]
    assert_same_body(written(tmp_path, table(titles, long)), SPACE)
    wide = [
        [frame, *np.concatenate([picture[frame], 0 * body[:, :1], body], axis=1).ravel()]
        for frame, body in enumerate(WORLD)
    ]
    words = [f"{sided(joint)}{word}" for joint in MEDIAPIPE33.joints for word in ("", "_world")]
    titles = ["frame", *(f"{word}_{axis}" for word in words for axis in "xyz")]
    assert_same_body(written(tmp_path, table(titles, wide)), SPACE)


def test_a_word_that_all_joints_have_is_no_part_of_their_names(tmp_path: Path) -> None:
    words = [
        (joint, word, axes) for joint in NTU25.joints for word, axes in (("Color", "XY"), ("Camera", "XYZ"))
    ]
    titles = ["frame", *(f"{joint}_{word}{axis}" for joint, word, axes in words for axis in axes)]
    colour = pixels(KINECT)
    lines = [
        [frame, *np.concatenate([colour[frame], body], axis=1).ravel()] for frame, body in enumerate(KINECT)
    ]
    assert_same_body(written(tmp_path, table(titles, lines)), KINECT)


@pytest.mark.parametrize("form", ["{name}_{joint}_{axis}", "{joint}_{name}_{axis}"])
def test_words_that_may_be_two_people_are_left(form: str, tmp_path: Path) -> None:
    names = [(name, joint, axis) for name in ("Anna", "Ben") for joint in NTU25.joints for axis in "xyz"]
    titles = ["frame", *(form.format(name=name, joint=joint, axis=axis) for name, joint, axis in names)]
    lines = [[n, *body.ravel(), *(body + np.array([1.5, 0, 0])).ravel()] for n, body in enumerate(KINECT)]
    with pytest.raises(BadFile, match="header"):
        written(tmp_path, table(titles, lines))


def test_hands_beside_a_numbered_body_are_passed_over(tmp_path: Path) -> None:
    hands = [
        f"{side}_hand_{joint}_{axis}" for side in ("left", "right") for joint in range(21) for axis in "xyz"
    ]
    titles = ["frame", *(f"pose_{joint}_{axis}" for joint in range(33) for axis in "xyz"), *hands]
    lines = [[frame, *body.ravel(), *([0.1] * len(hands))] for frame, body in enumerate(WORLD)]
    clip = written(tmp_path, table(titles, lines))
    assert clip.layout == MEDIAPIPE33
    assert_same_body(clip, SPACE)


COLUMNS = [f"{name}_{axis}" for name in NAMES for axis in "xy"]
ROWS = PICTURE.round(2).reshape(len(PICTURE), -1).tolist()
PANDAS: dict[str, Callable[[], Any]] = {
    "columns": lambda: {
        title: {str(n): row[c] for n, row in enumerate(ROWS)} for c, title in enumerate(COLUMNS)
    },
    "index": lambda: {str(n): dict(zip(COLUMNS, row, strict=True)) for n, row in enumerate(ROWS)},
    "split": lambda: {"columns": COLUMNS, "index": list(range(len(ROWS))), "data": ROWS},
    "records": lambda: [dict(zip(COLUMNS, row, strict=True)) for row in ROWS],
    "table": lambda: {
        "schema": {"fields": []},
        "data": [{"index": n, **dict(zip(COLUMNS, row, strict=True))} for n, row in enumerate(ROWS)],
    },
    "list": lambda: {title: [row[c] for row in ROWS] for c, title in enumerate(COLUMNS)},
}


@pytest.mark.parametrize("orient", PANDAS)
def test_tables_of_pandas_as_json(orient: str, tmp_path: Path) -> None:
    in_a_picture(written(tmp_path, json.dumps(PANDAS[orient]()), "a.json"), tmp_path)


def test_dates_of_lines_are_times(tmp_path: Path) -> None:
    dates = [str(1_772_357_400_000 + round(1000 * n / 31)) for n in range(len(ROWS))]
    content = {
        title: dict(zip(dates, column, strict=True))
        for title, column in zip(COLUMNS, zip(*ROWS, strict=True), strict=True)
    }
    clip = written(tmp_path, json.dumps(content), "a.json")
    assert clip.frames == len(ROWS)
    assert clip.rate == pytest.approx(31, rel=0.03)


def test_a_table_with_a_line_per_joint_as_json(tmp_path: Path) -> None:
    records = [
        {"frame": frame, "id": joint, "x": place[0], "y": place[1], "z": place[2]}
        for frame, body in enumerate(WORLD)
        for joint, place in enumerate(body)
    ]
    assert_same_body(written(tmp_path, json.dumps(records), "a.json"), SPACE)
    lines = "\n".join(map(json.dumps, records))
    assert_same_body(written(tmp_path, lines, "a.jsonl"), SPACE)


@pytest.mark.parametrize("form", ["[{}, {}]", "({}, {}, 0.9)", "[{} {}]"])
def test_all_numbers_of_a_joint_in_one_cell(form: str, tmp_path: Path) -> None:
    lines = [
        [frame, *(form.format(*place) for place in body.round(2).tolist())]
        for frame, body in enumerate(PICTURE)
    ]
    in_a_picture(written(tmp_path, table(["frame", *NAMES], lines)), tmp_path)


VISION = {
    "nose": "head_joint", "eye": "{}_eye_joint", "ear": "{}_ear_joint", "shoulder": "{}_shoulder_1_joint",
    "elbow": "{}_forearm_joint", "wrist": "{}_hand_joint", "hip": "{}_upLeg_joint", "knee": "{}_leg_joint",
    "ankle": "{}_foot_joint",
}  # fmt: skip


def test_joints_by_the_names_of_vision(tmp_path: Path) -> None:
    parts = [joint.partition("_") for joint in COCO17.joints]
    names = [*(VISION[part].format(side) for part, _, side in parts), "neck_1_joint", "root"]
    neck, root = (PICTURE[:, [a, b]].mean(axis=1, keepdims=True) for a, b in ((5, 6), (11, 12)))
    points = np.concatenate([PICTURE, neck, root], axis=1)
    frames = [{"joints": dict(zip(names, body.round(2).tolist(), strict=True))} for body in points]
    clip, plain = written(tmp_path, json.dumps(frames), "a.json"), plain_picture(tmp_path)
    for joint in ("wrist_left", "elbow_right", "ankle_left", "knee_right", "hip_left", "shoulder_right"):
        moved = (clip.positions[:, 0, clip.layout.index(joint)] - plain.positions[:, 0, COCO17.index(joint)])[
            :, :2
        ]
        np.testing.assert_allclose(moved, np.broadcast_to(moved.mean(axis=0), moved.shape), atol=0.01)


def test_rokoko_has_people_in_a_scene(tmp_path: Path) -> None:
    joints = {"hip": "pelvis", "neck": "chest", "head": "head"}
    for side in ("left", "right"):
        names = {
            "UpperArm": "shoulder", "LowerArm": "elbow", "Hand": "wrist",
            "UpLeg": "hip", "Leg": "knee", "Foot": "ankle",
        }  # fmt: skip
        joints |= {f"{side}{name}": f"{joint}_{side}" for name, joint in names.items()}
    frames = []
    for number, points in enumerate(KINECT):
        place = {name: points[NTU25.index(joint)] for name, joint in joints.items()}
        body = {name: {"position": dict(zip("xyz", p.tolist(), strict=True))} for name, p in place.items()}
        frames.append(
            {"version": "3.0", "scene": {"timestamp": number / 50, "actors": [{"name": "A", "body": body}]}}
        )
    clip = written(tmp_path, json.dumps(frames), "a.json", mirrored=False, up="y")
    assert clip.rate == pytest.approx(50)
    kept = [NTU25.index(joint) for joint in joints.values() if joint not in ("chest", "head")]
    moved = clip.positions[:, 0, kept] - KINECT[:, kept]
    np.testing.assert_allclose(moved, np.broadcast_to(moved.mean(axis=(0, 1)), moved.shape), atol=2e-3)


@pytest.mark.parametrize("field", ["mirrored", "isMirrored", "selfie"])
def test_a_picture_that_the_file_calls_mirrored_is_turned_back(field: str, tmp_path: Path) -> None:
    turned = [1280, 0] + PICTURE * [-1, 1]
    content = {"keypoints": turned.round(2).tolist(), "layout": "coco17", field: True}
    clip = written(tmp_path, json.dumps(content), "a.json")
    moved = clip.positions - plain_picture(tmp_path).positions
    np.testing.assert_allclose(moved, np.broadcast_to(moved.mean(axis=(0, 1, 2)), moved.shape), atol=2e-3)
    assert "axes mirrored" in clip.reading
    as_it_is = written(tmp_path, json.dumps(content), "a.json", mirrored=False)
    assert not np.allclose(as_it_is.positions, clip.positions, atol=0.05)


def test_a_flip_that_may_be_in_the_coordinates_is_noted(tmp_path: Path) -> None:
    content = {"keypoints": PICTURE.round(2).tolist(), "layout": "coco17", "flipped": True}
    clip = written(tmp_path, json.dumps(content), "a.json")
    in_a_picture(clip, tmp_path)
    assert any("flipped" in problem for problem in clip.problems)


def test_heads_of_bones_without_tails_are_their_places(tmp_path: Path) -> None:
    lines = [
        [frame, bone, *place.tolist()]
        for frame, body in enumerate(KINECT)
        for bone, place in zip(NTU25.joints, body, strict=True)
    ]
    content = table(["frame", "bone", "head_x", "head_y", "head_z"], lines)
    assert_same_body(written(tmp_path, content), KINECT)


@pytest.mark.parametrize("field", ["flip", "flipped"])
def test_the_body_shows_what_a_flip_in_space_means(field: str, tmp_path: Path) -> None:
    for points in (KINECT, KINECT * [-1, 1, 1]):
        content = {"keypoints": points.round(4).tolist(), "layout": "ntu25", field: True}
        clip = written(tmp_path, json.dumps(content), "a.json")
        assert_same_body(clip, KINECT)
        assert not any(field in problem for problem in clip.problems)


@pytest.mark.parametrize("hand", ["right", "left"])
def test_a_flip_beside_a_handedness_that_the_body_contradicts_is_asked_about(
    hand: str, tmp_path: Path
) -> None:
    handed = KINECT * [1 if hand == "right" else -1, 1, 1]
    fields = {"layout": "ntu25", "handedness": f"{hand}-handed", "up": "y", "flipped": True}
    assert_same_body(written(tmp_path, json.dumps({"keypoints": handed.tolist()} | fields), "a.json"), KINECT)
    content = json.dumps({"keypoints": (handed * [-1, 1, 1]).tolist()} | fields)
    with pytest.raises(Undecided, match=f"flipped, with {hand}-handed axes"):
        written(tmp_path, content, "a.json")
    assert_same_body(written(tmp_path, content, "a.json", mirrored=hand == "right"), KINECT)
    per_frame = [
        {"flipped": True, "axis_handedness": "right", "joints": dict(zip(NTU25.joints, body, strict=True))}
        for body in (KINECT * [-1, 1, 1]).tolist()
    ]
    with pytest.raises(Undecided, match="flipped"):
        written(tmp_path, json.dumps(per_frame), "a.json")


@pytest.mark.parametrize(
    "fields",
    [{"coordinate_system": "right-handed, Z-up"}, {"upVector": [0, 0, 1]}, {"up": [0, 0, 1]}],
    ids=str,
)
def test_axes_are_declared_in_words_or_as_a_direction(fields: dict[str, Any], tmp_path: Path) -> None:
    turned = np.stack([KINECT[..., 0], -KINECT[..., 2], KINECT[..., 1]], axis=-1)
    content = {"keypoints": turned.tolist(), "layout": "ntu25", "unit": "m"}
    with pytest.raises(Undecided, match="points up"):
        written(tmp_path, json.dumps(content), "open.json")
    assert_same_body(written(tmp_path, json.dumps(content | fields), "a.json"), KINECT)


def test_a_stride_beside_the_rate_is_noted(tmp_path: Path) -> None:
    content = {"keypoints": PICTURE.tolist(), "layout": "coco17", "fps": 60}
    assert not any(
        "stride" in problem for problem in written(tmp_path, json.dumps(content), "a.json").problems
    )
    clip = written(tmp_path, json.dumps(content | {"stride": 2}), "a.json")
    assert any("stride 2" in problem and "--rate" in problem for problem in clip.problems)


STREAMS: dict[str, Any] = {
    "array": KINECT,
    "a list of frames": list(KINECT),
    "a field": {"joints3d": KINECT, "images": ["a.jpg"] * len(KINECT), "boxes": np.zeros((len(KINECT), 4))},
}


@pytest.mark.parametrize("name", STREAMS)
def test_one_array_of_joints_in_an_object_stream(name: str, tmp_path: Path) -> None:
    clip = written(tmp_path, pickle.dumps(STREAMS[name], protocol=4), "a.pkl")
    assert_same_body(clip, KINECT)


def test_several_arrays_in_an_object_stream_are_named(tmp_path: Path) -> None:
    content = pickle.dumps({"keypoints3d": KINECT, "keypoints3d_optim": KINECT}, protocol=4)
    with pytest.raises(BadFile, match=r"several arrays of joints.*keypoints3d_optim"):
        written(tmp_path, content, "a.pkl")


def test_json_of_another_kind_is_no_scene_without_people(tmp_path: Path) -> None:
    content = {"1": {"1": {str(n): body[0].tolist() for n, body in enumerate(KINECT)}}}  # a point per frame
    with pytest.raises(BadFile) as refusal:
        written(tmp_path, json.dumps(content), "a.json")
    assert "no person" not in str(refusal.value)


def test_a_table_without_joints_is_named_with_its_columns(tmp_path: Path) -> None:
    text = "frame,device,head_x,head_y,head_z\n1,headset,0.1,0.2,0.3\n"
    with pytest.raises(BadFile, match="a table with the columns frame, device, head_x, head_y, head_z"):
        written(tmp_path, text)


@pytest.mark.parametrize(
    ("member", "kind"),
    [("xl/workbook.xml", "an Excel workbook: save the sheet as .csv"), ("a/data.pkl", "PyTorch")],
)
def test_archives_that_are_files_of_a_program_are_called_so(member: str, kind: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.bin", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(member, "x")
    with pytest.raises(BadFile, match=kind):
        read(tmp_path / "a.bin")


def test_the_name_of_a_file_does_not_make_a_table_one_of_freemocap(tmp_path: Path) -> None:
    titles = [f"PoseLandmark.{sided(joint)}_{axis}" for joint in MEDIAPIPE33.joints for axis in "xyz"]
    text = table(titles, [body.ravel().tolist() for body in WORLD])
    assert_same_body(written(tmp_path, text, "walk3d.csv"), SPACE)
