"""Commands with arguments with which they take little time, for scripts that stop, hinder or kill them."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from command_results import Result, benchmark_result, content, names, run_result
from forked import in_child
from kill_scenarios import TRAIN
from kill_scenarios import make_inputs as make_recordings

SPEC = """\
title = "One split, one epoch"
epochs = [1]
alignments = ["none"]
reference = ["pgfa", "none"]
[training]
synthetic = ["pack"]
[[splits]]
names = ["synthetic/18-6"]
seeds = 1
folds = 1
[run.model]
channels = [4]
strides = [2]
[baselines]
epochs = 1
"""
FRAMES = "".join(f'{{"t": {n / 30}, "bodies": [[{", ".join(["[0, 1, 2]"] * 20)}]]}}\n' for n in range(40))


@dataclass(frozen=True)
class Case:
    """A command line, and what it writes.

    Attributes:
        arguments: OUT stands for the folder or file that is written.
        writes: whether it writes files.
        start: what is in OUT before the command, by name in the inputs; "": nothing.
        block: file or folder in OUT that is in the way; "": OUT itself.
        ends: whether it ends by itself.
        input: standard input.
        result: of what it wrote in OUT; the same after a command that was stopped and run again.
    """

    arguments: tuple[str, ...]
    writes: bool = True
    start: str = ""
    block: str = ""
    ends: bool = True
    input: str = ""
    result: Callable[[Path], Result] = names


CASES = {
    "demo": Case(("demo", "OUT", "--epochs", "1")),
    "doctor": Case(("doctor",), writes=False),
    "completion": Case(("completion", "bash"), writes=False),
    "import": Case(("import", "files", "recordings", "OUT", "--quiet", "--jobs", "1")),
    "check": Case(("check", "recordings", "--json", "OUT/check.json", "--pictures", "OUT/pictures")),
    "inspect": Case(("inspect", "pack", "--out", "OUT/clip.html")),
    "formats": Case(("formats",), writes=False),
    "splits": Case(("splits",), writes=False),
    "synthesise": Case(("synthesise", "ntu60", "OUT", "--clips", "6", "--jobs", "1")),
    "train": Case(tuple("OUT" if word == "run" else word for word in TRAIN)),
    "evaluate": Case(("evaluate", "OUT"), start="run", block="evaluation.json"),
    "recognise": Case(
        ("recognise", "clip.npz", "--as", "a person waves", "--as", "a person sits down",
         "--csv", "OUT/a.csv", "--vtt", "OUT/a.vtt", "--json", "OUT/a.json")
    ),
    "serve": Case(("serve", "--port", "0"), writes=False, ends=False),
    "live": Case(
        ("live", "--as", "a person waves"), writes=False, input='{"layout": "kinect20"}\n' + FRAMES
    ),
    "export": Case(("export", "OUT", "--as", "a person waves")),
    "calibrate": Case(
        ("calibrate", "run", "--out", "OUT/calibration.json", "--bundle", "OUT"),
        start="bundle",
        block="calibration.json",
    ),
    "benchmark": Case(("benchmark", "spec.toml", "--packs", ".", "--out", "OUT", "--quiet", "--jobs", "1")),
    "reproduce": Case(
        ("reproduce", "setting-1", "--ntu60", "stand-in", "--out", "OUT", "--seeds", "1", "--epochs", "1",
         "--folds", "1", "--text.encoder", "minilm", "--model.channels", "4", "--model.strides", "2", "--quiet")
    ),
}  # fmt: skip
"""Every command: as one process where it can be one."""
SEVERAL = {
    "import with 2 jobs": Case(
        ("import", "files", "many", "OUT", "--quiet", "--jobs", "2", "--limit", "80"), result=content
    ),
    "synthesise with 2 jobs": Case(
        ("synthesise", "ntu60", "OUT", "--clips", "120", "--jobs", "2"), result=content
    ),
    "train with 2 devices": Case((*CASES["train"].arguments, "--devices", "2"), result=run_result),
    "benchmark with 2 jobs": Case((*CASES["benchmark"].arguments[:-1], "2"), result=benchmark_result),
}
"""Commands of several processes."""
MANY = 200
"""Recordings in the folder `many`."""
OF_MANY = Case(
    ("recognise", "many", "--adapt", "many", "--as", "a person waves", "--as", "a person sits down",
     "--json", "OUT/a.json", "--quiet")
)  # fmt: skip
"""Answers and adapts on many recordings, in several threads."""


def command_names() -> list[str]:
    """The commands of the command line."""
    from pgfa.cli.main import COMMANDS

    return [command.__name__.rstrip("_") for commands in COMMANDS.values() for command in commands]


@contextlib.contextmanager
def inputs_and_work() -> Iterator[tuple[Path, Path]]:
    """A folder with what `make_inputs` makes, and an empty one to work in, for a moment."""
    with tempfile.TemporaryDirectory() as temporary:
        inputs, work = (Path(temporary).resolve() / name for name in ("inputs", "work"))
        inputs.mkdir()
        work.mkdir()
        in_child(lambda: make_inputs(inputs))
        yield inputs, work


def make_inputs(folder: Path) -> None:
    """A run, a bundle, a clip, a stand-in and a specification, beside the pack and recordings of `kill_scenarios`."""
    make_recordings(folder)
    os.chdir(folder)
    os.environ["PGFA_CACHE"] = str(folder / "cache")
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  for the rest of this process
    _succeed(*TRAIN)
    _succeed("export", "bundle", "--as", "a person bows")
    _succeed("synthesise", "ntu60", "stand-in", "--clips", "240", "--jobs", "1")
    shutil.copy(next(Path("recordings").rglob("*.npz")), "clip.npz")
    Path("many").mkdir()
    for number in range(MANY):
        shutil.copy("clip.npz", f"many/{number}.npz")
    Path("spec.toml").write_text(SPEC)


def _succeed(*arguments: str) -> None:
    from pgfa.cli.main import main

    with contextlib.suppress(SystemExit):  # of status 0, and of errors, after which a file is missing
        main(list(arguments))
