"""What a training objective is to the training loop, and how it is looked up by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from torch import Tensor

from pgfa.model.batch import Batch
from pgfa.model.encoder import MotionEncoder

Objective = Callable[[MotionEncoder, Batch], Tensor]
"""(model, batch) -> scalar loss."""


def objective(name: str) -> Objective:
    """The objective of that name in `pgfa.config.OBJECTIVES`: the function ``loss`` of that module."""
    loss: Objective = import_module(f"pgfa.model.{name}").loss
    return loss
