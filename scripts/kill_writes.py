"""Stop commands at every step at which they write, run them again, and compare with a run that was not stopped.

    python scripts/kill_writes.py                 # every scenario, all steps
    python scripts/kill_writes.py --steps 6       # at most 6 steps of each scenario, evenly spread
    python scripts/kill_writes.py export import   # these scenarios only

A step is the moment before a file is opened for writing, renamed, linked or deleted, or a folder is created, renamed,
exchanged or deleted, in the folder of the scenario; Python reports these moments to an audit hook. At each step of
each scenario the command is, in turn,

- killed (SIGKILL): what it replaces must be the old or the new one, complete;
- interrupted (SIGINT) and terminated (SIGTERM): exit status 130 and 143, the message, no temporary file left;
- refused (full disk; steps that create something): exit status 1 and one line, no temporary file left; or the same
  result with exit status 0, where what was refused is not needed, such as a cache;

and is then run again: the result must be equal to that of a run that was not stopped, and no temporary file be left. An
import that was stopped at its very last step is complete, and says so when it is run again.
Prints a table; the exit status is 1 if anything failed. Works on systems that can fork.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

STOPS = {"killed": -9, "interrupted": 130, "terminated": 143, "refused": 1}
"""How a command is stopped -> its exit status."""
_SIGNALS = {"killed": signal.SIGKILL, "interrupted": signal.SIGINT, "terminated": signal.SIGTERM}
_CREATE, _CHANGE = ("os.mkdir", "os.link"), ("os.rename", "os.remove", "os.rmdir")
COMPLETE = "is already a complete pack"
MESSAGE = "pgfa: stopped; run the same command to resume"


@dataclass(frozen=True)
class Scenario:
    """A command and what it writes.

    Attributes:
        prepare: makes the folder before the command.
        arguments: of the command line, in the folder.
        result: of the command: name -> digest. Of a folder that was killed it must be the old or the new one.
        partial: whether what is written may be there in part until the command is run again.
    """

    prepare: Callable[[Path], None]
    arguments: tuple[str, ...]
    result: Callable[[Path], dict[str, str]]
    partial: bool = False


@dataclass
class Counts:
    """What was tried, and what fell short."""

    tried: int = 0
    failed: list[str] = field(default_factory=list)


def run(arguments: tuple[str, ...], folder: Path, stop: str = "", step: int = 0) -> tuple[int, str, int]:
    """Run a command in a forked process; its exit status (minus the signal), its errors, its number of steps.

    Args:
        arguments: of the command line.
        folder: in which it runs.
        stop: one of STOPS, or "": it is not stopped.
        step: at which it is stopped, from 1.
    """
    log, count = folder.with_suffix(".log"), folder.with_suffix(".count")
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _run_forked(arguments, folder, stop, step, log, count)
    _, status = os.waitpid(child, 0)
    steps = int(count.read_text()) if count.exists() else 0
    return os.waitstatus_to_exitcode(status), log.read_text(), steps


def _run_forked(
    arguments: tuple[str, ...], folder: Path, stop: str, step: int, log: Path, count: Path
) -> None:
    from pgfa.cli.main import main

    code = 0
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.chdir(folder)
    os.environ["PGFA_CACHE"] = str(folder / "cache")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    steps = _hook(folder, stop, step)
    try:
        main(list(arguments))
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 99
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


def content(folder: Path) -> dict[str, str]:
    """File below a folder -> digest of its content; without locks."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".lock"))
    return {str(p.relative_to(folder)): sha256(p.read_bytes()).hexdigest() for p in files}


def temporary_files(folder: Path, *, resumable: bool) -> list[str]:
    """Names that no command may leave; the shards of an unfinished import (`resumable`) are its state."""
    # A stop while the lock is given back leaves the note of who held it, which the next holder replaces.
    endings = (".part", ".old") if resumable else (".part", ".old", ".lock.pid", ".partial")
    return [str(p.relative_to(folder)) for p in folder.rglob("*") if p.name.endswith(endings)]


def _in_child(work: Callable[[], None]) -> None:
    """Threads that a library starts do not survive a fork: this process starts none."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert status == 0


def check(name: str, scenario: Scenario, inputs: Path, work: Path, limit: int | None) -> dict[str, Counts]:
    """Stop one scenario at its steps, in every way."""
    work = work / name
    fresh = _fresh(inputs, work)
    scenario.prepare(fresh)
    old = _fresh(fresh, work.with_name(f"{name}-old"))
    before = scenario.result(old)
    counts = {stop: Counts() for stop in STOPS}
    code, log, _ = run(scenario.arguments, fresh)
    assert code == 0, log
    expected = scenario.result(fresh)
    for stop, count in counts.items():
        folder = _fresh(old, work)
        _, _, total = run(scenario.arguments, folder, stop, 0)
        for step in _spread(total, limit):
            folder = _fresh(old, work)
            count.tried += 1
            problems = list(_problems(scenario, folder, stop, step, before, expected))
            count.failed += [f"{name}, {stop} at step {step} of {total}: {problem}" for problem in problems]
            print(
                "\n".join(count.failed[-len(problems) :] if problems else []),
                end="",
                file=sys.stderr,
                flush=True,
            )
    return counts


def _problems(
    scenario: Scenario, folder: Path, stop: str, step: int, before: dict[str, str], expected: dict[str, str]
) -> Iterator[str]:
    code, log, _ = run(scenario.arguments, folder, stop, step)
    ended_well = stop == "refused" and code == 0 and scenario.result(folder) == expected
    if code != STOPS[stop] and not ended_well:
        yield f"exit status {code}: {log[-800:]}"
    lines = log.strip().splitlines()
    if stop in ("interrupted", "terminated") and (not lines or lines[-1] != MESSAGE):
        yield f"no message: {log[-300:]}"
    if stop == "refused" and "Traceback" in log:
        yield f"traceback: {log[-800:]}"
    if stop != "killed" and (left := temporary_files(folder, resumable=True)):
        yield f"left {left}"
    if not scenario.partial and scenario.result(folder) not in (before, expected):
        yield "neither the old nor the new one"
    code, log, _ = run(scenario.arguments, folder)
    if code != 0 and COMPLETE not in log:
        yield f"run again: exit status {code}: {log[-800:]}"
    elif scenario.result(folder) != expected:
        yield "run again: another result"
    elif left := temporary_files(folder, resumable=False):
        yield f"run again: left {left}"


def _spread(total: int, limit: int | None) -> list[int]:
    """Steps 1 to `total`, or at most `limit` of them, evenly spread."""
    if limit is None or total <= limit:
        return list(range(1, total + 1))
    return sorted({1 + round(i * (total - 1) / max(limit - 1, 1)) for i in range(limit)})


def _fresh(source: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target


def _nothing(folder: Path) -> None:
    pass


def _exported(folder: Path) -> None:
    """An older bundle, which the command replaces, and a file of the user in it."""
    code, log, _ = run(("export", "bundle", "--as", "a person bows"), folder)
    assert code == 0, log
    (folder / "bundle" / "notes.txt").write_text("mine")


def _trained(folder: Path) -> None:
    code, log, _ = run(TRAIN, folder)
    assert code == 0, log


def _run_result(folder: Path) -> dict[str, str]:
    """Weights, checkpoint, settings and losses: not the seconds."""
    run = folder / "run"
    names = ("run.toml", "corpus.json", "checkpoint.safetensors", "model.safetensors")
    result = {name: digest for name, digest in content(run).items() if name in names} if run.exists() else {}
    if (run / "metrics.jsonl").exists():
        losses = [json.loads(line).get("loss") for line in (run / "metrics.jsonl").read_text().splitlines()]
        result["losses"] = str(losses)
    return result


def _numbers(folder: Path) -> dict[str, str]:
    """Of an evaluation, without its date and the checksum that covers it."""
    file = folder / "run" / "evaluation.json"
    if not file.is_file():
        return {}
    values = json.loads(file.read_text(encoding="utf-8"))
    return {name: repr(value) for name, value in values.items() if name not in ("provenance", "checksum")}


def _folder(name: str) -> Callable[[Path], dict[str, str]]:
    return lambda folder: content(folder / name) if (folder / name).exists() else {}


TRAIN = (
    "train", "--pack", "pack", "--split", "synthetic/18-6", "--out", "run", "--quiet", "--device", "cpu",
    "--train.epochs", "2", "--train.batch-size", "16", "--model.channels", "4", "8", "--model.strides", "2", "1",
)  # fmt: skip
SCENARIOS = {
    "export": Scenario(_nothing, ("export", "bundle", "--as", "a person waves"), _folder("bundle")),
    "export over a bundle": Scenario(
        _exported, ("export", "bundle", "--as", "a person waves"), _folder("bundle")
    ),
    "import": Scenario(_nothing, ("import", "files", "recordings", "new", "--quiet"), _folder("new")),
    "train": Scenario(_nothing, TRAIN, _run_result, partial=True),
    "evaluate": Scenario(_trained, ("evaluate", "run"), _numbers),
    "synthesise": Scenario(
        _nothing, ("synthesise", "ntu60", "stand-in", "--clips", "4", "--jobs", "1"), _folder("stand-in")
    ),
}


def package_state() -> list[tuple[str, int, int]]:
    """Files of the package with size and time of change: results are compared only while it stays as it is."""
    import pgfa

    files = sorted(
        path for path in Path(pgfa.__file__).parent.rglob("*") if path.suffix != ".pyc" and path.is_file()
    )
    return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]


def make_inputs(folder: Path) -> None:
    """A pack, and recordings of four classes."""
    from pgfa.pack import save_pack
    from pgfa.read.formats.npz import save_clip
    from pgfa.synth import DEMO_ACTIONS, make_clips

    clips = make_clips(seed=0, actions=DEMO_ACTIONS, performers=2, repeats=1)
    save_pack(clips, folder / "pack")
    for clip in clips[:4]:
        save_clip(folder / "recordings" / clip.source.action / f"{clip.source.id}.npz", clip)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--steps", type=int, help="at most so many steps of each scenario")
    args = parser.parse_args()
    failed: list[str] = []
    before = package_state()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary).resolve()
        (work / "inputs").mkdir()
        _in_child(lambda: make_inputs(work / "inputs"))
        import pgfa.train.train  # noqa: F401  once, for all forked processes

        print("| command | " + " | ".join(STOPS) + " | failed |")
        print("|---|" + "---|" * (len(STOPS) + 1), flush=True)
        for name in args.scenarios or SCENARIOS:
            counts = check(name, SCENARIOS[name], work / "inputs", work, args.steps)
            problems = [problem for count in counts.values() for problem in count.failed]
            tried = " | ".join(str(count.tried) for count in counts.values())
            print(f"| {name} | {tried} | {len(problems)} |", flush=True)
            failed += problems
    if package_state() != before:
        sys.exit("the package was changed meanwhile: what was compared is of two versions")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
