"""What a motion encoder is to the rest of the package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, dtype, nn

from pgfa.config import ModelSettings
from pgfa.skeleton import Layout


class FoldedEncoder(Protocol):
    """An encoder in evaluation mode, as it was at construction, in a form that costs less on the CPU."""

    def __call__(self, x: Tensor) -> Tensor:
        """(N, C, T, V, M) -> (N, features)."""
        ...

    def traced(self, x: Tensor) -> Tensor:
        """The same for an export: no operation depends on values."""
        ...


@dataclass(frozen=True)
class EncoderSpec:
    """A motion encoder. Its module in `pgfa.model` holds one as ``SPEC``; a line of `pgfa.config.ENCODERS` names it.

    Attributes:
        build: (settings, layout, channels of a joint, body slots) -> module from (N, C, T, V, M) to (N, features),
            with an attribute ``features``. Bodies come one by one, M = 1, where `settings.absent_bodies` is ``skip``.
        exportable: whether ONNX has all its operations.
        fold: (module in evaluation mode, precision) -> the same function in a form that costs less on the CPU, if
            there is one.
    """

    build: Callable[[ModelSettings, Layout, int, int], nn.Module]
    exportable: bool = True
    fold: Callable[[nn.Module, dtype], FoldedEncoder] | None = None
