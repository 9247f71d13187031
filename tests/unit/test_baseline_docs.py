"""The lists of methods in the docs are those of the tables of baselines."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from pgfa.research.baselines import METHODS, TEST_TIME

CHECKOUT = Path(__file__).parents[2]


def test_the_docs_list_the_methods_of_the_tables() -> None:
    spec = importlib.util.spec_from_file_location("list_methods", CHECKOUT / "scripts" / "list_methods.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    page = script.PAGE.read_text(encoding="utf-8")
    assert page == script.updated(page), "run python scripts/list_methods.py"


@pytest.mark.parametrize("name", [*METHODS, *TEST_TIME])
def test_the_docs_name_every_method(name: str) -> None:
    assert f"| `{name}` | " in (CHECKOUT / "docs" / "methods_compared.md").read_text(encoding="utf-8")
