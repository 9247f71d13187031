"""Convolutions over time as products of discrete Fourier transforms along the frames.

With many channels that takes fewer operations. The transforms are short matrix products; in between each frequency is
one product of channels. For 256 channels, 13 frames and 9 taps these are 25 products instead of 97.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

SHARE = 0.5
"""A convolution is computed by Fourier transforms if that takes at most this share of its operations."""
BODIES = 8
"""Bodies at a time in training, so that their transforms stay in the processor's cache."""


@dataclass
class Spectrum:
    """A convolution over T frames as n = L // 2 + 1 frequencies of a circle of L >= T + taps // 2 frames, L odd.

    A product of complex numbers takes three real ones: with x = p + iq and w = c + id they are p (d - c), q (c + d) and
    (p + q) c, which `inverse` combines. At frequency 0 all is real: the third one is enough.

    Attributes, float64 at first:
        forward: (3 n - 2, T) frames to p, q and p + q of each frequency.
        weigh: (3 n - 2, taps) taps to what each is multiplied by.
        inverse: (T / stride, 3 n - 2).
    """

    forward: Tensor
    weigh: Tensor
    inverse: Tensor

    @classmethod
    def of(cls, frames: int, taps: int, stride: int) -> Spectrum:
        """For a kernel of that many taps, padded by taps // 2 at both ends."""
        length = (frames + taps // 2) | 1
        n = length // 2 + 1
        frequency = np.arange(n) * (2 * np.pi / length)
        used = [i for i in range(3 * n) if i not in (0, n)]
        angle = np.outer(frequency, np.arange(frames))
        forward = np.concatenate([np.cos(angle), -np.sin(angle), np.cos(angle) - np.sin(angle)])
        # Of the conjugate: torch's convolution does not flip the kernel.
        angle = np.outer(frequency, np.arange(taps))
        weigh = np.concatenate([np.sin(angle) - np.cos(angle), np.cos(angle) + np.sin(angle), np.cos(angle)])
        angle = np.outer(np.arange(0, frames, stride) - taps // 2, frequency)
        share = np.where(np.arange(n) == 0, 1, 2) / length
        cos, sin = np.cos(angle) * share, -np.sin(angle) * share
        inverse = np.concatenate([sin, -cos, cos + sin], axis=1)
        parts = forward[used], weigh[used], inverse[:, used]
        return cls(*map(torch.from_numpy, parts))

    def to(self, precision: torch.dtype) -> Spectrum:
        """The same transforms with that precision."""
        return Spectrum(*(part.to(precision) for part in (self.forward, self.weigh, self.inverse)))

    def products(self, channels: int) -> float:
        """How many products of (channels, channels) matrices with all bodies take as many operations."""
        return len(self.forward) * (1 + (self.forward.shape[1] + len(self.inverse)) / channels)

    def worthwhile(self, channels: int) -> bool:
        """Whether this takes at most `SHARE` of the operations of the convolution, which has a product per tap."""
        return self.products(channels) <= SHARE * len(self.inverse) * self.weigh.shape[1]

    def weights(self, kernel: Tensor) -> Tensor:
        """(out, in, taps) -> (3 n - 2, in, out)."""
        out, channels, taps = kernel.shape
        by_tap = kernel.permute(2, 1, 0).reshape(taps, -1)
        return (self.weigh @ by_tap).view(-1, channels, out)

    def convolve(self, x: Tensor, weights: Tensor, added: Tensor) -> Tensor:
        """(T, R, in) -> (T / stride, R * out), plus what is added: (T / stride, R, out) or (out,)."""
        frequencies, frames = self.forward.shape
        spectrum = (self.forward @ x.reshape(frames, -1)).view(frequencies, -1, x.shape[2])
        product = torch.bmm(spectrum, weights).view(frequencies, -1)
        rows = added.repeat(x.shape[1]) if added.ndim == 1 else added.reshape(len(self.inverse), -1)
        return torch.addmm(rows, self.inverse, product)


def convolve_over_time(convolution: nn.Conv2d, x: Tensor) -> Tensor:
    """What the convolution makes of (N, C, T, V), differentiable; by Fourier transforms where that takes less time.

    They were measured on the CPU in float32, with the channels of a clip one after the other in memory, and take less
    time for a stride of 1 (docs/speed.md). Results differ by rounding.
    """
    taps, stride = convolution.kernel_size[0], convolution.stride[0]
    plain = (
        x.device.type != "cpu" or torch.is_autocast_enabled("cpu") or x.dtype != torch.float32 or stride != 1
        or torch.compiler.is_compiling()
    )  # fmt: skip
    if plain or not (spectrum := _spectrum(x.shape[2], taps)).worthwhile(convolution.in_channels):
        return convolution(x)  # type: ignore[no-any-return]
    y: Tensor = _SpectralConvolution.apply(x, convolution.weight, spectrum)  # type: ignore[no-untyped-call]
    return y if convolution.bias is None else y + convolution.bias[:, None, None]


@cache
def _spectrum(frames: int, taps: int) -> Spectrum:
    with torch.inference_mode(False):
        return Spectrum.of(frames, taps, 1).to(torch.float32)


class _SpectralConvolution(torch.autograd.Function):
    """(N, C, T, V) and a kernel (out, C, taps, 1) -> (N, out, T, V).

    A few bodies at a time. Transforms are not kept for the backward pass: they are computed again, which takes less
    time than reading them from memory.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, spectrum: Spectrum) -> Tensor:
        weights = spectrum.weights(kernel[..., 0]).transpose(1, 2).contiguous()
        out = x.new_empty(len(x), len(kernel), *x.shape[2:])
        for part, bodies in zip(torch.split(out, BODIES), torch.split(x, BODIES), strict=True):
            _from_frequencies(
                spectrum.inverse, torch.bmm(weights, _transformed(spectrum.forward, bodies)), part
            )
        ctx.save_for_backward(x, weights)
        ctx.spectrum = spectrum
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        (gradient,) = gradients
        x, weights = ctx.saved_tensors
        spectrum: Spectrum = ctx.spectrum
        of_x, of_weights = torch.empty_like(x), torch.zeros_like(weights)
        inverse, forward = spectrum.inverse.T.contiguous(), spectrum.forward.T.contiguous()
        parts = zip(*(torch.split(array, BODIES) for array in (x, gradient, of_x)), strict=True)
        for bodies, slope, part in parts:
            frequencies = _transformed(inverse, slope)
            of_weights.baddbmm_(frequencies, _transformed(spectrum.forward, bodies).transpose(1, 2))
            _from_frequencies(forward, torch.bmm(weights.transpose(1, 2), frequencies), part)
        taps = spectrum.weigh.shape[1]
        of_kernel = (spectrum.weigh.T @ of_weights.view(len(weights), -1)).view(taps, *weights.shape[1:])
        return of_x, of_kernel.permute(1, 2, 0)[..., None], None


def _transformed(transform: Tensor, x: Tensor) -> Tensor:
    """(F, T) and (N, C, T, V) -> (F, C, N * V)."""
    n, c, t, v = x.shape
    return (transform @ x.permute(2, 1, 0, 3).reshape(t, -1)).view(len(transform), c, n * v)


def _from_frequencies(transform: Tensor, x: Tensor, out: Tensor) -> None:
    """(T, F) and (F, C, N * V), into (N, C, T, V)."""
    n, c, t, v = out.shape
    out.copy_((transform @ x.view(len(x), -1)).view(t, c, n, v).permute(2, 1, 0, 3))
