"""`pgfa check` prints names of files so that none of them controls the terminal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from builders import make_clip
from pgfa.pack.importing.check_report import print_check
from pgfa.read.formats.npz import save_clip


@pytest.mark.skipif(os.name != "posix", reason="names with control characters")
def test_control_characters_of_names_are_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_clip(tmp_path / "a\x1b]0;title\x07.npz", make_clip())
    (tmp_path / "b\x1b[2J.txt").write_text("no recording")
    print_check(tmp_path, None, None)
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\x07" not in printed
    assert r"a\x1b]0;title\x07.npz" in printed
