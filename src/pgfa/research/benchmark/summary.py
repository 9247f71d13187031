"""The results of a benchmark as small text files that can be committed: tables and page follow from them alone.

A folder with ``spec.toml``, ``results.csv`` (the rows without the bit per test clip) and ``curves.csv``. Numbers are
written so that they are read back exactly. The format is that of the spec (`pgfa.research.benchmark.spec`): columns
are only added, and one that a file does not have is empty.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pgfa.errors import BadFile
from pgfa.files import write_atomic
from pgfa.files.folders import new_folder
from pgfa.research.benchmark import curves, evaluation
from pgfa.research.benchmark.spec import BenchmarkSettings, load_benchmark, protocol_column

SPEC, ROWS, POINTS = "spec.toml", "results.csv", "curves.csv"


def save_summary(folder: Path, spec: BenchmarkSettings, rows: pl.DataFrame, points: pl.DataFrame) -> None:
    """Write the three files as a new folder; other files in it stay.

    Args:
        rows: as `evaluation.SCHEMA`.
        points: as `curves.SCHEMA`.
    """
    with new_folder(folder, {SPEC, ROWS, POINTS}) as new:
        spec.save(new / SPEC)
        write_atomic(new / ROWS, rows.drop("right").write_csv())
        write_atomic(new / POINTS, points.write_csv())


def load_summary(folder: Path) -> tuple[BenchmarkSettings, pl.DataFrame, pl.DataFrame]:
    """Spec, rows and points that `save_summary` wrote; ``right`` is empty.

    Raises:
        BadConfig: the spec is missing or damaged.
        BadFile: another file is.
    """
    spec = load_benchmark(folder / SPEC)
    rows = _read_table(folder / ROWS, evaluation.SCHEMA)
    return spec, protocol_column(rows), _read_table(folder / POINTS, curves.SCHEMA)


def _read_table(path: Path, schema: pl.Schema) -> pl.DataFrame:
    """The columns of the schema, empty where the file has none."""
    try:
        table = pl.read_csv(path, schema_overrides={n: t for n, t in schema.items() if t != pl.Binary})
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadFile(path, expected="a table of results (CSV)", found=str(error).splitlines()[0]) from None
    absent = [
        pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in table.columns
    ]
    return table.with_columns(absent).select(schema.names())
