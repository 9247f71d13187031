"""Run a command; report its duration and the memory of all its processes together.

    python scripts/measure.py [--kill-after SECONDS] COMMAND ARGUMENT...

Memory is read twice per second in /proc (so Linux only): `resident` is the sum over processes, in which pages
that several share count several times; `own` divides them among the processes (Pss). With --kill-after the
command and all its processes get SIGKILL at that time, as in a power failure.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path


def memory(group: int) -> tuple[int, int, int]:
    """Processes of a process group, their resident memory and their share of it, in bytes."""
    count = resident = own = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if os.getpgid(int(folder.name)) != group:
                continue
            lines = (folder / "smaps_rollup").read_text().splitlines()
        except (OSError, ValueError):
            continue  # it ended meanwhile
        sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines[1:] if line.endswith("kB")}
        count, resident, own = count + 1, resident + sizes.get("Rss", 0), own + sizes.get("Pss", 0)
    return count, resident, own


def main() -> int:
    """Run, watch, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kill-after", type=float)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    started = time.perf_counter()
    child = subprocess.Popen(args.command, start_new_session=True)
    if args.kill_after is not None:
        threading.Timer(args.kill_after, os.killpg, (child.pid, signal.SIGKILL)).start()
    most = (0, 0, 0)
    while child.poll() is None:
        most = tuple(map(max, most, memory(child.pid)))
        time.sleep(0.5)
    wall = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"ended with {child.returncode} after {wall:.1f} s; CPU time: user {used.ru_utime:.1f} s, system "
        f"{used.ru_stime:.1f} s; at most {most[0]} processes, resident {most[1] / 2**20:.0f} MiB, "
        f"own {most[2] / 2**20:.0f} MiB",
        file=sys.stderr,
    )
    return child.returncode


if __name__ == "__main__":
    raise SystemExit(main())
