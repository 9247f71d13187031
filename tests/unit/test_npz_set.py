"""Many clips in one .npz: round trip, names of classes, damaged fields, import."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgfa.cli.main import main
from pgfa.errors import BadFile, LimitExceeded
from pgfa.pack import open_pack
from pgfa.read import format_of, is_collection, read, read_all
from pgfa.read.formats import npz_set
from pgfa.read.formats.npz_set import class_of
from pgfa.read.source import FileRef
from pgfa.skeleton import KINECT20, Clip
from pgfa.text import catalogue

FRAMES = (3, 5, 2)
OFFSETS = [0, 3, 8, 10]


def set_fields(**changes: Any) -> dict[str, Any]:
    """The fields of a set of three clips; a change to None removes one."""
    fields = {
        "positions": np.random.default_rng(0).normal(size=(10, 20, 3)).astype(np.float32),
        "offsets": np.array(OFFSETS),
        "joints": np.array(KINECT20.joints),
        "fps": np.array([30, 60, 12.5]),
        "name": np.array(["a", "", "c"]),
        "label": np.array(["Wave, both hands", "Jump!", ""]),
        "subject": np.array(["p1", "p2", ""]),
        "variant": np.array(["", "high", ""]),
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


def write(path: Path, **changes: Any) -> Path:
    np.savez(path, **set_fields(**changes))
    return path


def test_all_clips_in_order(tmp_path: Path) -> None:
    positions = set_fields()["positions"]
    positions[4, 7] = np.nan
    file = write(tmp_path / "my-set.npz", positions=positions)
    assert format_of(FileRef(file)).name == "npz"
    assert not is_collection(file)
    clips = read_all(file)
    assert all(isinstance(clip, Clip) for clip in clips)
    for clip, first, stop, rate in zip(clips, OFFSETS[:-1], OFFSETS[1:], (30, 60, 12.5), strict=True):
        np.testing.assert_array_equal(clip.positions[:, 0], positions[first:stop])
        assert (clip.rate, clip.layout, clip.source.dataset) == (rate, KINECT20, "my-set")
    sources = [clip.source for clip in clips]
    assert [s.id for s in sources] == ["a", "my-set_2", "c"]
    assert [s.action for s in sources] == ["wave-both-hands", "jump", ""]
    assert [s.variant for s in sources] == ["Wave, both hands", "high", ""]
    assert [s.subject for s in sources] == ["p1", "p2", ""]
    assert len({s.digest for s in sources}) == 3


def test_read_gives_the_first_clip_and_counts_them(tmp_path: Path) -> None:
    clip = read(write(tmp_path / "s.npz"))
    assert clip.frames == FRAMES[0]
    assert clip.problems == ("first of 3 recordings in the file",)


def test_a_digest_depends_on_the_numbers_of_its_clip_alone(tmp_path: Path) -> None:
    before = [clip.source.digest for clip in read_all(write(tmp_path / "s.npz"))]
    positions = set_fields()["positions"]
    positions[9, 0, 0] += 1
    after = [clip.source.digest for clip in read_all(write(tmp_path / "s.npz", positions=positions))]
    assert [a == b for a, b in zip(after, before, strict=True)] == [True, True, False]


def test_only_required_fields_and_whole_numbers(tmp_path: Path) -> None:
    bare = dict.fromkeys(npz_set.TEXTS) | {"positions": np.arange(600).reshape(10, 20, 3)}
    clips = read_all(write(tmp_path / "s.npz", **bare))
    np.testing.assert_array_equal(clips[2].positions[:, 0], bare["positions"][8:])
    assert [(c.source.id, c.source.action) for c in clips] == [("s_1", ""), ("s_2", ""), ("s_3", "")]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"positions": None}, "field positions: .*no such field"),
        ({"positions": np.zeros((10, 20, 2), np.float32)}, r"field positions: expected rows x 20 x 3, .*10 x 20 x 2"),
        ({"positions": np.zeros((10, 60), np.float32)}, "field positions: .*10 x 60"),
        ({"positions": np.full((10, 20, 3), "1")}, "field positions: .*type <U1"),
        ({"joints": None}, "field joints: .*no such field"),
        ({"joints": np.array(KINECT20.joints[::-1])}, "field joints: expected the joints of a known layout"),
        ({"joints": np.arange(20)}, "field joints: expected names of joints"),
        ({"offsets": np.array([0, 3, 8, 11])}, r"field offsets: expected rising numbers from 0 to 10, .*11"),
        ({"offsets": np.array([0, 3, 3, 10])}, "field offsets: expected rising"),
        ({"offsets": np.array([0, 8, 3, 10])}, "field offsets: expected rising"),
        ({"offsets": np.array([1, 3, 8, 10])}, "field offsets: expected rising"),
        ({"offsets": np.array([0])}, "field offsets: expected rising"),
        ({"offsets": np.array([], dtype=np.int64)}, "field offsets: expected rising"),
        ({"offsets": np.array([0, 3, 2**64 - 1, 10], np.uint64)}, "field offsets: expected rising"),
        ({"offsets": np.array([0.0, 3, 8, 10])}, "field offsets: expected whole numbers"),
        ({"fps": None}, "field fps: .*no such field"),
        ({"fps": np.array([30.0, 30])}, "field fps: expected 3 values, one per clip, found 2"),
        ({"fps": np.array(["30"] * 3)}, "field fps: .*type <U2"),
        ({"label": np.array(["a"] * 4)}, "field label: expected 3 values, one per clip, found 4"),
        ({"subject": np.arange(3)}, "field subject: .*type int64"),
    ],
)  # fmt: skip
def test_a_damaged_field_is_named(change: dict[str, Any], where: str, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=rf"s\.npz, {where}"):
        read_all(write(tmp_path / "s.npz", **change))


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", **set_fields(label=np.array(["a", "b", None], dtype=object)))
    with pytest.raises(BadFile, match="field label"):
        read_all(tmp_path / "s.npz")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"fps": np.array([30, 0, 30])}, "clip 2, field fps"),
        ({"fps": np.array([30, np.nan, 30])}, "clip 2, field fps"),
        ({"positions": np.nan}, "clip 2: expected a person"),
        ({"positions": 2000.0}, "clip 2"),
        ({"positions": np.inf}, "clip 2"),
    ],
)
def test_a_clip_that_cannot_be_used_leaves_the_others(
    change: dict[str, Any], where: str, tmp_path: Path
) -> None:
    if "positions" in change:
        positions = set_fields()["positions"]
        positions[3:8] = change["positions"]
        change = {"positions": positions}
    first, error, last = read_all(write(tmp_path / "s.npz", **change))
    assert isinstance(first, Clip)
    assert isinstance(last, Clip)
    assert isinstance(error, BadFile)
    assert f"s.npz, {where}" in str(error)


def test_an_unusable_first_clip_is_the_error_of_read(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="clip 1, field fps"):
        read(write(tmp_path / "s.npz", fps=np.array([0, 30, 30])))


def test_too_many_clips_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz_set, "MAX_CLIPS", 2)
    with pytest.raises(LimitExceeded, match="3 clips, more than the limit of 2"):
        read_all(write(tmp_path / "s.npz"))


def test_classes_of_labels() -> None:
    assert class_of("any", "Throw (over-hand) 2") == "throw-over-hand-2"
    assert class_of("any", "jumping") == "jumping"
    assert class_of("cmu", "jumping") == "jump"  # merged with "jump"
    assert class_of("kaykit", "use item") == ""  # no motion in its words
    assert class_of("any", "...") == ""


def test_every_merged_label_has_a_class_of_its_catalogue() -> None:
    lists = resources.files("pgfa.read") / "datasets" / "lists" / "labels.json"
    for dataset, labels in json.loads(lists.read_text(encoding="utf-8")).items():
        names = {action.name for action in catalogue(dataset).actions}
        assert {name for name in labels.values() if name} <= names, dataset


def test_import_as_a_data_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "my-set.npz", fps=np.array([30, 60, 0]))
    with pytest.raises(SystemExit) as ended:
        main(["import", "npz", str(file), str(tmp_path / "pack"), "--quiet"])
    assert not ended.value.code
    assert "my-set" in capsys.readouterr().out
    pack = open_pack(tmp_path / "pack")
    assert pack.datasets == ("my-set",)
    assert pack.actions.tolist() == ["wave-both-hands", "jump"]
    assert [pack.clip(i).frames for i in range(2)] == [3, 5]
    (rejected,) = pack.rejected
    assert "clip 3, field fps" in str(rejected)
