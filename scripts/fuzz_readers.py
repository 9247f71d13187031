"""Damaged recordings for every reader: an error of the package or a sound clip, in bounded time and memory.

    python scripts/fuzz_readers.py --inputs 10000 --report results/fuzz.json [--formats bvh npz] [--seed 1] [--keep DIR]

For each format, recordings (`reader_seeds.py`) are damaged (`reader_mutations.py`) and read twice: by the format's own
reader, and by the one that is detected from the content. A process of its own reads them, in which processor time and
memory of each input are measured; it is ended where an input takes `WAIT` seconds. Input N of a format depends on the
seed, the format and N alone: `--first N --inputs 1 --keep DIR` makes it again. A file read may cost 5 seconds of
processor time and 512 MB; what falls is printed, counted, and kept.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from reader_mutations import mutate
from reader_seeds import Files, fuzzed_formats, seeds

from pgfa.errors import BadFile, PgfaError
from pgfa.read import FORMATS, read_all
from pgfa.skeleton import Clip

SHORT = 40
SECONDS = 5.0
MEGABYTES = 512
WAIT = 60.0
"""Seconds on the clock after which an input counts as one that hangs; other work may run beside."""


@dataclass
class Tally:
    """What became of the inputs of one format.

    Attributes:
        inputs: how many were tried.
        outcomes: of these, by result: ``clip`` (at least one), ``refused``, ``wrong`` and others that fell.
        seconds, megabytes: the most that one input took.
        fallen: inputs that fell: number, what happened.
    """

    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    megabytes: float = 0.0
    fallen: list[tuple[int, str]] = field(default_factory=list)

    def add(self, result: dict[str, Any]) -> None:
        """Count one input."""
        self.inputs += 1
        self.outcomes[result["outcome"]] += 1
        self.seconds = max(self.seconds, result["seconds"])
        self.megabytes = max(self.megabytes, result["megabytes"])
        if result["outcome"] not in ("clip", "refused"):
            self.fallen.append((result["input"], result["detail"]))


def make_input(format: str, seed: int, number: int) -> Files:
    """Input `number` of a format: the files of a recording, one of them damaged."""
    chance = random.Random(f"{seed}/{format}/{number}")
    files = dict(chance.choice(_seeds_of(format)))
    name = chance.choice(list(files))
    files[name] = mutate(files[name], chance)
    return files


_cached: dict[str, list[Files]] = {}


def _seeds_of(format: str) -> list[Files]:
    if format not in _cached:
        _cached[format] = seeds(format)
    return _cached[format]


def unsound(clip: Clip) -> str:
    """What is wrong with a clip; "" for a sound one."""
    values = clip.positions[~np.isnan(clip.positions)]
    texts = [*vars(clip.source).values(), *clip.problems]
    try:
        "".join(map(str, texts)).encode()
    except UnicodeEncodeError:
        return "a text that cannot be stored"
    if not 0 < clip.frames <= 100_000 or not 0 < clip.bodies <= 64:
        return f"{clip.frames} frames, {clip.bodies} bodies"
    if not values.size or not np.abs(values).max() < 1000:
        return "no coordinates, or infinite ones"
    if clip.listed is not None and np.isinf(clip.listed).any():
        return "infinite listed coordinates"
    if not (0 < clip.rate < math.inf) or clip.positions.shape[2:] != (len(clip.layout.joints), 3):
        return f"rate {clip.rate}, shape {clip.positions.shape}"
    return ""


def lay_out(files: Files, folder: Path) -> Path:
    """Write the files of a recording; where a reader finds it: the folder, or its one zip."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "set.zip" if list(files) == ["set.zip"] else folder


def read_input(format: str, files: Files) -> tuple[str, str]:
    """Outcome and detail of reading one input, by its own reader and by the detected one."""
    outcome = "refused"
    with tempfile.TemporaryDirectory() as folder:
        root = lay_out(files, Path(folder))
        try:
            refs = FORMATS[format].find(root)
        except PgfaError:
            return outcome, ""
        for ref in refs[:3]:
            for reader in (FORMATS[format].clips, read_all):
                try:
                    clips = reader(ref)
                except PgfaError as error:
                    if folder not in str(error) or "makes it fail" in str(error):
                        return "wrong", f"error without the file, or of another kind: {str(error)[:200]}"
                    continue
                except Exception as error:
                    return "wrong", f"{type(error).__name__}: {str(error)[:150]}"
                for clip in clips:
                    if isinstance(clip, BadFile):
                        continue
                    if reason := unsound(clip):
                        return "wrong", reason
                    outcome = "clip"
    return outcome, ""


def _peak() -> float:
    """MB of memory that this process has taken at most since `_reset_peak`."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(text.split("VmHWM:")[1].split()[0]) / 1024


def _reset_peak() -> float:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _peak()


def work(format: str, seed: int, first: int, count: int) -> None:
    """In a process of its own: read inputs and write a line of JSON for each."""
    FORMATS[format].sample and read_input(format, _seeds_of(format)[0])  # imports what the reader needs
    for number in range(first, first + count):
        files = make_input(format, seed, number)
        before, started = _reset_peak(), time.process_time()
        outcome, detail = read_input(format, files)
        # Two readers have read it.
        seconds, megabytes = (time.process_time() - started) / 2, _peak() - before
        if outcome in ("clip", "refused") and (seconds > SECONDS or megabytes > MEGABYTES):
            outcome, detail = "costly", f"{seconds:.1f} s, {megabytes:.0f} MB"
        result = {
            "input": number,
            "outcome": outcome,
            "detail": detail,
            "seconds": seconds,
            "megabytes": megabytes,
        }
        print(json.dumps(result), flush=True)


def run(format: str, seed: int, first: int, count: int) -> Tally:
    """All inputs of a format, in processes that are replaced where they end or hang."""
    tally, end = Tally(), first + count
    while first < end:
        arguments = [format, "--seed", str(seed), "--first", str(first), "--inputs", str(end - first)]
        process = subprocess.Popen(
            [sys.executable, __file__, "--work", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert process.stdout is not None
        while first < end and select.select([process.stdout], [], [], WAIT)[0]:
            if not (line := process.stdout.readline()):
                break
            tally.add(json.loads(line))
            first += 1
        process.kill()
        code = process.wait()
        if first < end:
            detail = "hangs" if code == -9 else f"the process ended with {code}"
            tally.add({"input": first, "outcome": "crash", "detail": detail, "seconds": 0, "megabytes": 0})
            first += 1
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--formats", nargs="*", default=None, help="names of formats (default: all)")
    parser.add_argument("--inputs", type=int, default=10_000, help="inputs for each format")
    parser.add_argument(
        "--short", dest="inputs", action="store_const", const=SHORT, help=f"{SHORT} inputs for each format"
    )
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="write the counts to this file, after each format")
    parser.add_argument(
        "--keep", type=Path, help="folder for the inputs that fell (with one input: for that one)"
    )
    parser.add_argument("--work", metavar="FORMAT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work, options.seed, options.first, options.inputs)
        return 0
    report: dict[str, Any] = {}
    for format in options.formats or fuzzed_formats():
        started = time.monotonic()
        tally = run(format, options.seed, options.first, options.inputs)
        fell = len(tally.fallen)
        print(
            f"{format:16} {tally.inputs:7,} inputs, {tally.outcomes['clip']:6,} read, {tally.outcomes['refused']:7,} "
            f"refused, {fell} fell; at most {tally.seconds:.2f} s, {tally.megabytes:.0f} MB "
            f"({time.monotonic() - started:.0f} s)",
            flush=True,
        )
        for number, detail in tally.fallen[:20]:
            print(f"    input {number}: {detail}", flush=True)
        report[format] = vars(tally)
        if options.report:
            options.report.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        if options.keep:
            numbers = [number for number, _ in tally.fallen] or [options.first][: options.inputs == 1]
            for number in numbers:
                lay_out(make_input(format, options.seed, number), options.keep / f"{format}-{number}")
    return int(any(tally["fallen"] for tally in report.values()))


if __name__ == "__main__":
    sys.exit(main())
