"""Stop commands at steps at which they write, run them again, and compare with a run that was not stopped.

    python scripts/kill_writes.py                 # every scenario: 30 steps in each way, 8 other moments
    python scripts/kill_writes.py --steps 0       # all steps: hours
    python scripts/kill_writes.py export import   # these scenarios only

A step is the moment before a file is opened for writing, renamed, linked or deleted, or a folder is created, renamed,
exchanged or deleted, in the folder of the scenario; Python reports these moments to an audit hook. Steps are drawn one
from each of as many equal parts of the run (seed 0), others for each way to stop. At such a step the command is

- killed (SIGKILL): what it replaces must be the old or the new one, complete;
- interrupted (SIGINT) and terminated (SIGTERM): exit status 130 and 143, the message, no temporary file left;
- refused (full disk; steps that create something): exit status 1 and one line, no temporary file left; or the same
  result with exit status 0, where what was refused is not needed, such as a cache.

It is also killed at random moments, within a write too ("any time"). It is then run again: the result must be equal to
that of a run that was not stopped, and no temporary file be left. An import that was stopped at its very last step is
complete, and says so when it is run again. Scenarios are in `kill_scenarios.py`.
Prints a table, in which "30 of 153" are the steps tried and all steps; the exit status is 1 if anything failed. Works
on systems that can fork.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from forked import in_child, redirect, run_command
from kill_scenarios import SCENARIOS, Scenario, import_modules, make_inputs

STOPS = {"killed": -9, "interrupted": 130, "terminated": 143, "refused": 1, "any time": -9}
"""How a command is stopped -> its exit status."""
STEPS, TIMES = 30, 8
"""Steps of each way to stop, and kills at random moments, in each scenario."""
_SIGNALS = {"killed": signal.SIGKILL, "interrupted": signal.SIGINT, "terminated": signal.SIGTERM}
_CREATE, _CHANGE = ("os.mkdir", "os.link"), ("os.rename", "os.remove", "os.rmdir")
COMPLETE = "is already a complete pack"
MESSAGE = "pgfa: stopped; run the same command to resume"
NOISE = ("Traceback", "Exception ignored", "leaked")
"""What Python prints of processes that end in an untidy way."""


@dataclass
class Counts:
    """What was tried, of how many steps (0: at any time), and what fell short."""

    tried: int = 0
    steps: int = 0
    failed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.tried} of {self.steps}" if self.steps else str(self.tried)


@dataclass(frozen=True)
class Whole:
    """A command that is not stopped: what it replaces, its result, its seconds, and its steps by way to stop."""

    before: dict[str, str]
    result: dict[str, str]
    seconds: float
    steps: dict[str, int]


def run(arguments: tuple[str, ...], folder: Path, stop: str = "", moment: float = 0) -> tuple[int, str, int]:
    """Run a command in a forked process; its exit status (minus the signal), its errors, its number of steps.

    Args:
        arguments: of the command line.
        folder: in which it runs.
        stop: one of STOPS, or "": it is not stopped.
        moment: the step at which it is stopped, from 1; "any time": after how many seconds.
    """
    log, count = folder.with_suffix(".log"), folder.with_suffix(".count")
    log.write_text("")
    count.unlink(missing_ok=True)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _run_forked(arguments, folder, stop, 0 if stop == "any time" else int(moment), log, count)
    if stop == "any time" and moment:
        time.sleep(moment)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    steps = int(count.read_text()) if count.exists() else 0
    return os.waitstatus_to_exitcode(status), log.read_text(), steps


def _run_forked(
    arguments: tuple[str, ...], folder: Path, stop: str, step: int, log: Path, count: Path
) -> None:
    redirect(log, 1, 2)
    os.chdir(folder)
    os.environ["PGFA_CACHE"] = str(folder / "cache")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    steps = _hook(folder, stop, step)
    code = run_command(arguments)
    sys.stderr.flush()
    number = steps[0]
    steps[0] = -1  # the hook is silent from here on
    count.write_text(str(number))
    os._exit(code)


def _hook(folder: Path, stop: str, step: int) -> list[int]:
    """Count the steps of this process, and stop it at one of them."""
    steps = [0]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if steps[0] < 0 or not _is_step(event, arguments, folder, creates=stop == "refused"):
            return
        steps[0] += 1
        if steps[0] != step:
            return
        if stop == "refused":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.kill(os.getpid(), _SIGNALS[stop])

    sys.addaudithook(hook)
    return steps


def _is_step(event: str, arguments: tuple[object, ...], folder: Path, *, creates: bool) -> bool:
    paths = [os.fsdecode(a) for a in arguments[:2] if isinstance(a, str | bytes | os.PathLike)]
    inside = any(str(folder) in path or not os.path.isabs(path) for path in paths)
    if event == "open":
        return inside and isinstance(arguments[2], int) and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
    if event in _CREATE:
        return inside
    if creates:
        return False
    return (event in _CHANGE and inside) or (event == "ctypes.dlsym" and arguments[1] == "renameat2")


def temporary_files(folder: Path, *, resumable: bool) -> list[str]:
    """Names that no command may leave; the shards of an unfinished import (`resumable`) are its state."""
    # A stop while the lock is given back leaves the note of who held it, which the next holder replaces.
    endings = (".part", ".old") if resumable else (".part", ".old", ".lock.pid", ".partial")
    return [str(p.relative_to(folder)) for p in folder.rglob("*") if p.name.endswith(endings)]


def check(
    name: str, scenario: Scenario, inputs: Path, work: Path, limits: Limits, stored: dict[str, Counts]
) -> dict[str, Counts]:
    """Stop one scenario in every way that is not `stored` already."""
    work = work / name
    old = _fresh(inputs, work.with_name(f"{name}-old"))
    # At the path at which it will be run: a run knows where its pack is.
    _prepare(scenario, _fresh(old, work))
    old = _fresh(work, old)
    whole = _whole(scenario, old, work)
    for stop in STOPS:
        if stop not in stored:
            moments = limits.moments(name, stop, whole)
            stored[stop] = Counts(len(moments), whole.steps[stop])
            for moment in moments:
                folder = _fresh(old, work)
                where = f"{name}, {stop} at {moment:.3g} of {whole.steps[stop] or whole.seconds:.3g}"
                problems = [f"{where}: {line}" for line in _problems(scenario, folder, stop, moment, whole)]
                stored[stop].failed += problems
                print("".join(f"{line}\n" for line in problems), end="", file=sys.stderr, flush=True)
            print(f"{name}, {stop}: {stored[stop]}", file=sys.stderr, flush=True)
            limits.save(name, stored)
    return {stop: stored[stop] for stop in STOPS}


def _prepare(scenario: Scenario, folder: Path) -> None:
    for arguments in scenario.commands:
        code, log, _ = run(arguments, folder)
        assert code == 0, log
    if scenario.removed:
        shutil.rmtree(folder / scenario.removed)
    for name, text in scenario.files.items():
        (folder / name).write_text(text)


def _whole(scenario: Scenario, old: Path, work: Path) -> Whole:
    """Run a scenario without a stop, once for each way to count its steps."""
    steps = {"any time": 0}
    for counted in ("refused", "killed"):
        folder, started = _fresh(old, work), time.monotonic()
        before = scenario.result(folder)
        code, log, steps[counted] = run(scenario.arguments, folder, counted)
        seconds = time.monotonic() - started
        assert code == 0, log
    steps |= dict.fromkeys(("interrupted", "terminated"), steps["killed"])
    return Whole(before, scenario.result(folder), seconds, steps)


def _problems(scenario: Scenario, folder: Path, stop: str, moment: float, whole: Whole) -> Iterator[str]:
    code, log, _ = run(scenario.arguments, folder, stop, moment)
    ended_well = stop in ("refused", "any time") and code == 0 and scenario.result(folder) == whole.result
    if code != STOPS[stop] and not ended_well:
        yield f"exit status {code}: {log[-800:]}"
    lines = log.strip().splitlines()
    if stop in ("interrupted", "terminated") and (not lines or lines[-1] != MESSAGE):
        yield f"no message: {log[-300:]}"
    if stop == "refused" and "Traceback" in log:
        yield f"traceback: {log[-800:]}"
    if STOPS[stop] >= 0 and (left := temporary_files(folder, resumable=True)):
        yield f"left {left}"
    if not scenario.partial and scenario.result(folder) not in (whole.before, whole.result):
        yield "neither the old nor the new one"
    code, log, _ = run(scenario.arguments, folder)
    if code != 0 and COMPLETE not in log:
        yield f"run again: exit status {code}: {log[-800:]}"
    elif scenario.result(folder) != whole.result:
        yield "run again: another result"
    elif left := temporary_files(folder, resumable=False):
        yield f"run again: left {left}"


@dataclass(frozen=True)
class Limits:
    """How often a scenario is stopped in each way.

    Attributes:
        steps: at most; 0: at all of them.
        times: kills at random moments.
        seed: of the choice.
        report: where counts are kept, and taken up by the same command.
    """

    steps: int
    times: int
    seed: int
    report: Path | None

    def moments(self, name: str, stop: str, whole: Whole) -> list[float]:
        """Steps, from 1, or seconds: one from each of equal parts of the run."""
        chance = random.Random(f"{self.seed}/{name}/{stop}")
        if stop == "any time":
            return [whole.seconds * (n + chance.random()) / self.times for n in range(self.times)]
        total = whole.steps[stop]
        count = min(self.steps or total, total)
        return [1 + int(total * (n + chance.random()) / count) for n in range(count)]

    def stored(self) -> dict[str, dict[str, Counts]]:
        """Scenario -> way to stop -> counts of an earlier call."""
        if self.report is None or not self.report.exists():
            return {}
        values = json.loads(self.report.read_text(encoding="utf-8"))
        return {
            name: {stop: Counts(**count) for stop, count in ways.items()} for name, ways in values.items()
        }

    def save(self, name: str, ways: dict[str, Counts]) -> None:
        """Keep the counts of a scenario."""
        if self.report is not None:
            counts = self.stored() | {name: ways}
            values = {
                name: {stop: vars(count) for stop, count in ways.items()} for name, ways in counts.items()
            }
            self.report.write_text(json.dumps(values, indent=1), encoding="utf-8")


def _fresh(source: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target


def package_state() -> list[tuple[str, int, int]]:
    """Files of the package with size and time of change: results are compared only while it stays as it is."""
    import pgfa

    files = sorted(
        path for path in Path(pgfa.__file__).parent.rglob("*") if path.suffix != ".pyc" and path.is_file()
    )
    return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--steps", type=int, default=STEPS, help="of each way to stop; 0: all")
    parser.add_argument("--times", type=int, default=TIMES, help="kills at random moments")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", type=Path, help="file for the counts, and where an earlier call ended")
    args = parser.parse_args()
    limits = Limits(args.steps, args.times, args.seed, args.report)
    failed: list[str] = []
    before, stored = package_state(), limits.stored()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary).resolve()
        (work / "inputs").mkdir()
        in_child(lambda: make_inputs(work / "inputs"))
        import_modules()

        print("| command | " + " | ".join(STOPS) + " | failed |")
        print("|---|" + "---|" * (len(STOPS) + 1), flush=True)
        for name in args.scenarios or SCENARIOS:
            ways = stored.get(name, {})
            counts = check(name, SCENARIOS[name], work / "inputs", work, limits, ways)
            problems = [problem for count in counts.values() for problem in count.failed]
            print(f"| {name} | {' | '.join(map(str, counts.values()))} | {len(problems)} |", flush=True)
            failed += problems
    if package_state() != before:
        sys.exit("the package was changed meanwhile: what was compared is of two versions")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
