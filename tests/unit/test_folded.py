"""The folded form of ST-GCN computes the same function as the encoder in evaluation mode."""

from __future__ import annotations

import pytest
import torch

from pgfa.config import RunSettings
from pgfa.model.encoder import MotionEncoder, build_model
from pgfa.model.folded import BODIES as BODIES_BY_PRECISION
from pgfa.skeleton import get_layout
from pgfa.train.features import features_of

WIDE, BODIES = 64, BODIES_BY_PRECISION[torch.float32]


def trained(recipe: str, **model: object) -> MotionEncoder:
    """A model whose batch norms, edges and biases are not what they are at the start."""
    torch.manual_seed(0)
    settings = RunSettings(recipe=recipe, model=model)
    encoder = build_model(settings, get_layout(settings.prepare.layout), 6)
    for tensor in (*encoder.parameters(), *encoder.buffers()):
        if tensor.is_floating_point() and tensor.ndim:
            tensor.data += 0.3 * torch.rand_like(tensor) * tensor.abs().mean().clamp(min=0.2)
    return encoder.eval()


@pytest.mark.parametrize("recipe", ["paper", "default"])
@pytest.mark.parametrize(
    "model",
    [
        {"channels": (4, 4, 6), "strides": (1, 1, 2), "kernel": 3},
        {"channels": (4, WIDE, WIDE), "strides": (2, 1, 2), "kernel": 5},
        {"channels": (WIDE, 4), "strides": (2, 1), "kernel": 9},
    ],
    ids=["narrow", "wide", "narrowing"],
)
def test_features_are_those_of_the_encoder(recipe: str, model: dict[str, object]) -> None:
    encoder = trained(recipe, **model)
    joints = len(encoder.parents)
    present = torch.rand(20, 2) < 0.6
    positions = torch.randn(20, 13, 2, joints, 3) * present[:, None, :, None, None]
    with torch.no_grad():
        expected = encoder(positions, present)
    found = torch.from_numpy(features_of(encoder, positions.numpy(), present.numpy(), batch=20))
    assert not torch.equal(found, expected)  # it is another computation
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    assert encoder.folded_encoder is None


@pytest.mark.parametrize("recipe", ["paper", "default"])
def test_in_bfloat16_features_point_the_same_way(recipe: str) -> None:
    encoder = trained(recipe, channels=(8, WIDE, WIDE), strides=(2, 1, 2), kernel=5)
    joints = len(encoder.parents)
    present = torch.rand(100, 2) < 0.6
    positions = (torch.randn(100, 13, 2, joints, 3) * present[:, None, :, None, None]).numpy()
    exact = torch.from_numpy(features_of(encoder, positions, present.numpy()))
    rounded = torch.from_numpy(features_of(encoder, positions, present.numpy(), precision=torch.bfloat16))
    assert rounded.dtype == torch.float32
    assert not torch.allclose(rounded, exact, rtol=1e-5)
    assert torch.nn.functional.cosine_similarity(rounded, exact).min() > 0.999


@pytest.mark.parametrize("bodies", [0, 1, BODIES - 1, BODIES, BODIES + 1])
def test_any_number_of_bodies(bodies: int) -> None:
    """With the absent body the last part has one body, all of them, or is the only one."""
    encoder = trained("paper", channels=(4, WIDE), strides=(1, 2), kernel=3)
    present = torch.zeros(BODIES + 1, 2, dtype=torch.bool)
    present[:bodies, 0] = True
    positions = torch.randn(BODIES + 1, 7, 2, 25, 3) * present[:, None, :, None, None]
    with torch.no_grad():
        expected = encoder(positions, present)
    found = torch.from_numpy(features_of(encoder, positions.numpy(), present.numpy()))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


@pytest.mark.parametrize("bodies", [1, 15, 16, 17, 70])
def test_threads_compute_the_same(bodies: int) -> None:
    """With few bodies threads share every product, with many each has bodies of its own."""
    model = trained("default", channels=(8, 8), strides=(1, 2), kernel=3)
    positions = torch.randn(bodies, 20, 1, 20, 3).numpy()
    present = torch.ones(bodies, 1, dtype=torch.bool).numpy()
    before, features = torch.get_num_threads(), {}
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            features[threads] = features_of(model, positions, present)
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert abs(features[2] - features[1]).max() < 1e-5
    assert abs(features[3] - features[1]).max() < 1e-5
