"""The parts of the server: expiring sessions, upload workers that hang, slow requests, the queue, the cache."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import make_clip
from pgfa.config import ServeSettings
from pgfa.errors import BadConfig
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Recogniser
from pgfa.serve.app import create_app, serve
from pgfa.serve.encoder_cache import CachingEncoder
from pgfa.serve.errors import ApiError
from pgfa.serve.security import SecurityMiddleware
from pgfa.serve.sessions import REPLACEABLE_SECONDS, WATCHED_SECONDS, Sessions
from pgfa.serve.stop import PatientServer
from pgfa.serve.upload_worker import UploadLimits, safe_name
from pgfa.serve.uploads import UploadWorkers
from pgfa.skeleton import Clip
from pgfa.synth.skeleton_text import skeleton_text

LIMITS = UploadLimits(file_bytes=10**7, clips=5, position_bytes=10**8, frames=10_000, bodies=8, seconds=1e4)


@pytest.fixture(scope="module")
def workers() -> Iterator[UploadWorkers]:
    workers = UploadWorkers(max_seconds=60, count=1)
    yield workers
    workers.close()


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes]]:
    folder = tmp_path_factory.mktemp("recordings")
    save_clip(folder / "a.npz", make_clip(id="a"))
    bodies = np.random.default_rng(1).normal(0, 0.4, (4, 2, 25, 3))
    return [
        ("a.npz", (folder / "a.npz").read_bytes()),
        ("S001C001P001R001A001.skeleton", skeleton_text(bodies)),
    ]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_idle_sessions_expire_and_are_replaced(small_recogniser: Recogniser) -> None:
    clock = Clock()
    sessions = Sessions(small_recogniser, ServeSettings(max_sessions=2, session_idle_seconds=1000), clock)
    first, second = sessions.open(), sessions.open()
    with pytest.raises(ApiError, match="in use") as error:
        sessions.open()
    assert error.value.status_code == 429
    clock.now = REPLACEABLE_SECONDS
    sessions.get(first.id)
    third = sessions.open()
    assert sessions.get(first.id) is first
    assert sessions.get(third.id) is third
    with pytest.raises(ApiError, match="open session"):
        sessions.get(second.id)
    clock.now += 999
    sessions.get(first.id)
    clock.now += 2
    with pytest.raises(ApiError):
        sessions.get(third.id)
    assert len(sessions) == 1
    assert len({first.id, second.id, third.id}) == 3
    assert len(first.id) >= 24


def test_a_session_whose_page_is_open_is_not_replaced(small_recogniser: Recogniser) -> None:
    clock = Clock()
    sessions = Sessions(small_recogniser, ServeSettings(max_sessions=1), clock)
    watched = sessions.open()
    watched.watched = True
    clock.now = 2 * REPLACEABLE_SECONDS
    with pytest.raises(ApiError, match="in use") as error:
        sessions.open()
    assert error.value.headers == {"retry-after": "10"}
    assert sessions.get(watched.id) is watched
    clock.now += WATCHED_SECONDS
    assert sessions.open() is not watched


def test_an_uploaded_recording_equals_the_file_read_directly(
    workers: UploadWorkers, recordings: list[tuple[str, bytes]], tmp_path: Path
) -> None:
    from pgfa.read import read

    for name, content in recordings:
        (tmp_path / name).write_bytes(content)
        expected = read(tmp_path / name)
        (clip,) = workers.read(name, content, LIMITS).clips
        np.testing.assert_array_equal(clip.positions, expected.positions)
        for field in ("rate", "layout", "source", "problems"):
            assert getattr(clip, field) == getattr(expected, field)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_upload_is_refused_or_read(
    workers: UploadWorkers, recordings: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    name, content = data.draw(st.sampled_from(recordings))
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(damaged)))
        length = data.draw(st.sampled_from([0, 1, 2, 50, 10**6]))
        damaged[start : start + length] = data.draw(st.binary(max_size=12))
    upload_name = data.draw(st.one_of(st.just(name), st.text(max_size=30)))
    clips, error = read_or_error(workers, upload_name, bytes(damaged))
    if error is not None:
        assert error.status_code in (413, 422)
        assert str(error.detail)
        assert ".part" not in str(error.detail)
    else:
        assert clips
        assert all(clip.frames <= LIMITS.frames for clip in clips)


def read_or_error(
    workers: UploadWorkers, name: str, content: bytes
) -> tuple[tuple[Clip, ...], ApiError | None]:
    """The clips, or the ApiError; any other error fails the test."""
    try:
        return workers.read(name, content, LIMITS).clips, None
    except ApiError as error:
        return (), error


@given(st.text(max_size=400))
def test_a_safe_name_is_one_plain_file_name(name: str) -> None:
    safe = safe_name(name)
    assert 1 <= len(safe) <= 100
    assert safe == os.path.basename(safe)
    assert not safe.startswith(".")
    assert all(c.isascii() and (c.isalnum() or c in "._-") for c in safe)


def test_of_a_file_whose_reader_is_killed_nothing_stays_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    workers = UploadWorkers(max_seconds=60, count=1)
    with pytest.raises(ApiError):
        workers.read("a.json", b"{}", LIMITS)
    worker = workers._idle.queue[0]
    assert worker is not None
    assert not list(tmp_path.iterdir())
    seen: list[Path] = []

    def stop_when_reading() -> None:
        while not seen and worker.process.poll() is None:
            seen.extend(tmp_path.rglob("a.json"))
        os.kill(worker.process.pid, signal.SIGSTOP)  # as if reading the file never ended

    watch = threading.Thread(target=stop_when_reading)
    watch.start()
    workers.max_seconds = 2
    with pytest.raises(ApiError, match="takes longer"):
        workers.read("a.json", b"[" + b"[0.5, 0.25, 1.5], " * 10**6 + b"0]", LIMITS)
    watch.join()
    assert seen
    assert not list(tmp_path.iterdir())
    workers.close()


def test_a_file_that_hangs_ends_only_its_worker(
    recordings: list[tuple[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = UploadWorkers(max_seconds=60, count=1)
    name, content = recordings[0]
    assert workers.read(name, content, LIMITS).clips
    worker = workers._idle.queue[0]
    assert worker is not None
    os.kill(worker.process.pid, signal.SIGSTOP)  # as if reading the file never ended
    workers.max_seconds = 0.3
    with pytest.raises(ApiError, match="takes longer") as error:
        workers.read(name, content, LIMITS)
    assert error.value.status_code == 422
    assert worker.process.poll() is not None
    workers.max_seconds = 60
    assert workers.read(name, content, LIMITS).clips, "the next file is read by a new process"
    worker = workers._idle.queue[0]
    assert worker is not None
    worker.process.kill()
    worker.process.wait()
    assert workers.read(name, content, LIMITS).clips, "a process that has ended is replaced"
    workers.close()


def test_a_slow_request_body_is_refused() -> None:
    errors: list[ApiError] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            while (await receive()).get("more_body"):
                pass
        except ApiError as error:
            errors.append(error)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Any) -> None:
        raise AssertionError("nothing is sent here")

    def error_with(**limits: Any) -> ApiError:
        middleware = SecurityMiddleware(app, ServeSettings(**limits))
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/x/clips",
            "headers": [(b"host", b"localhost")],
        }
        asyncio.run(middleware(scope, receive, send))
        return errors.pop()

    assert error_with(max_upload_seconds=0.2).status_code == 408
    assert error_with(max_file_bytes=5).status_code == 413, "without a Content-Length too"


def test_requests_beyond_the_queue_are_refused(small_recogniser: Recogniser) -> None:
    state = create_app(small_recogniser, ServeSettings(max_queued=1)).state.pgfa
    started, released = threading.Event(), threading.Event()

    def hold_worker() -> None:
        with state.turns.hold():
            started.set()
            released.wait(30)

    thread = threading.Thread(target=hold_worker)
    thread.start()
    assert started.wait(30)
    with pytest.raises(ApiError, match="in progress") as error, state.turns.hold():
        pass
    assert error.value.status_code == 429
    released.set()
    thread.join()
    with state.turns.hold():
        pass


def test_a_long_recording_gets_fewer_windows_per_second(small_recogniser: Recogniser) -> None:
    clip = make_clip(frames=3000, bodies=2)
    state = create_app(small_recogniser, ServeSettings(max_windows=40)).state.pgfa
    with state.turns.hold() as turn:
        timeline = state.timeline(small_recogniser, clip, ["a", "b"], turn)
    assert turn.share == 1
    assert 2 * len(timeline.times) <= 40 + 2


def test_cached_features_equal_computed_features() -> None:
    class Sums:
        kind, calls = "sums", 0

        def features(self, positions: Any, present: Any) -> Any:
            self.calls += 1
            return positions.reshape(len(positions), -1).sum(axis=1, keepdims=True).astype(np.float32)

    sums = Sums()
    encoder = CachingEncoder(sums, max_bytes=8)
    ones, twos = np.ones((2, 3), np.float32), np.full((2, 3), 2, np.float32)
    present, absent = np.ones((2, 1), bool), np.zeros((2, 1), bool)
    np.testing.assert_array_equal(encoder.features(ones, present), [[3], [3]])
    np.testing.assert_array_equal(encoder.features(ones, present), [[3], [3]])
    assert sums.calls == 1
    encoder.features(ones, absent)
    assert sums.calls == 2, "presence is part of the key"
    np.testing.assert_array_equal(encoder.features(twos, present), [[6], [6]])
    encoder.features(ones, present)
    assert sums.calls == 4, "the cache is limited"


def test_the_upload_worker_imports_neither_model_nor_web_server() -> None:
    code = (
        "import sys, pgfa.serve.upload_worker\n"
        "sys.exit(','.join(m for m in ('torch', 'fastapi', 'scipy', 'polars') if m in sys.modules) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_by_default_it_listens_on_this_machine_only() -> None:
    assert ServeSettings().host == "127.0.0.1"
    with pytest.raises(BadConfig, match="port"):
        ServeSettings(port=70000)


def test_the_printed_address_accepts_connections_at_once(
    small_recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Connections used to be refused until the server had started."""
    addresses = []

    def run(_: object, sockets: list[socket.socket]) -> None:
        with sockets[0], socket.create_connection(sockets[0].getsockname(), timeout=5):
            addresses.append(f"http://127.0.0.1:{sockets[0].getsockname()[1]}/")

    monkeypatch.setattr("uvicorn.Server.run", run)
    monkeypatch.setattr(Recogniser, "load", lambda *_, **__: small_recogniser)
    serve(None, ServeSettings(port=0))
    assert capsys.readouterr().out.startswith(addresses[0])


def test_ctrl_c_twice_in_a_row_is_one_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """uvicorn takes the second for "at once", and ends with a traceback; so it does here after a while."""
    server = PatientServer(uvicorn.Config(lambda: None))
    server.handle_exit(signal.SIGINT, None)
    server.handle_exit(signal.SIGINT, None)
    assert server.should_exit
    assert not server.force_exit
    monkeypatch.setattr("pgfa.serve.stop.SETTLE_SECONDS", 0.0)
    server.handle_exit(signal.SIGINT, None)
    assert server.force_exit
