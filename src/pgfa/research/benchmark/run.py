"""`pgfa benchmark`: plan, fit over processes, judge, then one Parquet file, tables, figures and a report.

Everything that is finished is a file: stopped or killed at any moment, the same command goes on where it was.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pgfa.errors import BadConfig, BadFile
from pgfa.files import digest, read_json, write_atomic, write_json
from pgfa.processes import cores
from pgfa.progress import Progress
from pgfa.research.benchmark import curves as benchmark_curves
from pgfa.research.benchmark import judge as benchmark_judge
from pgfa.research.benchmark.fit import Fit, fit, load
from pgfa.research.benchmark.page import page
from pgfa.research.benchmark.plan import Job, plan
from pgfa.research.benchmark.spec import BenchmarkSettings
from pgfa.research.benchmark.tables import Standing, seconds_table, tables_of
from pgfa.research.benchmark.workers import Ended, Task, work
from pgfa.research.selection import GRIDS

RESULTS, CURVES, TABLES, REPORT = "results.parquet", "curves.parquet", "tables", "report.html"


@dataclass(frozen=True)
class Done:
    """What came out.

    Attributes:
        results: one row for each training set, split, seed, protocol, method and alignment.
        curves: points of the figures.
        errors: how many rows are errors.
    """

    results: pl.DataFrame
    curves: pl.DataFrame

    @property
    def errors(self) -> int:
        """How many rows tell of a failure."""
        return int(self.results["error"].is_not_null().sum())


def run_benchmark(
    spec: BenchmarkSettings,
    out: Path,
    packs: Path,
    *,
    jobs: int | None = None,
    device: str = "auto",
    so_far: bool = False,
    show: bool = True,
) -> Done:
    """Do a benchmark, or go on with one; what failed before is tried again.

    Args:
        spec: checked.
        out: folder for everything that is made.
        packs: folder in which the packs of the spec lie.
        jobs: processes; as many as there are cores, or GPUs, if None.
        device: ``cpu``, ``cuda``, ``cuda:1``, or ``auto``: all GPUs, or else all cores.
        so_far: train nothing; put together what is done, also while another process is at work on it.
        show: say on stderr how far it is, and the time left.

    Raises:
        PgfaError: before anything is trained, as `benchmark_plan.plan`; `so_far` where nothing is done.
    """
    out.mkdir(parents=True, exist_ok=True)
    planned = plan(spec, out, packs)
    if so_far:
        return _so_far(planned, spec, out)
    spec.save(out / "spec.toml")
    units = [unit for job in planned for unit in job.units]
    left = [unit for unit in units if any(load(unit, m) is None for m in spec.methods)]
    counts: dict[Path, int] = {unit.folder: 0 for unit in left}
    ready = [
        job for job in planned if not any(u.folder in counts for u in job.units) and not _judged(job, spec)
    ]
    tasks: list[Task] = [(judge_job, (job, spec)) for job in ready] + [(fit, (unit,)) for unit in left]
    total, before = sum(u.clips for u in units), sum(u.clips for u in units if u.folder not in counts)
    problems: dict[Path, str] = {}
    with Progress("benchmark", total, before, "clips", show) as bar:

        def advance(task: Task, count: int) -> None:
            unit: Fit = task[1][0]
            most = min(count, unit.clips - counts[unit.folder])
            counts[unit.folder] += most
            bar.advance(most)

        def ended(end: Ended) -> list[Task]:
            function, arguments = end.task
            if function is not fit:
                job = arguments[0]
                if end.error:
                    problems[job.result] = end.error
                return []
            unit: Fit = arguments[0]
            if end.error:
                for method in (m for m in unit.methods if load(unit, m) is None):
                    write_json(unit.folder / f"{method}.error.json", {"error": end.error})
            bar.advance(unit.clips - counts.pop(unit.folder))
            bar.set_title(f"{unit.settings.split}, {unit.folder.parent.parent.name}")
            complete = (
                job for job in planned if unit.folder in {u.folder for u in job.units}
                and not any(u.folder in counts for u in job.units)
            )  # fmt: skip
            return [(judge_job, (job, spec)) for job in complete]

        try:
            if tasks:
                work(tasks, _devices(device, jobs, len(tasks)), ended=ended, advance=advance)
        except KeyboardInterrupt:
            with suppress(BadConfig):
                _so_far(planned, spec, out)
            raise
    return _collect(planned, spec, problems, out)


def _so_far(planned: list[Job], spec: BenchmarkSettings, out: Path) -> Done:
    """Rows and tables of the jobs that are done."""
    there = [job for job in planned if _judged(job, spec)]
    if not there:
        raise BadConfig(f"{out}: no split is done yet")
    return _collect(there, spec, {}, out)


def write_tables(done: Done, spec: BenchmarkSettings, out: Path) -> None:
    """Tables as text, Markdown and LaTeX, and the report."""
    standing = Standing(spec, done.results)
    tables = [*tables_of(standing), seconds_table(standing)]
    write_atomic(out / f"{TABLES}.txt", "\n".join(table.to_text() for table in tables))
    write_atomic(out / f"{TABLES}.md", "\n".join(table.to_markdown() for table in tables))
    write_atomic(out / f"{TABLES}.tex", "\n".join(table.to_latex() for table in tables))
    write_atomic(out / REPORT, page(standing, done.curves, tables))


def judge_job(job: Job, spec: BenchmarkSettings, *, device: str = "cpu", bar: Progress | None = None) -> None:
    """Rows and curves of a job, kept as two files and, last, the key that says what they are of."""
    rows, points = benchmark_judge.judge(job, spec), benchmark_curves.curves(job, spec)
    benchmark_judge.write_rows(job.result.with_suffix(".parquet"), rows)
    frame = pl.DataFrame(points, schema=benchmark_curves.SCHEMA)
    write_atomic(job.result.with_suffix(".curves.parquet"), frame.write_parquet)
    write_json(job.result.with_suffix(".json"), {"key": _key(job, spec)})


def _key(job: Job, spec: BenchmarkSettings) -> str:
    """Of what rows are made: which fits there are, what is asked of them, and the settings to choose from."""
    there = [[unit.key, *(load(unit, m) is not None for m in spec.methods)] for unit in job.units]
    asked = spec.model_dump(mode="json", include={"methods", "alignments", "protocols", "reference"})
    return digest(benchmark_judge.VERSION, {name: GRIDS[name] for name in spec.alignments}, there, asked)


def _judged(job: Job, spec: BenchmarkSettings) -> bool:
    try:
        return bool(read_json(job.result.with_suffix(".json"))["key"] == _key(job, spec))
    except (BadFile, KeyError, TypeError):
        return False


def _collect(planned: list[Job], spec: BenchmarkSettings, problems: dict[Path, str], out: Path) -> Done:
    """All jobs' rows in one file, in the order of the spec; tables and report."""
    frames, points = [], [pl.DataFrame(schema=benchmark_curves.SCHEMA)]
    for job in planned:
        if job.result in problems:
            head = {"training": job.training, "dataset": job.split.partition("/")[0], "split": job.split}
            row: dict[str, Any] = head | {"error": problems[job.result]}
            frames.append(pl.DataFrame([row], schema=benchmark_judge.SCHEMA))
            continue
        frames.append(pl.read_parquet(job.result.with_suffix(".parquet")))
        points.append(pl.read_parquet(job.result.with_suffix(".curves.parquet")))
    done = Done(pl.concat(frames), pl.concat(points))
    write_atomic(out / RESULTS, done.results.write_parquet)
    write_atomic(out / CURVES, done.curves.write_parquet)
    write_tables(done, spec, out)
    return done


def _devices(device: str, jobs: int | None, tasks: int) -> list[str]:
    """What each process works on."""
    if jobs is not None and jobs < 1:
        raise BadConfig(f"at least one process is needed, found {jobs}")
    import torch

    from pgfa.model.device import pick_device

    if device == "auto":
        gpus = [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
        found = gpus or ["cpu"] * cores()
        found = found if jobs is None else [found[i % len(found)] for i in range(jobs)]
    else:
        pick_device(device)  # says where there is none
        found = [device] * (jobs or (cores() if device == "cpu" else 1))
    return found[: max(1, tasks)]
