"""Training and test clips: official protocols on top of a split, one-shot exemplars, lists that come with the data."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from pgfa.config import RunSettings
from pgfa.errors import BadConfig, BadFile
from pgfa.files import read_json
from pgfa.pack import import_dataset, save_pack
from pgfa.pack.protocol import DIVISIONS, one_shot_exemplars
from pgfa.read.datasets.ntu.names import NtuName, dropped_names, parse_ntu_name
from pgfa.read.datasets.ntu.official import official_names
from pgfa.skeleton import NTU25, Clip, Source
from pgfa.synth.skeleton_text import stream_text
from pgfa.text import catalogue, find_split
from pgfa.train.clip_selection import ClipSelection, select_clips
from pgfa.train.clip_set import ClipIndex
from pgfa.train.corpus import build_corpus

NTU60 = [a.name for a in catalogue("ntu60").actions]
NAME = NtuName(1, 3, 8, 1, 1)  # setup, camera, subject, replication, action
STILL = np.ones((1, 1, 25, 3), np.float32)


def clip(name: NtuName, dataset: str = "ntu60") -> Clip:
    action = catalogue(dataset).actions[name.action - 1].name
    return Clip(
        STILL,
        30.0,
        NTU25,
        Source(
            id=str(name), dataset=dataset, action=action,
            subject=str(name.subject), camera=str(name.camera), setup=str(name.setup),
        ),
    )  # fmt: skip


def ntu_pack(path: Path, names: Iterable[NtuName], dataset: str = "ntu60") -> str:
    save_pack((clip(name, dataset) for name in names), path)
    return str(path)


def names_of(subjects: Iterable[int], cameras: Iterable[int] = (1,), last: int = 60) -> list[NtuName]:
    return [
        NAME._replace(subject=s, camera=c, action=a)
        for s in subjects
        for c in cameras
        for a in range(1, last + 1)
    ]


def select(split: str, *packs: str, protocol: str = "all") -> ClipSelection:
    return select_clips(RunSettings(packs=packs, split=split, protocol=protocol))


def column_values(selection: ClipSelection, part: ClipIndex, column: str) -> set[str]:
    return {str(selection.packs[p].manifest[column][c]) for p, c in part.origin.tolist()}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Every class by subjects 1, 2 (training), 3 and 6 (test), for each camera."""
    return ntu_pack(tmp_path_factory.mktemp("packs") / "ntu60", names_of((1, 2, 3, 6), (1, 2, 3)))


@pytest.mark.parametrize(
    ("protocol", "column", "train", "test", "each"),
    [
        ("cross-subject", "subject", {"1", "2"}, {"3", "6"}, (6, 6)),
        ("cross-view", "camera", {"2", "3"}, {"1"}, (8, 4)),
        ("all", "subject", {"1", "2", "3", "6"}, {"1", "2", "3", "6"}, (12, 12)),
    ],
)
def test_class_and_protocol_both_decide(
    small: str, protocol: str, column: str, train: set[str], test: set[str], each: tuple[int, int]
) -> None:
    selection = select("ntu60/setting1-1", small, protocol=protocol)
    assert column_values(selection, selection.train, column) == train
    assert column_values(selection, selection.test, column) == test
    unseen = set(find_split("ntu60/setting1-1").unseen)
    assert column_values(selection, selection.test, "action") == unseen
    assert column_values(selection, selection.train, "action") == set(NTU60) - unseen
    assert (len(selection.train), len(selection.test)) == (55 * each[0], 5 * each[1])
    assert selection.exemplars is None


def test_labels_are_indices_of_seen_and_of_unseen(small: str) -> None:
    selection = select("ntu60/48-12", small, protocol="cross-view")
    for part, classes in ((selection.train, selection.seen), (selection.test, selection.unseen)):
        for (pack, clip_index), label in zip(part.origin.tolist(), part.labels.tolist(), strict=True):
            assert selection.packs[pack].manifest["action"][clip_index] == classes[label].name


def test_a_class_with_test_clips_only_is_not_seen(tmp_path: Path) -> None:
    names = [n for n in names_of((1, 3)) if not (n.subject == 1 and n.action == 1)]
    selection = select("ntu60/setting1-1", ntu_pack(tmp_path / "p", names), protocol="cross-subject")
    assert NTU60[0] not in {a.name for a in selection.seen}
    assert len(selection.seen) == 54


def test_a_split_without_test_clips_is_refused(tmp_path: Path) -> None:
    pack = ntu_pack(tmp_path / "p", names_of((1,)))
    with pytest.raises(BadConfig, match="no clip to test on"):
        select("ntu60/setting1-1", pack, protocol="cross-subject")


def test_an_unknown_protocol_is_refused(small: str) -> None:
    with pytest.raises(BadConfig, match="no protocol 'cross-setup'"):
        select("ntu60/setting1-1", small, protocol="cross-setup")


def test_recordings_of_other_data_sets_train_whoever_the_subject(small: str, tmp_path: Path) -> None:
    other = clip(NAME._replace(subject=3, action=10))
    source = Source(id="a", dataset="utd-mhad", action="basketball-shoot", subject="2")
    save_pack([Clip(STILL, 30.0, NTU25, source), Clip(STILL, 30.0, NTU25, other.source)], tmp_path / "more")
    selection = select("ntu60/setting1-1", small, str(tmp_path / "more"), protocol="cross-subject")
    extra = selection.train.origin[selection.train.origin[:, 0] == 1, 1].tolist()
    assert [str(selection.packs[1].manifest["dataset"][c]) for c in extra] == ["utd-mhad"]


@pytest.mark.slow
def test_a_pack_of_the_full_list_has_the_published_sizes(tmp_path: Path) -> None:
    names = [parse_ntu_name(name) for name in official_names("ntu60") if name not in dropped_names("ntu60")]
    pack = ntu_pack(tmp_path / "p", [name for name in names if name])
    for split, sizes in (("setting1-1", (36_745, 1_374)), ("48-12", (32_070, 3_291))):
        selection = select(f"ntu60/{split}", pack, protocol="cross-subject")
        assert (len(selection.train), len(selection.test)) == sizes


def test_one_shot_keeps_the_official_exemplars_out_of_the_test(tmp_path: Path) -> None:
    pack = ntu_pack(tmp_path / "p", names_of((1, 3, 8), (1, 3)))
    selection = select("ntu60/one-shot", pack)
    assert selection.exemplars is not None
    novel = find_split("ntu60/one-shot").unseen
    official = one_shot_exemplars("ntu60")
    ids = [str(selection.packs[0].manifest["id"][c]) for _, c in selection.exemplars.origin.tolist()]
    assert ids == [official[action] for action in novel]
    assert selection.exemplars.labels.tolist() == list(range(10))
    assert len(selection.test) == 10 * 5
    assert not column_values(selection, selection.test, "id") & set(ids)
    assert len(selection.train) == 50 * 6
    assert not column_values(selection, selection.train, "action") & set(novel)


def test_one_shot_names_an_exemplar_that_is_missing(tmp_path: Path) -> None:
    pack = ntu_pack(tmp_path / "p", names_of((1, 3), (1, 3)))
    with pytest.raises(BadConfig, match="S001C003P008R001A001 of drink-water is not among the clips"):
        select("ntu60/one-shot", pack)


def test_one_shot_takes_no_protocol(small: str) -> None:
    with pytest.raises(BadConfig, match="uses every clip"):
        select("ntu60/one-shot", small, protocol="cross-subject")


def test_exemplars_are_prepared_in_the_order_of_the_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGFA_CACHE", str(tmp_path / "cache"))
    pack = ntu_pack(tmp_path / "p", names_of((1, 8), (1, 3)))
    corpus = build_corpus(RunSettings(packs=(pack,), split="ntu60/one-shot"))
    assert corpus.exemplars is not None
    assert corpus.exemplars.labels.tolist() == list(range(10))
    assert len(corpus.test) == 30


# --- PKU-MMD: the lists come with the data ---


@pytest.fixture(scope="module")
def pku(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings from two views, each class once; the second recording and the left view are for testing."""
    data = tmp_path_factory.mktemp("pku")
    random = np.random.default_rng(0)
    labels = "".join(f"{a},{2 * a - 1},{2 * a},2\n" for a in range(1, 52))
    for below in ("PKU_Skeleton_Renew", "Train_Label_PKU_final"):
        (data / below).mkdir()
    for name in ("0002-L", "0002-R", "0003-L", "0003-R"):
        positions = random.normal(size=(102, 2, 25, 3)).astype(np.float32)
        (data / "PKU_Skeleton_Renew" / f"{name}.txt").write_bytes(stream_text(positions))
        (data / "Train_Label_PKU_final" / f"{name}.txt").write_text(labels)
    for split, train, test in (
        ("cross-subject", "0002-L, 0002-R", "0003-L, 0003-R"),
        ("cross-view", "0002-R, 0003-R", "0002-L, 0003-L"),
    ):
        (data / f"{split}.txt").write_text(f"Training videos:\n{train}\nValidation videos:\n{test}\n")
    import_dataset("pku-mmd", data, data.with_name("pku-pack"), jobs=1, progress=False)
    return data.with_name("pku-pack")


def test_lists_that_come_with_the_data_are_stored_in_the_pack(pku: Path) -> None:
    assert read_json(pku / DIVISIONS)["cross-view"] == [["0002-R", "0003-R"], ["0002-L", "0003-L"]]
    by_subject = select("pku-mmd/setting1-1", str(pku), protocol="cross-subject")
    assert column_values(by_subject, by_subject.train, "setup") == {"0002-L", "0002-R"}
    assert column_values(by_subject, by_subject.test, "setup") == {"0003-L", "0003-R"}
    assert (len(by_subject.train), len(by_subject.test)) == (46 * 2, 5 * 2)
    by_view = select("pku-mmd/setting1-1", str(pku), protocol="cross-view")
    assert column_values(by_view, by_view.test, "camera") == {"L"}


def test_first_clips_are_the_exemplars_if_none_is_official(pku: Path) -> None:
    selection = select("pku-mmd/one-shot", str(pku))
    assert selection.exemplars is not None
    ids = [str(selection.packs[0].manifest["id"][c]) for _, c in selection.exemplars.origin.tolist()]
    assert ids[0] == "F002V001C011L011"
    assert all(name.startswith("F002V001") for name in ids)
    assert (len(selection.train), len(selection.test)) == (41 * 4, 10 * 3)


@pytest.mark.parametrize("content", ["[1]", '{"cross-subject": 3}', '{"cross-subject": [[]]}', "nonsense"])
def test_damaged_lists_are_named(pku: Path, tmp_path: Path, content: str) -> None:
    import shutil

    shutil.copytree(pku, tmp_path / "p")
    (tmp_path / "p" / DIVISIONS).write_text(content)
    with pytest.raises(BadFile, match=DIVISIONS):
        select("pku-mmd/setting1-1", str(tmp_path / "p"), protocol="cross-subject")


def test_a_pack_without_its_lists_is_refused(pku: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(pku, tmp_path / "p")
    (tmp_path / "p" / DIVISIONS).unlink()
    with pytest.raises(BadFile, match=r"expected a file, as listed in pack\.json, found none"):
        select("pku-mmd/setting1-1", str(tmp_path / "p"), protocol="cross-subject")
