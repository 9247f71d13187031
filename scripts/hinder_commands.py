"""Every command with what may hinder it: full and read-only disks, files in the way, a full standard output, signals.

    python scripts/hinder_commands.py                      # every command, every hindrance
    python scripts/hinder_commands.py train export         # these commands only
    python scripts/hinder_commands.py --only interrupted   # one hindrance only
    python scripts/hinder_commands.py --short              # file in the way, full output, refused; not run again

All commands of the command line (`pgfa.cli.main.COMMANDS`); one without an entry in `CASES` fails. Hindrances:

- full disk: the output is on a disk (tmpfs) with room for a part of it; read-only disk;
- file in the way: a file where a folder is to be, or a folder where a file is to be;
- full output: standard output is /dev/full;
- refused: the system refuses to create anything (an audit hook raises the error of a read-only disk);
- interrupted: SIGINT to all processes of the command, as by Ctrl-C; terminated: SIGTERM to the main process.

The command must end with exit status 1 (130, 143), a last line that starts with "pgfa: " and no traceback, and leave
no temporary file; or end well with the whole result, where what failed is not needed. Then the hindrance is removed and
the same command run again: it must end well, with the files of a run that was not hindered. Disks are mounted in a name
space of its own (`unshare`); where the system does not allow it, these hindrances are named and left out.
"""

from __future__ import annotations

import argparse
import errno
import multiprocessing.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import started
from command_cases import CASES, SEVERAL, Case, command_names, make_inputs
from command_results import Result, difference, names
from disks import has_disks, leave_room, mount
from forked import UNCAUGHT, in_child, redirect, run_command
from kill_scenarios import import_modules
from kill_writes import COMPLETE, MESSAGE, NOISE, _is_step, temporary_files

import pgfa.cli.start
from pgfa.cli.stop import end_stopped
from pgfa.processes import catch_stops, ignore_stops

EVERY = CASES | SEVERAL
DISKS = ("full disk", "read-only disk")
SIGNALS = {"interrupted": (signal.SIGINT, 130), "terminated": (signal.SIGTERM, 143)}
HINDRANCES = (*DISKS, "file in the way", "full output", "refused", *SIGNALS)
AT_ONCE = ("file in the way", "full output", "refused")
ROOM = (0.05, 0.5, 0.9)
"""Shares of what the command writes for which a full disk has room."""
STOPS = {number for number, _ in SIGNALS.values()}
MOMENTS = (0.3, 0.8)
"""Shares of the time of the command after which a signal is sent."""
ENDLESS = 8.0
"""Seconds after which a command that runs until it is stopped is stopped."""
ENDING = 15.0
"""Seconds in which other processes must have ended after the main process: some are importing libraries."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit status, what it printed on standard error, seconds on the clock, processes it left."""

    code: int
    log: str
    seconds: float = 0.0
    left: tuple[int, ...] = ()


@dataclass(frozen=True)
class Whole:
    """A command that was not hindered: seconds on the clock, its result (`Bench.result`), bytes of its files."""

    seconds: float
    result: Result
    size: int


@dataclass(frozen=True)
class Bench:
    """Where commands are tried.

    Attributes:
        inputs: what they read, and where they run.
        work: folder for the output and the logs.
    """

    inputs: Path
    work: Path

    @property
    def disk(self) -> Path:
        """The folder or disk that has the output."""
        return self.work / "disk"

    @property
    def mark(self) -> started.Mark:
        """Of the processes that commands start."""
        return "PGFA_CACHE", self.work

    @property
    def out(self) -> Path:
        """The output, or the folder of the outputs."""
        return self.disk / "out"

    def fresh(self, case: Case) -> None:
        """The output as it is before the command."""
        for path in self.disk.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if case.start:
            shutil.copytree(self.inputs / case.start, self.out)

    def result(self, case: Case) -> Result:
        """Files of the output, and what the case compares of them."""
        return names(self.disk) | (case.result(self.out) if self.out.is_dir() else {})


def run(
    case: Case, bench: Bench, hindrance: str = "", stop: tuple[float, signal.Signals] | None = None
) -> Ended:
    """Run a command in a forked process.

    Args:
        case, bench: what, and where.
        hindrance: ``full output``, ``refused`` or none of these.
        stop: after how many seconds a signal is sent, and which.
    """
    log = bench.work / "log"
    sys.stdout.flush()
    begun = time.monotonic()
    # A signal waits until the child handles it, as a command does from its first moment (`pgfa.cli.start`).
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        _run_forked(case, bench, hindrance, log)
    with suppress(OSError):  # whichever of the two is first; the child may have ended
        os.setpgid(child, child)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    done, status = 0, 0
    while stop and not done and time.monotonic() - begun < stop[0]:
        time.sleep(0.01)
        done, status = os.waitpid(child, os.WNOHANG)
    if stop and not done:
        # Ctrl-C reaches all processes of a terminal.
        os.killpg(child, stop[1]) if stop[1] == signal.SIGINT else os.kill(child, stop[1])
    if not done:
        _, status = os.waitpid(child, 0)
    log_text = log.read_text(errors="replace") if log.exists() else ""
    if left := started.left(bench.mark, ENDING):
        started.end(bench.mark)
    return Ended(os.waitstatus_to_exitcode(status), log_text, time.monotonic() - begun, tuple(left))


def _run_until_stopped(arguments: list[str]) -> int:
    """The exit status of a command; stops that wait are delivered now."""
    try:
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
            return run_command(arguments)
        except KeyboardInterrupt as stop:  # before the command handles it
            end_stopped(stop, arguments)
    except SystemExit as end:
        return int(end.code or 0)


def _run_forked(case: Case, bench: Bench, hindrance: str, log: Path) -> None:
    code = UNCAUGHT
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        catch_stops()
        (bench.work / "input").write_text(case.input)
        redirect(bench.work / "input", 0, write=False)
        redirect("/dev/full" if hindrance == "full output" else os.devnull, 1)
        redirect(log, 2)
        os.environ[bench.mark[0]] = str(bench.work / "cache")
        os.chdir(bench.inputs)
        sys.modules["__main__"] = pgfa.cli.start  # as in the command; its workers import it
        if hindrance == "refused":
            _refuse(bench.disk)
        code = _run_until_stopped([word.replace("OUT", str(bench.out)) for word in case.arguments])
        ignore_stops()
        try:
            sys.stdout.flush()
        except OSError as error:
            print(f"output lost: {error}", file=sys.stderr)
            code = 98
        multiprocessing.util._exit_function()  # as Python at the end of a process: os._exit leaves its semaphores
    except BaseException:
        traceback.print_exc()
        code = UNCAUGHT
    finally:
        sys.stderr.flush()
        os._exit(code)


def _refuse(folder: Path) -> None:
    """From now on this process cannot create anything in a folder."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if _is_step(event, arguments, folder, creates=True):
            path = arguments[0]
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    sys.addaudithook(hook)


@contextmanager
def hindered(case: Case, bench: Bench, hindrance: str, share: float, size: int) -> Iterator[None]:
    """A fresh output, hindered within the context by a disk or a file in the way.

    Args:
        share: of `size` for which a full disk has room.
        size: bytes that the command writes.
    """
    if hindrance in DISKS:
        mount("-t", "tmpfs", "-o", "size=400m", "none", bench.disk)
    bench.fresh(case)
    obstacle = bench.out / case.block if case.block else bench.out
    if hindrance == "full disk":
        leave_room(bench.disk, int(share * size))
    elif hindrance == "read-only disk":
        mount("-o", "remount,ro", bench.disk)
    elif hindrance == "file in the way" and case.block:
        if obstacle.exists():
            obstacle.unlink()
        obstacle.mkdir(parents=True)
        (obstacle / "mine").write_text("mine")
    elif hindrance == "file in the way":
        obstacle.write_text("mine")
    try:
        yield
        if hindrance in DISKS:
            mount("-o", "remount,rw,size=400m", bench.disk)
        elif hindrance == "file in the way":
            file = obstacle / "mine" if case.block else obstacle
            assert file.read_text() == "mine", "the file in the way is no longer there"
            shutil.rmtree(obstacle) if case.block else obstacle.unlink()
    except BaseException:
        _unmount(bench, hindrance)
        raise


def _unmount(bench: Bench, hindrance: str) -> None:
    if hindrance in DISKS:
        subprocess.run(["umount", "--lazy", str(bench.disk)], check=True)


def problems(case: Case, bench: Bench, hindrance: str, part: float, whole: Whole | None) -> list[str]:
    """What goes wrong with a command that is hindered and then, if `whole` is known, run again without hindrance."""
    stop = None
    if hindrance in SIGNALS:
        seconds = whole.seconds if whole and case.ends else ENDLESS
        stop = (part * seconds, SIGNALS[hindrance][0])
    with hindered(case, bench, hindrance, part, whole.size if whole else 0):
        defects = list(_defects(run(case, bench, hindrance, stop), case, bench, hindrance, whole))
    if whole and case.ends:
        again = run(case, bench)
        if again.code and COMPLETE not in again.log:
            defects.append(f"run again: exit status {again.code}: {again.log[-500:]}")
        elif bench.result(case) != whole.result:
            defects.append(f"run again: another result: {difference(bench.result(case), whole.result)}")
        elif left := temporary_files(bench.disk, resumable=False):
            defects.append(f"run again: left {left}")
    _unmount(bench, hindrance)
    return defects


def _is_written(line: str, bench: Bench) -> bool:
    """Whether a line names a place that commands write to: that of the case, or a folder for a moment."""
    return str(bench.work) in line or f"{Path(tempfile.gettempdir()) / '.pgfa.'}" in line


def _defects(ended: Ended, case: Case, bench: Bench, hindrance: str, whole: Whole | None) -> Iterator[str]:
    lines = ended.log.strip().splitlines() or [""]
    status = SIGNALS[hindrance][1] if hindrance in SIGNALS else 1
    if any(word in ended.log for word in NOISE):
        yield f"traceback: {ended.log[-800:]}"
    if ended.code not in (0, status):
        yield f"exit status {ended.code}: {ended.log[-500:]}"
    elif ended.code == 0 and (whole is None or hindrance == "full output"):
        yield f"exit status 0: {ended.log[-300:]}"
    elif ended.code == 0 and whole and bench.result(case) != whole.result:
        yield f"exit status 0, but not the whole result: {ended.log[-300:]}"
    elif ended.code == status and not lines[-1].startswith("pgfa: "):
        yield f"no sentence: {ended.log[-300:]}"
    elif ended.code == 1 and hindrance not in (*SIGNALS, "full output") and not _is_written(lines[-1], bench):
        yield f"not about what is written: {lines[-1]}"
    elif ended.code == status and hindrance in SIGNALS and not MESSAGE.startswith(lines[-1]):
        yield f"another message: {lines[-1]}"
    if ended.left:
        yield f"left the processes {list(ended.left)}"
    if left := temporary_files(bench.disk, resumable=True):
        yield f"left {left}"


def trials(case: Case, hindrance: str, *, at_once: bool = False) -> tuple[float, ...]:
    """In which ways a hindrance is tried on a command; none where it does not concern it, or not `at_once`."""
    if at_once and hindrance == "full output" and case.writes:
        return ()  # the output comes last
    if hindrance in SIGNALS:
        return MOMENTS if case.ends else (0.8,)
    if hindrance == "full output":
        return (1.0,) if case.ends else ()
    if not case.writes:
        return ()
    return ROOM if hindrance == "full disk" else (1.0,)


def try_command(
    name: str, bench: Bench, hindrances: tuple[str, ...], *, again: bool = True
) -> dict[str, tuple[int, list[str]]]:
    """For each hindrance, how often it was tried on a command, and what went wrong.

    Args:
        again: whether the command is also run without a hindrance, before and after.
    """
    case = EVERY[name]
    bench.disk.mkdir(parents=True, exist_ok=True)
    whole = _whole(case, bench) if again else None
    counts = {}
    for hindrance in hindrances:
        defects = []
        parts = trials(case, hindrance, at_once=not again)
        for part in parts:
            try:
                lines = problems(case, bench, hindrance, part, whole)
            except (AssertionError, OSError) as error:
                lines = [f"{type(error).__name__}: {error}"]
            defects += [f"{name}, {hindrance} ({part:g}): {line}" for line in lines]
        print("".join(f"{line}\n" for line in defects), end="", file=sys.stderr, flush=True)
        counts[hindrance] = (len(parts), defects)
    return counts


def _whole(case: Case, bench: Bench) -> Whole:
    """The result of a command that is not hindered."""
    bench.fresh(case)
    before = _bytes(bench.disk)
    ended = run(case, bench) if case.ends else Ended(0, "")
    assert ended.code == 0, ended.log
    return Whole(ended.seconds, bench.result(case), _bytes(bench.disk) - before)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", help=", ".join(EVERY))
    parser.add_argument("--only", nargs="*", choices=HINDRANCES, default=HINDRANCES)
    parser.add_argument(
        "--short", action="store_true", help="only what fails at once, without running the command again"
    )
    parser.add_argument("--with-disks", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.short and not args.with_disks and has_disks():
        command = ["unshare", "--map-root-user", "--mount", sys.executable, *sys.argv, "--with-disks"]
        os.execvp(command[0], command)
    if args.short:
        args.only = AT_ONCE
    hindrances = tuple(name for name in args.only if args.with_disks or name not in DISKS)
    if left_out := sorted(set(args.only) - set(hindrances)):
        print(f"no disk can be mounted here: {', '.join(left_out)} left out", file=sys.stderr)
    failed = [f"{name}: no case in command_cases.py" for name in command_names() if name not in CASES]
    with tempfile.TemporaryDirectory() as temporary:
        bench = Bench(Path(temporary).resolve() / "inputs", Path(temporary).resolve() / "work")
        bench.inputs.mkdir()
        in_child(lambda: make_inputs(bench.inputs))
        # Once, for all forked processes; a signal while they import would end them without a word.
        import_modules()

        print(
            f"| command | {' | '.join(hindrances)} | failed |\n|---|{'---|' * (len(hindrances) + 1)}",
            flush=True,
        )
        for name in args.commands or EVERY:
            counts = try_command(name, bench, hindrances, again=not args.short)
            defects = [line for _, lines in counts.values() for line in lines]
            tried = " | ".join(str(count or "") for count, _ in counts.values())
            print(f"| {name} | {tried} | {len(defects)} |", flush=True)
            failed += defects
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
