"""Steps of training on a GPU: channels last, padded, captured, compiled; each computes what the plain step computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from builders import make_corpus, save_vectors, stopped_after
from pgfa.config import RunSettings
from pgfa.model import stgcn
from pgfa.model.contrastive import contrastive_loss, loss
from pgfa.model.encoder import MotionEncoder, build_model
from pgfa.model.ranks import Ranks, pad_model
from pgfa.skeleton import get_layout
from pgfa.train.batches import TrainingClips
from pgfa.train.run import WEIGHTS, read_metrics
from pgfa.train.sentences import class_sentences
from pgfa.train.steps import Steps, make_optimiser, set_learning_rate
from pgfa.train.train import train

SMALL = {"channels": (4, 8), "strides": (2, 1), "kernel": 3, "dropout": 0.25}
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


def settings_of(source: Path, **values: object) -> RunSettings:
    train = {"epochs": 3, "batch_size": 8, "seed": 5, "optimiser": "sgd", **values}
    text = {"encoder": "file", "source": str(source), "variants": ("plain",)}
    return RunSettings(split="utd-mhad/tiny", text=text, model=SMALL, train=train)


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_vectors(tmp_path_factory.mktemp("vectors") / "vectors.npz", make_corpus())


def values_of(model: MotionEncoder) -> dict[str, Tensor]:
    """Loss, gradients and running statistics of a step in double precision."""
    torch.manual_seed(1)
    joints = len(model.parents)
    present = torch.rand(13, 2) < 0.6
    positions = torch.randn(13, 12, 2, joints, 3, dtype=torch.float64) * present[:, None, :, None, None]
    text, labels = torch.randn(13, 8, dtype=torch.float64), torch.randint(5, (13,))
    value = contrastive_loss(
        model(positions, present), text, labels[:, None] == labels, model.log_scale.exp()
    )
    value.backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return {"loss": value.detach(), **gradients, **dict(model.named_buffers())}


def model_of(recipe: str, channels: tuple[int, ...] = (8, 16, 4)) -> MotionEncoder:
    torch.manual_seed(0)
    model = {"channels": channels, "strides": (1, 2, 1), "dropout": 0.0}
    settings = RunSettings(recipe=recipe, model=model, train={"learn_logit_scale": True})
    return build_model(settings, get_layout(settings.prepare.layout), 8).double().train()


def assert_same(values: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert set(values) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(
            values[name], value, rtol=1e-8, atol=1e-10, msg=lambda m, n=name: f"{n}: {m}"
        )


@pytest.mark.parametrize("recipe", ["paper", "default"])
@pytest.mark.parametrize("merged", [0, 8, 16])
def test_channels_last_computes_the_same(recipe: str, merged: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = values_of(model_of(recipe))
    monkeypatch.setattr(stgcn, "channels_last_on", lambda device: True)
    monkeypatch.setattr(stgcn, "MERGED_CHANNELS", merged)
    assert_same(values_of(model_of(recipe)), expected)


@pytest.mark.parametrize("channels_last", [False, True])
def test_padding_has_no_effect(channels_last: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither on features and gradients nor on running statistics."""
    expected = values_of(model_of("default"))
    monkeypatch.setattr(stgcn, "channels_last_on", lambda device: channels_last)
    model = model_of("default")
    padding = pad_model(model)
    padding.rows = 24
    assert_same(values_of(model), expected)
    assert padding.valid is not None
    assert 13 <= int(padding.valid.sum()) < 24
    padding.rows = padding.valid = None
    model.zero_grad()
    assert torch.isfinite(values_of(model)["loss"])


def test_a_step_on_the_cpu_is_plain(vectors: Path) -> None:
    steps, _ = steps_of(settings_of(vectors), "cpu")
    index, *rest = steps.indices([np.arange(8), np.arange(8, 16)])
    assert (steps.captures, index.rows, len(rest)) == (False, None, 1)
    assert index.samples.tolist() == list(range(8))
    steps.take(index, 0, 1, 0.01)
    assert not steps.graphs
    assert steps.indices([]) == []
    assert [group["lr"] for group in steps.optimiser.param_groups] == [0.01]


def test_a_compiled_encoder_is_used_in_training_only(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def compiled(forward: object, **options: object) -> object:
        return lambda x: calls.append(len(x)) or forward(x)

    expected = values_of(model_of("default"))
    monkeypatch.setattr(torch, "compile", compiled)
    model = model_of("default")
    names = list(model.state_dict())
    model.compile_encoder()
    assert_same(values_of(model), expected)
    assert list(model.state_dict()) == names
    assert len(calls) == 1
    model.eval()(torch.randn(2, 12, 2, 20, 3, dtype=torch.float64), torch.ones(2, 2, dtype=torch.bool))
    assert len(calls) == 1


def steps_of(settings: RunSettings, device: str, ranks: Ranks | None = None) -> tuple[Steps, MotionEncoder]:
    corpus = make_corpus()
    sentences = class_sentences(corpus, settings)
    data = TrainingClips.of(corpus, sentences, settings, torch.device(device))
    torch.manual_seed(0)
    model = build_model(settings, corpus.layout, sentences.vectors.shape[1]).to(device).train()
    optimiser = make_optimiser(settings.train, model)
    return Steps(model, loss, data, optimiser, *([ranks] if ranks else []), bodies=data.bodies), model


@needs_cuda
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("bfloat16", 1e-3)])
@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_a_captured_step_is_the_eager_step(
    vectors: Path, precision: str, tolerance: float, optimiser: str
) -> None:
    settings = settings_of(vectors, precision=precision, optimiser=optimiser)
    losses = {}
    for captured in (False, True):
        steps, _ = steps_of(settings, "cuda")
        steps.captures = captured
        order = [np.random.default_rng(i).permutation(26)[:8] for i in range(6)]
        indices = steps.indices(order)
        assert {index.rows for index in indices} == {16}
        losses[captured] = [float(steps.take(index, 0, n, 0.01)) for n, index in enumerate(indices)]
        assert len(steps.graphs) == captured
    assert losses[True] == pytest.approx(losses[False], rel=tolerance)
    assert len(set(losses[True])) == 6


@needs_cuda
def test_seed_and_learning_rate_are_inputs_of_a_captured_step(vectors: Path) -> None:
    def losses(*seeds: int) -> list[float]:
        steps, _ = steps_of(settings_of(vectors), "cuda")
        index = steps.indices([np.arange(8)])[0]
        return [float(steps.take(index, 0, seed, 0.0)) for seed in seeds]

    first, again, other = losses(1, 1, 2)
    assert first == again != other
    steps, model = steps_of(settings_of(vectors), "cuda")
    before = model.projection.weight.clone()
    index = steps.indices([np.arange(8)])[0]
    steps.take(index, 0, 1, 0.0)
    assert torch.equal(model.projection.weight, before)
    steps.take(index, 0, 1, 0.1)
    assert not torch.equal(model.projection.weight, before)


@needs_cuda
def test_a_run_with_captured_steps_is_resumed(vectors: Path, tmp_path: Path) -> None:
    settings = settings_of(vectors)
    with stopped_after(0):
        train(settings, make_corpus(), tmp_path / "stopped", device="cuda")
    for name in ("stopped", "whole"):
        train(settings, make_corpus(), tmp_path / name, device="cuda")
    stopped, whole = ([line["loss"] for line in read_metrics(tmp_path / n)] for n in ("stopped", "whole"))
    assert stopped == pytest.approx(whole, rel=1e-5)
    expected = load_file(tmp_path / "whole" / WEIGHTS)
    for name, value in load_file(tmp_path / "stopped" / WEIGHTS).items():
        torch.testing.assert_close(value, expected[name], rtol=1e-3, atol=1e-4)


@needs_cuda
def test_steps_of_several_ranks_are_not_captured(vectors: Path) -> None:
    steps, _ = steps_of(settings_of(vectors), "cuda", Ranks(0, 2))
    assert not steps.captures
    assert steps.indices([np.arange(8)])[0].rows is None


@needs_cuda
def test_a_step_that_cannot_be_captured_is_taken_and_the_reason_printed(
    vectors: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps, _ = steps_of(settings_of(vectors), "cuda")
    objective = steps.objective
    steps.objective = lambda model, batch: objective(model, batch) * float(batch.vectors.norm().isfinite())
    value = float(steps.take(steps.indices([np.arange(8)])[0], 0, 1, 0.01))
    assert np.isfinite(value)
    assert "steps are not captured as CUDA graphs" in capsys.readouterr().err
    assert not steps.captures


def test_the_learning_rate_is_set_in_place_where_it_is_a_tensor() -> None:
    weight = torch.nn.Parameter(torch.ones(1))
    rate = torch.tensor(0.5)
    optimiser = torch.optim.SGD([weight], lr=rate)
    set_learning_rate(optimiser, 0.25)
    assert optimiser.param_groups[0]["lr"] is rate
    assert float(rate) == 0.25
