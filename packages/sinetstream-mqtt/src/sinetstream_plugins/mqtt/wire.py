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
_SHORT = 4  # PUBACK, PUBREC and PUBCOMP with nothing to say
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Wire:
    """Looks like a socket to paho, which asks for one byte here and two there and sends each packet by itself.

    Nothing goes out before `flush`, but for packets that are large. Used by one thread at a time.
    """

    def __init__(self, inner: Any, tcp: socket.socket) -> None:
        self._inner = inner  # the TCP or TLS socket, or paho's WebSocket around it
        self._is_plain = inner is tcp and not isinstance(tcp, ssl.SSLSocket)
        self._gathers = self._is_plain and hasattr(tcp, "sendmsg")
        self._tcp = tcp
        self._received = b""
        self._taken = 0
        self._unsent = bytearray()
        self._fills = hasattr(inner, "recv_into")
        self._large: tuple[int, bytearray] | None = None  # a packet that is being received
        self._filled = 0
        self.drained = False  # whether the last attempt to read found nothing
        self.farewell_s = 0.0  # for so long `close` lets the broker read to the end
        self.parted = False  # whether it has

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

    def large_packet(self, command: int) -> tuple[int, bytearray] | None:
        """The next packet where it is large and of this command: its first byte, and all behind its length.

        `BlockingIOError` while some of it is to come; None where it is another, or cannot be told yet.
        """
        if self._large is None and not self._begin_large(command):
            return None
        first, body = self._large or (0, bytearray())
        with memoryview(body) as view:
            while self._filled < len(body):
                try:
                    size = self._inner.recv_into(view[self._filled :])
                except _NOT_NOW:
                    self.drained = True
                    raise BlockingIOError from None
                if not size:
                    raise ConnectionAbortedError("in the middle of a packet")
                self._filled += size
        self._large = None
        return first, body

    def _begin_large(self, command: int) -> bool:
        head = self._received[self._taken : self._taken + 5]
        if len(head) < 5 or head[0] & 0xF0 != command or not self._fills or head[1] & head[2] < 0x80:
            return False  # what is large has a length of three digits or four
        digits = 3 if head[3] < 0x80 else 4
        size = sum((head[at] & 0x7F) << 7 * (at - 1) for at in range(1, digits + 1))
        if size < _CHUNK or head[digits] >= 0x80:
            return False
        self._taken += 1 + digits
        begin = self._take(self._received[self._taken : self._taken + size])
        self._large, self._filled = (head[0], bytearray(size)), len(begin)
        self._large[1][: len(begin)] = begin
        return True

    def _take(self, data: bytes) -> bytes:
        self._taken = end = self._taken + len(data)
        if end == len(self._received) and self._is_plain and end < _CHUNK:
            self.drained = True  # there was no more: one call saved on the way of each answer
        return data

    def _fill(self) -> None:
        self._received, self._taken = b"", 0
        self._received = self._receive(_CHUNK)
        self.drained = False

    def _receive(self, size: int) -> bytes:
        try:
            return bytes(self._inner.recv(size))
        except _NOT_NOW:
            self.drained = True
            raise BlockingIOError from None

    def put(self, packet: bytes) -> bool:
        """Take a small packet, all of it or nothing."""
        if len(packet) + len(self._unsent) > _CHUNK and (len(packet) > _CHUNK or not self.flush()):
            return False
        self._unsent += packet
        return True

    def send(self, data: bytes | memoryview) -> int:
        if len(data) + len(self._unsent) <= _CHUNK:
            self._unsent += data
            return len(data)
        if self._gathers and self._unsent:
            sent = self._tcp.sendmsg((self._unsent, data)) - len(self._unsent)  # a segment of its own wakes the broker
            del self._unsent[: len(self._unsent) + min(sent, 0)]
        else:
            sent = int(self._inner.send(data)) if self.flush() else 0
        if sent <= 0:  # paho's WebSocket has kept the rest of a frame
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
        until = time.monotonic() + self.farewell_s
        try:
            with contextlib.suppress(OSError):
                if self.farewell_s:
                    self._tcp.settimeout(self.farewell_s)
                    self.flush()
                self._end_tls()
                if self.farewell_s:
                    self._part(until)
        finally:
            self._inner.close()

    def _end_tls(self) -> None:
        """Else Mosquitto, which shares one thread with all its clients, may take our hanging up for another's fault."""
        if isinstance(self._tcp, ssl.SSLSocket):
            with contextlib.suppress(OSError):
                self._tcp.settimeout(0)
                self._tcp.unwrap()  # the broker's answer is not waited for

    def _part(self, until: float) -> None:
        """Without this, unread input makes the system reset the connection, and the broker loses our last packets."""
        self._tcp.shutdown(socket.SHUT_WR)
        while (left := until - time.monotonic()) > 0:
            self._tcp.settimeout(left)
            if not self._tcp.recv(_CHUNK):
                self.parted = True
                return
