"""The benchmark end to end on a few synthetic clips: processes, a kill, failures, clips set aside."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import tomli_w

from pgfa.config import RunSettings
from pgfa.errors import BadConfig
from pgfa.evaluate.gzsl import set_aside
from pgfa.pack import open_pack, save_pack
from pgfa.progress import Progress
from pgfa.research.baselines import METHODS
from pgfa.research.benchmark import fit as benchmark_fit
from pgfa.research.benchmark.fit import _arena, _subjects, fit, load
from pgfa.research.benchmark.plan import plan
from pgfa.research.benchmark.run import RESULTS, run_benchmark
from pgfa.research.benchmark.spec import BenchmarkSettings, load_benchmark
from pgfa.research.benchmark.workers import Ended, Task, work
from pgfa.synth import DEMO_ACTIONS, make_clips
from pgfa.train.corpus import build_corpus

ROOT = Path(__file__).resolve().parents[2]
TIMES = ("fit_seconds", "judge_seconds")


def breathe(number: int, *, device: str, bar: Progress) -> None:
    """A task that is done at once."""


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("packs")
    save_pack(make_clips(performers=3, repeats=1, actions=DEMO_ACTIONS), place / "synthetic")
    return place


def spec_of(**changes: object) -> BenchmarkSettings:
    given = {
        "training": {"alone": ["synthetic"]}, "splits": [{"names": ["synthetic/18-6"], "folds": 1}],
        "methods": ["pgfa", "eszsl"], "alignments": ["none", "paper"], "epochs": [2],
        "run": {"model": {"channels": [8], "strides": [2]}, "train": {"batch_size": 16}}, **changes,
    }  # fmt: skip
    return BenchmarkSettings(**given)


@pytest.fixture(scope="module")
def whole(packs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed run."""
    out = tmp_path_factory.mktemp("out") / "whole"
    done = run_benchmark(spec_of(), out, packs, jobs=1, device="cpu", show=False)
    assert done.errors == 0
    return out


def numbers(out: Path) -> pl.DataFrame:
    return pl.read_parquet(out / RESULTS).drop(*TIMES)


def test_rows_are_what_was_asked_for(whole: Path) -> None:
    found = numbers(whole)
    assert found.height == 2 * 2 * 3  # protocols x methods x (alignments and what is chosen)
    assert found.select("protocol", "method", "alignment").unique().height == found.height
    assert found["clips"].unique().to_list() == [18]  # three people, six unseen classes
    assert found["classes"].unique().to_list() == [6]
    honest = found.filter(pl.col("protocol") == "honest")
    assert honest["gzsl_h"].is_not_null().all()
    assert honest["gzsl_area"].is_between(0, 1).all()
    for row in honest.iter_rows(named=True):
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


def test_what_is_done_can_be_read_before_all_is(whole: Path, packs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    (out / RESULTS).unlink()
    more = spec_of(splits=[{"names": ["synthetic/18-6", "synthetic/31-6"], "folds": 1}])
    part = run_benchmark(more, out, packs, so_far=True, show=False)
    assert part.results["split"].unique().to_list() == ["synthetic/18-6"]
    done = run_benchmark(spec_of(), out, packs, so_far=True, show=False)
    assert done.errors == 0
    assert (out / RESULTS).read_bytes() == (whole / RESULTS).read_bytes()
    shutil.rmtree(out / "results")
    with pytest.raises(BadConfig, match="no split is done"):
        run_benchmark(spec_of(), out, packs, so_far=True, show=False)


def test_what_is_lost_is_made_again(whole: Path, packs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    lost = sorted(out.rglob("eszsl.npz"))
    lost[0].unlink()
    lost[1].write_bytes(lost[1].read_bytes()[:-100])
    shutil.rmtree(out / "results")
    run_benchmark(spec_of(), out, packs, jobs=1, device="cpu", show=False)
    assert numbers(out).equals(numbers(whole))


def test_a_method_that_fails_leaves_its_error_and_the_others_go_on(
    packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("no luck")

    (job,) = plan(spec_of(methods=["eszsl", "pgfa"]), tmp_path, packs)
    unit = job.folds[0, 2]
    monkeypatch.setitem(METHODS, "eszsl", broken)  # type: ignore[arg-type]
    fit(unit)
    assert load(unit, "eszsl") is None
    assert benchmark_fit.error_of(unit, "eszsl") == "ValueError: no luck"
    assert load(unit, "pgfa") is not None


def test_processes_that_raise_or_die_stop_no_other(packs: Path, tmp_path: Path) -> None:
    (job,) = plan(spec_of(methods=["pgfa"]), tmp_path, packs)
    unit = job.folds[0, 2]
    tasks: list[Task] = [(fit, ("no unit",)), (fit, (unit,)), (fit, (job.full[0, 2],))]
    ends: list[Ended] = []
    killed: list[int] = []

    def advance(task: Task, count: int) -> None:
        if task[1][0] == unit and not killed:
            (child,) = multiprocessing.active_children()
            killed.append(int(child.pid or 0))
            os.kill(killed[0], signal.SIGKILL)

    def ended(end: Ended) -> list[Task]:
        ends.append(end)
        return []

    work(tasks, ["cpu"], ended=ended, advance=advance)
    assert "AttributeError" in ends[0].error
    assert killed
    assert "ended with code -9" in ends[1].error
    assert ends[2].error == ""
    assert load(job.full[0, 2], "pgfa") is not None
    assert not multiprocessing.active_children()


def test_an_idle_process_that_dies_is_replaced() -> None:
    """Killed while it waits for work: the tasks that come later are done all the same."""
    ends: list[tuple[object, str]] = []

    def ended(end: Ended) -> list[Task]:
        ends.append((end.task[1], end.error))
        if len(ends) > 1:
            return []
        (child,) = multiprocessing.active_children()
        os.kill(int(child.pid or 0), signal.SIGKILL)
        child.join()
        return [(breathe, (2,)), (breathe, (3,))]

    work([(breathe, (1,))], ["cpu"], ended=ended, advance=lambda task, count: None)
    assert ends == [((1,), ""), ((2,), ""), ((3,), "")]


def test_clips_set_aside_are_of_people_who_train_nothing(packs: Path, tmp_path: Path) -> None:
    (job,) = plan(spec_of(seen_share=0.3), tmp_path, packs)
    pack = open_pack(packs / "synthetic")
    outer, aside = _arena(job.full[0, 2])
    inner, own_aside = _arena(job.folds[0, 2])
    assert aside is not None
    assert own_aside is not None

    def places(*sets: object) -> list[set[int]]:
        return [set(s.origin[:, 1].tolist()) for s in sets]  # type: ignore[attr-defined]

    trained, test, kept = places(outer.train, outer.test, aside)
    assert not trained & kept
    assert not trained & test
    people = {pack.subjects[i] for i in kept}
    assert len(people) == 1
    assert not people & {pack.subjects[i] for i in trained}
    assert len(kept) >= 0.3 * (len(kept) + len(trained))
    # A fold never touches what is kept for the tests, and keeps people of its own.
    fold_trained, fold_test, fold_kept = places(inner.train, inner.test, own_aside)
    assert fold_trained | fold_test | fold_kept <= trained
    assert not fold_trained & (fold_test | fold_kept)
    held = {action.key for action in inner.unseen}
    assert held == set(job.folds[0, 2].held)
    assert not held & {action.key for action in outer.unseen}
    assert not held & {action.key for action in inner.seen}


def test_where_people_are_not_known_a_share_of_each_class_is_set_aside(packs: Path) -> None:
    corpus = build_corpus(RunSettings(packs=(str(packs / "synthetic"),), split="synthetic/18-6"))
    nobody = np.full(len(corpus.train), "")
    left, aside = set_aside(corpus, nobody, 0.4, 0)
    assert aside is not None
    assert np.bincount(aside.labels).tolist() == [1] * 18
    assert np.bincount(left.train.labels).tolist() == [2] * 18
    assert set_aside(corpus, nobody, 0.0, 0) == (corpus, None)
    # A class shown by one person only keeps its clips.
    lonely = _subjects(corpus, RunSettings(packs=(str(packs / "synthetic"),)))
    lonely[corpus.train.labels == 4] = "p09"
    for seed in range(4):
        left, aside = set_aside(corpus, lonely, 0.1, seed)
        assert np.bincount(left.train.labels, minlength=18).min() > 0


def test_other_settings_are_other_runs(packs: Path, tmp_path: Path) -> None:
    folders = {
        unit.folder
        for changes in ({}, {"seen_share": 0.4}, {"epochs": [3]}, {"run": {"train": {"batch_size": 8}}})
        for unit in plan(spec_of(**changes), tmp_path, packs)[0].units
    }
    assert len(folders) == 8
    (one,), (two,) = (
        plan(spec_of(splits=[{"names": ["synthetic/18-6"], "folds": folds}]), tmp_path, packs)
        for folds in (1, 2)
    )
    assert one.folds[0, 2].held != two.folds[0, 2].held
    assert one.folds[0, 2].folder != two.folds[0, 2].folder  # fold 0 of two holds other classes out
    assert one.full[0, 2].folder == two.full[0, 2].folder


def test_test_clips_are_watched_for_protocol_paper_alone(packs: Path, tmp_path: Path) -> None:
    for protocols, watched in ((["honest"], False), (["honest", "paper"], True)):
        (job,) = plan(spec_of(protocols=protocols), tmp_path, packs)
        assert {unit.settings.train.test_each_epoch for unit in job.full.values()} == {watched}
        assert {unit.settings.train.test_each_epoch for unit in job.folds.values()} == {False}


def test_a_pack_that_is_not_there_is_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="--packs"):
        plan(spec_of(training={"alone": ["utd-mhad"]}), tmp_path, tmp_path)


@pytest.mark.parametrize("spec", sorted((ROOT / "specs").glob("*.toml")), ids=lambda p: p.stem)
def test_specs_that_come_with_the_project_are_whole(spec: Path) -> None:
    assert load_benchmark(spec).groups()
