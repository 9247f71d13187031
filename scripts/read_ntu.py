"""How fast `.skeleton` files are read on one core: our reader and the usual line-by-line loop, in one run.

    python scripts/read_ntu.py [FOLDER_OR_ZIP] [--files 200] [--rounds 5]

Without a folder the files are synthetic ones in the official form, as `pgfa synthesise ntu60` writes them.

All take turns file by file, so that other load on the machine affects them equally. CPU time is measured, for each
file the fastest of all rounds. Prints a table.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from pgfa.errors import BadFile
from pgfa.read.datasets.ntu.reader import find_ntu, read_ntu
from pgfa.read.datasets.ntu.text import parse_text
from pgfa.read.source import FileRef
from pgfa.synth.standin import synthesise


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
    parser.add_argument("source", type=Path, nargs="?")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = options.source
        if source is None:
            source = Path(folder)
            synthesise("ntu60", options.files, source, jobs=1)
        compare(with_a_person(find_ntu(source)[: options.files]), options.rounds)


def with_a_person(refs: list[FileRef]) -> list[FileRef]:
    """Those that are read: the real set and its stand-in have files without a person."""
    read = []
    for ref in refs:
        with suppress(BadFile):
            read_ntu(ref)
            read.append(ref)
    return read


def compare(refs: list[FileRef], rounds: int) -> None:
    """Read the files by all methods, and print a table."""
    contents = {ref: ref.read() for ref in refs}
    methods: dict[str, Callable[[FileRef], object]] = {
        "line by line, as readers of this format usually do": lambda ref: line_by_line(contents[ref]),
        "numpy's own parser of numbers (`fromstring`)": lambda ref: np.fromstring(
            contents[ref].decode(), sep=" "
        ),
        "ours, text to numbers, structure checked": lambda ref: parse_text(contents[ref], str(ref)),
        "ours, file on disk to clip: digest, tracking of bodies, ghosts": read_ntu,
    }
    best = {(method, ref): float("inf") for method in methods for ref in refs}
    for _ in range(rounds):
        for ref in refs:
            for method, run in methods.items():
                started = time.process_time()
                run(ref)
                best[method, ref] = min(best[method, ref], time.process_time() - started)
    size = sum(map(len, contents.values()))
    head = f"{len(refs)} files of {size / len(refs) / 1000:.0f} kB on average, one core"
    print(f"| {head} | files/s | MB/s |\n|---|---|---|")
    for method in methods:
        seconds = sum(best[method, ref] for ref in refs)
        print(f"| {method} | {len(refs) / seconds:.0f} | {size / seconds / 1e6:.0f} |")


if __name__ == "__main__":
    main()
