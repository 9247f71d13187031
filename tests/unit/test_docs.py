"""Links, and paths of the repository, in README, CONTRIBUTING and docs; every page is in the tables of contents."""

from __future__ import annotations

import re

import pytest

from guides import CHECKOUT, PAGES, broken_links, missing_paths

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
    own = [page for page in DOCS if "/" not in page and page not in ("index.md", "contributing.md")]
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
