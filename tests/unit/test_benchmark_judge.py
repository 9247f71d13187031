"""Choices, rows and tables of a benchmark, against loops over arrays that nothing was trained for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from pgfa.adapt import align_with
from pgfa.config import AdaptSettings, BaselineSettings, RunSettings
from pgfa.errors import BadConfig
from pgfa.evaluate.bootstrap import paired_bootstrap
from pgfa.evaluate.gzsl import GzslScores, choose_penalty, harmonic_mean, sweep
from pgfa.evaluate.table import Cell
from pgfa.files import write_json
from pgfa.research.baselines import TEST_TIME
from pgfa.research.benchmark.curves import blocks, curves, unequal
from pgfa.research.benchmark.fit import Fit, Told, _keep, load
from pgfa.research.benchmark.judge import CHOSEN, SCHEMA, judge, right_of
from pgfa.research.benchmark.plan import Job
from pgfa.research.benchmark.run import CURVES, RESULTS, Done, judge_job, write_tables
from pgfa.research.benchmark.spec import BenchmarkSettings
from pgfa.research.benchmark.tables import Standing, group_of, tables_of
from pgfa.research.selection import GRIDS, apply, best_of, fold_size
from pgfa.train.run import TEST_LOG

METHODS, ALIGNED = ("pgfa", "smie"), ("none", "paper", "uniform", "t3a")
UNSEEN, SEEN, EPOCHS = 3, 4, (1, 2)


def spec_of(**changes: object) -> BenchmarkSettings:
    given = {
        "training": {"alone": ["x"]}, "splits": [{"names": ["utd-mhad/random-5-0*"]}],
        "methods": METHODS, "alignments": ALIGNED, "epochs": EPOCHS, **changes,
    }  # fmt: skip
    return BenchmarkSettings(**given)


def told_of(seed: int, *, space: bool, clips: int = 60) -> Told:
    """Clips about class means; anchors off by an error of their own. All have the same true labels."""
    random = np.random.default_rng(seed)
    means = random.normal(size=(UNSEEN + SEEN, 8))
    labels = np.sort(np.random.default_rng(clips).integers(0, UNSEEN + SEEN, clips))
    points = (means[labels] + random.normal(size=(clips, 8))).astype(np.float32)
    anchors = (means + 1.2 * random.normal(size=means.shape)).astype(np.float32)
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (points, anchors)]
    return Told(unit[0] @ unit[1].T, points, anchors if space else None, labels, UNSEEN, 1.5)


def job_of(place: Path, splits: str = "utd-mhad/random-5-00", start: int = 0) -> Job:
    """Two seeds and two folds of two lengths, everything kept on disk."""

    def unit(name: str, number: int) -> Fit:
        own = Fit(RunSettings(), (), -1, 0.1, METHODS, BaselineSettings(), place / f"{splits}-{name}", 10)
        for offset, method in enumerate(METHODS):
            _keep(own, method, told_of(start + 10 * number + offset, space=method == "pgfa"))
        return own

    return Job(
        "alone", splits,
        {(seed, e): unit(f"seed-{seed}-{e}", 5 + 2 * seed + e) for seed in (0, 1) for e in EPOCHS},
        {(fold, e): unit(f"fold-{fold}-{e}", 20 + 2 * fold + e) for fold in (0, 1) for e in EPOCHS},
        place / splits.replace("/", "-"),
    )  # fmt: skip


def accuracy(told: Told, alignment: str, option: dict[str, object]) -> float:
    """On clips of unseen classes, among these classes, clip by clip."""
    own = [i for i, label in enumerate(told.labels.tolist()) if label < UNSEEN]
    scores, points = told.scores[own][:, :UNSEEN], told.points[own]
    anchors = None if told.anchors is None else told.anchors[:UNSEEN]
    if alignment == "paper":
        assert anchors is not None
        scores = align_with(points, anchors, AdaptSettings(method="paper", **option)).scores
    elif alignment == "uniform":
        assert anchors is not None
        scores = align_with(
            points, anchors, AdaptSettings(method="balanced", prior="uniform", **option)
        ).scores
    elif alignment == "t3a":
        scores = TEST_TIME["t3a"](scores, points, anchors, BaselineSettings(**option))
    return sum(int(row.argmax()) == told.labels[i] for row, i in zip(scores, own, strict=True)) / len(own)


def options(method: str) -> list[tuple[int, str, dict[str, object]]]:
    names = ALIGNED if method == "pgfa" else ("none", "t3a")  # smie has no space to align in
    return [(e, a, dict(o)) for e in EPOCHS for a in names for o in GRIDS[a]]


def test_everything_is_chosen_on_the_folds_and_reported_on_the_runs(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    rows = judge(job, spec_of())
    assert len(rows) == 2 * 2 * (5 + 3)  # seeds x protocols x (alignments and what is chosen)
    for row in rows:
        method, seed = row["method"], row["seed"]
        best: dict[str, tuple[float, int, dict[str, object]]] = {}
        for epochs, name, option in options(method):
            units = (
                [job.full[seed, epochs]]
                if row["protocol"] == "paper"
                else [job.folds[f, epochs] for f in (0, 1)]
            )
            found = [load(unit, method) for unit in units]
            mean = float(np.mean([accuracy(told, name, option) for told in found if told]))
            for place in (name, CHOSEN):
                if place not in best or mean > best[place][0] + 1e-9:
                    best[place] = (mean, epochs, {"alignment": name, **option})
        mean, epochs, choice = best[row["alignment"]]
        if row["alignment"] == CHOSEN:
            assert row["accuracy"] in {
                r["accuracy"] for r in rows
                if (r["seed"], r["protocol"], r["method"]) == (seed, row["protocol"], method)
            }  # fmt: skip
        else:
            assert (row["epochs"], json.loads(row["choice"])) == (epochs, choice)
        if row["protocol"] == "honest":
            assert row["fold_accuracy"] == pytest.approx(mean)
        else:
            assert row["accuracy"] == pytest.approx(mean)
        told = load(job.full[seed, row["epochs"]], method)
        assert told is not None
        chosen = json.loads(row["choice"])
        own = accuracy(told, chosen.pop("alignment"), chosen)
        assert row["accuracy"] == pytest.approx(own)
        assert right_of(row).mean() == pytest.approx(own)
        assert row["clips"] == (told.labels < UNSEEN).sum()


def test_the_penalty_comes_from_the_folds(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    for row in judge(job, spec_of(alignments=("none",), reference=("pgfa", "none"))):
        units = [job.folds[f, row["epochs"]] for f in (0, 1)]
        if row["protocol"] == "paper":
            units = [job.full[row["seed"], row["epochs"]]]
        folds = [t for unit in units if (t := load(unit, row["method"]))]
        penalty = choose_penalty([GzslScores(t.scores, t.labels, UNSEEN) for t in folds])
        told = load(job.full[row["seed"], row["epochs"]], row["method"])
        assert told is not None
        found = sweep(GzslScores(told.scores, told.labels, UNSEEN))
        assert row["penalty"] == pytest.approx(penalty)
        assert (row["gzsl_seen"], row["gzsl_unseen"]) == pytest.approx(found.accuracies(penalty))
        assert row["gzsl_h"] == pytest.approx(harmonic_mean(*found.accuracies(penalty)))
        assert row["gzsl_area"] == pytest.approx(found.area)


def test_labels_of_the_test_clips_move_no_honest_choice(tmp_path: Path) -> None:
    job, spec = job_of(tmp_path), spec_of(protocols=("honest",))
    before = [(r["epochs"], r["choice"], r["penalty"]) for r in judge(job, spec)]
    for unit in job.full.values():
        for method in METHODS:
            told = load(unit, method)
            assert told is not None
            turned = np.where(told.labels < UNSEEN, (told.labels + 1) % UNSEEN, told.labels)
            _keep(unit, method, replace(told, labels=turned))
    assert [(r["epochs"], r["choice"], r["penalty"]) for r in judge(job, spec)] == before


def test_the_mean_over_classes_leaves_out_a_class_without_clips(tmp_path: Path) -> None:
    """Every class weighs the same, whatever its number of clips; one that has none is not counted as wrong."""
    job, spec = (
        job_of(tmp_path),
        spec_of(protocols=("honest",), alignments=("none",), reference=("pgfa", "none")),
    )
    for unit in job.units:
        told = load(unit, "pgfa")
        assert told is not None
        kept = np.flatnonzero(told.labels != 1)[5:]  # labels are sorted: class 0 has five clips less
        _keep(unit, "pgfa", replace(
            told, scores=told.scores[kept], points=told.points[kept], labels=told.labels[kept]
        ))  # fmt: skip
    for row in (r for r in judge(job, spec) if r["method"] == "pgfa"):
        told = load(job.full[row["seed"], row["epochs"]], "pgfa")
        assert told is not None
        hits: dict[int, list[bool]] = {0: [], 2: []}
        for scores, label in zip(told.scores, told.labels.tolist(), strict=True):
            if label < UNSEEN:
                hits[label].append(int(scores[:UNSEEN].argmax()) == label)
        shares = [sum(right) / len(right) for right in hits.values()]
        assert row["class_mean"] == pytest.approx(sum(shares) / 2)
        assert len(hits[0]) < len(hits[2])
        assert row["classes"] == UNSEEN


def test_order_of_clips_and_classes_does_not_count(tmp_path: Path) -> None:
    job, spec = job_of(tmp_path), spec_of()
    names = ("accuracy", "class_mean", "gzsl_h", "gzsl_area", "fold_accuracy")
    before = [[r[n] for n in names] for r in judge(job, spec)]
    random = np.random.default_rng(0)
    for unit in job.units:
        for method in METHODS:
            told = load(unit, method)
            assert told is not None
            order = random.permutation(len(told.labels))
            classes = np.concatenate([random.permutation(UNSEEN), UNSEEN + random.permutation(SEEN)])
            anchors = None if told.anchors is None else told.anchors[classes]
            _keep(unit, method, replace(
                told, scores=told.scores[order][:, classes], points=told.points[order], anchors=anchors,
                labels=np.argsort(classes)[told.labels[order]],
            ))  # fmt: skip
    np.testing.assert_allclose([[r[n] for n in names] for r in judge(job, spec)], before, atol=1e-9)


def test_a_failed_method_is_a_row_and_stops_no_other(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    lost = job.full[1, 2]
    (lost.folder / "smie.npz").unlink()
    write_json(lost.folder / "smie.error.json", {"error": "diverged"})
    rows = judge(job, spec_of())
    errors = [r for r in rows if r.get("error")]
    assert [(r["method"], r["seed"], r["error"]) for r in errors] == [("smie", 1, "diverged")]
    assert {(r["method"], r["seed"]) for r in rows if not r.get("error")} == {
        ("pgfa", 0),
        ("pgfa", 1),
        ("smie", 0),
    }
    (lost.folder / "pgfa.npz").write_bytes(b"PK damaged")
    told = [r["error"] for r in judge(job, spec_of()) if r.get("error") and r["method"] == "pgfa"]
    assert told == ["its process ended before it was fitted"]
    # A fold that lacks one length of training plays no part in any choice, and is told.
    (job.folds[1, 2].folder / "smie.npz").unlink()
    first = [load(job.folds[0, e], "smie") for e in EPOCHS]
    found = [r for r in judge(job, spec_of(protocols=("honest",))) if r["method"] == "smie"]
    (row,) = (r for r in found if r.get("alignment") == "none")
    assert row["fold_accuracy"] == max(accuracy(told, "none", {}) for told in first if told)
    (told,) = (r["error"] for r in found if "seed" not in r)
    assert told == "1 of 2 folds: its process ended before it was fitted"


def test_what_was_watched_in_training_is_the_best_that_the_test_labels_give(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    place = job.full[0, 2].folder / "pgfa"
    place.mkdir()
    lines = [
        {"epoch": e, "alpha": 0.9, "before": b, "after": a} for e, b, a in ((0, 0.1, 0.98), (1, 0.99, 0.2))
    ]
    (place / TEST_LOG).write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = {
        r["alignment"]: r for r in judge(job, spec_of())
        if (r["protocol"], r["seed"], r["method"]) == ("paper", 0, "pgfa")
    }  # fmt: skip
    assert (found["none"]["accuracy"], found["none"]["epochs"]) == (0.99, 2)
    assert (found["paper"]["accuracy"], found["paper"]["epochs"]) == (0.98, 1)
    assert found["paper"]["right"] is None
    assert found["t3a"]["right"] is not None


def test_tables_are_made_of_the_rows(tmp_path: Path) -> None:
    spec = spec_of()
    jobs = [job_of(tmp_path, f"utd-mhad/random-5-0{n}", 1000 * n) for n in range(3)]
    rows = [row for job in jobs for row in judge(job, spec)]
    standing = Standing(spec, pl.DataFrame(rows, schema=SCHEMA))
    (column,) = standing.columns
    assert column.group == "utd-mhad/random-5"
    by_split: dict[str, dict[tuple[str, str], list[NDArray[np.bool_]]]] = {}
    for row in rows:
        if row["protocol"] == "honest":
            of = by_split.setdefault(row["split"], {})
            of.setdefault((row["method"], row["alignment"]), []).append(right_of(row))
    for way in standing.ways:
        means = [np.mean([right.mean() for right in of[way]]) for of in by_split.values()]
        cell = standing.cell(column, way, "accuracy", "honest")
        assert isinstance(cell, Cell)
        assert cell.value == pytest.approx(100 * np.mean(means))
        assert cell.spread == pytest.approx(4.302653 * 100 * np.std(means, ddof=1) / 3**0.5, rel=1e-4)
    others = [way for way in standing.ways if way != ("pgfa", "paper")]
    stacks = [
        np.stack(
            [
                np.stack(of[w], axis=1).astype(np.float32) - np.stack(of["pgfa", "paper"], axis=1)
                for w in others
            ],
            axis=2,
        ).astype(np.float32)
        for of in by_split.values()
    ]
    assert [standing.differences[column, way] for way in others] == paired_bootstrap(stacks)
    tables = tables_of(standing)
    assert [t.title.partition(": ")[2].split(",")[0] for t in tables[:3]] == [
        "accuracy on unseen classes", "points above pgfa / paper", "mean over classes",
    ]  # fmt: skip
    assert tables[0].rows[0].cells[0] == standing.cell(column, ("pgfa", "none"), "accuracy", "honest")


def test_judging_twice_gives_the_same_files_and_a_page_that_loads_nothing(tmp_path: Path) -> None:
    job, spec = job_of(tmp_path), spec_of(title="<b>Bad & title</b>")
    judge_job(job, spec)
    first = pl.read_parquet(job.result.with_suffix(".parquet"))
    points = pl.read_parquet(job.result.with_suffix(".curves.parquet"))
    judge_job(job, spec)
    again = pl.read_parquet(job.result.with_suffix(".parquet"))
    assert first.drop("judge_seconds").equals(again.drop("judge_seconds"))
    write_tables(Done(first, points), spec, tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<b>Bad" not in html
    assert "&lt;b&gt;Bad &amp; title" in html
    for outside in ("http://", "https://", "<script src", '<link rel="stylesheet"'):
        assert outside not in html
    assert html.count("<svg") >= 4
    assert {RESULTS, CURVES} == {"results.parquet", "curves.parquet"}


def test_curves_are_accuracies_by_loops(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    points = curves(job, spec_of())
    told = load(job.full[0, 2], "pgfa")
    assert told is not None
    own = told.zero_shot
    at = {(p["alignment"], p["curve"], p["x"]): p["accuracy"] for p in points if p["seed"] == 0}
    for alpha in (0.1, 0.5, 1.0):
        assert at["paper", "alpha", alpha] == pytest.approx(accuracy(told, "paper", {"alpha": alpha}))
    assert at["none", "clips", 1.0] == pytest.approx(
        np.mean([own.scores[i].argmax() == own.labels[i] for b in blocks(len(own.labels), 1) for i in b])
    )
    everything = float(len(own.labels))
    assert at["paper", "clips", everything] == pytest.approx(accuracy(told, "paper", {}))
    right = []
    for chosen in unequal(own.labels, 5.0):
        assert own.anchors is not None
        made = align_with(own.points[chosen], own.anchors, AdaptSettings(method="paper"))
        right += (made.predictions == own.labels[chosen]).tolist()
    assert at["paper", "imbalance", 5.0] == pytest.approx(np.mean(right))


def test_blocks_are_disjoint_and_unequal_sets_have_the_ratio() -> None:
    for size in (1, 7, 50):
        parts = blocks(50, size)
        together = np.concatenate(parts)
        assert len(set(together.tolist())) == len(together)
        assert {len(part) for part in parts} == {size}
    labels = np.repeat(np.arange(4), 40)
    for chosen in unequal(labels, 10.0):
        assert sorted(np.bincount(labels[chosen]).tolist()) == [4, 9, 19, 40]
        assert len(set(chosen.tolist())) == len(chosen)
    for chosen in unequal(labels, 1.0):
        assert np.bincount(labels[chosen]).tolist() == [40] * 4


def test_of_equals_the_first_is_taken() -> None:
    assert best_of(np.array([[0.1, 0.5, 0.5], [0.1, 0.3, 0.3]])) == 1
    assert best_of(np.array([[0.5, 0.1], [0.1, 0.5]])) == 0
    assert GRIDS["paper"][0] == {"alpha": 1.0}


def test_every_alignment_of_the_grids_runs_and_one_without_a_space_says_so() -> None:
    told = told_of(1, space=True).zero_shot
    for name, grid in GRIDS.items():
        for option in grid:
            scores = apply(name, option, told.scores, told.points, told.anchors)
            assert scores is not None
            assert scores.shape == told.scores.shape
            assert np.isfinite(scores).all()
    assert apply("paper", {}, told.scores, told.points, None) is None
    assert apply("none", {}, told.scores, told.points, None) is told.scores


@pytest.mark.parametrize(
    ("seen", "unseen", "folds", "size"),
    [(22, 5, 3, 5), (18, 9, 3, 6), (14, 13, 3, 4), (14, 13, 2, 4), (3, 2, 1, 1)],
)
def test_folds_leave_two_thirds(seen: int, unseen: int, folds: int, size: int) -> None:
    assert fold_size(seen, unseen, folds) == size


def test_too_few_classes_are_refused() -> None:
    with pytest.raises(BadConfig, match="pseudo-unseen"):
        fold_size(2, 2, 3)


def test_groups() -> None:
    assert group_of("utd-mhad/random-5-07") == "utd-mhad/random-5"
    assert group_of("utd-mhad/22-5") == "utd-mhad/22-5"
    (group,) = spec_of().groups()
    assert group[1] == tuple(f"utd-mhad/random-5-0{n}" for n in range(10))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"methods": ("pgfa", "magic")}, "magic"),
        ({"alignments": ("none", "magic")}, "magic"),
        ({"reference": ("pgfa", "balanced")}, "reference"),
        ({"splits": [{"names": ["utd-mhad/23-5"]}]}, "23-5"),
        ({"splits": [{"names": ["utd-mhad/magic-*"]}]}, "magic"),
        ({"splits": [{"names": ["utd-mhad/22-5"], "training": ["other"]}]}, "other"),
    ],
)
def test_a_wrong_spec_is_refused_before_any_work(changes: dict[str, object], said: str) -> None:
    with pytest.raises(BadConfig, match=said):
        spec_of(**changes).check()
