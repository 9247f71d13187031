"""The parts of the server by themselves: sessions that age, readers that hang, a door that waits for nobody."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgfa.config import ServeSettings
from pgfa.errors import BadConfig
from pgfa.read.formats.npz import save_clip
from pgfa.recognise import Recogniser
from pgfa.serve.app import create_app, serve
from pgfa.serve.encoder_cache import Remembering
from pgfa.serve.errors import Refused
from pgfa.serve.security import Guard
from pgfa.serve.sessions import STALE, Sessions
from pgfa.serve.upload_worker import safe_name
from pgfa.serve.uploads import Readers
from pgfa.skeleton import KINECT20, Clip, Source
from pgfa.synth.skeleton_text import skeleton_text

LIMITS = {"clips": 5, "bytes": 10**8, "frames": 10_000, "bodies": 8, "seconds": 1e4, "file_bytes": 10**7}


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    some = Readers(seconds=60, count=1)
    yield some
    some.close()


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes]]:
    folder = tmp_path_factory.mktemp("recordings")
    positions = np.random.default_rng(0).normal(0, 0.4, (12, 1, 20, 3)).astype(np.float32)
    save_clip(folder / "a.npz", Clip(positions, 30.0, KINECT20, Source("a")))
    bodies = np.random.default_rng(1).normal(0, 0.4, (4, 2, 25, 3))
    return [
        ("a.npz", (folder / "a.npz").read_bytes()),
        ("S001C001P001R001A001.skeleton", skeleton_text(bodies)),
    ]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_sessions_age_and_make_room(small_recogniser: Recogniser) -> None:
    clock = Clock()
    sessions = Sessions(small_recogniser, ServeSettings(sessions=2, idle_seconds=1000), clock)
    first, second = sessions.open(), sessions.open()
    with pytest.raises(Refused, match="in use") as refused:
        sessions.open()
    assert refused.value.status_code == 429
    clock.now = STALE
    sessions.get(first.id)
    third = sessions.open()
    assert sessions.get(first.id) is first
    assert sessions.get(third.id) is third
    with pytest.raises(Refused, match="open session"):
        sessions.get(second.id)
    clock.now += 999
    sessions.get(first.id)
    clock.now += 2
    with pytest.raises(Refused):
        sessions.get(third.id)
    assert len(sessions) == 1
    assert len({first.id, second.id, third.id}) == 3
    assert len(first.id) >= 24


def test_recordings_come_through_the_process_as_they_are(
    readers: Readers, recordings: list[tuple[str, bytes]], tmp_path: Path
) -> None:
    from pgfa.read import read

    for name, content in recordings:
        (tmp_path / name).write_bytes(content)
        direct = read(tmp_path / name)
        (clip,) = readers.read(name, content, LIMITS).clips
        np.testing.assert_array_equal(clip.positions, direct.positions)
        assert (clip.rate, clip.layout, clip.source, clip.problems) == (
            direct.rate, direct.layout, direct.source, direct.problems,
        )  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_spoiled_upload_is_refused_or_read(
    readers: Readers, recordings: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    name, content = data.draw(st.sampled_from(recordings))
    spoiled = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(spoiled)))
        cut = data.draw(st.sampled_from([0, 1, 2, 50, 10**6]))
        spoiled[at : at + cut] = data.draw(st.binary(max_size=12))
    given_name = data.draw(st.one_of(st.just(name), st.text(max_size=30)))
    found, refused = tried(readers, given_name, bytes(spoiled))
    if refused is not None:
        assert refused.status_code in (413, 422)
        assert str(refused.detail)
        assert "pgfa-upload-" not in str(refused.detail)
    else:
        assert found
        assert all(clip.frames <= LIMITS["frames"] for clip in found)


def tried(readers: Readers, name: str, content: bytes) -> tuple[tuple[Clip, ...], Refused | None]:
    """What is read, or the refusal; any other error fails the test."""
    try:
        return readers.read(name, content, LIMITS).clips, None
    except Refused as refused:
        return (), refused


@given(st.text(max_size=400))
def test_a_safe_name_is_one_plain_part(name: str) -> None:
    safe = safe_name(name)
    assert 1 <= len(safe) <= 100
    assert safe == os.path.basename(safe)
    assert not safe.startswith(".")
    assert all(c.isascii() and (c.isalnum() or c in "._-") for c in safe)


def test_a_file_that_hangs_ends_its_reader_only(
    recordings: list[tuple[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = Readers(seconds=60, count=1)
    name, content = recordings[0]
    assert readers.read(name, content, LIMITS).clips
    reader = readers._free.queue[0]
    assert reader is not None
    os.kill(reader.process.pid, signal.SIGSTOP)  # as a file would that is never read to its end
    readers.seconds = 0.3
    began = time.monotonic()
    with pytest.raises(Refused, match="takes longer") as refused:
        readers.read(name, content, LIMITS)
    assert refused.value.status_code == 422
    assert time.monotonic() - began < 20
    assert reader.process.poll() is not None
    readers.seconds = 60
    assert readers.read(name, content, LIMITS).clips, "the next file is read by a new process"
    reader = readers._free.queue[0]
    assert reader is not None
    reader.process.kill()
    reader.process.wait()
    assert readers.read(name, content, LIMITS).clips, "a process that has gone is replaced"
    readers.close()


def test_a_body_that_comes_too_slowly_is_refused() -> None:
    said: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            while (await receive()).get("more_body"):
                pass
        except Refused as refused:
            said.append(refused)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Any) -> None:
        raise AssertionError("nothing is sent here")

    def ask(**limits: Any) -> Refused:
        guard = Guard(app, ServeSettings(**limits))
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/x/clips",
            "headers": [(b"host", b"localhost")],
        }
        asyncio.run(guard(scope, receive, send))
        refused: Refused = said.pop()
        return refused

    assert ask(upload_seconds=0.2).status_code == 408
    assert ask(file_bytes=5).status_code == 413, "without a Content-Length too"


def test_too_many_at_work_are_refused(small_recogniser: Recogniser) -> None:
    house = create_app(small_recogniser, ServeSettings(waiting=1)).state.house
    begun, go = threading.Event(), threading.Event()

    def long() -> None:
        with house.working():
            begun.set()
            go.wait(30)

    worker = threading.Thread(target=long)
    worker.start()
    assert begun.wait(30)
    with pytest.raises(Refused, match="at work") as refused, house.working():
        pass
    assert refused.value.status_code == 429
    go.set()
    worker.join()
    with house.working():
        pass


def test_windows_are_set_apart_for_a_long_recording(small_recogniser: Recogniser) -> None:
    positions = np.random.default_rng(0).normal(0, 0.4, (3000, 2, 20, 3)).astype(np.float32)
    clip = Clip(positions, 30.0, KINECT20, Source("long"))
    house = create_app(small_recogniser, ServeSettings(windows=40)).state.house
    timeline = house.spans(small_recogniser, clip, ["a", "b"])
    assert 2 * len(timeline.times) <= 40 + 2


def test_remembered_features_are_those_that_were_made() -> None:
    class Sums:
        kind, calls = "sums", 0

        def features(self, positions: Any, present: Any) -> Any:
            self.calls += 1
            return positions.reshape(len(positions), -1).sum(axis=1, keepdims=True).astype(np.float32)

    sums = Sums()
    remembering = Remembering(sums, most=8)
    one, other = np.ones((2, 3), np.float32), np.full((2, 3), 2, np.float32)
    there, gone = np.ones((2, 1), bool), np.zeros((2, 1), bool)
    np.testing.assert_array_equal(remembering.features(one, there), [[3], [3]])
    np.testing.assert_array_equal(remembering.features(one, there), [[3], [3]])
    assert sums.calls == 1
    remembering.features(one, gone)
    assert sums.calls == 2, "who is there counts too"
    np.testing.assert_array_equal(remembering.features(other, there), [[6], [6]])
    remembering.features(one, there)
    assert sums.calls == 4, "no more is kept than may be"


def test_reading_loads_neither_model_nor_web_server() -> None:
    code = (
        "import sys, pgfa.serve.upload_worker\n"
        "sys.exit(','.join(m for m in ('torch', 'fastapi', 'scipy', 'polars') if m in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_listens_on_this_machine_only_unless_told() -> None:
    assert ServeSettings().host == "127.0.0.1"
    with pytest.raises(BadConfig, match="port"):
        ServeSettings(port=70000)


def test_the_address_that_is_told_can_be_asked_at_once(
    small_recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was refused until the server had started behind it."""
    reached = []

    def run(_: object, sockets: list[socket.socket]) -> None:
        with sockets[0], socket.create_connection(sockets[0].getsockname(), timeout=5):
            reached.append(f"http://127.0.0.1:{sockets[0].getsockname()[1]}/")

    monkeypatch.setattr("uvicorn.Server.run", run)
    monkeypatch.setattr(Recogniser, "load", lambda *_, **__: small_recogniser)
    serve(None, ServeSettings(port=0))
    assert capsys.readouterr().out.startswith(reached[0])
