"""A model moves to another device as a whole: no tensor stays on the CPU."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from pgfa.config import ModelSettings
from pgfa.model.contrastive import contrastive_loss
from pgfa.model.encoder import MotionEncoder
from pgfa.skeleton import NTU25
from pgfa.train.checkpoint import load_checkpoint, save_checkpoint

SMALL = {"channels": (4, 8), "strides": (2, 1), "dropout": 0.25}
KINDS = [
    (encoder, absent, streams)
    for encoder in ("stgcn", "shiftgcn")
    for absent in ("zero", "skip")
    for streams in (("joint",), ("joint", "bone", "motion"))
]
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


def model_of(kind: tuple[str, str, tuple[str, ...]], dtype: torch.dtype = torch.float32) -> MotionEncoder:
    torch.manual_seed(0)
    encoder, absent, streams = kind
    settings = ModelSettings(encoder=encoder, absent_bodies=absent, streams=streams, **SMALL)
    return MotionEncoder(settings, NTU25, 6, 14.0, learn_logit_scale=True).to(dtype)


def batch(device: str = "cpu", dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Positions, presence, sentence vectors, which clips show the same class."""
    random = torch.Generator().manual_seed(1)
    present = torch.tensor([[True, True], [True, False], [False, True], [True, True]])
    positions = torch.randn(4, 10, 2, 25, 3, generator=random) * present[:, None, :, None, None]
    text = torch.nn.functional.normalize(torch.randn(4, 6, generator=random), dim=1)
    same = torch.eye(4, dtype=torch.bool)
    return positions.to(device, dtype), present.to(device), text.to(device, dtype), same.to(device)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_tensor_of_a_model_is_a_parameter_or_a_buffer(kind: tuple[str, str, tuple[str, ...]]) -> None:
    """Only these move with the model; a tensor in a plain attribute would stay on its device."""
    model = model_of(kind)
    for name, module in model.named_modules():
        plain = [key for key, value in vars(module).items() if _holds_tensor(value)]
        assert not set(plain) - {"_parameters", "_buffers"}, (name, plain)
    on_meta = model.to("meta")
    assert {t.device.type for t in (*on_meta.parameters(), *on_meta.buffers())} == {"meta"}


def _holds_tensor(value: object) -> bool:
    if isinstance(value, nn.Module):
        return False
    if isinstance(value, dict):
        return any(map(_holds_tensor, value.values()))
    if isinstance(value, list | tuple | set):
        return any(map(_holds_tensor, value))
    return isinstance(value, Tensor)


@pytest.mark.parametrize("encoder", ["stgcn", "shiftgcn"])
def test_a_training_step_creates_no_tensor_on_another_device(encoder: str) -> None:
    """On the device `meta`, which has shapes and no numbers, as on a GPU, an operation across devices is an error."""
    model = model_of((encoder, "zero", ("joint", "bone", "motion"))).to("meta")
    positions, present, text, same = batch("meta")
    loss = contrastive_loss(model(positions, present), text, same, model.log_scale.exp())
    loss.backward()
    assert loss.device.type == "meta"
    assert all(p.grad is not None and p.grad.device.type == "meta" for p in model.parameters())


def test_the_check_on_meta_detects_a_tensor_on_another_device() -> None:
    class Forgetful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.plain = [torch.ones(3)]

        def forward(self, x: Tensor) -> Tensor:
            return x * self.plain[0]

    assert any(map(_holds_tensor, vars(Forgetful()).values()))
    with pytest.raises(RuntimeError, match="device"):
        Forgetful().to("meta")(torch.ones(3, device="meta")).sum()


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_double_precision_is_kept_throughout(kind: tuple[str, str, tuple[str, ...]]) -> None:
    positions, present, _, _ = batch(dtype=torch.float64)
    double = model_of(kind, torch.float64).eval()(positions, present)
    assert double.dtype == torch.float64
    single = model_of(kind).eval()(positions.float(), present)
    torch.testing.assert_close(single.double(), double, atol=1e-4, rtol=1e-4)


@needs_cuda
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_cuda_gives_the_features_and_gradients_of_the_cpu(kind: tuple[str, str, tuple[str, ...]]) -> None:
    results = []
    for device in ("cpu", "cuda"):
        model = model_of(kind, torch.float64).to(device).eval()
        positions, present, text, same = batch(device, torch.float64)
        features = model(positions, present)
        contrastive_loss(features, text, same, model.log_scale.exp()).backward()
        results.append([features.detach().cpu(), *(p.grad.cpu() for p in model.parameters())])
    for on_cpu, on_cuda in zip(*results, strict=True):
        torch.testing.assert_close(on_cuda, on_cpu, atol=1e-8, rtol=1e-6)


@needs_cuda
@pytest.mark.parametrize("encoder", ["stgcn", "shiftgcn"])
def test_training_on_cuda_can_be_resumed_on_any_device(tmp_path: Path, encoder: str) -> None:
    kind = (encoder, "skip", ("joint",))
    model = model_of(kind).to("cuda")
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    positions, present, text, same = batch("cuda")
    losses = []
    for _ in range(5):
        loss = contrastive_loss(model(positions, present), text, same, model.log_scale.exp())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss))
    assert all(map(torch.isfinite, torch.tensor(losses)))
    save_checkpoint(tmp_path / "state.safetensors", model, optimiser, epoch=1)
    for device in ("cpu", "cuda"):
        loaded = model_of(kind).to(device)
        loaded_optimiser = torch.optim.SGD(loaded.parameters(), lr=0.01, momentum=0.9)
        assert load_checkpoint(tmp_path / "state.safetensors", loaded, loaded_optimiser) == {"epoch": 1}
        for ours, theirs in zip(loaded.parameters(), model.parameters(), strict=True):
            assert ours.device.type == device
            assert torch.equal(ours.cpu(), theirs.cpu())
            assert loaded_optimiser.state[ours]["momentum_buffer"].device.type == device
