"""The printed answers on the pages are those that the commands above them give."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from guides import CHECKOUT
from pgfa.cli.main import main

pytestmark = pytest.mark.real
NUMBER = re.compile(r"[-+]?\d+\.\d+")


@pytest.mark.parametrize(
    ("page", "word", "recording"),
    [
        ("start.md", "clip.skeleton", "utd-mhad/Skeleton/a3_s1_t1_skeleton.mat"),
        ("recognise.md", "bvh-sample", "bvh-sample"),
    ],
)
def test_a_page_shows_what_the_command_prints(
    page: str,
    word: str,
    recording: str,
    shared_data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Sentences and their order are equal, shares and cosines up to what processors and versions differ by.

    `word` stands for the recording in the command.
    """
    text = (CHECKOUT / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(pgfa recognise [^`]*?)```\n\n```text\n(.*?)```", text, re.DOTALL)
    ((command, shown),) = [found for found in blocks if shlex.split(found[0])[2] == word]
    monkeypatch.chdir(shared_data)
    words = shlex.split(command.replace("\\\n", ""))
    with pytest.raises(SystemExit) as stop:
        main([recording if part == word else part for part in words[1:]])
    assert not stop.value.code
    printed = capsys.readouterr().out
    assert NUMBER.sub("#", printed) == NUMBER.sub("#", shown)
    for ours, theirs in zip(NUMBER.findall(printed), NUMBER.findall(shown), strict=True):
        of_cosines = ours[0] in "+-"
        assert float(ours) == pytest.approx(float(theirs), abs=0.01 if of_cosines else 0.5)
