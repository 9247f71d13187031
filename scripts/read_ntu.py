"""How fast `.skeleton` files are read on one core: our reader and the usual line-by-line loop, in one run.

    python scripts/read_ntu.py FOLDER_OR_ZIP [--files 200] [--rounds 5]

All take turns file by file, so that other load on the machine affects them equally. CPU time is measured, for each
file the fastest of all rounds. `numpy` is numpy's own parser of numbers on the same text, `text` our parser, which
checks the structure, `clip` a file from disk to a Clip with its digest.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pgfa.read.datasets.ntu.reader import find_ntu, read_ntu
from pgfa.read.datasets.ntu.text import parse_text


def line_by_line(raw: bytes) -> list[list[list[float]]]:
    """What readers of this format usually do: every line split, every number made a float."""
    lines = iter(raw.decode().split("\n"))
    bodies = []
    for _ in range(int(next(lines))):
        for _ in range(int(next(lines))):
            next(lines)
            bodies.append([[float(word) for word in next(lines).split()] for _ in range(int(next(lines)))])
    return bodies


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    refs = find_ntu(options.source)[: options.files]
    contents = {ref: ref.read() for ref in refs}
    methods: dict[str, Callable[[object], object]] = {
        "line by line": lambda ref: line_by_line(contents[ref]),
        "numpy": lambda ref: np.fromstring(contents[ref].decode(), sep=" "),
        "text": lambda ref: parse_text(contents[ref], str(ref)),
        "clip": read_ntu,
    }
    best = {(method, ref): float("inf") for method in methods for ref in refs}
    for _ in range(options.rounds):
        for ref in refs:
            for method, run in methods.items():
                started = time.process_time()
                run(ref)
                best[method, ref] = min(best[method, ref], time.process_time() - started)
    size = sum(map(len, contents.values()))
    print(f"{len(refs)} files, {size / len(refs) / 1000:.0f} kB on average, one core")
    for method in methods:
        seconds = sum(best[method, ref] for ref in refs)
        print(f"{method:>13}: {len(refs) / seconds:7.0f} files/s {size / seconds / 1e6:7.0f} MB/s")


if __name__ == "__main__":
    main()
