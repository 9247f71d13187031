"""Damaged recordings for every reader: an error of the package or a sound clip, in bounded time and memory.

    python scripts/fuzz_readers.py --inputs 10000 --report fuzz.json [--formats bvh npz] [--seed 1] [--keep DIR]

For each format, recordings are damaged (`reader_mutations.py`) and read by the format's own reader, and by the one that
is detected from the content where it is another. Three of four are tiny (`reader_seeds.py`), the fourth is one that a
program writes (`tests/reading_*.py`). A process of its own reads them, in which processor time and memory of each
reading are measured; it is ended where an input takes `WAIT` seconds. Input N of a format depends on the seed, the
recordings of the format and N alone: `--first N --inputs 1 --keep DIR` makes it again. A reading may cost 5 seconds of
processor time and 512 MB; what fails is printed, counted, and kept. The report is written every `BATCH` inputs; the
same command resumes from it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import re
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from reader_mutations import mutate
from reader_seeds import Files, dialects, fuzzed_formats, seeds

from pgfa.errors import BadFile, PgfaError
from pgfa.files import write_json
from pgfa.read import FORMATS, FileRef, format_of, read_all
from pgfa.skeleton import Clip

SHORT = 40
SECONDS = 5.0
MEGABYTES = 512
WAIT = 120.0
"""Seconds on the clock after which an input counts as one that hangs; other work may run beside."""
BATCH = 100
MEMORY_DISK = Path("/dev/shm")
"""Where recordings are written if it exists: creating and deleting folders of a disk takes longer than reading them."""
FRAMES = 50
"""Files of a recording with one file per frame that are damaged at most; the rest is left out."""


@dataclass(frozen=True)
class Reading:
    """What became of one input: ``clip``, ``refused``, or a failure; the most that one reading took."""

    outcome: str
    detail: str = ""
    seconds: float = field(default=0.0, compare=False)
    megabytes: float = field(default=0.0, compare=False)


@dataclass
class Tally:
    """What became of the inputs of one format.

    Attributes:
        inputs: how many were tried.
        outcomes: of these, by result: ``clip`` (at least one), ``refused``, ``wrong`` and other failures.
        seconds, megabytes: the most that one reading took, and `costly`: the inputs that took them.
        failed: inputs that failed: number, what happened.
    """

    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    megabytes: float = 0.0
    costly: list[int] = field(default_factory=lambda: [-1, -1])
    failed: list[tuple[int, str]] = field(default_factory=list)

    def add(self, number: int, reading: Reading) -> None:
        """Count one input."""
        self.inputs += 1
        self.outcomes[reading.outcome] += 1
        if reading.seconds > self.seconds:
            self.seconds, self.costly[0] = reading.seconds, number
        if reading.megabytes > self.megabytes:
            self.megabytes, self.costly[1] = reading.megabytes, number
        if reading.outcome not in ("clip", "refused"):
            self.failed.append((number, reading.detail))


def make_input(format: str, seed: int, number: int) -> Files:
    """Input `number` of a format: the files of a recording, one of them damaged, or others than belong to it."""
    chance = random.Random(f"{seed}/{format}/{number}")
    programs = dialects(format) if chance.random() < 0.25 else ()
    files = chance.choice(programs)() if programs else dict(chance.choice(_seeds_of(format)))
    files = dict(list(files.items())[:FRAMES])
    name = chance.choice(list(files))
    if len(files) > 1 and chance.random() < 0.2:
        return _other_files(files, name, chance)
    files[name] = mutate(files[name], chance)
    return files


def _other_files(files: Files, name: str, chance: random.Random) -> Files:
    """A file missing, empty, twice, or with another number in its name."""
    kind = chance.randrange(4)
    content = files[name] if kind == 2 else files.pop(name)
    if kind == 0:
        return files
    if kind == 1:
        return {**files, name: b""}
    number = str(chance.choice((0, 1, 99_998, 2**31, 10**30)))
    other = re.sub(r"\d+(?=\D*$)", number, name)
    return {**files, other if other != name else f"2_{name}": content}


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


def read_input(format: str, files: Files) -> Reading:
    """Read one input, by its own reader and by the detected one."""
    outcome, seconds, megabytes = "refused", 0.0, 0.0
    with tempfile.TemporaryDirectory(dir=MEMORY_DISK if MEMORY_DISK.is_dir() else None) as folder:
        root = lay_out(files, Path(folder))
        try:
            refs = FORMATS[format].find(root)
        except PgfaError:
            return Reading(outcome)
        except Exception as error:
            return Reading(
                "wrong", f"{type(error).__name__} while looking for recordings: {str(error)[:150]}"
            )
        for ref in refs[:3]:
            for reader in _readers(format, ref):
                memory, started = _reset_peak(), time.process_time()
                result, detail = _read_by(reader, ref, folder)
                seconds = max(seconds, time.process_time() - started)
                megabytes = max(megabytes, _peak() - memory)
                if result == "wrong":
                    return Reading(result, detail, seconds, megabytes)
                outcome = result if result == "clip" else outcome
    if seconds > SECONDS or megabytes > MEGABYTES:
        return Reading("costly", f"{seconds:.1f} s, {megabytes:.0f} MB", seconds, megabytes)
    return Reading(outcome, "", seconds, megabytes)


def _readers(format: str, ref: FileRef) -> list[Callable[[FileRef], list[Clip | BadFile]]]:
    """The format's own reader, and any reader, unless it detects the same format: that would read it twice."""
    try:
        same = format_of(ref).name == format
    except PgfaError:
        same = False
    return [FORMATS[format].clips] if same else [FORMATS[format].clips, read_all]


def _read_by(reader: Callable[[FileRef], list[Clip | BadFile]], ref: FileRef, folder: str) -> tuple[str, str]:
    """Outcome and detail of one reading."""
    try:
        clips = reader(ref)
    except PgfaError as error:
        if folder not in str(error) or "makes it fail" in str(error):
            return "wrong", f"error without the file, or of another kind: {str(error)[:200]}"
        return "refused", ""
    except Exception as error:
        return "wrong", f"{type(error).__name__}: {str(error)[:150]}"
    sound = [clip for clip in clips if isinstance(clip, Clip)]
    reasons = [reason for clip in sound if (reason := unsound(clip))]
    return ("wrong", reasons[0]) if reasons else ("clip" if sound else "refused", "")


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
    read_input(format, _seeds_of(format)[0])  # imports what the reader needs
    for number in range(first, first + count):
        print(json.dumps(asdict(read_input(format, make_input(format, seed, number)))), flush=True)


def run(format: str, seed: int, first: int, count: int, tally: Tally | None = None) -> Iterator[Tally]:
    """Count the inputs of a format, in processes that are replaced where they end or hang; the tally, now and then."""
    tally, end = tally or Tally(), first + count
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
            tally.add(first, Reading(**json.loads(line)))
            first += 1
            if tally.inputs % BATCH == 0:
                yield tally
        hangs = first < end and process.poll() is None
        process.kill()
        code = process.wait()
        if first < end:
            tally.add(first, Reading("crash", "hangs" if hangs else f"the process ended with {code}"))
            first += 1
    yield tally


def stored(report: Path | None) -> dict[str, Any]:
    """The tallies of a report; none where there is no report yet."""
    if report is None or not report.exists():
        return {}
    return json.loads(report.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def count_format(format: str, options: argparse.Namespace, report: dict[str, Any]) -> Tally:
    """Count what the report does not have yet of a format, print it, and keep the inputs that failed."""
    values = report.get(format, {})
    if values and (values.pop("seed"), values.pop("first")) != (options.seed, options.first):
        sys.exit(f"{options.report} was counted with another seed or first input")
    tally = Tally(**{**values, "outcomes": Counter(values["outcomes"])}) if values else Tally()
    count, first = options.inputs - tally.inputs, options.first + tally.inputs
    started = time.monotonic()
    for so_far in run(format, options.seed, first, count, tally):
        report[format] = {"seed": options.seed, "first": options.first, **vars(so_far)}
        if options.report:
            write_json(options.report, report)
    print(
        f"| {format} | {tally.inputs:,} | {tally.outcomes['clip']:,} | {tally.outcomes['refused']:,} "
        f"| {len(tally.failed)} | {tally.seconds:.2f} s | {tally.megabytes:.0f} MB |",
        flush=True,
    )
    print(f"{format}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    for number, detail in tally.failed[:20]:
        print(f"    input {number}: {detail}", file=sys.stderr, flush=True)
    if options.keep:
        for number in [number for number, _ in tally.failed] or [options.first][: options.inputs == 1]:
            lay_out(make_input(format, options.seed, number), options.keep / f"{format}-{number}")
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
    parser.add_argument("--report", type=Path, help="file for the counts, and where an earlier run ended")
    parser.add_argument(
        "--keep", type=Path, help="folder for the inputs that failed (with one input: for that one)"
    )
    parser.add_argument("--work", metavar="FORMAT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work, options.seed, options.first, options.inputs)
        return 0
    print(
        "| format | inputs | read | refused | failed | most time | most memory |\n|---|---|---|---|---|---|---|"
    )
    report = stored(options.report)
    tallies = [count_format(format, options, report) for format in options.formats or fuzzed_formats()]
    return int(any(tally.failed for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
