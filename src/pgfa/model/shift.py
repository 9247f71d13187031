"""The shifts of Shift-GCN: along the joints by a fixed index, along time by a learned distance per channel.

Both move whole rows of an array whose axes are (C, V, T, R), channels first and bodies last: a row is then
contiguous in memory, a 1x1 convolution is one matrix product, and no axis is ever swapped between operations.
Gradients are gathers too, so they are exact, and reproducible to the bit on every device.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


def joint_shift(channels: int, joints: int, direction: int) -> Tensor:
    """Which row of (channels * joints) each row is read from: channel c of joint v from joint v + direction * c.

    In the order joint, then channel, this is (v*C + c + direction * c*C) mod V*C of method.md section 2; here the
    order is channel, then joint. Directions 1 (in) and -1 (out) undo each other.

    Returns:
        (channels * joints,) int64.
    """
    channel, joint = torch.arange(channels)[:, None], torch.arange(joints)
    return (channel * joints + (joint + direction * channel) % joints).flatten()


class _Rows(torch.autograd.Function):
    """Rows of x in the order `source`, each times its `scale`; `inverse` is the inverse permutation."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, source: Tensor, inverse: Tensor, scale: Tensor | None) -> Tensor:
        # x is saved, not the rows read from it: as the input of the block x is in memory anyway.
        ctx.save_for_backward(x if scale is not None else None, source, inverse, scale)
        rows = x.index_select(0, source)
        return rows if scale is None else rows.mul_(scale[:, None])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, None, None, Tensor | None]:
        x, source, inverse, scale = ctx.saved_tensors
        if scale is None:
            return grad.index_select(0, inverse), None, None, None
        of_scale = None
        if ctx.needs_input_grad[3]:
            of_scale = torch.linalg.vecdot(grad, x.index_select(0, source)).to(scale.dtype)
        of_x = grad.index_select(0, inverse).mul_(scale[inverse, None]) if ctx.needs_input_grad[0] else None
        return of_x, None, None, of_scale


def shift_joints(x: Tensor, source: Tensor, inverse: Tensor, scale: Tensor | None = None) -> Tensor:
    """Spatial shift of (C, V, T, R) by the indices of `joint_shift`, then times `scale` (C, V) where given."""
    flat = None if scale is None else scale.flatten()
    rows: Tensor = _Rows.apply(x.flatten(2).flatten(0, 1), source, inverse, flat)  # type: ignore[no-untyped-call]
    return rows.view(x.shape)


def shift_frames(x: Tensor, distance: Tensor, stride: int = 1) -> Tensor:
    """y[c, :, t] = x[c, :, stride * t + (stride - 1) / 2 + distance[c]]: between frames linear, outside them 0.

    With stride 2 that is 2t + p + 0.5 of method.md section 2. At a whole number the derivative in the distance is
    the one towards later frames.

    Args:
        x: (C, V, T, R).
        distance: (C,) in frames of x, any size.

    Returns:
        (C, V, ceil(T / stride), R).
    """
    return _Frames.apply(x, distance, stride)  # type: ignore[no-untyped-call, no-any-return]


class _Frames(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, distance: Tensor, stride: int) -> Tensor:
        ctx.save_for_backward(x, distance)
        ctx.stride = stride
        frames = x.shape[2]
        whole, part = _split(distance, frames, stride)
        last = stride * ((frames - 1) // stride)
        run = _read(x, whole[:, None] + torch.arange(last + 2, device=x.device))
        return torch.lerp(run[:, :, :-1:stride], run[:, :, 1::stride], part.to(x.dtype))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        x, distance = ctx.saved_tensors
        frames, stride = x.shape[2], ctx.stride
        whole, part = _split(distance, frames, stride)
        # Frame u was read as the earlier neighbour by the t with stride * t + whole = u, and as the later neighbour
        # by the t with stride * t + whole = u - 1. Their gradients are gathered; 0 where there is no such t.
        reader = torch.arange(-1, frames, device=x.device) - whole[:, None]
        quotient = reader.div(stride, rounding_mode="floor")
        run = _read(grad, torch.where(quotient * stride == reader, quotient, -1))
        as_later, as_earlier = run[:, :, :-1], run[:, :, 1:]
        change = as_later - as_earlier
        of_distance = torch.linalg.vecdot(x.flatten(1), change.flatten(1)).to(distance.dtype)
        return torch.addcmul(as_earlier, change, part.to(grad.dtype)), of_distance, None


def _split(distance: Tensor, frames: int, stride: int) -> tuple[Tensor, Tensor]:
    """Distances as whole frames (C,) int64 and a fraction (C, 1, 1, 1); clamped just outside the clip."""
    far = (distance + (stride - 1) / 2).clamp(-(frames + stride + 1), frames)
    whole = far.floor()
    return whole.long(), (far - whole)[:, None, None, None]


def _read(x: Tensor, frames: Tensor) -> Tensor:
    """Frames (C, S) of x (C, V, T, R), as (C, V, S, R); a frame outside the clip is 0."""
    c, v, t, r = x.shape
    blank_last = torch.cat([x, x.new_zeros(1, 1, 1, 1).expand(c, v, 1, r)], dim=2)
    column = torch.where((frames >= 0) & (frames < t), frames, t)
    row = (t + 1) * torch.arange(c * v, device=x.device).view(c, v, 1) + column[:, None]
    return blank_last.view(-1, r).index_select(0, row.flatten()).view(c, v, -1, r)


class TemporalShift(nn.Module):
    """`shift_frames` with a distance that trains, at the start uniform in +-`reach` frames as in the public code.

    That code's gradient of the distance is not the derivative but 0.01 times its sign; here it is the derivative.
    """

    def __init__(self, channels: int, stride: int = 1, reach: float = 1.0) -> None:
        super().__init__()
        self.stride = stride
        self.distance = nn.Parameter(torch.empty(channels).uniform_(-reach, reach))

    def forward(self, x: Tensor) -> Tensor:
        return shift_frames(x, self.distance, self.stride)
