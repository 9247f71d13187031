"""CPU time and memory of each alignment, by number of clips: a Markdown table.

    python scripts/speed_alignment.py [--methods paper ...] [--largest 1000000] [--threads 1]

Features and anchors are random, 100 classes in 384 dimensions, as in the sentence space of MiniLM. Every cell is
measured in a process of its own: CPU time of `align_with`, and in the last row the peak memory of the process of the
largest number, features included. Methods whose cost grows faster than the number of clips, or that take many rounds,
are measured up to the numbers of `MOST`.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time

import numpy as np
from numpy.typing import NDArray

from pgfa.adapt import ALIGNMENTS, align_with
from pgfa.config import AdaptSettings

SIZES = (1_000, 10_000, 100_000, 1_000_000)
MOST = {"smoothed": 10_000, "discriminant": 10_000, "balanced": 100_000, "iterated": 100_000}
CLASSES, SIZE = 100, 384


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


def measure(method: str, clips: int) -> tuple[float, float]:
    """CPU seconds and peak MB, measured in this process."""
    features, anchors, _ = pool(clips)
    align_with(features[:200], anchors, AdaptSettings(method=method))  # loads what is loaded once
    started = time.process_time()
    align_with(features, anchors, AdaptSettings(method=method))
    seconds = time.process_time() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(method: str, clips: int, threads: int) -> tuple[float, float]:
    """`measure` in a process of its own."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, str(threads))}
    command = [sys.executable, __file__, "--one", method, str(clips)]
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    seconds, megabytes = run.stdout.split()
    return float(seconds), float(megabytes)


def main() -> None:
    """Measure all methods and sizes, or one of each and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--methods", nargs="*", default=list(ALIGNMENTS), choices=list(ALIGNMENTS))
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    parser.add_argument("--threads", type=int, default=1, help="of numpy's products")
    parser.add_argument("--one", nargs=2, metavar=("METHOD", "CLIPS"), help="measure this in this process")
    args = parser.parse_args()
    if args.one:
        print(*measure(args.one[0], int(args.one[1])))
        return
    sizes = [clips for clips in SIZES if clips <= args.largest]
    print(f"| clips | {' | '.join(args.methods)} |\n|---{'|---' * len(args.methods)}|")
    peaks = dict.fromkeys(args.methods, 0.0)
    for clips in sizes:
        cells = []
        for method in args.methods:
            if clips > MOST.get(method, args.largest):
                cells.append("not run")
                continue
            seconds, peaks[method] = measured(method, clips, args.threads)
            cells.append(f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s")
        print(f"| {clips:,} | {' | '.join(cells)} |", flush=True)
    memory = (f"{peaks[method] / 1024:.1f} GB" for method in args.methods)
    print(f"| peak memory at the largest | {' | '.join(memory)} |")


if __name__ == "__main__":
    main()
