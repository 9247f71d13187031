"""Wall time from a frame to its answer, through the pipes of `pgfa live`.

    python scripts/live_latency.py [--run RUN_OR_BUNDLE] [--seconds 20] [--rate 30] [--processor]

Starts `pgfa live` as a camera program would, with the recogniser and with a bundle exported from it, and writes
synthetic frames in real time: one body, two, four, then eight (ten sentences, two of which need two bodies). Times run
from just before the frame that is answered is written until its answer is read. Each process uses one thread. A row
gives the load of the machine and the CPU time of the process per second; on a busy machine wall times also depend on
other processes. `--processor` instead gives the processor time of each answer in this process, which does not count the
time in which others run.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when numpy is imported

import numpy as np

from pgfa.synth import make_clips

SENTENCES = (
    "a person waves a hand",
    "a person claps",
    "a person kicks a ball",
    "a person jumps",
    "a person bows",
    "a person sits down",
    "a person throws something",
    "a person walks on the spot",
    "two people shake hands",
    "a person pushes another person",
)
BODIES = (1, 2, 4, 8)
TIMEOUT = 60.0
"""Seconds without an answer after which the process counts as stuck."""


@dataclass(frozen=True)
class Measured:
    """One stream: wall time of each answer, the time reported by the process, time from start to the first answer."""

    wall_ms: np.ndarray
    own_ms: np.ndarray
    start_s: float
    processor_share: float


def frames_of(bodies: int, count: int) -> list[list[list[list[float]]]]:
    """`count` frames of synthetic people, 1 m apart, who perform one action after another: bodies x joints x 3."""
    tracks = []
    for body in range(bodies):
        clips = make_clips(seed=body, performers=1, repeats=2)
        track = np.concatenate([clip.positions[:, 0] for clip in clips])
        tracks.append(np.resize(track, (count, *track.shape[1:])) + np.array([body, 0, 0], dtype=np.float32))
    return [[[[round(float(x), 4) for x in j] for j in b] for b in row] for row in zip(*tracks, strict=True)]


def measure(run: Path | None, bodies: int, seconds: float, rate: float) -> Measured:
    """Stream to one process. The first two frames, which wait for it to load, are counted separately, as its start."""
    count = round(seconds * rate) + 2
    frames = frames_of(bodies, count)
    lines = [
        json.dumps({"t": i / rate, "bodies": bodies}).encode() + b"\n" for i, bodies in enumerate(frames)
    ]
    command = [_pgfa(), "live", *(["--run", str(run)] if run else [])]
    for sentence in SENTENCES:
        command += ["--sentence", sentence]
    read: queue.Queue[tuple[float, bytes]] = queue.Queue()
    started, used = time.perf_counter(), _children()
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    assert child.stdin
    assert child.stdout
    answers = os.fdopen(os.dup(child.stdout.fileno()), "rb")

    def listen() -> None:
        for line in answers:
            read.put((time.perf_counter(), line))

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    child.stdin.write(b'{"layout": "kinect20"}\n' + lines[0] + lines[1])
    start = read.get(timeout=TIMEOUT)[0] - started

    written: dict[float, float] = {}
    clock = time.perf_counter()
    for i, line in enumerate(lines[2:]):
        time.sleep(max(0.0, clock + i / rate - time.perf_counter()))
        written[json.loads(line)["t"]] = time.perf_counter()
        child.stdin.write(line)
    child.stdin.close()
    listener.join(TIMEOUT)
    if child.wait(TIMEOUT):
        sys.exit(f"pgfa live ended with {child.returncode}")
    wall, own = [], []
    while not read.empty():
        when, line = read.get()
        answer = json.loads(line)
        wall.append(1000 * (when - written[answer["t"]]))
        own.append(float(answer["ms"]))
    share = (_children() - used) / (time.perf_counter() - started)
    return Measured(np.array(wall), np.array(own), start, share)


def processor_time(run: Path | None, bodies: int, seconds: float, rate: float) -> np.ndarray:
    """Milliseconds of processor time of each answer, of a recogniser in this process."""
    from pgfa.recognise import Recogniser

    live = Recogniser.load(run).live(SENTENCES, "kinect20", rate)
    used = []
    for i, frame in enumerate(frames_of(bodies, round(seconds * rate))):
        started = time.process_time()
        if live.push(i / rate, np.array(frame, dtype=np.float32)) is not None:
            used.append(1000 * (time.process_time() - started))
    return np.array(used[1:])  # without the first, which loads what is needed once


def row(name: str, m: Measured) -> str:
    """A line of the table."""
    percentiles = np.percentile(m.wall_ms, (50, 95, 99, 100))
    cells = " | ".join(f"{x:.1f}" for x in (*percentiles, np.median(m.own_ms)))
    late = int((m.wall_ms > 50).sum())
    return (
        f"| {name} | {len(m.wall_ms)} | {cells} | {late} | {m.start_s:.1f} | {100 * m.processor_share:.0f} % "
        f"| {os.getloadavg()[0]:.1f} |"
    )


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _pgfa() -> str:
    path = shutil.which("pgfa", path=str(Path(sys.executable).parent)) or shutil.which("pgfa")
    if not path:
        sys.exit("pgfa is not installed for this Python")
    return path


def main(argv: Sequence[str] | None = None) -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, help="training run or bundle (default: the bundled recogniser)")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--processor", action="store_true", help="processor time in this process")
    args = parser.parse_args(argv)
    if args.processor:
        print("| bodies | answers | median ms | 95 % | most | load |\n|---|---|---|---|---|---|")
        for bodies in BODIES:
            used = processor_time(args.run, bodies, args.seconds, args.rate)
            cells = " | ".join(f"{x:.1f}" for x in np.percentile(used, (50, 95, 100)))
            print(f"| {bodies} | {len(used)} | {cells} | {os.getloadavg()[0]:.1f} |", flush=True)
        return
    print(
        "| | answers | median ms | 95 % | 99 % | most | of these inside the process (median) | above 50 ms "
        "| start to first answer, s | processor | load |\n|---|---|---|---|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle"
        stored = [part for sentence in SENTENCES for part in ("--sentence", sentence)]
        if args.run is None:
            from pgfa.recognise.export import export

            export(None, bundle, SENTENCES)
        else:
            command = [_pgfa(), "export", str(args.run), str(bundle), *stored]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for kind, run in (("recogniser", args.run), ("exported bundle", bundle)):
            for bodies in BODIES:
                name = f"{kind}, {bodies} {'body' if bodies == 1 else 'bodies'}"
                print(row(name, measure(run, bodies, args.seconds, args.rate)), flush=True)


if __name__ == "__main__":
    main()
