"""The pages of the Python reference: what they document exists, and every name has an example that a test runs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pydoc import locate

import pytest

import pgfa
from guides import CHECKOUT, PAGES, page_blocks

REFERENCE = [page for page in PAGES if page.startswith("docs/reference/python")]
DIRECTIVE = re.compile(r"^\.\. auto(function|class):: (\S+)((?:\n   :.*)*)", re.MULTILINE)
RESULTS = {
    "pgfa.recognise.Explanations", "pgfa.recognise.Explanation", "pgfa.recognise.Adaptation",
    "pgfa.recognise.StreamRecogniser", "pgfa.recognise.Live", "pgfa.recognise.Candidates",
    "pgfa.recognise.Calibration", "pgfa.read.Stated", "pgfa.skeleton.Layout", "pgfa.pack.Pack",
    "pgfa.adapt.Alignment",
}  # fmt: skip
"""Classes that a program gets from a function and does not name itself; their members have examples."""


def documented() -> list[str]:
    """Every name of the reference: `pgfa.read.read`, and for members `pgfa.Recogniser.adapt`."""
    names = []
    for page in REFERENCE:
        for _, name, options in DIRECTIVE.findall((CHECKOUT / page).read_text(encoding="utf-8")):
            names.append(name)
            if members := re.search(r":members:(.*)", options):
                chosen = [member.strip() for member in members[1].split(",") if member.strip()]
                names += [f"{name}.{member}" for member in chosen or public_members(name)]
    return names


def public_members(name: str) -> list[str]:
    """Functions and properties that a class defines and documents."""
    members = vars(locate(name)).items()  # type: ignore[arg-type]
    kinds = (property, classmethod, staticmethod)
    return [
        m for m, value in members if not m.startswith("_") and (callable(value) or isinstance(value, kinds))
    ]


def used_in_examples() -> set[str]:
    """What Python blocks that run import (`pgfa.read.find_recordings`), and their attributes (`.recognise`)."""
    used = set()
    for page in PAGES:
        for block in page_blocks(page):
            if block.language == "python" and not block.title and not block.reason:
                used |= names_used(ast.parse(block.text))
    return used


def names_used(tree: ast.AST) -> set[str]:
    """Of one block."""
    used = set()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=module, names=aliases):
                used |= {f"{module}.{alias.name}" for alias in aliases}
            case ast.Attribute(value=ast.Name(id="pgfa"), attr=name):
                used |= {f"pgfa.{name}", f".{name}"}
            case ast.Attribute(attr=name):
                used.add(f".{name}")
    return used


def same(name: str) -> set[str]:
    """The names under which an object can be imported: `pgfa.read` is `pgfa.read.read`."""
    short = f"pgfa.{name.rpartition('.')[2]}"
    return {name, short} if getattr(pgfa, short.removeprefix("pgfa."), None) is not None else {name}


def has_example(name: str, used: set[str]) -> bool:
    """Whether a name, or for a member its attribute, is in an example."""
    owner, _, member = name.rpartition(".")
    if isinstance(locate(owner), type):
        return f".{member}" in used
    return bool(same(name) & used)


NAMES = documented()


def test_the_reference_has_all_of_pgfa() -> None:
    last = {name.rpartition(".")[2] for name in NAMES}
    assert set(pgfa.__all__) <= last


@pytest.mark.parametrize("name", NAMES)
def test_what_is_documented_exists_and_says_what_it_is(name: str) -> None:
    thing = locate(name)
    assert thing is not None
    assert (thing.__doc__ or "").strip()


def test_the_list_of_names_without_an_example_is_empty() -> None:
    used = used_in_examples()
    assert len(NAMES) > 80
    assert not [name for name in NAMES if name not in RESULTS and not has_example(name, used)]


def test_a_name_without_an_example_is_detected() -> None:
    used = names_used(ast.parse("from pgfa.text import encode\nrecogniser.adapt(1)"))
    assert has_example("pgfa.text.encode", used)
    assert has_example("pgfa.Recogniser.adapt", used)
    assert not has_example("pgfa.text.find_split", used)
    assert not has_example("pgfa.Recogniser.teach", used)


def test_the_reader_is_a_package_at_its_first_use() -> None:
    program = "import pgfa; print(callable(pgfa.read), callable(pgfa.read.read_all), pgfa.read is pgfa.read)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "True"]
