"""What holds for every entry of every table: encoders, objectives, alignments, baselines. Tests follow the tables."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch

from builders import make_corpus, stopped_after
from pgfa.config import ENCODERS, OBJECTIVES, ModelSettings, RunSettings, TrainSettings
from pgfa.errors import BadConfig
from pgfa.model.batch import Batch
from pgfa.model.encoder import MotionEncoder, build_model
from pgfa.model.objective import objective
from pgfa.skeleton import KINECT20
from pgfa.train.features import features_of
from pgfa.train.run import CHECKPOINT, WEIGHTS, open_run, read_metrics
from pgfa.train.train import train

SMALL = {"channels": (4, 8), "strides": (2, 1), "kernel": 3}
TEXT = {"variants": ("plain",)}


def model_of(encoder: str, absent_bodies: str = "skip") -> MotionEncoder:
    torch.manual_seed(0)
    settings = ModelSettings(**{**SMALL, "encoder": encoder, "absent_bodies": absent_bodies})
    return MotionEncoder(settings, KINECT20, 6, 5.0).eval()


def clips(count: int = 5) -> tuple[np.ndarray, np.ndarray]:
    test = make_corpus().test
    return test.positions[:count], test.present[:count]


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("absent_bodies", ["skip", "zero"])
def test_every_encoder_gives_one_feature_per_clip(name: str, absent_bodies: str) -> None:
    model, (positions, present) = model_of(name, absent_bodies), clips()
    features = features_of(model, positions, present)
    assert features.shape == (len(positions), 6)
    assert np.isfinite(features).all()
    one_by_one = [features_of(model, positions[i : i + 1], present[i : i + 1])[0] for i in range(5)]
    np.testing.assert_allclose(features, one_by_one, atol=1e-5)


@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoder_looks_at_the_clip_and_learns(name: str) -> None:
    model, (positions, present) = model_of(name), clips()
    features = features_of(model, positions, present)
    assert np.abs(features[0] - features[1]).max() > 1e-6
    model.train()
    model(torch.from_numpy(positions), torch.from_numpy(present)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.encoder.parameters())


@pytest.mark.parametrize(("table", "name"), [(t, name) for t in (ENCODERS, OBJECTIVES) for name in t])
def test_every_entry_has_a_summary(table: dict[str, str], name: str) -> None:
    assert table[name]


def batch(size: int = 6) -> Batch:
    random = torch.Generator().manual_seed(1)
    labels = torch.tensor([0, 1, 2, 0, 1, 2])[:size]
    vectors = torch.nn.functional.normalize(torch.randn(3, 6, generator=random), dim=1)[labels]
    positions = torch.randn(size, 8, 2, 20, 3, generator=random)
    return Batch(positions, torch.ones(size, 2, dtype=torch.bool), labels, vectors, labels[:, None] == labels)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_is_a_finite_loss_that_a_step_lowers(name: str) -> None:
    loss, model, clips = objective(name), model_of("stgcn"), batch()
    before = loss(model, clips)
    assert before.ndim == 0
    assert before.isfinite()
    optimiser = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    before.backward()
    optimiser.step()
    assert loss(model, clips) < before


@pytest.mark.parametrize(
    "changes",
    [
        *(pytest.param({"model": {**SMALL, "encoder": name}}, id=name) for name in ENCODERS),
        *(pytest.param({"train": {"objective": name}}, id=name) for name in OBJECTIVES),
    ],
)
def test_every_encoder_and_objective_trains_and_opens(changes: dict[str, dict], tmp_path: Path) -> None:
    stages = {"model": SMALL, "text": TEXT, **changes}
    stages["train"] = {"epochs": 2, "batch_size": 8, **stages.get("train", {})}
    model = train(RunSettings(**stages), make_corpus(), tmp_path, device="cpu")
    assert len(list(read_metrics(tmp_path))) == 2
    positions, present = clips()
    opened = open_run(tmp_path, device="cpu").model
    np.testing.assert_array_equal(
        features_of(model, positions, present), features_of(opened, positions, present)
    )


@pytest.mark.parametrize(("settings", "field"), [(ModelSettings, "encoder"), (TrainSettings, "objective")])
def test_an_unknown_name_is_refused_with_the_known_ones(settings: type, field: str) -> None:
    table = ENCODERS if field == "encoder" else OBJECTIVES
    with pytest.raises(BadConfig) as error:
        settings(**{field: "unknown"})
    assert all(name in str(error.value) for name in table)


def test_a_fresh_model_follows_its_seed() -> None:
    first, second = (
        (torch.manual_seed(3), build_model(RunSettings(model=SMALL), KINECT20, 6))[1] for _ in range(2)
    )
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("learn_logit_scale", [False, True])
def test_every_objective_resumes_bit_exactly(name: str, learn_logit_scale: bool, tmp_path: Path) -> None:
    """With a learned scale too, which an objective need not use."""
    stage = {"objective": name, "epochs": 3, "batch_size": 8, "learn_logit_scale": learn_logit_scale}
    settings, corpus = RunSettings(model=SMALL, text=TEXT, train=stage), make_corpus()
    train(settings, corpus, tmp_path / "straight", device="cpu")
    with stopped_after(0):
        train(settings, corpus, tmp_path / "resumed", device="cpu")
    train(settings, corpus, tmp_path / "resumed", device="cpu")
    for file in (WEIGHTS, CHECKPOINT):
        assert (tmp_path / "straight" / file).read_bytes() == (tmp_path / "resumed" / file).read_bytes()


def test_an_objective_without_the_scale_resumes(tmp_path: Path) -> None:
    """A parameter without a gradient has no state in the optimiser: its checkpoint must open all the same."""

    def loss(model: MotionEncoder, clips: Batch) -> torch.Tensor:
        return (model(clips.positions, clips.present) - clips.vectors).square().mean()

    stage = {"epochs": 3, "batch_size": 8, "learn_logit_scale": True}
    settings, corpus = RunSettings(model=SMALL, text=TEXT, train=stage), make_corpus()
    with patch("pgfa.train.train.objective", lambda _: loss):
        train(settings, corpus, tmp_path / "straight", device="cpu")
        with stopped_after(0):
            train(settings, corpus, tmp_path / "resumed", device="cpu")
        train(settings, corpus, tmp_path / "resumed", device="cpu")
    assert (tmp_path / "straight" / WEIGHTS).read_bytes() == (tmp_path / "resumed" / WEIGHTS).read_bytes()


def test_the_recipe_paper_has_values_for_its_own_encoders_only() -> None:
    assert ModelSettings(recipe="paper", encoder="shiftgcn").channels[0] == 64
    with patch.dict("pgfa.config.tables.ENCODERS", {"new": "not an encoder of the paper"}):
        assert ModelSettings._paper({"encoder": "new"}) == {"streams": ("joint",), "absent_bodies": "zero"}
