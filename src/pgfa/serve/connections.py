"""Connections of each client: limited in number, and closed if they send no complete request.

uvicorn refuses everybody once there are many connections, and waits for the first request of each without end. Here a
client that has too many loses the one that has been waiting longest, so that connections that are open and silent, or
that send a byte now and then, keep no other client out, not even one at the same address.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from pgfa.serve.errors import ApiError, error_body

MAX_PER_CLIENT, MAX_TOTAL = 32, 256
"""Connections of one address, and of all."""
HEADER_SECONDS = 15.0
"""Time from the start of a connection, or from the first byte of a later request, to the last of its headers."""
RETRY_SECONDS = 2


class ClientConnection(H11Protocol):
    """An HTTP connection that counts for its client.

    Attributes:
        since: when it started to wait for a request or for the rest of one, by the clock of the event loop.
    """

    header_seconds = HEADER_SECONDS
    since = 0.0
    header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make room for the connection, or refuse it if every other is being answered."""
        super().connection_made(transport)
        others = [other for other in self.connections if isinstance(other, ClientConnection)]
        own = [other for other in others if other.address == self.address]
        for limit, connections in ((MAX_PER_CLIENT, own), (MAX_TOTAL, others)):
            if len(connections) > limit and not _close_longest_waiting(connections, self):
                self.refuse()
                return
        self.since = self.loop.time()
        self.start_header_timer()

    @property
    def address(self) -> str:
        """The client's address, without its port."""
        return self.client[0] if self.client else ""

    @property
    def is_waiting(self) -> bool:
        """Whether the connection waits for bytes of its client: no request, or one that is not complete."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def data_received(self, data: bytes) -> None:
        """Bytes of a request: its headers must be complete in time."""
        if self.header_timer is None and not self.has_request:
            self.since = self.loop.time()
            self.start_header_timer()
        super().data_received(data)
        if self.has_request:
            self.stop_header_timer()

    @property
    def has_request(self) -> bool:
        """Whether the headers of a request have arrived that is not answered yet."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self.stop_header_timer()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """From here on, the connection waits for the next request."""
        self.since = self.loop.time()
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """The headers of a WebSocket have arrived: the application answers it from here on."""
        self.stop_header_timer()
        super().handle_websocket_upgrade(event)

    def start_header_timer(self) -> None:
        """Close the connection if no complete headers arrive in time."""
        self.header_timer = self.loop.call_later(self.header_seconds, self.transport.abort)

    def stop_header_timer(self) -> None:
        """The headers have arrived, or the connection has ended."""
        if self.header_timer is not None:
            self.header_timer.cancel()
            self.header_timer = None

    def refuse(self) -> None:
        """Answer 503 without reading a request, and close."""
        error = ApiError(
            503,
            "Busy",
            where="connections",
            expected=f"at most {MAX_PER_CLIENT} at work",
            found="one more",
            advice="try again in a few seconds",
            retry_seconds=RETRY_SECONDS,
        )
        self.send_error(error)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is answered as every other error."""
        self.send_error(
            ApiError(400, "BadRequest", where="request", expected="HTTP", found=msg[:200], message=msg)
        )

    def send_error(self, error: ApiError) -> None:
        """An error of one form with all others, and the end of the connection."""
        self.stop_header_timer()
        content = json.dumps({"error": error_body(error)}).encode()
        headers = [(name.encode(), value.encode()) for name, value in (error.headers or {}).items()]
        start: list[tuple[bytes, bytes]] = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
            (b"connection", b"close"),
            *headers,
        ]
        events: tuple[Any, ...] = (
            h11.Response(status_code=error.status_code, headers=start),
            h11.Data(data=content),
            h11.EndOfMessage(),
        )
        for event in events:
            if output := self.conn.send(event):
                self.transport.write(output)
        self.transport.close()


def _close_longest_waiting(connections: list[ClientConnection], newest: ClientConnection) -> bool:
    """Close the connection that has waited longest for its client; False if all are being answered."""
    waiting = [other for other in connections if other is not newest and other.is_waiting]
    if not waiting:
        return False
    longest = min(waiting, key=lambda other: (other.has_request, other.since))
    longest.connections.discard(longest)
    longest.transport.abort()
    return True
