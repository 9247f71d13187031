"""Exact save and resume: model and optimiser in one safetensors file, written whole or not at all.

Equal states give equal bytes. The file carries a digest of its tensors and facts: a byte that changes on disk is
noticed when it is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pgfa.errors import BadCheckpoint
from pgfa.files import digest, write_atomic

FORM = "pgfa checkpoint 2"
OLD_FORM = "pgfa checkpoint 1"
"""Runs trained before files carried a digest; they can be read, a changed byte in them is not noticed."""


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
    told = {"form": FORM, "digest": _digest(tensors, about), "about": about}
    # One entry: safetensors writes several in an order of chance.
    write_atomic(path, save(tensors, {"pgfa": json.dumps(told, sort_keys=True)}))


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
            told = _told(path, file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise BadCheckpoint(f"{path}: no such file; has the run been trained?") from None
    except (SafetensorError, ValueError, RecursionError, OSError) as error:
        raise BadCheckpoint(f"{path}: not a readable safetensors file: {error}") from None
    if told["form"] == FORM and (found := _digest(tensors, told["about"])) != told.get("digest"):
        raise BadCheckpoint(
            f"{path}: expected content of digest {told.get('digest')}, found {found}: "
            "the file was changed or damaged after it was written"
        )
    return tensors, told["about"]


def _told(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    """Form, digest and facts that a file tells of itself."""
    if metadata.get("form") == OLD_FORM:
        told = {"form": OLD_FORM, "about": json.loads(metadata.get("about", "{}"))}
    else:
        told = json.loads(metadata.get("pgfa", "{}"))
    form = told.get("form") if isinstance(told, dict) else None
    if form not in (FORM, OLD_FORM):
        raise BadCheckpoint(f"{path}: expected a {FORM}, found form {form!r}")
    if not isinstance(told.get("about"), dict):
        raise BadCheckpoint(f"{path}: expected facts by name, found {told.get('about')!r}")
    return told


def _digest(tensors: dict[str, Tensor], about: dict[str, Any]) -> str:
    parts: list[Any] = [about]
    for name, value in sorted(tensors.items()):
        flat = value.detach().cpu().contiguous().reshape(-1)
        parts += [name, str(value.dtype), list(value.shape), flat.view(torch.uint8).numpy().data]
    return digest(*parts)
