"""Files that are refused: with a question where a recording leaves open how it is to be read, else with a reason."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from page_server import BROWSER_TEST, TIMEOUT_MS
from pgfa.read.sample import person
from pgfa.skeleton import NTU25

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `test`)")
pytestmark = [*BROWSER_TEST]


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(address)
    sync.expect(page.locator("body[data-answers]")).to_be_attached()
    yield page
    context.close()


@pytest.fixture
def z_up(tmp_path: Path) -> list[Path]:
    """Three arrays with z up."""
    points = person(NTU25, 12)[..., [0, 2, 1]] * [1, -1, 1]
    for number in range(3):
        np.save(tmp_path / f"{number}.npy", points * (1 + number / 50))
    return sorted(tmp_path.glob("*.npy"))


def test_the_question_is_asked_beside_the_file_and_answered_by_a_button(page: Any, z_up: list[Path]) -> None:
    page.set_input_files("#file", z_up[0])
    question = page.get_by_role("group", name="0.npy: Which axis of the file points up?")
    sync.expect(question.get_by_role("button")).to_have_text(["z", "y"])
    question.get_by_role("button", name="z", exact=True).click()
    sync.expect(page.locator("#clip-facts")).to_contain_text("stated: up z")
    sync.expect(page.locator(".reading")).to_have_count(0)
    page.wait_for_timeout(600)
    page.reload()  # what was stated is kept with the file
    sync.expect(page.locator("#clip-facts")).to_contain_text("stated: up z")


def test_one_answer_for_all_files_about_which_the_same_is_asked(page: Any, z_up: list[Path]) -> None:
    page.set_input_files("#file", z_up)
    sync.expect(page.locator(".reading")).to_have_count(3)
    question = page.locator(".reading").first
    question.get_by_role("checkbox", name="and all others about which this is asked").check()
    question.get_by_role("button", name="z", exact=True).click()
    sync.expect(page.locator(".reading")).to_have_count(0)
    sync.expect(page.locator("#files .refused")).to_have_count(0)
    sync.expect(page.locator("#clip-facts")).to_contain_text("stated: up z")


def test_a_file_that_is_asked_about_can_be_removed(page: Any, z_up: list[Path]) -> None:
    page.set_input_files("#file", z_up[:2])
    sync.expect(page.locator(".reading")).to_have_count(2)
    page.get_by_role("button", name="Remove 0.npy").click()
    sync.expect(page.locator(".reading")).to_have_count(1)
    page.locator(".reading").get_by_role("button", name="y", exact=True).click()
    sync.expect(page.locator("#clip-facts")).to_contain_text("stated: up y")


def test_files_that_are_no_recordings_are_refused_in_plain_words(page: Any, tmp_path: Path) -> None:
    """Nobody has to know what bytes are, and each refusal says what was opened or what is wrong with it."""
    noise = np.random.default_rng(1).bytes(5_000)
    whole = io.BytesIO()
    np.savez(whole, positions=np.zeros((9, 1, 20, 3), dtype=np.float32), rate=30.0, layout="kinect20")
    with zipfile.ZipFile(tmp_path / "letters.zip", "w") as archive:
        archive.writestr("readme.txt", "a letter")
    files = {
        "notes.txt": (b"a letter to nobody", "this is not a skeleton recording (plain text)"),
        "noise.bin": (b"\xab\x93" + noise, "this is not a skeleton recording (an unknown binary file)"),
        "empty.npz": (b"", "this is not a skeleton recording (an empty file)"),
        "program.mat": (b"MZ\x90\0" + noise, "this is not a skeleton recording (a program)"),
        "photo.png": (b"\x89PNG\r\n\x1a\n" + noise, "this is not a skeleton recording (a PNG image)"),
        "letter.pdf": (b"%PDF-1.7\n" + noise, "this is not a skeleton recording (a PDF document)"),
        "page.html": (b"<html><body></body></html>", "this is not a skeleton recording (an HTML page)"),
        "letters.zip": (None, "this is not a skeleton recording (plain text)"),
        "cut.npz": (whole.getvalue()[:300], "this recording is damaged, incomplete or of a kind that is not"),
    }
    for name, (content, _) in files.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
    page.locator("#file").set_input_files([tmp_path / name for name in files])
    refused = page.locator("#files .refused")
    sync.expect(refused).to_have_count(len(files))
    for name, (_, reason) in files.items():
        row = refused.filter(has_text=name)
        sync.expect(row).to_contain_text(reason)
        text = row.inner_text()
        assert "\\x" not in text
        assert "b'" not in text
        assert "utd-mhad" not in text
    sync.expect(page.get_by_role("alert")).to_contain_text(
        "9 files could not be read: notes.txt, noise.bin, empty.npz and 6 more. The list says why."
    )
    page.locator("#formats-box summary").click()
    sync.expect(page.locator("#formats li").first).to_be_visible()
