"""The paper's tables end to end on tiny sets: every setting, stopped and resumed, chosen without the test labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import pgfa.research.reproduce.run
import pgfa.research.reproduce.runs
from builders import stopped_after
from pgfa.cli.main import main
from pgfa.config import ModelSettings, RunSettings, TextSettings
from pgfa.errors import BadConfig, BadFile
from pgfa.evaluate.table import Cell
from pgfa.files import write_json
from pgfa.pack import open_pack, save_pack
from pgfa.pack.protocol import DIVISIONS, one_shot_exemplars
from pgfa.research.evidence.merge import merge_tables, read_rows
from pgfa.research.evidence.record import load_record
from pgfa.research.reproduce.results import BATCHES, BEST, LAST, VALIDATED
from pgfa.research.reproduce.run import reproduce
from pgfa.research.reproduce.runs import best_epoch
from pgfa.research.reproduce.spec import load_spec
from pgfa.research.selection import ALPHAS, choose_alpha, draw_folds, hold_out
from pgfa.skeleton import NTU25, Clip, Source
from pgfa.tasks.pool import Pool
from pgfa.tasks.task import Task
from pgfa.text import catalogue
from pgfa.train.corpus import Corpus, build_corpus
from pgfa.train.run import TEST_LOG
from pgfa.train.train import train

MODEL = ModelSettings(channels=(4,), strides=(2,))
SMALL = {"seeds": 1, "epochs": 2, "folds": 1, "model": MODEL, "device": "cpu", "show": False}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packs of all classes (one training, one test side clip each, exemplars too), and a file of sentence vectors."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    vectors = {}
    for dataset in ("ntu60", "ntu120", "pku-mmd"):
        clips = []
        official = {} if dataset == "pku-mmd" else one_shot_exemplars(dataset)
        for action in catalogue(dataset).actions:
            vectors[action.key] = random.normal(size=16).astype(np.float32)
            base = random.normal(size=(6, 1, 25, 3))
            takes = [("1", "0002-L", f"a{action.id}"), ("3", "0003-L", f"b{action.id}")]
            takes += [("8", "1", official[action.name])] if action.name in official else []
            for subject, setup, name in takes:
                positions = (base + random.normal(0, 0.3, base.shape)).astype(np.float32)
                source = Source(
                    id=name, dataset=dataset, action=action.name, subject=subject, camera="1", setup=setup
                )
                clips.append(Clip(positions, 30.0, NTU25, source))
        save_pack(clips, folder / dataset)
    write_json(folder / "pku-mmd" / DIVISIONS, {"cross-subject": [["0002-L"], ["0003-L"]]})
    np.savez(folder / "vectors.npz", **vectors)
    return folder


@pytest.fixture(autouse=True)
def cache(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGFA_CACHE", str(data / "cache"))


def text(data: Path) -> TextSettings:
    return TextSettings(encoder="file", source=str(data / "vectors.npz"), variants=("plain",))


def folders(data: Path, *names: str) -> dict[str, Path]:
    return {name: data / name for name in names or ("ntu60", "ntu120", "pku-mmd")}


@pytest.mark.parametrize(("setting", "runs"), [("setting-1", 9), ("setting-2", 4), ("one-shot", 3)])
def test_each_setting_makes_its_table(data: Path, tmp_path: Path, setting: str, runs: int) -> None:
    table = reproduce(setting, folders(data), tmp_path, text=text(data), **SMALL)
    rows = {row.name: row for row in table.rows}
    assert {BEST, LAST, VALIDATED} <= set(rows)
    for name in (BEST, LAST, VALIDATED):
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
    for name in (BEST, LAST, VALIDATED):
        assert isinstance(rows[f"{name}; {BATCHES}"].cells[0], Cell)
    for run in data["runs"]:
        assert run["best_batches"] >= run["last_batches"] >= 0
        assert run["test_clips"] > 64 or run["last_batches"] == run["last"]


def test_after_a_stop_it_resumes_to_the_same_table(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = reproduce("setting-1", folders(data, "ntu60"), tmp_path / "a", text=text(data), **SMALL)
    trained: list[Path] = []

    def stopping(settings: RunSettings, corpus: Corpus, out: Path, **more: object) -> object:
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(out)
        return train(settings, corpus, out, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pgfa.research.reproduce.runs, "train", stopping)
    with pytest.raises(KeyboardInterrupt):
        reproduce("setting-1", folders(data, "ntu60"), tmp_path / "b", text=text(data), **SMALL)
    first = list(trained)
    trained[:] = [Path()]  # one more may be trained
    again = reproduce("setting-1", folders(data, "ntu60"), tmp_path / "b", text=text(data), **SMALL)
    assert again == whole
    assert trained[1:] != first
    assert len(trained) == 2
    monkeypatch.setattr(pgfa.research.reproduce.runs, "prepare_selection", None)  # nothing left to prepare
    assert reproduce("setting-1", folders(data, "ntu60"), tmp_path / "b", text=text(data), **SMALL) == whole


def test_runs_are_rows_with_a_record_and_parts_are_joined(data: Path, tmp_path: Path) -> None:
    changes = {"text": text(data), "protocol": "test-selected", **SMALL}
    for name in ("ntu60", "pku-mmd"):
        reproduce("one-shot", folders(data, name), tmp_path / name, **changes)
    files = [tmp_path / name / "one-shot.csv" for name in ("ntu60", "pku-mmd")]
    record = load_record(files[0])
    assert record is not None
    assert record.data == {
        "ntu60": {"digest": open_pack(data / "ntu60").digest, "clips": 130, "datasets": ["ntu60"]}
    }
    assert record.settings["run"]["train"]["epochs"] == 2
    assert str(tmp_path) not in str(record.settings)
    assert str(data) not in str(record.settings)
    joined = merge_tables(files, tmp_path / "both.csv")
    assert set(joined.data) == {"ntu60", "pku-mmd"}
    _, rows = read_rows(tmp_path / "both.csv")
    runs = [
        run
        for name in ("ntu60", "pku-mmd")
        for run in json.loads((tmp_path / name / "one-shot.json").read_text(encoding="utf-8"))["runs"]
    ]
    assert [float(row["best"]) for row in rows] == [run["best"] for run in runs]
    reproduce("one-shot", folders(data, "pku-mmd"), tmp_path / "three", **{**changes, "epochs": 3})
    with pytest.raises(BadConfig, match=r"setting run\.train\.epochs are not merged"):
        merge_tables([files[0], tmp_path / "three" / "one-shot.csv"], tmp_path / "wrong.csv")


def test_as_tasks_of_an_executor_it_makes_the_same_table(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the executor is a process of this machine; tests/unit/test_cluster.py is about the cluster itself."""
    more = {**SMALL, "text": text(data)}
    whole = reproduce("setting-1", folders(data, "ntu60", "pku-mmd"), tmp_path / "a", **more)
    monkeypatch.setattr(pgfa.research.reproduce.run, "Cluster", lambda *_: Pool(["cpu"]))
    with monkeypatch.context() as driver:  # all is computed by tasks
        driver.setattr(pgfa.research.reproduce.runs, "prepare_selection", None)
        table = reproduce("setting-1", folders(data, "ntu60", "pku-mmd"), tmp_path / "b", ray="local", **more)
    assert table == whole
    for name in ("setting-1.txt", "setting-1.md", "setting-1.tex", "setting-1.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    monkeypatch.setattr(Pool, "run", fails_if_given_tasks)
    assert (
        reproduce("setting-1", folders(data, "ntu60", "pku-mmd"), tmp_path / "b", ray="local", **more)
        == whole
    )


def fails_if_given_tasks(pool: Pool, tasks: Sequence[Task], **_: object) -> None:
    assert not tasks


def test_one_protocol_alone(data: Path, tmp_path: Path) -> None:
    ntu60 = folders(data, "ntu60")
    validated = reproduce("one-shot", ntu60, tmp_path, text=text(data), protocol="validated", **SMALL)
    names = [row.name for row in validated.rows]
    assert VALIDATED in names
    assert BEST not in names
    assert not list(tmp_path.rglob(TEST_LOG)), "the protocol validated alone does not test each epoch"
    selected = reproduce(
        "one-shot", ntu60, tmp_path / "p", text=text(data), protocol="test-selected", **SMALL
    )
    assert VALIDATED not in [row.name for row in selected.rows]
    assert not list((tmp_path / "p").rglob("fold-*"))


def test_sentences_from_a_file(data: Path, tmp_path: Path) -> None:
    lines = [f"Sentence number {i}." for i in range(60)]
    random = np.random.default_rng(1)
    np.savez(tmp_path / "v.npz", **{line: random.normal(size=8).astype(np.float32) for line in lines})
    (tmp_path / "sentences.txt").write_text("\n".join(lines))
    settings = TextSettings(encoder="file", source=str(tmp_path / "v.npz"), variants=("plain",))
    files = {"ntu60": tmp_path / "sentences.txt"}
    ntu60 = folders(data, "ntu60")
    changes = {"text": settings, "protocol": "test-selected", **SMALL}
    table = reproduce("one-shot", ntu60, tmp_path / "o", sentences=files, **changes)
    assert "Sentences: ntu60 from sentences.txt." in table.notes
    with pytest.raises(BadFile, match="found 60 other names"):
        reproduce("one-shot", ntu60, tmp_path / "p", **changes)


def test_missing_and_wrong_data_are_refused_at_once(data: Path, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="needs at least one data set of ntu60, ntu120"):
        reproduce("setting-2", folders(data, "pku-mmd"), tmp_path, text=text(data), **SMALL)
    with pytest.raises(BadConfig, match="holds ntu60, not ntu120"):
        reproduce("setting-2", {"ntu120": data / "ntu60"}, tmp_path, text=text(data), **SMALL)
    with pytest.raises(BadConfig, match="unknown setting"):
        reproduce("setting-9", {}, tmp_path)


# --- testing after each epoch ---


def run_of(data: Path, split: str = "setting1-1", **more: object) -> RunSettings:
    spec = load_spec("one-shot" if split == "one-shot" else "setting-1").model_copy(update={"epochs": 3})
    pack = str(data / "ntu60")
    return spec.run_settings(spec.columns[0], split, 0, pack, text=text(data), model=MODEL, **more)  # type: ignore[arg-type]


def test_testing_each_epoch_changes_no_weight_and_survives_a_stop(data: Path, tmp_path: Path) -> None:
    plain, tested = run_of(data), run_of(data, test_each_epoch=True)
    corpus = build_corpus(plain)
    straight = train(plain, corpus, tmp_path / "plain", device="cpu").state_dict()
    weights = train(tested, corpus, tmp_path / "tested", device="cpu").state_dict()
    assert all(torch.equal(straight[name], weights[name]) for name in straight)
    lines = (tmp_path / "tested" / TEST_LOG).read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [0, 1, 2]

    with stopped_after(1):
        train(tested, corpus, tmp_path / "again", device="cpu")
    with (tmp_path / "again" / TEST_LOG).open("a") as file:
        file.write('{"epoch": 2, "after": 0.9')  # killed while it wrote
    train(tested, corpus, tmp_path / "again", device="cpu")
    assert (tmp_path / "again" / TEST_LOG).read_text().splitlines() == lines
    with pytest.raises(BadConfig, match="other settings"):
        train(tested, corpus, tmp_path / "plain", device="cpu")


def test_the_best_epoch_is_the_first_of_equal_ones_and_a_damaged_record_is_named(tmp_path: Path) -> None:
    lines: list[dict[str, float]] = [{"epoch": e, "after": a} for e, a in enumerate((0.1, 0.4, 0.4, 0.2))]
    (tmp_path / TEST_LOG).write_text("\n".join(map(json.dumps, lines)))
    assert best_epoch(tmp_path) == (1, 0.4, None)  # written by an earlier version: without means over batches
    lines = [line | {"after_batches": b} for line, b in zip(lines, (0.2, 0.3, 0.5, 0.1), strict=True)]
    (tmp_path / TEST_LOG).write_text("\n".join(map(json.dumps, lines)))
    assert best_epoch(tmp_path) == (1, 0.4, 0.5)
    (tmp_path / TEST_LOG).write_text('{"epoch": 1}\n')
    with pytest.raises(BadFile, match=TEST_LOG):
        best_epoch(tmp_path)


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
def test_holding_out_uses_training_clips_alone(data: Path, split: str) -> None:
    corpus = build_corpus(run_of(data, split))
    classes = [a.key for a in corpus.seen[:4]]
    fold = hold_out(corpus, classes, [corpus.seen[5].key])
    assert [a.key for a in fold.unseen] == classes
    assert corpus.seen[5].key not in {a.key for a in (*fold.seen, *fold.unseen)}
    train_clips = zip(corpus.train.origin.tolist(), corpus.train.labels, strict=True)
    class_of = {tuple(origin): corpus.seen[label].key for origin, label in train_clips}
    parts = [(fold.train, fold.seen), (fold.test, fold.unseen)]
    parts += [(fold.exemplars, fold.unseen)] if fold.exemplars else []
    for part, actions in parts:
        assert len(part)
        for origin, label in zip(part.origin.tolist(), part.labels, strict=True):
            assert class_of[tuple(origin)] == actions[label].key
    if split == "one-shot":
        assert fold.exemplars is not None
        assert fold.exemplars.labels.tolist() == [0, 1, 2, 3]
        assert not {tuple(x) for x in fold.exemplars.origin.tolist()} & {
            tuple(x) for x in fold.test.origin.tolist()
        }


def test_alpha_does_not_depend_on_the_test_clips(data: Path, tmp_path: Path) -> None:
    settings = run_of(data)
    corpus = build_corpus(settings)
    without_test = replace(
        corpus,
        test=replace(
            corpus.test, positions=np.full_like(corpus.test.positions, np.nan), labels=corpus.test.labels * 0
        ),
    )
    first = choose_alpha(settings, corpus, tmp_path / "a", count=5, folds=2, device="cpu")
    other = choose_alpha(settings, without_test, tmp_path / "b", count=5, folds=2, device="cpu")
    assert first == other
    assert first.alpha == max(
        ALPHAS,
        key=lambda alpha: (np.mean([row[ALPHAS.index(alpha)] for row in first.accuracy]).round(9), alpha),
    )
    assert len(first.folds) == len(first.accuracy) == 2


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
        "--seeds", "1", "--epochs", "2", "--folds", "1", "--quiet",
        "--model.channels", "4", "--model.strides", "2", "--device", "cpu",
    ]  # fmt: skip
    for _ in range(2):
        capsys.readouterr()
        run(*command)
        output = capsys.readouterr().out
        assert "One-shot: one known clip of each novel class" in output
        assert "not given" in output
        assert "sentence encoder" not in output  # the paper's, which needs no network
        assert VALIDATED in output
