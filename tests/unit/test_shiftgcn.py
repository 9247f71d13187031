"""Shift-GCN: size, shapes, one unit against loops, bodies, training, and its use in MotionEncoder."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from pgfa.config import ModelSettings
from pgfa.errors import BadConfig
from pgfa.model.encoder import MotionEncoder, parameter_count
from pgfa.model.shiftgcn import PAPER_CHANNELS, ShiftGCN, Unit
from pgfa.skeleton import NTU25


def small(joints: int = 5, bodies: int = 2) -> ShiftGCN:
    return ShiftGCN(joints, bodies=bodies, channels=(4, 6, 8), strides=(1, 2, 1), frames=8)


def test_size_is_that_of_the_paper() -> None:
    """Summed by hand: 674,871 = the paper's backbone, without the classifier."""
    total = 2 * (2 * 25 * 3)  # input norm
    before = 3
    for i, channels in enumerate(PAPER_CHANNELS):
        total += before * 25 + before * channels + channels + 2 * 25 * channels  # mask, mix, norm
        wider = before * channels + channels + 2 * channels  # 1x1 convolution and norm
        total += wider if before != channels else 0
        total += (
            channels * channels + channels + 2 * channels + 2 * 2 * channels
        )  # mix, two shifts, two norms
        total += wider if before != channels and i > 0 else 0  # residual of the unit
        before = channels
    assert parameter_count(ShiftGCN(25)) == total == 674_871


def test_a_large_batch_needs_less_memory_and_has_the_same_gradients_to_the_bit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = torch.randn(16, 3, 10, 5, 2, generator=torch.Generator().manual_seed(1))
    results: list[list[Tensor]] = []
    stored: list[int] = []

    def count(value: Tensor) -> Tensor:
        stored[-1] += value.numel() * value.element_size()
        return value

    for again_from in (10**9, 0):
        monkeypatch.setattr("pgfa.model.shiftgcn.AGAIN_FROM", again_from)
        torch.manual_seed(0)
        model = ShiftGCN(5, bodies=2, channels=(4, 6, 8), strides=(1, 2, 1), frames=8, dropout=0.5)
        stored.append(0)
        with torch.autograd.graph.saved_tensors_hooks(count, lambda value: value):
            features = model(x)
        features.square().sum().backward()
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        results.append([features.detach(), *gradients, *model.buffers()])
    assert len(results[0]) > 60
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)
    assert stored[1] < stored[0] / 4


@pytest.mark.parametrize("joints", [1, 5, 20, 33])
@pytest.mark.parametrize("frames", [1, 8, 50])
def test_any_joints_and_frames(joints: int, frames: int) -> None:
    features = small(joints)(torch.randn(3, 3, frames, joints, 2))
    assert features.shape == (3, 8)
    assert torch.isfinite(features).all()


@pytest.mark.parametrize("strides", [(1, 1, 1), (2, 2, 1), (2, 2, 2)])
def test_any_strides(strides: tuple[int, ...]) -> None:
    net = ShiftGCN(4, bodies=1, channels=(4, 4, 8), strides=strides, frames=9)
    assert net(torch.randn(2, 3, 9, 4, 1)).shape == (2, 8)


def slow_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """One channel's values, normalised over all of them."""
    return (x - x.mean()) / torch.sqrt(x.var(correction=0) + 1e-5) * weight + bias


def slow_unit(unit: Unit, x: Tensor, stride: int) -> Tensor:
    """A unit with a residual, in training, following method.md section 2 value by value. x: (C, V, T, R)."""
    a, joints, frames, _ = x.shape
    b = unit.over_joints.mix.weight.shape[0]
    spatial, temporal = unit.over_joints, unit.over_time

    def pointwise(conv: torch.nn.Module, y: Tensor) -> Tensor:
        weight, bias = conv.weight, conv.bias
        return torch.stack(
            [sum(weight[d, c] * y[c] for c in range(len(y))) + bias[d] for d in range(len(weight))]
        )

    def norm(layer: torch.nn.Module, y: Tensor) -> Tensor:
        return torch.stack([slow_norm(y[c], layer.weight[c], layer.bias[c]) for c in range(len(y))])

    def shift(distance: Tensor, y: Tensor, step: int) -> Tensor:
        z = y.new_zeros(len(y), joints, math.ceil(y.shape[2] / step), y.shape[3])
        for c in range(len(y)):
            for t in range(z.shape[2]):
                source = step * t + float(distance[c]) + (0.5 if step == 2 else 0)
                for frame in (math.floor(source), math.floor(source) + 1):
                    if 0 <= frame < y.shape[2]:
                        z[c, :, t] += (1 - abs(source - frame)) * y[c, :, frame]
        return z

    flat = x.transpose(0, 1).reshape(joints * a, frames, -1)  # joint, then channel
    shifted = torch.stack([flat[(i * a + j + j * a) % (joints * a)] for i in range(joints) for j in range(a)])
    masked = (
        shifted.view(joints, a, frames, -1).transpose(0, 1) * (1 + torch.tanh(spatial.mask))[..., None, None]
    )
    mixed = pointwise(spatial.mix, masked).transpose(0, 1).reshape(joints * b, frames, -1)
    unshifted = torch.stack(
        [mixed[(i * b + j - j * b) % (joints * b)] for i in range(joints) for j in range(b)]
    )
    y = torch.empty(b, joints, frames, x.shape[3], dtype=x.dtype)
    for i in range(joints):
        for j in range(b):
            k = j * joints + i
            y[j, i] = slow_norm(unshifted[i * b + j], spatial.norm.weight[k], spatial.norm.bias[k])
    y = y + (x if a == b else norm(spatial.down[1], pointwise(spatial.down[0], x)))
    y = y.clamp(min=0)
    y = shift(temporal.shift_in.distance, norm(temporal.norm_in, y), 1)
    y = shift(temporal.shift_out.distance, pointwise(temporal.mix, y).clamp(min=0), stride)
    y = norm(temporal.norm_out, y)
    if a == b and stride == 1:
        return (y + x).clamp(min=0)
    return (y + norm(unit.shortcut[1], pointwise(unit.shortcut[0], x[:, :, ::stride]))).clamp(min=0)


@pytest.mark.parametrize(("a", "b", "stride"), [(3, 3, 1), (3, 5, 2), (4, 4, 2), (3, 4, 1)])
def test_unit_follows_the_definition(a: int, b: int, stride: int) -> None:
    unit = Unit(a, b, stride, joints=4, dropout=0.0, residual=True).double()
    with torch.no_grad():
        for parameter in unit.parameters():  # masks, biases and norms have no effect initially
            parameter.add_(torch.randn_like(parameter) / 3)
        x = torch.randn(a, 4, 6, 3, dtype=torch.float64)
        assert torch.allclose(unit(x), slow_unit(unit, x, stride), atol=1e-9)


def test_whole_is_the_sum_of_its_parts() -> None:
    """Input norm per slot, joint and axis; resampling with half-pixel centres; mean, then over bodies."""
    net = small().double()
    x = torch.randn(3, 3, 5, 5, 2, dtype=torch.float64)
    with torch.no_grad():
        output = net(x)
        y = torch.empty(3, 5, 8, 6, dtype=torch.float64)  # (C, V, T, bodies of clips)
        for slot in range(2):
            for axis in range(3):
                for joint in range(5):
                    longer = interpolate(x[:, None, axis, :, joint, slot], size=8, mode="linear")[
                        :, 0
                    ]  # (N, T)
                    y[axis, joint, :, slot::2] = slow_norm(longer, torch.tensor(1.0), torch.tensor(0.0)).T
        for unit in net.units:
            y = unit(y)
        assert torch.allclose(output, y.mean(dim=(1, 2)).view(8, 3, 2).mean(dim=2).T, atol=1e-9)


def test_resampling_uses_half_pixel_centres_and_clamps_at_the_edges() -> None:
    net = ShiftGCN(1, inputs=1, bodies=1, channels=(2,), strides=(1,), frames=4)
    inputs_read = []
    net.input_norm.register_forward_pre_hook(
        lambda _, inputs: inputs_read.append(inputs[0].flatten().tolist())
    )
    net(torch.tensor([0.0, 4.0]).view(1, 1, 2, 1, 1))
    assert inputs_read == [[0.0, 1.0, 3.0, 4.0]]  # at -0.25 (clamped), 0.25, 0.75, 1.25 (clamped)


def settings(**values: object) -> ModelSettings:
    return ModelSettings(encoder="shiftgcn", channels=(8, 12), strides=(2, 1), streams=("joint",), **values)


def test_bodies_can_be_swapped_with_skip() -> None:
    torch.manual_seed(0)
    positions, present = torch.randn(4, 9, 2, 25, 3), torch.ones(4, 2, dtype=torch.bool)
    model = MotionEncoder(settings(absent_bodies="skip", dropout=0.0), NTU25, 7, 14.0)
    assert torch.allclose(model(positions, present), model(positions.flip(2), present), atol=1e-5)


def test_zero_normalises_each_body_slot_separately() -> None:
    """A difference between `skip` and `zero`: the authors' input norm distinguishes the first body from the second."""
    torch.manual_seed(0)
    positions = torch.randn(4, 9, 2, 25, 3) * torch.tensor([1.0, 3.0])[:, None, None]
    present = torch.ones(4, 2, dtype=torch.bool)
    model = MotionEncoder(settings(absent_bodies="zero"), NTU25, 7, 14.0, bodies=2)
    assert model.encoder.input_norm.num_features == 150
    model(positions, present)  # statistics of each slot
    model.eval()
    assert not torch.allclose(model(positions, present), model(positions.flip(2), present), atol=1e-2)


def test_absent_bodies_do_not_matter_with_skip() -> None:
    torch.manual_seed(0)
    model = MotionEncoder(settings(absent_bodies="skip"), NTU25, 7, 14.0).eval()
    positions, present = torch.randn(3, 9, 2, 25, 3), torch.tensor([[True, False]] * 3)
    changed = positions.clone()
    changed[:, :, 1] = 100.0
    assert torch.equal(model(positions, present), model(changed, present))


def test_paper_recipe_is_setting_2() -> None:
    paper = ModelSettings(recipe="paper", encoder="shiftgcn")
    assert paper.channels == (64,) * 4 + (128,) * 3 + (256,) * 3
    assert paper.strides == (1, 1, 1, 1, 2, 1, 1, 2, 1, 1)
    assert (paper.streams, paper.dropout, paper.absent_bodies) == (("joint",), 0.0, "zero")
    encoder = MotionEncoder(paper, NTU25, 7, 14.0).encoder
    assert isinstance(encoder, ShiftGCN)
    assert (encoder.frames, parameter_count(encoder)) == (64, 674_871)
    assert ModelSettings(recipe="paper").dropout == 0.5
    with pytest.raises(BadConfig, match="encoder"):
        ModelSettings(encoder="shift-gcn")


@pytest.mark.parametrize("absent_bodies", ["skip", "zero"])
def test_training_lowers_the_loss(absent_bodies: str) -> None:
    torch.manual_seed(0)
    model = MotionEncoder(settings(absent_bodies=absent_bodies, dropout=0.1), NTU25, 4, 14.0)
    target = torch.arange(8) % 4
    motions = torch.randn(4, 9, 2, 25, 3)[target]  # a class is a motion
    positions, present = motions + torch.randn_like(motions) / 2, torch.ones(8, 2, dtype=torch.bool)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    losses = []
    for _ in range(25):
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(positions, present), target)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-3:]) / 3 < 0.5 * losses[0]
    untrained = {name for name, p in model.named_parameters() if torch.equal(p, start[name])}
    assert untrained == {"log_scale"}, "every weight, mask and shift trains"


def test_state_holds_no_index() -> None:
    assert not [
        name for name in small().state_dict() if name.split(".")[-1] in {"source", "inverse", "out", "undo"}
    ]
