"""docs/speed.md has the tables of the CSVs in results/speed."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def test_the_page_has_the_tables_of_the_measurements() -> None:
    spec = spec_from_file_location("speed_encoders", CHECKOUT / "scripts" / "speed_encoders.py")
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    page = (CHECKOUT / "docs" / "speed.md").read_text(encoding="utf-8")
    content = script.tables(script.RESULTS)
    assert content.count("\n| model | work |") == len(list(script.RESULTS.glob("*.csv"))) > 0
    assert script.with_tables(page, content) == page
    assert script.with_tables(page, "other") != page
