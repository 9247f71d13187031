"""Hostile messages of live input, and a client of the server's WebSocket (`hostile_commands.py`)."""

from __future__ import annotations

import json
import random
import socket
from typing import Any
from urllib.parse import quote

from reader_mutations import mutate
from soak import Server

from pgfa.recognise.temporal.jsonl import MAX_LINE

FRAME = {"t": 0.0, "bodies": [[[0.1, 0.2, 0.3]] * 20]}
SEEDS = (json.dumps(FRAME), '{"layout": "kinect20", "rate": 30}', json.dumps({**FRAME, "bodies": [None] * 3}))
MESSAGES: tuple[bytes, ...] = (
    b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 20_000, b'{"t": 1e999, "bodies": []}',
    b'{"t": %s, "bodies": []}' % (b"9" * 5000), b'{"t": NaN, "bodies": []}', b'{"t": true, "bodies": []}',
    json.dumps({**FRAME, "bodies": [[[0.1, 0.2, 0.3]] * 20] * 9}).encode(),
    json.dumps({**FRAME, "bodies": [[[1e38, -1e38, 1e38]] * 20]}).encode(),
    json.dumps({**FRAME, "bodies": [[[1e308, 1e308, 1e308]] * 20]}).encode(),
    b'{"t": 2, "bodies": [[%s]]}' % b",".join([b"[1, %s, 1]" % (b"9" * 400)] * 20),
    b'{"t": 3, "bodies": %s1%s}' % (b"[" * 900, b"]" * 900),
    b'{"t": 4, "bodies": [{"0": [1, 2, 3]}]}', b'{"t": 5, "bodies": ["%s"]}' % (b"a" * 20),
    b'{"t": 6, "bodies": [[%s]]}' % b",".join([b'"abc"'] * 20), b'{"layout": "kinect20"}',
    b'{"t": 7, "bodies": [%s]}' % b",".join([b"null"] * 50_000), b'{"\\ud800": "\\udfff", "t": 8}',
    b'{"t": 1e10, "bodies": []}', b'{"t": -1e300, "bodies": []}', b" " * 200_000, b'"' + b"\\u0000" * 30_000 + b'"',
)  # fmt: skip
HEADERS: tuple[bytes, ...] = (
    b'{"layout": "kinect20", "rate": 1e999}', b'{"layout": "kinect20", "rate": NaN}', b'{"layout": "../../etc"}',
    b'{"layout": "kinect20", "rate": 0}', b'{"layout": "kinect20", "rate": -1}', b'{"layout": ["kinect20"]}',
    b'{"layout": "kinect20", "rate": 1e-300}', b'{"layout": "kinect20", "rate": 1e300}',
    b'{"layout": "%s"}' % (b"a" * 200_000),
    b'{"layout": "kinect20", "rate": true}', b'{"layout": "kinect20", "rate": %s}' % (b"9" * 4000), b"{}",
)  # fmt: skip


def hostile_messages(count: int) -> list[tuple[str, bytes, bytes]]:
    """Name, header ("": a good one) and message of live input."""
    out = [(f"message {n}", b"", message) for n, message in enumerate(MESSAGES)]
    out += [(f"header {n}", header, SEEDS[0].encode()) for n, header in enumerate(HEADERS)]
    for number in range(count):
        chance = random.Random(f"live/{number}")
        message = mutate(chance.choice(SEEDS).encode(), chance)[: 2 * MAX_LINE]
        out.append((f"damaged {number}", b"", message))
    return out


class WebSocket:
    """A client of `/api/live`."""

    def __init__(self, server: Server) -> None:
        from wsproto import ConnectionType, WSConnection
        from wsproto.events import Request

        host, port = server.host.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=60)
        self.protocol, self.text, self.is_open = WSConnection(ConnectionType.CLIENT), b"", True
        target = f"/api/live?sentence={quote('a person waves')}&sentence={quote('a person bows')}"
        self.socket.sendall(self.protocol.send(Request(host=server.host, target=target)))
        self.receive()

    def send(self, content: bytes) -> None:
        """As text where it is text."""
        from wsproto.events import BytesMessage, TextMessage

        try:
            message: Any = TextMessage(data=content.decode())
        except UnicodeDecodeError:
            message = BytesMessage(data=content)
        try:
            self.socket.sendall(self.protocol.send(message))
        except OSError:
            self.is_open = False

    def receive(self) -> list[bytes]:
        """The messages of the next bytes, and whether the connection is open after them."""
        from wsproto.events import CloseConnection, RejectConnection, TextMessage

        try:
            raw = self.socket.recv(1 << 16)
        except OSError:
            raw = b""
        self.protocol.receive_data(raw or None)
        messages = []
        for event in self.protocol.events():
            if isinstance(event, TextMessage):
                self.text += event.data.encode()
                if event.message_finished:
                    messages.append(self.text)
                    self.text = b""
            elif isinstance(event, CloseConnection | RejectConnection):
                self.is_open = False
        self.is_open = self.is_open and bool(raw)
        return messages
