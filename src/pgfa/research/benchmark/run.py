"""`pgfa benchmark`: plan, fit in processes or on a cluster, evaluate, then rows, tables, figures and a report.

Everything that is finished is a file: stopped or killed at any moment, the same command resumes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from pgfa.errors import BadConfig, BadFile
from pgfa.evaluate.table import write_tables
from pgfa.files import (
    digest,
    parquet_bytes,
    read_json,
    verify_files,
    write_atomic,
    write_files_list,
    write_json,
)
from pgfa.files.lock import folder_lock
from pgfa.processes import cores
from pgfa.progress import Progress
from pgfa.research.benchmark import curves, evaluation
from pgfa.research.benchmark.fit import FitJob, error_path, fit, load_output
from pgfa.research.benchmark.page import page
from pgfa.research.benchmark.plan import SplitJob, plan
from pgfa.research.benchmark.results import BenchmarkResults
from pgfa.research.benchmark.spec import BenchmarkSettings, protocol_column
from pgfa.research.benchmark.summary import load_summary, record_of, save_summary
from pgfa.research.benchmark.tables import tables_of
from pgfa.research.selection import GRIDS
from pgfa.tasks.cluster import Cluster
from pgfa.tasks.pool import Pool
from pgfa.tasks.task import Executor, Task, TaskResult

RESULTS, CURVES, TABLES, REPORT = "results.parquet", "curves.parquet", "tables", "report.html"
SUMMARY = "summary"
"""Folder with what `pgfa.research.benchmark.summary` writes."""


@dataclass(frozen=True)
class Benchmark:
    """A finished benchmark.

    Attributes:
        results: one row per training set, split, seed, protocol, method and alignment.
        curves: points of the figures.
    """

    results: pl.DataFrame
    curves: pl.DataFrame

    @property
    def errors(self) -> int:
        """How many rows hold an error instead of figures."""
        return int(self.results["error"].is_not_null().sum())


def run_benchmark(
    spec: BenchmarkSettings,
    out: Path,
    packs: Path,
    *,
    jobs: int | None = None,
    device: str = "auto",
    ray: str | None = None,
    report_only: bool = False,
    show: bool = True,
) -> Benchmark:
    """Run a benchmark, or resume it; what failed before is tried again.

    Args:
        spec: checked.
        out: folder for everything that is written.
        packs: folder with the packs of the spec.
        jobs: number of processes; default: one per core, or per GPU.
        device: ``cpu``, ``cuda``, ``cuda:1``, or ``auto``: all GPUs, or else all cores.
        ray: address of a Ray cluster that runs the jobs instead (`Cluster`).
        report_only: train nothing, report the finished splits, even while another process works on the others.
        show: report progress and time left on stderr.

    Raises:
        PgfaError: before anything is trained, as `plan`; with `report_only`, if no split is finished.
        FolderInUse: another process runs a benchmark in `out`.
    """
    started = time.monotonic()
    if ray is not None:
        out, packs = out.absolute(), packs.absolute()
    if report_only:
        return _report_finished(plan(spec, out, packs), spec, out, started)
    executor = _executor(out, jobs, device, ray)
    split_jobs = plan(spec, out, packs)
    if show and ray is None:
        _print_note(spec.run.train.precision, device)
    with folder_lock(out):
        return _run(split_jobs, spec, out, executor, show, started)


def _print_note(precision: str, device: str) -> None:
    from pgfa.model.device import pick_device, precision_note

    if note := precision_note(precision, pick_device(device)):
        print(note, file=sys.stderr)


def _run(
    split_jobs: Sequence[SplitJob],
    spec: BenchmarkSettings,
    out: Path,
    executor: Executor,
    show: bool,
    started: float,
) -> Benchmark:
    spec.save(out / "spec.toml")
    schedule = _Schedule(split_jobs, spec)
    tasks = schedule.first_tasks()
    total = sum(job.clips for split_job in split_jobs for job in split_job.fit_jobs)
    before = total - sum(job.clips for job in schedule.open_jobs)
    with Progress("benchmark", total, before, "clips", show) as bar:
        schedule.bar = bar
        try:
            if tasks:
                executor.run(tasks, ended=schedule.ended, advance=schedule.advance)
        except KeyboardInterrupt:
            with suppress(BadConfig):
                _report_finished(split_jobs, spec, out, started)
            raise
    return _collect(split_jobs, spec, schedule.problems, out, started)


@dataclass
class _Schedule:
    """Which jobs are open, and which tasks follow as others end.

    Attributes:
        split_jobs, spec: what is to be done.
        bar: progress over all clips.
        counts: folder of an open fit job -> clips counted so far.
        problems: result of a split -> why it could not be evaluated.
    """

    split_jobs: Sequence[SplitJob]
    spec: BenchmarkSettings
    bar: Progress | None = None
    counts: dict[Path, int] = field(default_factory=dict)
    problems: dict[Path, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for job in (job for split_job in self.split_jobs for job in split_job.fit_jobs):
            if any(load_output(job, method) is None for method in self.spec.methods):
                self.counts[job.folder] = 0

    @property
    def open_jobs(self) -> list[FitJob]:
        """Fit jobs that have not ended, in the order of the plan."""
        fit_jobs = [job for split_job in self.split_jobs for job in split_job.fit_jobs]
        return [job for job in fit_jobs if job.folder in self.counts]

    def first_tasks(self) -> list[Task]:
        """Splits that only need to be evaluated, then all open fits."""
        ready = [job for job in self.split_jobs if self._is_fitted(job) and not _is_evaluated(job, self.spec)]
        return [*map(self._evaluation, ready), *map(_fit_task, self.open_jobs)]

    def advance(self, task: Task, count: int) -> None:
        """A task has trained on `count` clips; never more are counted than its job was estimated to have."""
        job: FitJob = task.arguments[0]
        count = min(count, job.clips - self.counts[job.folder])
        self.counts[job.folder] += count
        if self.bar is not None:
            self.bar.advance(count)

    def ended(self, result: TaskResult) -> list[Task]:
        """Record how a task ended; the evaluations that can start now."""
        if result.task.function is not fit:
            if result.error:
                self.problems[result.task.arguments[0].result] = result.error
            return []
        job: FitJob = result.task.arguments[0]
        if result.error:
            for method in (m for m in job.methods if load_output(job, m) is None):
                write_json(error_path(job, method), {"error": result.error})
        rest = job.clips - self.counts.pop(job.folder)
        if self.bar is not None:
            self.bar.advance(rest)
            self.bar.set_title(f"{job.settings.split}, {job.folder.parent.parent.name}")
        return [
            self._evaluation(split_job)
            for split_job in self.split_jobs
            if job.folder in {other.folder for other in split_job.fit_jobs} and self._is_fitted(split_job)
        ]

    def _evaluation(self, job: SplitJob) -> Task:
        return Task(evaluate_job, (job, self.spec))

    def _is_fitted(self, job: SplitJob) -> bool:
        return not any(fit_job.folder in self.counts for fit_job in job.fit_jobs)


def _report_finished(
    split_jobs: Sequence[SplitJob], spec: BenchmarkSettings, out: Path, started: float
) -> Benchmark:
    """Rows and tables of the finished splits."""
    finished = [job for job in split_jobs if _is_evaluated(job, spec)]
    if not finished:
        raise BadConfig(f"{out}: no split is finished yet")
    return _collect(finished, spec, {}, out, started)


def report_summary(folder: Path, out: Path) -> Benchmark:
    """Tables and page from the files of a finished benchmark: no pack and no trained run is needed.

    Args:
        folder: with what `pgfa.research.benchmark.summary` writes.
        out: folder for tables and page.

    Raises:
        BadConfig, BadFile: as `load_summary`.
    """
    spec, rows, points = load_summary(folder)
    benchmark = Benchmark(rows, points)
    write_report(benchmark, spec, out)
    return benchmark


def write_report(benchmark: Benchmark, spec: BenchmarkSettings, out: Path) -> None:
    """Tables as text, Markdown and LaTeX, and the page."""
    results = BenchmarkResults(spec, benchmark.results)
    tables = tables_of(results)
    write_tables(out / TABLES, tables)
    write_atomic(out / REPORT, page(results, benchmark.curves, tables))


def evaluate_job(
    job: SplitJob, spec: BenchmarkSettings, *, device: str = "cpu", bar: Progress | None = None
) -> None:
    """Write rows and curves of a split as two files and, last, the key of what they were computed from."""
    evaluation.write_rows(job.result.with_suffix(".parquet"), evaluation.evaluate_split(job, spec))
    points = pl.DataFrame(curves.curve_points(job, spec), schema=curves.SCHEMA)
    write_atomic(job.result.with_suffix(".curves.parquet"), parquet_bytes(points))
    files = [job.result.with_suffix(suffix).name for suffix in (".parquet", ".curves.parquet")]
    write_files_list(job.result.with_suffix(".json"), {"key": _key(job, spec)}, files)


def _key(job: SplitJob, spec: BenchmarkSettings) -> str:
    """Digest of what rows are computed from: the stored outputs, what is compared, the settings to choose from."""
    stored = [
        [fit_job.key, *(load_output(fit_job, m) is not None for m in spec.methods)]
        for fit_job in job.fit_jobs
    ]
    compared = spec.canonical(include={"methods", "alignments", "protocols", "reference"})
    return digest(evaluation.VERSION, {name: GRIDS[name] for name in spec.alignments}, stored, compared)


def _is_evaluated(job: SplitJob, spec: BenchmarkSettings) -> bool:
    path = job.result.with_suffix(".json")
    try:
        saved = read_json(path)
        verify_files(path, saved)
        return bool(saved["key"] == _key(job, spec))
    except (BadFile, KeyError, TypeError):
        return False


def _collect(
    split_jobs: Sequence[SplitJob],
    spec: BenchmarkSettings,
    problems: dict[Path, str],
    out: Path,
    started: float,
) -> Benchmark:
    """All rows in one file, in the order of the spec, with their record; tables and report."""
    frames, points = [], [pl.DataFrame(schema=curves.SCHEMA)]
    for job in split_jobs:
        if job.result in problems:
            head = {"training": job.training, "dataset": job.split.partition("/")[0], "split": job.split}
            row: dict[str, Any] = head | {"error": problems[job.result]}
            frames.append(pl.DataFrame([row], schema=evaluation.SCHEMA))
            continue
        frames.append(pl.read_parquet(job.result.with_suffix(".parquet")))
        points.append(pl.read_parquet(job.result.with_suffix(".curves.parquet")))
    benchmark = Benchmark(protocol_column(pl.concat(frames)), pl.concat(points))
    write_atomic(out / RESULTS, parquet_bytes(benchmark.results))
    write_atomic(out / CURVES, parquet_bytes(benchmark.curves))
    packs = {
        name: Path(folder)
        for job in split_jobs
        for name, folder in zip(spec.training[job.training], job.packs, strict=True)
    }
    record = record_of(spec, packs, benchmark.results, time.monotonic() - started)
    save_summary(out / SUMMARY, spec, benchmark.results, benchmark.curves, record)
    write_report(benchmark, spec, out)
    return benchmark


def _fit_task(job: FitJob) -> Task:
    return Task(fit, (job,), job.memory, job.folder)


def _executor(out: Path, jobs: int | None, device: str, ray: str | None) -> Executor:
    if ray is None:
        return Pool(_devices(device, jobs))
    if jobs is not None:
        raise BadConfig(f"--jobs {jobs} with --ray: a cluster runs as many jobs as it has cores or GPUs")
    return Cluster(ray, out, device)


def _devices(device: str, jobs: int | None) -> list[str]:
    """The device of each process."""
    if jobs is not None and jobs < 1:
        raise BadConfig(f"expected at least one process, found --jobs {jobs}")
    import torch

    from pgfa.model.device import pick_device

    if device == "auto":
        gpus = [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
        devices = gpus or ["cpu"] * cores()
        return devices if jobs is None else [devices[i % len(devices)] for i in range(jobs)]
    pick_device(device)  # raises if there is none
    return [device] * (jobs or (cores() if device == "cpu" else 1))
