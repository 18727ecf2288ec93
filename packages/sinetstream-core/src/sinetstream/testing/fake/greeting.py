"""A connection over TCP, for fake brokers that are to be found at an address."""

from __future__ import annotations

import socket

from sinetstream.testing.fake.exchange import FakeDisconnectedError

__all__ = ["greet"]


def greet(address: str, timeout_s: float | None) -> None:
    """Connect to the address, greet and wait for an answer; `FakeDisconnectedError` where none comes."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout_s) as connection:
            connection.sendall(b"hello")
            answered = connection.recv(1)
    except OSError as error:
        raise FakeDisconnectedError(f"nobody answers at {address}: {error}") from error
    if not answered:
        raise FakeDisconnectedError(f"{address} hung up")
