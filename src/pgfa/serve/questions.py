"""Questions that may take long: run in a thread, with progress, and ended when the client disconnects."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from pgfa.errors import PgfaError
from pgfa.serve.errors import ApiError, error_body
from pgfa.serve.state import AppState
from pgfa.serve.turns import Cancelled, Turn

T = TypeVar("T")
Work = Callable[[Turn], T]
"""Holds the recogniser as the given turn, and reports progress to it between pieces."""

NDJSON = "application/x-ndjson"
"""Media type of a stream of JSON lines; a client that accepts it gets progress before the answer."""
START_SECONDS, PROGRESS_SECONDS = 0.3, 0.25
"""A question that fails within the first time gets an ordinary error response; seconds between lines of progress."""


def wants_progress(request: Request) -> bool:
    """Whether the client accepts lines of progress."""
    return NDJSON in request.headers.get("accept", "")


async def run(request: Request, state: AppState, work: Work[T], long: bool) -> T:
    """The result of `work`, which is ended if the client disconnects. The body of the request must have been received.

    `long`: as for `Turns.enter`.

    Raises ApiError (429), what `work` raises, and ClientDisconnect.
    """
    turn, future = _start(state, work, long)
    # The body has been received, so the next message is that the client has disconnected.
    disconnect: asyncio.Future[Any] = asyncio.ensure_future(request.receive())
    try:
        both: set[asyncio.Future[Any]] = {future, disconnect}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            turn.cancel()
        return await future
    except Cancelled:
        raise ClientDisconnect from None
    finally:
        turn.cancel()
        disconnect.cancel()


async def run_with_progress(state: AppState, work: Work[BaseModel], long: bool) -> Response:
    """Lines of JSON: ``{"progress": 0.25}`` again and again, then ``{"answer": ...}`` or ``{"error": ...}``.

    `work` is ended if the client closes the connection; `long`: as for `Turns.enter`. Raises ApiError (429), and what
    `work` raises at its start.
    """
    turn, future = _start(state, work, long)
    try:
        await asyncio.wait({future}, timeout=START_SECONDS)
        if future.done():
            future.result()
    except BaseException:
        turn.cancel()
        raise
    return _ProgressResponse(turn, future)


def _start(state: AppState, work: Work[T], long: bool) -> tuple[Turn, asyncio.Future[T]]:
    """Start `work` in a thread. Raises ApiError (429)."""
    turn = state.turns.enter(long)

    def work_and_leave() -> T:
        try:
            return work(turn)
        finally:
            state.turns.leave(turn)

    future = asyncio.get_running_loop().run_in_executor(state.executor, work_and_leave)
    future.add_done_callback(_retrieve)
    return turn, future


class _ProgressResponse(StreamingResponse):
    """The lines of a question, which is ended with the response, however that ends."""

    def __init__(self, turn: Turn, future: asyncio.Future[BaseModel]) -> None:
        super().__init__(_lines(turn, future), media_type=NDJSON)
        self.turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.turn.cancel()


async def _lines(turn: Turn, future: asyncio.Future[BaseModel]) -> AsyncIterator[str]:
    while not future.done():
        yield json.dumps({"progress": round(turn.share, 4)}) + "\n"
        await asyncio.wait({future}, timeout=PROGRESS_SECONDS)
    try:
        yield f'{{"answer": {future.result().model_dump_json()}}}\n'
    except (ApiError, PgfaError) as error:
        yield json.dumps({"error": error_body(error)}) + "\n"


def _retrieve(future: asyncio.Future[T]) -> None:
    """Look at the exception of a question whose client has disconnected, so that asyncio does not log it."""
    if not future.cancelled():
        future.exception()
