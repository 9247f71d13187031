"""Any bodies, listed in any order in each frame: `paper` takes the order of the file, `default` does not see it."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pgfa.config import PrepareSettings
from pgfa.pack import open_pack, save_pack
from pgfa.prepare import prepare
from pgfa.read import FileRef
from pgfa.read.datasets.ntu.reader import read_ntu
from pgfa.read.datasets.ntu.text import parse_text
from pgfa.skeleton import NTU25, Clip, Ragged
from pgfa.synth.skeleton_text import FIRST_ID, skeleton_text

FRAMES = 14


@st.composite
def recordings(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """(frames, bodies, 25, 3) as listed, NaN where not listed, and (frames, bodies) tracking ids."""
    bodies = draw(st.integers(1, 4))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    joints = random.uniform([-0.3, -0.9, -0.2], [0.3, 0.9, 0.2], size=(1, bodies, 25, 3))
    joints = joints + np.arange(bodies)[:, None, None] * [1.2, 0, 0] + [0, 0, 3]
    moving = joints + 0.05 * random.normal(size=(FRAMES, bodies, 25, 3))
    moving[random.random((FRAMES, bodies)) < draw(st.sampled_from([0, 0.2, 0.6]))] = np.nan
    moving[random.random((FRAMES, bodies)) < draw(st.sampled_from([0, 0.1]))] = 0
    moving[0, 0] = joints[0, 0]
    shuffled = random.random(FRAMES) < draw(st.sampled_from([0, 0.3, 1]))
    order = np.stack([random.permutation(bodies) if s else np.arange(bodies) for s in shuffled])
    listed = np.take_along_axis(moving, order[..., None, None], axis=1)
    return listed.astype(np.float32), FIRST_ID + order


def in_file_order(raw: bytes) -> np.ndarray:
    """(frames, bodies, 25, 3) by the simplest loop, 0 where absent."""
    rows = parse_text(raw, "")
    out = np.zeros((rows.frames, 8, 25, 3), dtype=np.float32)
    for frame in range(rows.frames):
        for number, body in enumerate(rows.joints[rows.frame == frame]):
            out[frame, number] = body
    return out


@settings(max_examples=60, deadline=None)
@given(recordings(), st.integers(1, 4))
def test_paper_is_the_file_and_default_is_the_people(
    recording: tuple[np.ndarray, np.ndarray], bodies: int
) -> None:
    raw = skeleton_text(recording[0], recording[1].tolist())
    paper = PrepareSettings(recipe="paper", layout="ntu25", bodies=bodies)
    default = PrepareSettings(layout="ntu25", bodies=bodies)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "S001C001P001R001A050.skeleton").write_bytes(raw)
        clip = read_ntu(FileRef(Path(folder) / "S001C001P001R001A050.skeleton"))
        pack = save_pack([clip], Path(folder) / "pack")
        ragged = open_pack(pack.folder).ragged
        expected = prepare(Ragged.from_clips([Clip(in_file_order(raw), 30.0, NTU25)]), paper)
        result = prepare(ragged, paper)
        np.testing.assert_array_equal(result.positions, expected.positions)
        np.testing.assert_array_equal(result.present, expected.present)
        people = Ragged.from_clips([replace(clip, listed=None)])
        np.testing.assert_array_equal(prepare(ragged, default).positions, prepare(people, default).positions)
