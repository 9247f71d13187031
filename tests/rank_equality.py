"""Run under torchrun by tests/unit/test_ranks.py: loss and gradients of all ranks against those of one process."""

from __future__ import annotations

import copy
import sys

import torch
import torch.distributed as dist

from pgfa.config import RunSettings
from pgfa.model.contrastive import contrastive_loss
from pgfa.model.encoder import MotionEncoder, build_model
from pgfa.model.ranks import ALONE, Ranks, share_model
from pgfa.skeleton import get_layout

SMALL = {"channels": (4, 6), "strides": (1, 2), "dropout": 0.3}
CASES: dict[str, dict[str, object]] = {
    "default": {"model": SMALL, "train": {"learn_logit_scale": True}},
    "paper": {"recipe": "paper", "model": SMALL},
    "shiftgcn": {"recipe": "paper", "model": {"encoder": "shiftgcn", **SMALL}},
    "shiftgcn, present bodies": {"model": {"encoder": "shiftgcn", **SMALL}},
}
CLIPS = 13  # not a multiple of 2 or 4


def step(model: MotionEncoder, ranks: Ranks, settings: RunSettings) -> tuple[float, dict[str, torch.Tensor]]:
    """Loss, and gradients and running statistics by name, of one step with augmentation-like randomness."""
    torch.manual_seed(1)
    joints = len(get_layout(settings.prepare.layout).joints)
    present = torch.rand(CLIPS, 2) < 0.7
    positions = torch.randn(CLIPS, 12, 2, joints, 3, dtype=torch.float64) * present[:, None, :, None, None]
    vectors = torch.randn(CLIPS, 8, dtype=torch.float64)
    labels = torch.randint(5, (CLIPS,))
    torch.manual_seed(2)  # dropout
    features = model(positions, present)
    loss = contrastive_loss(features, vectors, labels[:, None] == labels, model.log_scale.exp())
    loss.backward()
    ranks.average_gradients(model)
    found = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return float(loss.detach()), {**found, **dict(model.named_buffers())}


def largest_difference(values: dict[str, object], ranks: Ranks) -> float:
    """Largest difference of loss, gradients and running statistics, relative to the largest of each tensor."""
    settings = RunSettings(**values)
    torch.manual_seed(0)
    alone = build_model(settings, get_layout(settings.prepare.layout), 8).double().train()
    shared = copy.deepcopy(alone)
    share_model(shared, ranks)
    loss, expected = step(alone, ALONE, settings)
    found_loss, found = step(shared, ranks, settings)
    assert set(found) == set(expected)
    differences = [
        float((found[name] - value).abs().max() / value.abs().max().clamp(min=1e-3))
        for name, value in expected.items()
    ]
    return max(abs(found_loss - loss), *differences)


def main() -> None:
    """Print one line per case and rank; ends with an error if a difference is above the tolerance."""
    dist.init_process_group("gloo")
    ranks = Ranks(dist.get_rank(), dist.get_world_size())
    torch.set_num_threads(1)
    for name, values in CASES.items():
        difference = largest_difference(values, ranks)
        sys.stdout.write(f"{name}: rank {ranks.rank} of {ranks.count}: {difference:.1e}\n")
        assert difference < 1e-9, name
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
