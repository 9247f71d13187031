"""Links, and paths of the repository, in README, CONTRIBUTING and docs; every page is in the tables of contents."""

from __future__ import annotations

import re
from pydoc import locate

import pytest

from guides import CHECKOUT, PAGES, broken_links, missing_paths
from pgfa.cli.main import app

PAPERS = {"contributing.md", "changelog.md", "security.md", "code-of-conduct.md"}
"""Pages that show a file at the root."""
DOCS = [page.removeprefix("docs/") for page in PAGES if page.startswith("docs/")]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    assert not broken_links(page)


@pytest.mark.parametrize("page", PAGES)
def test_paths_exist(page: str) -> None:
    assert not missing_paths(page)


def test_readme_links_every_page_of_docs() -> None:
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    text += (CHECKOUT / "docs" / "architecture.md").read_text(encoding="utf-8")
    own = [page for page in DOCS if "/" not in page and page not in ("index.md", *PAPERS)]
    assert not [page for page in own if page not in text]


def test_the_site_lists_every_page() -> None:
    """In a table of contents, by its name without ending."""
    listed = set()
    for page in DOCS:
        folder = page.rpartition("/")[0]
        text = (CHECKOUT / "docs" / page).read_text(encoding="utf-8")
        for content in re.findall(r"^```\{toctree\}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            names = [line for line in content.splitlines() if line and not line.startswith(":")]
            listed |= {f"{folder}/{name}.md".lstrip("/") for name in names}
    assert listed == set(DOCS) - {"index.md"}


def inline_code(page: str) -> list[str]:
    """Code within the sentences and tables of a page."""
    text = re.sub(r"^```.*?^```$", "", (CHECKOUT / page).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", text)


def test_every_option_that_a_sentence_names_exists() -> None:
    """In a command, a script, or pip; blocks are checked by test_pages.py."""
    commands = {name for name in app if not name.startswith("-")}
    known = {"--help", "--version", "--no-deps"}
    for name in commands:
        for argument in app[name].assemble_argument_collection(parse_docstring=True):
            known |= {*argument.names, *argument.negatives}
    for script in (CHECKOUT / "scripts").glob("*.py"):
        known |= set(re.findall(r'"(--[\w-]+)"', script.read_text("utf-8")))
    options = {
        (page, option.rstrip("."))
        for page in PAGES
        for code in inline_code(page)
        for option in re.findall(r"(?<![\w-])--[a-z][\w.-]*", code)
    }
    assert len(options) > 50
    # `--sentences.ntu60` is a value of the table `--sentences`.
    assert not {(p, o) for p, o in options if o not in known and o.partition(".")[0] not in known}


def test_every_python_name_that_a_sentence_names_exists() -> None:
    names = {
        (page, name)
        for page in PAGES
        for code in inline_code(page)
        for name in re.findall(r"^pgfa(?:\.\w+)+", code)
    }
    assert len(names) > 30
    assert not {(page, name) for page, name in names if locate(name) is None}
