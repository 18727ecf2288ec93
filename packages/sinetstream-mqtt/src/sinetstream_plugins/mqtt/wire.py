"""A socket that takes many small packets at a time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from typing import Any

__all__ = ["Wire"]

_CHUNK = 1 << 14  # so much is read ahead, or sent together
_LARGE = 1 << 12  # so much is read without a detour
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Wire:
    """Looks like a socket to paho, which asks for one byte here and two there and sends each packet by itself.

    Nothing goes out before `flush`, but for packets that are large. Used by one thread.
    """

    def __init__(self, inner: Any, tcp: socket.socket) -> None:
        self._inner = inner  # the TCP or TLS socket, or paho's WebSocket around it
        self._knows_the_end = inner is tcp and not isinstance(tcp, ssl.SSLSocket)
        self._tcp = tcp
        self._received = b""
        self._taken = 0
        self._unsent = bytearray()
        self.drained = False  # whether the last attempt to read found nothing
        self.farewell_s = 0.0  # for so long `close` lets the broker read to the end
        self.parted = False  # whether it has

    def recv(self, size: int) -> bytes:
        start = self._taken
        if start >= len(self._received):
            start = self._taken = 0
            try:
                if size >= _LARGE:
                    self._received = b""
                    return bytes(self._inner.recv(size))
                self._received = self._inner.recv(_CHUNK)
                self.drained = False
            except _NOT_NOW:
                self._received = b""
                self.drained = True
                raise
        data = self._received[start : start + size]
        self._taken = end = start + len(data)
        if end == len(self._received) and self._knows_the_end and end < _CHUNK:
            self.drained = True  # there was no more: one call saved on the way of each answer
        return data

    def send(self, data: bytes | memoryview) -> int:
        if len(data) + len(self._unsent) <= _CHUNK:
            self._unsent += data
            return len(data)
        if not self.flush():
            raise BlockingIOError
        sent = int(self._inner.send(data))
        if not sent:  # paho's WebSocket has kept the rest of a frame
            raise BlockingIOError
        return sent

    @property
    def unsent(self) -> int:
        return len(self._unsent)

    def flush(self) -> bool:
        """Send what can be sent now, and tell whether that was all. A broken connection is for `recv` to find."""
        try:
            while self._unsent:
                sent = self._inner.send(self._unsent)
                if not sent:  # paho's WebSocket has kept the rest of a frame
                    return False
                del self._unsent[:sent]
        except _NOT_NOW:
            return False
        except OSError:
            self._unsent.clear()
        return True

    def pending(self) -> int:
        buffered = len(self._received) - self._taken
        return buffered + (self._inner.pending() if hasattr(self._inner, "pending") else 0)

    def fileno(self) -> int:
        return int(self._inner.fileno())

    def setblocking(self, flag: bool) -> None:
        self._inner.setblocking(flag)

    def close(self) -> None:
        try:
            if self.farewell_s:
                with contextlib.suppress(OSError):
                    self._part()
        finally:
            self._inner.close()

    def _part(self) -> None:
        """Without this, unread input makes the system reset the connection, and the broker loses our last packets."""
        until = time.monotonic() + self.farewell_s
        self._tcp.settimeout(self.farewell_s)
        self.flush()
        self._tcp.shutdown(socket.SHUT_WR)
        while (left := until - time.monotonic()) > 0:
            self._tcp.settimeout(left)
            if not self._tcp.recv(_CHUNK):
                self.parted = True
                return
