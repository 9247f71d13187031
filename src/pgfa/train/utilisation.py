"""How much of the processor training uses: its operations per second over those of a product of two large matrices."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from pgfa.model.device import product_seconds
from pgfa.train.steps import Data

M = TypeVar("M", bound=nn.Module)
B = TypeVar("B")

SAMPLES = 32
"""Samples of which the operations are counted, at most."""
SIDE, REPEATS = 1024, 3


def operations_per_sample(
    model: M, objective: Callable[[M, B], Tensor], data: Data[B], samples: Tensor
) -> float:
    """Floating-point operations of matrix products and convolutions in a training step, per sample.

    They are counted on a copy of the model: the model, and with the next seed everything random, stay as they are.

    Args:
        model, objective, data: as in `pgfa.train.loop.train_epochs`.
        samples: (B,) of a step; the first `SAMPLES` are used.
    """
    samples, twin = samples[:SAMPLES], copy.deepcopy(model)
    with FlopCounterMode(display=False) as counter:
        objective(twin, data.batch(samples, 0)).backward()  # type: ignore[no-untyped-call]
    return float(counter.get_total_flops() / len(samples))


def peak_rate(precision: torch.dtype) -> float:
    """Operations per second of the product of two large matrices on the CPU, with the threads of this process."""
    return 2 * SIDE**3 / product_seconds(precision, SIDE, REPEATS)


def utilisation_text(
    model: M, objective: Callable[[M, B], Tensor], data: Data[B], samples: Tensor, precision: torch.dtype
) -> Callable[[float], str]:
    """Samples per second -> text for the line of progress: utilisation, and of what rate."""
    operations = operations_per_sample(model, objective, data, samples)
    peak = peak_rate(precision)
    return lambda speed: f", {100 * speed * operations / peak:.0f} % of {peak / 1e9:,.0f} GFLOP/s"
