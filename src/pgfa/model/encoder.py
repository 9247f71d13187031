"""Prepared positions in, features in sentence space out: encoder and projection."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module

import torch
from torch import Tensor, nn

from pgfa.config import ModelSettings, RunSettings
from pgfa.model.encoder_spec import EncoderSpec
from pgfa.model.graph import parents
from pgfa.model.ranks import Padding, Shared
from pgfa.skeleton import Layout


class MotionEncoder(Shared):
    """Encoder and projection, trained together end to end.

    In training with several ranks (`pgfa.model.ranks`) it is given all clips, encodes its share and returns the
    features of all.

    Outside this module the axes are those of the data, (clips, frames, bodies, joints, 3); the encoder's
    (N, C, T, V, M) exists only inside.

    Args:
        settings: which encoder, how large.
        layout: of the joints.
        text_size: d of the sentence vectors.
        logit_scale: s of the loss; trained only if `learn_logit_scale`.
        bodies: M, body slots of the clips.
        precision: what the encoder computes with in training; weights and features are float32.
    """

    parents: Tensor

    def __init__(
        self,
        settings: ModelSettings,
        layout: Layout,
        text_size: int,
        logit_scale: float,
        learn_logit_scale: bool = False,
        bodies: int = 2,
        precision: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.precision = precision
        self.folded_encoder: Callable[[Tensor], Tensor] | None = None
        self.compiled_encoder: Callable[[Tensor], Tensor] | None = None
        self.register_buffer("parents", torch.from_numpy(parents(layout)), persistent=False)
        build = encoder_spec(settings.encoder).build
        self.encoder = build(settings, layout, 3 * len(settings.streams), bodies)
        features = self.encoder.features
        assert isinstance(features, int)
        self.projection = nn.Linear(features, text_size)
        nn.init.kaiming_normal_(self.projection.weight, mode="fan_out")
        nn.init.zeros_(self.projection.bias)
        self.log_scale = nn.Parameter(torch.tensor(math.log(logit_scale)), requires_grad=learn_logit_scale)

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
        share = self.share if self.training else None
        if self.settings.absent_bodies == "zero":
            taken = positions if share is None else positions[share.take(len(positions), positions.shape[2])]
            features = self._encoded(self.streams_of(taken).permute(0, 4, 1, 3, 2))
            return features if share is None else share.gather(features)
        # Only bodies that are present are computed, then averaged per clip; a clip without any keeps its first slot.
        computed = present.clone()
        computed[:, 0] |= ~present.any(dim=1)
        if self.training and self.padding is not None and self.padding.rows is not None:
            return self._encode_padded(positions, computed, self.padding)
        clip, body = computed.nonzero(as_tuple=True)
        own = slice(None) if share is None else share.take(len(clip), 1)
        x = self.streams_of(positions[clip[own], :, body[own]])  # (R, T, V, C)
        per_body = self._encoded(x.permute(0, 3, 1, 2).unsqueeze(-1))
        if share is not None:
            per_body = share.gather(per_body)
        total: Tensor = per_body.new_zeros(len(positions), per_body.shape[1]).index_add(0, clip, per_body)
        return total / computed.sum(dim=1, keepdim=True)

    def _encode_padded(self, positions: Tensor, computed: Tensor, padding: Padding) -> Tensor:
        """As `encode` with absent bodies left out, in a fixed number of rows: nothing waits for the device.

        Bodies that are computed come first, in the same order; absent ones fill the rows and have no effect.
        """
        slots = computed.flatten()
        row = slots.to(torch.uint8).argsort(descending=True, stable=True)[: padding.rows]
        clip = row.div(computed.shape[1], rounding_mode="floor")
        padding.valid = slots[row].to(positions.dtype)
        x = self.streams_of(positions[clip, :, row % computed.shape[1]])  # (R, T, V, C)
        per_body = self._encoded(x.permute(0, 3, 1, 2).unsqueeze(-1)) * padding.valid[:, None]
        total: Tensor = per_body.new_zeros(len(positions), per_body.shape[1]).index_add(0, clip, per_body)
        return total / computed.sum(dim=1, keepdim=True)

    def _encoded(self, x: Tensor) -> Tensor:
        """(N, C, T, V, M) -> (N, features), in training with the precision of the settings."""
        features: Tensor
        if self.folded_encoder is not None:
            return self.folded_encoder(x)
        if not self.training:
            features = self.encoder(x)
            return features
        encoder = self.compiled_encoder or self.encoder
        if self.precision == torch.float32:
            return encoder(x)
        with torch.autocast(x.device.type, self.precision):
            features = encoder(x)
        return features.to(x.dtype)

    def compile_encoder(self) -> None:
        """From now on the encoder is compiled in training, once for each number of bodies per step.

        Its features and gradients differ by rounding.
        """
        torch._dynamo.config.recompile_limit = 64  # numbers of bodies, precisions, models of one process
        self.compiled_encoder = torch.compile(self.encoder.forward, dynamic=False)

    @contextmanager
    def folded(self, precision: torch.dtype = torch.float32) -> Iterator[None]:
        """Context in which an encoder with a folded form uses it on the CPU: features of many clips take less time.

        The model must be in evaluation mode and its weights must not change. Features differ by rounding, to the third
        digit with `precision` bfloat16.
        """
        assert not self.training
        spec = encoder_spec(self.settings.encoder)
        if spec.fold is not None and self.projection.weight.device.type == "cpu":
            self.folded_encoder = spec.fold(self.encoder, precision)
        try:
            yield
        finally:
            self.folded_encoder = None

    def streams_of(self, positions: Tensor) -> Tensor:
        """(N, T, ..., V, 3) positions -> (N, T, ..., V, C): what each joint carries, by `settings.streams`."""
        streams = []
        for stream in self.settings.streams:
            if stream == "joint":
                streams.append(positions)
            elif stream == "bone":
                streams.append(positions - positions[..., self.parents, :])
            else:
                step = positions[:, 1:] - positions[:, :-1]
                streams.append(
                    torch.cat([step, torch.zeros_like(step[:, :1])], dim=1) * positions.shape[1] / 10
                )
        return streams[0] if len(streams) == 1 else torch.cat(streams, dim=-1)


def encoder_spec(name: str) -> EncoderSpec:
    """The encoder of that name in `pgfa.config.ENCODERS`: the `SPEC` of that module."""
    spec: EncoderSpec = import_module(f"pgfa.model.{name}").SPEC
    return spec


def build_model(settings: RunSettings, layout: Layout, text_size: int) -> MotionEncoder:
    """A fresh model for the settings of a run; `text_size` is d of the sentence vectors."""
    train = settings.train
    return MotionEncoder(
        settings.model,
        layout,
        text_size,
        train.logit_scale,
        train.learn_logit_scale,
        settings.prepare.bodies,
        torch.bfloat16 if train.precision == "bfloat16" else torch.float32,
    )


def parameter_count(model: nn.Module) -> int:
    """Number of trainable values."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
