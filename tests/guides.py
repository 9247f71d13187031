"""Pages as tests read them: fenced blocks, the command lines in them, links and paths."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from markdown_it import MarkdownIt

CHECKOUT = Path(__file__).parents[1]

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "SECURITY.md",
    *sorted(
        p.relative_to(CHECKOUT).as_posix()
        for p in (CHECKOUT / "docs").rglob("*.md")
        if "_build" not in p.parts
    ),
)
"""Every page, by its path in the checkout."""

REASONS = ("needs data", "needs network", "needs a GPU", "long")
"""What the first line of a block that no test runs may begin with, as a comment: `# needs data: ...`."""

RECORD = r"""
record() { printf '%s\0' "$@"; printf '\n\0'; }
pgfa() { record pgfa "$@"; }
make() { record make "$@"; }
pip() { record pip "$@"; }
python() { record python "$@"; }
python3() { record python "$@"; }
curl() { record curl "$@"; }
torchrun() { record torchrun "$@"; }
cp() { record cp "$@"; }
nice() { shift 2; "$@"; }
camera-program() { :; }
"""
"""Shell functions that print a command line instead of running it: arguments, then a line end, each before a NUL."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: path in the checkout.
        line: of its fence, from 1.
        language: the first word after the fence; "" for an indented block.
        title: the file that the block shows; "" for none.
        text: its lines.
    """

    page: str
    line: int
    language: str
    title: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}, line {self.line}"

    @cached_property
    def reason(self) -> str:
        """Why no test runs it, from its first line; "" if a test does."""
        match = re.match(rf"# ((?:{'|'.join(REASONS)}): .+)", self.text)
        return match[1] if match else ""


@lru_cache
def page_blocks(page: str) -> tuple[Block, ...]:
    """The blocks of a page, indented ones too, without the directives of the site."""
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    found = []
    for token in MarkdownIt("commonmark").parse(text):
        if token.type in ("fence", "code_block") and not token.info.startswith("{"):
            language, _, rest = token.info.strip().partition(" ")
            title = re.match(r'title="([^"]+)"', rest)
            line = (token.map or [0])[0] + 1
            found.append(Block(page, line, language, title[1] if title else "", token.content))
    return tuple(found)


def blocks(page: str, language: str) -> list[str]:
    """The content of a page's fenced blocks of a language, without those that have a title."""
    return [block.text for block in page_blocks(page) if block.language == language and not block.title]


def command_lines(block: str, folder: Path) -> list[list[str]]:
    """The commands of a shell block as their arguments, after bash has expanded quotes, loops and line ends."""
    output = subprocess.run(
        ["bash", "-eu", "-c", RECORD + block],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    return [line.split("\0")[:-1] for line in output.split("\n\0")[:-1]]


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are named in links."""
    titles = re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


def broken_links(page: str) -> list[str]:
    """Relative links of a page whose file or heading does not exist."""
    path = CHECKOUT / page
    text = re.sub(
        r"^```.*?^```$|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    broken = []
    for target, heading in re.findall(r"\]\(([^)#]*)(?:#([^)]+))?\)", text):
        if re.match(r"\w+:", target):
            continue
        file = (path.parent / target) if target else path
        if not file.exists() or (heading and heading not in headings(file)):
            broken.append(f"{target}#{heading}" if heading else target)
    return broken


def missing_paths(page: str) -> list[str]:
    """Paths of the repository that a page mentions and that do not exist; those of examples (titled blocks) apart."""
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    text = re.sub(r"^```\w+ title=.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    paths = re.findall(r"(?<![\w./*-])((?:src|scripts|specs|tests|docs)/[\w./-]*\w)(?![\w*])", text)
    return sorted({path for path in paths if not (CHECKOUT / path).exists()})
