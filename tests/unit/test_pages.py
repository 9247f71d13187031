"""Every Python and shell block of README, CONTRIBUTING and docs runs as printed, or says why not and parses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import page_workspace
from guides import PAGES, page_blocks
from page_runner import parse, run_page

LANGUAGES = {"sh", "python", "toml", "json", "js", "text", "diff"}
ELSEWHERE = {"docs/own-data.md": "tests/unit/test_guide.py"}
"""Page -> the test that carries it out, with files that cannot be read among the recordings."""
WRITTEN = {
    "README.md": ("runs/utd/report.html", "runs/mine/report.html", "runs/joint", "runs/kg", "clip.html"),
    "docs/recognise.md": (
        "out.vtt",
        "out.eaf",
        "out.csv",
        "out.json",
        "answers.csv",
        "answers.jsonl",
        "bundle",
    ),
    "docs/reference/python-recordings.md": ("copy.npz", "clip.html"),
    "docs/reference/python-parts.md": ("runs/small/report.html",),
}
"""Page -> what its commands leave behind."""
WITH_CODE = [
    page for page in PAGES if any(b.language in ("sh", "python") and not b.title for b in page_blocks(page))
]


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that pages presume."""
    folder = tmp_path_factory.mktemp("pages")
    page_workspace.build(folder)
    return folder


@pytest.fixture
def folder(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of them, the current folder."""
    copy = tmp_path / "work"
    shutil.copytree(workspace, copy)
    monkeypatch.chdir(copy)
    return copy


@pytest.mark.parametrize("page", [page for page in WITH_CODE if page not in ELSEWHERE])
def test_every_block_runs_as_printed_or_says_why_not(page: str, folder: Path) -> None:
    page_workspace.prepare_for(page, folder)
    run_page(page, folder, page_workspace.frame_lines())
    for name in WRITTEN.get(page, ()):
        assert (folder / name).exists(), name


@pytest.mark.parametrize("page", PAGES)
def test_every_block_has_a_language(page: str) -> None:
    unknown = [
        str(block) for block in page_blocks(page) if block.language not in LANGUAGES and not block.title
    ]
    assert not unknown, "a fence with sh, python, toml, json or text; no indented block"


@pytest.mark.parametrize(
    "command",
    [
        ["pgfa", "train", "--epochs", "3"],
        ["pgfa", "recognise", "x.npz", "--sentences", "a"],
        ["make", "everything"],
        ["pip", "install", ".[trains]"],
        ["python", "scripts/foreign_sets.py", "--fold", "x", "--out"],
        ["python", "scripts/no_such_script.py"],
        ["rm", "-r", "x"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_is_detected(command: list[str]) -> None:
    with pytest.raises(Exception):  # noqa: B017
        parse(command)
