"""Evidence: pages against results, records, what is refused, and which cells are zero-shot."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from guides import CHECKOUT
from pgfa.errors import BadConfig, BadFile
from pgfa.research.benchmark.spec import BenchmarkSettings
from pgfa.research.benchmark.summary import KEYS, load_summary, merge_summaries, save_summary
from pgfa.research.evidence.foreign_tables import ForeignResults, loss_note, part_table
from pgfa.research.evidence.merge import merge_tables
from pgfa.research.evidence.pages import Evidence
from pgfa.research.evidence.record import Computation, Record, commit, load_record, save_record
from pgfa.research.evidence.zero_shot import exposure, exposure_of_split
from pgfa.research.published import published_figures
from pgfa.text.catalogue import catalogue

RESULTS = CHECKOUT / "results"
FOREIGN = RESULTS / "foreign-sets" / "table.csv"


# --- pages ---


def test_pages_and_figures_are_those_of_the_results() -> None:
    assert not [path.name for path in Evidence(CHECKOUT).outdated()], "run `make evidence`"


def test_every_block_is_on_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in Evidence(CHECKOUT).pages())
    assert {name for name in Evidence(CHECKOUT).blocks if f"<!-- evidence: {name} -->" not in text} == set()


def cells(page: str, block: str) -> list[list[str]]:
    """The cells of a table between markers, computed from nothing but the page."""
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    body = text.partition(f"<!-- evidence: {block} -->\n")[2].partition("<!-- end of evidence -->")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines() if line]


def test_cells_are_means_of_the_committed_rows() -> None:
    """By a way of its own: polars on the file, not the code that writes the page."""
    rows = pl.read_csv(RESULTS / "utd-present" / "results.csv").filter(
        (pl.col("protocol") == "validated") & pl.col("error").is_null()
    )
    means = rows.group_by("split", "method", "alignment").agg(pl.col("accuracy").mean())
    table = cells("docs/results.md", "utd-accuracy")
    position = {name: number for number, name in enumerate(table[0])}
    shown = {tuple(row[0].split(", ")): row for row in table[3:]}
    assert len(shown) * 3 == means.height
    for split, method, alignment, accuracy in means.rows():
        cell = float(shown[method, alignment][position[split.partition("/")[2]]])
        assert abs(cell - 100 * accuracy) <= 0.05 + 1e-9  # a tie may be rounded either way


def test_means_over_sets_are_those_of_the_file() -> None:
    with FOREIGN.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["style"] == "plain"]
    mean = sum(100 * float(row["accuracy"]) for row in rows) / len(rows)
    assert f"candidates: {mean:.1f} (" in (CHECKOUT / "docs" / "results.md").read_text(encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what pages are made from, with one page."""
    for folder in ("results", "src/pgfa/recognise/weights/default"):
        shutil.copytree(CHECKOUT / folder, tmp_path / folder)
    page = "# Page\n\n<!-- evidence: foreign-styles -->\n<!-- end of evidence -->\n\nText\n"
    (tmp_path / "docs" / "figures").mkdir(parents=True)
    (tmp_path / "docs" / "page.md").write_text(page, encoding="utf-8")
    return tmp_path


def test_losses_of_adapt_are_those_of_the_file() -> None:
    with (CHECKOUT / "results/foreign-sets/table.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    text = loss_note(Evidence(CHECKOUT).foreign)
    for row in rows:
        loss = round(100 * (float(row["accuracy"]) - float(row["adapted"])), 1)
        of_style = re.search(rf"`{row['style']}` ([^;]*)", text)
        assert of_style is not None
        assert (f"{loss:.1f} on {row['set']}" in of_style[1]) == (loss > 0), row


def test_new_rows_change_the_page(checkout: Path) -> None:
    """Replacing the files is all that is needed; text outside the markers stays."""
    assert [path.name for path in Evidence(checkout).write()] == [
        "page.md",
        "calibration.svg",
        "foreign-sets.svg",
    ]
    assert not Evidence(checkout).outdated()
    table = checkout / "results" / "foreign-sets" / "table.csv"
    record = load_record(table)
    table.write_text(re.sub(r"(?m)^(deepmimic,20,18,plain),0\.\d+", r"\1,0.95", table.read_text()))
    if record is not None:
        with pytest.raises(BadFile, match="SHA-256"):  # edited by hand
            Evidence(checkout).outdated()
        save_record(table, record)
    assert [path.name for path in Evidence(checkout).outdated()] == ["page.md", "foreign-sets.svg"]
    before = (checkout / "docs" / "page.md").read_text()
    Evidence(checkout).write()
    after = (checkout / "docs" / "page.md").read_text()
    assert after != before
    assert after.startswith("# Page\n\n<!-- evidence: foreign-styles -->\n| style |")
    assert after.endswith("<!-- end of evidence -->\n\nText\n")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [("foreign-styles", "foreign-stiles", "foreign-stiles"), ("<!-- end of evidence -->", "", "without it")],
)
def test_a_wrong_marker_is_named(checkout: Path, old: str, new: str, message: str) -> None:
    page = checkout / "docs" / "page.md"
    page.write_text(page.read_text().replace(old, new))
    with pytest.raises(BadFile, match=message):
        Evidence(checkout).expand(page)


def test_rows_of_several_seeds_are_averaged(tmp_path: Path) -> None:
    lines = FOREIGN.read_text().splitlines()
    head, rows = lines[0].split(","), [line.split(",") for line in lines[1:3]]
    column = head.index("accuracy")
    text = [",".join(["seed", *head])]
    for seed, value in enumerate(("0.2", "0.6")):
        text += [",".join([str(seed), *row[:column], value, *row[column + 1 :]]) for row in rows]
    (tmp_path / "table.csv").write_text("\n".join(text) + "\n")
    results = ForeignResults.load(tmp_path / "table.csv")
    assert [row.figures["accuracy"] for row in results.rows] == [pytest.approx(0.4)] * 2
    (tmp_path / "table.csv").write_text("\n".join(text).replace("adapted_right", "other"))
    with pytest.raises(BadFile, match="the column adapted_right"):
        ForeignResults.load(tmp_path / "table.csv")


def test_parts_of_other_data_or_versions_are_not_compared(checkout: Path) -> None:
    """A table of parts from before the table of all parts was replaced is refused."""
    folder = checkout / "results" / "foreign-sets"
    record = load_record(folder / "table.csv")
    assert record is not None
    part_file = folder / "table-words.csv"
    shutil.copy(folder / "table.csv", part_file)
    with pytest.raises(BadFile, match=r"table-words\.csv: expected a record of the data"):
        part_table(folder)
    save_record(part_file, replace(record, settings={**record.settings, "parts": ["words"]}))
    assert part_table(folder).count("\n") == 1 + len(list(folder.glob("table*.csv")))
    save_record(part_file, replace(record, settings={**record.settings, "folds": []}))
    with pytest.raises(BadFile, match=r"table-words\.csv"):
        part_table(folder)


# --- records ---

CALL = Computation("0.1.0", "abc", {"processor": "p", "cores": "2"}, "2026-11-26T00:00:00+00:00", 1.0)
RECORD = Record(
    "foreign sets", ("set", "style"), {"folds": 4, "text": {"encoder": "minilm"}},
    {"utd-mhad": {"digest": "d1", "clips": 3}}, {"without hdm05": ["utd-mhad"]}, (0,), (CALL,),
)  # fmt: skip


def part(folder: Path, name: str, rows: str, record: Record | None = RECORD) -> Path:
    """A file of rows with its record."""
    file = folder / f"{name}.csv"
    file.write_text(f"set,style,accuracy\n{rows}")
    if record is not None:
        save_record(file, record)
    return file


def test_a_record_is_read_back(tmp_path: Path) -> None:
    file = part(tmp_path, "table", "a,plain,0.5\n")
    assert load_record(file) == RECORD
    file.write_text("set,style,accuracy\na,plain,0.9\n")
    with pytest.raises(BadFile, match="SHA-256"):
        load_record(file)


def test_rows_of_an_earlier_version_have_no_record(tmp_path: Path) -> None:
    assert load_record(part(tmp_path, "table", "a,plain,0.5\n", None)) is None


@pytest.mark.parametrize(
    "change", [{"format": "pgfa record 2"}, {"keys": None}, {"computations": [{"a": 1}]}]
)
def test_another_record_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    file = part(tmp_path, "table", "a,plain,0.5\n")
    path = tmp_path / "table.record.json"
    values = json.loads(path.read_text())
    del values["checksum"]
    from pgfa.files import with_checksum, write_json

    write_json(path, with_checksum({**values, **change}))
    with pytest.raises(BadFile, match="record"):
        load_record(file)


def test_what_computed_rows_is_stated() -> None:
    call = Computation.now(12.34)
    assert call.seconds == 12.3
    assert set(call.machine) >= {"processor", "cores", "system", "python", "numpy", "torch"}
    assert re.fullmatch(r"([0-9a-f]{12}(\+changes)?)?", commit())


def test_parts_are_joined(tmp_path: Path) -> None:
    other = replace(RECORD, seeds=(1,), data={"hdm05": {"digest": "d2", "clips": 4}})
    files = [part(tmp_path, "one", "a,plain,0.5\n"), part(tmp_path, "two", "b,plain,0.7\n", other)]
    record = merge_tables(files, tmp_path / "both.csv")
    assert (tmp_path / "both.csv").read_text() == "set,style,accuracy\na,plain,0.5\nb,plain,0.7\n"
    assert load_record(tmp_path / "both.csv") == record
    assert (record.seeds, set(record.data), len(record.computations)) == ((0, 1), {"utd-mhad", "hdm05"}, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": {"utd-mhad": {"digest": "other", "clips": 3}}}, "different data utd-mhad"),
        ({"settings": {"folds": 4, "text": {"encoder": "mpnet"}}}, r"setting text\.encoder .*minilm.*mpnet"),
        ({"settings": {"folds": 4}}, r"setting text\.encoder .*none"),
        ({"kind": "benchmark"}, "different kind"),
        ({"training": {"without hdm05": ["cmu"]}}, "different training set without hdm05"),
        ({"computations": (replace(CALL, version="0.2.0"),)}, "different version"),
    ],
)
def test_other_data_and_settings_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    files = [
        part(tmp_path, "one", "a,plain,0.5\n"),
        part(tmp_path, "two", "b,plain,0.7\n", replace(RECORD, **change)),
    ]
    with pytest.raises(BadConfig, match=message):
        merge_tables(files, tmp_path / "both.csv")
    assert not (tmp_path / "both.csv").exists()


def test_a_row_twice_and_a_part_without_a_record_are_refused(tmp_path: Path) -> None:
    one = part(tmp_path, "one", "a,plain,0.5\n")
    with pytest.raises(BadConfig, match="a, plain is in"):
        merge_tables([one, part(tmp_path, "two", "a,plain,0.7\n")], tmp_path / "both.csv")
    with pytest.raises(BadConfig, match="no record"):
        merge_tables([one, part(tmp_path, "three", "b,plain,0.7\n", None)], tmp_path / "both.csv")
    with pytest.raises(BadConfig, match="at least two"):
        merge_tables([one], tmp_path / "both.csv")


def test_summaries_of_a_benchmark_are_joined(tmp_path: Path) -> None:
    _, rows, points = load_summary(RESULTS / "utd-present")
    record = Record(
        "benchmark", KEYS, {"epochs": [20]}, {"utd-mhad": {"digest": "d"}}, {"present": ["utd-mhad"]}
    )
    for name, split in (("one", "utd-mhad/22-5"), ("two", "utd-mhad/18-9")):
        of_split: Callable[[pl.DataFrame], pl.DataFrame] = lambda table, s=split: table.filter(split=s)  # noqa: E731
        spec = BenchmarkSettings(training={"present": ["utd-mhad"]}, splits=[{"names": [split]}])
        save_summary(tmp_path / name, spec, of_split(rows), of_split(points), record)
    merge_summaries([tmp_path / "one", tmp_path / "two"], tmp_path / "both")
    spec, joined, _ = load_summary(tmp_path / "both")
    assert [group.names for group in spec.splits] == [("utd-mhad/22-5",), ("utd-mhad/18-9",)]
    assert set(joined["split"]) == {"utd-mhad/22-5", "utd-mhad/18-9"}
    assert joined.height == rows.filter(pl.col("split") != "utd-mhad/14-13").height


# --- zero-shot ---


def test_a_class_is_unseen_where_no_class_trained_on_means_the_same() -> None:
    utd, others = catalogue("utd-mhad"), catalogue("msr-action3d")
    result = exposure([utd["squat"], utd["draw-circle-clockwise"]], others.actions)
    assert result.unseen == ("squat",)
    assert result.seen["draw-circle-clockwise"] == "msr-action3d/draw-circle"
    assert (result.label, result.zero_shot) == ("foreign recordings", False)
    assert exposure([utd["squat"]], others.actions).label == "zero-shot"
    assert exposure([utd["squat"]], utd.actions).label == "trained on"


@pytest.mark.parametrize("datasets", [("utd-mhad",), ("utd-mhad", "kinder-gator", "hdm05")])
def test_splits_are_zero_shot_whatever_else_is_trained_on(datasets: tuple[str, ...]) -> None:
    result = exposure_of_split("utd-mhad/22-5", datasets)
    assert (result.label, len(result.unseen)) == ("zero-shot", 5)
    with pytest.raises(BadConfig, match="tests on utd-mhad"):
        exposure_of_split("utd-mhad/22-5", ("hdm05",))


# --- figures of others ---


def test_published_figures_have_a_source_and_a_protocol() -> None:
    rows = published_figures()
    assert len(rows) > 20
    for row in rows:
        assert row.source
        assert row.protocol
        assert all(-100 < value < 100 for value in row.values.values())
    assert len({(row.table, row.method) for row in rows}) == len(rows)
