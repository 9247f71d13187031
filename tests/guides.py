"""Pages as tests read them: fenced blocks, the command lines in them, links and paths."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]

RECORD = r"""
record() { printf '%s\0' "$@"; printf '\n\0'; }
pgfa() { record pgfa "$@"; }
make() { record make "$@"; }
pip() { record pip "$@"; }
"""
"""Shell functions that print a command line instead of running it: arguments, then a line end, each before a NUL."""


def blocks(page: str, language: str) -> list[str]:
    """The content of a page's fenced blocks of a language, without those that have a title."""
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


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
