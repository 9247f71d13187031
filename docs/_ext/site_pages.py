"""What the site adds to the Markdown pages: pages at the root of the checkout, marks of blocks that no test runs, and
the reference pages that are written from the program (`reference_pages`)."""

from __future__ import annotations

import re
from pathlib import Path

import reference_pages
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

CHECKOUT = Path(__file__).parents[2]

PAPERS = {
    "contributing": "CONTRIBUTING.md",
    "changelog": "CHANGELOG.md",
    "security": "SECURITY.md",
    "code-of-conduct": "CODE_OF_CONDUCT.md",
}
"""Page of the site -> the file at the root of the checkout that it shows."""

NOT_RUN = re.compile(r"# (needs data|needs network|long): ")
"""First line of a block that no test runs (tests/guides.py)."""


def read_paper(app: Sphinx, name: str, source: list[str]) -> None:
    """The page of a file at the root shows that file; links between the two folders are those of the site."""
    if name in PAPERS:
        text = (CHECKOUT / PAPERS[name]).read_text(encoding="utf-8")
        source[0] = re.sub(r"\]\(docs/", "](", text)
        app.env.note_dependency(str(CHECKOUT / PAPERS[name]))
    for page, file in PAPERS.items():
        source[0] = re.sub(rf"\]\((?:\.\./)*{re.escape(file)}(?=[#)])", f"]({up(name)}{page}.md", source[0])
    source[0] = re.sub(r"\]\((?:\.\./)*README\.md(?=[#)])", f"]({up(name)}start.md", source[0])


def up(name: str) -> str:
    """The path from a page to the folder of all pages."""
    return "../" * name.count("/")


FIGURE = re.compile(r"[\w.-]{1,16}|[-+±<>~]?\d[\d,.]*( (%|s|ms|MB|kB|GB))?( \([^()]{1,20}\))?\*?")
"""A cell of a table that is a short name, or one figure with its unit and interval."""


def mark_figures(app: Sphinx, document: nodes.document) -> None:
    """Cells that are one name or figure get the class `figure`, and are not broken at a hyphen or space."""
    for cell in document.findall(nodes.entry):
        if FIGURE.fullmatch(cell.astext().strip()):
            cell["classes"].append("figure")


def mark_blocks(app: Sphinx, document: nodes.document) -> None:
    """Blocks that no test runs get the class `not-run`."""
    for block in document.findall(nodes.literal_block):
        if NOT_RUN.match(block.astext()):
            block["classes"].append("not-run")


class FromProgram(SphinxDirective):
    """Markdown that is written from the program while the site is built."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The sections of `reference_pages.PAGES[argument]`."""
        return self.parse_text_to_nodes(
            reference_pages.PAGES[self.arguments[0]](), allow_section_headings=True
        )


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("from-program", FromProgram)
    app.connect("source-read", read_paper)
    app.connect("doctree-read", mark_blocks)
    app.connect("doctree-read", mark_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
