"""The benchmark end to end on a few synthetic clips: processes, a kill, failures, clips set aside."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import tomli_w

from pgfa.cli.benchmark import benchmark as benchmark_command
from pgfa.cli.main import main
from pgfa.config import RunSettings
from pgfa.errors import BadConfig
from pgfa.evaluate.gzsl import set_aside
from pgfa.pack import open_pack, save_pack
from pgfa.progress import Progress
from pgfa.research.baselines import METHODS
from pgfa.research.benchmark.fit import _job_clips, _subjects, error_of, fit, load_output
from pgfa.research.benchmark.plan import plan
from pgfa.research.benchmark.run import RESULTS, Benchmark, run_benchmark
from pgfa.research.benchmark.spec import BenchmarkSettings, load_benchmark
from pgfa.research.evidence.record import load_record
from pgfa.synth import DEMO_ACTIONS, make_clips
from pgfa.tasks.pool import Pool
from pgfa.tasks.task import Task, TaskResult
from pgfa.train.clip_set import ClipSet
from pgfa.train.corpus import build_corpus

ROOT = Path(__file__).resolve().parents[2]
TIMES = ("fit_seconds", "judge_seconds")


def do_nothing(number: int, *, device: str, bar: Progress) -> None:
    """A task that ends at once."""


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    save_pack(make_clips(performers=3, repeats=1, actions=DEMO_ACTIONS), folder / "synthetic")
    return folder


def spec_of(**changes: object) -> BenchmarkSettings:
    values = {
        "training": {"alone": ["synthetic"]}, "splits": [{"names": ["synthetic/18-6"], "folds": 1}],
        "methods": ["pgfa", "eszsl"], "alignments": ["none", "paper"], "epochs": [2],
        "run": {"model": {"channels": [8], "strides": [2]}, "train": {"batch_size": 16}}, **changes,
    }  # fmt: skip
    return BenchmarkSettings(**values)


@pytest.fixture(scope="module")
def whole(packs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed run."""
    out = tmp_path_factory.mktemp("out") / "whole"
    benchmark = run_benchmark(spec_of(), out, packs, jobs=1, device="cpu", show=False)
    assert benchmark.errors == 0
    return out


def numbers(out: Path) -> pl.DataFrame:
    return pl.read_parquet(out / RESULTS).drop(*TIMES)


def test_rows_have_a_record_of_data_settings_and_machine(whole: Path, packs: Path) -> None:
    record = load_record(whole / "summary" / "results.csv")
    assert record is not None
    assert record.data["synthetic"] == {
        "digest": open_pack(packs / "synthetic").digest, "clips": 72, "datasets": ["synthetic"],
    }  # fmt: skip
    assert record.training == {"alone": ["synthetic"]}
    assert record.settings["run"]["model"]["channels"] == [8]
    assert record.seeds == (0,)
    (call,) = record.computations
    assert call.seconds > 0


def test_rows_hold_every_protocol_method_and_alignment(whole: Path) -> None:
    rows = numbers(whole)
    assert rows.height == 2 * 2 * 3  # protocols x methods x (alignments and what is chosen)
    assert rows.select("protocol", "method", "alignment").unique().height == rows.height
    assert rows["clips"].unique().to_list() == [18]  # three people, six unseen classes
    assert rows["classes"].unique().to_list() == [6]
    validated = rows.filter(pl.col("protocol") == "validated")
    assert validated["gzsl_h"].is_not_null().all()
    assert validated["gzsl_area"].is_between(0, 1).all()
    for row in validated.iter_rows(named=True):
        right = np.unpackbits(np.frombuffer(row["right"], np.uint8), count=row["clips"])
        assert row["accuracy"] == pytest.approx(right.mean())


def test_the_same_command_again_trains_nothing_and_changes_nothing(whole: Path, packs: Path) -> None:
    weights = {p: p.stat().st_mtime_ns for p in whole.rglob("*.safetensors")}
    assert weights
    before = (whole / RESULTS).read_bytes()
    run_benchmark(spec_of(), whole, packs, jobs=1, device="cpu", show=False)
    assert (whole / RESULTS).read_bytes() == before
    assert {p: p.stat().st_mtime_ns for p in whole.rglob("*.safetensors")} == weights


def test_killed_at_any_moment_it_ends_with_the_same_numbers(whole: Path, packs: Path, tmp_path: Path) -> None:
    spec, out = tmp_path / "spec.toml", tmp_path / "out"
    spec.write_text(tomli_w.dumps(spec_of().model_dump(mode="json", exclude_none=True)))
    command = [
        sys.executable,
        "-m",
        "pgfa.cli.main",
        "benchmark",
        str(spec),
        "--out",
        str(out),
        "--packs",
        str(packs),
    ]
    command += ["--jobs", "1", "--device", "cpu", "--quiet"]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
    limit = time.monotonic() + 120
    while not list(out.rglob("metrics.jsonl")) and time.monotonic() < limit:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list(out.rglob("metrics.jsonl"))
    assert not (out / RESULTS).exists()
    run_benchmark(load_benchmark(spec), out, packs, jobs=1, device="cpu", show=False)
    assert numbers(out).equals(numbers(whole))


def test_finished_splits_can_be_reported_before_all_are(whole: Path, packs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    (out / RESULTS).unlink()
    more = spec_of(splits=[{"names": ["synthetic/18-6", "synthetic/31-6"], "folds": 1}])
    part = run_benchmark(more, out, packs, report_only=True, show=False)
    assert part.results["split"].unique().to_list() == ["synthetic/18-6"]
    benchmark = run_benchmark(spec_of(), out, packs, report_only=True, show=False)
    assert benchmark.errors == 0
    assert (out / RESULTS).read_bytes() == (whole / RESULTS).read_bytes()
    shutil.rmtree(out / "results")
    with pytest.raises(BadConfig, match="no split is finished"):
        run_benchmark(spec_of(), out, packs, report_only=True, show=False)


def test_tables_follow_from_the_summary_by_one_command(whole: Path, tmp_path: Path) -> None:
    """Without packs and trained runs; a folder is no specification."""
    summary = shutil.copytree(whole / "summary", tmp_path / "results")
    benchmark_command(summary, out=tmp_path / "again", report_only=True)
    for name in ("tables.txt", "tables.md", "tables.tex", "report.html"):
        assert (tmp_path / "again" / name).read_bytes() == (whole / name).read_bytes()
    assert not list((tmp_path / "again").glob("*.parquet"))
    with pytest.raises(BadConfig, match="add --report-only"):
        benchmark_command(summary, out=tmp_path / "more")


def test_lost_and_damaged_outputs_are_computed_again(whole: Path, packs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    lost = sorted(out.rglob("eszsl.npz"))
    lost[0].unlink()
    lost[1].write_bytes(lost[1].read_bytes()[:-100])
    shutil.rmtree(out / "results")
    run_benchmark(spec_of(), out, packs, jobs=1, device="cpu", show=False)
    assert numbers(out).equals(numbers(whole))


def test_a_method_that_fails_leaves_its_error_and_stops_no_other(
    packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("no luck")

    (split_job,) = plan(spec_of(methods=["eszsl", "pgfa"]), tmp_path, packs)
    job = split_job.folds[0, 2]
    monkeypatch.setitem(METHODS, "eszsl", replace(METHODS["eszsl"], fit=broken))
    fit(job)
    assert load_output(job, "eszsl") is None
    assert error_of(job, "eszsl") == "ValueError: no luck"
    assert load_output(job, "pgfa") is not None


def test_processes_that_raise_or_die_stop_no_other(packs: Path, tmp_path: Path) -> None:
    (split_job,) = plan(spec_of(methods=["pgfa"]), tmp_path, packs)
    job, last = split_job.folds[0, 2], split_job.full[0, 2]
    tasks = [Task(fit, ("no job",)), Task(fit, (job,)), Task(fit, (last,))]
    results: list[TaskResult] = []
    killed: list[int] = []

    def advance(task: Task, count: int) -> None:
        if task.arguments[0] == job and not killed:
            (child,) = multiprocessing.active_children()
            killed.append(int(child.pid or 0))
            os.kill(killed[0], signal.SIGKILL)

    def ended(result: TaskResult) -> list[Task]:
        results.append(result)
        return []

    Pool(["cpu"]).run(tasks, ended=ended, advance=advance)
    assert "AttributeError" in results[0].error
    assert killed
    assert "ended with code -9" in results[1].error
    assert results[2].error == ""
    assert load_output(last, "pgfa") is not None
    assert not multiprocessing.active_children()


def test_an_idle_process_that_dies_is_replaced() -> None:
    """Killed while it waits for a task: later tasks are run all the same."""
    ends: list[tuple[object, str]] = []

    def ended(result: TaskResult) -> list[Task]:
        ends.append((result.task.arguments, result.error))
        if len(ends) > 1:
            return []
        (child,) = multiprocessing.active_children()
        os.kill(int(child.pid or 0), signal.SIGKILL)
        child.join()
        return [Task(do_nothing, (2,)), Task(do_nothing, (3,))]

    Pool(["cpu"]).run([Task(do_nothing, (1,))], ended=ended, advance=lambda task, count: None)
    assert ends == [((1,), ""), ((2,), ""), ((3,), "")]


def test_clips_set_aside_are_of_people_who_train_nothing(packs: Path, tmp_path: Path) -> None:
    (job,) = plan(spec_of(seen_share=0.3), tmp_path, packs)
    pack = open_pack(packs / "synthetic")
    corpus, aside = _job_clips(job.full[0, 2])
    fold, fold_aside = _job_clips(job.folds[0, 2])
    assert aside is not None
    assert fold_aside is not None

    def clips_of(*sets: ClipSet) -> list[set[int]]:
        return [set(clips.origin[:, 1].tolist()) for clips in sets]

    train, test, seen_test = clips_of(corpus.train, corpus.test, aside)
    assert not train & seen_test
    assert not train & test
    people = {pack.subjects[i] for i in seen_test}
    assert len(people) == 1
    assert not people & {pack.subjects[i] for i in train}
    assert len(seen_test) >= 0.3 * (len(seen_test) + len(train))
    # A fold uses none of the clips set aside for the tests, and sets people of its own aside.
    fold_train, fold_test, fold_seen_test = clips_of(fold.train, fold.test, fold_aside)
    assert fold_train | fold_test | fold_seen_test <= train
    assert not fold_train & (fold_test | fold_seen_test)
    held_out = {action.key for action in fold.unseen}
    assert held_out == set(job.folds[0, 2].held_out)
    assert not held_out & {action.key for action in corpus.unseen}
    assert not held_out & {action.key for action in fold.seen}


def test_if_people_are_unknown_a_share_of_each_class_is_set_aside(packs: Path) -> None:
    corpus = build_corpus(RunSettings(packs=(str(packs / "synthetic"),), split="synthetic/18-6"))
    unknown = np.full(len(corpus.train), "")
    left, aside = set_aside(corpus, unknown, 0.4, 0)
    assert aside is not None
    assert np.bincount(aside.labels).tolist() == [1] * 18
    assert np.bincount(left.train.labels).tolist() == [2] * 18
    assert set_aside(corpus, unknown, 0.0, 0) == (corpus, None)
    # All clips of a class performed by one person stay.
    subjects = _subjects(corpus, RunSettings(packs=(str(packs / "synthetic"),)))
    subjects[corpus.train.labels == 4] = "p09"
    for seed in range(4):
        left, aside = set_aside(corpus, subjects, 0.1, seed)
        assert np.bincount(left.train.labels, minlength=18).min() > 0


def test_other_settings_are_other_runs(packs: Path, tmp_path: Path) -> None:
    folders = {
        job.folder
        for changes in ({}, {"seen_share": 0.4}, {"epochs": [3]}, {"run": {"train": {"batch_size": 8}}})
        for job in plan(spec_of(**changes), tmp_path, packs)[0].fit_jobs
    }
    assert len(folders) == 8
    (one,), (two,) = (
        plan(spec_of(splits=[{"names": ["synthetic/18-6"], "folds": folds}]), tmp_path, packs)
        for folds in (1, 2)
    )
    assert one.folds[0, 2].held_out != two.folds[0, 2].held_out
    assert one.folds[0, 2].folder != two.folds[0, 2].folder  # fold 0 of two holds out other classes
    assert one.full[0, 2].folder == two.full[0, 2].folder


def test_each_epoch_is_tested_for_the_protocol_test_selected_only(packs: Path, tmp_path: Path) -> None:
    for protocols, tested in ((["validated"], False), (["validated", "test-selected"], True)):
        (split_job,) = plan(spec_of(protocols=protocols), tmp_path, packs)
        assert {job.settings.train.test_each_epoch for job in split_job.full.values()} == {tested}
        assert {job.settings.train.test_each_epoch for job in split_job.folds.values()} == {False}


def test_a_missing_pack_is_reported_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="--packs"):
        plan(spec_of(training={"alone": ["utd-mhad"]}), tmp_path, tmp_path)


@pytest.mark.parametrize("spec", sorted((ROOT / "specs").glob("*.toml")), ids=lambda p: p.stem)
def test_the_specs_of_the_project_are_valid(spec: Path) -> None:
    assert load_benchmark(spec).groups()


def test_failed_runs_are_one_sentence_and_an_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on a full disk: what could be computed is printed before."""
    rows = pl.DataFrame({"error": [None, "a.npz: cannot be written:\nno space left on the disk"]})
    monkeypatch.setattr(
        "pgfa.research.benchmark.run.run_benchmark", lambda *given, **options: Benchmark(rows, pl.DataFrame())
    )
    (tmp_path / "tables.txt").write_text("a table")
    spec = ROOT / "specs" / "tiny.toml"
    with pytest.raises(SystemExit) as stop:
        main(["benchmark", str(spec), "--out", str(tmp_path)])
    assert str(stop.value) == (
        "pgfa: 1 row without figures, as their runs failed; the report lists the errors, first: a.npz: cannot be "
        "written: no space left on the disk; run the same command again to retry them"
    )
    assert "a table" in capsys.readouterr().out
