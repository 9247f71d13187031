"""What a person waits for at the page, in headless Chromium: answers, and the frames that the player draws.

    python scripts/page_speed.py [--seconds 5]

Starts `pgfa serve`, opens its page as a new visitor, and measures

1. the time from opening the address to the first answer;
2. for recordings of several lengths and numbers of people: the time from choosing the file to its answer, the time of
   one more sentence, and, over some seconds of playing, frames drawn per second and the longest time between two.

Chromium draws at most 60 frames per second. Times of answers include reading the file. Prints a table.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pictures import browser

from pgfa.read.formats.npz import save_clip
from pgfa.skeleton import Clip
from pgfa.synth import make_clips

RECORDINGS = ((100, 1), (1_000, 1), (5_000, 1), (5_000, 2), (5_000, 8), (20_000, 2), (50_000, 1))
"""Frames and bodies."""
TIMEOUT_MS = 600_000
FRAMES_DRAWN = """(seconds) => new Promise((done) => {
  const times = [];
  const tick = (now) => {
    times.push(now);
    if (now - times[0] < 1000 * seconds) requestAnimationFrame(tick);
    else {
      const gaps = times.slice(1).map((time, i) => time - times[i]);
      done([1000 * gaps.length / (times.at(-1) - times[0]), Math.max(...gaps)]);
    }
  };
  requestAnimationFrame(tick);
})"""


def recording(folder: Path, frames: int, bodies: int) -> Path:
    """A file of synthetic people 1 m apart who perform one action after another."""
    clips = make_clips(seed=0, performers=1, repeats=1)
    track = np.concatenate([clip.positions[:, 0] for clip in clips])
    tracks = np.stack([np.roll(track, 97 * body, axis=0) for body in range(bodies)], axis=1)
    positions = np.resize(tracks, (frames, *tracks.shape[1:]))
    positions[..., 0] += np.arange(bodies)[:, None]
    like = clips[0]
    file = folder / f"{frames} frames {bodies} bodies.npz"
    save_clip(file, Clip(positions, like.rate, like.layout, like.source))
    return file


def answered(page: Any) -> None:
    """Wait until nothing is asked any more."""
    page.wait_for_function(
        "() => Number(document.body.dataset.answers || 0) && !document.querySelector('[aria-busy]')"
        " && !document.querySelector('#timeline.stale')",
        timeout=TIMEOUT_MS,
    )


def measure(page: Any, file: Path, number: int, seconds: float) -> str:
    """The cells of one recording."""
    started = time.perf_counter()
    page.set_input_files("#file", file)
    page.wait_for_function(
        "(name) => document.getElementById('recording-title').textContent === name",
        arg=file.name,
        timeout=TIMEOUT_MS,
    )
    answered(page)
    opened = time.perf_counter() - started
    started = time.perf_counter()
    before = page.evaluate("document.body.dataset.answers")
    page.fill("#add", f"a person turns around {number} times")
    page.press("#add", "Enter")
    page.wait_for_function(
        "(before) => document.body.dataset.answers !== before", arg=before, timeout=TIMEOUT_MS
    )
    answered(page)
    another = time.perf_counter() - started
    if page.locator("#player").get_attribute("data-playing") != "true":
        page.keyboard.press("Escape")
        page.locator("#player canvas").focus()
        page.keyboard.press("Space")
    drawn, longest = page.evaluate(FRAMES_DRAWN, seconds)
    if page.locator("#player").get_attribute("data-playing") != "true":
        sys.exit(f"{file.name}: the player does not play")
    return f"{opened:.1f} | {another:.1f} | {drawn:.0f} | {longest:.0f}"


def main(argv: Sequence[str] | None = None) -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="of playing")
    args = parser.parse_args(argv)
    rows = [f"| load average before | {os.getloadavg()[0]:.1f} | | | |"]
    command = [sys.executable, "-m", "pgfa.cli.main", "serve", "--port", "0"]
    with (
        tempfile.TemporaryDirectory() as folder,
        browser() as page,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[0]
            started = time.perf_counter()
            page.goto(address)
            answered(page)
            rows.append(f"| page opened to its first answer | {time.perf_counter() - started:.1f} | | | |")
            for number, (frames, bodies) in enumerate(RECORDINGS, 1):
                cells = measure(page, recording(Path(folder), frames, bodies), number, args.seconds)
                people = "1 body" if bodies == 1 else f"{bodies} bodies"
                rows.append(f"| {frames:,} frames, {people} | {cells} |")
                print(rows[-1], file=sys.stderr)
        finally:
            server.terminate()
    print("| | answer, s | one more sentence, s | frames drawn per second | longest time between two, ms |")
    print("|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
