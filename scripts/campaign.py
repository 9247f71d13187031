"""The reliability campaign of docs/reliability.md: stopped commands, flipped bits, hostile input.

    python scripts/campaign.py            # about an hour on two cores (`make campaign`)
    python scripts/campaign.py --save     # the same, and its tables replace those in results/measured
    python scripts/campaign.py flip-bits  # these parts only
    python scripts/campaign.py --short    # a few minutes

Each part is a script of its own with a table as its output; it is done in units, as many at once as there are cores,
each in one thread, the longest first. What is finished is kept in a folder: stopped at any moment, the same command
resumes. The campaign runs on a copy of the checkout in that folder, so that changes meanwhile do not count, and a
folder is finished with the version that it was begun with. Units that failed are run again by the next call. Progress
and the time left go to standard error, the messages of a unit to a log beside its result. The exit status is 1 if any
unit failed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from campaign_progress import Progress, Running, end_processes, report

from pgfa.errors import PgfaError
from pgfa.files import read_json, write_json
from pgfa.files.lock import folder_lock
from pgfa.processes import Terminated, cores, termination_as_interrupt
from pgfa.research.evidence.measured import markdown_tables, measured_commands, save_measured
from pgfa.research.evidence.record import commit

CHECKOUT = Path(__file__).resolve().parents[1]
COPIED = ("src", "scripts", "tests", "specs")
"""What the parts need of the checkout."""
VERSION, COPY, TEMPORARY = "version.json", "checkout", "temporary"
HANGS = 600.0, 10.0
"""A unit hangs after so many seconds, and so many times what it is expected to take."""


@dataclass(frozen=True)
class Unit:
    """What one process does.

    Attributes:
        part: name of its table in results/measured.
        options: of the part's script.
        seconds: what it takes on one core of the machine in docs/reliability.md, for the time left.
    """

    part: str
    options: tuple[str, ...]
    seconds: float

    @property
    def name(self) -> str:
        """For messages and files."""
        words = [word for word in self.options if not word.startswith("-")]
        return "-".join([self.part, *words]).replace(" ", "-")


@dataclass(frozen=True)
class Part:
    """A script, its options in the short form, and in the long one those of each unit -> seconds.

    A script that `resumes` has the option `--report` for what it has counted so far.
    """

    script: str
    short: tuple[str, ...]
    units: Mapping[tuple[str, ...], float]
    resumes: bool = False


PARTS = {
    "kill-writes": Part(
        "kill_writes.py",
        ("--steps", "3", "--times", "1"),
        {
            ("export",): 120,
            ("export over a bundle",): 140,
            ("import",): 80,
            ("train",): 90,
            ("train with an empty cache",): 550,
            ("evaluate",): 250,
            ("synthesise",): 110,
        },
        resumes=True,
    ),
    "kill-saves": Part("kill_saves.py", ("--kills", "30"), {(): 84}),
    "kill-processes": Part(
        "kill_processes.py",
        ("synthesise with 2 jobs", "--kills", "1"),
        {
            ("import with 2 jobs", "synthesise with 2 jobs"): 200,
            ("train with 2 devices",): 350,
            ("benchmark with 2 jobs",): 350,
        },
    ),
    "hinder-commands": Part(
        "hinder_commands.py",
        ("--short",),
        {
            ("demo", "doctor", "completion", "import", "check", "inspect", "formats", "splits"): 200,
            ("synthesise", "train", "evaluate", "recognise"): 200,
            ("serve", "live", "export", "calibrate"): 200,
            ("benchmark",): 300,
            ("reproduce",): 300,
            ("import with 2 jobs", "synthesise with 2 jobs"): 200,
            ("train with 2 devices",): 300,
            ("benchmark with 2 jobs",): 300,
        },
    ),
    "signal-commands": Part(
        "signal_commands.py",
        ("import", "train", "serve", "--stops", "4"),
        {
            ("demo",): 110,
            ("import", "check", "synthesise", "export"): 50,
            ("train", "live"): 80,
            ("evaluate", "serve"): 70,
            ("recognise",): 50,
            ("benchmark",): 70,
            ("reproduce",): 110,
            ("import with 2 jobs", "synthesise with 2 jobs"): 120,
            ("train with 2 devices",): 200,
            ("benchmark with 2 jobs",): 120,
        },
    ),
    "flip-bits": Part("flip_bits.py", ("--flips", "100"), {(): 224}),
    "large-recordings": Part("large_recordings.py", ("--bytes", "1000000"), {(): 114}),
    "hostile-commands": Part(
        "hostile_commands.py",
        ("--short",),
        {
            ("upload",): 150,
            ("websocket", "live"): 60,
            ("import",): 140,
            ("check",): 140,
            ("recognise",): 160,
        },
    ),
    "fuzz-readers": Part("fuzz_readers.py", ("--short",), {}, resumes=True),
}
"""Name in results/measured -> part, in the order of the document. A unit of `fuzz-readers` is a format."""
FUZZ_SECONDS = 61.0
"""What the inputs of one format take."""


def units(*, short: bool) -> list[Unit]:
    """All units, in the order of their rows."""
    if short:
        return [Unit(name, part.short, 30) for name, part in PARTS.items()]
    every = []
    for name, part in PARTS.items():
        expected = part.units or {("--formats", format): FUZZ_SECONDS for format in _formats()}
        every += [Unit(name, options, seconds) for options, seconds in expected.items()]
    return every


def _formats() -> list[str]:
    from reader_seeds import fuzzed_formats

    return list(fuzzed_formats())


@dataclass(frozen=True)
class Campaign:
    """A folder with the copy of the checkout, and what is finished.

    Attributes:
        folder: created if it does not exist.
        jobs: processes at once.
    """

    folder: Path
    jobs: int

    def prepare(self) -> str:
        """Copy the checkout unless there is a copy, and delete what a stopped campaign left; the commit of the copy."""
        version, copy = self.folder / VERSION, self.folder / COPY
        if left := end_processes(self.folder / TEMPORARY):
            report(f"ended {left} processes of a campaign that was killed")
        shutil.rmtree(self.folder / TEMPORARY, ignore_errors=True)
        (self.folder / TEMPORARY).mkdir(parents=True)
        if not version.exists():
            shutil.rmtree(copy, ignore_errors=True)
            for name in COPIED:
                shutil.copytree(CHECKOUT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            write_json(version, {"commit": commit()})
        counted = str(read_json(version)["commit"])
        if counted != commit():
            report(f"{self.folder} continues with commit {counted}; another folder counts the present one")
        return counted

    def result(self, unit: Unit) -> dict[str, Any] | None:
        """Exit status, output and seconds of a finished unit."""
        with suppress(PgfaError):
            values = read_json(self._file(unit))
            if isinstance(values, dict) and values.get("options") == list(unit.options):
                return values
        return None

    def run(self, every: list[Unit]) -> None:
        """Run what is not finished, or failed. Raises KeyboardInterrupt after the running units have ended."""
        waiting = [unit for unit in every if (self.result(unit) or {"code": 1})["code"]]
        waiting.sort(key=lambda unit: -unit.seconds)
        progress = Progress(len(every), len(waiting), sum(unit.seconds for unit in waiting), self.jobs)
        running: dict[Unit, Running] = {}
        try:
            while waiting or running:
                while waiting and len(running) < self.jobs:
                    unit = waiting.pop(0)
                    running[unit] = self._start(unit)
                for unit, process in list(running.items()):
                    if time.monotonic() - process.started > HANGS[0] + HANGS[1] * unit.seconds:
                        report(f"{unit.name} hangs, and is ended")
                        process.stop()
                    if process.child.poll() is not None:
                        self._end(unit, running.pop(unit), progress)
                progress.show(running)
                time.sleep(0.2)
        finally:
            for process in running.values():
                process.stop()
                shutil.rmtree(process.temporary, ignore_errors=True)

    def _start(self, unit: Unit) -> Running:
        copy = self.folder / COPY
        # Short: sockets are among the temporary files, and their paths have at most 107 letters.
        temporary = Path(tempfile.mkdtemp(dir=self.folder / TEMPORARY, prefix=""))
        options = [*unit.options]
        if PARTS[unit.part].resumes:
            counts = self.folder / f"{unit.name}.report.json"
            if self.result(unit):  # it failed: count again
                counts.unlink(missing_ok=True)
            options += ["--report", str(counts)]
        search = os.pathsep.join(filter(None, (str(copy / "src"), os.environ.get("PYTHONPATH"))))
        environment = os.environ | {"OMP_NUM_THREADS": "1", "TMPDIR": str(temporary), "PYTHONPATH": search}
        command = [sys.executable, str(copy / "scripts" / PARTS[unit.part].script), *options]
        output = self.folder / f"{unit.name}.out"
        with output.open("wb") as out, output.with_suffix(".log").open("wb") as log:
            child = subprocess.Popen(
                command, cwd=copy, env=environment, stdout=out, stderr=log, start_new_session=True
            )
        return Running(child, time.monotonic(), output, temporary)

    def _end(self, unit: Unit, process: Running, progress: Progress) -> None:
        seconds, output = time.monotonic() - process.started, process.output
        values = {
            "options": list(unit.options),
            "code": process.child.returncode,
            "seconds": round(seconds, 1),
        }
        write_json(
            self._file(unit), values | {"output": output.read_text(encoding="utf-8", errors="replace")}
        )
        output.unlink()
        end_processes(process.temporary)
        shutil.rmtree(process.temporary, ignore_errors=True)
        progress.ended(unit, seconds)
        outcome = f"failed with {process.child.returncode}" if process.child.returncode else "passed"
        report(f"{unit.name} {outcome} in {seconds:.0f} s; {progress}")
        if process.child.returncode:
            print(output.with_suffix(".log").read_text(errors="replace")[-2000:], file=sys.stderr, flush=True)

    def _file(self, unit: Unit) -> Path:
        return self.folder / f"{unit.name}.json"


def joined(outputs: list[str]) -> str:
    """The tables of units with one head as one table."""
    tables = [next(iter(markdown_tables(output)), None) for output in outputs]
    if any(table is None for table in tables) or len({table.head for table in tables if table}) != 1:
        return "\n".join(outputs)
    first, *others = (output.strip() for output in outputs)
    return "\n".join([first, *(line for output in others for line in output.splitlines()[2:])])


def is_complete(output: str) -> bool:
    """Whether the outputs of all units were joined to one table."""
    tables = list(markdown_tables(output))
    return len(tables) == 1 and bool(tables[0].rows) and output.startswith("|")


def results(campaign: Campaign, every: list[Unit]) -> Iterator[tuple[str, str, float, list[str]]]:
    """Part, its table, its seconds and the units that failed."""
    for name in dict.fromkeys(unit.part for unit in every):
        ends = {unit: campaign.result(unit) or {} for unit in every if unit.part == name}
        failed = [unit.name for unit, end in ends.items() if end.get("code") != 0]
        seconds = sum(float(end.get("seconds", 0)) for end in ends.values())
        yield name, joined([str(end.get("output", "")) for end in ends.values()]), seconds, failed


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--short", action="store_true", help="a few minutes; nothing is kept")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "campaign", help="folder of what is finished")
    parser.add_argument("--jobs", type=int, default=cores(), help="processes at once")
    parser.add_argument("--save", action="store_true", help="write the tables to results/measured")
    args = parser.parse_args()
    if unknown := [name for name in args.parts if name not in PARTS]:
        parser.error(f"expected some of {', '.join(PARTS)}, found {unknown[0]}")
    every = [unit for unit in units(short=args.short) if unit.part in (args.parts or PARTS)]
    with termination_as_interrupt(), tempfile.TemporaryDirectory() as temporary:
        campaign = Campaign(Path(temporary) if args.short else args.out.absolute(), args.jobs)
        try:
            with folder_lock(campaign.folder):
                counted = campaign.prepare()
                campaign.run(every)
                failed = finish(campaign, every, counted, save=args.save and not args.short)
        except PgfaError as error:
            sys.exit(f"campaign: {error}")
        except KeyboardInterrupt as stop:
            report("stopped" if args.short else "stopped; run the same command to resume")
            sys.exit(143 if isinstance(stop, Terminated) else 130)
    sys.exit(f"campaign: failed: {', '.join(failed)}" if failed else 0)


def finish(campaign: Campaign, every: list[Unit], counted: str, *, save: bool) -> list[str]:
    """Print the tables, and keep those that are complete, with the failures in them; the units that failed."""
    every_failed = []
    commands = measured_commands(CHECKOUT / "results")
    for name, table, seconds, failed in results(campaign, every):
        print(f"## {name}\n\n{table}\n\n{'failed' if failed else 'passed'} in {seconds:.0f} s\n", flush=True)
        every_failed += failed
        if not is_complete(table):
            every_failed += [] if failed else [name]
            report(f"{name}: a unit printed no table; that in results/measured stays as it is")
        elif save:
            save_measured(CHECKOUT / "results", name, table, commands[name], [], seconds, commit=counted)
    return every_failed


if __name__ == "__main__":
    main()
