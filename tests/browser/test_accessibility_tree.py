"""The page as a screen reader gets it: the accessibility tree of Chromium, and keys that work everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from page_server import BROWSER_TEST, TIMEOUT_MS

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `test`)")
pytestmark = [*BROWSER_TEST]
CONTROLS = {
    "button", "checkbox", "combobox", "link", "listbox", "radio", "slider", "spinbutton", "switch", "textbox",
    "DisclosureTriangle", "image", "dialog", "progressbar",
}  # fmt: skip
"""Roles that must have a name."""


@pytest.fixture(scope="module")
def page(browser: Any, address: str, context_options: dict[str, Any]) -> Iterator[Any]:
    """The page with two people, a chosen moment and a correction."""
    context = browser.new_context(**context_options)
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Two people").click()
    sync.expect(page.locator("#recording-title")).to_have_text("Two people")
    sync.expect(page.locator("[aria-busy]")).to_have_count(0)
    page.locator("#spans .moment").first.click()
    page.keyboard.press("r")
    yield page
    context.close()


def tree(page: Any) -> list[dict[str, Any]]:
    """Role, name and properties of every node that is not ignored."""
    session = page.context.new_cdp_session(page)
    session.send("Accessibility.enable")
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [
        {
            "role": node.get("role", {}).get("value", ""),
            "name": node.get("name", {}).get("value", "").strip(),
            **{p["name"]: p["value"].get("value") for p in node.get("properties", [])},
        }
        for node in nodes
        if not node.get("ignored")
    ]


def test_every_control_has_a_name_and_no_two_buttons_the_same(page: Any) -> None:
    nodes = tree(page)
    controls = [node for node in nodes if node["role"] in CONTROLS]
    assert len(controls) > 40
    assert not [node for node in controls if not node["name"]]
    count = Counter(node["name"] for node in controls if node["role"] in ("button", "DisclosureTriangle"))
    examples = {"Waving", "A squat", "Several actions in a row", "Two people"}
    assert not {name for name, number in count.items() if number > 1} - examples


def test_sections_and_headings(page: Any) -> None:
    nodes = tree(page)
    levels = [node["level"] for node in nodes if node["role"] == "heading"]
    assert levels.count(1) == 1
    assert all(second - first <= 1 for first, second in pairwise(levels))
    regions = [node["name"] for node in nodes if node["role"] == "region"]
    for name in ("Recordings", "Over time", "Moments", "Marked moment", "Alignment"):
        assert any(region.startswith(name) for region in regions)  # some have a count behind the name
    assert len(regions) == len(set(regions))
    sliders = [node["name"] for node in nodes if node["role"] == "slider"]
    assert sliders == ["Frame", "Time in the recording"]
    assert "s: " in page.locator("#timeline [role=slider]").get_attribute("aria-valuetext")


def test_nothing_speaks_while_the_player_plays(page: Any) -> None:
    page.evaluate(
        """() => { window.spoken = [];
        for (const region of document.querySelectorAll("[role=status], [role=alert], [aria-live], output, progress"))
          new MutationObserver(() => window.spoken.push(region.id || region.tagName))
            .observe(region, { childList: true, characterData: true, subtree: true }); }"""
    )
    before = page.locator("#player").get_attribute("data-frame")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("k")
    sync.expect(page.locator("#player")).not_to_have_attribute("data-frame", before)
    page.wait_for_timeout(700)
    page.keyboard.press("k")
    assert page.evaluate("window.spoken") == []


def test_the_sheet_of_keys_opens_closes_and_gives_the_focus_back(page: Any) -> None:
    button = page.locator("#show-help")
    button.focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    sync.expect(dialog).to_be_visible()
    assert page.evaluate("document.querySelector('#help').contains(document.activeElement)")
    page.keyboard.press("Escape")
    sync.expect(dialog).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "show-help"


def test_keys_work_wherever_the_focus_is(page: Any) -> None:
    player = page.locator("#player")
    label = page.locator("#player canvas").get_attribute("aria-label")
    assert label.startswith("Animated skeleton of clip Two people."), "the name in the list, not an id"
    for place in ("#timeline [role=slider]", "#spans .moment", "#player canvas", "#player input[type=range]"):
        page.locator(place).first.focus()
        page.keyboard.press("Space")
        sync.expect(player).to_have_attribute("data-playing", "true")
        page.keyboard.press("Space")
        sync.expect(player).to_have_attribute("data-playing", "false")
    assert page.evaluate("scrollX") == 0
    for place in ("#zoom-in", "#files .open", "#spans .moment", "#theme"):
        page.locator(place).first.focus()
        page.keyboard.press("Escape")
        sync.expect(page.locator("#marked")).to_have_text("No moment marked.")
        page.locator("#timeline [role=slider]").focus()
        for key in ("Home", "[", "ArrowRight", "ArrowRight", "]"):
            page.keyboard.press(key)
        sync.expect(page.locator("#marked")).to_contain_text("Marked: 0.0")
    page.locator("#add").focus()
    page.keyboard.type("[ rw")
    assert page.locator("#add").input_value() == "[ rw", "in a text field keys are text"
    page.keyboard.press("Escape")
    sync.expect(page.locator("#marked")).to_have_text("No moment marked.")
    page.locator("#add").fill("")


def test_keys_of_one_letter_can_be_turned_off(page: Any) -> None:
    page.evaluate("document.activeElement.blur()")
    page.locator("#show-help").click()
    page.get_by_label("Use keys of one letter").uncheck()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("l")
    sync.expect(page.locator("#loop")).to_have_attribute("aria-pressed", "false")
    page.locator("#show-help").click()
    page.get_by_label("Use keys of one letter").check()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("l")
    sync.expect(page.locator("#loop")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("l")
