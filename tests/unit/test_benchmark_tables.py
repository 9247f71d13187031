"""Tables and figures of a benchmark from rows and points written by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pgfa.research.benchmark.charts import Line, line_chart, lines_of
from pgfa.research.benchmark.curves import SCHEMA as POINTS
from pgfa.research.benchmark.judge import SCHEMA
from pgfa.research.benchmark.page import page
from pgfa.research.benchmark.plan import Job
from pgfa.research.benchmark.run import _judged, judge_job
from pgfa.research.benchmark.spec import BenchmarkSettings
from pgfa.research.benchmark.tables import Column, Standing, choices, tables_of
from pgfa.research.selection import GRIDS

SPLITS = ("utd-mhad/random-5-00", "utd-mhad/random-5-01")
ALONE = Column("alone", "utd-mhad/random-5", SPLITS)


def row(split: str, method: str, protocol: str, right: str, **more: object) -> dict[str, object]:
    """Of one run: `right` is a 1 for each clip that is right."""
    hits = np.array([int(hit) for hit in right])
    return {
        "training": "alone", "dataset": "utd-mhad", "split": split, "seed": 0, "protocol": protocol,
        "method": method, "alignment": "none", "epochs": 1, "clips": len(hits), "accuracy": hits.mean(),
        "class_mean": hits.mean(), "right": np.packbits(hits).tobytes(), **more,
    }  # fmt: skip


def standing(*rows: dict[str, object], **spec: object) -> Standing:
    given = {
        "training": {"alone": ["utd-mhad"]}, "splits": [{"names": SPLITS}], "methods": ["pgfa", "smie"],
        "alignments": ["none"], "reference": ("pgfa", "none"), **spec,
    }  # fmt: skip
    return Standing(BenchmarkSettings(**given), pl.DataFrame(rows, schema=SCHEMA))


def test_the_table_side_by_side_holds_the_honest_figure_first() -> None:
    made = standing(
        row(SPLITS[0], "pgfa", "honest", "0011"),
        row(SPLITS[1], "pgfa", "honest", "00000001"),
        row(SPLITS[0], "pgfa", "paper", "0111"),
        row(SPLITS[1], "pgfa", "paper", "00001111"),
        row(SPLITS[0], "smie", "honest", "1111"),
    )
    (table,) = (t for t in tables_of(made) if "chosen on the test set" in t.title)
    assert [(r.name, r.cells) for r in table.rows] == [
        ("pgfa, none", ("31.2 / 62.5",)),  # (50 + 12.5) / 2, (75 + 50) / 2
        ("smie, none", ("100.0 / -",)),
    ]


def test_rows_made_with_another_grid_are_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, job = standing().spec, Job("alone", SPLITS[0], {}, {}, tmp_path / "rows")
    judge_job(job, spec)
    assert _judged(job, spec)
    monkeypatch.setitem(GRIDS, "none", ({}, {}))
    assert not _judged(job, spec)
    monkeypatch.undo()
    monkeypatch.setitem(GRIDS, "paper", ({"alpha": 0.5},))  # not asked for
    assert _judged(job, spec)
    assert not _judged(job, spec.model_copy(update={"protocols": ("honest",)}))


def test_a_run_that_only_one_of_two_has_is_left_out_of_their_difference() -> None:
    made = standing(
        row(SPLITS[0], "pgfa", "honest", "0011"),
        row(SPLITS[1], "pgfa", "honest", "00000000"),
        row(SPLITS[0], "smie", "honest", "0111"),
    )
    assert made.differences[ALONE, ("smie", "none")].mean == 0.25


def test_failures_are_told_under_the_first_table_and_take_no_part() -> None:
    head = {"training": "alone", "dataset": "utd-mhad", "split": SPLITS[0], "seed": 0, "method": "smie"}
    made = standing(row(SPLITS[0], "pgfa", "honest", "01"), {**head, "error": "diverged"})
    first = tables_of(made)[0]
    assert [r.name for r in first.rows] == ["pgfa, none"]
    html = page(made, pl.DataFrame(schema=POINTS), [first])
    assert "<td>utd-mhad/random-5-00</td><td>0</td><td>smie</td><td>diverged</td>" in html
    assert "Runs on all seen classes: 1." in html
    assert (
        "Runs that failed and are left out: 1; the first: smie, utd-mhad/random-5-00, alone: diverged"
        in first.notes
    )


@pytest.mark.parametrize("protocols", [("honest",), ("paper",), ("honest", "paper")])
def test_each_protocol_says_what_it_is(protocols: tuple[str, ...]) -> None:
    made = standing(*(row(SPLITS[0], "pgfa", p, "01") for p in protocols), protocols=protocols)
    told = " ".join(note for table in tables_of(made) for note in table.notes)
    assert ("chosen on pseudo-unseen classes" in told) == ("honest" in protocols)
    assert ("by the labels of the test clips" in told) == ("paper" in protocols)


def test_the_notes_tell_what_was_chosen_and_on_how_many_folds() -> None:
    """A single length of training is given, not chosen; a single fold is not several."""
    split = {"names": ["utd-mhad/22-5"]}
    one = choices(standing(epochs=(20,), splits=[{**split, "folds": 1}]).spec)
    assert "length of training is given (20 epochs)" in one
    assert one.endswith("in 1 fold; the length of training is given (20 epochs)")
    more = choices(standing(epochs=(10, 20), splits=[{**split, "folds": 3}, {**split, "folds": 2}]).spec)
    assert more.startswith("length of training, settings")
    assert more.endswith("in 2 to 3 folds")


def points(split: str, curve: str, **at: float) -> list[dict[str, object]]:
    head = {
        "training": "alone",
        "split": split,
        "seed": 0,
        "method": "pgfa",
        "alignment": "none",
        "curve": curve,
    }
    return [{**head, "x": float(x[1:]), "accuracy": accuracy} for x, accuracy in at.items()]


def test_lines_are_means_over_runs_where_all_have_a_point() -> None:
    """20 clips are all of one split, and not measured in the other: only the mean of "all clips" tells of both."""
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
    drawn = line_chart(lines, "clips")
    assert (drawn.count("<polyline"), drawn.count("<circle")) == (2, 4)
    assert (drawn.count(">none<"), drawn.count(">paper &amp; more<")) == (1, 1)
    assert line_chart([], "clips") == ""
    assert "<circle" in line_chart([Line("none", ((1, 0.5),))], "clips")  # one point: no division by zero
