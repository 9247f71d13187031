"""What the addresses of the HTTP interface share: their parameters and their errors."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Query, Request

from pgfa.serve.sessions import Session
from pgfa.serve.state import AppState


def get_state(request: Request) -> AppState:
    """What all requests share."""
    state: AppState = request.app.state.pgfa
    return state


State = Annotated[AppState, Depends(get_state)]


def get_session(session: str, state: State) -> Session:
    """The session that the address names. Raises ApiError (404)."""
    return state.sessions.get(session)


CurrentSession = Annotated[Session, Depends(get_session)]
FileName = Annotated[str, Query(max_length=300, description="name of the file; some formats need it")]
UNNAMED = "recording"
"""Name of a file that was uploaded without one."""
RAW_BODY = {
    "requestBody": {
        "required": True,
        "description": "the bytes of the file: a recording of any supported format, or a zip of recordings",
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
            },
        },
    }
}
ERROR_EXAMPLE = {
    "error": {"kind": "LimitExceeded", "message": "...", "expected": "...", "found": "...", "where": "..."}
}
ERRORS = {
    403: "the request was made by another site's page",
    404: "no such session, clip, example or class",
    408: "the request body was received too slowly",
    413: "larger than a limit",
    421: "the Host header names a host that is not allowed",
    422: "an invalid file or value",
    429: "too many sessions, or too many requests in progress",
}
ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "content": {"application/json": {"example": ERROR_EXAMPLE}}}
    for status, description in ERRORS.items()
}
