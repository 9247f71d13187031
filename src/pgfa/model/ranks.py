"""One model on several processes (ranks), each with a share of the clips of a step: the result is that of one process.

Every rank knows the whole batch, as sample order and augmentation are functions of seed, epoch and step. It encodes its
share; the features of all are gathered, and each rank computes the same loss from them. In the backward pass the
gradient of that loss by a rank's own features is multiplied by the number of ranks, and the gradients of the weights
are averaged over the ranks, as is common: a weight before the gathering gets the sum of the ranks' parts, one after it
(the projection, the logit scale), whose gradient every rank has in full, keeps it. Batch norm takes mean and variance
over the shares of all ranks, and dropout its part of the masks of the whole batch.

The collectives work on CPUs (gloo) and GPUs (NCCL) alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import batch_norm


@dataclass(frozen=True)
class Ranks:
    """The processes that train one model together.

    Attributes:
        rank: number of this process, from 0.
        count: number of processes; with one, nothing is communicated.
    """

    rank: int = 0
    count: int = 1

    @property
    def writes(self) -> bool:
        """Whether this is the process that writes files: rank 0."""
        return self.rank == 0

    def share(self, total: int) -> slice:
        """This rank's consecutive share of `total` items; shares differ by one item at most."""
        return slice(self.rank * total // self.count, (self.rank + 1) * total // self.count)

    def average_gradients(self, model: nn.Module) -> None:
        """Replace the gradients of a model by their means over the ranks, in one message."""
        if self.count == 1:
            return
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.count
        for gradient, mean in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))


ALONE = Ranks()


@dataclass
class Share:
    """The clips of a step that the encoder of this rank computes; the model sets them in each step.

    Where the encoder gets bodies one by one, a body counts as a clip.

    Attributes:
        ranks: of the model.
        clips: of this rank, among all.
        total: clips of all ranks.
        bodies: slots per clip.
    """

    ranks: Ranks
    clips: slice = field(default_factory=lambda: slice(0, 0))
    total: int = 0
    bodies: int = 1

    def take(self, total: int, bodies: int) -> slice:
        """This rank's share of a step with `total` clips of `bodies` slots each."""
        self.clips, self.total, self.bodies = self.ranks.share(total), total, bodies
        return self.clips

    def gather(self, features: Tensor) -> Tensor:
        """(clips of this rank, d) -> (total, d), the features of all ranks, with gradients to those of each."""
        return cast(Tensor, _Gather.apply(features, self))  # type: ignore[no-untyped-call]


@dataclass
class Padding:
    """The rows of a step that are bodies of clips; the others fill it up to a fixed number of rows.

    Attributes:
        rows: fixed number of rows of the next steps, at least the bodies that they compute; None: no padding.
        valid: (rows,) floats, 1 for a body, 0 for a row that must have no effect; the model sets it in each step
            that it pads.
    """

    rows: int | None = None
    valid: Tensor | None = None


class Shared(nn.Module):
    """A layer whose result depends on all clips of a step.

    `share` is None where this process computes all of them, `padding` where all rows are clips.
    """

    share: Share | None = None
    padding: Padding | None = None


def pad_model(model: nn.Module) -> Padding:
    """From now on the steps of `model` may be padded, as the result says; in place."""
    padding = Padding()
    for layer in model.modules():
        if isinstance(layer, Shared):
            layer.padding = padding
    return padding


def share_model(model: nn.Module, ranks: Ranks) -> None:
    """From now on `model` encodes the share of `ranks` in training, if there are several; in place."""
    if ranks.count > 1:
        share = Share(ranks)
        for layer in model.modules():
            if isinstance(layer, Shared):
                layer.share = share


_again: ContextVar[bool] = ContextVar("again", default=False)


@contextmanager
def computed_again() -> Iterator[None]:
    """Context in which batch norm computes what it has computed before: its running statistics stay as they are."""
    token = _again.set(True)
    try:
        yield
    finally:
        _again.reset(token)


class BatchNorm1d(nn.BatchNorm1d, Shared):
    """nn.BatchNorm1d over the clips of all ranks, without padding."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        if self.share is not None:
            return _normalise(self, x, self.share)
        if self.padding is not None and self.padding.valid is not None:
            return _normalise_valid(self, x, self.padding.valid)
        if _again.get():
            assert self.running_mean is not None
            assert self.running_var is not None
            statistics = self.running_mean.clone(), self.running_var.clone()
            return batch_norm(x, *statistics, self.weight, self.bias, True, 0.0, self.eps)
        return super().forward(x)


class BatchNorm2d(nn.BatchNorm2d, Shared):
    """nn.BatchNorm2d over the clips of all ranks, without padding."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        if self.share is not None:
            return _normalise(self, x, self.share)
        if self.padding is not None and self.padding.valid is not None:
            return _normalise_valid(self, x, self.padding.valid)
        return super().forward(x)


def _normalise(norm: BatchNorm1d | BatchNorm2d, x: Tensor, share: Share) -> Tensor:
    values = (x, norm.weight, norm.bias, norm.eps, share.ranks)
    y, mean, variance, count = _Normalise.apply(*values)  # type: ignore[no-untyped-call]
    _track(norm, mean, variance, count)
    return cast(Tensor, y)


def _normalise_valid(norm: BatchNorm1d | BatchNorm2d, x: Tensor, valid: Tensor) -> Tensor:
    # A row may have become several: frames of bodies in place of bodies.
    rows = valid[:, None].expand(-1, len(x) // len(valid)).reshape(-1, *[1] * (x.ndim - 1))
    values = (x, norm.weight, norm.bias, norm.eps, rows)
    y, mean, variance, count = _NormaliseValid.apply(*values)  # type: ignore[no-untyped-call]
    _track(norm, mean, variance, count)
    return cast(Tensor, y)


def _track(norm: BatchNorm1d | BatchNorm2d, mean: Tensor, variance: Tensor, count: Tensor) -> None:
    """Update the running statistics."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    assert norm.momentum is not None
    if _again.get():
        return
    with torch.no_grad():
        norm.num_batches_tracked.add_(1)
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(variance * (count / (count - 1)), norm.momentum)


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, share: Share) -> Tensor:
        ctx.clips, ctx.count = share.clips, share.ranks.count
        # A sum with zeros: shares may differ in length, which gathering does not allow on every backend.
        gathered = features.new_zeros(share.total, *features.shape[1:])
        gathered[share.clips] = features
        dist.all_reduce(gathered)
        return gathered

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return gradients[0][ctx.clips] * ctx.count, None


class _Normalise(torch.autograd.Function):
    """Batch norm with the statistics of all ranks. Channels are the second axis."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, ranks: Ranks
    ) -> tuple[Tensor, ...]:
        channels, axes = x.shape[1], [axis for axis in range(x.ndim) if axis != 1]
        exact = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
        variance, mean = torch.var_mean(exact, axes, correction=0)
        table = exact.new_zeros(ranks.count, 1 + 2 * channels)
        table[ranks.rank] = torch.cat([exact.new_tensor([x.numel() / channels]), mean, variance])
        dist.all_reduce(table)
        counts, means, variances = torch.split(table, [1, channels, channels], dim=1)
        count = counts.sum()
        mean = (counts * means).sum(dim=0) / count
        variance = (counts * (variances + (means - mean) ** 2)).sum(dim=0) / count
        ctx.save_for_backward(x, weight, mean, variance, count)
        ctx.eps = eps
        ctx.mark_non_differentiable(mean, variance, count)
        return batch_norm(x, mean, variance, weight, bias, False, 0.0, eps), mean, variance, count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, variance, count = ctx.saved_tensors
        along, by_weight, by_bias = _backward_as_constants(gradients[0], x, weight, mean, variance, ctx.eps)
        sums = torch.stack([by_weight, by_bias])
        dist.all_reduce(sums)
        scale = (variance + ctx.eps).rsqrt()
        slope = weight * scale * scale * sums[0] / count
        offset = weight * scale * sums[1] / count - slope * mean
        shape = [1, -1] + [1] * (x.ndim - 2)
        return (
            along - slope.view(shape).to(x.dtype) * x - offset.view(shape).to(x.dtype),
            by_weight,
            by_bias,
            None,
            None,
        )


class _NormaliseValid(torch.autograd.Function):
    """Batch norm with the statistics of the valid rows. `rows` is 1 or 0 per row, shaped to multiply x."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, rows: Tensor
    ) -> tuple[Tensor, ...]:
        axes = [axis for axis in range(x.ndim) if axis != 1]
        total = x.numel() // x.shape[1]
        count = rows.sum() * (total // len(x))
        share = total / count
        # Of all rows, where invalid ones are 0; then of the valid ones.
        variance, mean = torch.var_mean(x * rows, axes, correction=0)
        square = (variance + mean * mean) * share
        mean = mean * share
        variance = square - mean * mean
        ctx.save_for_backward(x, weight, mean, variance, count, rows)
        ctx.eps = eps
        ctx.mark_non_differentiable(mean, variance, count)
        return batch_norm(x, mean, variance, weight, bias, False, 0.0, eps), mean, variance, count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, variance, count, rows = ctx.saved_tensors
        along, by_weight, by_bias = _backward_as_constants(gradients[0], x, weight, mean, variance, ctx.eps)
        scale = (variance + ctx.eps).rsqrt()
        slope = weight * scale * scale * by_weight / count
        offset = weight * scale * by_bias / count - slope * mean
        shape = [1, -1] + [1] * (x.ndim - 2)
        correction = (slope.view(shape) * x + offset.view(shape)) * rows
        return along - correction.to(x.dtype), by_weight, by_bias, None, None


def _backward_as_constants(
    gradient: Tensor, x: Tensor, weight: Tensor, mean: Tensor, variance: Tensor, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of x, weight and bias with mean and variance held fixed: the kernel of evaluation mode."""
    gradients: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.native_batch_norm_backward(
        gradient.contiguous(memory_format=_format_of(x)), x, weight, mean, variance,
        mean, (variance + eps).rsqrt(),  # the kernels of a GPU read these, those of the CPU the two before
        False, eps, [True, True, True],
    )  # fmt: skip
    return gradients


def _format_of(x: Tensor) -> torch.memory_format:
    return torch.channels_last if x.ndim == 4 and x.stride(1) == 1 else torch.contiguous_format
