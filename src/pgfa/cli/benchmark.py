"""Commands for research: benchmark, reproduce."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from pgfa.cli.options import Device, Quiet, RayAddress, Switch
from pgfa.cli.training import MODEL, SENTENCES
from pgfa.config import ModelSettings, TextSettings
from pgfa.config.extras import require
from pgfa.errors import BadConfig, PgfaError

if TYPE_CHECKING:
    from pgfa.research.benchmark.run import Benchmark


def benchmark(
    spec: Path,
    *,
    out: Path,
    packs: Path = Path("packs"),
    jobs: int | None = None,
    device: Device = "auto",
    ray: RayAddress = None,
    report_only: Switch = False,
    quiet: Quiet = False,
) -> None:
    """Compare methods on the same clips, sentences and encoder; every choice is made on pseudo-unseen classes.

    If interrupted, run the same command again to resume. A job that fails is recorded and does not stop the others.
    docs/benchmark.md describes the specification; specs/ has examples.

    Parameters
    ----------
    spec
        Specification (TOML): training sets, splits, methods, alignments, seeds, protocols. With --report-only also a
        folder of results (OUT/summary, or one below results/): tables and report are written again from it.
    out
        Output folder: results.parquet, curves.parquet, tables.txt, .md and .tex, report.html, and summary/ with the
        rows as small text files.
    packs
        Folder that contains the packs named in the specification.
    jobs
        Worker processes, one thread each (default: one per core, or per GPU).
    report_only
        Train nothing; write tables and report of the finished splits, even while the benchmark is running.
    """
    require("train", "pgfa benchmark")
    from pgfa.research.benchmark.run import RESULTS, report_summary, run_benchmark
    from pgfa.research.benchmark.spec import load_benchmark
    from pgfa.research.benchmark.summary import ROWS

    rows = out / RESULTS
    if report_only and spec.is_dir():
        results, rows = report_summary(spec, out), spec / ROWS
    elif spec.is_dir():
        raise BadConfig(f"{spec} is a folder of results: add --report-only, or name a specification (TOML)")
    else:
        results = run_benchmark(
            load_benchmark(spec),
            out,
            packs,
            jobs=jobs,
            device=device,
            ray=ray,
            report_only=report_only,
            show=not quiet,
        )
    print((out / "tables.txt").read_text(encoding="utf-8").split("\n\n")[0])
    print(f"all tables: {out / 'tables.txt'}, .md, .tex\nrows:       {rows}")
    print(f"report:     {out / 'report.html'}")
    if results.errors:
        raise _failed(results)


def _failed(results: Benchmark) -> PgfaError:
    """The error that says how many runs failed, and why the first did."""
    from pgfa.read.assemble import counted

    first = " ".join(results.results["error"].drop_nulls()[0].split())
    return PgfaError(
        f"{counted(results.errors, 'row')} without figures, as their runs failed; the report lists the errors, "
        f"first: {first[:300]}; run the same command again to retry them"
    )


def reproduce(
    setting: str,
    *,
    out: Path,
    ntu60: Path | None = None,
    ntu120: Path | None = None,
    pku: Path | None = None,
    seeds: int | None = None,
    epochs: int | None = None,
    folds: int | None = None,
    protocol: Literal["validated", "test-selected", "both"] = "both",
    sentences: Annotated[
        dict[str, Path] | None,
        Parameter(
            help="Text file with your own sentences, one line per class, for one data set: "
            "--sentences.ntu60 FILE, --sentences.ntu120 FILE, --sentences.pku-mmd FILE."
        ),
    ] = None,
    device: Device = "auto",
    ray: RayAddress = None,
    quiet: Quiet = False,
    text: Annotated[TextSettings | None, Parameter(group=SENTENCES)] = None,
    model: Annotated[ModelSettings | None, Parameter(group=MODEL)] = None,
) -> None:
    """Reproduce one table of the paper from the official data: import, train all splits and seeds, print the table.

    If interrupted, run the same command again to resume. A data set without its option is left out of the table.
    docs/reproduce.md lists what to download and how long it takes.

    Parameters
    ----------
    setting
        Which table: setting-1, setting-2 or one-shot.
    out
        Output folder for packs, runs and the table (text, Markdown, LaTeX, JSON).
    ntu60
        NTU RGB+D 60: the official folder or zip, or a pack of it.
    ntu120
        NTU RGB+D 120: the official folder or zip, or a pack of it.
    pku
        PKU-MMD: the official folder or zip, or a pack of it.
    seeds
        Training runs per split (default: as in the setting).
    epochs
        Passes over the training clips (default: as in the setting).
    folds
        Sets of pseudo-unseen classes on which `validated` chooses alpha; one training run each (default: as in the
        setting).
    protocol
        validated: no choice uses test labels. test-selected: the epoch with the best test accuracy, marked as such,
        in addition to the last epoch.
    """
    require("train", "pgfa reproduce")
    from pgfa.research.reproduce.run import reproduce as make_table

    folders = {name: path for name, path in (("ntu60", ntu60), ("ntu120", ntu120), ("pku-mmd", pku)) if path}
    table = make_table(
        setting, folders, out,
        seeds=seeds, epochs=epochs, folds=folds, protocol=protocol, sentences=sentences,
        text=text, model=model, device=device, ray=ray, show=not quiet,
    )  # fmt: skip
    print(table.to_text(), end="")
    print(f"tables: {out / setting}.txt, .md, .tex, .json")
