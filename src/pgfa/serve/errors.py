"""Errors as JSON of one shape: kind, message, what was expected, what was found and where; empty where unknown."""

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


FRAMEWORK_KINDS = {404: "NotFound", 405: "MethodNotAllowed"}
"""Status of the framework's own errors -> kind; others are "BadRequest"."""


class ApiError(HTTPException):
    """A request that is refused, and why.

    Args:
        status: HTTP status, 4xx.
        kind: error code for programs, as ``"LimitExceeded"``.
        expected, found, where: in plain words.
        advice: what to do about it, if there is more to say.
        message: replaces the message that is built from the others.
        retry_seconds: when to try again, as the header Retry-After; None: the same request fails again.
        asks, options: what the client has to state about an upload, and the values among which to choose.
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
        retry_seconds: int | None = None,
        asks: str = "",
        options: tuple[str, ...] = (),
    ) -> None:
        location, ending = (f"{where}: " if where else ""), (f"; {advice}" if advice else "")
        super().__init__(status, message or f"{location}expected {expected}, found {found}{ending}")
        if retry_seconds is not None:
            self.headers = {"retry-after": str(retry_seconds)}
        self.kind, self.expected, self.found, self.where = kind, expected, found, where
        self.asks, self.options = asks, options


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
        body = _body(error.kind, str(error.detail), error.expected, error.found, error.where)
        return body | ({"asks": error.asks, "options": list(error.options)} if error.asks else {})
    where = error.where
    if isinstance(error, BadFile):
        where = f"{error.file}, {error.where}" if error.where else error.file
    return _body(type(error).__name__, str(error), error.expected, error.found, where)


def _body(kind: str, message: str, expected: str = "", found: str = "", where: str = "") -> dict[str, Any]:
    return {"kind": kind, "message": message, "expected": expected, "found": found, "where": where}


def status_of(kind: str) -> int:
    """HTTP status for a kind of error of this package."""
    return 413 if kind == LimitExceeded.__name__ else 422


def add_error_handlers(app: FastAPI) -> None:
    """Make every error response of `app` the same shape: ``{"error": {...}}``."""

    def api_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        return _response(error.status_code, error_body(error), error.headers)

    def package_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, PgfaError)
        body = error_body(error)
        return _response(status_of(body["kind"]), body)

    def framework_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        kind = FRAMEWORK_KINDS.get(error.status_code, "BadRequest")
        path = request.url.path[:MAX_SHOWN]
        allowed = {name.lower(): value for name, value in (error.headers or {}).items()}.get("allow", "")
        expected = f"the method {allowed}" if allowed else "an address of this interface, as /docs lists them"
        found = request.method if allowed else str(error.detail)
        body = _body(
            kind, f"{request.method} {path}: {error.detail}; expected {expected}", expected, found, path
        )
        return _response(error.status_code, body, error.headers)

    def validation_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        found = repr(first.get("input"))
        found = found if len(found) <= MAX_SHOWN else found[:MAX_SHOWN] + " ..."
        expected = str(first["msg"])
        message = f"{where}: {expected}, found {found}"
        if where.startswith("body") and not _is_json(request):
            message += "; send JSON, with the header Content-Type: application/json"
        elif first["type"] == "json_invalid":
            expected, found = "JSON", str(first.get("ctx", {}).get("error", expected))
            message = f"the body is no JSON: {found}"
        return _response(422, _body("BadRequest", message, expected, found, where))

    def internal_error(request: Request, error: Exception) -> JSONResponse:
        return _response(500, _body("InternalError", "internal server error; see the log of `pgfa serve`"))

    app.add_exception_handler(ApiError, api_error)
    app.add_exception_handler(PgfaError, package_error)
    app.add_exception_handler(HTTPException, framework_error)
    app.add_exception_handler(RequestValidationError, validation_error)
    app.add_exception_handler(Exception, internal_error)


def _is_json(request: Request) -> bool:
    return "json" in request.headers.get("content-type", "").lower()


def _response(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": dict(body)}, status_code=status, headers=dict(headers or {}))
