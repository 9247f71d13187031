"""Exact save and resume: model and optimiser in one safetensors file, written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pgfa.errors import BadCheckpoint
from pgfa.files import write_atomic

FORM = "pgfa checkpoint 1"


def save_state(
    path: Path, model: nn.Module, optimiser: torch.optim.Optimizer | None = None, **about: str | int | float
) -> None:
    """Write the weights (and the optimiser's memory) with a few facts about them.

    Nothing else is needed to go on: sample order, augmentation and dropout are functions of seed, epoch and step.
    """
    from safetensors.torch import save

    tensors = {f"model.{name}": value.contiguous() for name, value in model.state_dict().items()}
    if optimiser is not None:
        for index, memory in optimiser.state_dict()["state"].items():
            for name, value in memory.items():
                tensors[f"optimiser.{index}.{name}"] = torch.as_tensor(value).contiguous()
    write_atomic(path, save(tensors, {"form": FORM, "about": json.dumps(about, sort_keys=True)}))


def load_state(
    path: Path, model: nn.Module, optimiser: torch.optim.Optimizer | None = None
) -> dict[str, Any]:
    """Read what `save_state` wrote into `model` (and `optimiser`) and return the facts about it.

    Raises:
        BadCheckpoint: the file is missing or damaged, or its tensors are not those of this model or optimiser.
    """
    tensors, about = _read(path)
    weights = {n.removeprefix("model."): v for n, v in tensors.items() if n.startswith("model.")}
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise BadCheckpoint(f"{path}: its weights do not fit the settings of the run: {error}") from None
    if optimiser is not None:
        shapes = [p.shape for group in optimiser.param_groups for p in group["params"]]
        memory: dict[int, dict[str, Tensor]] = {index: {} for index in range(len(shapes))}
        for name, value in tensors.items():
            if name.startswith("optimiser."):
                _, index, field = name.split(".", 2)
                memory.setdefault(int(index), {})[field] = value
        # Without its memory an optimiser would go on as if at its first step: the run would not be the same.
        full = all(any(v.shape == shape for v in memory[i].values()) for i, shape in enumerate(shapes))
        if not full or len(memory) != len(shapes):
            raise BadCheckpoint(f"{path}: what it says of the optimiser does not fit the model of the run")
        optimiser.load_state_dict({"state": memory, "param_groups": optimiser.state_dict()["param_groups"]})
    return about


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            facts = file.metadata() or {}
            if facts.get("form") != FORM:
                raise BadCheckpoint(f"{path}: expected a {FORM}, found form {facts.get('form')!r}")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        about = json.loads(facts.get("about", "{}"))
        if not isinstance(about, dict):
            raise BadCheckpoint(f"{path}: expected facts by name, found {about!r}")
        return tensors, about
    except FileNotFoundError:
        raise BadCheckpoint(f"{path}: no such file; has the run been trained?") from None
    except (SafetensorError, json.JSONDecodeError, OSError) as error:
        raise BadCheckpoint(f"{path}: not a readable safetensors file: {error}") from None
