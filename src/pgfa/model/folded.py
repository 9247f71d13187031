"""ST-GCN for evaluation on the CPU: the same function, rearranged to cost less. Nothing here is trained or stored.

torch computes it as it is, ONNX Runtime from a trace of it (`pgfa.recognise.export`).

- Batch norm in evaluation mode is a scale and an offset per channel: they are folded into the neighbouring maps.
- An absent body is all zeros, so its feature is the same vector for every clip: it is computed once.
- Axes are (T, R, V, C), frames first, channels last. Mixing joints is a product of one matrix with each frame of a
  body; its rows come out in the order in which one more product mixes the channels of all three subsets. The
  convolution over time runs on the same array without a copy, and so do transforms along the frames.
- A convolution over time is computed as products of discrete Fourier transforms along the frames where that takes fewer
  operations: with many channels (`pgfa.model.spectrum`).
- Clips go through all blocks a few at a time, so that what lies between two blocks stays in the processor's cache.
- With many clips each thread computes clips of its own, rather than a share of every product.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from pgfa.model.spectrum import Spectrum

BODIES = {torch.float32: 16, torch.bfloat16: 64}
"""Bodies that go through all blocks at a time, by precision."""
FEWEST_BODIES = 8
"""Bodies per thread from which on threads compute parts of their own rather than share every product."""


class FoldedSTGCN(nn.Module):
    """An ST-GCN in evaluation mode, as it was at construction; later changes of its weights have no effect.

    Args:
        encoder: a `pgfa.model.stgcn.STGCN`.
        precision: of weights and arrays within the blocks; inputs and features are float32.
    """

    scale: Tensor
    offset: Tensor

    def __init__(self, encoder: Any, precision: torch.dtype = torch.float32) -> None:
        super().__init__()
        self._precision = precision
        with torch.no_grad():
            scale, offset = _scale_and_offset(encoder.input_norm)
            self.register_buffer("scale", scale.view(encoder.adjacency.shape[1], -1))
            self.register_buffer("offset", offset.view(encoder.adjacency.shape[1], -1))
            blocks = [_FoldedBlock(block, encoder.adjacency).to(precision) for block in encoder.blocks]
        self._blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, T, V, M), or bodies alone as (R, C, T, V, 1) -> (N, features), the mean over bodies."""
        n, m = x.shape[0], x.shape[4]
        bodies = _by_frame(x)
        present = (bodies != 0).any(dim=3).any(dim=2).any(dim=0)
        absent = torch.zeros_like(bodies[:, :1])
        computed = torch.cat([bodies[:, present], absent], dim=1)
        features = torch.cat(self._run_parts(computed))
        out = features[-1].expand(n * m, -1).clone()
        out[present] = features[:-1]
        return out.view(n, m, -1).mean(dim=1)

    def _run_parts(self, x: Tensor) -> list[Tensor]:
        """`_run` of a few bodies at a time; with many bodies, each thread computes parts of its own."""
        threads, bodies = torch.get_num_threads(), x.shape[1]
        if threads == 1 or bodies < FEWEST_BODIES * threads:
            return [self._run(part) for part in torch.split(x, BODIES[self._precision], dim=1)]
        rounds = -(-bodies // (BODIES[self._precision] * threads))
        parts = torch.tensor_split(x, rounds * threads, dim=1)
        try:
            with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
                return list(pool.map(self._run_alone, parts))
        finally:
            torch.set_num_threads(threads)  # for threads that are started later; the workers' is their own

    @torch.no_grad()
    def _run_alone(self, x: Tensor) -> Tensor:
        """`_run` in a thread, which has a gradient mode of its own."""
        return self._run(x)

    def traced(self, x: Tensor) -> Tensor:
        """The same for an export: no operation depends on values, so absent bodies are computed like others."""
        features = self._run(_by_frame(x))
        return features.view(-1, x.shape[4], features.shape[1]).mean(dim=1)

    def _run(self, x: Tensor) -> Tensor:
        """(T, R, V, inputs) -> (R, features)."""
        x = (x * self.scale + self.offset).to(self._precision).contiguous()
        for block in self._blocks:
            x = block(x)
        t, _, v, b = map(int, x.shape)
        by_joint = x.new_full((1, t), 1 / t, dtype=torch.float32) @ x.view(t, -1).float()
        return by_joint.view(-1, v, b).mean(dim=1)


def _by_frame(x: Tensor) -> Tensor:
    """(N, C, T, V, M) -> (T, N * M, V, C)."""
    c, t, v = x.shape[1:4]
    return x.permute(2, 0, 4, 3, 1).reshape(t, -1, v, c)


class _FoldedBlock(nn.Module):
    """A block with batch norm folded in, for a inputs and b outputs. (T, R, V, a) -> (T / stride, R, V, b).

    Args:
        block: a `pgfa.model.stgcn.Block`.
        adjacency: (3, V, V).

    Attributes:
        mix: (3 V, V) joints, the three subsets of each below one another.
        spread, offset: (3 a, b) channels of all subsets, and (V, b).
        over_time, time_offset: (b, b, taps, 1) and (b,).
        stride: in frames.
        residual: whether the block has one.
        shortcut: weights of the residual (a, b), their offset in `time_offset`; None for the identity.
    """

    mix: Tensor
    spread: Tensor
    offset: Tensor
    over_time: Tensor
    time_offset: Tensor
    shortcut: Tensor | None

    def __init__(self, block: Any, adjacency: Tensor) -> None:
        super().__init__()
        a, b = block.spread.in_channels, block.norm_in.num_features
        joints = adjacency.shape[1]
        weights = adjacency * block.edge
        scale, offset = _scale_and_offset(block.norm_in)
        spread = block.spread.weight.view(3, b, a).permute(0, 2, 1) * scale
        scale_out, offset_out = _scale_and_offset(block.norm_out)
        over_time = block.over_time.weight * scale_out[:, None, None, None]
        time_offset = block.over_time.bias * scale_out + offset_out
        shortcut = None
        if isinstance(block.shortcut, nn.Sequential):
            conv: Any = block.shortcut[0]
            norm: Any = block.shortcut[1]
            scale_past, offset_past = _scale_and_offset(norm)
            shortcut = (conv.weight[:, :, 0, 0] * scale_past[:, None]).T.contiguous()
            time_offset = time_offset + conv.bias * scale_past + offset_past
        self.register_buffer("mix", weights.permute(2, 0, 1).reshape(3 * joints, joints).contiguous())
        self.register_buffer("spread", spread.reshape(3 * a, b).contiguous())
        self.register_buffer("offset", weights.sum(dim=1).T @ block.spread.bias.view(3, b) * scale + offset)
        self.register_buffer("over_time", over_time.contiguous(memory_format=torch.channels_last))
        self.register_buffer("time_offset", time_offset)
        self.register_buffer("shortcut", shortcut)
        self.stride, self.residual = int(block.over_time.stride[0]), block.shortcut is not None
        self._spectra: dict[int, tuple[Spectrum, Tensor]] = {}

    def forward(self, x: Tensor) -> Tensor:
        t, _, v, a = map(int, x.shape)  # in a trace these are tensors
        b = int(self.spread.shape[1])
        neighbours = (self.mix @ x.view(-1, v, a)).view(-1, 3 * a)
        y = (neighbours @ self.spread).view(-1, v, b)
        y = y.add_(self.offset).relu_().view(t, -1, b)
        past = self._past(x.view(t, -1, a))
        spectrum = self._spectrum(t)
        z = self._convolved(y, past) if spectrum is None else spectrum[0].convolve(y, spectrum[1], past)
        return z.relu_().view(-(-t // self.stride), -1, v, b)

    def _past(self, x: Tensor) -> Tensor:
        """(T, R V, a) -> what the residual adds, and the offset: (T / stride, R V, b), or (b,) without a residual."""
        if not self.residual:
            return self.time_offset
        if self.shortcut is None:
            return x + self.time_offset
        x = x[:: self.stride]
        rows = torch.addmm(self.time_offset, x.reshape(-1, x.shape[2]), self.shortcut)
        return rows.view(len(x), -1, rows.shape[1])

    def _convolved(self, y: Tensor, past: Tensor) -> Tensor:
        """(T, R V, b) -> (T / stride, R V, b), of an image of T x R V pixels with channels last."""
        bias = past if past.ndim == 1 else None
        padding = self.over_time.shape[2] // 2
        image = y.unsqueeze(0).permute(0, 3, 1, 2)
        z = conv2d(image, self.over_time, bias, (self.stride, 1), (padding, 0))
        z = z.permute(0, 2, 3, 1).squeeze(0)
        return z if past.ndim == 1 else z + past

    def _spectrum(self, frames: int) -> tuple[Spectrum, Tensor] | None:
        """Transforms for that many frames and weights, where they take fewer operations than the convolution."""
        if frames in self._spectra:
            return self._spectra[frames]
        channels, taps = int(self.over_time.shape[0]), int(self.over_time.shape[2])
        spectrum = Spectrum.of(frames, taps, self.stride)
        if not spectrum.worthwhile(channels):
            return None
        kernel = self.over_time[..., 0]
        weights = spectrum.to(torch.float32).weights(kernel.float()).to(kernel.dtype)
        transforms = spectrum.to(kernel.dtype), weights
        # An exported graph computes the weights from the kernel, which is smaller.
        if not torch.onnx.is_in_onnx_export():
            self._spectra[frames] = transforms
        return transforms


def _scale_and_offset(norm: Any) -> tuple[Tensor, Tensor]:
    """Per channel, what batch norm multiplies by and adds in evaluation mode."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return scale, norm.bias - norm.running_mean * scale
