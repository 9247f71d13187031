"""Choices, rows and tables of a benchmark, against loops over arrays that no training produced."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from pgfa.adapt import align_with
from pgfa.config import AdaptSettings, BaselineSettings, RunSettings
from pgfa.errors import BadConfig
from pgfa.evaluate.gzsl import GzslScores, choose_penalty, harmonic_mean, sweep
from pgfa.evaluate.student import Difference, holm, paired_difference
from pgfa.evaluate.table import Cell
from pgfa.files import write_json
from pgfa.research.baselines import TEST_TIME
from pgfa.research.benchmark.curves import blocks, curve_points, unequal
from pgfa.research.benchmark.evaluation import CHOSEN, SCHEMA, correct_clips, evaluate_split
from pgfa.research.benchmark.fit import FitJob, MethodOutput, error_path, load_output, save_output
from pgfa.research.benchmark.plan import SplitJob
from pgfa.research.benchmark.results import BenchmarkResults
from pgfa.research.benchmark.run import CURVES, RESULTS, Benchmark, evaluate_job, write_report
from pgfa.research.benchmark.spec import BenchmarkSettings
from pgfa.research.benchmark.tables import tables_of
from pgfa.research.selection import GRIDS, apply, best_of, fold_size
from pgfa.train.run import TEST_LOG

METHODS, ALIGNMENTS = ("pgfa", "smie"), ("none", "paper", "uniform", "t3a")
UNSEEN, SEEN, EPOCHS = 3, 4, (1, 2)


def spec_of(**changes: object) -> BenchmarkSettings:
    values = {
        "training": {"alone": ["x"]}, "splits": [{"names": ["utd-mhad/random-5-0*"]}],
        "methods": METHODS, "alignments": ALIGNMENTS, "epochs": EPOCHS, **changes,
    }  # fmt: skip
    return BenchmarkSettings(**values)


def output_of(seed: int, *, space: bool, clips: int = 60) -> MethodOutput:
    """Clips around class means, anchors with an error of their own. All have the same true labels."""
    random = np.random.default_rng(seed)
    means = random.normal(size=(UNSEEN + SEEN, 8))
    labels = np.sort(np.random.default_rng(clips).integers(0, UNSEEN + SEEN, clips))
    points = (means[labels] + random.normal(size=(clips, 8))).astype(np.float32)
    anchors = (means + 1.2 * random.normal(size=means.shape)).astype(np.float32)
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (points, anchors)]
    return MethodOutput(unit[0] @ unit[1].T, points, anchors if space else None, labels, UNSEEN, 1.5)


def job_of(folder: Path, split: str = "utd-mhad/random-5-00", start: int = 0) -> SplitJob:
    """Two seeds and two folds, each with two numbers of epochs; all outputs are stored."""

    def fit_job(name: str, number: int) -> FitJob:
        job = FitJob(RunSettings(), (), -1, 0.1, METHODS, BaselineSettings(), folder / f"{split}-{name}", 10)
        for offset, method in enumerate(METHODS):
            save_output(job, method, output_of(start + 10 * number + offset, space=method == "pgfa"))
        return job

    return SplitJob(
        "alone", split,
        {(seed, e): fit_job(f"seed-{seed}-{e}", 5 + 2 * seed + e) for seed in (0, 1) for e in EPOCHS},
        {(fold, e): fit_job(f"fold-{fold}-{e}", 20 + 2 * fold + e) for fold in (0, 1) for e in EPOCHS},
        folder / split.replace("/", "-"),
    )  # fmt: skip


def loaded(job: FitJob, method: str) -> MethodOutput:
    output = load_output(job, method)
    assert output is not None
    return output


def accuracy(output: MethodOutput, alignment: str, option: dict[str, object]) -> float:
    """On clips of unseen classes, among these classes, clip by clip."""
    clips = [i for i, label in enumerate(output.labels.tolist()) if label < UNSEEN]
    scores, points = output.scores[clips][:, :UNSEEN], output.points[clips]
    anchors = None if output.anchors is None else output.anchors[:UNSEEN]
    if alignment == "paper":
        assert anchors is not None
        scores = align_with(points, anchors, AdaptSettings(method="paper", **option)).scores
    elif alignment == "uniform":
        assert anchors is not None
        settings = AdaptSettings(method="balanced", prior="uniform", **option)
        scores = align_with(points, anchors, settings).scores
    elif alignment == "t3a":
        scores = TEST_TIME["t3a"].rescore(scores, points, anchors, BaselineSettings(**option))
    right = [int(row.argmax()) == output.labels[i] for row, i in zip(scores, clips, strict=True)]
    return sum(right) / len(right)


def options(method: str) -> list[tuple[int, str, dict[str, object]]]:
    names = ALIGNMENTS if method == "pgfa" else ("none", "t3a")  # smie has no space to align in
    return [(e, a, dict(o)) for e in EPOCHS for a in names for o in GRIDS[a]]


def test_everything_is_chosen_on_the_folds_and_reported_on_the_runs(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    rows = evaluate_split(job, spec_of())
    assert len(rows) == 2 * 2 * (5 + 3)  # seeds x protocols x (alignments and what is chosen)
    for row in rows:
        method, seed = row["method"], row["seed"]
        best: dict[str, tuple[float, int, dict[str, object]]] = {}
        for epochs, name, option in options(method):
            fit_jobs = [job.folds[f, epochs] for f in (0, 1)]
            if row["protocol"] == "test-selected":
                fit_jobs = [job.full[seed, epochs]]
            mean = float(np.mean([accuracy(loaded(j, method), name, option) for j in fit_jobs]))
            for alignment in (name, CHOSEN):
                if alignment not in best or mean > best[alignment][0] + 1e-9:
                    best[alignment] = (mean, epochs, {"alignment": name, **option})
        mean, epochs, choice = best[row["alignment"]]
        if row["alignment"] == CHOSEN:
            assert row["accuracy"] in {
                r["accuracy"] for r in rows
                if (r["seed"], r["protocol"], r["method"]) == (seed, row["protocol"], method)
            }  # fmt: skip
        else:
            assert (row["epochs"], json.loads(row["choice"])) == (epochs, choice)
        if row["protocol"] == "validated":
            assert row["fold_accuracy"] == pytest.approx(mean)
        else:
            assert row["accuracy"] == pytest.approx(mean)
        output = loaded(job.full[seed, row["epochs"]], method)
        chosen = json.loads(row["choice"])
        expected = accuracy(output, chosen.pop("alignment"), chosen)
        assert row["accuracy"] == pytest.approx(expected)
        assert correct_clips(row).mean() == pytest.approx(expected)
        assert row["clips"] == (output.labels < UNSEEN).sum()


def test_the_penalty_comes_from_the_folds(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    for row in evaluate_split(job, spec_of(alignments=("none",), reference=("pgfa", "none"))):
        fit_jobs = [job.folds[f, row["epochs"]] for f in (0, 1)]
        if row["protocol"] == "test-selected":
            fit_jobs = [job.full[row["seed"], row["epochs"]]]
        outputs = [loaded(fit_job, row["method"]) for fit_job in fit_jobs]
        penalty = choose_penalty([GzslScores(o.scores, o.labels, UNSEEN) for o in outputs])
        output = loaded(job.full[row["seed"], row["epochs"]], row["method"])
        curve = sweep(GzslScores(output.scores, output.labels, UNSEEN))
        assert row["penalty"] == pytest.approx(penalty)
        assert (row["gzsl_seen"], row["gzsl_unseen"]) == pytest.approx(curve.accuracies(penalty))
        assert row["gzsl_h"] == pytest.approx(harmonic_mean(*curve.accuracies(penalty)))
        assert row["gzsl_area"] == pytest.approx(curve.area)


def test_labels_of_the_test_clips_change_no_validated_choice(tmp_path: Path) -> None:
    job, spec = job_of(tmp_path), spec_of(protocols=("validated",))
    before = [(r["epochs"], r["choice"], r["penalty"]) for r in evaluate_split(job, spec)]
    for fit_job in job.full.values():
        for method in METHODS:
            output = loaded(fit_job, method)
            labels = np.where(output.labels < UNSEEN, (output.labels + 1) % UNSEEN, output.labels)
            save_output(fit_job, method, replace(output, labels=labels))
    assert [(r["epochs"], r["choice"], r["penalty"]) for r in evaluate_split(job, spec)] == before


def test_the_mean_over_classes_leaves_out_a_class_without_clips(tmp_path: Path) -> None:
    """Every class has the same weight, whatever its number of clips; one without clips is not counted as wrong."""
    job, spec = (
        job_of(tmp_path),
        spec_of(protocols=("validated",), alignments=("none",), reference=("pgfa", "none")),
    )
    for fit_job in job.fit_jobs:
        output = loaded(fit_job, "pgfa")
        clips = np.flatnonzero(output.labels != 1)[5:]  # labels are sorted: class 0 has five clips fewer
        save_output(fit_job, "pgfa", replace(
            output, scores=output.scores[clips], points=output.points[clips], labels=output.labels[clips]
        ))  # fmt: skip
    for row in (r for r in evaluate_split(job, spec) if r["method"] == "pgfa"):
        output = loaded(job.full[row["seed"], row["epochs"]], "pgfa")
        hits: dict[int, list[bool]] = {0: [], 2: []}
        for scores, label in zip(output.scores, output.labels.tolist(), strict=True):
            if label < UNSEEN:
                hits[label].append(int(scores[:UNSEEN].argmax()) == label)
        shares = [sum(right) / len(right) for right in hits.values()]
        assert row["class_mean"] == pytest.approx(sum(shares) / 2)
        assert len(hits[0]) < len(hits[2])
        assert row["classes"] == UNSEEN


def test_the_order_of_clips_and_classes_does_not_matter(tmp_path: Path) -> None:
    job, spec = job_of(tmp_path), spec_of()
    names = ("accuracy", "class_mean", "gzsl_h", "gzsl_area", "fold_accuracy")
    before = [[r[n] for n in names] for r in evaluate_split(job, spec)]
    random = np.random.default_rng(0)
    for fit_job in job.fit_jobs:
        for method in METHODS:
            output = loaded(fit_job, method)
            order = random.permutation(len(output.labels))
            classes = np.concatenate([random.permutation(UNSEEN), UNSEEN + random.permutation(SEEN)])
            anchors = None if output.anchors is None else output.anchors[classes]
            save_output(fit_job, method, replace(
                output, scores=output.scores[order][:, classes], points=output.points[order], anchors=anchors,
                labels=np.argsort(classes)[output.labels[order]],
            ))  # fmt: skip
    np.testing.assert_allclose([[r[n] for n in names] for r in evaluate_split(job, spec)], before, atol=1e-9)


def test_a_failed_method_is_a_row_and_stops_no_other(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    failed = job.full[1, 2]
    (failed.folder / "smie.npz").unlink()
    write_json(error_path(failed, "smie"), {"error": "diverged"})
    rows = evaluate_split(job, spec_of())
    errors = [r for r in rows if r.get("error")]
    assert [(r["method"], r["seed"], r["error"]) for r in errors] == [("smie", 1, "diverged")]
    assert {(r["method"], r["seed"]) for r in rows if not r.get("error")} == {
        ("pgfa", 0),
        ("pgfa", 1),
        ("smie", 0),
    }
    (failed.folder / "pgfa.npz").write_bytes(b"PK damaged")
    errors = [r["error"] for r in evaluate_split(job, spec_of()) if r.get("error") and r["method"] == "pgfa"]
    assert errors == ["its process ended before it was fitted"]
    # A fold without one of the numbers of epochs is used for no choice, and is reported.
    (job.folds[1, 2].folder / "smie.npz").unlink()
    first = [loaded(job.folds[0, e], "smie") for e in EPOCHS]
    rows = [r for r in evaluate_split(job, spec_of(protocols=("validated",))) if r["method"] == "smie"]
    (row,) = (r for r in rows if r.get("alignment") == "none")
    assert row["fold_accuracy"] == max(accuracy(output, "none", {}) for output in first)
    (error,) = (r["error"] for r in rows if "seed" not in r)
    assert error == "1 of 2 folds: its process ended before it was fitted"


def test_the_best_epoch_on_the_test_clips_is_reported_as_test_selected(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    folder = job.full[0, 2].folder / "pgfa"
    folder.mkdir()
    lines = [
        {"epoch": e, "alpha": 0.9, "before": b, "after": a} for e, b, a in ((0, 0.1, 0.98), (1, 0.99, 0.2))
    ]
    (folder / TEST_LOG).write_text("".join(json.dumps(line) + "\n" for line in lines))
    rows = {
        r["alignment"]: r for r in evaluate_split(job, spec_of())
        if (r["protocol"], r["seed"], r["method"]) == ("test-selected", 0, "pgfa")
    }  # fmt: skip
    assert (rows["none"]["accuracy"], rows["none"]["epochs"]) == (0.99, 2)
    assert (rows["paper"]["accuracy"], rows["paper"]["epochs"]) == (0.98, 1)
    assert rows["paper"]["right"] is None
    assert rows["t3a"]["right"] is not None


def assert_close(actual: Difference, expected: Difference) -> None:
    assert [getattr(actual, f.name) for f in fields(Difference)] == pytest.approx(
        [getattr(expected, f.name) for f in fields(Difference)], abs=1e-9
    )


def test_tables_follow_from_the_rows(tmp_path: Path) -> None:
    spec = spec_of()
    jobs = [job_of(tmp_path, f"utd-mhad/random-5-0{n}", 1000 * n) for n in range(3)]
    rows = [row for job in jobs for row in evaluate_split(job, spec)]
    results = BenchmarkResults(spec, pl.DataFrame(rows, schema=SCHEMA))
    (column,) = results.columns
    assert column.group == "utd-mhad/random-5"
    by_split: dict[str, dict[tuple[str, str], list[NDArray[np.bool_]]]] = {}
    for row in rows:
        if row["protocol"] == "validated":
            runs = by_split.setdefault(row["split"], {})
            runs.setdefault((row["method"], row["alignment"]), []).append(correct_clips(row))
    for variant in results.variants:
        means = [np.mean([right.mean() for right in runs[variant]]) for runs in by_split.values()]
        cell = results.cell(column, variant, "accuracy", "validated")
        assert isinstance(cell, Cell)
        assert cell.value == pytest.approx(100 * np.mean(means))
        assert cell.spread == pytest.approx(4.302653 * 100 * np.std(means, ddof=1) / 3**0.5, rel=1e-4)

    def units(variant: tuple[str, str], other: tuple[str, str]) -> list[float]:
        """Of each split the mean over seeds of the difference in accuracy, from the bits of the clips."""
        pairs = [zip(runs[variant], runs[other], strict=True) for runs in by_split.values()]
        return [float(np.mean([first.mean() - second.mean() for first, second in seeds])) for seeds in pairs]

    others = [variant for variant in results.variants if variant != ("pgfa", "paper")]
    expected = holm([paired_difference(units(v, ("pgfa", "paper"))) for v in others])
    for variant, difference in zip(others, expected, strict=True):
        assert_close(results.differences[column, variant], difference)
    rivals = [variant for variant in results.variants if variant.method == "smie"]
    expected = holm([paired_difference(units(v, ("pgfa", v.alignment))) for v in rivals])
    assert {v for _, v in results.method_differences} == set(rivals)
    for variant, difference in zip(rivals, expected, strict=True):
        assert_close(results.method_differences[column, variant], difference)
    tables = tables_of(results)
    assert [t.title.partition(": ")[2].split(",")[0] for t in tables[:4]] == [
        "accuracy on unseen classes", "points above pgfa / paper", "points above pgfa after the same alignment",
        "mean over classes",
    ]  # fmt: skip
    assert tables[0].rows[0].cells[0] == results.cell(column, ("pgfa", "none"), "accuracy", "validated")


def test_evaluating_twice_gives_the_same_files_and_a_page_that_loads_nothing(tmp_path: Path) -> None:
    job, spec = job_of(tmp_path), spec_of(title="<b>Bad & title</b>")
    evaluate_job(job, spec)
    first = pl.read_parquet(job.result.with_suffix(".parquet"))
    points = pl.read_parquet(job.result.with_suffix(".curves.parquet"))
    evaluate_job(job, spec)
    again = pl.read_parquet(job.result.with_suffix(".parquet"))
    assert first.drop("judge_seconds").equals(again.drop("judge_seconds"))
    write_report(Benchmark(first, points), spec, tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<b>Bad" not in html
    assert "&lt;b&gt;Bad &amp; title" in html
    for outside in ("http://", "https://", "<script src", '<link rel="stylesheet"'):
        assert outside not in html
    assert html.count("<svg") >= 4
    assert {RESULTS, CURVES} == {"results.parquet", "curves.parquet"}


def test_curves_are_accuracies_by_loops(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    points = curve_points(job, spec_of())
    output = loaded(job.full[0, 2], "pgfa")
    unseen = output.zero_shot
    curves = {(p["alignment"], p["curve"], p["x"]): p["accuracy"] for p in points if p["seed"] == 0}
    for alpha in (0.1, 0.5, 1.0):
        assert curves["paper", "alpha", alpha] == pytest.approx(accuracy(output, "paper", {"alpha": alpha}))
    assert curves["none", "clips", 1.0] == pytest.approx(
        np.mean(
            [unseen.scores[i].argmax() == unseen.labels[i] for b in blocks(len(unseen.labels), 1) for i in b]
        )
    )
    everything = float(len(unseen.labels))
    assert curves["paper", "clips", everything] == pytest.approx(accuracy(output, "paper", {}))
    right = []
    for clips in unequal(unseen.labels, 5.0):
        assert unseen.anchors is not None
        alignment = align_with(unseen.points[clips], unseen.anchors, AdaptSettings(method="paper"))
        right += (alignment.predictions == unseen.labels[clips]).tolist()
    assert curves["paper", "imbalance", 5.0] == pytest.approx(np.mean(right))


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


def test_of_equally_good_options_the_first_is_chosen() -> None:
    assert best_of(np.array([[0.1, 0.5, 0.5], [0.1, 0.3, 0.3]])) == 1
    assert best_of(np.array([[0.5, 0.1], [0.1, 0.5]])) == 0
    assert GRIDS["paper"][0] == {"alpha": 1.0}


def test_every_alignment_of_the_grids_runs_and_needs_a_space() -> None:
    output = output_of(1, space=True).zero_shot
    for name, grid in GRIDS.items():
        for option in grid:
            scores = apply(name, option, output.scores, output.points, output.anchors)
            assert scores is not None
            assert scores.shape == output.scores.shape
            assert np.isfinite(scores).all()
    assert apply("paper", {}, output.scores, output.points, None) is None
    assert apply("none", {}, output.scores, output.points, None) is output.scores


@pytest.mark.parametrize(
    ("seen", "unseen", "folds", "size"),
    [(22, 5, 3, 5), (18, 9, 3, 6), (14, 13, 3, 4), (14, 13, 2, 4), (3, 2, 1, 1)],
)
def test_folds_leave_two_thirds(seen: int, unseen: int, folds: int, size: int) -> None:
    assert fold_size(seen, unseen, folds) == size


def test_too_few_classes_are_refused() -> None:
    with pytest.raises(BadConfig, match="pseudo-unseen"):
        fold_size(2, 2, 3)
