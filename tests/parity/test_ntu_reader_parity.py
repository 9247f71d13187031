"""Real motion in the NTU form: the reader against the plainest loop there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgfa.read.datasets.ntu.names import dropped_names
from pgfa.read.datasets.ntu.official import official_names
from pgfa.read.datasets.ntu.reader import find_ntu, read_ntu
from pgfa.read.datasets.ntu.text import parse_fast

pytestmark = pytest.mark.parity


def plain(path: Path) -> np.ndarray:
    """(frames, 2, 25, 3), bodies in the order of the file, NaN where absent."""
    lines = iter(path.read_text().split("\n"))
    positions = np.full((int(next(lines)), 2, 25, 3), np.nan, dtype=np.float32)
    for frame in positions:
        for body in range(int(next(lines))):
            next(lines)
            for joint in range(int(next(lines))):
                frame[body, joint] = [float(word) for word in next(lines).split()[:3]]
    return positions


def test_every_number_is_the_one_in_the_file(parity: Path) -> None:
    refs = find_ntu(parity / "ntu_raw")
    assert len(refs) == 6
    for ref in refs:
        assert parse_fast(ref.read()) is not None, "a well-formed file went the slow way"
        clip = read_ntu(ref)
        whole = np.full((clip.frames, 2, 25, 3), np.nan, dtype=np.float32)
        listed = clip.positions if clip.listed is None else clip.listed
        whole[:, : listed.shape[1]] = listed
        np.testing.assert_array_equal(whole, plain(ref.path))


def test_the_second_person_keeps_the_slot_when_the_first_is_lost(parity: Path) -> None:
    clip = read_ntu(next(ref for ref in find_ntu(parity / "ntu_raw") if ref.stem.endswith("A061")))
    seen = np.isfinite(clip.positions).all(axis=(2, 3))
    assert seen[-4:].tolist() == [[False, True]] * 4
    assert seen[:-4].all()


@pytest.mark.real
def test_the_official_list_is_the_list_of_available_names(shared_data: Path) -> None:
    import gzip

    available = (
        gzip.decompress((shared_data / "ntu/ntu120_available_names.txt.gz").read_bytes()).decode().split()
    )
    assert set(official_names("ntu120")) - dropped_names("ntu120") == set(available)
