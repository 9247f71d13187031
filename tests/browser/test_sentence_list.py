"""The list of sentences: pasted lists, emptied and refused sentences."""

from __future__ import annotations

from typing import Any

import pytest

from page_server import BROWSER_TEST

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `test`)")
pytestmark = [*BROWSER_TEST]


def texts(page: Any) -> list[str]:
    listed: list[str] = page.locator("#sentence-list input").evaluate_all(
        "all => all.map((one) => one.value)"
    )
    return listed


def paste(page: Any, text: str) -> None:
    page.evaluate(
        """(text) => { const transfer = new DataTransfer();
        transfer.setData("text", text);
        document.getElementById("add").dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })); }""",
        text,
    )


def test_a_pasted_list_has_no_bullets_or_numbers(open_page: Any) -> None:
    page = open_page()
    page.get_by_role("button", name="Clear all").click()
    paste(
        page,
        "1. a person bows\r\n\r\n 2) a person waves\n- a person sits\n• a person jumps\n10 people dance\n",
    )
    expected = ["a person bows", "a person waves", "a person sits", "a person jumps", "10 people dance"]
    assert texts(page) == expected


def test_an_emptied_sentence_is_removed_and_the_focus_stays_where_it_went(open_page: Any) -> None:
    page = open_page()
    before = texts(page)
    page.locator("#sentence-list input").nth(1).fill("  ")
    page.locator("#sentence-list input").nth(1).press("Enter")
    assert texts(page) == [before[0], *before[2:]]
    sync.expect(page.locator("#sentence-list input").nth(1)).to_be_focused()
    page.locator("#sentence-list input").nth(1).fill("")
    page.locator("#add").click()
    assert texts(page) == [before[0], *before[3:]]
    sync.expect(page.locator("#add")).to_be_focused()
    page.locator("#sentence-list input").first.fill("")
    page.locator("#sentence-list .remove").first.click()
    assert texts(page) == before[3:], "the button of the emptied row removes only this one"


def test_a_sentence_that_is_refused_stays_in_the_field(open_page: Any) -> None:
    page = open_page()
    for text, reason in (
        ("x" * 400, "A sentence may have 300 characters."),
        ("None of these", "cannot be a sentence"),
    ):
        page.fill("#add", text)
        page.press("#add", "Enter")
        sync.expect(page.locator("#notice p")).to_contain_text(reason)
        assert page.locator("#add").input_value() == text
    page.fill("#add", "a person hops")
    page.press("#add", "Enter")
    sync.expect(page.locator("#notice")).to_be_hidden()
    assert page.locator("#add").input_value() == ""
    page.locator("#sentence-list input").first.fill("none of these")
    page.locator("#sentence-list input").first.press("Tab")
    sync.expect(page.locator("#notice p")).to_contain_text("cannot be a sentence")
