"""The command line as a new user meets it: quick help, errors on one line, the whole pipeline on few small clips."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pgfa.cli.main import main
from pgfa.config import RunSettings
from pgfa.pack import open_pack
from pgfa.read import FORMATS
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
    """A folder that a user might have: one folder per class, eight recordings in each."""
    folder = tmp_path_factory.mktemp("own") / "recordings"
    random = np.random.default_rng(0)
    rest = random.normal(0, 0.4, (20, 3))
    for number, action in enumerate(("wave", "kick", "bow", "jump")):
        for take in range(8):
            seconds = np.linspace(0, 6, 40)[:, None, None]
            sway = np.sin(seconds * (number + 1) + take) * random.normal(0, 0.2, (20, 3))
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


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from pgfa.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"sys.exit(','.join(m for m in {HEAVY!r} if m in sys.modules) or 0)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert output.returncode == 0, f"heavy modules loaded: {output.stderr}"
    assert "recognise" in output.stdout


def test_inspect_of_a_file_loads_no_model(recordings: Path, tmp_path: Path) -> None:
    page = tmp_path / "clip.html"
    code = (
        "import sys; from pgfa.cli.main import main\n"
        f"try: main(['inspect', {str(recordings / 'wave' / 'take0.npz')!r}, '--out', {str(page)!r}])\n"
        "except SystemExit: pass\n"
        "sys.exit(','.join(m for m in ('torch', 'polars', 'scipy') if m in sys.modules) or 0)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert output.returncode == 0, output.stderr
    assert "kinect20" in output.stdout
    assert 'make("canvas"' in page.read_text(encoding="utf-8")


def test_import_writes_a_pack(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("inspect", pack)
    output = capsys.readouterr().out
    assert "32 clips, 4 classes" in output


def test_train_evaluate_recognise(
    trained: Path, recordings: Path, capsys: pytest.CaptureFixture[str], pack: Path
) -> None:
    run("evaluate", trained)
    output = capsys.readouterr().out
    assert "from sentences" in output
    assert "after alignment" in output
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
        "--sentence",
        "a person waves",
        "--sentence",
        "a person bows",
    )
    lines = capsys.readouterr().out.strip().splitlines()
    assert sorted(line.split(maxsplit=3)[3] for line in lines[1:3]) == ["a person bows", "a person waves"]
    assert float(lines[1].split()[0]) >= float(lines[2].split()[0])
    assert "not calibrated" in lines[3]


def test_training_again_changes_nothing(trained: Path, pack: Path) -> None:
    before = (trained / "model.safetensors").read_bytes()
    dataset = open_pack(pack).datasets[0]
    run("train", "--pack", pack, "--split", f"{dataset}/unseen:wave,kick", "--out", trained, "--quiet", *TINY)
    assert (trained / "model.safetensors").read_bytes() == before


def test_few_clips_are_trained_in_smaller_batches_unless_chosen(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    split = f"{open_pack(pack).datasets[0]}/unseen:wave,kick"
    run("train", "--pack", pack, "--split", split, "--out", tmp_path / "a", *TINY[:6])
    assert "2 epochs, batches of 16 (--train.epochs, --train.batch-size)" in capsys.readouterr().err
    saved = RunSettings.load(tmp_path / "a" / "run.toml").train
    assert (saved.epochs, saved.batch_size) == (2, 16)
    run("train", "--pack", pack, "--split", split, "--out", tmp_path / "b", "--quiet", *TINY[:7], "12")
    assert RunSettings.load(tmp_path / "b" / "run.toml").train.batch_size == 12


def test_a_run_starts_from_the_settings_of_another(trained: Path, pack: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    run("train", "--settings", trained / "run.toml", "--out", out, "--quiet")
    weights, expected = (load_file(folder / "model.safetensors") for folder in (out, trained))
    assert weights.keys() == expected.keys()
    assert all(torch.equal(weights[name], expected[name]) for name in weights)


@pytest.mark.parametrize(
    ("arguments", "message"),
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
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert isinstance(stop.value.code, str)
    assert message in stop.value.code
    assert "\n" not in stop.value.code


def test_splits_lists_the_published_ones(capsys: pytest.CaptureFixture[str]) -> None:
    run("splits")
    output = capsys.readouterr().out
    assert "utd-mhad/22-5  (PURLS" in output
    assert "ntu120/96-24" in output


def test_formats_lists_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    run("formats")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(FORMATS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["recognise", "nowhere.mat", "--sentence", "a"], "nowhere.mat"),
        (["recognise", "{clip}", "--sentence", "a", "--device", "gpu"], "expected cpu, cuda, cuda:1, ..., or auto"),
        (["recognise", "{clip}", "--sentence", "a", "--run", "nowhere"], "nowhere: expected a run of `pgfa train`"),
        (["recognise", "{clip}", "--sentence", "a", "--teach", "wave"], "--teach expects NAME=FILE, found 'wave'"),
        (["import", "utd", "{folder}", "pack"], "unknown format 'utd'; available: "),
        (["import", "utd-mhad", "nowhere", "pack"], "nowhere: expected UTD-MHAD recordings"),
        (["recognise", "{clip}", "--sentence", "a", "--json", "{clip}/x.json"], "is a file, expected a folder"),
        (["check", "nowhere"], "nowhere: expected a folder or a zip of recordings"),
        (["train", "--out", "x"], "at least one pack is needed (--pack FOLDER)"),
        (["train", "--settings", "nowhere.toml", "--out", "x"], "nowhere.toml: no such settings file"),
        (["synthesise", "utd-mhad", "x", "--clips", "3"], "found 'utd-mhad'"),
        (["benchmark", "nowhere.toml", "--out", "x"], "nowhere.toml"),
        (["reproduce", "setting-9", "--out", "x"], "unknown setting 'setting-9'; did you mean setting-2?"),
        (["serve", "nowhere"], "nowhere: expected a run of `pgfa train` (run.toml) or a bundle of `pgfa export`"),
    ],
)  # fmt: skip
def test_wrong_names_files_and_devices_are_named(
    arguments: list[str], message: str, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    clip = recordings / "wave" / "take0.npz"
    with pytest.raises(SystemExit) as stop:
        main([a.format(clip=clip, folder=recordings) for a in arguments])
    assert isinstance(stop.value.code, str)
    assert message in stop.value.code
    assert "\n" not in stop.value.code
