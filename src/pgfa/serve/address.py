"""The address that the server listens on."""

from __future__ import annotations

import errno
import socket

from pgfa.errors import BadConfig


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to an address. Raises BadConfig: what is wrong with the host or the port, and what to try."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise BadConfig(
            f"--host: expected an address of this machine, found {host!r}; for all addresses, --host 0.0.0.0"
        ) from None
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind(address)
    except OSError as error:
        opened.close()
        if error.errno == errno.EADDRINUSE:
            raise BadConfig(
                f"--port: {port} is in use by another program; choose another, or --port 0 for a free one"
            ) from None
        if error.errno == errno.EACCES:
            raise BadConfig(f"--port: {port} is reserved by the system; choose one above 1023") from None
        raise BadConfig(
            f"--host: expected an address of this machine, found {host!r} ({error.strerror})"
        ) from None
    opened.set_inheritable(True)
    return opened
