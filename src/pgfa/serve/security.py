"""The door: who may ask under which name, from which page, how much and how slowly; and the headers of every answer."""

from __future__ import annotations

import asyncio
import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pgfa.config import ServeSettings
from pgfa.serve.errors import Refused, told, too_much

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
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
SAFE = frozenset({"GET", "HEAD"})
OWN_NAMES = frozenset({"localhost"})


class Guard:
    """Checks every request before the app sees it, and its body while the app takes it in.

    A page of another site could reach a server on this machine: through a name of its own that it points here
    (DNS rebinding), or by sending a form blindly. So a host is an address, localhost or a name that was allowed,
    and what changes anything must come from this server's own page or from no page at all.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self.app, self.settings = app, settings
        self.names = OWN_NAMES | {name.lower() for name in (*settings.names, settings.host)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        try:
            self.check(Headers(scope=scope), scope["method"])
            limited = self.limit(scope, receive)
        except Refused as refused:
            answer = JSONResponse({"error": told(refused)}, status_code=refused.status_code)
            return await answer(scope, receive, dressed)
        await self.app(scope, limited, dressed)

    def check(self, headers: Headers, method: str) -> None:
        """Raises Refused: 421 for a strange host, 403 for a request that another site's page made."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self.known(_host(hosts[0])):
            raise Refused(
                421,
                "StrangeHost",
                expected="this machine's address or localhost (others: --names)",
                found=repr(",".join(hosts))[:100],
                where="header Host",
            )
        if method in SAFE:
            return
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        foreign = site not in (None, "same-origin", "none")
        if origin is not None and not foreign:
            foreign = urlsplit(origin).netloc.lower() != hosts[0].lower()
        if foreign:
            raise Refused(
                403,
                "StrangeOrigin",
                expected="a request of this server's own page",
                found=repr(origin or site)[:100],
                where="header Origin",
            )

    def known(self, host: str | None) -> bool:
        """Whether a host may be asked for: a bare address cannot be another site's name."""
        if host is None:
            return False
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return host in self.names
        return True

    def limit(self, scope: Scope, receive: Receive) -> Receive:
        """`receive` that refuses a body too large (413) or too slow (408)."""
        settings = self.settings
        upload = scope["path"].endswith(("/clips", "/recognise"))
        most = settings.file_bytes if upload else settings.message_bytes
        length = Headers(scope=scope).get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise Refused(
                400, "BadRequest", expected="a number", found=repr(length)[:50], where="Content-Length"
            )
        if int(length[:20]) > most:
            raise too_much("request body", most, int(length[:20]), "bytes")
        taken = 0
        loop = asyncio.get_running_loop()
        until = loop.time() + settings.upload_seconds
        ended = False

        async def limited() -> Message:
            nonlocal taken, ended
            if ended:  # only the news that the client has gone may follow
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                expected = f"the whole body within {settings.upload_seconds:g} s"
                raise Refused(408, "TooSlow", expected=expected, found=f"{taken:,} bytes of it") from None
            taken += len(message.get("body", b""))
            ended = not message.get("more_body", False)
            if taken > most:
                raise too_much("request body", most, taken, "bytes or more")
            return message

        return limited


def _host(header: str) -> str | None:
    """The host of a Host header without its port, or None where it is none."""
    if "@" in header or "/" in header:
        return None
    try:
        parts = urlsplit(f"//{header}")
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return None
    return parts.hostname
