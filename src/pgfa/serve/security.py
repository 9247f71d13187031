"""Checks of every request (host, origin, size and speed of the body), and the headers of every response."""

from __future__ import annotations

import asyncio
import ipaddress
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pgfa.config import ServeSettings
from pgfa.serve.errors import ApiError, error_body, limit_error

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "media-src blob:",  # a video that the user opens beside the skeleton
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
SAFE_METHODS = frozenset({"GET", "HEAD"})
LOCAL_HOSTS = frozenset({"localhost"})


class SecurityMiddleware:
    """Checks every request before the app sees it, and its body while the app receives it.

    A page of another site could reach a server on this machine: through a host name of its own that resolves to
    this machine (DNS rebinding), or by sending a form blindly. So the host must be an IP address, localhost or an
    allowed host, and a request that changes anything must come from this server's own page or from no page at all.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self.app, self.settings = app, settings
        self.hosts = LOCAL_HOSTS | {host.lower() for host in (*settings.allowed_hosts, settings.host)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"].endswith("http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        try:
            # A WebSocket is opened by GET, but another site's page could then read what it answers.
            is_socket = scope["type"] == "websocket"
            self.check_headers(Headers(scope=scope), "CONNECT" if is_socket else scope["method"])
            receive_limited = receive if is_socket else self.limit_body(scope, receive)
        except ApiError as error:
            response = JSONResponse({"error": error_body(error)}, status_code=error.status_code)
            return await response(scope, receive, send_with_headers)
        # A client that breaks off its upload is no error of the server, and needs no answer.
        with suppress(ClientDisconnect):
            await self.app(scope, receive_limited, send_with_headers)

    def check_headers(self, headers: Headers, method: str) -> None:
        """Raises ApiError: 421 for a host that is not allowed, 403 for a request that another site's page made."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self.is_allowed(_host_name(hosts[0])):
            raise ApiError(
                421,
                "HostNotAllowed",
                expected="an IP address, localhost or an allowed host",
                found=repr(",".join(hosts))[:100],
                where="header Host",
                advice="to allow a host name, start the server with --allowed-host",
            )
        if method in SAFE_METHODS:
            return
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        cross_origin = site not in (None, "same-origin", "none")
        if origin is not None and not cross_origin:
            cross_origin = urlsplit(origin).netloc.lower() != hosts[0].lower()
        if cross_origin:
            raise ApiError(
                403,
                "CrossOriginRefused",
                expected="a request from this server's own page",
                found=repr(origin or site)[:100],
                where="header Origin",
            )

    def is_allowed(self, host: str | None) -> bool:
        """Whether a Host header may name `host`: an IP address cannot be another site's name."""
        if host is None:
            return False
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return host in self.hosts
        return True

    def limit_body(self, scope: Scope, receive: Receive) -> Receive:
        """`receive` that raises ApiError for a body that is too large (413) or too slow (408)."""
        settings = self.settings
        is_upload = scope["path"].endswith(("/clips", "/recognise"))
        max_bytes = settings.max_file_bytes if is_upload else settings.max_message_bytes
        length = Headers(scope=scope).get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise ApiError(
                400, "BadRequest", expected="a number", found=repr(length)[:50], where="header Content-Length"
            )
        if int(length[:20]) > max_bytes:
            raise limit_error("request body", max_bytes, int(length[:20]), "bytes")
        received = 0
        loop = asyncio.get_running_loop()
        deadline = loop.time() + settings.max_upload_seconds
        complete = False

        async def receive_limited() -> Message:
            nonlocal received, complete
            if complete:  # only the message that the client has disconnected may follow
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                expected = f"the whole body within {settings.max_upload_seconds:g} s"
                received_so_far = f"{received:,} bytes"
                raise ApiError(
                    408, "RequestTimeout", expected=expected, found=received_so_far, where="request body"
                ) from None
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if received > max_bytes:
                raise limit_error("request body", max_bytes, received, "bytes or more")
            return message

        return receive_limited


def _host_name(header: str) -> str | None:
    """The host of a Host header without its port, or None if the header is malformed."""
    if "@" in header or "/" in header:
        return None
    try:
        parts = urlsplit(f"//{header}")
        parts.port  # noqa: B018 - raises if the port is not a number
    except ValueError:
        return None
    return parts.hostname
