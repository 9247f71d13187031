"""Training with bfloat16: near float32, while weights, features and evaluation stay float32."""

from __future__ import annotations

import pytest
import torch

from pgfa.config import RunSettings
from pgfa.model.encoder import MotionEncoder, build_model
from pgfa.skeleton import KINECT20

SMALL = {"channels": (8, 16), "strides": (2, 1), "dropout": 0.0}


def model_of(precision: str, **model: object) -> MotionEncoder:
    torch.manual_seed(0)
    settings = RunSettings(model={**SMALL, **model}, train={"precision": precision})
    return build_model(settings, KINECT20, 6).train()


@pytest.mark.parametrize("encoder", ["stgcn", "shiftgcn"])
def test_bfloat16_is_near_float32_and_is_used_in_training_only(encoder: str) -> None:
    torch.manual_seed(1)
    positions, present = torch.randn(6, 12, 2, 20, 3), torch.ones(6, 2, dtype=torch.bool)
    exact, rounded = (model_of(name, encoder=encoder) for name in ("float32", "bfloat16"))
    expected, features = exact(positions, present), rounded(positions, present)
    assert features.dtype == torch.float32
    difference = float(((features - expected).norm() / expected.norm()).detach())
    assert 1e-5 < difference < 0.05
    features.square().mean().backward()
    assert {p.grad.dtype for p in rounded.parameters() if p.grad is not None} == {torch.float32}
    assert {value.dtype for value in rounded.state_dict().values()} <= {torch.float32, torch.int64}
    rounded.load_state_dict(exact.state_dict())
    assert torch.equal(exact.eval()(positions, present), rounded.eval()(positions, present))


def test_the_digest_of_a_run_in_float32_does_not_change() -> None:
    plain, named = RunSettings().train, RunSettings(train={"precision": "float32"}).train
    assert plain.canonical() == named.canonical()
    assert "precision" not in plain.canonical()
    assert RunSettings(train={"precision": "bfloat16"}).train.canonical()["precision"] == "bfloat16"
