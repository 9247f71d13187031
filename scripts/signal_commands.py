"""Ctrl-C and SIGTERM at random moments of every long command, as a process of its own, once or twice.

    python scripts/signal_commands.py                # 12 signals to each command
    python scripts/signal_commands.py train --stops 3

Unlike in `hinder_commands.py`, which stops forked processes after their imports, signals come from the first lines of a
command on, also while it imports libraries and starts processes. Every third signal is sent twice, as by somebody who
is impatient. The command must end with exit status 130 or 143 and the message, and leave no temporary file and no
process; the next call continues from there, and at the end the same command must end well and write the files of a
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
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from command_cases import CASES, Case, make_inputs
from forked import in_child
from kill_writes import COMPLETE, MESSAGE, temporary_files

LONG = ("demo", "import", "check", "synthesise", "train", "evaluate", "recognise", "serve", "live", "export",
        "benchmark", "reproduce")  # fmt: skip
"""Commands that take long on real data."""
MANY = 200
"""Recordings that `recognise` answers and adapts on."""
STOPS, ENDLESS = 12, 5.0
"""Signals to each command; seconds in which a command that does not end by itself is stopped."""
TWICE, PAUSE, LONGEST = 3, 0.05, 300.0
"""Every so many signals are sent twice; seconds between the two; seconds in which a command must have ended."""


def case_of(name: str) -> Case:
    """The case of a command, for `recognise` one of many recordings."""
    if name != "recognise":
        return CASES[name]
    arguments = ("recognise", "many", "--adapt", "many", "--as", "a person waves", "--as", "a person sits down",
                 "--json", "OUT/a.json", "--quiet")  # fmt: skip
    return replace(CASES[name], arguments=arguments)


class Bench:
    """Where a command is stopped.

    Args:
        inputs: what commands read, and where they run.
        work: folder for the output and the cache.
        case: the command.
    """

    def __init__(self, inputs: Path, work: Path, case: Case) -> None:
        self.inputs, self.work, self.case = inputs, work, case
        self.out = work / "disk" / "out"

    def fresh(self) -> None:
        """The output as it is before the command."""
        shutil.rmtree(self.out.parent, ignore_errors=True)
        self.out.parent.mkdir(parents=True)
        if self.case.start:
            shutil.copytree(self.inputs / self.case.start, self.out)

    def files(self) -> set[str]:
        """Files of the output."""
        paths = (p for p in self.out.parent.rglob("*") if p.is_file() and not p.name.startswith(".lock"))
        return {str(path.relative_to(self.work)) for path in paths}

    def run(self, stop: signal.Signals | None = None, moment: float = 0.0, times: int = 1) -> tuple[int, str]:
        """Exit status and errors of the command; a signal is sent after `moment` seconds, once or more."""
        arguments = [word.replace("OUT", str(self.out)) for word in self.case.arguments]
        command = [sys.executable, "-m", "pgfa.cli.start", *arguments]
        environment = {**os.environ, "PGFA_CACHE": str(self.work / "cache")}
        environment.pop("PYTHONUNBUFFERED", None)
        with (self.work / "log").open("wb") as log, (self.work / "input").open("w+b") as source:
            source.write(self.case.input.encode())
            source.seek(0)
            process = subprocess.Popen(command, cwd=self.inputs, stdin=source, stdout=subprocess.DEVNULL, stderr=log,
                                       env=environment, start_new_session=True)  # fmt: skip
            try:
                if stop:
                    self._stop(process, stop, moment, times)
                code = process.wait(LONGEST)
            except subprocess.TimeoutExpired:
                code = -signal.SIGALRM
            left = _group(process.pid)
            for number in left or ([process.pid] if process.poll() is None else []):
                os.kill(number, signal.SIGKILL)
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


def _group(leader: int) -> list[int]:
    """Processes of a group of which the leader has ended; those that are ending are given a moment."""
    for _ in range(50):
        members = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == leader and fields[0] != "Z":
                members.append(int(stat.parent.name))
        if not members:
            break
        time.sleep(0.1)
    return members


def problems(name: str, bench: Bench, stops: int) -> tuple[dict[str, int], list[str]]:
    """How often a command was stopped in each way, and what went wrong."""
    case, chance = bench.case, random.Random(name)
    bench.fresh()
    started = time.monotonic()
    code, log = bench.run() if case.ends else (0, "")
    seconds, whole = time.monotonic() - started if case.ends else ENDLESS, bench.files()
    defects = [f"not stopped: exit status {code}: {log[-500:]}"] if code else []
    counts = {"interrupted": 0, "terminated": 0, "twice": 0, "ended before": 0}
    bench.fresh()
    for number in range(stops):
        stop = (signal.SIGINT, signal.SIGTERM)[number % 2]
        times = 2 if number % TWICE == TWICE - 1 else 1
        moment, started = seconds * chance.random(), time.monotonic()
        code, log = bench.run(stop, moment, times)
        where = f"{stop.name} x {times} after {moment:.2f} of {seconds:.2f} s"
        if code == 0 or COMPLETE in log:
            counts["ended before"] += 1
            seconds = min(seconds, time.monotonic() - started)  # with a cache that is filled now
            bench.fresh()
            continue
        counts["twice" if times > 1 else "interrupted" if stop == signal.SIGINT else "terminated"] += 1
        defects += [f"{where}: {line}" for line in _defects(code, log, stop, bench)]
    if case.ends:
        code, log = bench.run()
        if code and COMPLETE not in log:
            defects.append(f"run again: exit status {code}: {log[-500:]}")
        elif bench.files() != whole:
            defects.append(f"run again: other files: {sorted(bench.files() ^ whole)[:5]}")
    return counts, defects


def _defects(code: int, log: str, stop: signal.Signals, bench: Bench) -> list[str]:
    out, lines = [], log.strip().splitlines() or [""]
    if code != 128 + stop:
        out.append(f"exit status {code}: {log[-600:]}")
    elif "Traceback" in log or not lines[-1].startswith("pgfa: stopped") or not MESSAGE.startswith(lines[-1]):
        out.append(f"no message: {log[-600:]}")
    if left := temporary_files(bench.work / "disk", resumable=True):
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
    with tempfile.TemporaryDirectory() as temporary:
        inputs, work = Path(temporary).resolve() / "inputs", Path(temporary).resolve() / "work"
        inputs.mkdir()
        work.mkdir()
        in_child(lambda: make_inputs(inputs))
        (inputs / "many").mkdir()
        for number in range(MANY):
            shutil.copy(inputs / "clip.npz", inputs / "many" / f"{number}.npz")
        for name in args.commands or LONG:
            started = time.monotonic()
            counts, defects = problems(name, Bench(inputs, work, case_of(name)), args.stops)
            print(f"| {name} | {' | '.join(map(str, counts.values()))} | {len(defects)} |", flush=True)
            print("".join(f"{name}, {line}\n" for line in defects), end="", file=sys.stderr)
            print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
            failed = failed or bool(defects)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
