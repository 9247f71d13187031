"""Commands that `kill_writes.py` stops: what they need, and what their result is."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from command_results import Result, content, numbers, run_result


@dataclass(frozen=True)
class Scenario:
    """A command and what it writes.

    Attributes:
        arguments: of the command line, in a folder with what `make_inputs` writes.
        result: of the command: name -> digest. Of a folder that was killed it must be the old or the new one.
        commands: run before it.
        removed: a folder that is deleted after these, whose cache stays.
        files: written then: path -> text.
        partial: whether what is written may be there in part until the command is run again.
    """

    arguments: tuple[str, ...]
    result: Callable[[Path], Result]
    commands: tuple[tuple[str, ...], ...] = ()
    removed: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False


def _at(name: str, result: Callable[[Path], Result] = content) -> Callable[[Path], Result]:
    """The result in a folder of that name, if it is there."""
    return lambda folder: result(folder / name) if (folder / name).exists() else {}


EXPORT = ("export", "bundle", "--as", "a person waves")
TRAIN = (
    "train", "--pack", "pack", "--split", "synthetic/18-6", "--out", "run", "--quiet", "--device", "cpu",
    "--train.epochs", "2", "--train.batch-size", "16", "--model.channels", "4", "8", "--model.strides", "2", "1",
)  # fmt: skip
SCENARIOS = {
    "export": Scenario(EXPORT, _at("bundle")),
    "export over a bundle": Scenario(
        EXPORT,
        _at("bundle"),
        commands=(("export", "bundle", "--as", "a person bows"),),
        files={"bundle/notes.txt": "mine"},  # of the user
    ),
    "import": Scenario(("import", "files", "recordings", "new", "--quiet"), _at("new")),
    "train": Scenario(TRAIN, _at("run", run_result), commands=(TRAIN,), removed="run", partial=True),
    "train with an empty cache": Scenario(TRAIN, _at("run", run_result), partial=True),
    "evaluate": Scenario(("evaluate", "run"), _at("run", numbers), commands=(TRAIN,)),
    "synthesise": Scenario(
        ("synthesise", "ntu60", "stand-in", "--clips", "4", "--jobs", "1"), _at("stand-in")
    ),
}


MODULES = (
    "torch._dynamo", "onnxruntime", "tokenizers", "pgfa.cli.main", "pgfa.train.train", "pgfa.evaluate.evaluate",
    "pgfa.evaluate.report.page", "pgfa.recognise.export", "pgfa.text.minilm", "pgfa.research.benchmark.run",
    "pgfa.research.reproduce.run", "pgfa.synth.standin", "pgfa.pack.importing.importer",
)  # fmt: skip


def import_modules() -> None:
    """Import what commands import late, once for all forked processes: it takes longer than the commands here."""
    for name in MODULES:
        importlib.import_module(name)


def make_inputs(folder: Path) -> None:
    """A pack, and recordings of four classes."""
    from pgfa.pack import save_pack
    from pgfa.read.formats.npz import save_clip
    from pgfa.synth import DEMO_ACTIONS, make_clips

    clips = make_clips(seed=0, actions=DEMO_ACTIONS, performers=2, repeats=1)
    save_pack(clips, folder / "pack")
    for clip in clips[:4]:
        save_clip(folder / "recordings" / clip.source.action / f"{clip.source.id}.npz", clip)
