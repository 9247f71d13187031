"""The core without extras: with their modules unimportable its commands work, and others name what is missing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import pgfa
from pgfa.config.extras import EXTRAS, installed, require
from pgfa.config.run import RUN_FILE
from pgfa.errors import BadCheckpoint, BadConfig
from pgfa.recognise import Recogniser

SOURCE = Path(pgfa.__file__).parents[1]
CHECKOUT = Path(__file__).parents[2]
OTHERS = {
    "demo": [],
    "train": ["--out", "out"],
    "evaluate": ["out"],
    "synthesise": ["ntu60", "out", "--clips", "2"],
    "calibrate": ["out", "--out", "out/calibration.json"],
    "benchmark": ["spec.toml", "--out", "out"],
    "reproduce": ["setting-1", "--out", "out"],
}
"""Commands that need an extra -> arguments."""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("core_install", CHECKOUT / "scripts" / "core_install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_core_needs_no_extra(script: ModuleType, tmp_path: Path) -> None:
    """recognise, adapt, teach, check, inspect, import, export, serve and live, in processes that refuse the modules."""
    environment = script.guarded(tmp_path / "guard", script.HEAVY, [SOURCE])
    script.walk(Path(sys.executable), tmp_path / "walk", environment)


@pytest.mark.parametrize("module", ["torch", "scipy", "polars", "pandas"])
def test_the_modules_are_refused(module: str, script: ModuleType, tmp_path: Path) -> None:
    environment = script.guarded(tmp_path / "guard", script.HEAVY, [SOURCE])
    process = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"No module named '{module}'" in process.stderr


@pytest.mark.parametrize("command", OTHERS)
def test_other_commands_name_the_extra(command: str, script: ModuleType, tmp_path: Path) -> None:
    """In one line, before anything is written."""
    environment = script.guarded(tmp_path / "guard", script.HEAVY, [SOURCE])
    (tmp_path / "work").mkdir()
    process = subprocess.run(
        [sys.executable, "-m", "pgfa.cli.main", command, *OTHERS[command]],
        cwd=tmp_path / "work", env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 1
    expected = f"pgfa: pgfa {command} needs torch, which is not installed: pip install 'pgfa[train]'\n"
    assert (process.stdout, process.stderr) == ("", expected)
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_what_is_no_recogniser_needs_no_extra(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong path is a wrong path, also where torch is missing; a run says what it needs."""
    monkeypatch.setitem(EXTRAS, "train", ("no_such_module",))
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadCheckpoint, match=rf"{folder}: expected a run .* or a bundle .*, found neither$"):
        Recogniser.load(tmp_path / folder)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / RUN_FILE).touch()
    with pytest.raises(BadConfig, match="run, a training run, needs no_such_module"):
        Recogniser.load(tmp_path / "run")


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_missing_module_is_named(extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    require(extra, "this test")
    monkeypatch.setitem(EXTRAS, extra, (*EXTRAS[extra], "no_such_module"))
    with pytest.raises(BadConfig, match=rf"^this needs no_such_module, .*pip install 'pgfa\[{extra}\]'$"):
        require(extra, "this")


def test_a_module_that_a_finder_refuses_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed("json")
    monkeypatch.setitem(sys.modules, "json", None)  # type: ignore[arg-type]
    assert not installed("json")
