"""The steps of training. On one GPU a step is captured once as a CUDA graph and replayed: the host is not waited for.

A captured step is the same sequence of kernels as the plain one, with the same numbers: indices of clips, learning rate
and seed are inputs on the device. Bodies that a step computes differ in number from step to step where absent ones are
left out; they are padded to the largest number of the epoch, rounded up to a multiple of `ROWS`, and each such number
has a graph of its own. Padding has no effect on the result but rounding.
"""

from __future__ import annotations

import gc
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pgfa.config import TrainSettings
from pgfa.model.ranks import ALONE, Ranks, pad_model
from pgfa.processes import without_garbage_collection

M = TypeVar("M", bound=nn.Module)
B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)

ROWS = 16
"""Bodies of the steps of an epoch are padded to a multiple of it."""
GRAPHS = 8
"""Steps of more sizes than that are not captured: each graph holds memory of its own."""
WARM_UP = 3
"""Steps before a capture, whose effect is undone: libraries choose and compile their kernels in them."""


class Data(Protocol[B_co]):
    """What is trained on: samples on the device."""

    @property
    def labels(self) -> Tensor:
        """(samples,) int64 classes."""

    def batch(self, index: Tensor, epoch: int) -> B_co:
        """The samples of an index (B,); everything random is drawn from the global random state."""


@dataclass(frozen=True)
class Index:
    """The samples of a step.

    Attributes:
        samples: (B,) int64, on the device.
        rows: bodies of these samples, padded; None: not padded.
    """

    samples: Tensor
    rows: int | None


class Steps(Generic[M, B]):
    """Takes the steps of training a model, captured where that is possible.

    Args:
        model, objective, data, optimiser, ranks: as in `pgfa.train.loop.train_epochs`.
        bodies: (samples,) bodies computed for each sample, on the host. A step is captured only where it is given: it
            says that a batch depends on nothing but samples and random state, and waits for nothing.
    """

    def __init__(
        self,
        model: M,
        objective: Callable[[M, B], Tensor],
        data: Data[B],
        optimiser: torch.optim.Optimizer,
        ranks: Ranks = ALONE,
        bodies: NDArray[np.int64] | None = None,
    ) -> None:
        self.model, self.objective, self.data = model, objective, data
        self.optimiser, self.ranks = optimiser, ranks
        self.device = next(model.parameters()).device
        self.captures = bodies is not None and self.device.type == "cuda" and ranks.count == 1
        self.bodies = bodies if self.captures else None
        self.padding = pad_model(model) if self.captures else None
        self.graphs: dict[tuple[int, int | None], tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}

    def indices(self, order: Sequence[NDArray[np.int64]] | NDArray[np.int64]) -> list[Index]:
        """The samples of each step of an epoch, copied to the device at once."""
        if not len(order):
            return []
        every = torch.from_numpy(np.concatenate(list(order))).to(self.device)
        samples = torch.split(every, [len(index) for index in order])
        rows = self._rows(order)
        return [Index(part, rows) for part in samples]

    def take(self, index: Index, epoch: int, seed: int, learning_rate: float) -> Tensor:
        """Take a step; the loss, on the device.

        Args:
            index: of `indices`.
            epoch: passed to the data.
            seed: of everything random inside the step.
            learning_rate: of the step.
        """
        size = (len(index.samples), index.rows)
        if self.padding is not None:
            self.padding.rows, self.padding.valid = index.rows, None
        if self.captures and size not in self.graphs:
            self._capture(index, size)
        set_learning_rate(self.optimiser, learning_rate)
        torch.manual_seed(seed)
        if size not in self.graphs:
            return self._step(index.samples, epoch)
        graph, samples, loss = self.graphs[size]
        samples.copy_(index.samples)
        graph.replay()
        return loss.clone()  # the next replay writes to the same memory

    def _rows(self, order: Sequence[NDArray[np.int64]] | NDArray[np.int64]) -> int | None:
        """Bodies per step: a function of the epoch alone, so that a resumed run has the same."""
        if self.bodies is None:
            return None
        count = max(int(self.bodies[samples].sum()) for samples in order)
        return min(math.ceil(count / ROWS) * ROWS, len(order[0]) * int(self.bodies.max()))

    def _step(self, samples: Tensor, epoch: int) -> Tensor:
        loss = self.objective(self.model, self.data.batch(samples, epoch))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.ranks.average_gradients(self.model)
        self.optimiser.step()
        return loss.detach()

    def _capture(self, index: Index, size: tuple[int, int | None]) -> None:
        """Capture a step of this size, or say why not."""
        reason = f"more than {GRAPHS} sizes of steps" if len(self.graphs) == GRAPHS else ""
        samples = index.samples.clone()
        state = _State(self.model, self.optimiser)
        if not reason:
            try:
                graph, loss = self._captured(samples)
                self.graphs[size] = graph, samples, loss
            except RuntimeError as error:
                reason = str(error).splitlines()[0]
                _fresh_random_state(self.device)
            finally:
                state.restore()
        if reason:
            self.captures = False
            print(f"steps are not captured as CUDA graphs: {reason}", file=sys.stderr)

    def _captured(self, samples: Tensor) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self._step(samples, 0)
        torch.cuda.current_stream().wait_stream(stream)
        self.optimiser.zero_grad(set_to_none=True)  # gradients belong to the memory of the graph
        graph = torch.cuda.CUDAGraph()
        # One step at a time is replayed, so the graphs share memory.
        pool = next((graph.pool() for graph, _, _ in self.graphs.values()), None)
        gc.collect()  # an earlier graph that is deleted while another one is captured makes the capture fail
        with without_garbage_collection(), torch.cuda.graph(graph, pool=pool):
            loss = self._step(samples, 0)
        return graph, loss


def _fresh_random_state(device: torch.device) -> None:
    """A failed capture leaves the generator of the device waiting for it to end: give it another state."""
    fresh = torch.Generator(device)
    torch.cuda.default_generators[torch.cuda.current_device()].graphsafe_set_state(
        fresh.graphsafe_get_state()
    )


class _State:
    """A copy of everything that a step changes."""

    def __init__(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        self.optimiser = optimiser
        self.copies = [
            (value, value.clone()) for value in (*model.state_dict().values(), *_tensors(optimiser))
        ]

    def restore(self) -> None:
        """Undo the changes, in place: a graph reads and writes these very tensors."""
        known = {id(value) for value, _ in self.copies}
        with torch.no_grad():
            for value, copy in self.copies:
                value.copy_(copy)
            for value in _tensors(self.optimiser):
                if id(value) not in known:
                    value.zero_()  # the state of an optimiser before its first step


def _tensors(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    return [
        value for state in optimiser.state.values() for value in state.values() if isinstance(value, Tensor)
    ]


def make_optimiser(settings: TrainSettings, model: nn.Module) -> torch.optim.Optimizer:
    """The optimiser of the settings; on a GPU one kernel for all weights, with the learning rate on the device."""
    weights = [p for p in model.parameters() if p.requires_grad]
    device = weights[0].device
    on_gpu = device.type == "cuda"
    rate: Any = torch.tensor(settings.learning_rate, device=device) if on_gpu else settings.learning_rate
    fused = True if on_gpu else None
    decay = settings.weight_decay
    if settings.optimiser == "sgd":
        return torch.optim.SGD(weights, lr=rate, momentum=0.9, weight_decay=decay, fused=fused)
    optimiser = torch.optim.AdamW(weights, lr=rate, weight_decay=decay, fused=fused, capturable=on_gpu)
    optimiser._warned_capturable_if_run_uncaptured = True  # steps of a warm-up are not captured
    return optimiser


def set_learning_rate(optimiser: torch.optim.Optimizer, value: float) -> None:
    """Set the learning rate of all weights, without waiting for the device."""
    for group in optimiser.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(value)
        else:
            group["lr"] = value
