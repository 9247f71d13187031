"""Check a built documentation site: every link leads somewhere, and nothing is loaded from elsewhere.

    python scripts/check_site.py docs/_build/html

Links are those to pages, anchors and files of the site. Scripts, style sheets, pictures and fonts of other hosts are
errors; links to other hosts, which only a reader follows, are not.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "source": "src", "iframe": "src", "link": "href"}
"""Element -> the attribute whose address a browser loads by itself."""

NOT_LOADED = {"canonical", "next", "prev", "index", "search", "genindex", "author", "copyright", "top"}
"""`rel` of links that name another page and load nothing."""


@dataclass
class Page(HTMLParser):
    """What a page links to, loads, and can be linked to."""

    file: Path
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser for each element."""
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.anchors.add(values["id"])
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        address = values.get(LOADED.get(tag, ""), "")
        if address and not NOT_LOADED & set(values.get("rel", "").split()):
            self.loads.append(address)


def problems(folder: Path) -> list[str]:
    """Every problem of a site, one line each."""
    pages = {file: Page(file) for file in sorted(folder.rglob("*.html"))}
    lines = [] if pages else [f"{folder}: no pages"]
    for file, page in pages.items():
        name = file.relative_to(folder)
        lines += [f"{name}: loads {address}" for address in page.loads if is_elsewhere(address)]
        for address in {*page.links, *page.loads}:
            if not is_elsewhere(address) and (reason := broken(file, address, pages)):
                lines.append(f"{name}: {address}: {reason}")
    for sheet in folder.rglob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
        for address in re.findall(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""", text):
            if is_elsewhere(loaded := "".join(address)) and not loaded.startswith("data:"):
                lines.append(f"{sheet.relative_to(folder)}: loads {loaded}")
    return lines


def is_elsewhere(address: str) -> bool:
    """Whether an address is of another host or scheme."""
    parts = urlsplit(address)
    return bool(parts.scheme or parts.netloc)


def broken(file: Path, address: str, pages: dict[Path, Page]) -> str:
    """Why an address of the site leads nowhere; "" if it leads somewhere."""
    parts = urlsplit(address)
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not target.is_file():
        return "no such file"
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "no such anchor"
    return ""


def main() -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    lines = problems(parser.parse_args().folder.resolve())
    print("\n".join(lines) or "site: every link leads somewhere, nothing is loaded from elsewhere")
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
