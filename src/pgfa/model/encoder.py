"""Prepared positions in, features in sentence space out: the encoder behind the model's door, and the projection."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from pgfa.config import ModelSettings
from pgfa.model.graph import parents
from pgfa.model.shiftgcn import ShiftGCN
from pgfa.model.stgcn import STGCN
from pgfa.skeleton import Layout

Encoder = STGCN | ShiftGCN


def _stgcn(s: ModelSettings, layout: Layout, inputs: int, bodies: int) -> Encoder:
    return STGCN(layout, inputs, s.channels, s.strides, s.kernel, s.dropout)


def _shiftgcn(s: ModelSettings, layout: Layout, inputs: int, bodies: int) -> Encoder:
    alone = s.absent_bodies == "skip"  # bodies then come one by one
    return ShiftGCN(
        len(layout.joints), inputs, 1 if alone else bodies, s.channels, s.strides, dropout=s.dropout
    )


ENCODERS: dict[str, Callable[[ModelSettings, Layout, int, int], Encoder]] = {
    "stgcn": _stgcn,
    "shiftgcn": _shiftgcn,
}


class MotionEncoder(nn.Module):
    """Encoder and projection, trained together end to end.

    Outside this module the axes are those of the data, (clips, frames, bodies, joints, 3); the encoder's
    (N, C, T, V, M) exists only in here.

    Args:
        settings: which encoder, how large.
        layout: of the joints.
        text_size: d of the sentence vectors.
        scale: s of the loss; trains only if `learn_scale`.
        bodies: M of the clips it will see.
    """

    parents: Tensor

    def __init__(
        self,
        settings: ModelSettings,
        layout: Layout,
        text_size: int,
        scale: float,
        learn_scale: bool = False,
        bodies: int = 2,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("parents", torch.from_numpy(parents(layout)), persistent=False)
        self.encoder = ENCODERS[settings.encoder](settings, layout, 3 * len(settings.streams), bodies)
        self.projection = nn.Linear(self.encoder.features, text_size)
        nn.init.kaiming_normal_(self.projection.weight, mode="fan_out")
        nn.init.zeros_(self.projection.bias)
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)), requires_grad=learn_scale)

    def forward(self, positions: Tensor, present: Tensor) -> Tensor:
        """Features in sentence space, not normalised.

        Args:
            positions: (N, T, M, V, 3) prepared, 0 where a body is absent.
            present: (N, M) bool.

        Returns:
            (N, text_size).
        """
        features: Tensor = self.projection(self.encode(positions, present))
        return features

    def encode(self, positions: Tensor, present: Tensor) -> Tensor:
        """(N, features) of the encoder alone, before the projection."""
        x = self._streams(positions)  # (N, T, M, V, C)
        if self.settings.absent_bodies == "zero":
            both: Tensor = self.encoder(x.permute(0, 4, 1, 3, 2))
            return both
        # Only the bodies that are there are computed, then averaged a clip; a clip without any keeps its first slot.
        some = present.clone()
        some[:, 0] |= ~present.any(dim=1)
        clip, body = some.nonzero(as_tuple=True)
        each = self.encoder(x[clip, :, body].permute(0, 3, 1, 2).unsqueeze(-1))
        total: Tensor = each.new_zeros(len(x), each.shape[1]).index_add(0, clip, each)
        return total / some.sum(dim=1, keepdim=True)

    def _streams(self, positions: Tensor) -> Tensor:
        made = []
        for stream in self.settings.streams:
            if stream == "joint":
                made.append(positions)
            elif stream == "bone":
                made.append(positions - positions[..., self.parents, :])
            else:
                step = positions[:, 1:] - positions[:, :-1]
                made.append(torch.cat([step, torch.zeros_like(step[:, :1])], dim=1) * positions.shape[1] / 10)
        return made[0] if len(made) == 1 else torch.cat(made, dim=-1)


def parameter_count(model: nn.Module) -> int:
    """Number of trainable values."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
