"""Joining rows that were computed in several calls. Rows of other data, settings or versions are refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pgfa.errors import BadConfig, BadFile
from pgfa.files import write_atomic
from pgfa.research.evidence.record import Record, load_record, save_record

Rows = list[dict[str, str]]


def merge_tables(files: Sequence[Path], out: Path) -> Record:
    """Write the rows of all files, in order, and their common record.

    Args:
        files: at least two files of rows with records.
        out: the new file of rows.

    Raises:
        BadConfig: a file has no record; the records differ in anything but seeds and calls; two files have the same
            row, or other columns.
        BadFile: a file cannot be read, or was changed after it was written.
    """
    record = merged_record(files)
    columns, rows = merged_rows(files, record.keys)
    write_rows(out, columns, rows)
    save_record(out, record)
    return record


def merged_record(files: Sequence[Path]) -> Record:
    """The common record of files of rows. Raises as `merge_tables`."""
    if len(files) < 2:
        raise BadConfig("expected at least two files of results to merge")
    records = []
    for file in files:
        record = load_record(file)
        if record is None:
            raise BadConfig(f"{file}: has no record of data and settings, so it cannot be merged")
        records.append(record)
    merged = records[0]
    for file, record in zip(files[1:], records[1:], strict=True):
        _compare(files[0], records[0], file, record)
        merged = replace(
            merged,
            data=_union(files[0], merged.data, file, record.data, "data"),
            training=_union(files[0], merged.training, file, record.training, "training set"),
            seeds=tuple(sorted({*merged.seeds, *record.seeds})),
            computations=(*merged.computations, *record.computations),
        )
    return merged


def _compare(one: Path, first: Record, other: Path, second: Record) -> None:
    for name in ("kind", "keys"):
        if getattr(first, name) != getattr(second, name):
            _refuse(one, getattr(first, name), other, getattr(second, name), name)
    versions = [sorted({call.version for call in record.computations}) for record in (first, second)]
    if versions[0] != versions[1]:
        _refuse(one, versions[0], other, versions[1], "version")
    paths = [_flat(record.settings) for record in (first, second)]
    for name in sorted({*paths[0], *paths[1]}):
        values = [path.get(name, "none") for path in paths]
        if values[0] != values[1]:
            _refuse(one, values[0], other, values[1], f"setting {name}")


def _union(
    one: Path, first: Mapping[str, Any], other: Path, second: Mapping[str, Any], kind: str
) -> dict[str, Any]:
    """Both mappings; the same name with another value is refused."""
    for name in first.keys() & second.keys():
        if first[name] != second[name]:
            _refuse(one, first[name], other, second[name], f"{kind} {name}")
    return {**first, **second}


def _refuse(one: Path, first: object, other: Path, second: object, name: str) -> None:
    raise BadConfig(f"results of different {name} are not merged: {first} in {one}, {second} in {other}")


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by their dotted names."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def merged_rows(files: Sequence[Path], keys: Sequence[str]) -> tuple[list[str], Rows]:
    """Columns and rows of all files; a row that two of them have is refused. Raises BadConfig."""
    columns, rows = read_rows(files[0])
    origin = {tuple(row[key] for key in keys): files[0] for row in rows}
    for file in files[1:]:
        others, more = read_rows(file)
        if others != columns:
            _refuse(files[0], columns, file, others, "columns")
        for row in more:
            name = tuple(row[key] for key in keys)
            if name in origin:
                raise BadConfig(f"{file}: the row {', '.join(name)} is in {origin[name]} too")
            origin[name] = file
        rows += more
    return columns, rows


def read_rows(file: Path) -> tuple[list[str], Rows]:
    """Columns and rows of a CSV file, as text. Raises BadFile."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(file, expected="a table of results (CSV)", found=str(error)) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = list(reader.fieldnames or ())
    rows = []
    for number, row in enumerate(reader, 2):
        if None in row or None in row.values():
            raise BadFile(
                file, where=f"line {number}", expected=f"{len(columns)} cells", found="another number"
            )
        rows.append(row)
    if not rows:
        raise BadFile(file, expected="a table of results (CSV)", found="no row")
    return columns, rows


def write_rows(file: Path, columns: Sequence[str], rows: Rows) -> None:
    """Rows as CSV."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(file, text.getvalue())
