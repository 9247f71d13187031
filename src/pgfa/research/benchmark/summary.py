"""The results of a benchmark as small text files that can be committed: tables and page follow from them alone.

A folder with ``spec.toml``, ``results.csv`` (the rows without the bit per test clip), ``curves.csv`` and the record of
all three, ``results.record.json``. Numbers are written so that they are read back exactly. The format is that of the
spec (`pgfa.research.benchmark.spec`): columns are only added, and one that a file does not have is empty. Summaries of
earlier versions have no record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from pgfa.errors import BadFile
from pgfa.files import write_atomic
from pgfa.files.folders import new_folder
from pgfa.pack import open_pack
from pgfa.research.benchmark import curves, evaluation
from pgfa.research.benchmark.spec import BenchmarkSettings, load_benchmark, protocol_column
from pgfa.research.evidence.merge import merged_record, merged_rows, write_rows
from pgfa.research.evidence.record import Computation, Record, load_record, record_path, save_record

SPEC, ROWS, POINTS = "spec.toml", "results.csv", "curves.csv"
KIND = "benchmark"
KEYS = ("training", "split", "seed", "protocol", "method", "alignment")
POINT_KEYS = ("training", "split", "seed", "method", "alignment", "curve", "x")


def save_summary(
    folder: Path, spec: BenchmarkSettings, rows: pl.DataFrame, points: pl.DataFrame, record: Record
) -> None:
    """Write the four files as a new folder; other files in it stay.

    Args:
        rows: as `evaluation.SCHEMA`.
        points: as `curves.SCHEMA`.
        record: of the rows.
    """
    with new_folder(folder, {SPEC, ROWS, POINTS, record_path(Path(ROWS)).name}) as new:
        spec.save(new / SPEC)
        write_atomic(new / ROWS, rows.drop("right").write_csv())
        write_atomic(new / POINTS, points.write_csv())
        save_record(new / ROWS, record, [new / SPEC, new / POINTS])


def record_of(
    spec: BenchmarkSettings, packs: Mapping[str, Path], rows: pl.DataFrame, seconds: float
) -> Record:
    """The record of a benchmark that ends now.

    Splits, seeds and training sets are not among its settings: parts of a benchmark that differ in them are merged.

    Args:
        packs: name -> folder of each pack of the spec.
        rows: as `evaluation.SCHEMA`.
        seconds: how long this call took.
    """
    opened = {name: open_pack(folder) for name, folder in packs.items()}
    return Record(
        kind=KIND,
        keys=KEYS,
        settings=spec.model_dump(mode="json", exclude={"title", "splits", "training"}),
        data={
            name: {"digest": pack.digest, "clips": len(pack), "datasets": list(pack.datasets)}
            for name, pack in opened.items()
        },
        training={name: list(of) for name, of in spec.training.items()},
        seeds=tuple(sorted(rows["seed"].drop_nulls().unique().to_list())),
        computations=(Computation.now(seconds),),
    )


def merge_summaries(folders: Sequence[Path], out: Path) -> Record:
    """Join parts of one benchmark: other splits, seeds or training sets with the same settings and data.

    Args:
        folders: of summaries with records.
        out: the new summary.

    Raises:
        BadConfig, BadFile: as `pgfa.research.evidence.merge.merge_tables`.
    """
    record = merged_record([folder / ROWS for folder in folders])
    specs = [load_benchmark(folder / SPEC) for folder in folders]
    splits = tuple(dict.fromkeys(group for spec in specs for group in spec.splits))
    training = {name: tuple(of) for name, of in record.training.items()}
    with new_folder(out) as new:
        specs[0].model_copy(update={"splits": splits, "training": training}).save(new / SPEC)
        write_rows(new / ROWS, *merged_rows([folder / ROWS for folder in folders], KEYS))
        write_rows(new / POINTS, *merged_rows([folder / POINTS for folder in folders], POINT_KEYS))
        save_record(new / ROWS, record, [new / SPEC, new / POINTS])
    return record


def load_summary(folder: Path) -> tuple[BenchmarkSettings, pl.DataFrame, pl.DataFrame]:
    """Spec, rows and points that `save_summary` wrote; ``right`` is empty.

    Raises:
        BadConfig: the spec is missing or damaged.
        BadFile: another file is, or was changed after its record was written.
    """
    return *load_rows(folder), _read_table(folder / POINTS, curves.SCHEMA)


def load_rows(folder: Path) -> tuple[BenchmarkSettings, pl.DataFrame]:
    """Spec and rows alone. Raises as `load_summary`."""
    spec = load_benchmark(folder / SPEC)
    load_record(folder / ROWS)
    return spec, protocol_column(_read_table(folder / ROWS, evaluation.SCHEMA))


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
