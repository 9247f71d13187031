"""How slow this machine is at the moment, for limits of processor time: it may be shared, or another one."""

from __future__ import annotations

import json
import time

YARDSTICK_SECONDS, SLOWEST = 0.2, 4.0
"""Processor time of the yardstick on the machine of docs/reliability.md; how much longer readers may take elsewhere."""
GROWTH = 3
"""Large arrays suffer more from slow memory than the yardstick: where that took 1.5 times as long, files took 2 to 3.5
times. This power of its ratio allows for that, and is 1 on the machine of the documents."""


def slowness() -> float:
    """By which factor readers may take longer now, from 1 to `SLOWEST`."""
    times = []
    for _ in range(3):
        started = time.process_time()
        for _ in range(10):
            json.loads(json.dumps({str(n): n / 3 for n in range(20_000)}))
        times.append(time.process_time() - started)
    return min(max(min(times) / YARDSTICK_SECONDS, 1) ** GROWTH, SLOWEST)
