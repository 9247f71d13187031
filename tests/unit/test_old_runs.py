"""Runs, packs and settings written by the version before (tests/fixtures/v1/make.py) open and give the same results."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pgfa.config import AdaptSettings, BaselineSettings, PrepareSettings, RunSettings, ServeSettings
from pgfa.evaluate.evaluate import evaluate
from pgfa.evaluate.evaluation import read_evaluation
from pgfa.pack import open_pack
from pgfa.recognise import Recogniser
from pgfa.synth import make_clips
from pgfa.train.corpus import build_corpus
from pgfa.train.run import METRICS, TEST_LOG, WEIGHTS, open_run, read_metrics
from pgfa.train.train import train

V1 = Path(__file__).parents[1] / "fixtures" / "v1"
ACTIONS = ("wave", "clap", "squat", "bow", "kick-forward", "salute")
RECIPES = ("default", "paper")
PACK = str(V1 / "pack")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def old_settings(recipe: str) -> RunSettings:
    """Settings of the fixture runs under today's names."""
    return RunSettings(
        recipe=recipe,
        packs=(PACK,),
        split="synthetic/unseen:kick-forward,salute",
        prepare={"frames": 16, "layout": "kinect20", "soft_ends": False},
        model={"channels": (4, 8), "strides": (2, 1), "kernel": 3},
        train={
            "epochs": 4,
            "batch_size": 8,
            "learning_rate": 0.003,
            "logit_scale": 6.0,
            "seed": 3,
            "drops": (2,),
            "test_each_epoch": True,
        },
    )


@pytest.mark.parametrize("recipe", RECIPES)
def test_settings_of_a_run_have_the_values_of_today(recipe: str) -> None:
    run = open_run(V1 / f"run-{recipe}", device="cpu")
    assert run.settings == old_settings(recipe).model_copy(update={"packs": ("pack",)})
    metrics = list(read_metrics(run.folder))
    assert [line["epoch"] for line in metrics] == [0, 1, 2, 3]
    assert all({"learning_rate", "logit_scale", "loss"} <= line.keys() for line in metrics)


def test_a_run_is_evaluated_as_before() -> None:
    evaluation = evaluate(V1 / "run-default", packs=(PACK,), device="cpu")
    values, old = evaluation.to_dict(), read_evaluation(V1 / "evaluation.json")
    for scores in ("before", "after"):
        values[scores] = {name: values[scores][name] for name in old[scores]}
    assert {name: values[name] for name in old} == old  # keys that were added since are left out


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_old_run_can_be_evaluated(recipe: str) -> None:
    evaluation = evaluate(V1 / f"run-{recipe}", packs=(PACK,), device="cpu")
    log = (V1 / f"run-{recipe}" / "paper_protocol.jsonl").read_text().splitlines()
    last = json.loads(log[-1])
    assert evaluation.before.clips == 6
    assert [evaluation.before.accuracy, evaluation.after.accuracy] == pytest.approx(
        [last["before"], last["after"]]
    )


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recogniser_of_an_old_run_gives_the_same_answers(recipe: str) -> None:
    expected = json.loads((V1 / "expected.json").read_text())
    clip = open_pack(PACK).clip(0)
    answers = Recogniser.load(V1 / f"run-{recipe}").recognise(clip, expected["sentences"])
    result = [(a.sentence, a.probability, a.cosine, a.prototype) for a in answers]
    old = expected["answers"][f"run-{recipe}"]
    assert [(sentence, prototype) for sentence, _, _, prototype in result] == [(a[0], a[3]) for a in old]
    np.testing.assert_allclose([a[1:3] for a in result], [a[1:3] for a in old], atol=1e-5)


@pytest.mark.parametrize("recipe", RECIPES)
def test_an_old_run_resumes_and_ends_with_the_same_weights(recipe: str, tmp_path: Path) -> None:
    """Stopped after two of four epochs by the version before, resumed by today's."""
    out = tmp_path / "run"
    shutil.copytree(V1 / f"part-{recipe}", out)
    settings = old_settings(recipe)
    train(settings, build_corpus(settings), out, device="cpu")
    weights, expected = load_file(out / WEIGHTS), load_file(V1 / f"run-{recipe}" / WEIGHTS)
    assert weights.keys() == expected.keys()
    # Sums in another order than before. A bias in front of a batch norm has no gradient but rounding, which AdamW
    # scales up; the running mean behind it takes it back.
    free = ("over_time.bias", "shortcut.0.bias", "running_mean")
    for name, tensor in expected.items():
        assert torch.allclose(weights[name], tensor, atol=1e-3 if name.endswith(free) else 1e-4), name
    assert not (out / "paper_protocol.jsonl").exists()
    log = [json.loads(line) for line in (out / TEST_LOG).read_text().splitlines()]
    old_log = (V1 / f"run-{recipe}" / "paper_protocol.jsonl").read_text().splitlines()
    assert [line["epoch"] for line in log] == [0, 1, 2, 3]
    names = ("epoch", "alpha", "before", "after")
    assert [{name: line[name] for name in names} for line in log] == [json.loads(line) for line in old_log]
    assert all(("after_batches" in line) == (line["epoch"] >= 2) for line in log)
    assert [line["epoch"] for line in read_metrics(out)] == [0, 1, 2, 3]
    assert (out / METRICS).read_text().startswith((V1 / f"part-{recipe}" / METRICS).read_text())


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_finished_old_run_is_not_trained_again(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    shutil.copytree(V1 / f"run-{recipe}", out)
    settings = old_settings(recipe)
    monkeypatch.setattr("pgfa.model.contrastive.contrastive_loss", lambda *_: pytest.fail("trained"))
    train(settings, build_corpus(settings), out, device="cpu")
    assert (out / WEIGHTS).read_bytes() == (V1 / f"run-{recipe}" / WEIGHTS).read_bytes()
    assert len((out / TEST_LOG).read_text().splitlines()) == 4


def test_settings_of_a_run_with_old_names() -> None:
    """A file of settings, not a run: what it does not state has the value of today."""
    settings = RunSettings.load(V1 / "run-default" / "run.toml")
    today = PrepareSettings(frames=16, layout="kinect20")
    assert settings == old_settings("default").model_copy(update={"packs": ("pack",), "prepare": today})


def test_settings_of_an_alignment() -> None:
    assert AdaptSettings.load(V1 / "adapt.toml") == AdaptSettings(method="balanced", prior="uniform")


def test_settings_of_the_baselines_with_old_names() -> None:
    assert BaselineSettings.load(V1 / "compare.toml") == BaselineSettings(
        epochs=3, batch_size=16, learning_rate=0.01, smie_learning_rate=1e-4, smie_samples=2
    )


def test_settings_of_the_server_with_old_names() -> None:
    """`names`, `waiting` and `file_bytes` of format 1."""
    settings = ServeSettings.load(V1 / "serve.toml")
    assert settings == ServeSettings(
        allowed_hosts=("lab.example",), max_queued=3, port=0, max_file_bytes=1000
    )


def test_a_pack_contains_the_clips_it_was_written_from() -> None:
    pack = open_pack(PACK)
    pack.verify()
    clips = list(make_clips(seed=0, performers=3, repeats=1, actions=ACTIONS))
    assert len(pack) == len(clips)
    for index, clip in enumerate(clips):
        stored = pack.clip(index)
        np.testing.assert_array_equal(stored.positions, clip.positions)
        assert (stored.rate, stored.layout, stored.source) == (clip.rate, clip.layout, clip.source)
