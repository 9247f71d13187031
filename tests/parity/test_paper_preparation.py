"""The `paper` recipe against the output of the original preparation for the same recordings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pgfa.config import PrepareSettings
from pgfa.prepare import prepare
from pgfa.read.datasets.ntu.reader import read_ntu
from pgfa.read.source import FileRef
from pgfa.skeleton import Clip
from pgfa.skeleton.layouts import NTU25
from pgfa.skeleton.ragged import Ragged

pytestmark = pytest.mark.parity


def oracle(path: Path) -> np.ndarray:
    """(frames, 2, 25, 3): the first two bodies in file order per frame, NaN where absent. Uses no other code."""
    lines = iter(path.read_text().split("\n"))
    positions = np.full((int(next(lines)), 2, 25, 3), np.nan, dtype=np.float32)
    for frame in positions:
        for body in range(int(next(lines))):
            next(lines)  # tracking id and flags
            rows = [[float(n) for n in next(lines).split()[:3]] for _ in range(int(next(lines)))]
            if body < 2:
                frame[body] = rows
    return positions


def pgfa_reader(path: Path) -> np.ndarray:
    """The file by the reader of pgfa, where a slot is a person and not a position in the file."""
    return read_ntu(FileRef(path), bodies=None).positions


@pytest.mark.parametrize("reader", [oracle, pgfa_reader])
def test_equals_the_original(parity: Path, reader: Callable[[Path], np.ndarray]) -> None:
    reference = np.load(parity / "ntu_prepared.npz")
    files = sorted((parity / "ntu_raw").glob("*.skeleton"))
    assert {file.stem for file in files} == set(reference.files)
    clips = Ragged.from_clips([Clip(reader(file), 30.0, NTU25) for file in files])
    prepared = prepare(clips, PrepareSettings(recipe="paper"))
    for file, positions, present in zip(files, prepared.positions, prepared.present, strict=True):
        # The original's axes are (xyz, frames, joints, bodies).
        np.testing.assert_allclose(
            positions.transpose(3, 0, 2, 1), reference[file.stem], atol=1e-4, err_msg=file.stem
        )
        assert present.tolist() == [True, bool(reference[file.stem][..., 1].any())]


def test_two_people_facing_each_other_equal_the_original(parity: Path) -> None:
    """At several angles, with a third body listed second, and with the order of listing swapped."""
    reference = np.load(parity / "ntu_prepared_two.npz")
    files = sorted((parity / "ntu_raw_two").glob("*.skeleton"))
    assert files
    clips = Ragged.from_clips([Clip(oracle(file), 30.0, NTU25) for file in files])
    prepared = prepare(clips, PrepareSettings(recipe="paper"))
    for file, positions in zip(files, prepared.positions, strict=True):
        np.testing.assert_allclose(
            positions.transpose(3, 0, 2, 1), reference[file.stem], atol=1e-4, err_msg=file.stem
        )
