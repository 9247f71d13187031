"""Training that is stopped or killed and then resumed ends with the same weights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import pgfa.files
from builders import make_corpus, stopped_after, write_verified
from pgfa.config import RunSettings
from pgfa.errors import BadCheckpoint, BadConfig, BadFile
from pgfa.files import write_files_list
from pgfa.model import contrastive
from pgfa.model.encoder import build_model
from pgfa.skeleton import KINECT20
from pgfa.text import catalogue
from pgfa.train import checkpoint
from pgfa.train.corpus import Corpus
from pgfa.train.features import features_of
from pgfa.train.run import CHECKPOINT, CORPUS, METRICS, SETTINGS, WEIGHTS, open_run, read_metrics
from pgfa.train.train import train

torch.set_num_threads(1)

CATALOGUE = catalogue("utd-mhad")
SEEN = tuple(CATALOGUE[name] for name in ("wave", "clap", "jog", "squat"))
UNSEEN = tuple(CATALOGUE[name] for name in ("boxing", "lunge"))
SMALL: dict[str, Any] = {"channels": (4, 8), "strides": (2, 1), "kernel": 3}
RECIPES = ("default", "paper")


def settings_of(recipe: str, vectors: Path, **changes: Any) -> RunSettings:
    """Three epochs of three steps on a tiny model; one vector per class."""
    if not vectors.exists():
        random = np.random.default_rng(0)
        np.savez(vectors, **{action.key: random.normal(size=6) for action in (*SEEN, *UNSEEN)})
    train: dict[str, Any] = {"epochs": 3, "batch_size": 8, "seed": 5, "drops": (2,), **changes}
    text = {"encoder": "file", "source": str(vectors), "variants": ("plain",)}
    prepare = {"layout": "kinect20"}
    return RunSettings(
        recipe=recipe, split="utd-mhad/tiny", prepare=prepare, text=text, model=SMALL, train=train
    )


def kill_in_the_middle(recipe: str, vectors: str, out: str) -> None:
    """Train, and be killed in the second step of the second epoch; runs in a separate process."""
    steps, loss = [0], contrastive.contrastive_loss

    def kill_or_compute(*values: Any) -> torch.Tensor:
        steps[0] += 1
        if steps[0] == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return loss(*values)

    contrastive.contrastive_loss = kill_or_compute
    train(settings_of(recipe, Path(vectors)), make_corpus(), Path(out), device="cpu")


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vectors") / "vectors.npz"


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, vectors: Path) -> dict[str, Path]:
    """A run of each recipe without interruption."""
    runs = {recipe: tmp_path_factory.mktemp("uninterrupted") / recipe for recipe in RECIPES}
    for recipe, out in runs.items():
        train(settings_of(recipe, vectors), make_corpus(), out, device="cpu")
    return runs


def lines_of(out: Path) -> list[dict[str, Any]]:
    return [
        {k: v for k, v in line.items() if k not in ("clips_per_second", "seconds")}
        for line in read_metrics(out)
    ]


def assert_same_run(first: Path, second: Path) -> None:
    for name in (WEIGHTS, CHECKPOINT):
        a, b = load_file(first / name), load_file(second / name)
        assert a.keys() == b.keys()
        assert all(torch.equal(a[key], b[key]) for key in a), name
        assert _about(first / name) == _about(second / name)
    assert lines_of(first) == lines_of(second)
    assert [line["epoch"] for line in lines_of(first)] == [0, 1, 2]
    assert sorted(p.name for p in second.iterdir() if not p.name.endswith(".part")) == sorted(
        p.name for p in first.iterdir()
    )


@pytest.mark.parametrize("recipe", RECIPES)
def test_training_changes_the_weights_and_logs_it(
    recipe: str, uninterrupted: dict[str, Path], vectors: Path
) -> None:
    """Otherwise the tests below would pass for a loop that does nothing."""
    out = uninterrupted[recipe]
    first = build_model(settings_of(recipe, vectors), KINECT20, 6).state_dict()
    last = open_run(out, device="cpu").model.state_dict()
    assert not torch.equal(first["projection.weight"], last["projection.weight"])
    lines = lines_of(out)
    assert len({line["loss"] for line in lines}) == 3
    assert (lines[0]["learning_rate"] == 0) == (recipe == "paper")
    facts = json.loads((out / CORPUS).read_text())
    assert facts["seen"] == [a.key for a in SEEN]
    assert facts["unseen"] == [a.key for a in UNSEEN]
    assert (facts["train_clips"], facts["test_clips"]) == (26, 5)
    assert RunSettings.load(out / SETTINGS) == settings_of(recipe, vectors)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_stopped_and_resumed(
    recipe: str, epoch: int, uninterrupted: dict[str, Path], vectors: Path, tmp_path: Path
) -> None:
    settings, out = settings_of(recipe, vectors), tmp_path / "run"
    with stopped_after(epoch):
        train(settings, make_corpus(), out, device="cpu")
    assert not (out / WEIGHTS).exists()
    with pytest.raises(BadCheckpoint, match="is not finished"):
        open_run(out, device="cpu")
    torch.manual_seed(99)  # the random state of the process must not matter
    torch.rand(7)
    trained = [line["seconds"] for line in read_metrics(out)]
    train(settings, make_corpus(), out, device="cpu")
    assert [line["seconds"] for line in read_metrics(out)][: epoch + 1] == trained  # not trained again
    assert_same_run(uninterrupted[recipe], out)


def test_stopped_after_every_epoch(uninterrupted: dict[str, Path], vectors: Path, tmp_path: Path) -> None:
    settings, out = settings_of("default", vectors), tmp_path / "run"
    for epoch in range(3):
        with stopped_after(epoch):
            train(settings, make_corpus(), out, device="cpu")
    train(settings, make_corpus(), out, device="cpu")
    assert_same_run(uninterrupted["default"], out)


def test_killed_in_the_middle_of_an_epoch(
    uninterrupted: dict[str, Path], vectors: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    code = (
        f"import importlib.util as u, sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r}); "
        "s = u.spec_from_file_location('t', sys.argv[1]); "
        "m = u.module_from_spec(s); s.loader.exec_module(m); m.kill_in_the_middle(*sys.argv[2:])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, __file__, "default", str(vectors), str(out)], timeout=300
    )
    assert process.returncode == -signal.SIGKILL
    assert [line["epoch"] for line in lines_of(out)] == [0]
    train(settings_of("default", vectors), make_corpus(), out, device="cpu")
    assert_same_run(uninterrupted["default"], out)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_partly_written_checkpoint_is_never_read(
    recipe: str,
    uninterrupted: dict[str, Path],
    vectors: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped while the second checkpoint is written: the first one is still complete."""
    settings, out, saved = settings_of(recipe, vectors), tmp_path / "run", [0]
    replace = os.replace

    def interrupted(source: str, target: Path) -> None:
        saved[0] += Path(target).name == CHECKPOINT
        if saved[0] == 2:
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(pgfa.files.os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(settings, make_corpus(), out, device="cpu")
    assert not list(out.glob("*.part"))
    whole = (out / CHECKPOINT).read_bytes()
    (out / f".{CHECKPOINT}.x1.part").write_bytes(whole[: len(whole) // 2])  # as a kill would leave it
    train(settings, make_corpus(), out, device="cpu")
    assert_same_run(uninterrupted[recipe], out)


def test_a_finished_run_does_not_change(uninterrupted: dict[str, Path], vectors: Path) -> None:
    out = uninterrupted["paper"]
    before = {name: load_file(out / name) for name in (WEIGHTS, CHECKPOINT)}
    with patch("pgfa.model.contrastive.contrastive_loss", lambda *_: pytest.fail("trained")):
        model = train(settings_of("paper", vectors), make_corpus(), out, device="cpu")
    for name, tensors in before.items():
        assert all(torch.equal(tensors[key], value) for key, value in load_file(out / name).items())
    assert len(lines_of(out)) == 3
    test = make_corpus().test
    opened = open_run(out, device="cpu").model
    np.testing.assert_array_equal(
        features_of(model, test.positions, test.present),
        features_of(opened, test.positions, test.present, batch=5),
    )


def test_another_seed_is_another_run(uninterrupted: dict[str, Path], vectors: Path, tmp_path: Path) -> None:
    train(settings_of("default", vectors, seed=6), make_corpus(), tmp_path, device="cpu")
    assert lines_of(tmp_path) != lines_of(uninterrupted["default"])


@pytest.mark.parametrize("change", [{"learning_rate": 0.5}, {"seed": 6}, {"epochs": 4}, {"augment": False}])
def test_other_settings_in_the_same_folder_are_refused(
    change: dict[str, Any], uninterrupted: dict[str, Path], vectors: Path
) -> None:
    out = uninterrupted["default"]
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    with pytest.raises(BadConfig, match=f"{out} holds a run with other settings, sentences or clips"):
        train(settings_of("default", vectors, **change), make_corpus(), out, device="cpu")
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_other_clips_or_vectors_in_the_same_folder_are_refused(
    uninterrupted: dict[str, Path], vectors: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadConfig, match="clips"):
        train(settings_of("default", vectors), make_corpus(seed=8), uninterrupted["default"], device="cpu")
    changed, out = tmp_path / "v.npz", tmp_path / "run"
    settings = settings_of("default", changed)
    with stopped_after(0):
        train(settings, make_corpus(), out, device="cpu")
    np.savez(changed, **{a.key: np.random.default_rng(1).normal(size=6) for a in (*SEEN, *UNSEEN)})
    with pytest.raises(BadConfig, match="sentences"):
        train(settings, make_corpus(), out, device="cpu")


def other_rounding() -> Corpus:
    """The corpus as a processor that rounds otherwise prepares it."""
    corpus = make_corpus()
    train_set = corpus.train
    moved = np.nextafter(train_set.positions, np.float32(9), dtype=np.float32)
    return replace(corpus, train=replace(train_set, positions=moved))


@pytest.mark.parametrize("version", ["this", "before"])
def test_a_run_goes_on_where_clips_are_rounded_otherwise(
    version: str, uninterrupted: dict[str, Path], vectors: Path, tmp_path: Path
) -> None:
    """Versions before did not store sums of the clips: what else they stored must be the same."""
    out, settings = tmp_path / "run", settings_of("default", vectors)
    with stopped_after(1):
        train(settings, make_corpus(), out, device="cpu")
    if version == "before":
        facts = json.loads((out / CORPUS).read_text())
        facts = {k: v for k, v in facts.items() if k not in ("settings_digest", "clip_sums", "checksum")}
        write_files_list(out / CORPUS, facts, [SETTINGS])
    train(settings, other_rounding(), out, device="cpu")
    assert len(lines_of(out)) == len(lines_of(uninterrupted["default"]))
    weights, expected = (load_file(folder / WEIGHTS) for folder in (out, uninterrupted["default"]))
    assert all(torch.allclose(weights[name], tensor, atol=0.02) for name, tensor in expected.items())
    with pytest.raises(BadConfig, match="other settings, sentences or clips"):
        train(settings_of("default", vectors, seed=6), other_rounding(), out, device="cpu")
    corpus = other_rounding()
    with pytest.raises(BadConfig, match="other settings, sentences or clips"):
        train(settings, replace(corpus, seen=corpus.seen[::-1]), out, device="cpu")


def damage(kind: str, file: Path, uninterrupted: dict[str, Path]) -> None:
    whole = file.read_bytes()
    if kind == "empty":
        file.write_bytes(b"")
    elif kind.startswith("cut"):
        file.write_bytes(
            whole[: int(kind.split()[1]) if kind[-1] != "%" else len(whole) * int(kind[4:-1]) // 100]
        )
    elif kind == "text":
        file.write_text("not tensors")
    elif kind == "header":
        file.write_bytes(whole[:8] + b"\xff" * 40 + whole[48:])
    elif kind == "folder":
        file.unlink()
        file.mkdir()
    elif kind == "another format":
        save_file({"model.x": torch.ones(2)}, file, {"form": "something else"})
    elif kind == "no format":
        save_file({"model.x": torch.ones(2)}, file)
    else:
        tensors = load_file(file)
        about: Any = _about(file)
        if kind == "a tensor is missing":
            del tensors["model.projection.weight"]
        elif kind == "a shape is wrong":
            tensors["model.projection.weight"] = torch.ones(2, 2)
        elif kind == "no optimiser":
            tensors = {name: value for name, value in tensors.items() if name.startswith("model.")}
        elif kind == "another optimiser":
            tensors |= {
                n: v
                for n, v in load_file(uninterrupted["paper"] / CHECKPOINT).items()
                if n.startswith("optimiser.9")
            }
            tensors = {n: v for n, v in tensors.items() if not n.startswith("optimiser.0")}
        elif kind == "another run":
            about = {"epoch": 1, "identity": "0" * 16}
        elif kind == "facts are a list":
            about = [1]
        # With a valid digest: every other error must be detected too.
        metadata = json.dumps(
            {"form": checkpoint.FORMAT, "digest": checkpoint._digest(tensors, about), "about": about}
        )
        save_file(tensors, file, {"pgfa": "{" if kind == "facts are no JSON" else metadata})


def _about(file: Path) -> Any:
    from safetensors import safe_open

    with safe_open(file, framework="pt") as opened:
        return json.loads(opened.metadata()["pgfa"])["about"]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory, vectors: Path) -> Path:
    out = tmp_path_factory.mktemp("stopped")
    with stopped_after(0):
        train(settings_of("default", vectors), make_corpus(), out, device="cpu")
    return out


@pytest.mark.parametrize(
    "kind",
    ["empty", "cut 4", "cut 100", "cut 50%", "cut 99%", "text", "header", "folder", "another format", "no format",
     "a tensor is missing", "a shape is wrong", "no optimiser", "another optimiser", "another run", "facts are a list",
     "facts are no JSON"],
)  # fmt: skip
def test_a_damaged_checkpoint_is_named(
    kind: str, stopped: Path, uninterrupted: dict[str, Path], vectors: Path, tmp_path: Path
) -> None:
    for file in stopped.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    damage(kind, tmp_path / CHECKPOINT, uninterrupted)
    with pytest.raises(BadCheckpoint) as caught:
        train(settings_of("default", vectors), make_corpus(), tmp_path, device="cpu")
    assert str(tmp_path / CHECKPOINT) in str(caught.value)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"seen": 1}'])
def test_damaged_facts_of_a_run_are_refused(
    content: str, stopped: Path, vectors: Path, tmp_path: Path
) -> None:
    for file in stopped.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / CORPUS).write_text(content)
    with pytest.raises((BadFile, BadConfig), match=str(tmp_path)):
        train(settings_of("default", vectors), make_corpus(), tmp_path, device="cpu")


@pytest.mark.parametrize(
    "change",
    [
        {"text_size": 5},
        {"text_size": "six"},
        {"text_centre": None},
        {"text_centre": [0.0]},
        {"identity": "0" * 16},
    ],
)
def test_a_run_with_inconsistent_facts_is_not_opened(
    change: dict[str, Any], uninterrupted: dict[str, Path], tmp_path: Path
) -> None:
    for file in uninterrupted["default"].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    open_run(tmp_path, device="cpu")
    facts = json.loads((tmp_path / CORPUS).read_text()) | change
    (tmp_path / CORPUS).write_text(json.dumps(facts))
    with pytest.raises(BadFile, match="checksum"):
        open_run(tmp_path, device="cpu")
    write_verified(tmp_path / CORPUS, facts)
    with pytest.raises(BadCheckpoint, match=str(tmp_path)):
        open_run(tmp_path, device="cpu")


def test_an_epoch_with_an_incomplete_metrics_line_is_trained_again(
    uninterrupted: dict[str, Path], vectors: Path, tmp_path: Path
) -> None:
    settings = settings_of("default", vectors)
    with stopped_after(0):
        train(settings, make_corpus(), tmp_path, device="cpu")
    with (tmp_path / METRICS).open("a") as file:
        file.write('{"epoch": 1, "lo')
    with pytest.raises(BadFile, match="line 2"):
        list(read_metrics(tmp_path))
    train(settings, make_corpus(), tmp_path, device="cpu")
    assert_same_run(uninterrupted["default"], tmp_path)


def test_a_loss_that_is_not_finite_stops_the_run(vectors: Path, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="diverged"):
        train(
            settings_of("default", vectors, learning_rate=1e30, augment=False),
            make_corpus(),
            tmp_path,
            device="cpu",
        )
    assert not (tmp_path / WEIGHTS).exists()


def test_an_unknown_device_is_refused(vectors: Path, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="device 'abacus' is not available"):
        train(settings_of("default", vectors), make_corpus(), tmp_path / "run", device="abacus")
    assert not (tmp_path / "run").exists()
