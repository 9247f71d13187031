"""However the markers of a body are listed, named, turned, moved and measured: the same joints, or a refusal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optical_motion import BODY, HALPE26, OPENCAP, PLUG_IN_GAIT, joints, markers, upright
from pgfa.errors import BadFile, LimitExceeded
from pgfa.read.parsing.cells import numbers_of
from pgfa.read.parsing.markers import bodies_of, spread
from pgfa.read.source import FileRef, as_ref
from pgfa.skeleton import NTU25

SETS = {"keypoints": HALPE26, "pairs": OPENCAP, "Plug-in Gait": PLUG_IN_GAIT}
FILE = as_ref("x.trc")


@settings(max_examples=60, deadline=None, database=None)
@given(
    title=st.sampled_from(sorted(SETS)),
    seed=st.integers(0, 10_000),
    turn=st.floats(0, 2 * np.pi),
    scale=st.sampled_from([1.0, 100.0, 1000.0]),
    up=st.sampled_from(["y", "z", "-y", "x"]),
    separator=st.sampled_from([":", "_", ".", " "]),
)
def test_joints_follow_the_markers(
    title: str, seed: int, turn: float, scale: float, up: str, separator: str
) -> None:
    """Rules are means with weights that add to one: they commute with every change of axes, unit and order."""
    points = markers(BODY, SETS[title])
    plain, _ = bodies_of("x", list(points), np.stack(list(points.values()), 1))
    random = np.random.default_rng(seed)
    order = random.permutation(len(points))
    cosine, sine = np.cos(turn), np.sin(turn)
    rotation = np.array([[cosine, 0, -sine], [0, 1, 0], [sine, 0, cosine]])
    offset = random.normal(size=3) * 5

    def moved(places: np.ndarray) -> np.ndarray:
        return upright(places @ rotation + offset, up) * scale

    names = [f"Anna 1{separator}{list(points)[index]}" for index in order]
    columns = np.stack([moved(list(points.values())[index]) for index in order], 1)
    bodies, _ = bodies_of("x", names, columns)
    np.testing.assert_allclose(bodies, moved(plain), atol=1e-6 * scale)


@settings(max_examples=60, deadline=None, database=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 0.9))
def test_hidden_markers_move_no_joint(seed: int, share: float) -> None:
    """What is left is where it was to within the width of a joint, or absent; a marker less is no other body."""
    points = markers(joints(40), OPENCAP)
    full, _ = bodies_of("x", list(points), np.stack(list(points.values()), 1))
    stacked = np.stack(list(points.values()), 1)
    stacked[np.random.default_rng(seed).random(stacked.shape[:2]) < share] = np.nan
    try:
        bodies, _ = bodies_of("x", list(points), stacked)
    except BadFile:
        return
    for name in NTU25.joints:
        if name.partition("_")[0] in ("knee", "ankle", "elbow", "wrist", "shoulder", "hip"):
            row = NTU25.index(name)
            distance = np.linalg.norm(bodies[:, 0, row] - full[:, 0, row], axis=-1)
            assert not np.isfinite(distance).any() or np.nanmax(distance) < 0.06, name


def test_a_small_file_makes_no_large_array() -> None:
    text = ["1\t2"] * 50_000
    with pytest.raises(LimitExceeded, match="50,000 lines of 6,000 numbers"):
        numbers_of(FILE, text, range(len(text)), separator="\t", width=6000)
    with pytest.raises(LimitExceeded, match="frames left out between 3"):
        spread(FILE, np.array([0.0, 1.0, 90_000.0]), np.zeros((3, 200, 3)))


def test_the_line_of_a_wrong_cell_is_named() -> None:
    with pytest.raises(BadFile, match=r"line 2, cell 3: expected a number, found '1x'"):
        numbers_of(FileRef(FILE.path), ["1;2;3", "1,5;2;1x"], range(2), separator=";", width=3)
    numbers = numbers_of(FILE, ["1,5;;3", "4;5", ""], range(2), separator=";", width=3)
    np.testing.assert_array_equal(numbers, [[1.5, np.nan, 3], [4, 5, np.nan]])
    with pytest.raises(
        BadFile, match=r"line 2: expected 3 cells, as in the line before .*cut off.*, found 2"
    ):
        numbers_of(FileRef(FILE.path), ["1,5;;3", "4;5"], range(2), separator=";", width=3)
