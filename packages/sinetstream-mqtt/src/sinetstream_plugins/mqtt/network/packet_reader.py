"""What comes in at a socket, read ahead."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any

__all__ = ["NOT_NOW", "PacketReader"]

NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

_CHUNK = 1 << 14  # so much is read ahead
_LARGE = 1 << 12  # so much is read without a detour
_MOST = 1 << 18  # so much is asked for: it is allocated first
_SHORT = 4  # PUBACK, PUBREC, PUBREL and PUBCOMP with nothing to say
_PUBLISH, _QOS = 0x30, 0x06  # in the first byte


class PacketReader:
    """For paho, which asks for one byte here and two there; and packets as a whole, where that is worth it."""

    def __init__(self, inner: Any, tcp: socket.socket) -> None:
        self._inner = inner  # the TCP or TLS socket, or paho's WebSocket around it
        self._is_socket = inner is tcp
        self._is_plain = inner is tcp and not isinstance(tcp, ssl.SSLSocket)
        self._received = b""
        self._taken = 0
        self._ahead = _CHUNK  # so much is read at a time
        self._large: tuple[int, bytes] | None = None  # of a packet that is being received, what is ahead of its payload
        self._parts: list[bytes] = []  # and what there is of that
        self._left = 0
        self.is_at_end = False  # whether the broker has closed the connection, which was not reset
        self.received_at = 0.0  # when bytes came last
        self.drained = False  # whether the last attempt to read found nothing

    def recv(self, size: int) -> bytes:
        if self._taken >= len(self._received):
            if size >= _LARGE:
                return self._receive(size)
            self._fill()
        return self._take(self._received[self._taken : self._taken + size])

    def short_packet(self, commands: bytes) -> bytes:
        """The next packet where it has four bytes and its first is one of these; b"" where not, or not all is here."""
        if self._large is not None:
            return b""
        if self._taken >= len(self._received):
            self._fill()
        packet = self._received[self._taken : self._taken + _SHORT]
        if len(packet) < _SHORT or packet[1] != _SHORT - 2 or packet[0] not in commands:
            return b""
        return self._take(packet)

    def large_publish(self) -> tuple[int, bytes, bytes] | None:
        """The next packet where it is a large PUBLISH: its first byte, topic and identifier, and all behind, uncopied.

        `BlockingIOError` while some of it is to come; None where it is another, or cannot be told yet.
        """
        if self._large is None:
            self._large = self._begin_large()
            if self._large is None:
                return None
        command, head = self._large
        while self._left:
            part = self._receive(min(self._left, _MOST))
            if not part:
                raise ConnectionAbortedError("in the middle of a packet")
            self._parts.append(part)
            self._left -= len(part)
            self.drained = False
        parts, self._parts, self._large = self._parts, [], None
        return command, head, parts[0] if len(parts) == 1 else b"".join(parts)

    def _begin_large(self) -> tuple[int, bytes] | None:
        seen = self._received[self._taken : self._taken + 3]
        if len(seen) < 3 or seen[0] & 0xF0 != _PUBLISH or not self._is_socket:
            return None
        if seen[1] & seen[2] < 0x80:  # what is large has a length of three digits or four
            self._ahead = _CHUNK
            return None
        seen = self._peek(5)
        digits = 3 if seen[3] < 0x80 else 4
        size = sum((seen[at] & 0x7F) << 7 * (at - 1) for at in range(1, digits + 1))
        start = 1 + digits
        seen = self._peek(start + 2)
        end = start + 2 + (seen[start] << 8 | seen[start + 1]) + (2 if seen[0] & _QOS else 0)
        if size < _CHUNK or end > start + size or seen[digits] >= 0x80:
            return None
        head = self._peek(end)[start:]
        self._taken += end
        self._left = size - len(head)
        begin = self._take(self._received[self._taken : self._taken + self._left])
        if begin:
            self._parts.append(begin)
            self._left -= len(begin)
        self._ahead = end  # the next is often as long, and its payload then comes in one piece
        return seen[0], head

    def _peek(self, size: int) -> bytes:
        while (missing := self._taken + size - len(self._received)) > 0:
            more = self._receive(missing)
            if not more:
                raise ConnectionAbortedError("in the middle of a packet")
            self._received += more
        return self._received[self._taken : self._taken + size]

    def _take(self, data: bytes) -> bytes:
        self._taken = end = self._taken + len(data)
        if end == len(self._received) and self._is_plain and end < self._ahead:
            self.drained = True  # there was no more: one call saved on the way of each answer
        return data

    def _fill(self) -> None:
        self._received, self._taken = b"", 0
        self._received = self._receive(self._ahead)
        self.drained = False

    def _receive(self, size: int) -> bytes:
        try:
            received = bytes(self._inner.recv(size))
        except NOT_NOW:
            self.drained = not self._held()
            raise BlockingIOError from None
        except ssl.SSLEOFError:
            self.is_at_end = True
            raise
        self.received_at = time.monotonic()
        self.is_at_end = not received
        return received

    def pending(self) -> int:
        return len(self._received) - self._taken + self._held()

    def _held(self) -> int:
        """By TLS: nothing will announce it."""
        return int(self._inner.pending()) if hasattr(self._inner, "pending") else 0
