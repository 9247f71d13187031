"""Every command of the command line ends with one sentence where it cannot write; `scripts/hinder_commands.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pgfa.cli.main import COMMANDS

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_every_command_ends_with_one_sentence() -> None:
    """The short form of the campaign in docs/reliability.md."""
    command = [sys.executable, str(SCRIPTS / "hinder_commands.py"), "--short"]
    # Unbuffered output fails at once; buffered output, as usual, when it is flushed.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.run(command, capture_output=True, text=True, timeout=900, env=env)
    assert process.returncode == 0, process.stdout + process.stderr
    names = {line.split("|")[1].strip() for line in process.stdout.splitlines()[2:]}
    assert {command.__name__.rstrip("_") for commands in COMMANDS.values() for command in commands} <= names


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_traceback_and_a_result_in_part_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SCRIPTS)
    import hinder_commands as hinder

    (tmp_path / "disk").mkdir()
    case = hinder.CASES["export"]
    bench, whole = hinder.Bench(tmp_path, tmp_path), hinder.Whole(1.0, {"out/a": ""}, 9)

    def defects(code: int, log: str, hindrance: str = "refused") -> list[str]:
        return [
            defect.split(":")[0]
            for defect in hinder._defects(hinder.Ended(code, log), case, bench, hindrance, whole)
        ]

    sentence = f"pgfa: {tmp_path}/x: cannot be written"
    assert defects(1, f"Traceback (most recent call last)\n{sentence}") == ["traceback"]
    assert defects(99, "x") == ["exit status 99"]
    assert defects(0, "") == ["exit status 0, but not the whole result"]
    assert defects(1, "error") == ["no sentence"]
    assert defects(130, "pgfa: ended", "interrupted") == ["another message"]
    assert defects(1, "pgfa: spec.toml: a wrong setting") == ["not about what is written"]
    assert defects(130, "pgfa: stopped", "interrupted") == defects(1, sentence) == []
    ended = hinder.Ended(1, sentence, left=(7,))
    assert list(hinder._defects(ended, case, bench, "refused", whole)) == ["left the processes [7]"]
    (tmp_path / "disk" / ".a.part").touch()
    assert defects(1, sentence) == ["left ['.a.part']"]
