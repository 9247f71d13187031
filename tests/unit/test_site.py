"""The documentation site: what is written from the program is complete; the check of built pages detects errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guides import CHECKOUT
from page_runner import load
from pgfa import config
from pgfa.cli.main import app
from pgfa.read import FORMATS

REFERENCE = load(CHECKOUT / "docs" / "_ext" / "reference_pages.py")
CHECK = load(CHECKOUT / "scripts" / "check_site.py")
PAGE = """<html><head><link rel="stylesheet" href="site.css"></head>
<body id="top"><a href="other.html#part">a</a><a href="https://example.org">b</a>{}</body></html>"""


def test_the_page_of_commands_has_every_command_and_option() -> None:
    sections = dict(
        re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", REFERENCE.commands(), re.MULTILINE | re.DOTALL)
    )
    assert set(sections) == {name for name in app if not name.startswith("-")}
    for name, text in sections.items():
        for argument in app[name].assemble_argument_collection(parse_docstring=True):
            if argument.show and argument.parse and argument.index is None:
                assert f"`{argument.name}`" in text, f"{name} {argument.name}"
    assert "| `--train.epochs` | `20` |" in sections["train"]


def test_the_page_of_settings_has_every_setting() -> None:
    text = REFERENCE.settings()
    for settings in (config.RunSettings, config.TrainSettings, config.ServeSettings, config.BaselineSettings):
        section = text.partition(f"## {settings.__name__}\n")[2].partition("\n## ")[0]
        assert [name for name in settings.model_fields if f"| `{name}` |" not in section] == []


def test_the_list_of_formats_has_every_format() -> None:
    assert all(f"| `{name}` |" in REFERENCE.formats() for name in FORMATS)


def test_help_is_escaped_and_its_pages_are_links() -> None:
    plain = REFERENCE.plain("a_b `c_d|` <e> docs/own-data.md")
    assert plain == r"a\_b `c_d|` \<e\> [own data](../own-data.md)"
    assert REFERENCE.table(("x",), [("`a|b`",)]).splitlines()[-1] == r"| `a\|b` |"


@pytest.mark.parametrize(
    ("body", "css", "problem"),
    [
        ("", "", ""),
        ('<a href="lost.html">x</a>', "", "page.html: lost.html: no such file"),
        ('<a href="other.html#lost">x</a>', "", "page.html: other.html#lost: no such anchor"),
        ('<a href="#lost">x</a>', "", "page.html: #lost: no such anchor"),
        ('<img src="lost.png">', "", "page.html: lost.png: no such file"),
        ('<script src="https://cdn.example.org/x.js"></script>', "", "loads https://cdn.example.org/x.js"),
        ("", "a { src: url('//fonts.example.org/x') }", "site.css: loads //fonts.example.org/x"),
        ("", '@import "https://example.org/x.css";', "site.css: loads https://example.org/x.css"),
        ("", "/* url(https://example.org) */ a { src: url(data:x) }", ""),
    ],
)
def test_what_a_built_page_must_not_have(body: str, css: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE.format(body), encoding="utf-8")
    (tmp_path / "other.html").write_text('<p id="part">x</p>', encoding="utf-8")
    (tmp_path / "site.css").write_text(css, encoding="utf-8")
    problems = CHECK.problems(tmp_path)
    assert len(problems) == bool(problem)
    assert not problem or problem in problems[0]


def test_figures_and_short_names_are_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(CHECKOUT / "docs" / "_ext"))
    figure = load(CHECKOUT / "docs" / "_ext" / "site_pages.py").FIGURE
    whole = ("100.0 %", "48.8 (35.3 to 62.3)", "1,159", "msr-action3d", "+3.1", "0.6 s", "11.6*")
    assert [text for text in whole if not figure.fullmatch(text)] == []
    broken = ("training: channels last", "310 of 320 (97 %)", "", "a person waves")
    assert [text for text in broken if figure.fullmatch(text)] == []
