"""Hostile files through the server, `pgfa import`, `check` and `recognise`, and hostile messages through live input.

    python scripts/hostile_commands.py                  # every way
    python scripts/hostile_commands.py upload import    # these ways only
    python scripts/hostile_commands.py --short          # a minute

Files are those of `tests/bombs.py`, which are small and would cost much, and damaged recordings of every format
(`fuzz_readers.py`); messages are damaged ones of a live stream, and `MESSAGES`. Ways:

- upload: `POST /api/sessions/.../clips` of a running `pgfa serve`, a session for each file;
- websocket: `/api/live` of that server;
- live: lines on the standard input of `pgfa live`;
- import, check, recognise: the commands. Of damaged recordings, all of a format lie in one folder.

A file may cost 5 seconds of processor time and 512 MB beyond what a sound one costs there, and in `recognise` 2 ms more
for each clip that it answers, about what the encoder takes; of a folder, memory counts.
The server must answer with 201, 413 or 422 and JSON, and still answer at the end; a command must end with exit status 0
or 1, one line for each file, no traceback and no temporary file. The exit status is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import signal
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from forked import redirect, run_command
from fuzz_readers import lay_out, make_input
from input_costs import Cost, Row, Watch
from kill_scenarios import import_modules
from kill_writes import temporary_files
from live_messages import SEEDS, WebSocket, hostile_messages
from reader_seeds import Files, fuzzed_formats
from soak import Server

from pgfa.recognise.temporal.jsonl import MAX_LINE

ANSWER_SECONDS = 0.002
"""Processor time that an answer may take, in `recognise`."""
DAMAGED, SHORT = 100, 4
"""Damaged recordings of each format, and in the short form."""
FEW = ("npz that lies about its size", "people in turns", "JSON of text", "newlines in a zip")
"""Costly files of the short form."""
LIVE_LINES = 300
UNKNOWN = (
    "makes it fail",
    "cannot handle",
    "crashes its reader",
    "takes longer",
    "InternalError",
    "Traceback",
)
"""In messages: errors that are none of the package."""


def costly_files(names: tuple[str, ...] = ()) -> Iterator[tuple[str, Files]]:
    """Small files that would cost much; all, or those of some names."""
    from bombs import COSTLY, HDF5

    for name, make in {**COSTLY, **HDF5}.items():
        if not names or name in names:
            yield name, make()


def sound_file() -> Files:
    """A recording that any way reads."""
    from pgfa.read import FORMATS

    return dict(FORMATS["npz"].sample())


def as_upload(files: Files) -> tuple[str, bytes]:
    """Name and content of the one file that is uploaded: a zip where a recording has several."""
    if len(files) == 1:
        return next(iter(files.items()))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return "set.zip", target.getvalue()


def upload(files: Iterator[tuple[str, Files]], server: Server) -> Row:
    """Upload each file into a session of its own."""
    row, watch = Row("upload"), Watch(server)
    _upload(server, sound_file())
    for name, content in files:
        watch.start()
        status, body = _upload(server, content)
        row.add(
            name, watch.cost(), _bad_response(status, body), accepted=status == 201, refused=status != 201
        )
    if _upload(server, sound_file())[0] != 201:
        row.failed.append("a sound file at the end")
    return row


def _upload(server: Server, files: Files) -> tuple[int, bytes]:
    name, content = as_upload(files)
    status, opened = server.request("POST", "/api/sessions")
    if status != 201:
        return status, opened
    path = f"/api/sessions/{json.loads(opened)['session']}"
    try:
        return server.request("POST", f"{path}/clips?{urlencode({'name': name})}", content or b" ")
    finally:
        server.request("DELETE", path)


def _bad_response(status: int, body: bytes) -> str:
    if status not in (201, 413, 422):
        return f"status {status}: {body[:300]!r}"
    return _bad_json(body) or next(
        (f"{word}: {body[:300]!r}" for word in UNKNOWN if word.encode() in body), ""
    )


def _bad_json(text: bytes) -> str:
    try:
        json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        return f"no JSON: {error}: {text[:200]!r}"
    return ""


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


MARK = b'"the end of this input"'
"""A message after each one: its error says that those before it were answered."""


def websocket(messages: list[tuple[str, bytes, bytes]], server: Server) -> Row:
    """Send each message after a header and a frame, on a connection of its own."""
    row, watch = Row("websocket"), Watch(server)
    good = [SEEDS[1].encode(), SEEDS[0].encode()]
    _exchange(server, good)
    for name, header, message in messages:
        watch.start()
        answers, closed = _exchange(server, [header or good[0], good[1], message])
        problem = next(filter(None, (_bad_json(a) or _unknown(a.decode()) for a in answers)), "")
        if closed and len(message) <= MAX_LINE:
            problem = problem or "the connection was closed"
        refused = closed or any(b'"error"' in answer for answer in answers)
        row.add(name, watch.cost(), problem, accepted=not refused, refused=refused)
    if _exchange(server, good)[1]:
        row.failed.append("a sound stream at the end")
    return row


def _exchange(server: Server, messages: list[bytes]) -> tuple[list[bytes], bool]:
    """Answers to messages, and whether the connection was closed before all were answered."""
    connection = WebSocket(server)
    answers: list[bytes] = []
    try:
        for message in (*messages, MARK):
            if connection.is_open:
                connection.send(message)
        while connection.is_open:
            for answer in connection.receive():
                if b'"error"' in answer and b"'the end of this input'" in answer:
                    return answers, False
                answers.append(answer)
        return answers, True
    finally:
        connection.socket.close()


def command(arguments: list[str], work: Path, standard_input: bytes = b"") -> tuple[int, str, Cost]:
    """Run a command in a forked process: exit status, what it printed, what it and its processes took."""
    log, source = work / "log", work / "input"
    source.write_bytes(standard_input)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _run_forked(arguments, work, log, source)
    _, status, used = os.wait4(child, 0)
    text = log.read_text(encoding="utf-8", errors="replace")
    cost = Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
    return os.waitstatus_to_exitcode(status), text, cost


def _run_forked(arguments: list[str], work: Path, log: Path, source: Path) -> None:
    redirect(log, 1, 2)
    redirect(source, 0, write=False)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  until this process ends
    os.environ["PGFA_CACHE"] = str(work / "cache")
    code = run_command(arguments)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _unknown(text: str) -> str:
    return next((text[max(0, text.find(word) - 200) :][:500] for word in UNKNOWN if word in text), "")


def _bad_end(code: int, text: str) -> str:
    last = (text.strip().splitlines() or [""])[-1]
    if code not in (0, 1):
        return f"exit status {code}: {text[-500:]}"
    return _unknown(text) or ("" if code == 0 or text.strip() else f"no sentence: {last}")


ARGUMENTS: dict[str, Callable[[Path, Path], list[str]]] = {
    "import": lambda source, out: ["import", "files", str(source), str(out), "--quiet", "--jobs", "1"],
    "check": lambda source, out: ["check", str(source), "--json", str(out / "check.json")],
    "recognise": lambda source, out: ["recognise", str(source), "--as", "a person waves", "--as", "a person bows",
                                      "--quiet", "--json", str(out / "answers.json")],
}  # fmt: skip


def commands(
    way: str, costly: Iterator[tuple[str, Files]], damaged: Iterator[tuple[str, list[Files]]]
) -> Row:
    """Run a command on each costly file, and on a folder of damaged ones of each format."""
    row = Row(way)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder).resolve()

        def run(recordings: list[Files]) -> tuple[Cost, str, int]:
            source, out = work / "source", work / "out"
            for number, files in enumerate(recordings):
                lay_out(files, source / f"{number:03d}")
            code, text, cost = command(ARGUMENTS[way](source, out), work)
            problem, answers = _bad_end(code, text), _answers(out / "answers.json")
            if left := temporary_files(work, resumable=way == "import" and code != 0):
                problem = problem or f"left {left}"
            for path in (source, out, work / "out.partial"):
                _delete(path)
            return cost - Cost(answers * ANSWER_SECONDS, 0), problem, code

        usual, problem, code = run([sound_file()])
        if problem or code:
            row.failed.append(f"a sound file: {problem or code}")
        for name, files in costly:
            cost, problem, code = run([files])
            row.add(name, cost - usual, problem, accepted=code == 0, refused=code != 0)
        for format, recordings in damaged:
            cost, problem, code = run(recordings)
            count = len(recordings)
            row.add(f"damaged {format}", cost - usual, problem, accepted=count if code == 0 else 0,
                    refused=0 if code == 0 else count, timed=False)  # fmt: skip
    return row


def _answers(file: Path) -> int:
    """Recordings in the output of `recognise`, a line each; 0 without one."""
    return len(file.read_bytes().splitlines()) if file.is_file() else 0


def _delete(path: Path) -> None:
    import shutil

    shutil.rmtree(path, ignore_errors=True)


def live(messages: list[tuple[str, bytes, bytes]]) -> Row:
    """Give each message to `pgfa live` after a header and a frame."""
    row = Row("live")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        good = [SEEDS[1].encode(), SEEDS[0].encode()]
        arguments = ["live", "--as", "a person waves", "--as", "a person bows"]
        _, _, usual = command(arguments, work, b"\n".join(good))
        for name, header, message in messages:
            lines = [header or good[0], good[1], message, b""]
            code, text, cost = command(arguments, work, b"\n".join(lines))
            problem = _bad_end(code, text)
            for line in text.splitlines():
                if line.startswith("{"):
                    problem = problem or _bad_json(line.encode())
            row.add(name, cost - usual, problem, accepted=code == 0, refused=code != 0)
    return row


def all_rows(ways: list[str], *, short: bool) -> Iterator[Row]:
    """The row of each way."""
    inputs, names, lines = (SHORT, FEW, 20) if short else (DAMAGED, (), LIVE_LINES)

    def damaged() -> Iterator[tuple[str, list[Files]]]:
        for format in fuzzed_formats():
            with warnings.catch_warnings():  # of what the recordings are made with
                warnings.simplefilter("ignore")
                recordings = [make_input(format, 2, number) for number in range(inputs)]
            yield format, recordings

    if on_server := [way for way in ways if way in ("upload", "websocket")]:
        server = Server.start()
        try:
            for way in on_server:
                if way == "websocket":
                    yield websocket(hostile_messages(lines), server)
                    continue
                singles = ((f"{f} {n}", files) for f, every in damaged() for n, files in enumerate(every))
                yield upload((item for part in (costly_files(names), singles) for item in part), server)
        finally:
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(30)
    for way in ways:
        if way in ARGUMENTS:
            yield commands(way, costly_files(names), damaged())
        elif way == "live":
            yield live(hostile_messages(lines // 5))


WAYS = ("upload", "websocket", "live", *ARGUMENTS)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ways", nargs="*", metavar="WAY", help=", ".join(WAYS))
    parser.add_argument("--short", action="store_true", help="a minute")
    args = parser.parse_args()
    if unknown := [way for way in args.ways if way not in WAYS]:
        parser.error(f"expected some of {', '.join(WAYS)}, found {unknown[0]}")
    import_modules()
    head = "| way | inputs | accepted | refused | failed | most time | most memory |\n|---|---|---|---|---|---|---|"
    print(head, flush=True)
    failed, started = False, time.monotonic()
    for row in all_rows(args.ways or list(WAYS), short=args.short):
        print(row, flush=True)
        print(f"{row.way}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        failed, started = failed or bool(row.failed), time.monotonic()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
