"""The shifts of Shift-GCN against loops that follow the definition, and their gradients."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from pgfa.model.shift import TemporalShift, joint_shift, shift_frames, shift_joints


def slow_frames(x: Tensor, distance: Tensor, stride: int) -> Tensor:
    """One value at a time: x at stride * t + p (+ 0.5 at stride 2), linear between frames, 0 outside."""
    c, v, t, r = x.shape
    y = torch.zeros(c, v, math.ceil(t / stride), r, dtype=x.dtype)
    for channel in range(c):
        for frame in range(y.shape[2]):
            source = stride * frame + distance[channel].item() + (0.5 if stride == 2 else 0.0)
            for index in (math.floor(source), math.floor(source) + 1):
                if 0 <= index < t:
                    y[channel, :, frame] += (1 - abs(source - index)) * x[channel, :, index]
    return y


DISTANCES = torch.tensor([0.0, 0.3, -0.3, 1.7, -2.6, 3.0, -1.0, 5.4, -6.2, 40.0, -40.0], dtype=torch.float64)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("frames", [1, 5, 6])
def test_frames_follow_the_definition(stride: int, frames: int) -> None:
    x = torch.randn(len(DISTANCES), 3, frames, 2, dtype=torch.float64)
    assert torch.allclose(shift_frames(x, DISTANCES, stride), slow_frames(x, DISTANCES, stride), atol=1e-12)


def test_whole_distances_are_exact_copies() -> None:
    x = torch.randn(3, 2, 6, 4)
    y = shift_frames(x, torch.tensor([2.0, -1.0, 0.0]))
    assert torch.equal(y[0, :, :4], x[0, :, 2:])
    assert not y[0, :, 4:].any()
    assert torch.equal(y[1, :, 1:], x[1, :, :-1])
    assert not y[1, :, 0].any()
    assert torch.equal(y[2], x[2])


def test_stride_two_reads_halfway_between_two_frames() -> None:
    x = torch.arange(6.0).view(1, 1, 6, 1)
    assert shift_frames(x, torch.tensor([0.0]), 2).flatten().tolist() == [0.5, 2.5, 4.5]


@pytest.mark.parametrize("distance", [7.0, -7.0, 1e30, -1e30])
@pytest.mark.parametrize("stride", [1, 2])
def test_beyond_the_clip_is_zero_with_no_gradient(distance: float, stride: int) -> None:
    x = torch.ones(1, 2, 6, 3, requires_grad=True)
    p = torch.tensor([distance], requires_grad=True)
    y = shift_frames(x, p, stride)
    y.sum().backward()
    assert x.grad is not None
    assert p.grad is not None
    assert not y.any()
    assert not x.grad.any()
    assert not p.grad.any()


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("frames", [5, 6])
def test_gradients_are_exact(stride: int, frames: int) -> None:
    x = torch.randn(5, 2, frames, 2, dtype=torch.float64, requires_grad=True)
    p = torch.tensor([0.3, -0.2, 1.7, -2.6, 4.9], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, p: shift_frames(x, p, stride), (x, p))


@pytest.mark.parametrize("stride", [1, 2])
def test_gradients_match_those_of_the_loop_and_finite_differences(stride: int) -> None:
    x = torch.randn(4, 2, 7, 3, dtype=torch.float64, requires_grad=True)
    p = torch.tensor([0.25, -0.75, 2.1, -1.4], dtype=torch.float64, requires_grad=True)
    weight = torch.randn(4, 2, math.ceil(7 / stride), 3, dtype=torch.float64)
    grad_x, grad_p = torch.autograd.grad((shift_frames(x, p, stride) * weight).sum(), (x, p))
    (slow_grad_x,) = torch.autograd.grad((slow_frames(x, p, stride) * weight).sum(), x)
    assert torch.allclose(grad_x, slow_grad_x, atol=1e-12)
    for channel in range(4):
        step = torch.zeros(4, dtype=torch.float64)
        step[channel] = 1e-5
        with torch.no_grad():
            ahead, behind = slow_frames(x, p + step, stride), slow_frames(x, p - step, stride)
        assert grad_p[channel].item() == pytest.approx(
            (((ahead - behind) * weight).sum() / 2e-5).item(), rel=1e-6
        )


def test_distance_is_learned() -> None:
    """Gradient descent recovers a delay of three quarters of a frame."""
    time = torch.arange(40.0)
    x, target = (torch.sin((time + delay) / 4).view(1, 1, -1, 1) for delay in (0.0, 0.75))
    shift = TemporalShift(1, reach=0.0)
    optimiser = torch.optim.SGD(shift.parameters(), lr=8.0)
    for _ in range(25):
        optimiser.zero_grad()
        (shift(x) - target)[:, :, 2:-2].square().mean().backward()
        optimiser.step()
    assert shift.distance.item() == pytest.approx(0.75, abs=0.03)


def test_distances_start_within_reach() -> None:
    start = TemporalShift(1000, reach=1.0).distance
    assert start.abs().max() <= 1
    assert start.max() > 0.9
    assert start.min() < -0.9


@pytest.mark.parametrize(("channels", "joints"), [(3, 25), (64, 25), (8, 5), (7, 20), (4, 1)])
def test_joints_follow_the_definition(channels: int, joints: int) -> None:
    """The index of method.md, flat over joint, then channel, one entry at a time."""
    x = torch.randn(channels, joints, 2, 3)
    flat = x.permute(2, 3, 1, 0).reshape(2, 3, joints * channels)
    into, out = joint_shift(channels, joints, 1), joint_shift(channels, joints, -1)
    for sign, forward, inverse in ((1, into, out), (-1, out, into)):
        index = [
            (i * channels + j + sign * j * channels) % (joints * channels)
            for i in range(joints)
            for j in range(channels)
        ]
        slow = flat[..., index].view(2, 3, joints, channels).permute(3, 2, 0, 1)
        assert torch.equal(shift_joints(x, forward, inverse), slow)
    assert torch.equal(shift_joints(shift_joints(x, into, out), out, into), x)


def test_joint_gradients_are_exact() -> None:
    into, out = joint_shift(3, 4, 1), joint_shift(3, 4, -1)
    x = torch.randn(3, 4, 2, 2, dtype=torch.float64, requires_grad=True)
    scale = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, s: shift_joints(x, into, out, s), (x, scale))
    assert torch.autograd.gradcheck(lambda x: shift_joints(x, out, into), (x,))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("stride", [1, 2])
def test_cuda_agrees(stride: int) -> None:
    results = []
    source = torch.randn(len(DISTANCES), 3, 9, 4)
    for device in ("cpu", "cuda"):
        x = source.to(device).requires_grad_()
        p = DISTANCES.float().to(device).requires_grad_()
        y = shift_frames(x, p, stride)
        results.append([y.detach().cpu(), *(g.cpu() for g in torch.autograd.grad(y.square().sum(), (x, p)))])
    for ours, theirs in zip(*results, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4)
