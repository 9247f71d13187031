"""The lock of a session is held while others wait for the recogniser: nothing else may stop for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from page_server import client_of
from pgfa.recognise import Recogniser
from pgfa.serve.turns import Turn

QUESTION = {"sentences": ["a person waves", "a person bows"]}
SECONDS = 20


@contextmanager
def held_elsewhere(lock: Any) -> Iterator[None]:
    """The lock is held by another thread."""
    taken, over = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            taken.set()
            over.wait()

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    assert taken.wait(SECONDS)
    try:
        yield
    finally:
        over.set()
        thread.join(SECONDS)


@pytest.fixture
def client(small_recogniser: Recogniser) -> Iterator[Any]:
    with client_of(small_recogniser) as client:
        yield client


def opened(client: Any) -> tuple[str, Any]:
    """The address of a new session with a clip, and the session."""
    id = client.post("/api/sessions").json()["session"]
    assert client.post(f"/api/sessions/{id}/examples/wave").status_code == 201
    return f"/api/sessions/{id}", client.app.state.pgfa.sessions.get(id)


def test_others_are_served_while_a_session_is_being_changed(client: Any) -> None:
    address, session = opened(client)
    answers: list[int] = []

    def ask() -> None:
        answers.append(client.post(f"{address}/clips/c1/answer", json=QUESTION).status_code)

    with held_elsewhere(session.lock):
        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        time.sleep(0.3)
        about = threading.Thread(
            target=lambda: answers.append(client.get("/api/about").status_code), daemon=True
        )
        about.start()
        about.join(SECONDS)
        assert answers == [200], "the question waits, the server does not"
    asking.join(SECONDS)
    assert answers == [200, 200]


@pytest.mark.parametrize("path", ["answer", "why", "download/json"])
def test_who_has_the_recogniser_never_waits_for_a_session(client: Any, path: str) -> None:
    """Corrections take the lock and then wait for the recogniser: the other way round, both would wait forever."""
    address, session = opened(client)
    turns, answers = client.app.state.pgfa.turns, []
    hold = turns.hold

    @contextmanager
    def hold_while_locked(turn: Turn | None = None) -> Iterator[Turn]:
        with hold(turn) as own, held_elsewhere(session.lock):
            yield own

    turns.hold = hold_while_locked
    request = threading.Thread(
        target=lambda: answers.append(client.post(f"{address}/clips/c1/{path}", json=QUESTION).status_code),
        daemon=True,
    )
    request.start()
    request.join(SECONDS)
    assert answers
    assert answers[0] in (200, 422)
