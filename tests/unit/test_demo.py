"""The demo with fewer clips and epochs: the whole pipeline on synthetic motion."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgfa import synth
from pgfa.cli.main import main


@pytest.mark.slow
def test_demo_runs_and_states_that_it_is_synthetic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_clips = synth.make_clips
    monkeypatch.setattr(synth, "make_clips", lambda **k: make_clips(performers=4, repeats=1, **k))
    with pytest.raises(SystemExit) as stop:
        main(["demo", str(tmp_path), "--epochs", "1"])
    assert stop.value.code in (None, 0)
    output = capsys.readouterr()
    assert "synthetic" in output.out
    assert "after alignment" in output.out
    report = next(tmp_path.rglob("report.html"))
    assert str(report) in output.out
    assert "The motion is synthetic" in report.read_text(encoding="utf-8")
    assert f"pgfa demo {tmp_path} --seed 0 --epochs 1" in report.read_text(encoding="utf-8")
