"""Training and test clips of a run: no class that means the same as an unseen one is trained on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pgfa.config import RunSettings
from pgfa.errors import BadConfig, BadFile
from pgfa.pack import import_dataset, open_pack, save_pack
from pgfa.skeleton import KINECT20, NTU25, Clip, Source
from pgfa.synth import make_clips
from pgfa.text import catalogue, removed_classes, same_meaning
from pgfa.text.overlap import label_vectors
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import Corpus, build_corpus

SETS = ("utd-mhad", "kinder-gator", "msr-action3d")
SPLITS = ("utd-mhad/22-5", "utd-mhad/18-9", "utd-mhad/14-13")


@pytest.fixture(scope="module")
def moves() -> list[Clip]:
    """A few moving people; the actions do not matter here."""
    return make_clips(performers=2, repeats=1, actions=("wave", "squat"))


def clips_of(dataset: str, names: Iterable[str], moves: list[Clip], each: int = 1) -> list[Clip]:
    return [
        replace(moves[(i + k) % len(moves)], source=Source(id=f"{name}-{k}", dataset=dataset, action=name))
        for i, name in enumerate(names)
        for k in range(each)
    ]


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory, moves: list[Clip]) -> dict[str, str]:
    """A clip of every class of three real catalogues, one pack per data set; MSR-Action3D in another layout."""
    folder, packs = tmp_path_factory.mktemp("packs"), {}
    for name in SETS:
        clips = clips_of(name, (a.name for a in catalogue(name).actions), moves)
        layout = "ntu25" if name == "msr-action3d" else None
        packs[name] = str(save_pack(clips, folder / name, layout=layout).folder)
    return packs


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.getbasetemp() / "corpus-cache"
    monkeypatch.setenv("PGFA_CACHE", str(folder))


def run(split: str, *packs: str, **stages: object) -> Corpus:
    return build_corpus(RunSettings(split=split, packs=packs, prepare={"frames": 8}, **stages))


def class_pairs(part: ClipSet, classes: tuple) -> list[tuple[str, str]]:  # type: ignore[type-arg]
    """(class by label, class in the manifest of the pack) of every clip."""
    return [(classes[label].key, key) for label, key in zip(part.labels, keys_of(part), strict=True)]


PACKS: list[str] = []


def keys_of(part: ClipSet) -> list[str]:
    opened = [open_pack(path) for path in PACKS]
    return [f"{opened[p].column('dataset')[c]}/{opened[p].actions[c]}" for p, c in part.origin.tolist()]


@pytest.mark.parametrize("split", SPLITS)
def test_no_class_that_means_the_same_as_an_unseen_one_is_trained_on(
    split: str, packs: dict[str, str]
) -> None:
    PACKS[:] = packs.values()
    corpus = run(split, *PACKS)
    unseen = {a.key for a in corpus.unseen}
    seen = {a.key for a in corpus.seen}
    assert not seen & unseen
    for action in corpus.seen:
        for hidden in corpus.unseen:
            if action.dataset != hidden.dataset:  # inside its data set the published split decides
                assert not set(action.means) & set(hidden.means), (action.key, hidden.key)
                assert not same_meaning(action, hidden)
    # Only the unseen classes and those that the rule names are left out; the manifests of the clips agree.
    everything = {a.key for name in SETS for a in catalogue(name).actions}
    others = [a for name in SETS[1:] for a in catalogue(name).actions]
    vectors = label_vectors([*corpus.unseen, *others])
    removed = {f"{r.dataset}/{r.name}" for r in removed_classes(corpus.unseen, others, vectors=vectors)}
    assert removed
    assert {f"{r.dataset}/{r.name}" for r in corpus.removals} == removed
    assert seen == everything - unseen - removed
    assert sorted(keys_of(corpus.train)) == sorted(seen)
    assert sorted(keys_of(corpus.test)) == sorted(unseen)
    for part, classes in ((corpus.train, corpus.seen), (corpus.test, corpus.unseen)):
        assert all(label == manifest for label, manifest in class_pairs(part, classes))


def test_known_leaks_of_22_5(packs: dict[str, str]) -> None:
    corpus = run("utd-mhad/22-5", *packs.values())
    excluded = {f"{r.dataset}/{r.name}": r.because_of for r in corpus.removals}
    assert excluded["kinder-gator/throw-ball"] == "utd-mhad/throw"
    assert excluded["msr-action3d/tennis-serve"] == "utd-mhad/tennis-swing"
    assert excluded["msr-action3d/tennis-swing"] == "utd-mhad/tennis-swing"
    seen = {a.key for a in corpus.seen}
    assert {"kinder-gator/swim", "msr-action3d/golf-swing", "utd-mhad/tennis-serve"} <= seen
    assert all(f"{r.dataset}/{r.name}" in str(corpus) for r in corpus.removals)  # the list is printed


def test_without_other_packs_nothing_is_removed(packs: dict[str, str]) -> None:
    corpus = run("utd-mhad/22-5", packs["utd-mhad"])
    assert corpus.removals == ()
    assert corpus.unlisted == {}
    assert "not used" not in str(corpus)
    assert (len(corpus.seen), len(corpus.unseen), len(corpus.train), len(corpus.test)) == (22, 5, 22, 5)


def test_the_order_of_packs_does_not_change_the_classes(packs: dict[str, str]) -> None:
    first, second = run("utd-mhad/22-5", *packs.values()), run("utd-mhad/22-5", *reversed(packs.values()))
    assert (first.seen, first.unseen) == (second.seen, second.unseen)
    assert sorted(first.train.labels) == sorted(second.train.labels)


@pytest.mark.parametrize("layout", ["kinect20", "ntu25"])
def test_packs_of_several_layouts_are_mapped_to_one(layout: str, packs: dict[str, str]) -> None:
    settings = RunSettings(
        split="utd-mhad/22-5",
        packs=tuple(packs.values()),
        prepare={"layout": layout, "frames": 8, "bodies": 2},
    )
    corpus = build_corpus(settings)
    joints = {"kinect20": 20, "ntu25": 25}[layout]
    assert corpus.layout.name == layout
    assert corpus.train.positions.shape == (len(corpus.train), 8, 2, joints, 3)
    assert corpus.train.positions.dtype == np.float32
    assert corpus.train.present[:, 0].all()
    assert set(corpus.train.origin[:, 0].tolist()) == {0, 1, 2}
    # The packs hold both layouts.
    assert {open_pack(path).layout.name for path in packs.values()} == {"kinect20", "ntu25"}


def test_the_same_recording_in_two_layouts_is_prepared_alike(moves: list[Clip], tmp_path: Path) -> None:
    names = [a.name for a in catalogue("utd-mhad").actions]
    clips = clips_of("utd-mhad", names, moves)
    kinect_pack, ntu_pack = save_pack(clips, tmp_path / "a"), save_pack(clips, tmp_path / "b", layout="ntu25")
    narrow, wide = (run("utd-mhad/22-5", str(p.folder)) for p in (kinect_pack, ntu_pack))
    assert (kinect_pack.layout, ntu_pack.layout) == (KINECT20, NTU25)
    np.testing.assert_allclose(narrow.train.positions, wide.train.positions, atol=1e-4)


def custom_pack(path: Path, moves: list[Clip], names: Iterable[str], dataset: str = "mine") -> str:
    return str(save_pack(clips_of(dataset, names, moves, each=2), path).folder)


def test_a_custom_split(moves: list[Clip], tmp_path: Path) -> None:
    pack = custom_pack(tmp_path / "p", moves, ["kick ball", "bow", "hop", "wave_hello"])
    corpus = run("mine/unseen: hop, bow ,hop", pack)
    assert [a.name for a in corpus.unseen] == ["hop", "bow"]  # in the order of the split, each once
    assert [a.name for a in corpus.seen] == ["kick ball", "wave_hello"]
    assert (len(corpus.train), len(corpus.test)) == (4, 4)
    assert corpus.unseen[0].plain == "A person does this: hop."


def test_a_custom_split_of_a_known_data_set_beside_others(packs: dict[str, str]) -> None:
    corpus = run("utd-mhad/unseen:wave,clap", *packs.values())
    excluded = {f"{r.dataset}/{r.name}" for r in corpus.removals}
    assert {"kinder-gator/wave-hand", "msr-action3d/hand-clap", "msr-action3d/two-hand-wave"} <= excluded
    assert len(corpus.test) == 2


def test_custom_recordings_leak_by_their_class_names(
    packs: dict[str, str], moves: list[Clip], tmp_path: Path
) -> None:
    """A custom class `throwing` beside UTD-MHAD, of which `throw` is unseen."""
    pack = custom_pack(tmp_path / "p", moves, ["throwing", "dance"])
    corpus = run("utd-mhad/22-5", packs["utd-mhad"], pack)
    assert [str(r.name) for r in corpus.removals] == ["throwing"]
    assert "mine/dance" in {a.key for a in corpus.seen}


def test_custom_recordings_leak_by_the_vectors_of_their_class_names(
    packs: dict[str, str], moves: list[Clip], tmp_path: Path
) -> None:
    """`boxer punches` shares no concept and no word with `boxing`; the vectors of the labels are close."""
    pack = custom_pack(tmp_path / "p", moves, ["boxer punches", "dance"])
    corpus = run("utd-mhad/unseen:boxing,wave", packs["utd-mhad"], pack)
    assert [(r.name, r.because_of) for r in corpus.removals] == [("boxer punches", "utd-mhad/boxing")]
    assert corpus.removals[0].rule.startswith("label vectors, cosine 0.8")
    assert "mine/dance" in {a.key for a in corpus.seen}


def test_two_packs_of_one_custom_data_set_are_one_data_set(moves: list[Clip], tmp_path: Path) -> None:
    first = custom_pack(tmp_path / "a", moves, ["hop", "bow"])
    second = custom_pack(tmp_path / "b", moves, ["kick", "bow"])
    corpus = run("mine/unseen:hop", first, second)
    assert [a.name for a in corpus.seen] == ["bow", "kick"]
    assert len(corpus.train) == 6


def test_clips_without_a_class_are_not_used(moves: list[Clip], tmp_path: Path) -> None:
    corpus = run("mine/unseen:hop", custom_pack(tmp_path / "p", moves, ["hop", "bow", ""]))
    assert [a.name for a in corpus.seen] == ["bow"]
    assert (len(corpus.train), len(corpus.test)) == (2, 2)
    assert corpus.unlisted == {"mine/": 2}
    assert "not used, missing from the catalogue (2 clips):\n  mine/ (no class): 2" in str(corpus)


def test_classes_missing_from_the_catalogue_are_listed(moves: list[Clip], tmp_path: Path) -> None:
    names = [a.name for a in catalogue("utd-mhad").actions]
    clips = [*clips_of("utd-mhad", names, moves), *clips_of("utd-mhad", ["juggle"], moves, each=3)]
    save_pack(clips, tmp_path / "p")
    corpus = run("utd-mhad/22-5", str(tmp_path / "p"))
    assert (len(corpus.train), len(corpus.test)) == (22, 5)
    assert corpus.unlisted == {"utd-mhad/juggle": 3}
    assert "(3 clips):\n  utd-mhad/juggle: 3" in str(corpus)


def test_a_clip_without_a_person_is_not_used(moves: list[Clip], tmp_path: Path) -> None:
    clips = clips_of("mine", ["hop", "bow"], moves, each=2)
    empty = replace(clips[-1], positions=np.full_like(clips[-1].positions, np.nan))
    save_pack([*clips[:-1], empty], tmp_path / "p")
    corpus = run("mine/unseen:hop", str(tmp_path / "p"))
    assert (len(corpus.train), len(corpus.test)) == (1, 2)
    assert corpus.train.origin.tolist() == [[0, 2]]


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ("mine/unseen:jump", "no class 'jump'; it has: bow, hop"),
        ("mine/unseen:", "names no unseen class"),
        ("mine/unseen:hop,bow", "leaves no class to train on"),
        ("utd-mhad/22-5", "tests on utd-mhad, but the packs contain mine"),
        ("utd-mhad/1-1", "no split named"),
        ("", "a split is needed"),
    ],
)
def test_an_impossible_split_is_refused(split: str, message: str, moves: list[Clip], tmp_path: Path) -> None:
    pack = custom_pack(tmp_path / "p", moves, ["hop", "bow"])
    with pytest.raises(BadConfig, match=message):
        run(split, pack)


def test_unseen_classes_without_clips_are_named(moves: list[Clip], tmp_path: Path) -> None:
    names = [a.name for a in catalogue("utd-mhad").actions if a.name not in ("throw", "push")]
    pack = str(save_pack(clips_of("utd-mhad", names, moves), tmp_path / "p").folder)
    with pytest.raises(BadConfig, match=r"utd-mhad/throw, utd-mhad/push of split utd-mhad/22-5"):
        run("utd-mhad/22-5", pack)


def test_no_pack_and_a_missing_pack_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="at least one pack"):
        run("utd-mhad/22-5")
    with pytest.raises(BadFile, match="absent"):
        run("utd-mhad/22-5", str(tmp_path / "absent"))


def test_a_pack_given_twice_is_refused(moves: list[Clip], tmp_path: Path) -> None:
    pack = custom_pack(tmp_path / "p", moves, ["hop", "bow"])
    with pytest.raises(BadConfig, match="are the same pack; name it once"):
        run("mine/unseen:hop", pack, str(tmp_path / "p" / ".." / "p"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset": "mine", "action": "hop"}, "tested on twice"),
        ({"dataset": "copies", "action": "dance"}, "both tested on and trained on"),
    ],
)
def test_a_test_recording_in_two_packs_is_refused(
    change: dict[str, str], message: str, moves: list[Clip], tmp_path: Path
) -> None:
    """The same file, imported again under another name and class, would be trained on."""
    clips = [
        replace(clip, source=replace(clip.source, digest=f"{i:016x}"))
        for i, clip in enumerate(clips_of("mine", ["hop", "bow"], moves, each=2))
    ]
    save_pack(clips, tmp_path / "p")
    copy = replace(clips[1], source=replace(clips[1].source, id="another", **change))
    trained_twice = replace(clips[3], source=replace(clips[3].source, id="more", dataset="copies"))
    save_pack([copy, trained_twice], tmp_path / "q")
    with pytest.raises(BadConfig, match=rf"{message}: it is in .*p \(hop-1\) and .*q \(another\)"):
        run("mine/unseen:hop", str(tmp_path / "p"), str(tmp_path / "q"))
    # A recording trained on twice is no leak.
    save_pack([trained_twice], tmp_path / "r")
    corpus = run("mine/unseen:hop", str(tmp_path / "p"), str(tmp_path / "r"))
    assert (len(corpus.train), len(corpus.test)) == (3, 2)


def test_a_pack_with_changed_positions_is_refused(moves: list[Clip], tmp_path: Path) -> None:
    """One byte, which leaves a plausible number: only the digest of the pack detects it."""
    pack = Path(custom_pack(tmp_path / "p", moves, ["hop", "bow", "duck"]))
    content = bytearray((pack / "positions.npy").read_bytes())
    content[-3] ^= 0x01
    (pack / "positions.npy").write_bytes(bytes(content))
    with pytest.raises(BadFile, match=r"positions\.npy: expected SHA-256 .*, found"):
        run("mine/unseen:hop", str(pack))


# Real recordings
# ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_packs(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("real")
    return [
        str(import_dataset(name, shared_data / name, folder / name, jobs=1, progress=False).pack)
        for name in ("utd-mhad", "msr-action3d")
    ]


@pytest.mark.real
def test_real_counts_of_22_5_without_removed_classes(real_packs: list[str]) -> None:
    alone = run("utd-mhad/22-5", real_packs[0])
    assert (len(alone.train), len(alone.test)) == (701, 160)
    PACKS[:] = real_packs
    both = run("utd-mhad/22-5", *real_packs)
    assert len(both.test) == 160
    keys = keys_of(both.train)
    assert sum(key.startswith("utd-mhad/") for key in keys) == 701
    excluded = {f"{r.dataset}/{r.name}" for r in both.removals} | {a.key for a in both.unseen}
    assert {
        "msr-action3d/high-throw",
        "msr-action3d/tennis-swing",
        "msr-action3d/pickup-and-throw",
    } <= excluded
    assert not set(keys) & excluded
    opened = open_pack(real_packs[1])
    usable = sum(f"msr-action3d/{action}" not in excluded for action in opened.actions)
    # A recording without a person is not trained on; no other is lost.
    assert usable - 1 <= len(keys) - 701 <= usable
    assert set(both.train.labels.tolist()) == set(range(len(both.seen)))


def test_a_single_class_to_learn_from_and_repeated_sentences_are_noted(packs: dict[str, str]) -> None:
    corpus = run("utd-mhad/22-5", packs["utd-mhad"])
    assert "note:" not in str(corpus)
    assert "only one class to learn from" in str(replace(corpus, seen=corpus.seen[:1]))
    repeated = corpus.seen[1].model_copy(update={"plain": corpus.seen[0].plain})
    assert "are the same" in str(replace(corpus, seen=(corpus.seen[0], repeated)))
