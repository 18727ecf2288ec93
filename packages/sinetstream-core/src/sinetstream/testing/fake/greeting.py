"""A connection over TCP, for fake brokers that are to be found at an address."""

from __future__ import annotations

import socket
import ssl
from contextlib import ExitStack

from sinetstream.testing.fake.exchange import FakeDisconnectedError

__all__ = ["greet"]


def greet(address: str, timeout_s: float | None, *, tls: bool) -> None:
    """Connect to the address, greet and wait for an answer; `FakeDisconnectedError` where none comes."""
    context = ssl.create_default_context() if tls else None
    host, _, port = address.rpartition(":")
    try:
        with ExitStack() as stack:
            connection = stack.enter_context(socket.create_connection((host, int(port)), timeout_s))
            if context is not None:
                connection = stack.enter_context(context.wrap_socket(connection, server_hostname=host))
            connection.sendall(b"hello")
            answered = connection.recv(1)
    except OSError as error:
        raise FakeDisconnectedError(f"nobody answers at {address}: {error}") from error
    if not answered:
        raise FakeDisconnectedError(f"{address} hung up")
