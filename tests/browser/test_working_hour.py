"""A working hour at the page, in short: open, ask, correct, improve, align, save, reopen, export, train, serve."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from page_server import BROWSER_TEST, serving
from pgfa.cli.main import main
from pgfa.config import ServeSettings
from pgfa.read import FORMATS
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Recogniser
from pgfa.skeleton import KINECT20, NTU25, Clip, Source
from pgfa.synth import make_clips
from pgfa.synth.skeleton_text import skeleton_text

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `test`)")
pytest.importorskip("torch", reason="reason: torch is not installed")
pytestmark = [*BROWSER_TEST]
ACTIONS = ("wave", "bow", "squat", "clap")
CORRECTIONS = 10
SCREENSHOTS = os.environ.get("PGFA_SCREENSHOTS", "")
"""Folder for pictures of each step, to be looked at by a person; none are taken without it."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Twenty files in five formats, two of them broken; four are sessions of several actions."""
    folder = tmp_path_factory.mktemp("hour")
    clips = make_clips(seed=3, performers=4, repeats=1, actions=list(ACTIONS))
    for number, clip in enumerate(clips[:8]):
        save_clip(
            folder / f"take {number + 1:02}.npz", Clip(clip.positions, clip.rate, KINECT20, Source("x"))
        )
    for number in range(4):
        parts = [clip.positions[:, :1] for clip in clips[4 * number : 4 * number + 4]]
        positions = np.concatenate(parts * 2)
        save_clip(folder / f"session {number + 1}.npz", Clip(positions, clips[0].rate, KINECT20, Source("x")))
    for number in range(2):
        positions = clips[number].to(NTU25).positions if clips[number].layout is not NTU25 else None
        assert positions is not None
        (folder / f"sensor {number + 1}.skeleton").write_bytes(skeleton_text(positions[:40]))
    for name, copies in (("bvh", 2), ("glb", 1), ("trc", 1)):
        format = FORMATS[{"glb": "gltf"}.get(name, name)]
        (content,) = format.sample().values()
        for copy in range(copies):
            (folder / f"export {copy + 1}.{name}").write_bytes(content)
    (folder / "notes.txt").write_text("filmed on Monday")
    (folder / "broken.npz").write_bytes((folder / "take 01.npz").read_bytes()[:200])
    assert len(list(folder.iterdir())) == 20
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def refused() -> tuple[str, ...]:
    return ("422",)


def picture(page: Any, name: str) -> None:
    if SCREENSHOTS:
        page.screenshot(path=str(Path(SCREENSHOTS) / f"{name}.png"))


def settle(page: Any) -> None:
    sync.expect(page.locator("body[data-answers]")).to_be_attached()
    sync.expect(page.locator("[aria-busy]")).to_have_count(0)
    sync.expect(page.locator("#timeline.stale")).to_have_count(0)


def correct(page: Any, session: str, count: int) -> None:
    """Correct moments of a session by keyboard: every second is right, the others show something else; the rest are
    added."""
    page.locator("#files .open", has_text=session).click()
    sync.expect(page.locator("#recording-title")).to_have_text(session)
    settle(page)
    listed = min(count, page.locator("#spans .moment").count())
    for number in range(listed):
        page.locator("#spans .moment").nth(number).focus()
        page.keyboard.press("Enter")
        if number % 2:
            name = page.locator("#editor [data-role=name]")
            name.fill("a person bows")
            name.press("Enter")
        else:
            page.keyboard.press("r")
    for number in range(count - listed):
        page.locator("#timeline [role=slider]").focus()
        for key in ("Home", *["Shift+ArrowRight"] * (2 * number), "[", "Shift+ArrowRight", "]", "a"):
            page.keyboard.press(key)
        page.locator("#teach-name").fill("a person bows")
        page.keyboard.press("Shift+Enter")


def sentences(page: Any) -> list[str]:
    """Of the moments, without the remarks on what the last improvement changed, which end with the tab."""
    texts = page.locator("#spans .sentence").all_inner_texts()
    return [text.split("was: ")[0].removesuffix("new").strip() for text in texts]


def test_a_working_hour(context: Any, address: str, files: list[Path], tmp_path: Path) -> None:
    page = context.new_page()
    page.goto(address)
    settle(page)
    page.set_input_files("#file", files)
    sync.expect(page.locator("#files .refused")).to_have_count(2)
    sync.expect(page.locator("#files .open:enabled")).to_have_count(19)  # with the example
    picture(page, "1 files")

    page.get_by_role("button", name="Clear all").click()
    page.evaluate(
        """() => { const transfer = new DataTransfer();
        transfer.setData("text", "a person waves one hand\\na person bows\\na person squats");
        document.getElementById("add").dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })); }"""
    )
    page.fill("#add", "a person claps both hands")
    page.press("#add", "Enter")
    page.locator("#files .open", has_text="session 1").click()
    sync.expect(page.locator("#recording-title")).to_have_text("session 1.npz")
    settle(page)
    page.keyboard.press("k")
    sync.expect(page.locator("#player")).to_have_attribute("data-playing", "true")
    page.keyboard.press("k")

    correct(page, "session 1.npz", CORRECTIONS // 2)
    correct(page, "session 2.npz", CORRECTIONS - CORRECTIONS // 2)
    sync.expect(page.locator("#correction-count")).to_have_text(f"{CORRECTIONS} corrections")
    picture(page, "2 corrected")
    page.locator("#improve").click()
    sync.expect(page.locator("#improved-summary")).to_contain_text(f"Learned from {CORRECTIONS} corrections")
    summary = page.locator("#improved-summary").inner_text()
    match = re.search(r"agree with (\d+) of them \(before: (\d+)\)", summary)
    assert match
    agreed, before = map(int, match.groups())
    # Corrections at will, half of them wrong: what true ones gain is in docs/page.md.
    assert agreed >= before - 1
    picture(page, "3 improved")

    page.get_by_role("button", name="Align", exact=True).click()
    sync.expect(page.locator("#aligned .changed")).to_be_visible()
    settle(page)
    moments = sentences(page)
    page.wait_for_timeout(600)
    with page.expect_download() as download:
        page.locator("#save-project").click()
    download.value.save_as(tmp_path / "hour.pgfa.json")
    page.wait_for_timeout(600)  # that the work is saved is kept a moment later; else the next page asks
    page.close()

    page = context.new_page()
    page.goto(address)
    sync.expect(page.locator("#recording-title")).to_have_text("session 2.npz")
    settle(page)
    sync.expect(page.locator("#correction-count")).to_have_text(f"{CORRECTIONS} corrections")
    assert sentences(page) == moments, "the closed tab lost nothing"
    with page.expect_navigation():
        page.set_input_files("#project-file", tmp_path / "hour.pgfa.json")
    sync.expect(page.locator("#files .open:enabled")).to_have_count(19)
    sync.expect(page.locator("#recording-title")).to_have_text("session 2.npz")
    settle(page)
    assert page.locator("#spans .sentence").all_inner_texts() == moments, "nor did the project"
    picture(page, "4 reopened")

    with page.expect_download() as download:
        page.get_by_role("button", name="ELAN").click()
    download.value.save_as(tmp_path / "session.eaf")
    values = [value.text for value in ElementTree.parse(tmp_path / "session.eaf").iter("ANNOTATION_VALUE")]
    assert "a person bows" in values
    with page.expect_download() as download:
        page.locator("#export-training").click()
    download.value.save_as(tmp_path / "corrections.zip")
    page.close()
    serve_what_was_trained(context, files, tmp_path)


def serve_what_was_trained(context: Any, files: list[Path], folder: Path) -> None:
    """Unpack, train and serve as the README in the zip says, with fewer epochs; ask the new recogniser on the page."""
    with zipfile.ZipFile(folder / "corrections.zip") as archive:
        archive.extractall(folder)
    words = (folder / "corrections" / "README.txt").read_text()
    command = (
        words[words.index("pgfa train") :].partition("\n    pgfa serve")[0].replace("\\", " ").split()[1:]
    )
    paths = [str(folder / part) if "/" in part and "none" not in part else part for part in command]
    try:
        main([*paths, "--train.epochs", "1", "--quiet"])
    except SystemExit as stop:
        assert not stop.code  # noqa: PT017 - the command may also return
    run = Path(paths[paths.index("--out") + 1])

    from pgfa.serve.app import create_app

    with serving(create_app(Recogniser.load(run), ServeSettings())) as address:
        page = context.new_page()
        page.goto(address)
        settle(page)
        page.set_input_files("#file", files[-1])
        sync.expect(page.locator("#recording-title")).to_have_text(files[-1].name)
        settle(page)
        sync.expect(page.locator("#certainty")).to_contain_text("Not calibrated")
        picture(page, "5 new recogniser")
        page.close()  # before the server, which it would ask for more
