"""What files of keypoints state beside the points, under the names in use: size, joint names, ids, scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.errors import BadFile, Undecided
from pgfa.read import read, read_all
from pgfa.skeleton import COCO17, MEDIAPIPE33, NTU25, Clip
from reading_motions import crossing, in_layout, motion, pixels
from reading_schemas import sided, table

SIZE = (1280, 720)
BODY = in_layout(motion("wave"), COCO17)
POINTS = pixels(BODY)
SHARES = POINTS / SIZE
ORDER = [0, 1, 2, 3, 4, *(joint + 1 if joint % 2 else joint - 1 for joint in range(5, 17))]
"""Right joints before left ones."""
NAMES = [sided(COCO17.joints[joint]) for joint in ORDER]


def written(folder: Path, content: Any, name: str = "a.json") -> Clip:
    """The clip of a file with that content: text, arrays of an .npz, or an object of JSON."""
    path = folder / name
    if name.endswith(".npz"):
        np.savez(path, **content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read(path)


def plain(folder: Path) -> Clip:
    """The clip of the points alone, in pixels."""
    return written(folder, {"keypoints": POINTS.tolist(), "fps": 25}, "plain.json")


def same(clip: Clip, other: Clip) -> None:
    np.testing.assert_allclose(clip.positions, other.positions, atol=1e-4)


@pytest.mark.parametrize("fields", [{"width": 1280, "height": 720}, {"image_size": SIZE}], ids=str)
def test_pixels_are_not_multiplied_by_the_size_of_the_image(fields: dict[str, Any], tmp_path: Path) -> None:
    same(written(tmp_path, {"keypoints": POINTS.tolist(), "fps": 25, **fields}), plain(tmp_path))


@pytest.mark.parametrize(
    "fields",
    [
        {"width": 1280, "height": 720}, {"image_size": SIZE}, {"info": {"width": 1280, "height": 720}},
        {"image_width": 1280, "image_height": 720}, {"video": {"resolution": "1280x720"}}, {"img_shape": (720, 1280)},
        {"image_size": {"width": 1280, "height": 720}},
    ],
    ids=str,
)  # fmt: skip
def test_shares_of_an_image_are_multiplied_by_its_size(fields: dict[str, Any], tmp_path: Path) -> None:
    clip = written(tmp_path, {"keypoints": SHARES.tolist(), "fps": 25, **fields})
    assert not any("assumed square" in problem for problem in clip.problems)
    same(clip, plain(tmp_path))


def test_the_size_of_the_image_counts_in_an_npz(tmp_path: Path) -> None:
    clip = written(tmp_path, {"keypoints": SHARES, "fps": 25, "width": 1280, "height": 720}, "a.npz")
    same(clip, plain(tmp_path))


def test_a_size_beside_coordinates_around_0_is_not_used_and_named(tmp_path: Path) -> None:
    centred = (POINTS - np.array(SIZE) / 2) / 640
    clip = written(tmp_path, {"keypoints": centred.tolist(), "fps": 25, "width": 1280, "height": 720})
    assert any(problem.startswith("image size not used") for problem in clip.problems)
    same(clip, plain(tmp_path))


@pytest.mark.parametrize("field", ["keypoint_names", "joint_names", "joints"])
def test_listed_joints_give_the_order_of_an_array(field: str, tmp_path: Path) -> None:
    content = {"keypoints": POINTS[:, ORDER].tolist(), "fps": 25, field: NAMES}
    same(written(tmp_path, content), plain(tmp_path))


@pytest.mark.parametrize("field", ["joint_names", "names"])
def test_listed_joints_give_the_order_of_an_npz(field: str, tmp_path: Path) -> None:
    content = {"keypoints": POINTS[:, ORDER], "fps": 25, field: np.array(NAMES)}
    same(written(tmp_path, content, "a.npz"), plain(tmp_path))


def test_listed_joints_give_the_order_of_people_frame_by_frame(tmp_path: Path) -> None:
    frames = [
        {"frame_id": n, "people": [{"keypoints": points}]}
        for n, points in enumerate(POINTS[:, ORDER].tolist())
    ]
    same(written(tmp_path, {"fps": 25, "joint_names": NAMES, "frames": frames}), plain(tmp_path))
    names = {"fps": 25, "keypoint_id2name": {str(n): name for n, name in enumerate(NAMES)}}
    same(written(tmp_path, {"meta_info": names, "frames": frames}), plain(tmp_path))


def test_categories_give_the_order_of_annotations(tmp_path: Path) -> None:
    entries = [
        {"id": n, "image_id": n, "keypoints": [number for point in points for number in (*point, 2)]}
        for n, points in enumerate(POINTS[:, ORDER].tolist())
    ]
    categories = [{"id": 1, "name": "person", "keypoints": NAMES}]
    same(written(tmp_path, {"fps": 25, "annotations": entries, "categories": categories}), plain(tmp_path))


def test_names_that_contradict_the_layout_are_refused(tmp_path: Path) -> None:
    """No layout has all of the names, so they cannot give the order; but right is where the layout has left."""
    names = ["snout", *NAMES[1:]]
    with pytest.raises(
        BadFile, match=r"field joint_names.*shoulder_right as joint 6, which is shoulder_left"
    ):
        written(tmp_path, {"keypoints": POINTS[:, ORDER].tolist(), "fps": 25, "joint_names": names})
    names = ["snout", *map(sided, COCO17.joints[1:])]
    clip = written(tmp_path, {"keypoints": POINTS.tolist(), "fps": 25, "joint_names": names})
    assert any("not all known" in problem for problem in clip.problems)


HIDDEN = 17, 31
"""Frames without anybody, in which two people cross: only their ids say who is who afterwards."""


def crossed() -> tuple[np.ndarray, list[int]]:
    """(frames, 2, joints, 2) pixels of two people, and the frames in which they are there."""
    both = np.stack([pixels(in_layout(body, COCO17)) for body in crossing("walk", len(POINTS))], axis=1)
    return both, [n for n in range(len(POINTS)) if not HIDDEN[0] <= n < HIDDEN[1]]


def from_left_to_right(clip: Clip) -> list[bool]:
    """Of each body, whether it is at the left at first and at the right at the end, or the other way round."""
    hips = clip.positions[:, :, COCO17.index("hip_left"), 0]
    return [bool((hips[0, body] < hips[0].mean()) != (hips[-1, body] < hips[-1].mean())) for body in (0, 1)]


@pytest.mark.parametrize(
    "field",
    [
        "player_id",
        "subject_id",
        "participant",
        "actor",
        "tid",
        "person_idx",
        "instance_id",
        "skeleton",
        "obj_id",
    ],
)
def test_ids_under_any_usual_name_keep_people_apart_in_a_table(field: str, tmp_path: Path) -> None:
    both, frames = crossed()
    rows = [[n, who, *both[n, who].reshape(-1).tolist()] for n in frames for who in (0, 1)]
    clip = written(tmp_path, table(["frame", field, *titles("xy")], rows), "a.csv")
    assert clip.bodies == 2
    assert from_left_to_right(clip) == [True, True]


@pytest.mark.parametrize(
    "field",
    ["trackId", "personId", "bodyId", "userId", "user_id", "person", "ID", "name", "player_id", "subject"],
)
def test_ids_under_any_usual_name_keep_people_apart_in_json(field: str, tmp_path: Path) -> None:
    both, frames = crossed()
    listed = [
        {
            "frame_id": n,
            "people": [{field: name, "keypoints": both[n, who].tolist()} for who, name in enumerate("AB")],
        }
        for n in frames
    ]
    clip = written(tmp_path, {"fps": 30, "frames": listed})
    assert clip.bodies == 2
    assert from_left_to_right(clip) == [True, True]


def test_the_name_of_a_kind_is_no_id(tmp_path: Path) -> None:
    both, frames = crossed()
    people = [[{"name": "person", "keypoints": both[n, who].tolist()} for who in (0, 1)] for n in frames]
    clip = written(tmp_path, {"fps": 30, "frames": people})
    assert not any("ids" in problem for problem in clip.problems)


def test_ids_of_detections_are_not_people(tmp_path: Path) -> None:
    rows = [[n, f"d{n}", *points.reshape(-1).tolist()] for n, points in enumerate(POINTS)]
    clip = written(tmp_path, table(["frame", "instance_id", *titles("xy")], rows), "a.csv")
    assert clip.bodies == 1
    assert any("never repeat" in problem for problem in clip.problems)


def titles(axes: str, score: str = "") -> list[str]:
    """Column titles of all joints."""
    return [
        f"{sided(joint)}_{axis}" for joint in COCO17.joints for axis in (*axes, *([score] if score else []))
    ]


LOST = np.random.default_rng(2).random(POINTS.shape[:2]) < 0.15
LOST[:, :5] = False
SCORES = np.where(LOST, 0.01, 0.9)
"""Of an estimator that is sure of joints, but for some that are elsewhere."""
GUESSED = POINTS + 150 * LOST[..., None]


def lost(clip: Clip) -> None:
    """Joints with a low score, and no others, are absent."""
    np.testing.assert_array_equal(np.isnan(clip.positions[:, 0]).any(axis=-1), LOST)


@pytest.mark.parametrize(
    "title",
    ["vis", "visible", "is_visible", "valid", "prob", "certainty", "p", "acc", "kp_score", "Likelihood"],
)
def test_scores_under_any_usual_name_count_in_a_table(title: str, tmp_path: Path) -> None:
    scores = ~LOST if "visible" in title or title == "valid" else SCORES
    rows = [
        [n, *(number for point, score in zip(points, row, strict=True) for number in (*point, score))]
        for n, (points, row) in enumerate(zip(GUESSED.tolist(), scores.tolist(), strict=True))
    ]
    lost(written(tmp_path, table(["frame", *titles("xy", title)], rows), "a.csv"))


def test_columns_that_share_a_name_with_scores_are_not_scores(tmp_path: Path) -> None:
    """Accelerations, for instance."""
    rows = [
        [n, *(number for point in points for number in (*point, 9.81 * (n % 2)))]
        for n, points in enumerate(POINTS.tolist())
    ]
    clip = written(tmp_path, table(["frame", *titles("xy", "acc")], rows), "a.csv")
    assert np.isfinite(clip.positions).all()
    assert any("not read: not all values are from 0 to 1" in problem for problem in clip.problems)


def test_joints_without_a_column_of_scores_are_present(tmp_path: Path) -> None:
    header = [*titles("xy"), "nose_score"]
    rows = [[*points.reshape(-1).tolist(), 0.01] for points in POINTS]
    clip = written(tmp_path, table(header, rows), "a.csv")
    assert np.isnan(clip.positions[:, 0, 0]).all()
    assert np.isfinite(clip.positions[:, 0, 1:]).all()


@pytest.mark.parametrize(
    "field", ["scores", "confidence", "confidences", "visibility", "keypoints_conf", "kpt_scores"]
)
def test_scores_of_a_person_count_under_any_usual_name(field: str, tmp_path: Path) -> None:
    frames = [
        {"frame_id": n, "people": [{"keypoints": points, field: scores}]}
        for n, (points, scores) in enumerate(zip(GUESSED.tolist(), SCORES.tolist(), strict=True))
    ]
    lost(written(tmp_path, {"fps": 30, "frames": frames}))


@pytest.mark.parametrize("field", ["scores", "keypoint_scores", "confidence", "visibility", "conf", "valid"])
def test_scores_of_an_array_count_under_any_usual_name(field: str, tmp_path: Path) -> None:
    lost(written(tmp_path, {"fps": 30, "keypoints": GUESSED.tolist(), field: SCORES.tolist()}))
    lost(written(tmp_path, {"fps": 30, "keypoints": GUESSED, field: SCORES[..., None]}, "a.npz"))


def test_a_mask_is_named_and_not_read(tmp_path: Path) -> None:
    """True may be a joint that is there, or one that is masked."""
    for content, name in (
        ({"fps": 30, "keypoints": POINTS.tolist(), "mask": LOST.tolist()}, "a.json"),
        ({"fps": 30, "keypoints": POINTS, "mask": LOST}, "a.npz"),
    ):
        clip = written(tmp_path, content, name)
        assert any(problem.startswith("mask not read") for problem in clip.problems)


@pytest.mark.parametrize("key", ["v", "c", "likelihood", "prob", "visible", "inFrameLikelihood", "tracked"])
def test_scores_of_a_point_count_under_any_usual_name(key: str, tmp_path: Path) -> None:
    words = key in ("visible", "tracked")
    frames = [
        {"keypoints": [
            {"name": sided(joint), "x": x, "y": y, key: score > 0.5 if words else score}
            for joint, (x, y), score in zip(COCO17.joints, points, scores, strict=True)]}
        for points, scores in zip(GUESSED.tolist(), SCORES.tolist(), strict=True)
    ]  # fmt: skip
    lost(written(tmp_path, {"fps": 30, "frames": frames}))


def test_pixels_with_their_own_scores_have_no_second_ones(tmp_path: Path) -> None:
    points = np.concatenate([GUESSED, SCORES[..., None]], axis=-1).tolist()
    frames = [
        {"frame_id": n, "people": [{"keypoints": person, "scores": [1.0] * 17}]}
        for n, person in enumerate(points)
    ]
    clip = written(tmp_path, {"fps": 30, "frames": frames})
    assert not clip.depth
    lost(clip)


@pytest.mark.parametrize("z", [0.0, 0.2, 200.0], ids=["zero", "shares", "pixels"])
def test_landmarks_in_pixels_have_no_depth(z: float, tmp_path: Path) -> None:
    """MediaPipe's z is relative to the hips, in the unit of x."""
    body = in_layout(motion("wave"), MEDIAPIPE33)
    depth = z * (body[..., 2] - body[:, 23:25, 2].mean(axis=1, keepdims=True))
    marks = np.concatenate([pixels(body), depth[..., None]], axis=-1)
    frames = [
        {"pose_landmarks": [{"x": x, "y": y, "z": z, "visibility": 0.9} for x, y, z in points]}
        for points in marks.tolist()
    ]
    assert not written(tmp_path, {"fps": 30, "frames": frames}).depth


def test_z_of_0_is_no_depth(tmp_path: Path) -> None:
    flat = np.concatenate([POINTS, 0 * POINTS[..., :1]], axis=-1)
    rows = [[n, *points.reshape(-1).tolist()] for n, points in enumerate(flat)]
    assert not written(tmp_path, table(["frame", *titles("xyz")], rows), "a.csv").depth


@pytest.mark.parametrize(
    ("more", "options"),
    [
        (lambda s: s[..., None] * 255, ("xys", "xyz", "xy-")),
        (lambda s: np.stack([s, 2 + 0 * s], -1), ("xys-", "xy-s", "xyzs")),
    ],
    ids=["bytes", "two scores"],
)
def test_columns_that_may_be_scores_are_asked_about(
    more: Any, options: tuple[str, ...], tmp_path: Path
) -> None:
    scores = np.random.default_rng(3).uniform(0.5, 1, POINTS.shape[:2])
    path = tmp_path / "a.npy"
    np.save(path, np.concatenate([POINTS, more(scores)], axis=-1))
    with pytest.raises(Undecided) as error:
        read(path)
    assert (error.value.quantity, error.value.options) == ("axes", options)
    assert not read(path, axes=options[0]).depth


def test_each_coordinate_has_the_unit_of_its_title(tmp_path: Path) -> None:
    header = [
        f"{sided(joint)}_{axis} [{'m' if axis == 'z' else 'cm'}]" for joint in COCO17.joints for axis in "xyz"
    ]
    clip = written(tmp_path, table(header, (BODY * [100, 100, 1]).reshape(len(BODY), -1).tolist()), "a.csv")
    metres = written(tmp_path, table(titles("xyz"), BODY.reshape(len(BODY), -1).tolist()), "b.csv")
    np.testing.assert_allclose(clip.positions, metres.positions, atol=1e-4)


@pytest.mark.parametrize("column", ["camera", "video", "trial", "take", "clip", "sequence", "file"])
@pytest.mark.parametrize("form", ["by recording", "by frame"])
def test_each_value_of_a_column_of_recordings_is_one(column: str, form: str, tmp_path: Path) -> None:
    other = pixels(in_layout(motion("walk", 2), COCO17))
    rows = [
        [name, n, *p[n].reshape(-1).tolist()]
        for name, p in (("a", POINTS), ("b", other))
        for n in range(len(POINTS))
    ]
    if form == "by frame":
        rows.sort(key=lambda row: row[1])
    path = tmp_path / "a.csv"
    path.write_text(table([column, "frame", *titles("xy")], rows))
    first, second = (clip for clip in read_all(path) if isinstance(clip, Clip))
    assert (first.bodies, second.bodies, first.frames, second.frames) == (1, 1, len(POINTS), len(POINTS))
    assert (f"{column} a" in first.problems, f"{column} b" in second.problems) == (True, True)
    np.testing.assert_allclose(first.positions, plain(tmp_path).positions, atol=1e-4)


def test_a_column_of_recordings_without_frames(tmp_path: Path) -> None:
    rows = [[name, *points.reshape(-1).tolist()] for name in ("a.mp4", "b.mp4") for points in POINTS]
    path = tmp_path / "a.csv"
    path.write_text(table(["video", *titles("xy")], rows))
    assert len(read_all(path)) == 2


def test_names_of_images_are_no_recordings(tmp_path: Path) -> None:
    both, _ = crossed()
    rows = [
        [n, f"i{n}.jpg", who, *both[n, who].reshape(-1).tolist()] for n in range(len(both)) for who in (0, 1)
    ]
    path = tmp_path / "a.csv"
    path.write_text(table(["frame", "file", "person", *titles("xy")], rows))
    assert [clip.bodies for clip in read_all(path) if isinstance(clip, Clip)] == [2]


def test_subjects_one_after_the_other_are_recordings(tmp_path: Path) -> None:
    rows = [[who, n, *points.reshape(-1).tolist()] for who in ("P1", "P2") for n, points in enumerate(POINTS)]
    path = tmp_path / "a.csv"
    path.write_text(table(["participant", "frame", *titles("xy")], rows))
    assert [clip.bodies for clip in read_all(path) if isinstance(clip, Clip)] == [1, 1]


def test_frames_of_json_that_name_their_camera_are_recordings(tmp_path: Path) -> None:
    other = pixels(in_layout(motion("walk", 2), COCO17))
    frames = [
        {"frame_id": n, "camera": name, "keypoints": points[n].tolist()}
        for n in range(len(POINTS))
        for name, points in (("left", POINTS), ("right", other))
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"fps": 25, "frames": frames}))
    first, second = (clip for clip in read_all(path) if isinstance(clip, Clip))
    assert (first.bodies, second.bodies) == (1, 1)
    same(first, plain(tmp_path))


def test_an_array_in_pixels_with_its_own_scores_has_no_second_ones(tmp_path: Path) -> None:
    points = np.concatenate([GUESSED, SCORES[..., None]], axis=-1)
    lost(
        written(
            tmp_path, {"fps": 30, "keypoints": points.tolist(), "confidence": np.ones_like(SCORES).tolist()}
        )
    )
    lost(written(tmp_path, {"fps": 30, "keypoints": points, "confidence": np.ones_like(SCORES)}, "a.npz"))


def test_a_list_of_another_length_under_another_name_is_not_the_joints(tmp_path: Path) -> None:
    content = {"keypoints": POINTS.tolist(), "fps": 25, "parts_of_another_model": list(NTU25.joints)}
    same(written(tmp_path, content), plain(tmp_path))
    with pytest.raises(BadFile, match="one axis of 25 joints, as the field joint_names lists"):
        written(tmp_path, {"keypoints": POINTS.tolist(), "fps": 25, "joint_names": list(NTU25.joints)})
