"""ST-GCN for evaluation on the CPU: the same function, rearranged to cost less. Nothing here is trained or stored.

- Batch norm in evaluation mode is a scale and an offset per channel: they are folded into the neighbouring maps.
- An absent body is all zeros, so its feature is the same vector for every clip: it is computed once.
- Axes are (V, T, R, C), joints first, channels last: mixing joints is one matrix product over whole rows, mixing
  channels another, and the convolution over time runs on the same array without a copy.
- A convolution over time with many channels is computed as products of discrete Fourier transforms along the frames.
  The transforms are short matrix products; in between each frequency is one product of channels. For 256 channels, 13
  frames and 9 taps these are 27 products instead of 97.
- Clips go through all blocks a few at a time, so that what lies between two blocks stays in the processor's cache.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

BODIES = {torch.float32: 16, torch.bfloat16: 64}
"""Bodies that go through all blocks at a time, by precision."""
SPECTRAL_CHANNELS = 64
"""With at least this many channels, the convolution over time is computed by Fourier transforms."""


class FoldedSTGCN:
    """An ST-GCN in evaluation mode, as it was at construction; later changes of its weights have no effect.

    Args:
        encoder: a `pgfa.model.stgcn.STGCN`.
        precision: of weights and arrays within the blocks; inputs and features are float32.
    """

    def __init__(self, encoder: Any, precision: torch.dtype = torch.float32) -> None:
        self._precision = precision
        with torch.no_grad():
            self._scale, self._offset = _scale_and_offset(encoder.input_norm)
            self._blocks = [_fold(block, encoder.adjacency).to(precision) for block in encoder.blocks]

    def __call__(self, x: Tensor) -> Tensor:
        """(N, C, T, V, M), or bodies alone as (R, C, T, V, 1) -> (N, features), the mean over bodies."""
        n, c, t, v, m = x.shape
        bodies = x.permute(3, 2, 0, 4, 1).reshape(v, t, n * m, c)
        present = (bodies != 0).any(dim=3).any(dim=1).any(dim=0)
        absent = bodies.new_zeros(v, t, 1, c)
        computed = torch.cat([bodies[:, :, present], absent], dim=2)
        computed = computed * self._scale.view(v, 1, 1, c) + self._offset.view(v, 1, 1, c)
        features = torch.cat(
            [self._run(part) for part in torch.split(computed, BODIES[self._precision], dim=2)]
        )
        out = features[-1].expand(n * m, -1).clone()
        out[present] = features[:-1]
        return out.view(n, m, -1).mean(dim=1)

    def _run(self, x: Tensor) -> Tensor:
        """(V, T, R, inputs) normalised -> (R, features)."""
        x = x.to(self._precision).contiguous()
        for block in self._blocks:
            x = block.run(x)
        return x.float().mean(dim=(0, 1))


@dataclass
class _FoldedBlock:
    """Weights of a block with batch norm folded in, for a inputs and b outputs.

    Attributes:
        mix: (3 V, V) joints, the three subsets below one another.
        spread: (3, a, b) channels of each subset.
        offset: (V, 1, b).
        over_time, time_offset: (b, b, taps, 1) and (b,).
        stride: in frames.
        shortcut: None without a residual; empty for the identity; else weights (a, b), their offset in `time_offset`.
        spectra: frames -> the weights for that many.
    """

    mix: Tensor
    spread: Tensor
    offset: Tensor
    over_time: Tensor
    time_offset: Tensor
    stride: int
    shortcut: tuple[Tensor, ...] | None
    spectra: dict[int, _Spectrum] = field(default_factory=dict)

    def to(self, precision: torch.dtype) -> _FoldedBlock:
        """The same block with weights of that precision."""
        tensors: dict[str, Any] = {
            name: value.to(precision) for name, value in vars(self).items() if isinstance(value, Tensor)
        }
        shortcut = None if self.shortcut is None else tuple(part.to(precision) for part in self.shortcut)
        return replace(self, **tensors, shortcut=shortcut, spectra={})

    def run(self, x: Tensor) -> Tensor:
        """(V, T, R, a) -> (V, T / stride, R, b)."""
        v, t, r, a = x.shape
        b = len(self.time_offset)
        neighbours = (self.mix @ x.view(v, -1)).view(3, v * t * r, a)
        y = self.offset.expand(v, t * r, b).reshape(v * t * r, b)
        for k in range(3):
            y.addmm_(neighbours[k], self.spread[k])
        z = self._over_time(y.relu_().view(v, t, r, b))
        if self.shortcut is not None:
            if self.shortcut:
                inputs = x[:, :: self.stride].reshape(-1, a)
                z.view(-1, b).addmm_(inputs, self.shortcut[0])
            else:
                z += x
        return z.relu_()

    def _over_time(self, y: Tensor) -> Tensor:
        v, t, r, b = y.shape
        if b < SPECTRAL_CHANNELS:
            # As images of t x r pixels with channels last: (V, b, T, R).
            z = conv2d(
                y.permute(0, 3, 1, 2), self.over_time, self.time_offset, (self.stride, 1),
                (self.over_time.shape[2] // 2, 0),
            )  # fmt: skip
            return z.permute(0, 2, 3, 1).contiguous()
        if t not in self.spectra:
            self.spectra[t] = _Spectrum.of(self.over_time[..., 0], t, self.stride)
        z = self.spectra[t].convolve(y.transpose(0, 1).reshape(t, v * r, b))
        z = z.view(-1, v, r * b).transpose(0, 1).contiguous().view(v, -1, r, b)
        return z.add_(self.time_offset)


@dataclass
class _Spectrum:
    """A convolution over T frames as n = L // 2 + 1 frequencies of a circle of L >= T + taps // 2 frames, L odd.

    A product of complex numbers takes three real ones: with x = p + iq and w = c + id they are p (d - c), q (c + d) and
    (p + q) c, which `inverse` combines.

    Attributes:
        forward: (3 n, T) frames to p, q and p + q of each frequency.
        weights: (3 n, channels in, channels out).
        inverse: (T / stride, 3 n).
    """

    forward: Tensor
    weights: Tensor
    inverse: Tensor

    @classmethod
    def of(cls, kernel: Tensor, frames: int, stride: int) -> _Spectrum:
        """From a kernel (out, in, taps), padded by taps // 2 at both ends."""
        taps = kernel.shape[2]
        length = (frames + taps // 2) | 1
        frequency = torch.arange(length // 2 + 1, dtype=torch.float64) * (2 * math.pi / length)

        def angles(positions: Tensor) -> Tensor:
            return torch.outer(frequency, positions.double())

        angle = angles(torch.arange(frames))
        forward = torch.cat([angle.cos(), -angle.sin(), angle.cos() - angle.sin()])
        angle = angles(torch.arange(taps))
        by_tap = kernel.double().permute(2, 1, 0).flatten(1)
        # Of the conjugate: torch's convolution does not flip the kernel.
        real, imaginary = angle.cos() @ by_tap, angle.sin() @ by_tap
        weights = torch.cat([imaginary - real, real + imaginary, real]).view(-1, *kernel.shape[1::-1])
        angle = angles(torch.arange(0, frames, stride) - taps // 2).T
        share = torch.full((len(frequency),), 2 / length, dtype=torch.float64)
        share[0] /= 2
        cos, sin = angle.cos() * share, -angle.sin() * share
        inverse = torch.cat([sin, -cos, cos + sin], dim=1)
        return cls(*(part.to(kernel.dtype).contiguous() for part in (forward, weights, inverse)))

    def convolve(self, x: Tensor) -> Tensor:
        """(T, R, in) -> (T / stride, R, out)."""
        t, r, channels = x.shape
        spectrum = (self.forward @ x.reshape(t, -1)).view(-1, r, channels)
        product = torch.bmm(spectrum, self.weights)
        return (self.inverse @ product.flatten(1)).view(-1, r, product.shape[2])


def _scale_and_offset(norm: Any) -> tuple[Tensor, Tensor]:
    """Per channel, what batch norm multiplies by and adds in evaluation mode."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return scale, norm.bias - norm.running_mean * scale


def _fold(block: Any, adjacency: Tensor) -> _FoldedBlock:
    a, b = block.spread.in_channels, block.norm_in.num_features
    joints = adjacency.shape[1]
    weights = adjacency * block.edge
    scale, offset = _scale_and_offset(block.norm_in)
    by_joint = (block.spread.bias.view(3, b).T @ weights.sum(dim=1)).T * scale + offset
    scale_out, offset_out = _scale_and_offset(block.norm_out)
    time_offset = block.over_time.bias * scale_out + offset_out
    shortcut: tuple[Tensor, ...] | None = None if block.shortcut is None else ()
    if isinstance(block.shortcut, nn.Sequential):
        conv: Any = block.shortcut[0]
        norm: Any = block.shortcut[1]
        scale_past, offset_past = _scale_and_offset(norm)
        shortcut = ((conv.weight[:, :, 0, 0] * scale_past[:, None]).T.contiguous(),)
        time_offset = time_offset + conv.bias * scale_past + offset_past
    over_time = block.over_time.weight * scale_out[:, None, None, None]
    return _FoldedBlock(
        mix=weights.transpose(1, 2).reshape(3 * joints, joints).contiguous(),
        spread=(block.spread.weight.view(3, b, a).permute(0, 2, 1) * scale).contiguous(),
        offset=by_joint.view(joints, 1, b).contiguous(),
        over_time=over_time.to(memory_format=torch.channels_last),
        time_offset=time_offset,
        stride=block.over_time.stride[0],
        shortcut=shortcut,
    )
