"""scripts/mutate_theory.py fits the theory module, and its table on the page is complete. Does not run the script."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutate_theory", CHECKOUT / "scripts" / "mutate_theory.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_wrong_formula_replaces_one_text(script: ModuleType) -> None:
    text = script.SOURCE.read_text(encoding="utf-8")
    assert not [m.title for m in script.MUTATIONS if text.count(m.right) != 1 or m.right == m.wrong]


def test_every_wrong_formula_has_a_row_on_the_page(script: ModuleType) -> None:
    page = (
        (CHECKOUT / "docs" / "theory.md")
        .read_text(encoding="utf-8")
        .partition("## What the checks detect")[2]
    )
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| (?:yes|\*\*no\*\*) \|", page, re.MULTILINE)
    assert rows == [(m.theorem, m.title) for m in script.MUTATIONS], "run python scripts/mutate_theory.py"
