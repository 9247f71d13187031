"""`pgfa benchmark`."""

from __future__ import annotations

import sys
from pathlib import Path


def benchmark(
    spec: Path,
    *,
    out: Path,
    packs: Path = Path("packs"),
    jobs: int | None = None,
    device: str = "auto",
    report_only: bool = False,
    quiet: bool = False,
) -> None:
    """Compare methods on the same clips, sentences and encoder, every choice made on pseudo-unseen classes.

    Stopped or killed, the same command goes on where it was. A job that fails is recorded and stops no other.
    docs/benchmark.md says what a spec holds; specs/*.toml are some.

    Parameters
    ----------
    spec
        A TOML file: training sets, splits, methods, alignments, seeds, protocols.
    out
        Folder for everything: results.parquet, curves.parquet, tables.txt, .md and .tex, report.html.
    packs
        Folder in which the packs that the spec names lie.
    jobs
        Processes, one thread each; as many as there are cores, or GPUs, if not given.
    device
        cpu, cuda, cuda:1, or auto: all GPUs where there are any.
    report_only
        Train nothing: report the finished splits, even while the benchmark is running.
    quiet
        Say nothing while at work.
    """
    from pgfa.research.benchmark.run import run_benchmark
    from pgfa.research.benchmark.spec import load_benchmark

    result = run_benchmark(
        load_benchmark(spec), out, packs, jobs=jobs, device=device, report_only=report_only, show=not quiet
    )
    print((out / "tables.txt").read_text(encoding="utf-8").split("\n\n")[0])
    print(f"all tables: {out / 'tables.txt'}, .md, .tex\nrows:       {out / 'results.parquet'}")
    print(f"report:     {out / 'report.html'}")
    if result.errors:
        print(
            f"{result.errors} runs failed; the report says why. The same command tries them again.",
            file=sys.stderr,
        )
