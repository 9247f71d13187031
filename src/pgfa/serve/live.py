"""Live frames over a WebSocket: the messages of `pgfa live`, which reads them from standard input."""

from __future__ import annotations

import asyncio
import json

from fastapi import APIRouter, WebSocket
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from pgfa.errors import PgfaError
from pgfa.recognise import Live, Recogniser
from pgfa.recognise.temporal.jsonl import FrameStream
from pgfa.serve.errors import ApiError, error_body
from pgfa.serve.live_slots import LiveSlot
from pgfa.serve.state import AppState

api = APIRouter()
IDLE_SECONDS = 60.0
"""Time without a message after which a WebSocket is closed, so that it does not keep others out."""
GOING_AWAY, POLICY_VIOLATION = 1001, 1008
"""Codes with which a WebSocket is closed (RFC 6455, section 7.4.1)."""


@api.websocket("/api/live")
async def live(socket: WebSocket) -> None:
    """Answer live frames.

    The address has the sentences, and a session whose taught classes are to be used, if any:
    ``/api/live?sentence=a+person+waves&sentence=a+person+bows&session=S``. The first message is the header, each other
    one a frame. A message that is not valid is answered by an error and does not end the stream. A question
    that is not valid is answered by an error, too, and the WebSocket is closed.
    """
    state: AppState = socket.app.state.pgfa
    slot = state.live_slots.take()
    if slot is None:
        limit = state.settings.max_live
        error = ApiError(
            429, "Busy", where="live streams", expected=f"at most {limit}", found="one more", retry_seconds=10
        )
        return await _refuse(socket, error)
    try:
        sentences = socket.query_params.getlist("sentence")
        try:
            recogniser = await run_in_threadpool(_recogniser, socket, state, sentences)
        except ApiError as error:
            return await _close(socket, error)
        await socket.accept()
        await _answer_frames(socket, state, slot, recogniser, sentences)
    finally:
        state.live_slots.leave(slot)


async def _refuse(socket: WebSocket, error: ApiError) -> None:
    """An ordinary error response in place of the WebSocket."""
    body = {"error": error_body(error)}
    await socket.send_denial_response(JSONResponse(body, error.status_code, error.headers))


async def _close(socket: WebSocket, error: ApiError) -> None:
    """Say in a message what is wrong with the question: a browser does not show a page the response to a WebSocket."""
    body = error_body(error)
    await socket.accept()
    await socket.send_text(json.dumps({"error": body}))
    await socket.close(POLICY_VIOLATION, body["kind"])


def _recogniser(socket: WebSocket, state: AppState, sentences: list[str]) -> Recogniser:
    """The recogniser of the session that the address names, or the server's. Raises ApiError."""
    state.check_sentences(sentences)
    session = socket.query_params.get("session")
    recogniser = state.sessions.get(session).recogniser if session else state.recogniser
    try:
        recogniser.candidates(sentences)
    except PgfaError as error:
        body = error_body(error)
        parts = {name: body[name] for name in ("message", "expected", "found", "where")}
        raise ApiError(422, body["kind"], **parts) from None
    return recogniser


async def _answer_frames(
    socket: WebSocket, state: AppState, slot: LiveSlot, recogniser: Recogniser, sentences: list[str]
) -> None:
    def open_live(layout: str, rate: float | None) -> Live:
        return recogniser.live(sentences, layout, rate)

    stream, loop = FrameStream(open_live, "live"), asyncio.get_running_loop()
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS) as slot.waiting:
                message = await socket.receive()
        except TimeoutError:
            reason = (
                "silent while another needs the slot"
                if slot.is_lost
                else f"no message for {IDLE_SECONDS:g} s"
            )
            return await socket.close(GOING_AWAY, reason)
        finally:
            slot.waiting = None
        if message["type"] == "websocket.disconnect":
            return
        content = message.get("bytes") or (message.get("text") or "").encode()
        try:
            lines = await loop.run_in_executor(state.live, stream.answer, content)
            slot.latest = loop.time()
        except PgfaError as error:
            lines = [json.dumps({"error": error_body(error)})]
        for line in lines:
            await socket.send_text(line)
