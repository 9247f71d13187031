"""Tables of figures in the documents that no command writes, read from the pages: their list cannot be outdated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pgfa.research.evidence.markdown import table
from pgfa.research.evidence.measured import MarkdownTable, markdown_tables

NOT_MEASURED = "<!-- not measured -->"
"""On the line above a table of limits, settings or estimates."""
WRITTEN = re.compile(r"^<!-- (evidence: [^\n]*|licences) -->$.*?^<!-- [^\n]*end[^\n]* -->$", re.M | re.S)
"""Parts of a page that a command writes."""
FIGURE = re.compile(r"[-+±~<>*]?\s?\d[\d,.]*\b")
COMMAND = re.compile(
    r"^(?:`|.*?`)?(?:[A-Z_]+=\S+ )*(?:python (scripts/[a-z0-9_]+\.py)|(pgfa [a-z]+))\b", re.M
)
"""In a block of shell lines, or in the text."""


@dataclass(frozen=True)
class TableByHand:
    """A table of figures that was copied into a page.

    Attributes:
        page: path in the checkout.
        section: the heading above it.
        command: in its section, or in an earlier one of the page: what prints it; empty if there is none.
    """

    page: str
    section: str
    command: str


def tables_by_hand(page: Path, checkout: Path) -> Iterator[TableByHand]:
    """Those of a page."""
    text = page.read_text(encoding="utf-8")
    text = WRITTEN.sub(lambda written: "\n" * written[0].count("\n"), text)
    lines, headings = text.splitlines(), _headings(text)
    for one in markdown_tables(text):
        if not _figures(one) or NOT_MEASURED in lines[max(0, one.line - 2) : one.line]:
            continue
        start = max((n for n in range(one.line) if n in headings), default=0)
        end = min((n for n in headings if n > one.line), default=len(lines))
        before, after = ("\n".join(lines[a:b]) for a, b in ((start, one.line), (one.line, end)))
        nearest = [*reversed(_commands(before)), *_commands(after), ""][0]
        yield TableByHand(page.relative_to(checkout).as_posix(), headings.get(start, ""), nearest)


def _commands(text: str) -> list[str]:
    return [match[1] or match[2] for match in COMMAND.finditer(text)]


def _figures(one: MarkdownTable) -> bool:
    """Whether at least half of the cells right of the first column begin with a number."""
    cells = [cell for row in one.rows for cell in row[1:] if cell]
    return bool(cells) and 2 * sum(bool(FIGURE.match(cell)) for cell in cells) >= len(cells)


def _headings(text: str) -> dict[int, str]:
    """Line -> heading, comments in blocks left out."""
    headings, inside = {}, False
    for number, line in enumerate(text.splitlines()):
        inside ^= line.startswith("```")
        if not inside and line.startswith("#"):
            headings[number] = line.lstrip("# ")
    return headings


def by_hand_list(pages: list[Path], checkout: Path) -> str:
    """All of them, counted per section; one sentence if there is none."""
    counts: dict[TableByHand, int] = {}
    for page in pages:
        for one in tables_by_hand(page, checkout):
            counts[one] = counts.get(one, 0) + 1
    if not counts:
        return "None: every table of figures is in a block, or is marked as one of limits, settings or estimates."
    rows = [
        [one.page, one.section, str(count), f"`{one.command}`" if one.command else "none"]
        for one, count in counts.items()
    ]
    return table(["page", "section", "tables", "command"], rows)
