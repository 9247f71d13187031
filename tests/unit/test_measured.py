"""Tables that scripts print, kept as data; and the list of tables that no command writes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from page_runner import load
from pgfa.errors import BadConfig, BadFile
from pgfa.research.evidence.by_hand import NOT_MEASURED, TableByHand, by_hand_list, tables_by_hand
from pgfa.research.evidence.measured import (
    filled,
    markdown_tables,
    measured_block,
    measured_commands,
    measured_files,
    measured_list,
    not_measured,
    save_measured,
)
from pgfa.research.evidence.pages import Evidence
from pgfa.research.evidence.record import load_record, record_path
from pgfa.research.evidence.record_tables import names_of, pack_table, record_table

OUTPUT = """before
| set | a \\| b | |
|---|---:|---|
| one | 1.5 | x |
| two | 2 | |
after
| other |
| --- |
| 3 |
| 4 | 5 |
"""
CHECKOUT = Path(__file__).parents[2]


def test_tables_of_an_output() -> None:
    first, second = markdown_tables(OUTPUT)
    assert first.head == ("set", "a | b", "")
    assert first.rows == (("one", "1.5", "x"), ("two", "2", ""))
    assert (second.head, second.rows, second.line) == (("other",), (("3",),), 6)


def test_a_stored_table_is_the_printed_one_and_has_a_record(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("x")
    for _ in range(2):
        files = save_measured(tmp_path, "some", OUTPUT, "scripts/some.py {data}", [tmp_path / "data"], 2.0)
    assert [file.name for file in files] == ["some-1.csv", "some-2.csv"]
    assert measured_block(files[0]) == (
        "| set | a \\| b |  |\n| --- | --- | --- |\n| one | 1.5 | x |\n| two | 2 |  |"
    )
    record = load_record(files[1])
    assert record is not None
    assert record.settings == {"command": "scripts/some.py {data}"}
    row = f"| some | 2 | `scripts/some.py {{data}}` | {record.computations[0].commit} | data |"
    assert row in measured_list(tmp_path)
    digest = record.data["data"]["digest"]
    assert pack_table(measured_files(tmp_path).values()).splitlines()[2:] == [f"| data | {digest} | 1 file |"]
    (tmp_path / "data" / "a.txt").write_text("y")
    save_measured(tmp_path, "some", "| n |\n|---|\n| 1 |", "scripts/some.py {data}", [tmp_path / "data"], 2.0)
    assert list(measured_files(tmp_path)) == ["measured some-1"]
    again = load_record(tmp_path / "measured" / "some-1.csv")
    assert again is not None
    assert again.data["data"]["digest"] != digest


def test_a_table_that_was_edited_or_has_no_record_is_refused(tmp_path: Path) -> None:
    (file,) = save_measured(tmp_path, "some", "| n |\n|---|\n| 1 |", "scripts/some.py", [], 0.0)
    file.write_text("n\n2\n")
    with pytest.raises(BadFile):
        measured_block(file)
    record_path(file).unlink()
    with pytest.raises(BadFile, match="its record"):
        measured_block(file)
    with pytest.raises(BadConfig, match="printed no table"):
        save_measured(tmp_path, "some", "nothing", "scripts/some.py", [], 0.0)


def test_commands_are_of_scripts_that_exist_and_their_folders_are_asked_for() -> None:
    commands = measured_commands(CHECKOUT / "results")
    assert all((CHECKOUT / command.split()[0]).is_file() for command in commands.values())
    assert filled("scripts/a.py {packs}/b 'c d'", {"packs": Path("/p")}) == ["scripts/a.py", "/p/b", "c d"]
    with pytest.raises(BadConfig, match=r"say where \{packs\} is \(--at packs=PATH\)"):
        filled("scripts/a.py {packs}/b", {})


def test_every_stored_table_is_of_a_command() -> None:
    commands = measured_commands(CHECKOUT / "results")
    for file in measured_files(CHECKOUT / "results").values():
        record = load_record(file)
        assert record is not None
        assert record.settings["command"] == commands[file.stem.rpartition("-")[0]]


def test_a_table_that_is_not_stored_yet_is_named_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "measured").mkdir()
    (tmp_path / "measured" / "commands.toml").write_text(
        '[one]\ncommand = "scripts/one.py"\n[two]\ncommand = "scripts/two.py"\n'
    )
    save_measured(tmp_path, "one", "| n |\n|---|\n| 7 |", "scripts/one.py", [], 1.0)
    assert not_measured(tmp_path) == {"measured two-1": "Not counted in full yet: `python scripts/two.py`."}


def test_the_script_stores_what_its_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    measured = load(CHECKOUT / "scripts" / "measured.py")
    monkeypatch.setattr(measured, "RESULTS", tmp_path)
    monkeypatch.setattr(measured, "CHECKOUT", tmp_path)
    (tmp_path / "print.py").write_text("print('| n |\\n|---|\\n| 7 |')")
    measured.measure("seven", "print.py", {})
    with (tmp_path / "measured" / "seven-1.csv").open() as file:
        assert list(csv.reader(file)) == [["n"], ["7"]]
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a.txt").write_text("read")
    places = {"data": tmp_path / "here", "out": tmp_path / "written"}
    (tmp_path / "print.py").write_text(
        "import sys; open(sys.argv[2], 'w').write('x'); print('| n |\\n|---|\\n| 7 |')"
    )
    places["out"].mkdir()
    measured.measure("seven", "print.py {data}/a.txt {out}/b.txt", places)
    record = load_record(tmp_path / "measured" / "seven-1.csv")
    assert record is not None
    assert list(record.data) == ["a.txt"], "what a command writes is no data"
    (tmp_path / "print.py").write_text("raise SystemExit(3)")
    with pytest.raises(SystemExit, match=r"print\.py ended with 3"):
        measured.measure("seven", "print.py", {})


def test_a_changed_package_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its record would name a commit that cannot give these figures again."""
    measured = load(CHECKOUT / "scripts" / "measured.py")
    monkeypatch.setattr(measured, "commit", lambda: "0123456789ab+changes")
    monkeypatch.setattr(measured, "measure", lambda *_: pytest.fail("measured"))
    monkeypatch.setattr("sys.argv", ["measured.py", "answer-pieces"])
    with pytest.raises(SystemExit, match="commit it first"):
        measured.main()


def test_no_table_of_figures_is_copied_by_hand() -> None:
    """A new table of figures is stored by `scripts/measured.py`, or marked as not measured."""
    pages = Evidence(CHECKOUT).all_pages()
    assert [one for page in pages for one in tables_by_hand(page, CHECKOUT)] == []
    assert by_hand_list(pages, CHECKOUT).startswith("None:")


def test_rows_of_a_record_are_listed_with_a_short_cell_for_their_data(tmp_path: Path) -> None:
    (file,) = save_measured(
        tmp_path, "some", "| n |\n|---|\n| 1 |", "scripts/some.py a b c d e f g h", [], 1.0
    )
    assert "| a.csv | 0.1.0, " in record_table({"a.csv": file})
    assert "`scripts/some.py a b c d e f g ...`" in measured_list(tmp_path)
    record_path(file).unlink()
    assert "| a.csv | no record |" in record_table({"a.csv": file})
    assert (names_of("abc"), names_of("abcdef")) == ("a, b, c", "6 packs")


PAGE = f"""# Title

```sh
# a comment
python scripts/first.py
```

| set | a |
|---|---|
| one | 1.5 |

<!-- evidence: x -->
| set | a |
|---|---|
| one | 1.5 |
<!-- end of evidence -->

## Second

| option | text |
|---|---|
| one | a word |

{NOT_MEASURED}
| option | limit |
|---|---|
| one | 3 |

| set | a | b |
|---|---|---|
| one | 2 % | word |

The table is printed by `PGFA_SHARED=x python scripts/second.py 3`.

## Third

| set | a |
|---|---|
| one | -3 |
"""


def test_tables_of_figures_outside_blocks_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    assert list(tables_by_hand(page, tmp_path)) == [
        TableByHand("page.md", "Title", "scripts/first.py"),
        TableByHand("page.md", "Second", "scripts/second.py"),
        TableByHand("page.md", "Third", ""),
    ]
    assert by_hand_list([page], tmp_path).splitlines()[-1] == "| page.md | Third | 1 | none |"
