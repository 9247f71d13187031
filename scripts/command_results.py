"""What commands write, as values that are equal if and only if their results are: without times and dates."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

Result = dict[str, str]
"""Name -> digest or value."""
ROWS = """
import sys, polars
rows = polars.read_parquet(sys.argv[1])
print(rows.drop([name for name in rows.columns if "seconds" in name]).rows())
"""
"""A program that prints the rows of a Parquet file without seconds."""


def names(folder: Path) -> Result:
    """Files below a folder, whatever they hold; without locks."""
    return {str(path.relative_to(folder)): "" for path in _files(folder)}


def content(folder: Path) -> Result:
    """File below a folder -> digest of its content; without locks."""
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in _files(folder)}


def run_result(run: Path) -> Result:
    """Weights, checkpoint, settings and losses of a run: not the seconds."""
    names = ("run.toml", "corpus.json", "checkpoint.safetensors", "model.safetensors")
    result = {name: digest for name, digest in content(run).items() if name in names} if run.exists() else {}
    if (run / "metrics.jsonl").exists():
        losses = [json.loads(line).get("loss") for line in (run / "metrics.jsonl").read_text().splitlines()]
        result["losses"] = str(losses)
    return result


def numbers(run: Path) -> Result:
    """Of an evaluation, without its date and the checksum that covers it."""
    file = run / "evaluation.json"
    if not file.is_file():
        return {}
    values = json.loads(file.read_text(encoding="utf-8"))
    return {name: repr(value) for name, value in values.items() if name not in ("provenance", "checksum")}


def benchmark_result(out: Path) -> Result:
    """Rows of a benchmark without seconds, and the stored scores of all methods."""
    import numpy as np

    if not (file := out / "results.parquet").is_file():
        return {}
    # In a process of its own: commands are forked from this one, and the threads of polars do not survive that.
    rows = subprocess.run([sys.executable, "-c", ROWS, file], check=True, capture_output=True, text=True)
    result = {"rows": rows.stdout}
    for file in sorted(out.rglob("fits/**/*.npz")):
        with np.load(file, allow_pickle=False) as arrays:
            scores = sha256(arrays["scores"].tobytes()).hexdigest()
        result[str(file.relative_to(out))] = scores
    return result


def difference(result: Result, expected: Result) -> list[str]:
    """Names that only one of two results has, or with another value; a few of them."""
    return sorted(dict(result.items() ^ expected.items()))[:5]


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".lock"))
