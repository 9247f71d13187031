"""Turns at the recogniser: fairness, progress, cancelling; and questions over HTTP that use them."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from builders import make_clip
from page_server import serving
from pgfa.config import ServeSettings
from pgfa.recognise import Recogniser
from pgfa.recognise.encoders import FeatureEncoder
from pgfa.serve.app import create_app
from pgfa.serve.errors import ApiError
from pgfa.serve.turns import PATIENCE, SHORT, Cancelled, Turns
from pgfa.skeleton import Clip

SENTENCES = ["a person waves", "a person bows"]
NDJSON = "application/x-ndjson"
PIECE = 0.05
"""Seconds that the slow encoder takes for a block of windows."""


def in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("used", "later", "order"),
    [
        (0.0, 0.1, ["long", "short"]),
        (SHORT, 0.1, ["long", "short"]),
        (1.0, 0.9, ["short", "long"]),
        (1.0, 1.1, ["long", "short"]),
        (1e6, PATIENCE - 0.1, ["short", "long"]),
        (1e6, PATIENCE + 0.1, ["long", "short"]),
    ],
)
def test_who_has_used_much_waits_for_who_comes_soon_after(
    used: float, later: float, order: list[str]
) -> None:
    clock, served = Clock(), []
    turns = Turns(8, clock)

    def wait_as(name: str, seconds_used: float) -> threading.Thread:
        turn = turns.enter()
        turn.used = seconds_used

        def work() -> None:
            with turns.hold(turn):
                served.append(name)

        thread = in_thread(work)
        wait_for(lambda: turn in turns._waiting)
        return thread

    with turns.hold():
        threads = [wait_as("long", used)]
        clock.now += later
        threads.append(wait_as("short", 0.0))
    for thread in threads:
        thread.join(20)
    assert served == order
    assert not len(turns)


def test_a_short_request_goes_between_two_pieces_of_a_long_one() -> None:
    turns, shares = Turns(2), []
    started, done = threading.Event(), threading.Event()

    def long() -> None:
        with turns.hold() as turn:
            started.set()
            while not done.is_set():
                time.sleep(0.01)
                turn.progress(0.5)
                shares.append(turn.share)

    thread = in_thread(long)
    assert started.wait(20)
    with turns.hold():
        before = len(shares)
        time.sleep(0.05)
        assert len(shares) == before, "one request at a time"
        with pytest.raises(ApiError, match="at most 2 requests in progress") as error:
            turns.enter()
        assert error.value.status_code == 429
    wait_for(lambda: len(shares) > before)
    done.set()
    thread.join(20)


def test_long_requests_leave_half_of_the_places_to_short_ones() -> None:
    turns = Turns(4)
    first, _ = turns.enter(long=True), turns.enter(long=True)
    with pytest.raises(ApiError, match="at most 2 long requests in progress"):
        turns.enter(long=True)
    for _ in range(2):
        turns.enter()
    with pytest.raises(ApiError, match="at most 4 requests in progress"):
        turns.enter()
    turns.leave(first)
    turns.enter(long=True)


@pytest.mark.parametrize("waiting", [True, False])
def test_a_cancelled_request_ends_at_its_next_piece_or_while_it_waits(waiting: bool) -> None:
    turns, ended = Turns(8), threading.Event()
    turn = turns.enter()

    def work() -> None:
        try:
            with turns.hold(turn):
                while True:
                    time.sleep(0.005)
                    turn.progress(0.5)
        except Cancelled:
            ended.set()

    if waiting:
        with turns.hold():
            in_thread(work)
            wait_for(lambda: turn in turns._waiting)
            turn.cancel()
            assert ended.wait(20)
    else:
        in_thread(work)
        wait_for(lambda: turn.share > 0)
        turn.cancel()
        assert ended.wait(20)
    with turns.hold():
        assert len(turns) == 1


@dataclass(frozen=True)
class SlowEncoder:
    """Takes PIECE seconds for a block of windows, and counts the blocks."""

    encoder: FeatureEncoder
    blocks: list[int]
    kind: str = "onnx"

    def features(self, positions: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
        self.blocks.append(len(positions))
        time.sleep(PIECE)
        return self.encoder.features(positions, present)


@dataclass(frozen=True)
class Service:
    """A server with a slow recogniser, a session with a long and a short clip, and the blocks it has encoded."""

    address: str
    state: Any
    session: str
    blocks: list[int]

    def question(self, clip: str) -> tuple[str, bytes]:
        return f"/api/sessions/{self.session}/clips/{clip}/answer", json.dumps(
            {"sentences": SENTENCES}
        ).encode()

    def ask(self, clip: str, accept: str = "*/*") -> http.client.HTTPConnection:
        """The connection on which a question was sent."""
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=60)
        path, body = self.question(clip)
        connection.request("POST", path, body, {"content-type": "application/json", "accept": accept})
        return connection


@pytest.fixture(scope="module")
def service(small_recogniser: Recogniser) -> Iterator[Service]:
    blocks: list[int] = []
    bundle = small_recogniser.bundle
    slow = replace(small_recogniser, bundle=replace(bundle, encoder=SlowEncoder(bundle.encoder, blocks)))
    app = create_app(slow, ServeSettings(port=0))
    state = app.state.pgfa
    session = state.sessions.open()
    session.add([moving_clip(6000), moving_clip(40)], state.settings)
    with serving(app) as address:
        yield Service(address, state, session.id, blocks)


def moving_clip(frames: int) -> Clip:
    """A clip whose windows all differ, so that none of their features is in the cache."""
    clip = make_clip(frames)
    return replace(
        clip, positions=clip.positions + np.arange(frames, dtype=np.float32)[:, None, None, None] / 500
    )


def test_another_clients_short_question_is_answered_while_a_long_one_is_at_work(service: Service) -> None:
    started = time.monotonic()
    connection = service.ask("c1")
    wait_for(lambda: len(service.blocks) >= 3)
    asked = time.monotonic()
    assert service.ask("c2").getresponse().status == 200
    waited = time.monotonic() - asked
    assert connection.getresponse().status == 200
    took = time.monotonic() - started
    assert took > 8 * PIECE
    assert waited < took / 2


def test_a_stream_reports_progress_and_then_the_same_answer(service: Service) -> None:
    service.state.recogniser.bundle.encoder._cache.clear()
    response = service.ask("c1", NDJSON).getresponse()
    assert response.getheader("content-type", "").startswith(NDJSON)
    lines = [json.loads(line) for line in response]
    shares = [line["progress"] for line in lines[:-1]]
    assert len(shares) >= 2
    assert shares == sorted(shares)
    assert 0 < shares[-1] <= 1
    plain = json.loads(service.ask("c1").getresponse().read())
    assert lines[-1] == {"answer": plain}


@pytest.mark.parametrize("accept", ["*/*", NDJSON])
def test_a_question_ends_when_its_client_goes(service: Service, accept: str) -> None:
    service.state.recogniser.bundle.encoder._cache.clear()
    before = len(service.blocks)
    connection = service.ask("c1", accept)
    wait_for(lambda: len(service.blocks) >= before + 2)
    connection.close()
    wait_for(lambda: not len(service.state.turns))
    assert len(service.blocks) < before + 12, "of more than 30"


def test_errors_of_a_stream_are_ordinary_errors(service: Service) -> None:
    path, _ = service.question("c1")
    body = json.dumps({"sentences": ["a", "a"], "aligned": True}).encode()
    request = urllib.request.Request(
        service.address + path, body, {"content-type": "application/json", "accept": NDJSON}
    )
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=30)
    assert error.value.code == 422
    assert json.load(error.value)["error"]["where"] == "aligned"
