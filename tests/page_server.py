"""What the tests of the server and its page share: Chromium, and the application with and without a port."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from pgfa.recognise import Recogniser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
BROWSER_TEST = (
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (apt-get install chromium)"),
)
"""Marks of the tests in a browser."""
TIMEOUT_MS = 120_000
"""Time after which such a test fails that waits for the page."""


def client_of(recogniser: Recogniser, **settings: Any) -> TestClient:
    """The application around a recogniser, without a port."""
    from starlette.testclient import TestClient

    from pgfa.config import ServeSettings
    from pgfa.serve.app import create_app

    return TestClient(create_app(recogniser, ServeSettings(**settings)), base_url="http://localhost")


@contextmanager
def serving(app: FastAPI, port: int = 0, **config: Any) -> Iterator[str]:
    """The application on a free port, and its address; with other options of uvicorn."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", **config))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(20)
