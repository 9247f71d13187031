"""The `paper` recipe against the output of the original preparation for the same recordings, and how it gets there:
files read by pgfa's readers, imported into one pack, prepared from that pack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgfa.config import PrepareSettings
from pgfa.pack import Pack, import_dataset, open_pack
from pgfa.prepare import prepare
from pgfa.skeleton import Clip
from pgfa.skeleton.layouts import NTU25
from pgfa.skeleton.ragged import Ragged
from pgfa.synth.skeleton_text import stream_text

pytestmark = pytest.mark.parity

PAPER = PrepareSettings(recipe="paper")
PKU = ("pku_first_absent_at_start", "pku_first_absent_inside")


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


def imported(format: str, source: Path, out: Path) -> Pack:
    import_dataset(format, source, out, jobs=1, progress=False)
    return open_pack(out)


def assert_equal(clips: Ragged, names: list[str], reference: dict[str, np.ndarray]) -> None:
    """Prepared clips against the original's, whose axes are (xyz, frames, joints, bodies)."""
    prepared = prepare(clips, PAPER)
    for name, positions, present in zip(names, prepared.positions, prepared.present, strict=True):
        np.testing.assert_allclose(positions.transpose(3, 0, 2, 1), reference[name], atol=1e-4, err_msg=name)
        assert present.tolist() == [True, bool(reference[name][..., 1].any())], name


@pytest.mark.parametrize(("folder", "clips"), [("ntu_raw", 6), ("ntu_raw_two", 7)])
def test_the_preparation_equals_the_original(parity: Path, folder: str, clips: int) -> None:
    reference = np.load(parity / f"{folder.replace('raw', 'prepared')}.npz")
    files = sorted((parity / folder).glob("*.skeleton"))
    assert len(files) == clips
    ragged = Ragged.from_clips([Clip(oracle(file), 30.0, NTU25) for file in files])
    assert_equal(ragged, [file.stem for file in files], reference)


@pytest.mark.parametrize(("folder", "clips"), [("ntu_raw", 6), ("ntu_raw_two", 7)])
def test_ntu_from_the_file_to_the_array_equals_the_original(
    parity: Path, tmp_path: Path, folder: str, clips: int
) -> None:
    """Two people who face each other at several angles, a third body listed second, and swapped order among them."""
    pack = imported("ntu", parity / folder, tmp_path / "pack")
    names = pack.column("id").tolist()
    assert len(names) == clips
    assert_equal(pack.ragged, names, np.load(parity / f"{folder.replace('raw', 'prepared')}.npz"))
    own = Ragged.from_clips([pack.clip(index) for index in range(clips)])
    assert_equal(own, names, np.load(parity / f"{folder.replace('raw', 'prepared')}.npz"))


def test_a_third_body_listed_second_is_stored_and_dropped_by_default(parity: Path, tmp_path: Path) -> None:
    pack = imported("ntu", parity / "ntu_raw_two", tmp_path / "pack")
    clip = pack.clip(pack.index_of("S005C001P021R001A050"))
    assert clip.problems == ("3 bodies, kept 2",)
    assert clip.listed is not None
    assert (clip.bodies, clip.listed.shape[1]) == (2, 3)
    np.testing.assert_array_equal(clip.listed[:, [0, 2]], clip.positions)
    assert pack.column("listed").tolist() == [0, 0, 0, 0, 0, 3, 0]


def test_pku_from_the_stream_to_the_array_equals_the_original(parity: Path, tmp_path: Path) -> None:
    """The first body is absent in some frames: it keeps its slot."""
    stored = np.load(parity / "ntu_prepared_two.npz")
    for part in ("PKU_Skeleton_Renew", "Train_Label_PKU_final"):
        (tmp_path / "pku" / part).mkdir(parents=True)
    for number, name in enumerate(PKU, 2):
        positions = stored[f"{name}_input"]
        positions[(positions == 0).all((2, 3))] = np.nan
        stream = tmp_path / "pku" / "PKU_Skeleton_Renew" / f"{number:04}-L.txt"
        stream.write_bytes(stream_text(positions))
        labels = tmp_path / "pku" / "Train_Label_PKU_final" / stream.name
        labels.write_text(f"14,1,{len(positions)},2\n")
    pack = imported("pku-mmd", tmp_path / "pku", tmp_path / "pack")
    assert_equal(pack.ragged, list(PKU), stored)
    assert_equal(Ragged.from_clips([pack.clip(0), pack.clip(1)]), list(PKU), stored)


def test_every_reference_is_compared(parity: Path) -> None:
    names = {name for name in np.load(parity / "ntu_prepared_two.npz").files if not name.endswith("_input")}
    assert names == {file.stem for file in (parity / "ntu_raw_two").glob("*.skeleton")} | set(PKU)
    files = {file.stem for file in (parity / "ntu_raw").glob("*.skeleton")}
    assert files == set(np.load(parity / "ntu_prepared.npz").files)
