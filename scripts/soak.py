"""The server of the page under twice its capacity, behind silent connections and behind a long question.

    python scripts/soak.py [--minutes 10] [--capacity-seconds 30] [--clients 24] [--rounds 3]

Starts `pgfa serve` and measures, from processes of one machine:

1. the time from its start to the first answer to a new client;
2. its capacity: short questions answered per second, asked by 8 clients without pause;
3. with 200 silent connections open from the same address, the time of the page and of a short question;
4. the time of a short question asked 1 s after another client's question about 5,000 frames of 8 bodies;
5. a soak at twice the capacity: short questions, sessions, files that are no recordings, long questions, downloads and
   clients that disconnect in the middle; status of every response, time of those with 200, memory of the server.

Every clip is different, so that no answer comes from a cache. Prints a table; the memory during the soak is written to
standard error. Exits with 1 where a response has a status of 500 or
above other than 503, or where the server has ended.
"""

from __future__ import annotations

import argparse
import collections
import http.client
import io
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from pgfa.read.formats.npz import save_clip
from pgfa.skeleton import Clip
from pgfa.synth import make_clips

SENTENCES = ("a person waves a hand", "a person claps", "a person kicks", "a person jumps", "a person bows")
TIMEOUT = 300.0
SILENT = 200
MIX = (80, 10, 6, 3, 1)
"""Weights of short questions, sessions, broken files, clients that leave, and long questions in the soak."""


@dataclass
class Server:
    """`pgfa serve` on a port of its own."""

    process: subprocess.Popen[str]
    host: str

    @classmethod
    def start(cls) -> Server:
        command = [sys.executable, "-c", "from pgfa.cli.main import main; main()", "serve", "--port", "0"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        return cls(process, process.stdout.readline().split("/")[2])

    def request(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, bytes]:
        """Status and body of a response on a connection of its own; 0 where it was closed or timed out instead."""
        connection = http.client.HTTPConnection(self.host, timeout=TIMEOUT)
        try:
            connection.request(method, path, body or None, {"content-type": kind} if kind else {})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def memory(self) -> tuple[int, int]:
        """MB of the server, and of it together with the processes that read uploads."""
        sizes = [_resident(pid) for pid in self.processes()]
        return sizes[0], sum(sizes)

    def processes(self) -> list[int]:
        """Ids of the server, and of the processes that any of its threads has started."""
        children = []
        for thread in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            with suppress(OSError):  # a thread that has ended
                children += map(int, thread.read_text().split())
        return [self.process.pid, *children]


def _resident(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


class Recordings:
    """Files of clips that all differ."""

    def __init__(self) -> None:
        clips = make_clips(seed=0, performers=1, repeats=2)
        self.like = clips[0]
        self.track = np.concatenate([clip.positions[:, 0] for clip in clips])
        self.lock, self.count = threading.Lock(), 0

    def file(self, frames: int, bodies: int) -> bytes:
        """The bytes of a clip that no other call returns."""
        with self.lock:
            self.count += 1
            number = self.count
        tracks = [
            np.resize(np.roll(self.track, -17 * number - 211 * b, axis=0), (frames, *self.track.shape[1:]))
            + np.array([b, 0, 1e-4 * number])
            for b in range(bodies)
        ]
        clip = Clip(
            np.stack(tracks, 1).astype(np.float32), self.like.rate, self.like.layout, self.like.source
        )
        with tempfile.TemporaryDirectory() as folder:
            save_clip(Path(folder) / "a.npz", clip)
            return (Path(folder) / "a.npz").read_bytes()


@dataclass
class Tally:
    """Responses by kind of request and status, and the seconds of those with 200."""

    status: collections.Counter[tuple[str, int]] = field(default_factory=collections.Counter)
    seconds: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, status: int, seconds: float) -> None:
        with self.lock:
            self.status[kind, status] += 1
            if status == 200 and kind == "short":
                self.seconds.append(seconds)


class Client:
    """The requests that clients make."""

    def __init__(self, server: Server, recordings: Recordings, tally: Tally) -> None:
        self.server, self.recordings, self.tally = server, recordings, tally

    def timed(self, kind: str, method: str, path: str, body: bytes = b"", media: str = "") -> bytes:
        started = time.perf_counter()
        status, content = self.server.request(method, path, body, media)
        self.tally.add(kind, status, time.perf_counter() - started)
        return content if status < 300 else b""

    def short(self) -> None:
        query = urlencode([("name", "a.npz"), *(("sentence", s) for s in SENTENCES)])
        self.timed("short", "POST", f"/api/recognise?{query}", self.recordings.file(72, 1))

    def broken(self) -> None:
        raw = random.choice([b"no recording", os.urandom(5000), self.recordings.file(72, 1)[:900], _bomb()])
        self.timed("broken file", "POST", "/api/recognise?name=b.npz&sentence=a", raw)

    def session(self, frames: int = 200, bodies: int = 2, kind: str = "session") -> None:
        opened = self.timed(kind, "POST", "/api/sessions")
        if not opened:
            return
        path = f"/api/sessions/{json.loads(opened)['session']}"
        added = self.timed(kind, "POST", f"{path}/clips?name=a.npz", self.recordings.file(frames, bodies))
        if added:
            clip = json.loads(added)["clips"][0]["id"]
            question = json.dumps({"sentences": SENTENCES}).encode()
            for action in ("answer", "why", "download/csv"):
                self.timed(kind, "POST", f"{path}/clips/{clip}/{action}", question, "application/json")
        self.timed(kind, "DELETE", path)

    def long(self) -> None:
        self.session(1500, 8, "long")

    def leave(self) -> None:
        """Send a request, and close the connection before the answer."""
        raw = self.recordings.file(600, 4)
        head = f"POST /api/recognise?name=a.npz&sentence=a HTTP/1.1\r\nHost: {self.server.host}\r\n"
        host, port = self.server.host.split(":")
        try:
            with socket.create_connection((host, int(port)), timeout=TIMEOUT) as connection:
                connection.sendall(f"{head}Content-Length: {len(raw)}\r\n\r\n".encode() + raw)
                time.sleep(0.1)
        except ConnectionError:
            pass
        self.tally.add("left", 0, 0.0)


def _bomb() -> bytes:
    """A zip that inflates to 300 MB."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as member:
        for _ in range(300):
            member.write(bytes(1_000_000))
    return target.getvalue()


def run_clients(count: int, seconds: float, rate: float, server: Server) -> Tally:
    """Requests of `count` clients for some seconds, `rate` per second in all; 0: short ones without pause."""
    tally, recordings = Tally(), Recordings()
    end = time.monotonic() + seconds

    def work(seed: int) -> None:
        client, choice = Client(server, recordings, tally), random.Random(seed)
        mix = (client.short, client.session, client.broken, client.leave, client.long)
        due = time.monotonic() + choice.random() * count / rate if rate else 0.0
        while time.monotonic() < end:
            time.sleep(max(0.0, due - time.monotonic()))
            due += count / rate if rate else 0.0
            (choice.choices(mix, MIX)[0] if rate else client.short)()

    threads = [threading.Thread(target=work, args=(seed,), daemon=True) for seed in range(count)]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        time.sleep(min(10.0, max(0.1, end - time.monotonic())))
        if rate:
            print(f"memory: {server.memory()[0]} MB, with readers {server.memory()[1]} MB", file=sys.stderr)
    for thread in threads:
        thread.join(2 * TIMEOUT)
    return tally


def silent_connections(server: Server, client: Client) -> tuple[float, float]:
    """With SILENT connections open from this address: seconds of the page and of a short question."""
    host, port = server.host.split(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(SILENT)]
    started = time.perf_counter()
    status, _ = server.request("GET", "/")
    page = time.perf_counter() - started
    client.short()
    for connection in silent:
        connection.close()
    if status != HTTPStatus.OK:
        sys.exit(f"failed: the page has status {status} behind {SILENT} silent connections")
    return page, client.tally.seconds[-1]


def behind_a_long_question(client: Client, rounds: int) -> list[tuple[float, float, float]]:
    """Seconds of a short question alone, behind another client's question about 8 bodies, and of that one."""
    times = []
    for _ in range(rounds):
        client.short()
        alone = client.tally.seconds[-1]
        other = Client(client.server, client.recordings, Tally())
        started = time.perf_counter()
        thread = threading.Thread(target=other.session, args=(5000, 8, "long"))
        thread.start()
        time.sleep(2.0)  # one for the upload, one of the question
        client.short()
        behind = client.tally.seconds[-1]
        assert thread.is_alive(), "the long question ended too early"
        thread.join()
        times.append((alone, behind, time.perf_counter() - started))
    return times


def soak_rows(tally: Tally) -> list[tuple[str, str]]:
    """What became of the requests of a soak: a row per status, and the times of short questions."""
    status: collections.Counter[int] = collections.Counter()
    for (_, code), count in tally.status.items():
        status[code] += count
    meaning = {0: "closed by a client that left", 422: "422, broken files", 429: "429, asked to come again"}
    rows = [(f"soak: {meaning.get(code, str(code))}", f"{count:,}") for code, count in sorted(status.items())]
    median, most, longest = np.percentile(tally.seconds, (50, 95, 100))
    times = f"median {median:.2f} s, 95 % within {most:.2f} s, longest {longest:.2f} s"
    return [*rows, ("soak: short questions with 200", f"{len(tally.seconds):,}: {times}")]


def main(argv: Sequence[str] | None = None) -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--capacity-seconds", type=float, default=30.0)
    parser.add_argument("--clients", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3, help="long questions that a short one waits behind")
    args = parser.parse_args(argv)
    rows = [("load average before", f"{os.getloadavg()[0]:.1f}")]
    started = time.perf_counter()
    server = Server.start()
    client = Client(server, Recordings(), Tally())
    try:
        client.short()
        rows.append(("start to first answer", f"{time.perf_counter() - started:.1f} s"))
        fresh, _ = server.memory()
        capacity = len(run_clients(8, args.capacity_seconds, 0, server).seconds) / args.capacity_seconds
        rows.append(("capacity, 8 clients without pause", f"{capacity:.1f} short questions per second"))
        page, short = silent_connections(server, client)
        rows.append(
            (f"behind {SILENT} silent connections", f"page {page:.2f} s, short question {short:.2f} s")
        )
        alone, behind, took = np.array(behind_a_long_question(client, args.rounds)).T
        rows.append(("short question alone", f"median {np.median(alone):.2f} s, longest {max(alone):.2f} s"))
        rows.append(
            (
                "the same, 2 s after another client's 5,000 frames of 8 bodies",
                f"median {np.median(behind):.2f} s, longest {max(behind):.2f} s; "
                f"the long one took {np.median(took):.0f} s",
            )
        )
        before, _ = server.memory()
        tally = run_clients(args.clients, 60 * args.minutes, 2 * capacity, server)
        after, with_readers = server.memory()
        ended = server.process.poll() is not None
    finally:
        server.process.terminate()
        server.process.wait()
    offered = f"{args.clients} clients, {2 * capacity:.0f} requests per second offered"
    rows.append((f"soak of {args.minutes:g} minutes", offered))
    rows += soak_rows(tally)
    memory = f"{fresh}, {before}, {after} MB; with the processes that read uploads {with_readers} MB"
    rows.append(("memory of the server: fresh, before the soak, after it", memory))
    print("| | measured |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")
    if ended or any(status >= 500 and status != 503 for _, status in tally.status):
        sys.exit("failed: the server has ended, or a status of 500 or above other than 503")


if __name__ == "__main__":
    main()
