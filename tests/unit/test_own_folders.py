"""Folders that pgfa has written, packs and runs, beside recordings: named as a whole, and not read file by file."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from pgfa.errors import BadFile
from pgfa.pack.importing.check import check
from pgfa.pack.write import write_pack
from pgfa.read import read
from pgfa.read.sample import person
from pgfa.skeleton import KINECT20, Clip, Source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A recording, a pack in a folder, and a run, of which only the names of files count."""
    root = tmp_path / "data"
    root.mkdir()
    points = person(KINECT20)
    np.save(root / "walk.npy", points)
    clip = Clip(points[:, None].astype(np.float32), 30.0, KINECT20, Source(id="a", action="walk"))
    (root / "sets").mkdir()
    write_pack([clip], root / "sets" / "own")
    run = root / "run"
    run.mkdir()
    for name in ("run.toml", "corpus.json", "evaluation.json"):
        (run / name).write_text("{}", encoding="utf-8")
    (run / "report").mkdir()
    (run / "report" / "curves.json").write_text("{}", encoding="utf-8")
    return root


def test_each_is_one_result_that_is_no_recording(folder: Path) -> None:
    results = {result.file: result for result in check(folder)}
    assert {name: result.verdict for name, result in results.items()} == {
        "walk.npy": "OK", "sets/own": "SKIP", "run": "SKIP",
    }  # fmt: skip
    assert results["sets/own"].message == "Not a skeleton recording (a folder with a pack of pgfa)"
    assert "a run of pgfa" in results["run"].message


def test_so_is_one_in_a_zip(folder: Path, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "all"), "zip", folder))
    verdicts = {result.file: result.verdict for result in check(archive)}
    assert verdicts == {"walk.npy": "OK", "sets/own": "SKIP", "run": "SKIP"}
    with pytest.raises(BadFile, match="a folder with a pack of pgfa"):
        read(f"{archive}!sets/own")


def test_a_pack_is_not_read_as_a_recording(folder: Path) -> None:
    with pytest.raises(BadFile, match="a folder with a pack of pgfa"):
        read(folder / "sets" / "own")
    assert [result.verdict for result in check(folder / "sets" / "own")] == ["SKIP"]
    assert read(folder / "sets" / "own" / "positions.npy").frames  # its file alone is any array
