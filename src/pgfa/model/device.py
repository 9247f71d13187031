"""Which device computes."""

from __future__ import annotations

import torch

from pgfa.errors import BadConfig


def pick_device(name: str) -> torch.device:
    """The device of that name; ``auto`` is the GPU if there is one. Raises BadConfig for one this machine lacks."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.zeros(1, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise BadConfig(f"device {name!r} is not available: {str(error).splitlines()[0]}") from None
