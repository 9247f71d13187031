"""Time and memory of each alignment from a thousand clips to a million: a CSV with one row per method and size.

    python scripts/speed_alignment.py --out results/alignment-speed [--methods paper ...] [--largest 1000000]

Features and anchors are random, 100 classes in 384 dimensions, as in the sentence space of MiniLM. Every row is
measured in a process of its own: wall time and CPU time of `align_with`, and the peak memory of the process, features
included.
`smoothed` compares all clips with one another, so its time grows with the square of their number: it is measured up to
`QUADRATIC` clips. Rows of an earlier call stay where they are not measured again.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import ALIGNMENTS, align_with
from pgfa.config import AdaptSettings
from pgfa.processes import cores

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
QUADRATIC = 10_000
CLASSES, SIZE = 100, 384
COLUMNS = ("method", "clips", "seconds", "cpu_seconds", "peak_mb", "rounds", "accuracy")


def pool(clips: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Features around class centres, anchors beside these, and the classes."""
    random = np.random.default_rng(0)
    centres = random.standard_normal((CLASSES, SIZE), dtype=np.float32)
    anchors = centres + 2 * random.standard_normal((CLASSES, SIZE), dtype=np.float32)
    labels = random.integers(CLASSES, size=clips)
    features = np.empty((clips, SIZE), dtype=np.float32)
    for start in range(0, clips, 10_000):
        block = features[start : start + 10_000]
        random.standard_normal(dtype=np.float32, out=block)
        block *= 4
        block += centres[labels[start : start + 10_000]]
    return features, anchors, labels


def measure(method: str, clips: int) -> list[str]:
    """A row of the CSV, measured in this process."""
    features, anchors, labels = pool(clips)
    align_with(features[:200], anchors, AdaptSettings(method=method))  # loads what is loaded once
    wall, cpu = time.perf_counter(), time.process_time()
    result = align_with(features, anchors, AdaptSettings(method=method))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    accuracy = float((result.predictions == labels).mean())
    return [
        method,
        str(clips),
        f"{wall:.3f}",
        f"{cpu:.3f}",
        f"{peak:.0f}",
        str(result.rounds),
        f"{accuracy:.3f}",
    ]


def main() -> None:
    """Measure all methods and sizes, or one of each and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/alignment-speed"))
    parser.add_argument("--methods", nargs="*", default=list(ALIGNMENTS), choices=list(ALIGNMENTS))
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    parser.add_argument("--one", nargs=2, metavar=("METHOD", "CLIPS"), help="measure this in this process")
    args = parser.parse_args()
    if args.one:
        print(",".join(measure(args.one[0], int(args.one[1]))))
        return
    args.out.mkdir(parents=True, exist_ok=True)
    threads = os.environ.get("OMP_NUM_THREADS", str(cores()))
    path = args.out / f"{platform.machine()}-numpy{np.__version__}-{threads}threads.csv"
    rows = rows_of(path)
    for method in args.methods:
        for clips in SIZES:
            if clips <= (min(args.largest, QUADRATIC) if method == "smoothed" else args.largest):
                command = [sys.executable, __file__, "--one", method, str(clips)]
                row = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
                print(row, flush=True)
                rows[method, clips] = row.split(",")
                write(path, rows)
    print(f"written: {path}")


def rows_of(path: Path) -> dict[tuple[str, int], list[str]]:
    """(method, clips) -> row of a CSV; empty if there is none."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
    return {(row[0], int(row[1])): row for row in csv.reader(lines)}


def write(path: Path, rows: dict[tuple[str, int], list[str]]) -> None:
    """Write a CSV, by method and size: rows measured before stay."""
    order = sorted(rows, key=lambda key: (list(ALIGNMENTS).index(key[0]), key[1]))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *(rows[key] for key in order)])


if __name__ == "__main__":
    main()
