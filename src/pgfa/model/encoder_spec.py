"""What a motion encoder is to the rest of the package, and how it is looked up by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from torch import nn

from pgfa.config import ModelSettings
from pgfa.skeleton import Layout


@dataclass(frozen=True)
class EncoderSpec:
    """A motion encoder. Its module in `pgfa.model` holds one as ``SPEC``; a line of `pgfa.config.ENCODERS` names it.

    Attributes:
        build: (settings, layout, channels of a joint, body slots) -> module from (N, C, T, V, M) to (N, features),
            with an attribute ``features``. Bodies come one by one, M = 1, where `settings.absent_bodies` is ``skip``.
        exportable: whether ONNX has all its operations.
    """

    build: Callable[[ModelSettings, Layout, int, int], nn.Module]
    exportable: bool = True


def encoder_spec(name: str) -> EncoderSpec:
    """The encoder of that name in `pgfa.config.ENCODERS`."""
    spec: EncoderSpec = import_module(f"pgfa.model.{name}").SPEC
    return spec
