"""Ctrl-C and SIGTERM at random moments of every long command, as a process of its own, once or twice.

    python scripts/signal_commands.py                # 12 signals to each command
    python scripts/signal_commands.py train --stops 3

Unlike in `hinder_commands.py`, which stops forked processes after their imports, signals come from the first lines of a
command on, also while it imports libraries and starts processes. Every third signal is sent twice, as by somebody who
is impatient. The command must end with exit status 130 or 143 and the message, and leave no temporary file and no
process; the next call continues from there, and at the end the same command must end well with the result of a
command that was not stopped. The exit status is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

sys.path.insert(0, str(Path(__file__).parent))
import started
from command_cases import CASES, OF_MANY, SEVERAL, Case, inputs_and_work
from command_results import Result, difference, names
from kill_writes import COMPLETE, MESSAGE, NOISE, temporary_files

_LONG = ("demo", "import", "check", "synthesise", "train", "evaluate", "recognise", "serve", "live", "export",
         "benchmark", "reproduce")  # fmt: skip
LONG = {name: CASES[name] for name in _LONG} | {"recognise": OF_MANY} | SEVERAL
"""Commands that take long on real data."""
STOPS, ENDLESS = 12, 5.0
"""Signals to each command; seconds in which a command that does not end by itself is stopped."""
TWICE, PAUSE, LONGEST, ENDING = 3, 0.05, 300.0, 5.0
"""Every so many signals are sent twice; seconds between the two; seconds in which a command must have ended, and after
its end the processes that it started."""


class Bench:
    """Where a command is stopped.

    Args:
        inputs: what commands read, and where they run.
        work: folder for the output and the cache.
        case: the command.
    """

    def __init__(self, inputs: Path, work: Path, case: Case) -> None:
        self.inputs, self.work, self.case = inputs, work, case
        self.out, self.temporary = work / "disk" / "out", work / "temporary"
        self.mark = ("PGFA_CACHE", work)

    def fresh(self) -> None:
        """The output as it is before the command."""
        for folder in (self.out.parent, self.temporary):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        if self.case.start:
            shutil.copytree(self.inputs / self.case.start, self.out)

    def result(self) -> Result:
        """Files of the output, and what the case compares of them."""
        return names(self.out.parent) | self.case.result(self.out)

    def left(self) -> list[str]:
        """Temporary files: of the output, and of the system's folder for them; not the cache that torch has there."""
        names = (path.name for path in self.temporary.iterdir())
        others = [name for name in names if not name.startswith("torchinductor_")]
        return temporary_files(self.out.parent, resumable=True) + others

    def start(self, log: BinaryIO, source: BinaryIO) -> subprocess.Popen[bytes]:
        """The command as a process in a group of its own."""
        arguments = [word.replace("OUT", str(self.out)) for word in self.case.arguments]
        command = [sys.executable, "-m", "pgfa.cli.start", *arguments]
        variables = {self.mark[0]: str(self.work / "cache"), "TMPDIR": str(self.temporary)}
        environment = {**os.environ, **variables}
        environment.pop("PYTHONUNBUFFERED", None)
        return subprocess.Popen(command, cwd=self.inputs, stdin=source, stdout=subprocess.DEVNULL, stderr=log,
                                env=environment, start_new_session=True)  # fmt: skip

    def run(self, stop: signal.Signals | None = None, moment: float = 0.0, times: int = 1) -> tuple[int, str]:
        """Exit status and errors of the command; a signal is sent after `moment` seconds, once or more."""
        with (self.work / "log").open("wb") as log, (self.work / "input").open("w+b") as source:
            source.write(self.case.input.encode())
            source.seek(0)
            process = self.start(log, source)
            try:
                if stop:
                    self._stop(process, stop, moment, times)
                code = process.wait(LONGEST)
            except subprocess.TimeoutExpired:
                code = -signal.SIGALRM
            left = started.left(self.mark, ENDING)
            started.end(self.mark)
            process.wait()
        text = (self.work / "log").read_text(encoding="utf-8", errors="replace")
        return code, text + (f"\nleft the processes {left}" if left else "")

    @staticmethod
    def _stop(process: subprocess.Popen[bytes], stop: signal.Signals, moment: float, times: int) -> None:
        while process.poll() is None and not _catches(process.pid, signal.SIGTERM):
            time.sleep(0.005)  # Python itself is starting
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            for number in range(times):
                time.sleep(PAUSE if number else 0)
                if process.poll() is None:
                    # Ctrl-C reaches all processes of a terminal.
                    os.killpg(process.pid, stop) if stop == signal.SIGINT else process.send_signal(stop)


def _catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler of a signal."""
    with suppress(OSError):
        caught = Path(f"/proc/{pid}/status").read_text().partition("SigCgt:")[2].split()[0]
        return bool(int(caught, 16) >> number - 1 & 1)
    return True


def problems(name: str, bench: Bench, stops: int) -> tuple[dict[str, int], list[str]]:
    """How often a command was stopped in each way, and what went wrong."""
    case, chance = bench.case, random.Random(name)
    bench.fresh()
    begun = time.monotonic()
    code, log = bench.run() if case.ends else (0, "")
    seconds, whole = time.monotonic() - begun if case.ends else ENDLESS, bench.result()
    defects = [f"not stopped: exit status {code}: {log[-500:]}"] if code else []
    counts = {"interrupted": 0, "terminated": 0, "twice": 0, "ended before": 0}
    bench.fresh()
    for number in range(stops):
        stop = (signal.SIGINT, signal.SIGTERM)[number % 2]
        times = 2 if number % TWICE == TWICE - 1 else 1
        moment, begun = seconds * chance.random(), time.monotonic()
        code, log = bench.run(stop, moment, times)
        where = f"{stop.name} x {times} after {moment:.2f} of {seconds:.2f} s"
        if code == 0 or COMPLETE in log:
            counts["ended before"] += 1
            seconds = min(seconds, time.monotonic() - begun)  # with a cache that is filled now
            bench.fresh()
            continue
        counts["twice" if times > 1 else "interrupted" if stop == signal.SIGINT else "terminated"] += 1
        defects += [f"{where}: {line}" for line in _defects(code, log, stop, bench)]
    if case.ends:
        code, log = bench.run()
        if code and COMPLETE not in log:
            defects.append(f"run again: exit status {code}: {log[-500:]}")
        elif bench.result() != whole:
            defects.append(f"run again: another result: {difference(bench.result(), whole)}")
    return counts, defects


def _defects(code: int, log: str, stop: signal.Signals, bench: Bench) -> list[str]:
    out, last = [], (log.strip().splitlines() or [""])[-1]
    if code != 128 + stop:
        out.append(f"exit status {code}: {log[-600:]}")
    elif any(word in log for word in NOISE):
        out.append(f"traceback: {log[-600:]}")
    elif not last.startswith("pgfa: stopped") or not MESSAGE.startswith(last):
        out.append(f"no message: {log[-600:]}")
    if left := bench.left():
        out.append(f"left {left}")
    return out


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=", ".join(LONG))
    parser.add_argument("--stops", type=int, default=STOPS, help="signals to each command")
    args = parser.parse_args()
    failed = False
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where this runs in the background
    print(
        "| command | interrupted | terminated | twice | ended before | failed |\n|---|---|---|---|---|---|",
        flush=True,
    )
    with inputs_and_work() as (inputs, work):
        for name in args.commands or LONG:
            begun = time.monotonic()
            counts, defects = problems(name, Bench(inputs, work, LONG[name]), args.stops)
            print(f"| {name} | {' | '.join(map(str, counts.values()))} | {len(defects)} |", flush=True)
            print("".join(f"{name}, {line}\n" for line in defects), end="", file=sys.stderr)
            print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
            failed = failed or bool(defects)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
