"""Convolutions over time by Fourier transforms: their values and gradients are those of the convolution."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from pgfa.model import spectrum as module
from pgfa.model.spectrum import BODIES, Spectrum, convolve_over_time


@pytest.mark.parametrize(
    ("frames", "taps", "stride"), [(13, 9, 1), (13, 9, 2), (50, 5, 1), (1, 3, 1), (4, 9, 2)]
)
def test_a_spectrum_is_a_convolution(frames: int, taps: int, stride: int) -> None:
    torch.manual_seed(0)
    kernel, x = torch.randn(3, 2, taps, dtype=torch.float64), torch.randn(frames, 5, 2, dtype=torch.float64)
    image = x.permute(2, 0, 1)[None]
    expected = conv2d(image, kernel[..., None], stride=(stride, 1), padding=(taps // 2, 0))[0].permute(
        1, 2, 0
    )
    spectrum = Spectrum.of(frames, taps, stride)
    added = torch.randn_like(expected)
    found = spectrum.convolve(x, spectrum.weights(kernel), added)
    torch.testing.assert_close(found.view_as(expected), expected + added)


def values_and_gradients(convolve: object, convolution: nn.Conv2d, x: Tensor) -> list[Tensor]:
    """Output, and the gradients of a weighted sum of it: for x, kernel and bias."""
    assert callable(convolve)
    x = x.clone().requires_grad_()
    convolution.zero_grad()
    y = convolve(convolution, x)
    (y * torch.linspace(-1, 1, y.numel()).view_as(y).to(y.dtype)).sum().backward()
    gradients = [p.grad for p in (x, convolution.weight, convolution.bias)]
    return [y.detach(), *(g.clone() for g in gradients if g is not None)]


def over_time(channels: int, taps: int, stride: int = 1) -> nn.Conv2d:
    torch.manual_seed(0)
    return nn.Conv2d(channels, channels, (taps, 1), (stride, 1), (taps // 2, 0))


@pytest.mark.parametrize("bodies", [1, BODIES - 1, BODIES, 2 * BODIES + 3])
@pytest.mark.parametrize(("channels", "frames", "taps"), [(96, 13, 9), (128, 13, 5), (64, 14, 9)])
def test_values_and_gradients(bodies: int, channels: int, frames: int, taps: int) -> None:
    convolution = over_time(channels, taps)
    assert Spectrum.of(frames, taps, 1).worthwhile(channels)
    x = torch.randn(bodies, channels, frames, 4)
    expected = values_and_gradients(lambda c, x: c(x), convolution, x)
    found = values_and_gradients(convolve_over_time, convolution, x)
    assert len(found) == 4
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-5 * float(theirs.abs().max()))


def test_arrays_in_another_order() -> None:
    convolution = over_time(64, 9)
    x = torch.randn(9, 64, 13, 4).to(memory_format=torch.channels_last)
    torch.testing.assert_close(convolve_over_time(convolution, x), convolution(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("channels", "stride", "dtype"), [(8, 1, torch.float32), (64, 2, torch.float32), (64, 1, torch.float64)]
)
def test_other_convolutions_are_those_of_torch(
    monkeypatch: pytest.MonkeyPatch, channels: int, stride: int, dtype: torch.dtype
) -> None:
    """Few channels or a stride of 2 take more time, and other precisions were not measured."""
    monkeypatch.setattr(module, "_SpectralConvolution", None)
    convolution = over_time(channels, 9, stride).to(dtype)
    x = torch.randn(2, channels, 13, 4, dtype=dtype)
    assert torch.equal(convolve_over_time(convolution, x), convolution(x))


def test_bfloat16_is_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SpectralConvolution", None)
    convolution, x = over_time(64, 9), torch.randn(1, 64, 13, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert convolve_over_time(convolution, x).dtype == torch.bfloat16
