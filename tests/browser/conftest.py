"""The browser and the server that the tests of the page share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from page_server import CHROMIUM, TIMEOUT_MS, serving
from pgfa.config import ServeSettings
from pgfa.recognise import Recogniser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright import sync_api

    with sync_api.sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        sync_api.expect.set_options(timeout=TIMEOUT_MS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def settings() -> ServeSettings:
    """Of the server; a module with other limits defines its own."""
    return ServeSettings(max_sessions=100)


@pytest.fixture(scope="module")
def app(small_recogniser: Recogniser, settings: ServeSettings) -> Any:
    """The application with a small recogniser; a module with another recogniser defines its own."""
    from pgfa.serve.app import create_app

    return create_app(small_recogniser, settings)


@pytest.fixture(scope="module")
def address(app: Any) -> Iterator[str]:
    """Of a server on this machine, as `pgfa serve` starts it."""
    with serving(app) as address:
        yield address


@pytest.fixture(scope="module")
def refused() -> tuple[str, ...]:
    """Statuses of refused requests, which a browser reports on its console although the page deals with them."""
    return ()


@pytest.fixture(scope="module")
def context_options() -> dict[str, Any]:
    """Of the browser: the screen of a laptop, without animations."""
    return {"viewport": {"width": 1366, "height": 768}, "reduced_motion": "reduce"}


@pytest.fixture
def context(browser: Any, context_options: dict[str, Any], refused: tuple[str, ...]) -> Iterator[Any]:
    """A person's browser; fails on any message in its console but those about refused requests."""
    problems: list[str] = []
    context = browser.new_context(**context_options)
    context.set_default_timeout(TIMEOUT_MS)
    context.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None)
    context.on("weberror", lambda error: problems.append(str(error.error)))
    yield context
    context.close()
    assert not [text for text in problems if not any(status in text for status in refused)]


@pytest.fixture
def open_page(
    browser: Any, address: str, context_options: dict[str, Any], refused: tuple[str, ...]
) -> Iterator[Any]:
    """A function that opens the page in a browser of its own; fails on messages, dialogs and requests to elsewhere."""
    from playwright import sync_api

    contexts, problems = [], []

    def open_with(**options: Any) -> Any:
        context = browser.new_context(**{**context_options, **options})
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: (problems.append(dialog.type), dialog.accept()))
        page.on(
            "request",
            lambda r: problems.append(r.url) if not r.url.startswith((address, "blob:", "data:")) else None,
        )
        page.goto(address)
        sync_api.expect(page.locator("body[data-answers]")).to_be_attached()
        return page

    yield open_with
    for context in contexts:
        context.close()
    assert not [text for text in problems if not any(status in text for status in refused)]
