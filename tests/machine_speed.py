"""How slow this machine is at the moment, for limits of processor time: it may be shared, or another one."""

from __future__ import annotations

import json
import time

YARDSTICK_SECONDS, SLOWEST = 0.2, 3.0
"""Processor time of the yardstick on the machine of docs/reliability.md; how much longer it may be elsewhere."""


def slowness() -> float:
    """By which factor the yardstick takes longer now, from 1 to `SLOWEST`."""
    times = []
    for _ in range(3):
        started = time.process_time()
        for _ in range(10):
            json.loads(json.dumps({str(n): n / 3 for n in range(20_000)}))
        times.append(time.process_time() - started)
    return min(max(min(times) / YARDSTICK_SECONDS, 1), SLOWEST)
