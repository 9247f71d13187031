"""Shift-GCN: joints and frames exchange channels by shifts; all weights act within one joint and frame.

Cheng et al., CVPR 2020, as method.md section 2 gives it. Inside, the axes are (C, V, T, R), R bodies last
(see pgfa.model.shift).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.utils.checkpoint import checkpoint

from pgfa.config import ModelSettings
from pgfa.model.encoder_spec import EncoderSpec
from pgfa.model.ranks import BatchNorm1d, computed_again
from pgfa.model.shift import TemporalShift, joint_shift, shift_joints
from pgfa.model.stgcn import Dropout
from pgfa.skeleton import Layout

PAPER_CHANNELS: tuple[int, ...] = ModelSettings.PAPER_SHIFTGCN["channels"]
PAPER_STRIDES: tuple[int, ...] = ModelSettings.PAPER_SHIFTGCN["strides"]
PAPER_DROPOUT: float = ModelSettings.PAPER_SHIFTGCN["dropout"]
PAPER_FRAMES = 64
AGAIN_FROM = 64_000
"""Joints of all frames and bodies from which on a training step on the CPU computes the units twice: with the 20 clips
of the paper's size that these are, the arrays of one pass take about 2.5 GiB."""


class ShiftGCN(nn.Module):
    """Shift graph convolutional network with the non-local spatial shift; the paper's by default.

    Args:
        joints: any number.
        inputs: channels of a joint (3 for x y z).
        bodies: slots with an input normalisation of their own. The paper's 2 normalise each slot separately, so that
            bodies cannot be swapped; with 1, for bodies given alone, all share one: this project's departure.
        channels, strides: of each unit.
        frames: what the clip is resampled to (shifts are learned in frames), linear, half-pixel centres.
        dropout: in every unit but the first; the paper has none.

    Shapes:
        in (N, inputs, T, V, bodies); out (N, channels[-1]).
    """

    def __init__(
        self,
        joints: int,
        inputs: int = 3,
        bodies: int = 2,
        channels: Sequence[int] = PAPER_CHANNELS,
        strides: Sequence[int] = PAPER_STRIDES,
        frames: int = PAPER_FRAMES,
        dropout: float = PAPER_DROPOUT,
    ) -> None:
        super().__init__()
        self.features = channels[-1]
        self.frames = frames
        self.input_norm = Norm(bodies * inputs * joints)
        before = (inputs, *channels[:-1])
        self.units = nn.ModuleList(
            Unit(a, b, stride, joints, dropout=dropout if i else 0.0, residual=i > 0)
            for i, (a, b, stride) in enumerate(zip(before, channels, strides, strict=True))
        )

    def forward(self, x: Tensor) -> Tensor:
        n, c, t, v, m = x.shape
        x = x.permute(4, 1, 3, 0, 2)  # (M, C, V, N, T)
        if t != self.frames:
            x = interpolate(x.reshape(1, -1, t), size=self.frames, mode="linear").view(
                m, c, v, n, self.frames
            )
        x = self.input_norm(x.transpose(3, 4).contiguous())  # (M, C, V, T, N)
        x = x.permute(1, 2, 3, 0, 4).reshape(c, v, self.frames, m * n)
        # The arrays within the units of a large batch would take many times the memory of those between them: they
        # are computed again in the backward pass. Gradients are the same to the bit.
        large = x.device.type == "cpu" and x[0].numel() > AGAIN_FROM
        again = large and self.training and torch.is_grad_enabled()
        for unit in self.units:
            x = _computed_again(unit, x) if again else unit(x)
        return x.mean(dim=(1, 2)).view(-1, m, n).mean(dim=1).T


def _computed_again(unit: nn.Module, x: Tensor) -> Tensor:
    y: Tensor = checkpoint(unit, x, use_reentrant=False, context_fn=lambda: (nullcontext(), computed_again()))
    return y


class Unit(nn.Module):
    """Spatial part, then temporal part, around a residual. (a, V, T, R) -> (b, V, ceil(T / stride), R)."""

    def __init__(self, a: int, b: int, stride: int, joints: int, *, dropout: float, residual: bool) -> None:
        super().__init__()
        self.over_joints = Spatial(a, b, joints)
        self.over_time = Temporal(b, stride)
        self.dropout = Dropout(dropout, clips_last=True)
        self.shortcut: nn.Module | None
        if not residual:
            self.shortcut = None
        elif a == b and stride == 1:
            self.shortcut = nn.Identity()
        else:
            self.shortcut = nn.Sequential(Pointwise(a, b, stride), Norm(b))

    def forward(self, x: Tensor) -> Tensor:
        y = self.dropout(self.over_time(self.over_joints(x)))
        return torch.relu(y if self.shortcut is None else y + self.shortcut(x))


class Spatial(nn.Module):
    """Shift in, mask, channels mixed, shift out, norm per joint and channel; added to x; ReLU."""

    source: Tensor
    inverse: Tensor
    out: Tensor
    undo: Tensor

    def __init__(self, a: int, b: int, joints: int) -> None:
        super().__init__()
        for name, channels, direction in (
            ("source", a, 1),
            ("inverse", a, -1),
            ("out", b, -1),
            ("undo", b, 1),
        ):
            self.register_buffer(name, joint_shift(channels, joints, direction), persistent=False)
        self.mask = nn.Parameter(torch.zeros(a, joints))
        self.mix = Pointwise(a, b)
        nn.init.normal_(self.mix.weight, std=math.sqrt(1 / b))
        self.norm = Norm(b * joints)
        self.down = nn.Identity() if a == b else nn.Sequential(Pointwise(a, b), Norm(b))

    def forward(self, x: Tensor) -> Tensor:
        y = self.mix(shift_joints(x, self.source, self.inverse, 1 + torch.tanh(self.mask)))
        y = self.norm(shift_joints(y, self.out, self.undo))
        return torch.relu(y + self.down(x))


class Temporal(nn.Module):
    """Norm, shift, channels mixed, ReLU, shift with the stride, norm."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.norm_in = Norm(channels)
        self.shift_in = TemporalShift(channels)
        self.mix = Pointwise(channels, channels)
        self.shift_out = TemporalShift(channels, stride)
        self.norm_out = Norm(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.mix(self.shift_in(self.norm_in(x))))
        y: Tensor = self.norm_out(self.shift_out(x))
        return y


class Pointwise(nn.Module):
    """1x1 convolution of every stride-th frame. (a, V, T, R) -> (b, V, ceil(T / stride), R)."""

    def __init__(self, a: int, b: int, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(b, a))
        self.bias = nn.Parameter(torch.zeros(b))
        nn.init.normal_(self.weight, std=math.sqrt(2 / b))  # Kaiming, fan-out

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, :, :: self.stride]
        return torch.addmm(self.bias[:, None], self.weight, x.flatten(1)).view(-1, *x.shape[1:])


class Norm(BatchNorm1d):
    """BatchNorm1d over the leading axes that multiply to its channels: (C, V, T, R) with C or C * V of them."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.view(1, self.num_features, -1)).view(x.shape)


def _build(settings: ModelSettings, layout: Layout, inputs: int, bodies: int) -> ShiftGCN:
    slots = 1 if settings.absent_bodies == "skip" else bodies  # bodies then come one by one
    return ShiftGCN(
        len(layout.joints), inputs, slots, settings.channels, settings.strides, dropout=settings.dropout
    )


# ONNX has no operation for the learned temporal shift.
SPEC = EncoderSpec(_build, exportable=False)
