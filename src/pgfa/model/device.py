"""Which device computes."""

from __future__ import annotations

import torch

from pgfa.errors import BadConfig


def pick_device(name: str) -> torch.device:
    """The device of that name; ``auto`` is a GPU if there is one. Raises BadConfig if it is unknown or unavailable."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.zeros(1, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        if "device type at start" in reason:  # torch lists about twenty names, most of them exotic
            reason = "expected cpu, cuda, cuda:1, ..., or auto"
        raise BadConfig(f"device {name!r} is not available: {reason}") from None


def device_names() -> list[str]:
    """The devices of this machine in words: ``cpu``, then every GPU with its name."""
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    return ["cpu", *(f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in gpus)]
