"""The tables of the paper: published figures and recipe values, rows of runs, results of earlier versions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pgfa.config import ModelSettings, PrepareSettings
from pgfa.errors import BadConfig
from pgfa.evaluate.table import Cell
from pgfa.files import read_json
from pgfa.research.reproduce.results import (
    ALONE,
    BATCHES,
    BEST,
    LAST,
    VALIDATED,
    ReproductionResults,
    RunResult,
    saved_alpha,
    saved_result,
    table_of,
)
from pgfa.research.reproduce.spec import load_spec, spec_names
from pgfa.research.selection import AlphaChoice
from pgfa.text import find_split

# --- published figures: one file, and nothing else ---

PUBLISHED = {
    "setting-1": {
        "SMIE, label names": {"NTU-60": 65.08, "NTU-120": 46.40, "PKU-MMD": 60.83},
        "TDSM, random splits": {"NTU-60": 88.88, "NTU-120": 69.47, "PKU-MMD": 70.76},
        "FDSM, random splits": {"NTU-60": 90.13, "PKU-MMD": 72.18},
        "PGFA": {"NTU-120": 71.38},
        "PGFA over SMIE": {"NTU-60": 22.96, "NTU-120": 12.53, "PKU-MMD": 18.54},
    },
    "setting-2": {
        method: dict(
            zip(("NTU-60 55/5", "NTU-60 48/12", "NTU-120 110/10", "NTU-120 96/24"), values, strict=True)
        )
        for method, values in {
            "SMIE": (77.98, 40.18, 65.74, 45.30),
            "TDSM": (86.49, 56.03, 74.15, 65.06),
            "Flora": (86.3, 65.3, 80.7, 66.4),
            "SkeletonLLM": (87.37, 64.72, 76.05, 67.2),
            "Skeleton-Cache": (89.41, 52.03, 77.60, 56.83),
            "SkeletonContext": (89.6, 64.4, 74.2, 60.1),
        }.items()
    }
    | {
        "FDSM": {"NTU-60 55/5": 87.79, "NTU-120 110/10": 75.24, "NTU-120 96/24": 66.52},
        "PoseBridge": {"NTU-60 55/5": 90.5, "NTU-120 110/10": 80.3, "NTU-120 96/24": 65.0},
        "PGFA": {"NTU-60 55/5": 80.26, "NTU-120 96/24": 59.42},
    },
    "one-shot": {"PGFA": {}},
}


def test_published_figures() -> None:
    assert set(spec_names()) == set(PUBLISHED)
    for name, rows in PUBLISHED.items():
        spec = load_spec(name)
        assert {p.method: p.values for p in spec.published} == rows
        assert [p.method for p in spec.published if p.difference] == ["PGFA over SMIE"] * (
            name == "setting-1"
        )
        assert {column for values in rows.values() for column in values} <= {c.name for c in spec.columns}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_recipe_values(name: str) -> None:
    """method.md sections 3 to 5."""
    spec = load_spec(name)
    for column in spec.columns:
        rate, alpha = {"ntu60": (0.05, 0.9), "ntu120": (0.005, 0.4), "pku-mmd": (0.05, 1.0)}[column.dataset]
        for split in column.splits:
            assert find_split(f"{column.dataset}/{split}").kind == (
                "one-shot" if name == "one-shot" else "zero-shot"
            )
            run = spec.run_settings(column, split, 2, "pack", test_each_epoch=True)
            assert (run.train.learning_rate, run.adapt.alpha, run.adapt.method) == (rate, alpha, "paper")
            assert (run.train.batch_size, run.train.optimiser, run.train.augment) == (128, "sgd", False)
            assert (run.train.epochs, run.train.seed) == (100 if name == "one-shot" else 50, 2)
            assert run.model == ModelSettings(
                recipe="paper", encoder="shiftgcn" if name == "setting-2" else "stgcn"
            )
            assert run.prepare == PrepareSettings(recipe="paper")
            assert (run.text.encoder, run.text.centre, run.train.test_each_epoch) == ("mpnet", False, True)
            assert run.protocol == ("all" if name == "one-shot" else "cross-subject")


def test_an_unknown_setting_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadConfig, match="one-shot, setting-1, setting-2"):
        load_spec("setting-3")


# --- rows of runs ---


def run_results(best: float | None = 0.9, validated: float | None = 0.7) -> tuple[RunResult, ...]:
    return tuple(
        RunResult(
            "NTU-60", f"setting1-{s}", seed, 9, 4, 5, 0.3, 0.5 + 0.1 * seed, [0.1, 0.9], best, 3, validated
        )
        for s in (1, 2, 3)
        for seed in (0, 1)
    )


def test_rows_name_the_protocol_and_columns_without_data_show_it() -> None:
    base = load_spec("setting-1")
    spec = base.model_copy(update={"seeds": 2})
    alphas = {"NTU-60": AlphaChoice(0.6, (("ntu60/clap",),), ((0.1,) * 10,))}
    table = table_of(ReproductionResults(spec, base, run_results(), alphas, ("More.",)))
    rows = {row.name: row.cells for row in table.rows}
    assert [str(c) for c in rows[BEST]] == ["90.00 ± 0.00", "not given", "not given"]
    assert str(rows[LAST][0]) == "55.00 ± 7.07"
    assert str(rows[VALIDATED][0]) == "70.00 ± 0.00"
    assert rows["PGFA"] == ("-", Cell(71.38), "-")
    assert str(rows["PGFA over SMIE"][0]) == "+22.96"
    assert table.notes[-1] == "More."
    assert any("by the labels of the unseen classes" in note for note in table.notes)
    assert any("alpha 0.6 (NTU-60)" in note for note in table.notes)


def test_means_over_batches_follow_the_figure_they_belong_to() -> None:
    """Every row of ours has one; without them, as in files of earlier versions, there is no such row."""
    base = load_spec("setting-1")
    spec = base.model_copy(update={"seeds": 2})
    means = {"before_batches": 0.31, "last_batches": 0.52, "best_batches": 0.92, "validated_batches": 0.73}
    runs = tuple(replace(run, **means) for run in run_results())
    table = table_of(ReproductionResults(spec, base, runs, {}))
    names = [row.name for row in table.rows]
    cells = {row.name: row.cells for row in table.rows}
    for name, figure in ((BEST, "92.00"), (LAST, "52.00"), (VALIDATED, "73.00"), (ALONE[False], "31.00")):
        assert names[names.index(name) + 1] == f"{name}; {BATCHES}"
        assert str(cells[f"{name}; {BATCHES}"][0]) == f"{figure} ± 0.00"
    assert any("batches of 64 test clips" in note for note in table.notes)
    older = table_of(ReproductionResults(spec, base, run_results(), {}))
    assert not [row.name for row in older.rows if BATCHES in row.name]


def test_a_protocol_that_was_not_run_has_no_row() -> None:
    base = load_spec("setting-1")
    spec = base.model_copy(update={"seeds": 2})
    names = [row.name for row in table_of(ReproductionResults(spec, base, run_results(best=None), {})).rows]
    assert BEST not in names
    assert VALIDATED in names
    names = [
        row.name for row in table_of(ReproductionResults(spec, base, run_results(validated=None), {})).rows
    ]
    assert VALIDATED not in names
    assert BEST in names


def test_results_of_format_1_are_read_under_todays_names() -> None:
    """Written by `pgfa reproduce one-shot` at commit 6fa2668."""
    folder = Path(__file__).parents[1] / "fixtures/v1"
    result = saved_result(read_json(folder / "reproduce-result.json")["result"])
    assert (result.column, result.test_clips, result.best_epoch) == ("PKU-MMD", 26, 0)
    assert result.validated == result.before == 12 / 26
    assert result.validated_class_mean == 0.54
    assert result.validated_interval == [7 / 26, 17 / 26]
    assert saved_result(vars(result)) == result
    choice = saved_alpha(read_json(folder / "reproduce-alpha.json"))
    assert choice.alpha == 0.1
    assert len(choice.folds) == len(choice.accuracy) == 1
    assert choice.folds[0][0] == "pku-mmd/drop"
    assert saved_alpha(vars(choice)) == choice
