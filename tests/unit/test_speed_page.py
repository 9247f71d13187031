"""Rates of the encoders are data with records, and docs/speed.md shows all that are stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgfa.errors import BadFile
from pgfa.research.evidence.pages import Evidence
from pgfa.research.evidence.record import load_record
from pgfa.research.evidence.speed_tables import COLUMNS, SHOWN, save_speed, speed_files, speed_table

CHECKOUT = Path(__file__).parents[2]


def test_the_page_has_a_block_for_every_file() -> None:
    page = (CHECKOUT / "docs" / "speed.md").read_text(encoding="utf-8")
    names = list(speed_files(CHECKOUT / "results"))
    assert names
    assert all(f"<!-- evidence: {name} -->" in page for name in names)


def test_rates_are_stored_with_their_settings_and_refused_after_a_change(tmp_path: Path) -> None:
    file = tmp_path / "speed" / "cpu.csv"
    row = {name: str(number) for number, name in enumerate(COLUMNS)}
    save_speed(file, [{**row, "epoch_seconds": "9"}], {"threads": 1, "load average before": "0.1"}, 3.0)
    record = load_record(file)
    assert record is not None
    assert record.settings["threads"] == 1
    assert record.computations[0].machine["processor"]
    assert speed_files(tmp_path) == {"speed cpu": file}
    cells = speed_table(file).splitlines()
    assert cells[0].startswith("| model | work | precision | clips |")
    assert cells[2] == "| " + " | ".join(row[name] for name in SHOWN) + " |"
    file.write_text(file.read_text(encoding="utf-8").replace("9", "8"), encoding="utf-8")
    with pytest.raises(BadFile):
        speed_table(file)


def test_all_rows_have_a_record() -> None:
    files = Evidence(CHECKOUT).files()
    assert len(files) > 8
    assert [name for name, file in files.items() if load_record(file) is None] == []
