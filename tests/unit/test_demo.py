"""The demo, made small: the whole street on synthetic motion."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgfa.cli import demo
from pgfa.cli.main import main


@pytest.mark.slow
def test_demo_runs_and_says_that_it_is_synthetic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = demo.make_clips
    monkeypatch.setattr(demo, "make_clips", lambda **k: real(performers=4, repeats=1, **k))
    with pytest.raises(SystemExit) as stop:
        main(["demo", str(tmp_path), "--epochs", "1"])
    assert stop.value.code in (None, 0)
    told = capsys.readouterr()
    assert "synthetic" in told.out
    assert "after alignment" in told.out
    report = next(tmp_path.rglob("report.html"))
    assert str(report) in told.out
    assert "The motion is synthetic" in report.read_text(encoding="utf-8")
