"""What a client did wrong, as one form of JSON: kind, message, and what was expected and found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from pgfa.errors import BadFile, LimitExceeded, PgfaError

SHOWN = 200
"""Characters of a found value that are sent back."""


class Refused(HTTPException):
    """A request that is not fulfilled, and why.

    Args:
        status: of HTTP, 4xx.
        kind: one word for programs, as ``"LimitExceeded"``.
        expected, found, where: in plain words.
    """

    def __init__(self, status: int, kind: str, *, expected: str, found: str, where: str = "") -> None:
        super().__init__(status, f"{where + ': ' if where else ''}expected {expected}, found {found}")
        self.kind, self.expected, self.found, self.where = kind, expected, found, where


def too_much(what: str, most: int | float, found: int | float, unit: str = "") -> Refused:
    """The refusal of something above its limit."""
    of = f" {unit}" if unit else ""
    return Refused(413, "LimitExceeded", expected=f"at most {most:,}{of}", found=f"{found:,}{of}", where=what)


def told(error: Refused | PgfaError) -> dict[str, Any]:
    """An error as the JSON that clients get."""
    if isinstance(error, Refused):
        said = {"kind": error.kind, "message": str(error.detail)}
        return said | {"expected": error.expected, "found": error.found, "where": error.where}
    said = {"kind": type(error).__name__, "message": str(error)}
    if isinstance(error, BadFile):
        place = f"{error.file}, {error.where}" if error.where else error.file
        said |= {"expected": error.expected, "found": error.found, "where": place}
    return said


def status_of(kind: str) -> int:
    """HTTP status for a kind of error of this package."""
    return 413 if kind == LimitExceeded.__name__ else 422


def answer_errors(app: FastAPI) -> None:
    """Make every error of `app` that one form: ``{"error": {...}}``."""

    def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refused)
        return _response(error.status_code, told(error))

    def ours(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, PgfaError)
        said = told(error)
        return _response(status_of(said["kind"]), said)

    def framework(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        said = {"kind": "BadRequest", "message": str(error.detail)}
        return _response(error.status_code, said, error.headers)

    def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        found = repr(first.get("input"))
        found = found if len(found) <= SHOWN else found[:SHOWN] + " ..."
        expected = str(first["msg"])
        message = f"{where}: {expected}, found {found}"
        said = {"kind": "BadRequest", "message": message, "expected": expected, "found": found}
        return _response(422, said | {"where": where})

    def broken(request: Request, error: Exception) -> JSONResponse:
        said = {"kind": "Internal", "message": "the server failed; its own window says how"}
        return _response(500, said)

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(PgfaError, ours)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, broken)


def _response(status: int, said: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": dict(said)}, status_code=status, headers=dict(headers or {}))
