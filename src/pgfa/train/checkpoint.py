"""Exact save and resume: model and optimiser in one safetensors file, written atomically.

Equal states give equal bytes. The file carries a digest of its tensors and facts: a byte that has changed on disk is
detected on reading.

Rule for changes: tensors are ``model.NAME`` and ``optimiser.INDEX.FIELD``, facts are JSON under ``about``. Any change
gets a new `FORMAT`; `_read` keeps reading every older one, and the tests hold a file of each.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pgfa.errors import BadCheckpoint
from pgfa.files import digest, write_atomic

FORMAT = "pgfa checkpoint 2"
OLD_FORMAT = "pgfa checkpoint 1"
"""Written before files carried a digest; a changed byte in such a file is not detected."""


def save_checkpoint(
    path: Path, model: nn.Module, optimiser: torch.optim.Optimizer | None = None, **about: str | int | float
) -> None:
    """Write the weights (and the optimiser's state) with a few facts about them.

    Nothing else is needed to resume: sample order, augmentation and dropout are functions of seed, epoch and step.
    """
    from safetensors.torch import save

    tensors = {f"model.{name}": value.contiguous() for name, value in model.state_dict().items()}
    if optimiser is not None:
        states = optimiser.state_dict()["state"]
        parameters = sum(len(group["params"]) for group in optimiser.param_groups)
        if stateless := [str(index) for index in range(parameters) if index not in states]:
            about["stateless"] = " ".join(stateless)
        for index, state in states.items():
            for name, value in state.items():
                tensors[f"optimiser.{index}.{name}"] = torch.as_tensor(value).contiguous()
    header = {"form": FORMAT, "digest": _digest(tensors, about), "about": about}
    # One entry: safetensors writes several in random order.
    write_atomic(path, save(tensors, {"pgfa": json.dumps(header, sort_keys=True)}))


def load_checkpoint(
    path: Path, model: nn.Module, optimiser: torch.optim.Optimizer | None = None
) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote into `model` (and `optimiser`) and return the facts about it.

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
        state: dict[int, dict[str, Tensor]] = {index: {} for index in range(len(shapes))}
        for name, value in tensors.items():
            if name.startswith("optimiser."):
                _, index, field = name.split(".", 2)
                state.setdefault(int(index), {})[field] = value
        # A parameter that gets no gradient has no state, neither here nor in the optimiser that was saved.
        for position in str(about.pop("stateless", "")).split():
            del state[int(position)]
        # Without its state an optimiser would resume as if at its first step: the run would not be the same.
        full = all(
            index < len(shapes) and any(value.shape == shapes[index] for value in fields.values())
            for index, fields in state.items()
        )
        if not full:
            raise BadCheckpoint(f"{path}: the optimiser state does not fit the model of the run")
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    return about


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            header = _header(path, file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise BadCheckpoint(f"{path}: no such file; has the run been trained?") from None
    except (SafetensorError, ValueError, RecursionError, OSError) as error:
        raise BadCheckpoint(f"{path}: not a readable safetensors file: {error}") from None
    if header["form"] == FORMAT and (actual := _digest(tensors, header["about"])) != header.get("digest"):
        raise BadCheckpoint(
            f"{path}: expected content of digest {header.get('digest')}, found {actual}: "
            "the file was changed or damaged after it was written"
        )
    return tensors, header["about"]


def _header(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    """Format, digest and facts in the metadata of a file."""
    if metadata.get("form") == OLD_FORMAT:
        header = {"form": OLD_FORMAT, "about": json.loads(metadata.get("about", "{}"))}
    else:
        header = json.loads(metadata.get("pgfa", "{}"))
    form = header.get("form") if isinstance(header, dict) else None
    if form not in (FORMAT, OLD_FORMAT):
        raise BadCheckpoint(f"{path}: expected a {FORMAT}, found format {form!r}")
    if not isinstance(header.get("about"), dict):
        raise BadCheckpoint(f"{path}: expected facts by name, found {header.get('about')!r}")
    return header


def _digest(tensors: dict[str, Tensor], about: dict[str, Any]) -> str:
    parts: list[Any] = [about]
    for name, value in sorted(tensors.items()):
        flat = value.detach().cpu().contiguous().reshape(-1)
        parts += [name, str(value.dtype), list(value.shape), flat.view(torch.uint8).numpy().data]
    return digest(*parts)
