"""A pack: saved clips are read back unchanged; selections; no pack is ever left half-written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import builders
from pgfa.errors import BadConfig, BadFile, LayoutMismatch
from pgfa.pack import Rejected, is_pack, open_pack, save_pack
from pgfa.skeleton import HDM05, KINECT20, NTU25, Clip, Layout


def make_clip(number: int, frames: int = 4, bodies: int = 1, layout: Layout = KINECT20) -> Clip:
    """The shared clip with a missing joint and a full source."""
    clip = builders.make_clip(
        frames, bodies, layout, rate=29.5 + number, seed=number, problems=("1 empty frames",) * (number % 2),
        dataset="test-set", action=("wave", "kick")[number % 2], variant="left", subject=str(number // 2),
        camera="1", setup="2", digest=f"{number:016x}",
    )  # fmt: skip
    clip.positions[0, 0, 0] = np.nan
    return clip


@pytest.fixture
def clips() -> list[Clip]:
    return [make_clip(number, frames=3 + number, bodies=1 + number % 3) for number in range(6)]


def same(a: Clip, b: Clip) -> bool:
    fields = [(clip.rate, clip.layout, clip.source, clip.problems) for clip in (a, b)]
    return np.array_equal(a.positions, b.positions, equal_nan=True) and fields[0] == fields[1]


def test_clips_are_read_back_unchanged(clips: list[Clip], tmp_path: Path) -> None:
    saved = save_pack(iter(clips), tmp_path / "deep" / "pack", rejected=[Rejected("a.mat", "wrong")])
    for pack in (saved, open_pack(str(tmp_path / "deep" / "pack"))):
        assert len(pack) == 6
        assert all(same(pack.clip(i), clip) for i, clip in enumerate(clips))
        assert same(pack.clip(-1), clips[-1])
        assert pack.rejected == (Rejected("a.mat", "wrong"),)
        assert pack.layout is KINECT20
        assert pack.classes == ("kick", "wave")
        assert pack.actions.tolist() == ["wave", "kick"] * 3
        assert pack.subjects.tolist() == ["0", "0", "1", "1", "2", "2"]
        assert pack.column("frames").tolist() == [3, 4, 5, 6, 7, 8]
        assert pack.datasets == ("test-set",)
        pack.verify()


def test_ragged_is_the_same_rows_on_disk(clips: list[Clip], tmp_path: Path) -> None:
    pack = save_pack(clips, tmp_path / "pack")
    assert len(pack.ragged) == 6
    for rows, clip in zip(pack.ragged, clips, strict=True):
        np.testing.assert_array_equal(rows, clip.positions)
    assert pack.ragged.rate.tolist() == [clip.rate for clip in clips]
    assert not pack.ragged.positions.flags.writeable
    assert isinstance(pack.positions.base, np.memmap)


def test_positions_are_a_plain_npy_file(clips: list[Clip], tmp_path: Path) -> None:
    save_pack(clips, tmp_path / "pack")
    rows = np.load(tmp_path / "pack" / "positions.npy", allow_pickle=False)
    np.testing.assert_array_equal(rows, np.concatenate([clip.positions.reshape(-1, 20, 3) for clip in clips]))


def test_select_shares_the_rows(clips: list[Clip], tmp_path: Path) -> None:
    pack = save_pack(clips, tmp_path / "pack")
    by_mask = pack.select(pack.actions == "kick")
    by_index = pack.select([1, 3, 5])
    assert by_mask.classes == ("kick",)
    assert by_mask.positions is pack.positions
    assert by_mask.digest == by_index.digest != pack.digest
    assert [same(by_mask.clip(i), clips[k]) for i, k in enumerate([1, 3, 5])] == [True] * 3
    assert same(pack.select([4, 0]).select([True, False]).clip(0), clips[4])
    assert pack.select([0, -1]).column("id").tolist() == ["clip-0", "clip-5"]
    assert pack.select(np.arange(6)) is pack
    assert pack.select([0, 1]).digest != pack.select([1, 0]).digest
    assert len(pack.select([])) == len(pack.select([]).ragged) == 0
    np.testing.assert_array_equal(by_mask.ragged.rows(2), clips[5].positions)


@pytest.mark.parametrize("selection", [[True, False], [6], [-7]])
def test_select_outside_is_refused(clips: list[Clip], tmp_path: Path, selection: list[int]) -> None:
    with pytest.raises(IndexError):
        save_pack(clips, tmp_path / "pack").select(selection)


def test_the_digest_depends_on_the_content(clips: list[Clip], tmp_path: Path) -> None:
    first = save_pack(clips, tmp_path / "a")
    assert save_pack(clips, tmp_path / "b").digest == first.digest
    changed = clips[2].positions.copy()
    changed[1, 0, 3, 1] += 1e-3
    assert (
        save_pack([*clips[:2], replace(clips[2], positions=changed), *clips[3:]], tmp_path / "c").digest
        != first.digest
    )
    slower = replace(clips[0], rate=15.0)
    assert save_pack([slower, *clips[1:]], tmp_path / "d").digest != first.digest


def test_equal_clips_give_equal_bytes(clips: list[Clip], tmp_path: Path) -> None:
    save_pack(clips, tmp_path / "a")
    save_pack(clips, tmp_path / "b")
    names = sorted(file.name for file in (tmp_path / "a").iterdir())
    assert names == ["manifest.json", "pack.json", "positions.npy", "rejected.json"]
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)


def test_a_pack_is_replaced_only_when_asked(clips: list[Clip], tmp_path: Path) -> None:
    before = save_pack(clips, tmp_path / "pack")
    with pytest.raises(BadConfig, match="already a complete pack"):
        save_pack(clips[:2], tmp_path / "pack")
    assert open_pack(tmp_path / "pack").digest == before.digest
    assert len(save_pack(clips[:2], tmp_path / "pack", overwrite=True)) == 2
    assert same(before.clip(5), clips[5]), "an open pack still has its rows"
    assert [file.name for file in tmp_path.iterdir()] == ["pack"]


def test_a_folder_that_is_not_a_pack_is_never_replaced(clips: list[Clip], tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(BadConfig, match="not a pack"):
        save_pack(clips, tmp_path / "photos", overwrite=True)
    with pytest.raises(BadConfig, match="not a pack"):
        save_pack(clips, tmp_path / "photos" / "cat.jpg", overwrite=True)
    (tmp_path / "empty").mkdir()
    assert len(save_pack(clips, tmp_path / "empty")) == 6


def test_after_an_error_the_old_pack_is_still_there(clips: list[Clip], tmp_path: Path) -> None:
    def breaking() -> Iterator[Clip]:
        yield from clips[:3]
        raise BadFile("x.mat", expected="a clip", found="nothing")

    before = save_pack(clips, tmp_path / "pack")
    with pytest.raises(BadFile):
        save_pack(breaking(), tmp_path / "pack", overwrite=True)
    with pytest.raises(BadFile):
        save_pack(breaking(), tmp_path / "new")
    assert open_pack(tmp_path / "pack").digest == before.digest
    assert [file.name for file in tmp_path.iterdir()] == ["pack"]


def test_layouts(clips: list[Clip], tmp_path: Path) -> None:
    mixed = [clips[0], make_clip(7, layout=NTU25)]
    with pytest.raises(BadConfig, match="kinect20 and ntu25"):
        save_pack(mixed, tmp_path / "pack")
    pack = save_pack(mixed, tmp_path / "pack", layout="ntu25")
    assert pack.layout is NTU25
    np.testing.assert_array_equal(pack.clip(0).positions, clips[0].to(NTU25).positions)
    with pytest.raises(LayoutMismatch):
        save_pack(clips, tmp_path / "other", layout=HDM05.name)


@pytest.mark.parametrize(
    ("numbers", "match"), [([], "expected at least one clip"), ([1, 2, 1], "found two clips 'clip-1'")]
)
def test_clips_that_cannot_make_a_pack(numbers: list[int], match: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=match):
        save_pack([make_clip(number) for number in numbers], tmp_path / "pack")
    with pytest.raises(BadConfig, match="0 frames"):
        save_pack(
            [make_clip(1), replace(make_clip(2), positions=np.empty((0, 1, 20, 3), np.float32))],
            tmp_path / "pack",
        )
    assert not is_pack(tmp_path / "pack")
