"""Which device computes."""

from __future__ import annotations

import time
from functools import cache

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


SIDE, REPEATS = 256, 8
SLOW = 2.0
"""A cost of bfloat16 that is worth a note."""


@cache
def bfloat16_cost() -> float:
    """Time of a matrix product in bfloat16 on the CPU over that in float32, measured once.

    Below 1 where the processor has instructions for it (AVX-512 BF16, AMX), near 100 where torch has no routine.
    """
    float32, bfloat16 = (
        product_seconds(precision, SIDE, REPEATS) for precision in (torch.float32, torch.bfloat16)
    )
    return bfloat16 / float32


def product_seconds(precision: torch.dtype, side: int, repeats: int) -> float:
    """The least time of a product of two square matrices on the CPU, with the threads of this process."""
    a = torch.ones(side, side, dtype=precision)
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        a @ a
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def precision_note(precision: str, device: torch.device) -> str | None:
    """What to tell the user if training in that `TrainSettings.precision` is slower than in float32."""
    if precision != "bfloat16" or device.type != "cpu" or (cost := bfloat16_cost()) < SLOW:
        return None
    return (
        f"bfloat16 takes about {cost:.0f} times as long as float32 on this processor, which has no instructions for "
        "it; better set train.precision to float32"
    )
