"""The command line as a newcomer meets it: help, errors in one line, the whole street on a tiny scale."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pgfa.cli.main import main
from pgfa.pack import open_pack
from pgfa.read.formats.npz import save_clip
from pgfa.skeleton import KINECT20, Clip, Source

HEAVY = ("torch", "polars", "scipy", "matplotlib", "sentence_transformers", "sklearn")
TINY = ("--model.channels", "8", "--model.strides", "2", "--train.epochs", "2", "--train.batch-size", "16")


def run(*arguments: str | Path) -> None:
    """The command in this process; a SystemExit other than 0 is an error with its message."""
    try:
        main([str(a) for a in arguments])
    except SystemExit as stop:
        if stop.code not in (None, 0):
            raise


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a user might have: one sub-folder a class, eight recordings in each."""
    folder = tmp_path_factory.mktemp("own") / "recordings"
    random = np.random.default_rng(0)
    rest = random.normal(0, 0.4, (20, 3))
    for number, action in enumerate(("wave", "kick", "bow", "jump")):
        for take in range(8):
            time_ = np.linspace(0, 6, 40)[:, None, None]
            sway = np.sin(time_ * (number + 1) + take) * random.normal(0, 0.2, (20, 3))
            clip = Clip(
                (rest + sway).astype(np.float32)[:, None], 30.0, KINECT20, Source(id=f"{take}", subject="1")
            )
            (folder / action).mkdir(parents=True, exist_ok=True)
            save_clip(folder / action / f"take{take}.npz", clip)
    return folder


@pytest.fixture(scope="module")
def pack(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("packs") / "own"
    run("import", "files", recordings, out, "--quiet", "--jobs", "1")
    return out


@pytest.fixture(scope="module")
def trained(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "tiny"
    dataset = open_pack(pack).datasets[0]
    run("train", "--pack", pack, "--split", f"{dataset}/unseen:wave,kick", "--out", out, "--quiet", *TINY)
    return out


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from pgfa.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"sys.exit(','.join(m for m in {HEAVY!r} if m in sys.modules) or 0)"
    )
    took = []
    for _ in range(3):
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        took.append(time.perf_counter() - began)
        assert done.returncode == 0, f"heavy modules loaded: {done.stderr}"
        assert "recognise" in done.stdout
    assert min(took) < 2.0  # 0.3 s on a quiet machine; a busy one must not fail the build


def test_inspect_of_a_file_loads_no_model(recordings: Path, tmp_path: Path) -> None:
    page = tmp_path / "clip.html"
    code = (
        "import sys; from pgfa.cli.main import main\n"
        f"try: main(['inspect', {str(recordings / 'wave' / 'take0.npz')!r}, '--out', {str(page)!r}])\n"
        "except SystemExit: pass\n"
        "sys.exit(','.join(m for m in ('torch', 'polars', 'scipy') if m in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "kinect20" in done.stdout
    assert 'make("canvas"' in page.read_text(encoding="utf-8")


def test_import_sums_up(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("inspect", pack)
    shown = capsys.readouterr().out
    assert "32 clips, 4 classes" in shown


def test_train_evaluate_recognise(
    trained: Path, recordings: Path, capsys: pytest.CaptureFixture[str], pack: Path
) -> None:
    run("evaluate", trained)
    shown = capsys.readouterr().out
    assert "from sentences" in shown
    assert "after alignment" in shown
    result = json.loads((trained / "evaluation.json").read_text())
    confusion = np.array(result["before"]["confusion"])
    assert confusion.sum() == 16
    assert result["before"]["accuracy"] == pytest.approx(confusion.trace() / 16)
    page = (trained / "report.html").read_text(encoding="utf-8")
    assert "wave" in page
    assert 'src="http' not in page

    run(
        "recognise",
        recordings / "wave" / "take1.npz",
        "--run",
        trained,
        "--as",
        "a person waves",
        "--as",
        "a person bows",
    )
    lines = capsys.readouterr().out.strip().splitlines()
    assert sorted(line.split(maxsplit=3)[3] for line in lines[:2]) == ["a person bows", "a person waves"]
    assert float(lines[0].split()[0]) >= float(lines[1].split()[0])
    assert "not calibrated" in lines[2]


def test_training_again_changes_nothing(trained: Path, pack: Path) -> None:
    before = (trained / "model.safetensors").read_bytes()
    dataset = open_pack(pack).datasets[0]
    run("train", "--pack", pack, "--split", f"{dataset}/unseen:wave,kick", "--out", trained, "--quiet", *TINY)
    assert (trained / "model.safetensors").read_bytes() == before


def test_a_run_can_start_from_anothers_settings(trained: Path, pack: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    run("train", "--settings", trained / "run.toml", "--out", out, "--quiet")
    one, other = (load_file(run_ / "model.safetensors") for run_ in (out, trained))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "nowhere"], "expected a run"),
        (["inspect", "nowhere.skeleton"], "nowhere.skeleton"),
        (["import", "no-such-format", ".", "../out"], "no-such-format"),
        (["train", "--pack", "nowhere", "--split", "utd-mhad/22-5", "--out", "x"], "nowhere"),
        (
            ["train", "--pack", "nowhere", "--split", "utd-mhad/22-5", "--out", "x", "--train.epochs", "0"],
            "epochs",
        ),
    ],
)
def test_errors_are_one_line(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert isinstance(stop.value.code, str)
    assert said in stop.value.code
    assert "\n" not in stop.value.code


def test_splits_lists_the_published_ones(capsys: pytest.CaptureFixture[str]) -> None:
    run("splits")
    shown = capsys.readouterr().out
    assert "utd-mhad/22-5  (PURLS" in shown
    assert "ntu120/96-24" in shown
