"""Commands that `kill_writes.py` stops: what they need, and what their result is."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path


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
    result: Callable[[Path], dict[str, str]]
    commands: tuple[tuple[str, ...], ...] = ()
    removed: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False


def content(folder: Path) -> dict[str, str]:
    """File below a folder -> digest of its content; without locks."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".lock"))
    return {str(p.relative_to(folder)): sha256(p.read_bytes()).hexdigest() for p in files}


def _folder(name: str) -> Callable[[Path], dict[str, str]]:
    return lambda folder: content(folder / name) if (folder / name).exists() else {}


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


EXPORT = ("export", "bundle", "--as", "a person waves")
TRAIN = (
    "train", "--pack", "pack", "--split", "synthetic/18-6", "--out", "run", "--quiet", "--device", "cpu",
    "--train.epochs", "2", "--train.batch-size", "16", "--model.channels", "4", "8", "--model.strides", "2", "1",
)  # fmt: skip
SCENARIOS = {
    "export": Scenario(EXPORT, _folder("bundle")),
    "export over a bundle": Scenario(
        EXPORT,
        _folder("bundle"),
        commands=(("export", "bundle", "--as", "a person bows"),),
        files={"bundle/notes.txt": "mine"},  # of the user
    ),
    "import": Scenario(("import", "files", "recordings", "new", "--quiet"), _folder("new")),
    "train": Scenario(TRAIN, _run_result, commands=(TRAIN,), removed="run", partial=True),
    "train with an empty cache": Scenario(TRAIN, _run_result, partial=True),
    "evaluate": Scenario(("evaluate", "run"), _numbers, commands=(TRAIN,)),
    "synthesise": Scenario(
        ("synthesise", "ntu60", "stand-in", "--clips", "4", "--jobs", "1"), _folder("stand-in")
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
