"""What neither a file nor a body settles is stated as an assumption; what a body settles in other ways is read."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile, Undecided
from pgfa.read import read, read_all
from pgfa.skeleton import COCO17, H36M17, NTU25, Clip
from reading_defects import npy
from reading_motions import in_layout, lying, motion, pixels, turned


def test_left_and_right_of_a_body_seen_from_the_side_are_assumed(tmp_path: Path) -> None:
    for degrees, assumed in ((0, False), (70, True)):
        points = pixels(in_layout(turned(motion("walk"), degrees), H36M17))
        (tmp_path / "a.npy").write_bytes(npy(points))
        assert ("sides as h36m17 has them (seen from the side" in read(tmp_path / "a.npy").reading) is assumed


def test_legs_exchanged_in_a_body_seen_from_the_side_are_asked_about_or_assumed(tmp_path: Path) -> None:
    points = pixels(in_layout(turned(motion("walk"), 70), H36M17))
    (tmp_path / "a.npy").write_bytes(npy(points[:, [0, 4, 5, 6, 1, 2, 3, *range(7, 17)]]))
    assert "sides as h36m17 has them (seen from the side" in read(tmp_path / "a.npy").reading


@pytest.mark.parametrize("action", ["walk", "wave", "kick-forward"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_axis_that_was_stretched_is_refused_or_noted_or_its_unit_assumed(
    action: str, axis: int, tmp_path: Path
) -> None:
    points = in_layout(motion(action), NTU25) * np.where(np.arange(3) == axis, 1.6, 1)
    (tmp_path / "a.npy").write_bytes(npy(points))
    try:
        clip = read(tmp_path / "a.npy", mirrored=False, up="y")
    except BadFile as error:
        assert "the units of x, y, z are as" in str(error)  # noqa: PT017  which of the three, the body decides
        return
    noted = any("limbs change their lengths as if the units" in problem for problem in clip.problems)
    assert noted or "scale the same on all axes (limbs do not show it for" in clip.reading


def test_frames_without_numbers_are_assumed_to_be_one_take(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(npy(in_layout(motion("walk"), NTU25)))
    assert "frames of one take" in read(tmp_path / "a.npy").reading


def test_centimetres_from_0_to_100_are_a_depth_where_limbs_keep_their_lengths(tmp_path: Path) -> None:
    points = in_layout(motion("walk"), NTU25) * 100
    points -= points.min(axis=(0, 1)) - 5
    (tmp_path / "a.npy").write_bytes(npy(points))
    clip = read(tmp_path / "a.npy")
    assert clip.depth
    assert "unit inferred: centimetres" in clip.problems
    scores = np.random.default_rng(2).uniform(40, 99, points.shape[:2])
    (tmp_path / "b.npy").write_bytes(npy(np.concatenate([points[..., :2] * 3, scores[..., None]], -1)))
    with pytest.raises(Undecided) as caught:
        read(tmp_path / "b.npy")
    assert caught.value.quantity == "axes"


def test_somebody_who_stands_beside_the_origin_does_not_lie(tmp_path: Path) -> None:
    body = in_layout(motion("wave"), NTU25)
    body = body - body.min(axis=(0, 1)) + np.array([0.5, 0.02, 0.05])
    (tmp_path / "a.npy").write_bytes(npy(body))
    assert "up y" in read(tmp_path / "a.npy").reading
    down = in_layout(lying(motion("wave")), NTU25)
    down = down - down.min(axis=(0, 1)) + np.array([0, 0, 1])
    flat = np.stack([down[..., 0], down[..., 2], down[..., 1]], -1)  # z up, head along y
    (tmp_path / "b.npy").write_bytes(npy(flat * [-1, 1, 1]))
    with pytest.raises(Undecided) as caught:
        read(tmp_path / "b.npy")
    assert caught.value.quantity in ("up", "mirrored")


def _annotations(count: int) -> list[dict[str, object]]:
    points = in_layout(motion("walk"), NTU25)
    out = []
    for number in range(count):
        start = number % 24
        clip = points[start : start + 24] + np.array([0.02 * number, 0, 0])
        out.append(
            {"keypoint": clip[None].astype(np.float32), "frame_dir": f"c{number}", "label": number % 3}
        )
    return out


def _written(folder: Path, annotations: list[dict[str, object]]) -> Path:
    (folder / "a.pkl").write_bytes(pickle.dumps(annotations, protocol=4))
    return folder / "a.pkl"


def test_the_clips_of_a_file_are_decided_once(tmp_path: Path) -> None:
    entries = _annotations(30)
    clips = read_all(_written(tmp_path, entries))
    assert all(isinstance(clip, Clip) for clip in clips)
    assert "as in other clips of the file" not in str(clips[0].reading)
    assert "as in other clips of the file" in str(clips[-1].reading)
    for clip, entry in zip(clips, entries, strict=True):
        np.testing.assert_allclose(clip.positions, np.swapaxes(entry["keypoint"], 0, 1), atol=1e-5)


def test_what_is_assumed_about_the_posture_is_that_of_each_clip(tmp_path: Path) -> None:
    entries = _annotations(30)
    points = np.asarray(entries[20]["keypoint"])
    entries[20]["keypoint"] = points - points[:, :, :1]
    clips = read_all(_written(tmp_path, entries))
    assumed = [isinstance(clip, Clip) and "posture upright" in str(clip.reading) for clip in clips]
    assert assumed == [number == 20 for number in range(30)]


def test_a_clip_that_alone_leaves_something_open_is_read_as_the_others(tmp_path: Path) -> None:
    entries = _annotations(30)
    down = in_layout(lying(motion("wave")), NTU25)[:24]
    (tmp_path / "b.npy").write_bytes(npy(down))
    with pytest.raises(Undecided):
        read(tmp_path / "b.npy")
    entries[0] = {"keypoint": down[None].astype(np.float32), "frame_dir": "down"}
    clips = read_all(_written(tmp_path, entries))
    assert isinstance(clips[0], Clip), clips[0]
    assert np.ptp(clips[0].positions[:, 0, :, 1]) < 1.0


def test_clips_that_differ_are_decided_one_by_one(tmp_path: Path) -> None:
    entries = _annotations(30)
    for entry in entries[1::2]:
        entry["keypoint"] = entry["keypoint"] * np.float32(1000)  # type: ignore[operator]
    for clip in read_all(_written(tmp_path, entries)):
        assert isinstance(clip, Clip)
        assert 1.2 < np.ptp(clip.positions[..., 1]) < 2.2


def test_a_clip_without_a_body_among_others_is_refused_or_noted(tmp_path: Path) -> None:
    entries = _annotations(30)
    noise = np.random.default_rng(1).normal(size=(1, 24, 25, 3)).astype(np.float32)
    entries[20] = {"keypoint": noise, "frame_dir": "noise"}
    clip = read_all(_written(tmp_path, entries))[20]
    assert not isinstance(clip, Clip) or any("not human" in problem for problem in clip.problems)


def test_pictures_of_a_file_are_decided_once(tmp_path: Path) -> None:
    points = pixels(in_layout(motion("walk"), COCO17))
    entries = [
        {"keypoint": (points[n : n + 20] + n)[None].astype(np.float32), "frame_dir": f"{n}"}
        for n in range(24)
    ]
    clips = read_all(_written(tmp_path, entries))
    assert {clip.layout.name for clip in clips if isinstance(clip, Clip)} == {"coco17"}
    assert len(clips) == 24
