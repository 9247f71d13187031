"""The manifest of a pack: one line per clip, as columns; JSON, and Parquet in packs of versions 1 and 2."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgfa.config.extras import require
from pgfa.errors import BadFile
from pgfa.files import file_sha256, read_json
from pgfa.skeleton.ragged import AS_STORED, BY_PRESENCE

Manifest = Mapping[str, NDArray[Any]]
"""Column -> (clips,) values: float64, int64, or objects for texts and lists of texts."""

COLUMNS: dict[str, type] = {
    "id": str, "dataset": str, "action": str, "variant": str, "subject": str, "camera": str, "setup": str,
    "rate": float, "frames": int, "bodies": int, "listed": int, "start": int, "problems": list, "digest": str,
    "reading": str,
}  # fmt: skip
"""Columns of the manifest: the fields of `pgfa.skeleton.Source`, frames per second, frames, body slots, body slots of
`Clip.listed` (0 where it is None; missing in version 1), first row in positions.npy, the problems found when the clip
was read, and `Clip.reading` ("" in packs that were written without it). ``list`` is a list of strings."""

JSON, PARQUET = "manifest.json", "manifest.parquet"
_PARQUET_VERSIONS = (1, 2)
_KINDS = {str: "text", float: "numbers", int: "whole numbers of 64 bits", list: "lists of text"}


def manifest_name(version: int) -> str:
    """The file of the manifest in a pack of a version."""
    return PARQUET if version in _PARQUET_VERSIONS else JSON


def manifest_bytes(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """The content of `JSON`. Equal columns give equal bytes. Raises ValueError for a number that is not finite."""
    return json.dumps(columns, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def to_lists(manifest: Manifest) -> dict[str, list[Any]]:
    """The columns as plain values."""
    return {name: values.tolist() for name, values in manifest.items()}


def read_manifest(folder: Path, sha256: str, version: int) -> Manifest:
    """The manifest of a pack.

    Args:
        folder: of the pack.
        sha256: of the manifest, from pack.json.
        version: of the pack.

    Raises:
        BadFile: missing, changed, or not a manifest.
        BadConfig: the pack is of version 1 or 2, and polars, which reads Parquet, is not installed.
    """
    file = folder / manifest_name(version)
    if not file.is_file():
        raise BadFile(file, expected="a manifest", found="no file")
    # A changed byte can make the Parquet reader allocate so much memory that the process dies: check first.
    if (actual := file_sha256(file)) != sha256:
        raise BadFile(file, expected=f"a manifest of SHA-256 {sha256}, as in pack.json", found=actual)
    table = _parquet_columns(file) if version in _PARQUET_VERSIONS else read_json(file)
    if not isinstance(table, dict):
        raise BadFile(file, expected="an object of columns", found=type(table).__name__)
    if "reading" not in table and isinstance(table.get("id"), list):
        table = {**table, "reading": [""] * len(table["id"])}
    names = [name for name in COLUMNS if version > 1 or name != "listed"]
    columns = {name: _column(file, name, table.get(name)) for name in names}
    if len(lengths := {len(values) for values in columns.values()}) > 1:
        raise BadFile(file, expected="columns of one length", found=f"lengths {sorted(lengths)}")
    if version == 1:
        columns["listed"] = np.where(columns["bodies"] > 1, BY_PRESENCE, AS_STORED).astype(np.int64)
    elif (negative := columns["listed"][columns["listed"] < 0]).size:
        raise BadFile(file, expected="0 or a number of bodies", found=f"{negative[0]}", where="column listed")
    return {name: columns[name] for name in COLUMNS}


def _parquet_columns(file: Path) -> dict[str, list[Any]]:
    require("train", f"{file.parent}, a pack of an earlier version,")
    import polars as pl

    try:
        return pl.read_parquet(file).to_dict(as_series=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        raise BadFile(file, expected="a Parquet manifest", found=reason) from None


def _column(file: Path, name: str, values: Any) -> NDArray[Any]:
    """One column as an array. Raises BadFile for values of another kind."""
    kind, where = COLUMNS[name], f"column {name}"
    if not isinstance(values, list):
        raise BadFile(file, expected=_KINDS[kind], found="no such column", where=where)
    if missing := sum(value is None for value in values):
        raise BadFile(file, expected="a value in every line", found=f"{missing} lines without", where=where)
    for line, value in enumerate(values):
        fits = type(value) is kind or (kind is float and type(value) is int)
        if kind is list and fits:
            fits = all(type(text) is str for text in value)
        elif kind is int and fits:
            fits = -(2**63) <= value < 2**63
        if not fits:
            raise BadFile(file, expected=_KINDS[kind], found=repr(value)[:80], where=f"{where}, line {line}")
    if kind in (str, list):
        column = np.empty(len(values), dtype=object)
        column[:] = values
        return column
    try:
        return np.array(values, dtype=np.float64 if kind is float else np.int64)
    except OverflowError as error:  # a whole number too large for a float
        raise BadFile(file, expected=_KINDS[kind], found=str(error), where=where) from None
