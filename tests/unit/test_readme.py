"""README.md as printed: its commands and its Python, on small synthetic recordings in the formats of the data sets."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from builders import standing_body
from guides import CHECKOUT, blocks, command_lines
from pgfa.cli.main import app, main
from pgfa.read import FORMATS
from pgfa.read.formats.npz import save_clip
from pgfa.read.parsing.mat5 import array_bytes
from pgfa.research.benchmark.spec import load_benchmark
from pgfa.skeleton import KINECT20, Clip, Source

SMALLER = ["--train.epochs", "1", "--train.batch-size", "4", "--quiet"]
"""Added to every training."""
PARSED_ONLY = {"serve", "reproduce", "benchmark"}
"""Not run here: these would listen, or train for hours. tests/unit/test_serve*.py and .ci/run run them."""
KINDER_GATOR = ("Bow", "Swim", "Jump", "Punch", "Draw a circle", "Touch your toes")


def motion(seed: int, frames: int = 12) -> np.ndarray:
    """(frames, 20, 3) a standing body that moves a little, 3 m in front of the sensor."""
    sway = np.random.default_rng(seed).normal(0, 0.02, (frames, 20, 3)).cumsum(axis=0)
    return standing_body() + sway + [0, 1, 3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the README presumes: downloaded data sets, the reader's own recordings, an environment to activate."""
    root = tmp_path_factory.mktemp("readme")
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "activate").touch()
    downloads = root / "PATH" / "TO"
    for name in ("msr-action3d", "hdm05", "kinder-gator", "Skeleton"):
        (downloads / name).mkdir(parents=True)
    for name in ("msr-action3d", "hdm05"):
        for file, content in sample(name).items():
            (downloads / name / file).write_bytes(content)
    for name in KINDER_GATOR:
        for file, content in sample("kinder-gator").items():
            other = content.replace(b"Bow", name.encode())
            (downloads / "kinder-gator" / file.replace("Bow", name)).write_bytes(other)
    for label in range(1, 28):
        d_skel = motion(label).transpose(1, 2, 0)
        (downloads / "Skeleton" / f"a{label}_s1_t1_skeleton.mat").write_bytes(array_bytes("d_skel", d_skel))
    for number, action in enumerate(("wave", "kick", "bow", "clap")):
        (root / "my-recordings" / action).mkdir(parents=True)
        for take in range(2):
            positions = motion(100 * number + take)[:, None].astype(np.float32)
            clip = Clip(positions, 30.0, KINECT20, Source(id=f"{take}"))
            save_clip(root / "my-recordings" / action / f"{take}.npz", clip)
    others = "".join(
        f'[[action]]\nname = "{name}"\nplain = "A person does that."\n' for name in ("bow", "clap")
    )
    (root / "mine.toml").write_text(blocks("README.md", "toml")[0] + others, encoding="utf-8")
    (content,) = sample("ntu").values()
    (root / "clip.skeleton").write_bytes(content)
    shutil.copytree(CHECKOUT / "specs", root / "specs")
    return root


def sample(name: str) -> dict[str, bytes]:
    """The sample of a format."""
    make = FORMATS[name].sample
    assert make
    return make()


def exit_status(arguments: list[str]) -> object:
    """Run a command in this process; 0 or None, or the message of an error."""
    try:
        main(arguments)
    except SystemExit as stop:
        return stop.code
    return None


def test_every_command_works_as_printed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    ran = set()
    targets = re.findall(r"^(\w+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for block in blocks("README.md", "sh"):
        for program, command, *arguments in command_lines(block, folder):
            if program == "make":
                assert command in targets
                continue
            assert program == "pgfa"
            if command in PARSED_ONLY:
                app.parse_args([command, *arguments], exit_on_error=False, print_error=False)
                if command == "benchmark":
                    load_benchmark(Path(arguments[0]))
                continue
            status = exit_status([command, *arguments, *(SMALLER if command == "train" else ())])
            assert not status, f"{command} {' '.join(arguments)}: {status}"
            ran.add(command)
    assert ran >= {"recognise", "inspect", "check", "import", "train", "evaluate"}
    assert "after alignment" in capsys.readouterr().out
    for name in ("runs/utd/report.html", "runs/mine/report.html", "runs/joint", "runs/kg", "clip.html"):
        assert (folder / name).exists(), name


def test_the_python_works_as_printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (block,) = blocks("README.md", "python")
    names: dict[str, object] = {}
    exec(compile(block, "README.md", "exec"), names)  # noqa: S102
    assert names["answers"]


def test_the_table_of_data_sets_is_complete() -> None:
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Getting the data")[2].partition("\n## ")[0]
    datasets = {name for name, format in FORMATS.items() if format.kind == "dataset"}
    assert {name for name in re.findall(r"`([a-z0-9-]+)`", table) if name in FORMATS} <= datasets
    assert datasets - {"msrc12"} <= set(re.findall(r"`([a-z0-9-]+)`", table))
