"""The tables of README.md; its commands and its Python are run by test_pages.py."""

from __future__ import annotations

import re

from guides import CHECKOUT
from pgfa.read import FORMATS


def test_the_table_of_data_sets_is_complete() -> None:
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Getting the data")[2].partition("\n## ")[0]
    datasets = {name for name, format in FORMATS.items() if format.kind == "dataset"}
    assert {name for name in re.findall(r"`([a-z0-9-]+)`", table) if name in FORMATS} <= datasets
    assert datasets - {"msrc12"} <= set(re.findall(r"`([a-z0-9-]+)`", table))
