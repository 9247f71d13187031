"""Words that must not return: deictic names, and wording that a user would have to translate (CONTRIBUTING.md)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import pgfa
from guides import PAGES

ROOT = Path(pgfa.__file__).parent
CHECKOUT = Path(__file__).parents[2]

NAMES = {
    "told", "said", "tells", "untold", "made", "found", "near", "place", "there", "mine", "spoken", "surest",
    "spoil", "spoiled", "spoilt", "mended", "books", "house", "wanted", "held", "kept", "some",
}  # fmt: skip
"""Names of variables, parameters, attributes, functions and modules: each hides a noun of the field."""

PHRASES = re.compile(
    r"\bsurest\b|\bstands? for (the|a|each) sentence|\bsay nothing\b|\bgoes on where\b|\bto be made\b|\bat hand\b"
    r"|\bmay lack\b|\bspoil(s|ed|t|ing)?\b|\bmend(s|ed)?\b|\buntold\b|\bin the box\b|\bthe house\b|\bgo(es)? on where"
    r"|\bframes a second\b|\ba line a (class|clip|frame|row)|\bone a (core|class|clip)\b|\bway on\b"
    r"|\bhonest protocol\b|\bhonest(ly)?\b|\ba fault of pgfa\b|\bnobody is seen\b|\bof all that is drawn\b"
    r"|\bthe same footing\b|\bif not given\b|\bnot told\b|\bis told by\b|\btoo sure\b|\blet go to\b"
    r"|\bbeside the (anchors|checkout)\b|\blooks up the stairs\b|\bupstairs\b"
    r"|; known: |\b(is|are) told\b|\bnobody\b|\bwhoever\b",
    re.IGNORECASE,
)
"""Wording in help texts, messages, docstrings, comments, pages and documents."""

TEXTS = [
    *sorted(p for p in ROOT.rglob("*") if p.suffix in (".py", ".js", ".html", ".css")),
    *(CHECKOUT / page for page in PAGES),
    *sorted((CHECKOUT / "scripts").glob("*.py")),
    *sorted((CHECKOUT / "specs").rglob("*.toml")),
]
PROGRAMS = [*sorted(ROOT.rglob("*.py")), *sorted((CHECKOUT / "scripts").glob("*.py"))]


def names_in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that a file gives, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.arg(arg=name):
                yield name, node.lineno


@pytest.mark.parametrize("file", PROGRAMS, ids=lambda p: p.relative_to(CHECKOUT).as_posix())
def test_names_are_nouns_of_the_field(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    stores = sorted({(line, name) for name, line in names_in(tree) if name.strip("_").lower() in NAMES})
    allowed = ALLOWED.get(file.relative_to(CHECKOUT).as_posix(), set())
    assert not [f"line {line}: {name}" for line, name in stores if name not in allowed]


OLD_NAMES = {
    "src/pgfa/config/formats.py",
    "src/pgfa/cli/main.py",
    "src/pgfa/research/benchmark/spec.py",
    "src/pgfa/research/reproduce/results.py",
}
"""Files with a table of renamed names: its lines hold the old ones."""

ALLOWED = {
    file: {"found"}
    for file in ("src/pgfa/errors.py", "src/pgfa/serve/errors.py", "src/pgfa/read/contents.py")
}
"""`found` is a field of BadFile and ApiError: what was found in place of what was expected."""


@pytest.mark.parametrize("file", TEXTS, ids=lambda p: p.relative_to(CHECKOUT).as_posix())
def test_wording_is_plain(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    if file.relative_to(CHECKOUT).as_posix() in OLD_NAMES:
        lines = [line for line in lines if '": "' not in line]
    lines = [line for line in lines if not line.startswith("CLASS_UNKNOWN_TEXTS = ")]  # a text of version 1
    if file.name == "CONTRIBUTING.md":  # has the table of what not to use
        lines = [line for line in lines if not line.startswith("|")]
    assert not [f"line {n}: {line.strip()}" for n, line in enumerate(lines, 1) if PHRASES.search(line)]


def test_what_must_not_return_is_detected() -> None:
    tree = ast.parse("said = 1\ndef told(near): ...\nself.found = 2")
    assert {name for name, _ in names_in(tree)} >= {"said", "told", "near", "found"}
    assert PHRASES.search("The surest stand for the sentences.")
    assert PHRASES.search("30 frames a second not told")
    assert not PHRASES.search("the most confident clips become prototypes, at 30 frames per second")
