"""Links, and paths of the repository, in README, CONTRIBUTING and docs."""

from __future__ import annotations

import pytest

from guides import CHECKOUT, broken_links, missing_paths

PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "SECURITY.md",
    *(f"docs/{p.name}" for p in sorted((CHECKOUT / "docs").glob("*.md"))),
]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    assert not broken_links(page)


@pytest.mark.parametrize("page", PAGES)
def test_paths_exist(page: str) -> None:
    assert not missing_paths(page)


def test_readme_links_every_page() -> None:
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    text += (CHECKOUT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert not [page for page in PAGES if page.startswith("docs/") and page.removeprefix("docs/") not in text]
