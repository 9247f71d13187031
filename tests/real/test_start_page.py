"""The printed answer on docs/start.md is the one that the command above it gives."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from guides import CHECKOUT
from pgfa.cli.main import main

pytestmark = pytest.mark.real


def test_the_page_shows_what_the_command_prints(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sentences and their order are equal, shares and cosines up to what processors and versions differ by."""
    page = (CHECKOUT / "docs" / "start.md").read_text(encoding="utf-8")
    command, shown = re.findall(r"```sh\n(pgfa recognise clip.*?)```\n\n```text\n(.*?)```", page, re.DOTALL)[
        0
    ]
    clip = shared_data / "utd-mhad" / "Skeleton" / "a3_s1_t1_skeleton.mat"
    words = shlex.split(command.replace("\\\n", ""))
    arguments = [str(clip) if word == "clip.skeleton" else word for word in words[1:]]
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert not stop.value.code
    printed = capsys.readouterr().out
    number = re.compile(r"[-+]?\d+\.\d+")
    assert number.sub("#", printed) == number.sub("#", shown)
    for ours, theirs in zip(number.findall(printed), number.findall(shown), strict=True):
        of_cosines = ours[0] in "+-"
        assert float(ours) == pytest.approx(float(theirs), abs=0.01 if of_cosines else 0.5)
