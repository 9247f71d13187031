"""Errors as JSON of one shape: kind and message, and, if known, what was expected, what was found and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from pgfa.errors import BadFile, LimitExceeded, PgfaError

MAX_SHOWN = 200
"""Characters of an invalid value that are sent back."""


class ApiError(HTTPException):
    """A request that is refused, and why.

    Args:
        status: HTTP status, 4xx.
        kind: error code for programs, as ``"LimitExceeded"``.
        expected, found, where: in plain words.
        advice: what to do about it, if there is more to say.
        message: replaces the message that is built from the others.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        *,
        expected: str,
        found: str,
        where: str = "",
        advice: str = "",
        message: str = "",
    ) -> None:
        location, ending = (f"{where}: " if where else ""), (f"; {advice}" if advice else "")
        super().__init__(status, message or f"{location}expected {expected}, found {found}{ending}")
        self.kind, self.expected, self.found, self.where = kind, expected, found, where


def limit_error(where: str, limit: int | float, found: int | float, unit: str = "") -> ApiError:
    """The error (413) for something larger than its limit."""
    suffix = f" {unit}" if unit else ""
    return ApiError(
        413,
        LimitExceeded.__name__,
        expected=f"at most {limit:,}{suffix}",
        found=f"{found:,}{suffix}",
        where=where,
    )


def error_body(error: ApiError | PgfaError) -> dict[str, Any]:
    """An error as the JSON that clients receive."""
    if isinstance(error, ApiError):
        body = {"kind": error.kind, "message": str(error.detail)}
        return body | {"expected": error.expected, "found": error.found, "where": error.where}
    body = {"kind": type(error).__name__, "message": str(error)}
    if isinstance(error, BadFile):
        where = f"{error.file}, {error.where}" if error.where else error.file
        body |= {"expected": error.expected, "found": error.found, "where": where}
    return body


def status_of(kind: str) -> int:
    """HTTP status for a kind of error of this package."""
    return 413 if kind == LimitExceeded.__name__ else 422


def add_error_handlers(app: FastAPI) -> None:
    """Make every error response of `app` the same shape: ``{"error": {...}}``."""

    def api_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        return _response(error.status_code, error_body(error))

    def package_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, PgfaError)
        body = error_body(error)
        return _response(status_of(body["kind"]), body)

    def framework_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        body = {"kind": "BadRequest", "message": str(error.detail)}
        return _response(error.status_code, body, error.headers)

    def validation_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        found = repr(first.get("input"))
        found = found if len(found) <= MAX_SHOWN else found[:MAX_SHOWN] + " ..."
        expected = str(first["msg"])
        message = f"{where}: {expected}, found {found}"
        body = {
            "kind": "BadRequest",
            "message": message,
            "expected": expected,
            "found": found,
            "where": where,
        }
        return _response(422, body)

    def internal_error(request: Request, error: Exception) -> JSONResponse:
        body = {"kind": "InternalError", "message": "internal server error; see the log of `pgfa serve`"}
        return _response(500, body)

    app.add_exception_handler(ApiError, api_error)
    app.add_exception_handler(PgfaError, package_error)
    app.add_exception_handler(HTTPException, framework_error)
    app.add_exception_handler(RequestValidationError, validation_error)
    app.add_exception_handler(Exception, internal_error)


def _response(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": dict(body)}, status_code=status, headers=dict(headers or {}))
