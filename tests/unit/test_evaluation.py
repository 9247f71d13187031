"""evaluation.json: fixed keys, files of format 1, and what is refused."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pgfa.config import RunSettings
from pgfa.errors import BadFile, FolderInUse
from pgfa.evaluate.evaluate import evaluate, evaluate_run, save_evaluation
from pgfa.evaluate.evaluation import FORMAT, read_evaluation
from pgfa.evaluate.report.content import BEFORE
from pgfa.files.lock import folder_lock
from pgfa.train.corpus import build_corpus
from pgfa.train.run import open_run

V1 = Path(__file__).parents[1] / "fixtures" / "v1"


def test_a_file_of_format_1_has_the_keys_and_numbers_of_today() -> None:
    """The same run, evaluated by the version of format 1 and today."""
    evaluation = evaluate(V1 / "run-default", packs=(str(V1 / "pack"),), device="cpu")
    values, added = evaluation.to_dict(), {"people", "people_in_training", "class_intervals", "reliability"}
    for scores in (values["before"], values["after"]):
        assert scores.pop("batch_mean") == scores["accuracy"]  # a single batch
    old = read_evaluation(V1 / "evaluation.json")
    assert old == {name: value for name, value in values.items() if name not in added}
    assert not added & old.keys()


def test_people_who_are_also_in_training_are_counted(tmp_path: Path) -> None:
    """In the text, the file and the page; a clip of an unknown person makes the count unknown."""
    evaluation = evaluate(V1 / "run-default", packs=(str(V1 / "pack"),), device="cpu")
    corpus = evaluation.corpus
    (pack,) = corpus.packs
    subjects = pack.subjects
    tested, trained = (
        {str(subjects[clip]) for _, clip in clips.origin} for clips in (corpus.test, corpus.train)
    )
    values = evaluation.to_dict()
    assert values["people"] == len(tested) > 0
    assert values["people_in_training"] == len(tested & trained) > 0
    text = (
        f"{len(tested & trained)} of the {len(tested)} in the test clips are in training too, with other classes "
        "(protocol all): accuracy on new people is not measured."
    )
    assert f"People: {text}" in str(evaluation)
    page = save_evaluation(replace(evaluation, run=replace(evaluation.run, folder=tmp_path)))[1]
    assert text in page.read_text(encoding="utf-8")

    apart = replace(corpus, train=corpus.train.take(~np.isin(subjects[corpus.train.origin[:, 1]], [*tested])))
    assert "none of the" in str(replace(evaluation, corpus=apart))
    columns = {name: pack.column(name) for name in ("dataset", "subject")}
    columns["subject"] = np.where(np.arange(len(pack)) == corpus.test.origin[0, 1], "", subjects)

    class Unknown:
        subjects = columns["subject"]
        column = staticmethod(columns.__getitem__)

    unknown = replace(evaluation, corpus=replace(corpus, packs=(Unknown(),)))  # type: ignore[arg-type]
    assert unknown.people.tested is None
    assert "People: unknown" in str(unknown)


def test_keys_do_not_depend_on_the_words_of_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BEFORE, "sentences", "by words")
    evaluation = evaluate(V1 / "run-default", packs=(str(V1 / "pack"),), device="cpu")
    assert "by words" in str(evaluation)
    values = evaluation.to_dict()
    assert (values["format"], values["start"]) == (FORMAT, "sentences")
    assert values["before"]["clips"] == values["after"]["clips"] == 6


def test_a_one_shot_file_of_format_1(tmp_path: Path) -> None:
    values = json.loads((V1 / "evaluation.json").read_text())
    scores = values.pop("from_sentences")
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps(values | {"from_one_clip": scores}))
    evaluation = read_evaluation(path)
    assert (evaluation["start"], evaluation["before"]) == ("exemplars", scores)
    assert not {"from_one_clip", "from_sentences", "after_alignment"} & evaluation.keys()


def test_a_one_shot_report_says_where_classes_start(tmp_path: Path) -> None:
    """Captions and table name exemplars, not sentences, from the evaluation to the page."""
    for path in (V1 / "run-default").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    run = replace(
        open_run(tmp_path, device="cpu"),
        settings=RunSettings.load(tmp_path / "run.toml", RunSettings.saved).model_copy(
            update={"packs": (str(V1 / "pack"),)}
        ),
    )
    corpus = build_corpus(run.settings)
    first = [int((corpus.test.labels == label).argmax()) for label in range(len(corpus.unseen))]
    one_shot = replace(corpus, exemplars=corpus.test.take(np.array(first)))
    pages = {}
    for start, clips in (("sentences", corpus), ("exemplars", one_shot)):
        evaluation = evaluate_run(run, clips)
        assert evaluation.to_dict()["start"] == start
        pages[start] = save_evaluation(evaluation)[1].read_text(encoding="utf-8")
    assert BEFORE["exemplars"] in pages["exemplars"]
    assert BEFORE["sentences"] not in pages["exemplars"].replace(json.dumps(BEFORE), "")
    assert BEFORE["sentences"] in pages["sentences"]


def test_a_written_file_is_read_back(tmp_path: Path) -> None:
    for path in (V1 / "run-default").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    evaluation = evaluate(tmp_path, packs=(str(V1 / "pack"),), device="cpu")
    path, report = save_evaluation(evaluation)
    written = read_evaluation(path)
    assert written.pop("provenance")["Version"].startswith("pgfa ")
    assert written == json.loads(json.dumps(evaluation.to_dict()))
    assert "Confusion matrix" in report.read_text(encoding="utf-8")
    before = path.read_bytes()
    with folder_lock(tmp_path), pytest.raises(FolderInUse, match=f"process {os.getpid()}"):
        save_evaluation(evaluation)  # files of two evaluations must not mix
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("[]", "an evaluation of format 2 or older, found a list"),
        ('{"format": 3}', "found format 3"),
        ('{"format": "2"}', "found format '2'"),
        ("{}", "scores before and after alignment"),
        ('{"from_sentences": {}}', "scores before and after alignment"),
        ('{"format": 2, "before": {}, "after": 1}', "scores before and after alignment"),
    ],
)
def test_other_files_are_refused(content: str, found: str, tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    path.write_text(content)
    with pytest.raises(BadFile, match=found):
        read_evaluation(path)
