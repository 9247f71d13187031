"""DeepLabCut, SLEAP and FreeMoCap: keypoints by name, compared with the motion that the files are of."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from named_motion import BEN, FRAMES, STYLES, USER, assert_flat, parts, pixels
from optical_motion import BODY, assert_same, joint, trc, upright, written
from pgfa.errors import BadFile, LimitExceeded
from pgfa.read import format_of, read
from pgfa.read.source import FileRef
from pgfa.skeleton import MEDIAPIPE33, NTU25


def deeplabcut(
    people: Mapping[str, Mapping[str, np.ndarray]],
    *,
    separator: str = ",",
    score: float | None = 0.98,
    images: bool = False,
    skip: Sequence[int] = (),
) -> str:
    """People: individual ("" for a project with one) -> body part -> positions."""
    columns = [(who, part, place) for who, points in people.items() for part, place in points.items()]
    axes = ["x", "y", "z"][: columns[0][2].shape[1]] + (["likelihood"] if score is not None else [])
    blank = ",,," if images else ","

    def header(title: str, cells: Sequence[str]) -> str:
        return title + blank + ",".join(cells)

    lines = [header("scorer", ["DLC_resnet50"] * len(columns) * len(axes))]
    if any(people):
        lines.append(header("individuals", [who for who, _, _ in columns for _ in axes]))
    lines.append(header("bodyparts", [part for _, part, _ in columns for _ in axes]))
    lines.append(header("coords", axes * len(columns)))
    for n in range(FRAMES):
        if n in skip:
            continue
        cells = [str(n)] if not images else ["labeled-data", "walk2", f"img{n:04}.png"]
        for _, _, place in columns:
            absent = bool(np.isnan(place[n]).any())
            cells += ["" if absent else f"{value:.3f}" for value in place[n]]
            cells += [] if score is None else ["" if absent else str(score)]
        lines.append(",".join(cells))
    return "\n".join(lines).replace(",", separator) + "\n"


@pytest.mark.parametrize("style", STYLES)
def test_deeplabcut_gives_the_picture(style: str, tmp_path: Path) -> None:
    clip = read(written(tmp_path, "walkDLC.csv", deeplabcut({"": parts(BODY, STYLES[style])})))
    assert (clip.layout, clip.frames, clip.bodies) == (NTU25, FRAMES, 1)
    assert_flat(clip)


@pytest.mark.parametrize(
    "content",
    [
        lambda points: deeplabcut({"": points}, separator=";"),
        lambda points: deeplabcut({"": points}, score=None),
        lambda points: deeplabcut({"": points}, images=True),
        lambda points: deeplabcut({"Anna": points}),
    ],
    ids=["semicolons", "no likelihood", "images", "one individual"],
)
def test_every_table_of_deeplabcut(
    content: Callable[[Mapping[str, np.ndarray]], str], tmp_path: Path
) -> None:
    assert_flat(read(written(tmp_path, "walk.csv", content(parts(BODY, STYLES["LWrist"])))))


def test_individuals_are_bodies_and_keep_their_slots(tmp_path: Path) -> None:
    ben = {name: place.copy() for name, place in parts(BEN, STYLES["LWrist"]).items()}
    for place in ben.values():
        place[5:9] = np.nan
    text = deeplabcut(
        {"Anna": parts(BODY, STYLES["LWrist"]), "Ben": ben, "single": {"ball": pixels(BODY)["head"]}}
    )
    clip = read(written(tmp_path, "two.csv", text))
    assert clip.bodies == 2
    assert assert_flat(clip, BODY, 0) == pytest.approx(assert_flat(clip, BEN, 1), rel=0.02)
    assert np.flatnonzero(np.isnan(joint(clip, "head", 1)[:, 0])).tolist() == [5, 6, 7, 8]


def test_left_out_frames_and_low_likelihood_are_absent(tmp_path: Path) -> None:
    clip = read(written(tmp_path, "gap.csv", deeplabcut({"": parts(BODY, STYLES["LWrist"])}, skip=(3, 4))))
    assert clip.frames == FRAMES
    assert np.flatnonzero(np.isnan(joint(clip, "head")[:, 0])).tolist() == [3, 4]
    with pytest.raises(BadFile):
        read(written(tmp_path, "low.csv", deeplabcut({"": parts(BODY, STYLES["LWrist"])}, score=0.05)))


def test_triangulated_deeplabcut_has_depth(tmp_path: Path) -> None:
    points = {
        f"{joint_.title()}_{side}": BODY[f"{joint_}_{side}"] for joint_ in USER for side in ("left", "right")
    }
    clip = read(written(tmp_path, "3d.csv", deeplabcut({"": points}, score=None)))
    assert clip.depth
    assert_same(clip)


def test_an_animal_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    points = dict.fromkeys(("snout", "leftear", "rightear", "tailbase"), pixels(BODY)["head"])
    with pytest.raises(BadFile, match=r"expected markers of a whole body .* names are snout, tailbase"):
        read(written(tmp_path, "mouse.csv", deeplabcut({"": points})))


@pytest.mark.parametrize("down", [False, True], ids=["metres, y up", "pixels, y down"])
def test_a_flat_trc_is_a_picture(down: bool, tmp_path: Path) -> None:
    """As Sports2D writes them: z is 0."""
    points = {name: np.insert(place, 2, 0, axis=1) for name, place in parts(BODY, STYLES["LWrist"]).items()}
    if not down:
        points = {name: (place - (640, 700, 0)) * (1 / 300, -1 / 300, 1) for name, place in points.items()}
    clip = read(written(tmp_path, "walk.trc", trc(points, "px" if down else "m")))
    assert_flat(clip)
    assert f"z is constant: a picture, y {'down' if down else 'up'}" in clip.problems


def sleap(
    tracks: Mapping[str, Mapping[str, np.ndarray]],
    *,
    nameless: bool = False,
    score: str = "0.9",
    first: int = 0,
) -> str:
    nodes = list(next(iter(tracks.values())))
    lines = ["track,frame_idx,instance.score," + ",".join(f"{n}.x,{n}.y,{n}.score" for n in nodes)]
    for n in range(FRAMES):
        order = list(tracks) if n % 3 else list(tracks)[::-1]
        for track in order:
            cells = [f"{place[n][0]:.3f},{place[n][1]:.3f},{score}" for place in tracks[track].values()]
            lines.append(f"{'' if nameless else track},{n + first},0.9," + ",".join(cells))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("style", STYLES)
def test_sleap_gives_the_picture(style: str, tmp_path: Path) -> None:
    clip = read(written(tmp_path, "walk.csv", sleap({"track_0": parts(BODY, STYLES[style])}, first=100)))
    assert (clip.layout, clip.frames, clip.bodies) == (NTU25, FRAMES, 1)
    assert_flat(clip)


@pytest.mark.parametrize("nameless", [False, True], ids=["tracks", "no tracks"])
def test_tracks_are_bodies_whatever_their_order_in_a_frame(nameless: bool, tmp_path: Path) -> None:
    tracks = {"Anna": parts(BODY, STYLES["LWrist"]), "Ben": parts(BEN, STYLES["LWrist"])}
    clip = read(written(tmp_path, "two.csv", sleap(tracks, nameless=nameless)))
    assert clip.bodies == 2
    assert_flat(clip, BEN, 0)  # the first frame lists Ben first
    assert_flat(clip, BODY, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace(",5,0.9", ",x,0.9"), r"line 7, frame_idx: expected .* a frame, found 'x'"),
        (lambda text: text.replace(",5,0.9", ",4,0.9"), r"frame 4: expected a track once per frame"),
        (lambda text: text.split("\n")[0], r"expected at least one line below the header"),
        (lambda text: text.replace("LWrist", "LWatch"), r"no marker for wrist_left"),
    ],
)  # fmt: skip
def test_a_wrong_sleap_table_is_refused(change: Callable[[str], str], message: str, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=message):
        read(written(tmp_path, "a.csv", change(sleap({"track_0": parts(BODY, STYLES["LWrist"])}))))


def test_sleap_frames_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    text = sleap({"track_0": parts(BODY, STYLES["LWrist"])}).replace(",23,0.9", ",900000,0.9")
    with pytest.raises(LimitExceeded, match="frames 0 to 900000"):
        read(written(tmp_path, "a.csv", text))


FACE = {
    "eye_inner": (0.02, 0.03, 0.1),
    "eye": (0.03, 0.03, 0.1),
    "eye_outer": (0.04, 0.03, 0.1),
    "mouth": (0.02, -0.03, 0.1),
}


def landmarks(body: Mapping[str, np.ndarray]) -> np.ndarray:
    """(frames, 33, 3) of MediaPipe, metres, y up."""
    out = []
    for name in MEDIAPIPE33.joints:
        part, _, side = name.rpartition("_")
        sign = 1 if side == "left" else -1
        if name in body:
            out.append(body[name])
        elif part in ("pinky", "index", "thumb"):
            out.append(body[f"wrist_{side}"] - (0, 0.08, 0))
        elif part == "heel":
            out.append(body[f"ankle_{side}"] - (0, 0.05, 0))
        else:
            left, up, ahead = FACE.get(part, (0.08, 0, 0)) if part else (0, 0, 0.11)
            out.append(body["head"] + sign * left * body["=left"] + ahead * body["=ahead"] + (0, up, 0))
    return np.stack(out, axis=1)


NAMES = [
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index",
    "left_thumb", "right_thumb",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel", "right_heel",
    "left_foot_index", "right_foot_index",
]  # fmt: skip


def npy(points: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, points)
    return file.getvalue()


def csv(points: np.ndarray, prefix: str = "", more: str = "") -> str:
    lines = [more + ",".join(f"{prefix}{name}_{axis}" for name in NAMES for axis in "xyz")]
    for n, row in enumerate(points.reshape(len(points), -1)):
        cells = ["" if np.isnan(value) else f"{value:.5f}" for value in row]
        lines.append((f"{n}," if more else "") + ",".join(cells))
    return "\n".join(lines) + "\n"


MILLIMETRES = 1000 * upright(landmarks(BODY), "z")
Y_DOWN = 1000 * upright(landmarks(BODY), "-y")
HANDS = np.concatenate([MILLIMETRES, np.zeros((FRAMES, 520, 3))], axis=1)
OUTPUTS: dict[str, tuple[str, Callable[[], str | bytes]]] = {
    "npy": ("mediapipe_body_3d_xyz.npy", lambda: npy(MILLIMETRES)),
    "npy with hands and face": ("mediapipeSkel_3d_body_hands_face.npy", lambda: npy(HANDS)),
    "npy as float32": ("mediapipe_skeleton_3d.npy", lambda: npy(MILLIMETRES.astype(np.float32))),
    "npy, y down as the first camera": ("mediapipe_body_3d_xyz.npy", lambda: npy(Y_DOWN)),
    "npy in metres": ("mediapipe_body_3d_xyz.npy", lambda: npy(MILLIMETRES / 1000)),
    "npy, old name": ("mediaPipeSkel_3d_origin_aligned.npy", lambda: npy(MILLIMETRES)),
    "csv": ("mediapipe_body_3d_xyz.csv", lambda: csv(MILLIMETRES)),
    "csv with a prefix": ("walk_by_trajectory.csv", lambda: csv(MILLIMETRES, "body_")),
    "csv with times": ("freemocap_data.csv", lambda: csv(MILLIMETRES, "body_", "timestamp,")),
    "csv with carriage returns": ("mediapipe_body_3d_xyz.csv", lambda: csv(MILLIMETRES).replace("\n", "\r\n")),
}  # fmt: skip


@pytest.mark.parametrize("title", OUTPUTS)
def test_every_output_of_freemocap_gives_the_motion(title: str, tmp_path: Path) -> None:
    name, content = OUTPUTS[title]
    path = written(tmp_path, name, content())
    assert format_of(FileRef(path)).name == "freemocap"
    clip = read(path)
    assert (clip.layout, clip.frames, clip.bodies) == (MEDIAPIPE33, FRAMES, 1)
    assert_same(clip.to(NTU25))
    np.testing.assert_allclose(joint(clip.to(NTU25), "head")[:, 1], BODY["head"][:, 1], atol=0.002)


def test_a_freemocap_output_without_the_body_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"expected frames x 33, 75, .* found 24 x 21 x 3"):
        read(written(tmp_path, "mediapipe_body_3d_xyz.npy", npy(MILLIMETRES[:, :21])))
    text = csv(MILLIMETRES).replace("left_knee_y", "left_knee_w")
    with pytest.raises(BadFile, match=r"all 33 landmarks of MediaPipe's body, found no 'left_knee'"):
        read(written(tmp_path, "mediapipe_body_3d_xyz.csv", text))
