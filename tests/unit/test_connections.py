"""Connections that are silent or slow, uploads that are broken off, a port in use."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pgfa.config import ServeSettings
from pgfa.errors import BadConfig
from pgfa.serve.address import bind
from pgfa.serve.connections import MAX_PER_CLIENT, ClientConnection
from pgfa.serve.security import SecurityMiddleware

HEADER_SECONDS = 2.0


async def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())}")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])
    app.add_middleware(SecurityMiddleware, settings=ServeSettings())
    protocol = type("Quick", (ClientConnection,), {"header_seconds": HEADER_SECONDS})
    bound = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, http=protocol, ws="none", log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield bound.getsockname()[1]
    server.should_exit = True
    thread.join(20)


def get(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as response:
        return str(response.read().decode())


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.01)
    try:
        return connection.recv(1000) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_200_silent_connections_keep_no_client_out_and_are_closed(port: int) -> None:
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    started = time.monotonic()
    assert get(port) == "0"
    open_now = sum(not is_closed(connection) for connection in silent)
    assert open_now <= MAX_PER_CLIENT
    while any(not is_closed(connection) for connection in silent):
        assert time.monotonic() - started < 10 * HEADER_SECONDS
        time.sleep(0.1)
    for connection in silent:
        connection.close()


def test_headers_that_drip_are_not_waited_for(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        started = time.monotonic()
        while not is_closed(connection):
            assert time.monotonic() - started < 10 * HEADER_SECONDS
            with suppress(OSError):
                connection.sendall(b"X: y\r\n")
            time.sleep(0.1)
        assert time.monotonic() - started >= HEADER_SECONDS / 2


def test_slow_bodies_of_one_client_make_room_for_its_next_request(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(MAX_PER_CLIENT)]
    for connection in slow:
        connection.sendall(head)
    assert get(port) == "0"
    for connection in slow:
        connection.close()


def test_an_upload_that_is_broken_off_is_not_logged(port: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
            time.sleep(0.2)
        time.sleep(0.3)
        assert get(port) == "0"
    assert not caplog.records


def test_what_is_no_http_gets_an_error_of_the_usual_form(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        response = connection.makefile("rb").read()
    head, _, body = response.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert set(json.loads(body)["error"]) == {"kind", "message", "expected", "found", "where"}


def test_a_port_in_use_and_a_foreign_host_are_one_sentence() -> None:
    with bind("127.0.0.1", 0) as bound:
        bound.listen()
        with pytest.raises(BadConfig, match=r"in use .*--port 0"):
            bind("127.0.0.1", bound.getsockname()[1])
    with pytest.raises(BadConfig, match=r"--host: expected an address of this machine, found 'no\.such"):
        bind("no.such.host.invalid", 0)
