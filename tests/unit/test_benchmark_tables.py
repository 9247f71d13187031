"""Tables and figures of a benchmark from rows and points written by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pgfa.research.benchmark.charts import Line, line_chart, lines_of
from pgfa.research.benchmark.curves import SCHEMA as POINTS
from pgfa.research.benchmark.evaluation import SCHEMA
from pgfa.research.benchmark.page import page
from pgfa.research.benchmark.plan import SplitJob
from pgfa.research.benchmark.results import BenchmarkResults, SplitColumn, Variant
from pgfa.research.benchmark.run import _is_evaluated, evaluate_job
from pgfa.research.benchmark.spec import BenchmarkSettings
from pgfa.research.benchmark.tables import choices, tables_of
from pgfa.research.selection import GRIDS

SPLITS = ("utd-mhad/random-5-00", "utd-mhad/random-5-01")
ALONE = SplitColumn("alone", "utd-mhad/random-5", SPLITS)


def row(split: str, method: str, protocol: str, right: str, **more: object) -> dict[str, object]:
    """Of one run: `right` is a 1 for each clip that was recognised correctly."""
    hits = np.array([int(hit) for hit in right])
    return {
        "training": "alone", "dataset": "utd-mhad", "split": split, "seed": 0, "protocol": protocol,
        "method": method, "alignment": "none", "epochs": 1, "clips": len(hits), "accuracy": hits.mean(),
        "class_mean": hits.mean(), "right": np.packbits(hits).tobytes(), **more,
    }  # fmt: skip


def results(*rows: dict[str, object], **spec: object) -> BenchmarkResults:
    values = {
        "training": {"alone": ["utd-mhad"]}, "splits": [{"names": SPLITS}], "methods": ["pgfa", "smie"],
        "alignments": ["none"], "reference": ("pgfa", "none"), **spec,
    }  # fmt: skip
    return BenchmarkResults(BenchmarkSettings(**values), pl.DataFrame(rows, schema=SCHEMA))


def test_the_table_of_both_protocols_shows_the_validated_figure_first() -> None:
    benchmark = results(
        row(SPLITS[0], "pgfa", "validated", "0011"),
        row(SPLITS[1], "pgfa", "validated", "00000001"),
        row(SPLITS[0], "pgfa", "test-selected", "0111"),
        row(SPLITS[1], "pgfa", "test-selected", "00001111"),
        row(SPLITS[0], "smie", "validated", "1111"),
    )
    (table,) = (t for t in tables_of(benchmark) if "validated / test-selected" in t.title)
    assert [(r.name, r.cells) for r in table.rows] == [
        ("pgfa, none", ("31.2 / 62.5",)),  # (50 + 12.5) / 2, (75 + 50) / 2
        ("smie, none", ("100.0 / -",)),
    ]


def test_rows_from_another_grid_are_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, job = results().spec, SplitJob("alone", SPLITS[0], {}, {}, tmp_path / "rows")
    evaluate_job(job, spec)
    assert _is_evaluated(job, spec)
    monkeypatch.setitem(GRIDS, "none", ({}, {}))
    assert not _is_evaluated(job, spec)
    monkeypatch.undo()
    monkeypatch.setitem(GRIDS, "paper", ({"alpha": 0.5},))  # not asked for
    assert _is_evaluated(job, spec)
    assert not _is_evaluated(job, spec.model_copy(update={"protocols": ("validated",)}))


def test_a_run_that_only_one_of_two_has_is_left_out_of_their_difference() -> None:
    benchmark = results(
        row(SPLITS[0], "pgfa", "validated", "0011"),
        row(SPLITS[1], "pgfa", "validated", "00000000"),
        row(SPLITS[0], "smie", "validated", "0111"),
    )
    assert benchmark.differences[ALONE, Variant("smie", "none")].mean == 0.25


def test_failures_are_reported_under_the_first_table_and_left_out() -> None:
    head = {"training": "alone", "dataset": "utd-mhad", "split": SPLITS[0], "seed": 0, "method": "smie"}
    benchmark = results(row(SPLITS[0], "pgfa", "validated", "01"), {**head, "error": "diverged"})
    first = tables_of(benchmark)[0]
    assert [r.name for r in first.rows] == ["pgfa, none"]
    html = page(benchmark, pl.DataFrame(schema=POINTS), [first])
    assert "<td>utd-mhad/random-5-00</td><td>0</td><td>smie</td><td>diverged</td>" in html
    assert "Runs on all seen classes: 1." in html
    assert "Failed runs, left out: 1; the first: smie, utd-mhad/random-5-00, alone: diverged" in first.notes


@pytest.mark.parametrize("protocols", [("validated",), ("test-selected",), ("validated", "test-selected")])
def test_the_notes_describe_each_protocol(protocols: tuple[str, ...]) -> None:
    benchmark = results(*(row(SPLITS[0], "pgfa", p, "01") for p in protocols), protocols=protocols)
    notes = " ".join(note for table in tables_of(benchmark) for note in table.notes)
    assert ("chosen on pseudo-unseen classes" in notes) == ("validated" in protocols)
    assert ("by the labels of the test clips" in notes) == ("test-selected" in protocols)


def test_the_notes_name_what_was_chosen_and_on_how_many_folds() -> None:
    """A single number of epochs is given, not chosen; a single fold is not several."""
    split = {"names": ["utd-mhad/22-5"]}
    one = choices(results(epochs=(20,), splits=[{**split, "folds": 1}]).spec)
    assert "number of epochs is given (20)" in one
    assert one.endswith("in 1 fold; the number of epochs is given (20)")
    more = choices(results(epochs=(10, 20), splits=[{**split, "folds": 3}, {**split, "folds": 2}]).spec)
    assert more.startswith("number of epochs, settings")
    assert more.endswith("in 2 to 3 folds")


def points(split: str, curve: str, **accuracies: float) -> list[dict[str, object]]:
    head = {
        "training": "alone",
        "split": split,
        "seed": 0,
        "method": "pgfa",
        "alignment": "none",
        "curve": curve,
    }
    return [{**head, "x": float(x[1:]), "accuracy": accuracy} for x, accuracy in accuracies.items()]


def test_lines_are_means_over_runs_where_all_have_a_point() -> None:
    """20 clips are all of one split, and not measured in the other: only the mean of "all clips" is about both."""
    frame = pl.DataFrame(
        [
            *points(SPLITS[0], "clips", n1=0.2, n10=0.4, n30=0.6),
            *points(SPLITS[1], "clips", n1=0.4, n10=0.6, n20=0.8),
            *points(SPLITS[0], "imbalance", n1=0.5, n2=0.25),
            *points(SPLITS[1], "imbalance", n1=1.0),
        ],
        schema=POINTS,
    )
    (line,) = lines_of(frame, ALONE, "clips", ["none", "paper"])
    assert [(x, pytest.approx(y)) for x, y in line.points] == [(1, 0.3), (10, 0.5), (25, 0.7)]
    (line,) = lines_of(frame, ALONE, "imbalance", ["none"])
    assert line.points == ((1.0, 0.75),)


def test_a_chart_names_every_line_once_and_marks_every_point() -> None:
    lines = [Line("none", ((1, 0.2), (10, 0.4))), Line("paper & more", ((1, 0.3), (10, 0.41)))]
    svg = line_chart(lines, "clips")
    assert (svg.count("<polyline"), svg.count("<circle")) == (2, 4)
    assert (svg.count(">none<"), svg.count(">paper &amp; more<")) == (1, 1)
    assert line_chart([], "clips") == ""
    assert "<circle" in line_chart([Line("none", ((1, 0.5),))], "clips")  # one point: no division by zero
