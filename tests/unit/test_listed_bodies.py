"""Bodies as the file lists them: read, stored in packs, taken by `paper` and by nothing else; packs of version 1."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from builders import make_clip
from pgfa.cli.main import main
from pgfa.config import PrepareSettings, RunSettings
from pgfa.errors import BadFile
from pgfa.pack import Pack, import_dataset, listing_note, open_pack, save_pack, summary
from pgfa.prepare import prepare
from pgfa.read import FileRef, read
from pgfa.read.datasets.ntu.reader import read_ntu
from pgfa.read.formats.npz import save_clip
from pgfa.research.reproduce.run import _gaps
from pgfa.skeleton import KINECT20, NTU25, Clip, Ragged
from pgfa.synth import make_clips
from pgfa.synth.skeleton_text import FIRST_ID, skeleton_text
from pgfa.train.corpus import build_corpus

V1 = Path(__file__).parents[1] / "fixtures" / "v1"
PAPER, DEFAULT = (PrepareSettings(recipe=recipe, layout="ntu25") for recipe in ("paper", "default"))
FRAMES = 40


def person(x: float = 0.0, seed: int = 0, frames: int = FRAMES) -> np.ndarray:
    """(frames, 25, 3): a cloud of human size that moves."""
    random = np.random.default_rng(seed)
    joints = random.uniform([-0.3, -0.9, -0.15], [0.3, 0.9, 0.15], size=(25, 3))
    joints += [x, 0, 3]
    sway = 0.1 * np.sin(np.arange(frames) / 5 + seed)[:, None, None]
    return (joints + sway + 0.01 * random.normal(size=(frames, 25, 3))).astype(np.float32)


FURNITURE = np.broadcast_to(person(-2.0, 9)[:1], (FRAMES, 25, 3)) * np.float32([1, 0.1, 1])
PAIR = np.stack([person(0.0, 1), person(1.5, 2)], axis=1)


def clip_of(folder: Path, positions: np.ndarray, ids: np.ndarray | None = None) -> Clip:
    """The bodies, in the order of the array, written as a `.skeleton` file and read."""
    rows = None if ids is None else (FIRST_ID + ids).tolist()
    (folder / "S001C001P001R001A050.skeleton").write_bytes(skeleton_text(positions, rows))
    return read(folder / "S001C001P001R001A050.skeleton")


def prepared(clip: Clip, settings: PrepareSettings) -> np.ndarray:
    return prepare(Ragged.from_clips([clip]), settings).positions[0]


def plain(positions: np.ndarray) -> Clip:
    """A clip with no other list of bodies than its positions."""
    return Clip(positions.astype(np.float32), 30.0, NTU25)


def test_a_pair_in_the_order_of_the_file_is_stored_once(tmp_path: Path) -> None:
    assert clip_of(tmp_path, PAIR).listed is None
    assert clip_of(tmp_path, PAIR[:, :1]).listed is None


def test_swapping_the_listing_swaps_slots_and_nothing_else(tmp_path: Path) -> None:
    clip = clip_of(tmp_path, PAIR)
    swapped = clip_of(tmp_path, PAIR[:, ::-1], np.tile([1, 0], (FRAMES, 1)))
    np.testing.assert_array_equal(swapped.positions, clip.positions[:, ::-1])
    assert (swapped.listed, swapped.problems) == (None, clip.problems)
    np.testing.assert_array_equal(prepared(swapped, PAPER), prepared(clip, PAPER)[:, ::-1])
    np.testing.assert_array_equal(prepared(swapped, DEFAULT), prepared(clip, DEFAULT))


def test_an_order_that_changes_within_the_clip_is_that_of_the_file(tmp_path: Path) -> None:
    order = np.where(np.arange(FRAMES)[:, None] < 25, [0, 1], [1, 0])
    listed = np.take_along_axis(PAIR, order[..., None, None], axis=1)
    clip = clip_of(tmp_path, listed, order)
    np.testing.assert_allclose(clip.positions, PAIR, atol=1e-6)
    assert clip.listed is not None
    np.testing.assert_allclose(clip.listed, listed, atol=1e-6)
    np.testing.assert_allclose(prepared(clip, PAPER), prepared(plain(listed), PAPER), atol=1e-5)
    np.testing.assert_array_equal(prepared(clip, DEFAULT), prepared(clip_of(tmp_path, PAIR), DEFAULT))


def test_a_third_body_listed_second_is_the_second_under_paper_only(tmp_path: Path) -> None:
    three = np.stack([PAIR[:, 0], FURNITURE, PAIR[:, 1]], axis=1)
    clip = clip_of(tmp_path, three)
    np.testing.assert_allclose(clip.positions, PAIR, atol=1e-6)
    np.testing.assert_allclose(clip.listed, three, atol=1e-6)
    np.testing.assert_allclose(prepared(clip, PAPER), prepared(plain(three[:, :2]), PAPER), atol=1e-4)
    np.testing.assert_array_equal(prepared(clip, DEFAULT), prepared(clip_of(tmp_path, PAIR), DEFAULT))
    third = prepare(Ragged.from_clips([clip]), PrepareSettings(recipe="paper", layout="ntu25", bodies=3))
    np.testing.assert_allclose(third.positions[0, :, 2], prepared(plain(PAIR), PAPER)[:, 1], atol=1e-4)


def test_the_next_body_of_an_ntu_file_moves_up_when_the_first_is_lost(tmp_path: Path) -> None:
    lost = PAIR.copy()
    lost[10:15, 0] = np.nan
    clip = clip_of(tmp_path, lost)
    expected = lost.copy()
    expected[10:15, 0], expected[10:15, 1] = lost[10:15, 1], np.nan
    np.testing.assert_allclose(clip.positions, lost, atol=1e-6)
    np.testing.assert_allclose(clip.listed, expected, atol=1e-6)


def test_a_body_of_zeros_counts_among_the_listed(tmp_path: Path) -> None:
    zeros = PAIR.copy()
    zeros[5:9, 0] = 0
    clip = clip_of(tmp_path, zeros)
    assert clip.listed is None, "both slots are as in the file"
    assert np.isnan(clip.positions[5:9, 0]).all()
    single = np.stack([np.zeros_like(PAIR[:, 0]), PAIR[:, 1]], axis=1)
    clip = clip_of(tmp_path, single)
    assert clip.bodies == 1
    assert clip.listed is not None
    assert np.isnan(clip.listed[:, 0]).all()
    np.testing.assert_array_equal(clip.listed[:, 1], clip.positions[:, 0])
    ragged = Ragged.from_clips([clip])
    assert not prepare(ragged, PAPER).present.any(), "the authors' length is 0"
    assert prepare(ragged, DEFAULT).present.tolist() == [[True, False]]


def test_more_bodies_than_slots_leave_the_listing_whole(tmp_path: Path) -> None:
    six = np.stack([FURNITURE + shift for shift in range(4)] + [PAIR[:, 0], PAIR[:, 1]], axis=1)
    clip = clip_of(tmp_path, six)
    np.testing.assert_allclose(clip.listed, six, atol=1e-6)
    whole = read_ntu(FileRef(tmp_path / "S001C001P001R001A050.skeleton"), bodies=None)
    assert (whole.bodies, whole.listed) == (6, None)


def test_an_absent_body_of_other_formats_keeps_its_slot() -> None:
    absent = PAIR.copy()
    absent[:8, 0] = np.nan
    positions = prepared(plain(absent), PAPER)
    filled = prepared(plain(np.nan_to_num(absent)), PAPER)
    np.testing.assert_array_equal(positions, filled)
    assert not positions[0, 0].any()
    assert positions[0, 1].any()


def clips_with_lists() -> list[Clip]:
    clips = [make_clip(5 + number, 1 + number % 3, seed=number) for number in range(5)]
    lists = {1: 3, 3: 1}
    for number, bodies in lists.items():
        listed = make_clip(clips[number].frames, bodies, seed=100 + number).positions
        clips[number] = replace(clips[number], listed=listed)
    return clips


def test_a_pack_has_both(tmp_path: Path) -> None:
    clips = clips_with_lists()
    pack = save_pack(clips, tmp_path / "pack")
    pack.verify()
    assert pack.column("listed").tolist() == [0, 3, 0, 1, 0]
    for part, numbers in ((pack, range(5)), (pack.select([3, 0, 1]), [3, 0, 1])):
        listed = part.ragged.as_listed()
        for index, number in enumerate(numbers):
            clip, stored = clips[number], part.clip(index)
            assert (stored.listed is None) == (clip.listed is None)
            own = clip.positions if clip.listed is None else clip.listed
            np.testing.assert_array_equal(stored.positions, clip.positions)
            np.testing.assert_array_equal(part.ragged.rows(index), clip.positions)
            np.testing.assert_array_equal(listed.rows(index), own)
            np.testing.assert_array_equal(own, stored.positions if clip.listed is None else stored.listed)
    for recipe, taken in (("paper", "listed"), ("default", "positions")):
        arrays = [c.positions if c.listed is None else getattr(c, taken) for c in clips]
        without = [
            replace(clip, positions=array, listed=None) for clip, array in zip(clips, arrays, strict=True)
        ]
        settings = PrepareSettings(recipe=recipe, layout="kinect20")
        expected = prepare(Ragged.from_clips(without), settings)
        for ragged in (pack.ragged, Ragged.from_clips(clips)):
            np.testing.assert_array_equal(prepare(ragged, settings).positions, expected.positions)
    assert "the file lists others, or in another order, in 2 clips" in str(summary(pack))
    assert listing_note(pack) == ""


def test_the_digest_depends_on_the_list(tmp_path: Path) -> None:
    clips = clips_with_lists()
    pack = save_pack(clips, tmp_path / "a")
    without = save_pack([replace(clip, listed=None) for clip in clips], tmp_path / "b")
    assert clips[1].listed is not None
    changed = clips[1].listed.copy()
    changed[0, 0, 0, 0] += 1
    clips[1] = replace(clips[1], listed=changed)
    assert len({pack.digest, without.digest, save_pack(clips, tmp_path / "c").digest}) == 3


def test_an_import_stores_both_and_converts_both(tmp_path: Path) -> None:
    source = tmp_path / "data"
    source.mkdir()
    three = np.stack([PAIR[:, 0], FURNITURE, PAIR[:, 1]], axis=1)
    clip = clip_of(source, three)
    for layout in (NTU25, KINECT20):
        import_dataset("ntu", source, tmp_path / layout.name, jobs=1, layout=layout.name, progress=False)
        stored = open_pack(tmp_path / layout.name).clip(0)
        np.testing.assert_array_equal(stored.positions, clip.to(layout).positions)
        np.testing.assert_array_equal(stored.listed, clip.to(layout).listed)
    assert stored.listed is not None
    assert stored.listed.shape == (FRAMES, 3, 20, 3)


def test_a_clip_file_has_both(tmp_path: Path) -> None:
    clip = clips_with_lists()[1]
    save_clip(tmp_path / "clip.npz", clip)
    stored = read(tmp_path / "clip.npz")
    np.testing.assert_array_equal(stored.positions, clip.positions)
    np.testing.assert_array_equal(stored.listed, clip.listed)
    for wrong, match in (
        (clip.positions[:, :, :5], "5 x 3"),
        (clip.positions[:2], "6 frames, as in positions"),
    ):
        fields = dict(np.load(tmp_path / "clip.npz")) | {"listed": wrong}
        np.savez(tmp_path / "wrong.npz", **fields)
        with pytest.raises(BadFile, match=rf"field listed.*{match}"):
            read(tmp_path / "wrong.npz")


def test_changes_of_a_clip_apply_to_both_or_drop_the_list() -> None:
    clip = clips_with_lists()[1]
    assert clip.listed is not None
    flat = clip.without_depth(0.3)
    np.testing.assert_array_equal(
        flat.listed, replace(clip, positions=clip.listed).without_depth(0.3).positions
    )
    assert clip.with_positions(clip.positions[:2]).listed is None
    assert clip.with_positions(clip.positions, rate=15.0).rate == 15.0
    for wrong in (clip.listed[:2], clip.listed[:, :0], clip.listed.astype(np.float64), clip.listed[0]):
        with pytest.raises(
            ValueError, match="listed must be float32 with the frames and joints of positions"
        ):
            replace(clip, listed=wrong)


def old_pack() -> Pack:
    """Written by pgfa with version 1, from one body, a pair whose first is lost, and a third body listed second."""
    return open_pack(V1 / "pack-bodies")


@pytest.mark.parametrize("recipe", ["paper", "default"])
def test_a_pack_of_version_1_gives_the_arrays_it_gave(recipe: str) -> None:
    pack = old_pack()
    pack.verify()
    settings = PrepareSettings(recipe=recipe, frames=8, layout="kinect20", soft_ends=False)
    expected = np.load(V1 / "pack-bodies.npz")[recipe]
    np.testing.assert_allclose(prepare(pack.ragged, settings).positions, expected, atol=1e-6)
    clips = Ragged.from_clips([pack.clip(index) for index in range(len(pack))])
    np.testing.assert_allclose(prepare(clips, settings).positions, expected, atol=1e-6)


def test_a_pack_of_version_1_says_what_paper_does_not_do(capsys: pytest.CaptureFixture[str]) -> None:
    note = listing_note(old_pack())
    assert "\n" not in note
    assert "three or more bodies in the file (1 of 3)" in note
    assert "import again" in note
    with pytest.raises(SystemExit, match="0"):
        main(["inspect", str(V1 / "pack-bodies")])
    assert note in capsys.readouterr().out
    assert listing_note(open_pack(V1 / "pack")) == "", "one body per clip: nothing differs"


@pytest.mark.parametrize("recipe", ["paper", "default"])
def test_a_run_with_paper_on_a_pack_of_version_1_has_the_note(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGFA_CACHE", str(tmp_path))
    pack = str(V1 / "pack-bodies")
    settings = RunSettings(recipe=recipe, packs=(pack,), split="ntu60/unseen:kick-person")
    corpus = build_corpus(settings)
    notes = [line for line in str(corpus).splitlines() if "import again" in line]
    assert notes == ([listing_note(old_pack())] if recipe == "paper" else [])


def test_train_and_evaluate_print_the_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PGFA_CACHE", str(tmp_path / "cache"))
    run = str(tmp_path / "run")
    options = {
        "recipe": "paper", "pack": V1 / "pack-bodies", "split": "ntu60/unseen:kick-person", "out": run,
        "device": "cpu", "text.encoder": "minilm", "prepare.frames": 8, "train.epochs": 1, "train.batch-size": 2,
        "model.channels": 4, "model.strides": 2,
    }  # fmt: skip
    train = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    for command in (["train", *train], ["evaluate", run, "--device", "cpu"]):
        with pytest.raises(SystemExit) as exit:
            main(command)
        assert exit.value.code == 0
        assert capsys.readouterr().err.count(listing_note(old_pack())) == 1
    assert "import again to correct this" in (tmp_path / "run" / "report.html").read_text()
    assert any("import again" in note for note in _gaps({"ntu60": V1 / "pack-bodies"}))


def test_importing_again_corrects_it(tmp_path: Path) -> None:
    source = tmp_path / "data"
    source.mkdir()
    three = np.stack([PAIR[:, 0], FURNITURE, PAIR[:, 1]], axis=1)
    clip_of(source, three)
    import_dataset("ntu60", source, tmp_path / "pack", jobs=1, progress=False)
    assert listing_note(open_pack(tmp_path / "pack")) == ""


def test_packs_of_single_bodies_keep_their_digest(tmp_path: Path) -> None:
    """So that results and prepared clips of earlier versions stay valid; packs with several bodies get another."""
    actions = ("wave", "clap", "squat", "bow", "kick-forward", "salute")
    clips = make_clips(seed=0, performers=3, repeats=1, actions=actions)
    pack = save_pack(clips, tmp_path / "pack")
    assert pack.digest == open_pack(V1 / "pack").digest
    old = old_pack()
    again = save_pack([replace(old.clip(index), listed=None) for index in range(3)], tmp_path / "again")
    np.testing.assert_array_equal(again.positions, old.positions)
    assert again.digest != old.digest
