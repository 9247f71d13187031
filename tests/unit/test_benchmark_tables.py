"""Tables and figures of a benchmark from rows and points written by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pgfa.errors import BadConfig, BadFile
from pgfa.research.benchmark.charts import Line, line_chart, lines_of
from pgfa.research.benchmark.curves import SCHEMA as POINTS
from pgfa.research.benchmark.evaluation import SCHEMA
from pgfa.research.benchmark.page import page
from pgfa.research.benchmark.plan import SplitJob
from pgfa.research.benchmark.results import BenchmarkResults, SplitColumn, Variant
from pgfa.research.benchmark.run import Benchmark, _is_evaluated, evaluate_job, report_summary, write_report
from pgfa.research.benchmark.spec import BenchmarkSettings
from pgfa.research.benchmark.summary import KEYS, load_summary, save_summary
from pgfa.research.benchmark.tables import choices, tables_of
from pgfa.research.evidence.record import Record
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


def cells_of(benchmark: BenchmarkResults, title: str) -> dict[str, str]:
    (table,) = (t for t in tables_of(benchmark) if title in t.title)
    return {r.name: str(r.cells[0]) for r in table.rows}


def test_a_single_run_has_no_interval_and_no_star() -> None:
    """However many clips it has."""
    benchmark = results(
        row(SPLITS[0], "pgfa", "validated", "0" * 500),
        row(SPLITS[0], "smie", "validated", "1" * 500),
        splits=[{"names": SPLITS[:1]}],
    )
    assert cells_of(benchmark, "points above pgfa / none") == {"smie, none": "+100.0 (-)"}


def test_seeds_are_the_units_of_one_split_and_splits_those_of_several() -> None:
    """One split: seeds differ by 1, 2 and 3 eighths. Two splits: their means differ by 2 and 4 eighths."""
    seeds = [
        row(SPLITS[0], method, "validated", "1" * hits + "0" * (8 - hits), seed=seed)
        for seed in range(3)
        for method, hits in (("pgfa", 2), ("smie", 3 + seed))
    ]
    half = 100 / 8 * 4.302653 / 3**0.5
    assert cells_of(results(*seeds), "points above pgfa / none") == {
        "smie, none": f"+25.0 ({25 - half:+.1f} to {25 + half:+.1f})"
    }
    more = [row(SPLITS[1], m, "validated", "1" * n + "0" * (8 - n)) for m, n in (("pgfa", 2), ("smie", 6))]
    assert cells_of(results(*seeds, *more), "points above pgfa / none") == {
        "smie, none": "+37.5 (no interval)"
    }


def test_stars_are_corrected_within_a_column() -> None:
    """A difference with p = 0.035 is clear alone; with a smaller and a larger p beside it, it is not."""

    def seeds(method: str, shares: tuple[float, ...]) -> list[dict[str, object]]:
        return [
            row(SPLITS[0], method, "validated", "01", seed=seed) | {"accuracy": share}
            for seed, share in enumerate(shares)
        ]

    base, small, large = (0.1, 0.1, 0.1), (0.2, 0.25, 0.3), (0.5, 0.51, 0.52)
    alone = results(*seeds("pgfa", base), *seeds("smie", small))
    assert cells_of(alone, "points above pgfa / none")["smie, none"].endswith("*")
    three = results(
        *seeds("pgfa", base), *seeds("smie", small), *seeds("vae", large), *seeds("devise", (0.1, 0.2, 0.05)),
        methods=["pgfa", "smie", "vae", "devise"],
    )  # fmt: skip
    cells = cells_of(three, "points above pgfa / none")
    assert [name for name, text in cells.items() if text.endswith("*")] == ["vae, none"]
    (table,) = (t for t in tables_of(three) if "points above pgfa / none" in t.title)
    assert "Holm's correction for all differences of this column" in table.notes[0]


def test_each_method_is_compared_after_the_same_alignment() -> None:
    """`smie` has no alignment `paper`, and `pgfa` no pair."""
    rows = [
        {**row(split, method, "validated", right), "alignment": alignment}
        for split in SPLITS
        for method, alignment, right in (
            ("pgfa", "none", "0001"), ("pgfa", "paper", "0011"), ("smie", "none", "0111"), ("vae", "paper", "0000")
        )
    ]  # fmt: skip
    benchmark = results(*rows, methods=["pgfa", "smie", "vae"], alignments=["none", "paper"])
    assert cells_of(benchmark, "after the same alignment") == {
        "smie, none": "+50.0 (no interval)",
        "vae, paper": "-50.0 (no interval)",
    }


def test_the_generalised_test_says_whose_clips_it_uses() -> None:
    mixed = {"gzsl_h": 0.5, "gzsl_seen": 0.5, "gzsl_unseen": 0.5, "gzsl_area": 0.3, "penalty": 0.0}
    for division, text in (
        ("all", "are in training clips of seen classes (division all)"),
        ("cross-subject", "of the division's test subjects"),
    ):
        benchmark = results(row(SPLITS[0], "pgfa", "validated", "01", **mixed), run={"protocol": division})
        (table,) = (t for t in tables_of(benchmark) if "generalised, H" in t.title)
        assert text in table.notes[0]
        assert text in page(benchmark, pl.DataFrame(schema=POINTS), [table]).replace("&#x27;", "'")


def test_tables_and_page_follow_from_the_committed_files(tmp_path: Path) -> None:
    """The same bytes as from the rows with their bits; damaged and missing files are named."""
    benchmark = results(
        *(
            row(split, method, protocol, right, fit_seconds=1 / 3, choice='{"alignment": "none", "alpha": 0.5}')
            for split in SPLITS
            for method, right in (("pgfa", "0010110"), ("smie", "1110000"))
            for protocol in ("validated", "test-selected")
        ),
        {"training": "alone", "dataset": "utd-mhad", "split": SPLITS[0], "method": "vae", "error": 'lost, "all"\n'},
        methods=["pgfa", "smie", "vae"],
    )  # fmt: skip
    curves = pl.DataFrame(points(SPLITS[0], "alpha", n0=1 / 3, n1=0.5), schema=POINTS)
    write_report(Benchmark(benchmark.rows, curves), benchmark.spec, tmp_path / "a")
    record = Record("benchmark", KEYS, {}, {})
    save_summary(tmp_path / "summary", benchmark.spec, benchmark.rows, curves, record)
    assert (tmp_path / "summary" / "results.csv").read_text().count("\n") < 12
    report_summary(tmp_path / "summary", tmp_path / "b")
    for name in ("tables.txt", "tables.md", "tables.tex", "report.html"):
        assert (tmp_path / "b" / name).read_bytes() == (tmp_path / "a" / name).read_bytes()
    _, rows, again = load_summary(tmp_path / "summary")
    assert rows.drop("right").equals(benchmark.rows.drop("right"))
    assert again.equals(curves)
    (tmp_path / "summary" / "results.csv").write_text("seed\nthree\n")
    with pytest.raises(BadFile, match=r"results\.csv: expected SHA-256"):
        load_summary(tmp_path / "summary")
    (tmp_path / "summary" / "results.record.json").unlink()  # as of an earlier version
    with pytest.raises(BadFile, match=r"results\.csv: expected a table"):
        load_summary(tmp_path / "summary")
    (tmp_path / "summary" / "curves.csv").unlink()
    (tmp_path / "summary" / "spec.toml").unlink()
    with pytest.raises(BadConfig, match=r"spec\.toml"):
        load_summary(tmp_path / "summary")


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
