"""ST-GCN: graph mixing over joints, convolution over time (method.md section 2).

On a GPU the same function is computed with channels last, arrays of (N, T, V, C) in memory: convolutions over time then
run on tensor cores without a copy, and mixing joints and channels is one product of large matrices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from pgfa.config import ModelSettings
from pgfa.model.encoder_spec import EncoderSpec
from pgfa.model.folded import FoldedSTGCN
from pgfa.model.graph import spatial_adjacency
from pgfa.model.ranks import BatchNorm1d, BatchNorm2d, Shared
from pgfa.model.spectrum import convolve_over_time
from pgfa.skeleton import Layout

PAPER_CHANNELS: tuple[int, ...] = ModelSettings.PAPER["channels"]
PAPER_STRIDES: tuple[int, ...] = ModelSettings.PAPER["strides"]
PAPER_KERNEL: int = ModelSettings.PAPER["kernel"]
PAPER_DROPOUT: float = ModelSettings.PAPER["dropout"]


MERGED_CHANNELS, MERGED_ON_CPU = 128, 64
"""With channels last, up to this many output channels joints and channels are mixed by one matrix. It has more products
than the two maps one after the other, but no array of three subsets between them."""


class STGCN(nn.Module):
    """Spatial-temporal graph convolutional network; the paper's by default.

    Args:
        layout: whose joints are mixed along its bones.
        inputs: channels of a joint (3 for x y z).
        channels, strides: of each block.
        kernel: frames that a temporal convolution sees.
        dropout: in every block but the first.

    Shapes:
        in (N, inputs, T, V, M), or bodies alone as (R, inputs, T, V, 1); out (N, channels[-1]).
    """

    adjacency: Tensor

    def __init__(
        self,
        layout: Layout,
        inputs: int = 3,
        channels: Sequence[int] = PAPER_CHANNELS,
        strides: Sequence[int] = PAPER_STRIDES,
        kernel: int = PAPER_KERNEL,
        dropout: float = PAPER_DROPOUT,
    ) -> None:
        super().__init__()
        joints = len(layout.joints)
        self.features = channels[-1]
        self.register_buffer("adjacency", torch.from_numpy(spatial_adjacency(layout)), persistent=False)
        self.input_norm = BatchNorm1d(inputs * joints)
        before = (inputs, *channels[:-1])
        self.blocks = nn.ModuleList(
            Block(a, b, stride, joints, kernel, dropout=dropout if i else 0.0, residual=i > 0)
            for i, (a, b, stride) in enumerate(zip(before, channels, strides, strict=True))
        )

    def forward(self, x: Tensor) -> Tensor:
        n, c, t, v, m = x.shape
        # The channels of the norm in the authors' order: joint, then axis.
        if channels_last_on(x.device):
            x = self.input_norm(x.permute(0, 4, 2, 3, 1).reshape(n * m * t, v * c))
            x = x.view(n * m, t, v, c).permute(0, 3, 1, 2)  # (N*M, C, T, V), channels last in memory
        else:
            x = self.input_norm(x.permute(0, 4, 3, 1, 2).reshape(n * m, v * c, t))
            x = x.view(n * m, v, c, t).permute(0, 2, 3, 1)  # (N*M, C, T, V)
        for block in self.blocks:
            x = block(x, self.adjacency)
        return x.mean(dim=(2, 3)).view(n, m, -1).mean(dim=1)


class Block(nn.Module):
    """Joint mixing, then temporal convolution, around a residual. (N, a, T, V) -> (N, b, T / stride, V)."""

    def __init__(
        self, a: int, b: int, stride: int, joints: int, kernel: int, *, dropout: float, residual: bool
    ) -> None:
        super().__init__()
        self.edge = nn.Parameter(torch.ones(3, joints, joints))
        self.spread = nn.Conv2d(a, 3 * b, 1)
        self.norm_in = BatchNorm2d(b)
        self.over_time = nn.Conv2d(b, b, (kernel, 1), (stride, 1), (kernel // 2, 0))
        self.norm_out = BatchNorm2d(b)
        self.dropout = Dropout(dropout)
        self.shortcut: nn.Module | None
        if not residual:
            self.shortcut = None
        elif a == b and stride == 1:
            self.shortcut = nn.Identity()
        else:
            self.shortcut = nn.Sequential(nn.Conv2d(a, b, 1, (stride, 1)), BatchNorm2d(b))

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        mixed = self._mix(x, adjacency * self.edge)
        y = convolve_over_time(self.over_time, torch.relu(self.norm_in(mixed)))
        y = self.dropout(self.norm_out(y))
        return torch.relu(y if self.shortcut is None else y + self.shortcut(x))

    def _mix(self, x: Tensor, weights: Tensor) -> Tensor:
        """sum_k spread_k(x) A_k. Both maps are linear, so the one that makes the smaller array goes first."""
        if _channels_last(x):
            return self._mix_rows(x, weights)
        n, _, t, v = x.shape
        a, b = self.spread.in_channels, self.norm_in.num_features  # fixed numbers: an export must know them
        if b <= a:
            return torch.einsum("nkctv,kvw->nctw", self.spread(x).view(n, 3, b, t, v), weights)
        neighbours = torch.cat([x @ weights[k] for k in range(3)], dim=1)
        kernel = self.spread.weight.view(3, b, a).transpose(0, 1).reshape(b, 3 * a, 1, 1)
        assert self.spread.bias is not None
        bias = self.spread.bias.view(3, b).T @ weights.sum(dim=1)
        return conv2d(neighbours, kernel) + bias[:, None, :]

    def _mix_rows(self, x: Tensor, weights: Tensor) -> Tensor:
        """The same with channels last: products of matrices, whose rows are frames with all joints, or joints."""
        n, a, t, v = x.shape
        b = self.norm_in.num_features
        merged = b <= (MERGED_CHANNELS if x.is_cuda else min(MERGED_CHANNELS, MERGED_ON_CPU))
        assert self.spread.bias is not None
        with torch.autocast(x.device.type, enabled=False):  # products of weights are rounded once
            spread = self.spread.weight.view(3, b, a)
            bias = torch.einsum("kb,kw->wb", self.spread.bias.view(3, b), weights.sum(dim=1))
            if merged:
                maps = torch.einsum("kvw,kba->vawb", weights, spread).reshape(v * a, v * b)
            else:
                maps = spread.transpose(1, 2).reshape(3 * a, b)
                neighbours = weights.permute(2, 0, 1).reshape(v * 3, v)
        x = x.permute(0, 2, 3, 1)
        if merged:
            mixed = torch.addmm(bias.flatten(), x.reshape(n * t, v * a), maps)
        else:
            mixed = (neighbours @ x.reshape(n * t, v, a)).reshape(n * t * v, 3 * a) @ maps
            mixed = mixed.view(n * t, v, b) + bias.to(mixed.dtype)
        return mixed.view(n, t, v, b).permute(0, 3, 1, 2)


def channels_last_on(device: torch.device) -> bool:
    """Whether arrays have channels last: on a GPU, and on the CPU in bfloat16 (in float32 that takes longer)."""
    return device.type == "cuda" or (device.type == "cpu" and torch.is_autocast_enabled("cpu"))


def _channels_last(x: Tensor) -> bool:
    """Whether (N, C, T, V) lies in memory as (N, T, V, C)."""
    return x.stride(1) == 1


class Dropout(Shared):
    """nn.Dropout with its probability rounded to 1/256: eight masks from one random number.

    On the CPU drawing the masks one by one took a tenth of a training step. Several ranks draw the masks of all clips,
    and use those of their own: the weights do not depend on the number of ranks.

    Args:
        probability: that a value is dropped.
        clips_last: whether clips are the last axis, bodies times clips; else the first, clips times bodies.
    """

    def __init__(self, probability: float, *, clips_last: bool = False) -> None:
        super().__init__()
        self.dropped = min(255, round(256 * probability))  # 256 would leave nothing to scale up
        self.clips_last = clips_last

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.dropped == 0:
            return x
        return x * (self._draw(x) >= self.dropped) * (256 / (256 - self.dropped))

    def _draw(self, x: Tensor) -> Tensor:
        """Random bytes of the shape of `x`, drawn in the order of its memory."""
        if x.ndim == 4 and not self.clips_last and _channels_last(x):
            return self._draw_rows(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self._draw_rows(x)

    def _draw_rows(self, x: Tensor) -> Tensor:
        if (share := self.share) is None:
            return _random_bytes(x.shape, x.device)
        rows = share.total * share.bodies
        if self.clips_last:
            drawn = _random_bytes((*x.shape[:-1], rows), x.device)
            slots = drawn.view(*x.shape[:-1], share.bodies, share.total)
            return slots[..., share.clips].flatten(-2)
        drawn = _random_bytes((rows, *x.shape[1:]), x.device)
        return drawn[share.clips.start * share.bodies : share.clips.stop * share.bodies]


def _random_bytes(shape: Sequence[int], device: torch.device) -> Tensor:
    size = math.prod(shape)
    words = torch.empty((size + 7) // 8, dtype=torch.int64, device=device)
    words.random_(torch.iinfo(torch.int64).min, None)
    return words.view(torch.uint8)[:size].view(*shape)


def _build(settings: ModelSettings, layout: Layout, inputs: int, bodies: int) -> STGCN:
    return STGCN(
        layout, inputs, settings.channels, settings.strides, settings.kernel, settings.dropout
    )  # any number of bodies


SPEC = EncoderSpec(_build, fold=FoldedSTGCN)


def from_authors(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename a state of the authors' ST-GCN modules to ours, so that their weights can be loaded.

    Raises:
        Nothing: an unknown name is kept, and load_state_dict then reports it.
    """
    parts = {
        "gcn.conv": "spread",
        "tcn.0": "norm_in",
        "tcn.2": "over_time",
        "tcn.3": "norm_out",
        "residual.0": "shortcut.0",
        "residual.1": "shortcut.1",
    }
    renamed = {}
    for name, value in state.items():
        if name == "A":
            continue  # made from the layout
        new = name.replace("data_bn.", "input_norm.")
        if name.startswith("edge_importance."):
            new = f"blocks.{name.split('.')[1]}.edge"
        elif name.startswith("st_gcn_networks."):
            _, block, rest = name.split(".", 2)
            for theirs, ours in parts.items():
                if rest.startswith(theirs + "."):
                    new = f"blocks.{block}.{ours}.{rest.removeprefix(theirs + '.')}"
        renamed[new] = value
    return renamed
