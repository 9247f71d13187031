"""Kill a command of several processes, or one of them, at random moments; run it again, and compare.

    python scripts/kill_processes.py                                   # 4 kills of each kind
    python scripts/kill_processes.py "train with 2 devices" --kills 1

Killed (SIGKILL) are

- all processes of the command, as when a machine loses power;
- its main process: the others must end by themselves;
- one that it started, a worker or a rank: the command must end with exit status 1 and a sentence, or complete what it
  writes with another worker; it must leave no process and no temporary file.

Then the same command is run again: it must end well, leave no temporary file, and have the result of a command that was
not stopped. Commands are in `command_cases.py`. Prints a table; the exit status is 1 if anything failed (Linux).
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import started
from command_cases import SEVERAL, inputs_and_work
from command_results import Result, difference
from kill_writes import COMPLETE, NOISE, temporary_files
from signal_commands import LONGEST, Bench

from pgfa.processes import termination_as_interrupt

KINDS = ("all processes", "main process", "one of the others")
KILLS, ATTEMPTS, ENDING = 4, 3, 60.0
"""Kills of each kind; how many times as often they are tried, as some commands end before; seconds in which other
processes must have ended: some are importing libraries."""
_TRACKER = b"multiprocessing.resource_tracker"
"""In the command line of a process of Python's own, which does no work."""


def killed(bench: Bench, kind: str, moment: float, chance: random.Random) -> tuple[bool, int, str]:
    """Run the command, and kill what is named by `kind`, one of KINDS, after `moment` seconds.

    Returns:
        Whether it was killed before it ended; the exit status; what it printed on standard error.
    """
    with (bench.work / "log").open("wb") as log:
        main = bench.start(log, subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            main.wait(moment)
        numbers = _chosen(bench, main, kind, chance)
        for number in numbers:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        code = _end_of(bench, main)
    return bool(numbers), code, (bench.work / "log").read_text(encoding="utf-8", errors="replace")


def _chosen(bench: Bench, main: subprocess.Popen[bytes], kind: str, chance: random.Random) -> list[int]:
    """Processes to kill; none if the command ends before there is one."""
    while main.poll() is None:
        if kind == "main process":
            return [main.pid]
        others = [number for number in started.processes(bench.mark) if number != main.pid]
        if kind == "all processes":
            return [main.pid, *others]
        if workers := [number for number in others if _works(number)]:
            return [chance.choice(workers)]
        time.sleep(0.01)
    return []


def _works(number: int) -> bool:
    with suppress(OSError):
        command = Path(f"/proc/{number}/cmdline").read_bytes()
        return bool(command) and _TRACKER not in command
    return False


def _end_of(bench: Bench, main: subprocess.Popen[bytes]) -> int:
    """The exit status of a command; nothing of it outlives this process where that is stopped."""
    try:
        return main.wait(LONGEST)
    except subprocess.TimeoutExpired:
        return -signal.SIGALRM
    except KeyboardInterrupt:
        started.end(bench.mark)
        raise


def defects(bench: Bench, kind: str, code: int, log: str, whole: Result) -> Iterator[str]:
    """What went wrong with a command that was killed, and then when it was run again."""
    if left := started.left(bench.mark, ENDING):
        yield f"left the processes {left}"
        started.end(bench.mark)
    if kind == "one of the others":
        sentence = (log.strip().splitlines() or [""])[-1].startswith("pgfa: ")
        if any(word in log for word in NOISE) or not ((code == 1 and sentence) or code == 0):
            yield f"exit status {code}: {log[-800:]}"
        if code == 0 and bench.result() != whole:
            yield f"exit status 0, but another result: {difference(bench.result(), whole)}"
        if files := bench.left():
            yield f"left {files}"
    code, log = bench.run()
    if code and COMPLETE not in log:
        yield f"run again: exit status {code}: {log[-800:]}"
    elif bench.result() != whole:
        yield f"run again: another result: {difference(bench.result(), whole)}"
    elif files := temporary_files(bench.out.parent, resumable=False) + bench.left():
        yield f"run again: left {files}"


def problems(name: str, bench: Bench, kills: int) -> tuple[dict[str, int], list[str]]:
    """How often a command was killed in each way, and what went wrong."""
    chance, failures, counts = random.Random(name), [], dict.fromkeys(KINDS, 0)
    bench.fresh()
    begun = time.monotonic()
    code, log = bench.run()
    if code:
        return counts, [f"not killed: exit status {code}: {log[-800:]}"]
    seconds, whole = time.monotonic() - begun, bench.result()
    for kind in KINDS:
        for attempt in range(ATTEMPTS * kills):
            if counts[kind] == kills:
                break
            bench.fresh()
            moment, begun = seconds * (attempt % kills + chance.random()) / kills, time.monotonic()
            was_killed, code, log = killed(bench, kind, moment, chance)
            if not was_killed:
                seconds = min(seconds, time.monotonic() - begun)  # with a cache that is filled now
                continue
            counts[kind] += 1
            where = f"{name}, {kind} after {moment:.2f} of {seconds:.2f} s"
            lines = [f"{where}: {line}" for line in defects(bench, kind, code, log, whole)]
            print("".join(f"{line}\n" for line in lines), end="", file=sys.stderr, flush=True)
            failures += lines
    return counts, failures


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=", ".join(SEVERAL))
    parser.add_argument("--kills", type=int, default=KILLS, help="of each kind")
    args = parser.parse_args()
    failed = False
    with termination_as_interrupt(), inputs_and_work() as (inputs, work):
        print(f"| command | {' | '.join(KINDS)} | failed |\n|---|{'---|' * 4}", flush=True)
        for name in args.commands or SEVERAL:
            counts, failures = problems(name, Bench(inputs, work, SEVERAL[name]), args.kills)
            print(f"| {name} | {' | '.join(map(str, counts.values()))} | {len(failures)} |", flush=True)
            failed = failed or bool(failures)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
