"""axe-core on the page in the states that people see; `test_accessibility_tree.py` checks what axe cannot."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from page_server import BROWSER_TEST

sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `test`)")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed (extra `test`)")
pytestmark = [*BROWSER_TEST]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RULES = """axe.run({ resultTypes: ["violations"] }).then((result) => result.violations.flatMap((violation) =>
  violation.nodes.map((node) => `${violation.id}: ${node.target} ${node.failureSummary}`)))"""


@pytest.fixture(scope="module")
def refused() -> tuple[str, ...]:
    return ("422",)


def violations(page: Any) -> list[str]:
    """Of all rules of axe-core, as rule: element, and what to do."""
    page.evaluate(AXE)
    found: list[str] = page.evaluate(RULES)
    return found


def chosen_moment(page: Any, tmp_path: Path) -> None:
    page.get_by_role("button", name="Two people").click()
    sync.expect(page.locator("#recording-title")).to_have_text("Two people")
    sync.expect(page.locator("[aria-busy]")).to_have_count(0)
    page.locator("#spans .moment").first.click()
    page.keyboard.press("r")


def refused_file(page: Any, tmp_path: Path) -> None:
    broken = tmp_path / "notes.txt"
    broken.write_text("no recording")
    page.locator("#file").set_input_files(broken)
    sync.expect(page.locator("#files .refused .state")).to_be_visible()


def sheet_of_keys(page: Any, tmp_path: Path) -> None:
    page.locator("#show-help").click()
    sync.expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def nothing_open(page: Any, tmp_path: Path) -> None:
    page.locator("#remove-all").click()
    sync.expect(page.locator("#verdict")).to_have_text("Open a recording")


@pytest.mark.parametrize(
    "state",
    [chosen_moment, refused_file, sheet_of_keys, nothing_open],
    ids=lambda state: state.__name__.replace("_", " "),
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    scheme: str, state: Callable[[Any, Path], None], open_page: Any, tmp_path: Path
) -> None:
    page = open_page(color_scheme=scheme)
    state(page, tmp_path)
    assert violations(page) == []


def test_axe_finds_nothing_on_a_phone(open_page: Any, tmp_path: Path) -> None:
    page = open_page(viewport={"width": 360, "height": 740})
    chosen_moment(page, tmp_path)
    assert violations(page) == []


def test_axe_finds_nothing_on_the_page_for_programs(open_page: Any, address: str) -> None:
    page = open_page()
    page.goto(f"{address}/docs")
    assert violations(page) == []


def test_axe_finds_what_is_wrong(open_page: Any) -> None:
    """The test of the test: a button without a name."""
    page = open_page()
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert any(found.startswith("button-name") for found in violations(page))
