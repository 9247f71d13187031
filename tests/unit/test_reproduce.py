"""The paper's tables end to end on tiny sets: every setting, stopped and resumed, chosen without the test labels."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import pgfa.research.reproduce.run
from builders import stopped_after
from pgfa.cli.main import main
from pgfa.config import ModelSettings, RunSettings, TextSettings
from pgfa.errors import BadConfig, BadFile
from pgfa.evaluate.table import Cell
from pgfa.files import write_json
from pgfa.pack import save_pack
from pgfa.pack.protocol import DIVISIONS, one_shot_exemplars
from pgfa.research.reproduce.results import BEST, HONEST, LAST
from pgfa.research.reproduce.run import reproduce
from pgfa.research.reproduce.spec import load_spec
from pgfa.research.selection import ALPHAS, choose_alpha, draw_folds, hold_out
from pgfa.skeleton import NTU25, Clip, Source
from pgfa.text import catalogue
from pgfa.train.corpus import Corpus, build_corpus
from pgfa.train.run import TEST_LOG
from pgfa.train.train import train

MODEL = ModelSettings(channels=(4,), strides=(2,))
SMALL = {"seeds": 1, "epochs": 2, "folds": 1, "model": MODEL, "device": "cpu", "show": False}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packs of all classes (one training, one test side clip each, exemplars too), and a file of sentence vectors."""
    place = tmp_path_factory.mktemp("world")
    random = np.random.default_rng(0)
    vectors = {}
    for dataset, book in ((d, catalogue(d)) for d in ("ntu60", "ntu120", "pku-mmd")):
        clips = []
        official = {} if dataset == "pku-mmd" else one_shot_exemplars(dataset)
        for action in book.actions:
            vectors[action.key] = random.normal(size=16).astype(np.float32)
            base = random.normal(size=(6, 1, 25, 3))
            takes = [("1", "0002-L", f"a{action.id}"), ("3", "0003-L", f"b{action.id}")]
            takes += [("8", "1", official[action.name])] if action.name in official else []
            for subject, setup, name in takes:
                positions = (base + random.normal(0, 0.3, base.shape)).astype(np.float32)
                about = Source(
                    id=name, dataset=dataset, action=action.name, subject=subject, camera="1", setup=setup
                )
                clips.append(Clip(positions, 30.0, NTU25, about))
        save_pack(clips, place / dataset)
    write_json(place / "pku-mmd" / DIVISIONS, {"cross-subject": [["0002-L"], ["0003-L"]]})
    np.savez(place / "vectors.npz", **vectors)
    return place


@pytest.fixture(autouse=True)
def cache(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGFA_CACHE", str(world / "cache"))


def text(world: Path) -> TextSettings:
    return TextSettings(encoder="file", source=str(world / "vectors.npz"), variants=("plain",))


def folders(world: Path, *names: str) -> dict[str, Path]:
    return {name: world / name for name in names or ("ntu60", "ntu120", "pku-mmd")}


@pytest.mark.parametrize(("setting", "runs"), [("setting-1", 9), ("setting-2", 4), ("one-shot", 3)])
def test_each_setting_comes_to_its_table(world: Path, tmp_path: Path, setting: str, runs: int) -> None:
    table = reproduce(setting, folders(world), tmp_path, text=text(world), **SMALL)
    rows = {row.name: row for row in table.rows}
    assert {BEST, LAST, HONEST} <= set(rows)
    for name in (BEST, LAST, HONEST):
        assert all(isinstance(cell, Cell) and 0 <= cell.value <= 100 for cell in rows[name].cells)
    for best, last in zip(rows[BEST].cells, rows[LAST].cells, strict=True):
        assert isinstance(best, Cell)
        assert isinstance(last, Cell)
        assert best.value >= last.value
    assert (tmp_path / f"{setting}.txt").read_text(encoding="utf-8") == table.to_text()
    assert (tmp_path / f"{setting}.tex").read_text(encoding="utf-8") == table.to_latex()
    assert (tmp_path / f"{setting}.md").read_text(encoding="utf-8") == table.to_markdown()
    data = json.loads((tmp_path / f"{setting}.json").read_text(encoding="utf-8"))
    assert len(data["runs"]) == runs
    assert all(run["best"] is not None and run["test_clips"] > 0 for run in data["runs"])
    assert any("epochs 2, not" in note for note in table.notes)


def test_what_was_stopped_goes_on_to_the_same_table(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = reproduce("setting-1", folders(world, "ntu60"), tmp_path / "a", text=text(world), **SMALL)
    trained: list[Path] = []

    def stopping(settings: RunSettings, corpus: Corpus, out: Path, **more: object) -> object:
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(out)
        return train(settings, corpus, out, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pgfa.research.reproduce.run, "train", stopping)
    with pytest.raises(KeyboardInterrupt):
        reproduce("setting-1", folders(world, "ntu60"), tmp_path / "b", text=text(world), **SMALL)
    first = list(trained)
    trained[:] = [Path()]  # one more may be trained
    again = reproduce("setting-1", folders(world, "ntu60"), tmp_path / "b", text=text(world), **SMALL)
    assert again == whole
    assert trained[1:] != first
    assert len(trained) == 2
    monkeypatch.setattr(pgfa.research.reproduce.run, "prepare_selection", None)  # nothing left to prepare
    assert reproduce("setting-1", folders(world, "ntu60"), tmp_path / "b", text=text(world), **SMALL) == whole


def test_one_protocol_alone(world: Path, tmp_path: Path) -> None:
    one = folders(world, "ntu60")
    honest = reproduce("one-shot", one, tmp_path, text=text(world), protocol="honest", **SMALL)
    names = [row.name for row in honest.rows]
    assert HONEST in names
    assert BEST not in names
    assert not list(tmp_path.rglob(TEST_LOG)), "the honest protocol alone does not watch the test set"
    paper = reproduce("one-shot", one, tmp_path / "p", text=text(world), protocol="paper", **SMALL)
    assert HONEST not in [row.name for row in paper.rows]
    assert not list((tmp_path / "p").rglob("fold-*"))


def test_sentences_by_others(world: Path, tmp_path: Path) -> None:
    lines = [f"Sentence number {i}." for i in range(60)]
    random = np.random.default_rng(1)
    np.savez(tmp_path / "v.npz", **{line: random.normal(size=8).astype(np.float32) for line in lines})
    (tmp_path / "mine.txt").write_text("\n".join(lines))
    made = TextSettings(encoder="file", source=str(tmp_path / "v.npz"), variants=("plain",))
    given = {"ntu60": tmp_path / "mine.txt"}
    one = folders(world, "ntu60")
    table = reproduce("one-shot", one, tmp_path / "o", text=made, sentences=given, protocol="paper", **SMALL)
    assert "Sentences: ntu60 from mine.txt." in table.notes
    with pytest.raises(BadFile, match="found 60 other names"):
        reproduce("one-shot", one, tmp_path / "p", text=made, protocol="paper", **SMALL)


def test_what_cannot_be_is_said_at_once(world: Path, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="needs one of ntu60, ntu120"):
        reproduce("setting-2", folders(world, "pku-mmd"), tmp_path, text=text(world), **SMALL)
    with pytest.raises(BadConfig, match="holds ntu60, not ntu120"):
        reproduce("setting-2", {"ntu120": world / "ntu60"}, tmp_path, text=text(world), **SMALL)
    with pytest.raises(BadConfig, match="no setting named"):
        reproduce("setting-9", {}, tmp_path)


# --- watching the test set ---


def run_of(world: Path, split: str = "setting1-1", **more: object) -> RunSettings:
    spec = load_spec("one-shot" if split == "one-shot" else "setting-1").model_copy(update={"epochs": 3})
    pack = str(world / "ntu60")
    return spec.run_settings(spec.columns[0], split, 0, pack, text=text(world), model=MODEL, **more)  # type: ignore[arg-type]


def test_watching_changes_no_weight_and_survives_a_stop(world: Path, tmp_path: Path) -> None:
    plain, watched = run_of(world), run_of(world, watch=True)
    corpus = build_corpus(plain)
    straight = train(plain, corpus, tmp_path / "plain", device="cpu").state_dict()
    seen = train(watched, corpus, tmp_path / "watched", device="cpu").state_dict()
    assert all(torch.equal(straight[name], seen[name]) for name in straight)
    lines = (tmp_path / "watched" / TEST_LOG).read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [0, 1, 2]

    with stopped_after(1):
        train(watched, corpus, tmp_path / "again", device="cpu")
    with (tmp_path / "again" / TEST_LOG).open("a") as file:
        file.write('{"epoch": 2, "after": 0.9')  # killed while it wrote
    train(watched, corpus, tmp_path / "again", device="cpu")
    assert (tmp_path / "again" / TEST_LOG).read_text().splitlines() == lines
    with pytest.raises(BadConfig, match="other settings"):
        train(watched, corpus, tmp_path / "plain", device="cpu")


def test_the_best_epoch_is_the_first_of_equal_ones_and_a_damaged_record_is_named(tmp_path: Path) -> None:
    lines = [{"epoch": e, "after": a} for e, a in enumerate((0.1, 0.4, 0.4, 0.2))]
    (tmp_path / TEST_LOG).write_text("\n".join(map(json.dumps, lines)))
    assert pgfa.research.reproduce.run._best(tmp_path) == (1, 0.4)
    (tmp_path / TEST_LOG).write_text('{"epoch": 1}\n')
    with pytest.raises(BadFile, match=TEST_LOG):
        pgfa.research.reproduce.run._best(tmp_path)


# --- alpha from pseudo-unseen classes ---


def test_folds_are_disjoint_and_drawn_from_the_seed() -> None:
    keys = [f"x/{i}" for i in range(30)]
    folds = draw_folds(keys, 5, 3, 0)
    assert [len(fold) for fold in folds] == [5, 5, 5]
    assert len({key for fold in folds for key in fold}) == 15
    assert folds == draw_folds(keys, 5, 3, 0) != draw_folds(keys, 5, 3, 1)
    with pytest.raises(BadConfig, match="more than 30"):
        draw_folds(keys, 11, 3, 0)
    with pytest.raises(BadConfig, match="more than 30"):
        draw_folds(keys, 30, 1, 0)


@pytest.mark.parametrize("split", ["setting1-1", "one-shot"])
def test_holding_out_uses_training_clips_alone(world: Path, split: str) -> None:
    corpus = build_corpus(run_of(world, split))
    held = [a.key for a in corpus.seen[:4]]
    inner = hold_out(corpus, held, [corpus.seen[5].key])
    assert [a.key for a in inner.unseen] == held
    assert corpus.seen[5].key not in {a.key for a in (*inner.seen, *inner.unseen)}
    train_clips = zip(corpus.train.origin.tolist(), corpus.train.labels, strict=True)
    known = {tuple(place): corpus.seen[label].key for place, label in train_clips}
    parts = [(inner.train, inner.seen), (inner.test, inner.unseen)]
    parts += [(inner.exemplars, inner.unseen)] if inner.exemplars else []
    for part, classes in parts:
        assert len(part)
        for place, label in zip(part.origin.tolist(), part.labels, strict=True):
            assert known[tuple(place)] == classes[label].key
    if split == "one-shot":
        assert inner.exemplars is not None
        assert inner.exemplars.labels.tolist() == [0, 1, 2, 3]
        assert not {tuple(x) for x in inner.exemplars.origin.tolist()} & {
            tuple(x) for x in inner.test.origin.tolist()
        }


def test_alpha_does_not_depend_on_the_test_clips(world: Path, tmp_path: Path) -> None:
    settings = run_of(world)
    corpus = build_corpus(settings)
    poisoned = replace(
        corpus,
        test=replace(
            corpus.test, positions=np.full_like(corpus.test.positions, np.nan), labels=corpus.test.labels * 0
        ),
    )
    one = choose_alpha(settings, corpus, tmp_path / "a", count=5, folds=2, device="cpu")
    other = choose_alpha(settings, poisoned, tmp_path / "b", count=5, folds=2, device="cpu")
    assert one == other
    assert one.alpha == max(
        ALPHAS,
        key=lambda alpha: (np.mean([row[ALPHAS.index(alpha)] for row in one.accuracy]).round(9), alpha),
    )
    assert len(one.held) == len(one.accuracy) == 2


def run(*words: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    assert stop.value.code in (None, 0), stop.value.code


@pytest.mark.slow
def test_from_official_files_by_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files in the official form -> table, and the same command again has nothing left to do."""
    run("synthesise", "pku-mmd", str(tmp_path / "pku"), "--clips", "180", "--jobs", "1")
    command = [
        "reproduce", "one-shot", "--pku", str(tmp_path / "pku"), "--out", str(tmp_path / "out"),
        "--seeds", "1", "--epochs", "2", "--folds", "1", "--text.encoder", "minilm", "--quiet",
        "--model.channels", "4", "--model.strides", "2", "--device", "cpu",
    ]  # fmt: skip
    for _ in range(2):
        capsys.readouterr()
        run(*command)
        told = capsys.readouterr().out
        assert "One-shot: one known clip of each novel class" in told
        assert "not given" in told
        assert HONEST in told
