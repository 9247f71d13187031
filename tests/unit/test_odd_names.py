"""Names of files and classes in every script, with emoji, quotes and line ends: one line each, and no false control."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.pack.importing.check import check
from pgfa.pack.importing.check_report import print_check
from pgfa.pack.importing.folder import read_labels
from pgfa.read.encoding import has_control, without_control
from pgfa.read.sample import person
from pgfa.skeleton import NTU25

NAMES = (
    "wäve 1.npy",
    "b 100%.npy",
    "🕺 x;y.npy",
    "a,b.npy",
    "'q\".npy",
    "-rf.npy",
    "tab\t.npy",
    "line\nOK   fake.npy",
)
ACTIONS = ("می‌دود", "👩‍🦽", "दौड़ना", "100 %", "-x", "a, b", 'q"', "踊る")


def test_control_characters() -> None:
    assert not any(map(has_control, ACTIONS))
    assert has_control("a\nb")
    assert has_control("a\u202eb")
    assert without_control("👩‍🦽\n\x1b[2J") == "👩‍🦽\\n\\x1b[2J"


@pytest.mark.parametrize(("coding", "separator", "end"), [("utf-8", ",", "\n"), ("utf-16", "\t", "\r\n")])
def test_files_and_classes_of_any_name(
    coding: str, separator: str, end: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, labels = tmp_path / "in", tmp_path / "labels.csv"
    folder.mkdir()
    for name in NAMES:
        np.save((folder / name).open("wb"), person(NTU25, 20))
    with labels.open("w", encoding=coding, newline="") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator=end)
        writer.writerows([("file", "action"), *zip(NAMES, ACTIONS, strict=True)])
    found = {result.file: result.action for result in check(folder, labels)}
    assert found == dict(zip(NAMES, ACTIONS, strict=True))
    assert print_check(folder, labels)
    lines = capsys.readouterr().out.split("\n")
    assert sum(line.startswith("OK ") for line in lines) == len(NAMES)
    assert any(line.startswith("OK   line\\nOK   fake.npy: ") for line in lines)


def test_a_list_in_a_code_page_says_how_to_save_it(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes("file,action\na.npy,größe\n".encode("cp1252"))
    with pytest.raises(BadFile, match=r"save it as CSV UTF-8\), found a byte that is none at position 20"):
        read_labels(tmp_path / "labels.csv")
